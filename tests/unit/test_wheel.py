"""The wheel: everything of ours is in it, below one name of our own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PARTS = ("pyproject.toml", "README.md", "LICENSE", "vtui", "screens", "widgets")
DATA = (".tcss", ".toml", ".json", ".xml", ".typed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built, without the network, from a copy of the source."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, source / part, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / part, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    built = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.iterdir()
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_its_only_top_level_package_is_ours(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"vtui"}


@pytest.mark.parametrize("folder", ["screens", "widgets"])
def test_the_linked_folders_are_packages_in_it(wheel: set[str], folder: str) -> None:
    assert f"vtui/{folder}/__init__.py" in wheel


def test_every_module_and_every_data_file_of_the_source_is_in_it(wheel: set[str]) -> None:
    links = [link for link in (ROOT / "vtui").iterdir() if link.is_symlink()]
    folders = [ROOT / "vtui", *links]
    found = {
        (Path("vtui") / path.relative_to(ROOT / "vtui")).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".py", *DATA)
    }
    assert found - wheel == set()


def test_it_installs_the_program(wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel)


def test_no_test_and_no_cache_is_in_it(wheel: set[str]) -> None:
    assert [name for name in wheel if "tests/" in name or "__pycache__" in name] == []
