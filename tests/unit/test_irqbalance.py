"""irqbalance's answers, and a daemon that misbehaves in every way a real one cannot be made to."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trees import write
from vtui.backends.irqbalance import UNHEARD, IrqbalanceDaemon, Setup, parse_setup
from vtui.errors import HostError, NoAnswer, Unavailable, VtuiError
from vtui.model import Irqbalance
from vtui.monitor import Need

ANSWER = (
    b"SLEEP 10 IRQ 24 LOAD 5 DIFF 0 CLASS 4 IRQ 7 LOAD 0 DIFF 0 CLASS 0 BANNED 00000000,0000000c"
)
PID = 77

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="missing capability: root")

# ------------------------------------------------------------------ the answer


def test_the_answer_tells_interval_and_bans() -> None:
    assert parse_setup(ANSWER) == Setup(10, frozenset((24, 7)), frozenset((2, 3)))


def test_without_banned_interrupts_none_is_told() -> None:
    assert parse_setup(b"SLEEP 5 BANNED 00000000") == Setup(5, frozenset(), frozenset())


def test_words_of_a_later_version_are_passed_over() -> None:
    assert parse_setup(b"SLEEP 5 POLICY exact BANNED f") == Setup(
        5, frozenset(), frozenset(range(4))
    )


@pytest.mark.parametrize(
    "answer",
    [b"", b"SLEEP", b"SLEEP 5", b"BANNED f", b"SLEEP x BANNED f", b"SLEEP 5 BANNED 0-3", b"SLEEP 5 BANNED",
     b"SLEEP 5 IRQ -1 BANNED f", b"\xff\x00", b"SLEEP 99999999999999999999 BANNED f"],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_is_a_host_error(answer: bytes) -> None:
    with pytest.raises(HostError, match="makes no sense"):
        parse_setup(answer)


WORDS = st.sampled_from(["SLEEP", "IRQ", "BANNED", "CLASS", "10", "ff", "0,1", "-1", "x"])


@given(st.binary() | st.lists(WORDS).map(lambda words: " ".join(words).encode()))
def test_any_answer_is_read_or_a_host_error(answer: bytes) -> None:
    try:
        parse_setup(answer)
    except HostError:
        return


# ------------------------------------------------------------------ the daemon


class FakeDaemon:
    """Listens where irqbalance would, and answers when it is let."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"irqbalance{PID}.sock"
        self.answer = ANSWER
        self.questions: list[bytes] = []
        self.let = asyncio.Event()
        self.let.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.questions.append(await reader.read(100))
        await self.let.wait()
        writer.write(self.answer)
        writer.close()


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[FakeDaemon]:
    daemon = FakeDaemon(tmp_path)
    async with await asyncio.start_unix_server(daemon.serve, daemon.path):
        yield daemon


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[IrqbalanceDaemon]:
    backend = IrqbalanceDaemon(str(tmp_path), tmp_path)
    yield backend
    await backend.close()


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[IrqbalanceDaemon]:
    backend = IrqbalanceDaemon(str(tmp_path), tmp_path, patience=0.02)
    yield backend
    await backend.close()


async def eventually(backend: IrqbalanceDaemon) -> Irqbalance:
    """The first answer that is no NoAnswer."""
    while True:
        try:
            return await backend.read(Need())
        except NoAnswer:
            continue


@root_only
async def test_the_daemon_is_asked_for_its_setup(
    daemon: FakeDaemon, backend: IrqbalanceDaemon
) -> None:
    assert await backend.read(Need()) == Irqbalance(PID, 10, frozenset((24, 7)), frozenset((2, 3)))
    assert daemon.questions == [b"setup"]


@root_only
async def test_each_read_asks_anew(daemon: FakeDaemon, backend: IrqbalanceDaemon) -> None:
    await backend.read(Need())
    daemon.answer = b"SLEEP 3 BANNED 0"
    assert await backend.read(Need()) == Irqbalance(PID, 3)


@root_only
async def test_a_daemon_that_hangs_gives_no_answer(
    daemon: FakeDaemon, impatient: IrqbalanceDaemon
) -> None:
    daemon.let.clear()
    with pytest.raises(NoAnswer, match="irqbalance \\(pid 77\\) gives no answer"):
        await impatient.read(Need())
    daemon.let.set()


@root_only
async def test_a_daemon_that_hangs_is_asked_only_once_and_its_late_answer_taken(
    daemon: FakeDaemon, impatient: IrqbalanceDaemon
) -> None:
    daemon.let.clear()
    for _ in range(3):
        with pytest.raises(NoAnswer):
            await impatient.read(Need())
    daemon.let.set()
    assert (await eventually(impatient)).interval == 10
    assert daemon.questions == [b"setup"]


