"""The LXC backend against real containers, and against programs that pretend to be lxc-ls."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.lab.lxc import RUNNING, STOPPED
from tests.trees import write
from vtui.backends.lxc import COLUMNS, Lxc
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.model import Container
from vtui.monitor import Need

SOON = 15.0
"""Seconds after which a test gives up waiting."""

LXC_LS = shutil.which("lxc-ls") or "/usr/bin/lxc-ls"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of its own: these tests start and stop its containers."""
    if os.geteuid() != 0:
        pytest.skip("missing capability: root")
    lab = Lab("lxc-test")
    with lab.running(only=["lxc"]):
        yield lab


@pytest.fixture
async def lxc(lab: Lab) -> AsyncIterator[Lxc]:
    backend = Lxc(str(lab.lxc_path), Path("/"))
    yield backend
    await backend.close()


@pytest.fixture
def started(lab: Lab) -> Iterator[Callable[[], None]]:
    """Starts the stopped container; it is stopped again after the test."""
    yield lambda: lab.lxc("start", "-n", STOPPED, "-d")
    lab.lxc("stop", "-n", STOPPED, "-k")


@pytest.fixture
def stopped(lab: Lab) -> Iterator[Callable[[], None]]:
    """Stops the running container; it runs again after the test."""
    yield lambda: lab.lxc("stop", "-n", RUNNING, "-k")
    lab.lxc("start", "-n", RUNNING, "-d")


@pytest.fixture
def thawed(lab: Lab) -> Iterator[None]:
    """The running container is not frozen after the test."""
    yield
    lab.lxc("unfreeze", "-n", RUNNING)


