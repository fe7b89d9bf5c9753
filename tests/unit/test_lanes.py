"""Blocking work with deadlines: lanes and programs."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.lanes import Lane, never, run

SHORT, LONG = 0.02, 60.0


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane("the daemon", LONG)
    yield lane
    lane.close()


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What a call that hangs waits for; let go at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


async def eventually(call: Callable[[], Awaitable[object]]) -> object:
    """The first answer that is no NoAnswer."""
    while True:
        try:
            return await call()
        except NoAnswer:
            await asyncio.sleep(0)


def raising(error: BaseException) -> Callable[[], None]:
    """A function that raises it."""

    def function() -> None:
        raise error

    return function


async def test_a_lane_returns_what_the_function_returns(lane: Lane) -> None:
    assert await lane.call(divmod, 17, 5) == (3, 2)


async def test_a_lane_works_in_a_thread_of_its_own(lane: Lane) -> None:
    first, second = await lane.call(threading.get_ident), await lane.call(threading.get_ident)
    assert first == second != threading.get_ident()


async def test_a_lane_keeps_the_order_of_its_calls(lane: Lane) -> None:
    done: list[int] = []
    await asyncio.gather(*(lane.call(done.append, number) for number in range(20)))
    assert done == list(range(20))


async def test_two_lanes_do_not_wait_for_one_another(lane: Lane, release: threading.Event) -> None:
    other = Lane("another", LONG)
    waiting = asyncio.create_task(lane.call(release.wait))
    await other.call(release.set)
    assert await waiting
    other.close()


@pytest.mark.parametrize(
    "error", [TimeoutError("its own"), ValueError("no"), HostError("no"), SystemExit(3)]
)
async def test_the_functions_own_error_passes_through(lane: Lane, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        await lane.call(raising(error))
    assert caught.value is error


async def test_a_call_over_its_deadline_is_given_no_answer(
    lane: Lane, release: threading.Event
) -> None:
    with pytest.raises(NoAnswer, match=r"the daemon gave no answer within 0\.02 s"):
        await lane.call_within(SHORT, release.wait)


async def test_a_lanes_own_deadline_holds_when_a_call_names_none(release: threading.Event) -> None:
    lane = Lane("the daemon", SHORT)
    with pytest.raises(NoAnswer):
        await lane.call(release.wait)
    lane.close()


async def test_a_stuck_lane_answers_at_once_and_makes_no_further_call(
    lane: Lane, release: threading.Event
) -> None:
    made: list[str] = []
    with pytest.raises(NoAnswer):
        await lane.call_within(SHORT, release.wait)
    with pytest.raises(NoAnswer, match="still does not answer"):
        await lane.call_within(LONG, made.append, "too late")
    release.set()
    await eventually(lambda: lane.call(made.append, "in time"))
    assert made == ["in time"]


async def test_a_lane_recovers_when_the_daemon_answers_at_last(
    lane: Lane, release: threading.Event
) -> None:
    with pytest.raises(NoAnswer):
        await lane.call_within(SHORT, release.wait)
    release.set()
    assert await eventually(lambda: lane.call(str, 5)) == "5"


async def test_a_late_error_reaches_nobody(lane: Lane, release: threading.Event) -> None:
    def fail() -> None:
        release.wait()
        raise ValueError("late")

    with pytest.raises(NoAnswer):
        await lane.call_within(SHORT, fail)
    release.set()
    assert await eventually(lambda: lane.call(str, 5)) == "5"


async def test_a_call_whose_caller_has_gone_is_not_made(
    lane: Lane, release: threading.Event
) -> None:
    made: list[str] = []
    first = asyncio.create_task(lane.call(release.wait))
    deserted = asyncio.create_task(lane.call(made.append, "deserted"))
    await asyncio.sleep(0)
    deserted.cancel()
    await asyncio.wait({deserted})
    release.set()
    await first
    await lane.call(made.append, "wanted")
    assert made == ["wanted"]


async def test_a_call_that_overran_its_deadline_in_the_queue_is_not_made(
    lane: Lane, release: threading.Event
) -> None:
    made: list[str] = []
    first = asyncio.create_task(lane.call(release.wait))
    await asyncio.sleep(0)
    with pytest.raises(NoAnswer):
        await lane.call_within(SHORT, made.append, "too late")
    release.set()
    await first
    await eventually(lambda: lane.call(made.append, "in time"))
    assert made == ["in time"]


async def test_a_lane_that_is_never_used_starts_no_thread() -> None:
    before = threading.active_count()
    Lane("idle", LONG).close()
    assert threading.active_count() == before


async def test_never_waits_until_cancelled() -> None:
    waiting = asyncio.create_task(never())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()


# ------------------------------------------------------------------ programs


async def test_a_program_leaves_its_exit_code_and_both_outputs() -> None:
    output = await run(["sh", "-c", "echo out; echo err >&2; exit 3"], deadline=LONG)
    assert (output.code, output.stdout, output.stderr) == (3, "out\n", "err\n")


async def test_a_program_has_no_input() -> None:
    assert (await run(["cat"], deadline=LONG)).stdout == ""


async def test_a_program_has_no_terminal() -> None:
    assert (await run(["sh", "-c", ": </dev/tty"], deadline=LONG)).code != 0


async def test_a_program_speaks_the_neutral_locale() -> None:
    assert (await run(["sh", "-c", "echo $LC_ALL"], deadline=LONG)).stdout == "C.UTF-8\n"


async def test_output_that_is_no_text_is_decoded_with_replacement() -> None:
    assert (await run(["printf", r"a\377b"], deadline=LONG)).stdout == "a\ufffdb"


async def test_output_beyond_the_limit_is_cut_off_and_does_not_block_the_program() -> None:
    output = await run(["sh", "-c", "yes | head -c 3000000"], deadline=LONG, limit=5)
    assert (output.code, output.stdout) == (0, "y\ny\ny")


async def test_a_program_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="/no/such/program: No such file"):
        await run(["/no/such/program"], deadline=LONG)


async def test_a_file_that_may_not_run_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("")
    with pytest.raises(Unavailable, match="Permission denied"):
        await run([str(file)], deadline=LONG)


async def test_a_file_that_is_no_program_is_a_host_error(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"\x7fELFnot")
    file.chmod(0o755)
    with pytest.raises(HostError, match="cannot start"):
        await run([str(file)], deadline=LONG)


CHILD = "(echo started >&3; echo >{ready}; exec sleep 1000) 3>{fifo} &"
"""Shell words for a child that holds the program's output and the fifo open, once it is ready."""


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


