"""What programs named criu may say."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.criu import DETAIL, CriuCheck, parse_check, parse_version
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.lanes import Output
from vtui.model import Criu
from vtui.monitor import Need

MISSING = """\
Warn  (criu/cr-check.c:824): Dirty tracking is OFF. Memory snapshot will not work.
(00.012) Error (criu/cr-check.c:1258): UFFD is not supported
"""


@pytest.mark.parametrize(
    ("text", "version"),
    [("Version: 4.2.1\n", "4.2.1"), ("Version: 3.17\nGitID: v3.17-12-g\n", "3.17")],
)
def test_the_version_is_read(text: str, version: str) -> None:
    assert parse_version(Output(0, text, "")) == version


@pytest.mark.parametrize(
    "output", [Output(0, "", ""), Output(127, "Version: 4\n", "broken"), Output(0, "hello", "")]
)
def test_a_program_that_tells_no_version_is_a_host_error(output: Output) -> None:
    with pytest.raises(HostError, match="criu --version fails"):
        parse_version(output)


def test_a_good_verdict_is_able() -> None:
    assert parse_check(Output(0, "Looks good.\n", "")) == (True, "Looks good.")


def test_warnings_of_a_good_verdict_are_told_without_where_in_the_source() -> None:
    said = Output(0, "Looks good.\n", "Warn  (criu/cr-check.c:1): no clone3\n")
    assert parse_check(said) == (True, "Warn: no clone3; Looks good.")


def test_of_a_bad_verdict_the_errors_are_told() -> None:
    assert parse_check(Output(1, "", MISSING)) == (False, "Error: UFFD is not supported")


def test_a_bad_verdict_without_a_word_tells_the_exit_code() -> None:
    assert parse_check(Output(1, "", "")) == (False, "exit 1")


@given(st.integers(0, 255), st.text(), st.text())
def test_any_output_is_a_verdict_on_one_short_line(code: int, out: str, err: str) -> None:
    able, detail = parse_check(Output(code, out, err))
    assert able == (code == 0)
    assert len(detail) <= DETAIL
    assert "\n" not in detail


# ------------------------------------------------------------------ programs


def program(folder: Path, script: str) -> str:
    """The path of a program that is this shell script."""
    file = folder / "criu"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


async def test_without_the_program_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is not installed") as missing:
        await CriuCheck(str(tmp_path / "criu")).read(Need())
    assert missing.value.hint == "apt install criu"


async def test_a_program_that_is_broken_is_a_host_error(tmp_path: Path) -> None:
    broken = program(tmp_path, "echo 'libnet.so.9: cannot open' >&2; exit 127")
    with pytest.raises(HostError, match=r"libnet\.so\.9: cannot open"):
        await CriuCheck(broken).read(Need())


async def test_a_program_that_hangs_gives_no_answer(tmp_path: Path) -> None:
    hanging = program(tmp_path, "exec sleep 1000")
    with pytest.raises(NoAnswer):
        await CriuCheck(hanging, patience=0.1).read(Need())


@pytest.fixture
def public_criu() -> Iterator[str]:
    """A program that everybody may run."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield program(Path(folder), "echo Version: 4.0")


@pytest.fixture
def nobody() -> Iterator[None]:
    """Without root's rights."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    yield
    os.seteuid(me)


@pytest.mark.usefixtures("nobody")
async def test_without_root_it_tells_the_version_and_who_could_check(public_criu: str) -> None:
    seen = await CriuCheck(public_criu).read(Need())
    assert seen == Criu(public_criu, "4.0", False, "only root can check: run vtui as root")


async def test_a_program_in_sbin_is_found_without_it_in_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HostError, match="criu --version fails"):
        await CriuCheck("ldconfig").read(Need())