@root_only
async def test_a_daemon_that_closes_without_a_word_refuses(
    daemon: FakeDaemon, backend: IrqbalanceDaemon
) -> None:
    daemon.answer = b""
    with pytest.raises(Unavailable, match="refuses") as refused:
        await backend.read(Need())
    assert refused.value.hint == "run vtui as the host's root"


@root_only
async def test_a_daemon_that_talks_nonsense_fails_and_may_recover(
    daemon: FakeDaemon, backend: IrqbalanceDaemon
) -> None:
    daemon.answer = b"\x1b[2Jhello"
    with pytest.raises(HostError, match="makes no sense"):
        await backend.read(Need())
    daemon.answer = ANSWER
    assert (await backend.read(Need())).interval == 10


@root_only
async def test_an_answer_without_end_is_cut_off(
    daemon: FakeDaemon, backend: IrqbalanceDaemon
) -> None:
    daemon.answer = b"SLEEP 10 BANNED 0 " + b"x" * (3 << 20)
    with pytest.raises(HostError, match="makes no sense"):
        await backend.read(Need())


@root_only
async def test_a_daemon_that_dies_before_it_answers_is_a_host_error(
    tmp_path: Path, impatient: IrqbalanceDaemon
) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / f"irqbalance{PID}.sock"))
        listener.listen()
        with pytest.raises(NoAnswer):
            await impatient.read(Need())
    with pytest.raises(HostError, match="broke off"):
        await eventually(impatient)


@root_only
async def test_a_daemon_whose_queue_is_full_gives_no_answer(
    tmp_path: Path, backend: IrqbalanceDaemon
) -> None:
    path = str(tmp_path / f"irqbalance{PID}.sock")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as other:
        listener.bind(path)
        listener.listen(0)
        other.connect(path)
        with pytest.raises(NoAnswer, match="lets others wait"):
            await backend.read(Need())


@root_only
async def test_the_socket_of_a_dead_daemon_is_passed_over(
    tmp_path: Path, daemon: FakeDaemon, backend: IrqbalanceDaemon
) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "irqbalance5.sock"))
    assert (await backend.read(Need())).pid == PID


@root_only
async def test_a_stopped_daemon_is_told_as_such_and_not_asked(
    tmp_path: Path, daemon: FakeDaemon, backend: IrqbalanceDaemon
) -> None:
    write(tmp_path, f"proc/{PID}/stat", f"{PID} (irqbalance) T 1 77 77 0 -1\n")
    with pytest.raises(NoAnswer, match="stopped") as stopped:
        await backend.read(Need())
    assert stopped.value.hint == f"kill -CONT {PID}"
    assert daemon.questions == []


@pytest.fixture
def nobody() -> Iterator[Path]:
    """Without root's rights, and a folder with a socket that everybody can see."""
    me = os.geteuid()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        Path(folder).chmod(0o755)
        listener.bind(f"{folder}/irqbalance{PID}.sock")
        listener.listen()
        if me == 0:
            os.seteuid(65534)
        yield Path(folder)
        os.seteuid(me)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody knocked: irqbalance logs every refusal
            listener.accept()


async def test_without_root_the_daemon_is_not_even_asked(nobody: Path) -> None:
    with pytest.raises(Unavailable, match="answers root alone") as refused:
        await IrqbalanceDaemon(str(nobody), nobody).read(Need())
    assert refused.value.hint == "run vtui as root"


# ------------------------------------------------------------------ no daemon


@pytest.mark.parametrize(
    "prepare",
    [
        lambda folder: None,
        lambda folder: folder.rmdir(),
        lambda folder: write(folder, "other.sock", ""),
        lambda folder: write(folder, "irqbalance.sock", ""),
    ],
    ids=["empty", "missing", "others", "no pid"],
)
async def test_without_a_daemon_it_says_how_to_start_one(
    tmp_path: Path, prepare: Callable[[Path], object]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    prepare(folder)
    with pytest.raises(Unavailable, match="is not running") as missing:
        await IrqbalanceDaemon(str(folder), tmp_path).read(Need())
    assert missing.value.hint == "systemctl start irqbalance"


async def test_a_daemon_without_a_socket_is_told_with_what_is_not_known(
    tmp_path: Path, backend: IrqbalanceDaemon
) -> None:
    write(tmp_path, "proc/9/comm", "bash\n")
    write(tmp_path, "proc/12/comm", "irqbalance\n")
    assert await backend.read(Need()) == Irqbalance(12, partial=UNHEARD)


@root_only
async def test_a_path_too_long_for_a_socket_is_an_error_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    write(folder, f"irqbalance{PID}.sock", "")
    with pytest.raises(VtuiError, match="too long"):
        await IrqbalanceDaemon(str(folder), tmp_path).read(Need())