@pytest.fixture
def ended(fifo: Path) -> Iterator[Callable[[], bytes]]:
    """Waits until nobody has the fifo open any more, and returns what was written to it."""
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)

    def wait() -> bytes:
        os.set_blocking(reader, True)
        return b"".join(iter(lambda: os.read(reader, 100), b""))

    yield wait
    os.close(reader)


@pytest.mark.parametrize("rest", ["wait", "exit 0"], ids=["parent waits", "parent is gone"])
async def test_at_the_deadline_the_programs_children_end_with_it(
    fifo: Path, ended: Callable[[], bytes], rest: str
) -> None:
    child = CHILD.format(fifo=fifo, ready="/dev/null")
    with pytest.raises(NoAnswer, match="sh gave no answer within 1 s"):
        await run(["sh", "-c", f"{child} {rest}"], deadline=1.0)
    assert ended() == b"started\n"


async def test_a_program_ends_with_its_children_when_its_caller_is_cancelled(
    tmp_path: Path, fifo: Path, ended: Callable[[], bytes]
) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    child = CHILD.format(fifo=fifo, ready=ready)
    task = asyncio.create_task(run(["sh", "-c", f"{child} wait"], deadline=LONG))
    await asyncio.to_thread(ready.read_bytes)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert ended() == b"started\n"


async def test_a_child_that_left_the_programs_session_does_not_hold_up_its_caller(
    fifo: Path, ended: Callable[[], bytes]
) -> None:
    script = f"(echo $$ >&3; exec setsid sleep 2) 3>{fifo} & exit 0"
    with pytest.raises(NoAnswer):
        await run(["sh", "-c", script], deadline=0.1)
    ended()