@pytest.fixture
def defined(lab: Lab) -> Iterator[Callable[[str], None]]:
    """Defines a container by its configuration alone; it is gone after the test."""
    made: list[Path] = []

    def define(name: str) -> None:
        made.append(lab.lxc_path / name)
        made[-1].mkdir()
        shutil.copy(lab.lxc_path / STOPPED / "config", made[-1])

    yield define
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a shell script in the place of lxc-ls; $CALLS counts them."""
    calls = tmp_path / "calls"
    calls.write_text("")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")

    def place(script: str) -> Path:
        program = tmp_path / "bin" / "lxc-ls"
        program.write_text(f'#!/bin/sh\necho "$@" >>{calls}\n{script}\n')
        program.chmod(0o755)
        return calls

    return place


async def read(lxc: Lxc, *visible: Container) -> dict[str, Container]:
    need = Need(frozenset(one.ref for one in visible))
    return {one.name: one for one in (await lxc.read(need)).containers}


async def states(lxc: Lxc) -> dict[str, str]:
    return {name: one.state for name, one in (await read(lxc)).items()}


def lists(calls: Path) -> int:
    """How often the list was asked for."""
    return calls.read_text().count("--fancy-format")


# ------------------------------------------------------------------ the list


async def test_the_containers_are_read_whole(lxc: Lxc, lab: Lab) -> None:
    found = await read(lxc)
    assert found.keys() == {RUNNING, STOPPED}
    running, stopped = found[RUNNING], found[STOPPED]
    assert (running.state, running.active, running.autostart) == ("running", True, False)
    assert running.pid == int(lab.lxc("info", "-n", RUNNING, "-pH"))
    assert running.cpuset == frozenset(os.sched_getaffinity(0))
    assert (stopped.state, stopped.active, stopped.cpuset) == ("stopped", False, None)
    assert str(running.ref) == f"container:{RUNNING}"


async def test_lxc_tells_its_version(lxc: Lxc, lab: Lab) -> None:
    assert (await lxc.read(Need())).version == lab.lxc("ls", "--version").strip()


async def test_usage_is_read_for_what_is_in_view_alone(lxc: Lxc) -> None:
    found = await read(lxc)
    assert (found[RUNNING].cpu_time, found[RUNNING].memory) == (None, None)
    seen = await read(lxc, *found.values())
    assert seen[RUNNING].cpu_time > 0
    assert seen[RUNNING].memory > 0
    assert seen[STOPPED].memory is None


@pytest.mark.parametrize("name", ["a  b", "[red]esc\x1b[31m", "STATE", "-", "ünï 漢字", "\udce9"])
async def test_an_odd_name_is_a_name(lxc: Lxc, defined: Callable[[str], None], name: str) -> None:
    defined(name)
    assert (await states(lxc))[name] == "stopped"


@pytest.mark.parametrize("name", ["new\nline", b"\xe9\nx".decode(errors="surrogateescape")])
async def test_a_name_that_lxc_ls_garbles_is_listed_all_the_same(
    lxc: Lxc, defined: Callable[[str], None], name: str
) -> None:
    defined(name)
    assert await states(lxc) == {RUNNING: "running", STOPPED: "stopped", name: "unknown"}


# ------------------------------------------------------------------ changes from outside


async def test_a_start_is_seen_by_the_next_read(lxc: Lxc, started: Callable[[], None]) -> None:
    await read(lxc)
    started()
    found = (await read(lxc))[STOPPED]
    assert (found.state, bool(found.pid), bool(found.cpuset)) == ("running", True, True)


async def test_a_stop_is_seen_by_the_next_read(lxc: Lxc, stopped: Callable[[], None]) -> None:
    await read(lxc)
    stopped()
    assert (await states(lxc))[RUNNING] == "stopped"


async def test_a_restart_between_two_reads_is_seen(
    lxc: Lxc, lab: Lab, stopped: Callable[[], None]
) -> None:
    before = (await read(lxc))[RUNNING].pid
    stopped()
    lab.lxc("start", "-n", RUNNING, "-d")
    after = (await read(lxc))[RUNNING].pid
    lab.lxc("stop", "-n", RUNNING, "-k")
    assert after not in (before, None)


@pytest.mark.usefixtures("thawed")
async def test_a_freeze_and_a_thaw_are_seen_by_the_next_read(lxc: Lxc, lab: Lab) -> None:
    await read(lxc)
    lab.lxc("freeze", "-n", RUNNING)
    frozen = (await read(lxc))[RUNNING]
    assert (frozen.state, frozen.active, bool(frozen.cpuset)) == ("frozen", True, True)
    lab.lxc("unfreeze", "-n", RUNNING)
    assert (await states(lxc))[RUNNING] == "running"


@pytest.mark.usefixtures("thawed")
async def test_a_container_frozen_from_the_start_can_be_seen_to_thaw(lxc: Lxc, lab: Lab) -> None:
    lab.lxc("freeze", "-n", RUNNING)
    assert (await states(lxc))[RUNNING] == "frozen"
    lab.lxc("unfreeze", "-n", RUNNING)
    assert (await states(lxc))[RUNNING] == "running"


async def test_a_new_container_and_its_end_are_seen(
    lxc: Lxc, lab: Lab, defined: Callable[[str], None]
) -> None:
    await read(lxc)
    defined("brand-new")
    assert "brand-new" in await states(lxc)
    (lab.lxc_path / "brand-new/config").unlink()
    assert "brand-new" not in await states(lxc)


async def test_a_changed_configuration_is_seen(
    lxc: Lxc, lab: Lab, defined: Callable[[str], None]
) -> None:
    defined("auto")
    assert (await read(lxc))["auto"].autostart is False
    with (lab.lxc_path / "auto/config").open("a") as config:
        config.write("lxc.start.auto = 1\n")
    assert (await read(lxc))["auto"].autostart is True


# ------------------------------------------------------------------ what it costs


async def test_lxc_ls_is_run_once_as_long_as_nothing_changes(
    lxc: Lxc, pretend: Callable[[str], Path]
) -> None:
    calls = pretend(f'exec {LXC_LS} "$@"')
    await read(lxc)
    await read(lxc, *(await read(lxc)).values())
    assert lists(calls) == 1


@pytest.mark.usefixtures("thawed")
async def test_a_freeze_is_seen_without_lxc_ls(
    lxc: Lxc, lab: Lab, pretend: Callable[[str], Path]
) -> None:
    calls = pretend(f'exec {LXC_LS} "$@"')
    await read(lxc)
    lab.lxc("freeze", "-n", RUNNING)
    await read(lxc)
    assert lists(calls) == 1


async def test_a_state_on_its_way_is_followed(
    tmp_path: Path, pretend: Callable[[str], Path]
) -> None:
    row = "printf '%-8s %-3s %-9s %-4s %-4s %s \\n'"
    calls = pretend(f"{row} {' '.join(COLUMNS)}; {row} STARTING 1 0 - - plc")
    write(tmp_path, "plc/config", "")
    lxc = Lxc(str(tmp_path), Path("/"))
    assert await states(lxc) == {"plc": "starting"}
    await read(lxc)
    await lxc.close()
    assert lists(calls) == 2


# ------------------------------------------------------------------ failures


async def test_no_container_is_an_empty_list(tmp_path: Path) -> None:
    lxc = Lxc(str(tmp_path), Path("/"))
    assert await read(lxc) == {}
    await lxc.close()


async def test_without_lxc_the_hint_is_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for path in (tmp_path, tmp_path / "none"):
        lxc = Lxc(str(path), Path("/"))
        with pytest.raises(Unavailable, match="LXC is not installed") as caught:
            await read(lxc)
        await lxc.close()
        assert caught.value.hint == "apt install lxc"


async def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    lxc = Lxc(str(tmp_path / "none"), Path("/"))
    with pytest.raises(Unavailable, match=r"no directory /.*/none") as caught:
        await read(lxc)
    await lxc.close()
    assert "--lxc-path" in caught.value.hint


@pytest.fixture
def as_nobody(lxc: Lxc, lab: Lab) -> Iterator[None]:
    """A user that may not list the containers."""
    mode = lab.lxc_path.stat().st_mode
    lab.lxc_path.chmod(0o700)
    os.seteuid(65534)
    yield
    os.seteuid(0)
    lab.lxc_path.chmod(mode)


@pytest.mark.usefixtures("as_nobody")
async def test_without_permission_the_hint_is_to_be_root(lxc: Lxc) -> None:
    with pytest.raises(Unavailable, match=r"cannot read .*: Permission denied") as caught:
        await read(lxc)
    assert caught.value.hint == "sudo vtui"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'oh no' >&2; exit 1", "lxc-ls failed: oh no"),
        ("exit 3", "lxc-ls failed: 3"),
        ("echo 'what is this'", "something else than a list: what is this"),
        ("head -c 100000 /dev/urandom", "something else than a list"),
    ],
)
async def test_a_program_that_fails_is_an_error_until_it_does_not(
    lxc: Lxc, pretend: Callable[[str], Path], script: str, message: str
) -> None:
    pretend(script)
    with pytest.raises(HostError, match=message) as caught:
        await read(lxc)
    assert not isinstance(caught.value, Unavailable)
    pretend(f'exec {LXC_LS} "$@"')
    assert RUNNING in await read(lxc)


@pytest.fixture
def hung(lab: Lab) -> Iterator[Callable[[], None]]:
    """Stops the running container's monitor; it goes on after the test at the latest."""
    init = int(lab.lxc("info", "-n", RUNNING, "-pH"))
    monitor = int(Path(f"/proc/{init}/stat").read_text().split()[3])
    yield lambda: os.kill(monitor, signal.SIGSTOP)
    os.kill(monitor, signal.SIGCONT)


async def test_a_hung_monitor_is_no_answer(lxc: Lxc, lab: Lab, hung: Callable[[], None]) -> None:
    await read(lxc)
    os.utime(lab.lxc_path / RUNNING / "config")
    hung()
    async with asyncio.timeout(lxc.deadline):
        with pytest.raises(NoAnswer) as caught:
            await read(lxc)
    assert caught.value.hint == "does a container's monitor hang?"
