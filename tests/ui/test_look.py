"""What each screen looks like, kept as pictures; `pytest --snapshot-update` takes new ones."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.ui.stage import stage
from vtui.config import THEMES, Config
from vtui.keys import SCREENS


class Picture(SingleFileSnapshotExtension):
    """One SVG file a picture."""

    file_extension = "svg"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The stored picture of this test."""
    return snapshot.use_extension(Picture)


@pytest.mark.parametrize("size", [(80, 24), (132, 43)], ids=["80x24", "132x43"])
@pytest.mark.parametrize("name", SCREENS)
async def test_screen(name: str, size: tuple[int, int], picture: SnapshotAssertion) -> None:
    async with stage(size) as scene:
        await scene.press(str(SCREENS.index(name) + 1))
        assert scene.app.export_screenshot() == picture


@pytest.mark.parametrize("theme", THEMES)
async def test_theme(theme: str, picture: SnapshotAssertion) -> None:
    async with stage(config=Config(theme=theme)) as scene:
        assert scene.app.export_screenshot() == picture


async def test_ascii(picture: SnapshotAssertion) -> None:
    async with stage(config=Config(theme="mono", ascii=True)) as scene:
        await scene.press("5")
        assert scene.text.isascii()
        assert scene.app.export_screenshot() == picture


async def test_details_beside_the_list_when_wide(picture: SnapshotAssertion) -> None:
    async with stage((132, 43)) as scene:
        await scene.press("2", "down", "enter")
        assert scene.app.export_screenshot() == picture


async def test_help(picture: SnapshotAssertion) -> None:
    async with stage() as scene:
        await scene.press("question_mark")
        assert scene.app.export_screenshot() == picture
