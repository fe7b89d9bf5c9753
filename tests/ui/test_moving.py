"""Moving between screens and about in lists."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from tests.ui.stage import stage
from tests.ui.still import Still, domain, domains, many_domains
from vtui.config import Config
from vtui.keys import SCREENS
from vtui.model import Ref
from vtui.screens.help import HelpScreen


@pytest.mark.parametrize("name", SCREENS)
async def test_a_number_key_shows_its_screen(name: str) -> None:
    async with stage(backends=[]) as scene:
        await scene.press(str(SCREENS.index(name) + 1))
        assert scene.screen.name == name


async def test_tab_goes_round_all_screens() -> None:
    async with stage(backends=[]) as scene:
        seen = []
        for _ in SCREENS:
            await scene.press("tab")
            seen.append(scene.screen.name)
        assert seen == [*SCREENS[1:], SCREENS[0]]


async def test_shift_tab_goes_the_other_way() -> None:
    async with stage(backends=[]) as scene:
        await scene.press("shift+tab")
        assert scene.screen.name == SCREENS[-1]


async def test_keys_are_remapped_by_the_configuration() -> None:
    async with stage(backends=[], config=Config(theme="dark", keys={"domains": "D"})) as scene:
        await scene.press("D")
        assert scene.screen.name == "domains"


async def test_quitting_ends_with_code_0() -> None:
    async with stage(backends=[]) as scene:
        await scene.press("q")
        assert scene.app.return_value == 0


async def test_ctrl_q_is_left_to_the_line() -> None:
    async with stage(backends=[]) as scene:
        await scene.press("ctrl+q")
        assert scene.app.is_running


async def test_help_opens_over_a_screen_and_escape_closes_it() -> None:
    async with stage(backends=[]) as scene:
        await scene.press("question_mark")
        assert isinstance(scene.app.screen, HelpScreen)
        await scene.press("escape")
        assert scene.screen.name == "overview"


async def test_the_palette_runs_a_command_by_name() -> None:
    async with stage(backends=[]) as scene:
        await scene.press("colon", *"irqs")
        choices = scene.app.screen.query_one(OptionList)
        await scene.until(lambda: choices.highlighted is not None)
        await scene.press("enter", "enter")
        await scene.until(lambda: scene.app.screen.name == "irqs")


async def test_the_cursor_moves_by_rows_pages_and_to_the_ends() -> None:
    async with stage(backends=[Still("libvirt", many_domains(500))]) as scene:
        await scene.press("2")
        table = scene.screen.table
        places = []
        for key in ("down", "j", "k", "pagedown", "G", "down", "pageup", "home", "up"):
            await scene.press(key)
            places.append(table.cursor)
        page = table.size.height - 2
        assert places == [1, 2, 1, 1 + page, 499, 499, 499 - page, 0, 0]


async def test_the_row_under_the_cursor_is_always_in_view() -> None:
    async with stage(backends=[Still("libvirt", many_domains(500))]) as scene:
        await scene.press("2", "G")
        assert "guest-499" in scene.screen.table.text[-1]
        await scene.press("g")
        assert "guest-000" in scene.screen.table.text[1]


async def test_the_cursor_stays_on_its_thing_when_others_come_and_go() -> None:
    libvirt = Still("libvirt", domains(domain("b", 2), domain("c", 3)))
    async with stage(backends=[libvirt]) as scene:
        await scene.press("2", "down")
        libvirt.value = domains(domain("a", 1), domain("b", 2), domain("bb", 4), domain("c", 3))
        await scene.tick()
        assert scene.screen.table.current.name == "c"
        assert scene.screen.table.position == "4/4"


async def test_the_cursor_goes_to_the_next_row_when_its_thing_vanishes() -> None:
    libvirt = Still("libvirt", domains(domain("a", 1), domain("b", 2), domain("c", 3)))
    async with stage(backends=[libvirt]) as scene:
        await scene.press("2", "down")
        libvirt.value = domains(domain("a", 1), domain("c", 3))
        await scene.tick()
        assert scene.screen.table.current.name == "c"


async def test_what_is_on_screen_is_what_the_backends_are_asked_about() -> None:
    libvirt = Still("libvirt", many_domains(500))
    async with stage(backends=[libvirt]) as scene:
        await scene.press("2", "pagedown", "pagedown")
        await scene.tick()
        rows = scene.screen.table.size.height - 1
        assert len(libvirt.needs[-1].visible) == rows
        assert Ref("domain", "uuid-0000", "qemu:///system") not in libvirt.needs[-1].visible
