"""The demo's directory: written sparingly, and gone in the end."""

from __future__ import annotations

import gc
import subprocess
import sys
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
    rootdir = RootDir()
    assert rootdir.path.stat().st_mode & 0o777 == 0o700


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


ENDING = """
import threading
from vtui.demo.rootdir import RootDir

rootdir, under_way = RootDir(), threading.Event()

def write():
    for number in range(10**9):
        rootdir.write({f"proc/{number}/smp_affinity_list": "0"})
        if number == 50:
            under_way.set()

threading.excepthook = lambda _: None
threading.Thread(target=write, daemon=True).start()
under_way.wait()
"""


def test_it_goes_at_the_end_of_a_program_that_is_still_writing(scratch: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", ENDING],
        env={"TMPDIR": str(scratch), "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        timeout=60,
    )
    assert list(scratch.iterdir()) == []
