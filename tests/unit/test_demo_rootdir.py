"""The demo's directory: written sparingly, and gone in the end."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from vtui.demo.rootdir import RootDir
from vtui.errors import HostError


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories come to be."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_only_what_changed_is_written() -> None:
    rootdir = RootDir()
    assert rootdir.write({"proc/a": "1", "proc/b": "1"}) == 2
    assert rootdir.write({"proc/a": "1", "proc/b": "2"}) == 1
    assert (rootdir.path / "proc/b").read_text() == "2"


def test_a_file_keeps_its_inode() -> None:
    rootdir = RootDir()
    rootdir.write({"proc/a": "long text"})
    before = (rootdir.path / "proc/a").stat().st_ino
    rootdir.write({"proc/a": "short"})
    assert (rootdir.path / "proc/a").stat().st_ino == before


def test_it_is_for_its_owner_alone() -> None:
    assert RootDir().path.stat().st_mode & 0o777 == 0o700


def test_removing_it_twice_is_harmless(scratch: Path) -> None:
    rootdir = RootDir()
    rootdir.write({"proc/a": "1"})
    rootdir.remove()
    rootdir.remove()
    assert list(scratch.iterdir()) == []


def test_a_write_after_the_removal_does_not_bring_it_back(scratch: Path) -> None:
    rootdir = RootDir()
    rootdir.remove()
    with pytest.raises(HostError):
        rootdir.write({"proc/a": "1"})
    assert list(scratch.iterdir()) == []


def test_it_goes_with_the_last_reference(scratch: Path) -> None:
    rootdir = RootDir()
    rootdir.write({"proc/a": "1"})
    del rootdir
    gc.collect()
    assert list(scratch.iterdir()) == []
