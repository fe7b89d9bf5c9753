"""The only place with threads and subprocesses: blocking work, each call with a deadline.

A lane is one worker thread with a queue. Two lanes never wait for one another, so a hung daemon
holds up its own lane alone. Threads are daemonic: one stuck in a native call must not keep the
program from ending.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from vtui.errors import HostError, NoAnswer, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

HANGS = "the daemon may hang; the rest goes on"

REAPING = 1.0
"""Seconds to wait for a killed program; one in an uninterruptible wait cannot be had at all."""


@dataclass(slots=True)
class _Job:
    """One call on its way through a lane."""

    run: Callable[[], None]
    deserted: bool = False
    """Its caller is gone: pointless when it has not begun yet."""
    over: bool = False


class Lane:
    """One worker thread for one system's blocking calls, which run one after the other."""

    def __init__(self, name: str, deadline: float) -> None:
        """`deadline` in seconds is what a call gets that names none."""
        self.name = name
        self.deadline = deadline
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._late: _Job | None = None

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` in the lane and return what it returns.

        Raises NoAnswer when the deadline passes; the thread cannot be stopped, so until it comes
        back every further call raises NoAnswer at once instead of queueing behind it. A call whose
        caller has gone before its turn came is not made at all.
        """
        return await self.call_within(self.deadline, function, *args, **kwargs)

    async def call_within(
        self, deadline: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same with a deadline of its own, in seconds."""
        if self._late and not self._late.over:
            raise NoAnswer(f"{self.name} still does not answer", HANGS)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
                _deliver(loop, future, error=error)
            else:
                _deliver(loop, future, result=result)

        job = _Job(run)
        self._start()
        self._jobs.put(job)
        try:
            await asyncio.wait({future}, timeout=deadline)
        finally:
            if not future.done():
                job.deserted = True
                future.add_done_callback(_forget)
        if future.done():
            return future.result()
        self._late = job
        raise NoAnswer(f"{self.name} gave no answer within {deadline:g} s", HANGS)

    def close(self) -> None:
        """Let the thread end after what it is doing."""
        self._jobs.put(None)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._work, name=f"lane-{self.name}", daemon=True
            )
            self._thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.deserted:
                job.run()
            job.over = True


def forever(name: str, function: Callable[[], Any]) -> None:
    """Run a native event loop that never returns in a daemonic thread of its own."""
    threading.Thread(target=function, name=name, daemon=True).start()


async def never() -> None:
    """Wait until cancelled: the `changed` of a backend that has no news of its own."""
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Output:
    """What a finished program left; text is decoded with replacement."""

    code: int
    stdout: str
    stderr: str


async def run(command: Sequence[str], *, deadline: float, limit: int = 1 << 20) -> Output:
    """Run a program without a shell, terminal or input and return its output.

    Output beyond `limit` bytes a stream is cut off. The locale is C.UTF-8. Raises Unavailable when
    the program is not there or may not run, NoAnswer after `deadline` seconds (its process group is killed
    then), HostError when it cannot be started for another reason.
    """
    loop = asyncio.get_running_loop()
    gone = loop.create_future()
    # A task of its own, for a cancellation in the midst of starting would leave the program behind.
    task = loop.create_task(_attend(command, deadline, limit, gone))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        gone.set_result(None)
        await asyncio.wait({task})
        _forget(task)
        raise


async def _attend(
    command: Sequence[str], deadline: float, limit: int, gone: asyncio.Future[None]
) -> Output:
    """Start the program and see it end, by itself or, at the deadline or when `gone` is done, by force."""
    transport, heard = await _start(command, limit)
    try:
        await asyncio.wait(
            {heard.over, gone}, timeout=deadline, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        done = heard.over.done()
        if not done:
            _kill(transport)
            await asyncio.wait({heard.over}, timeout=REAPING)
        transport.close()
        await asyncio.sleep(0)  # the pipes close in the loop's next turn
    if not done:
        raise NoAnswer(f"{command[0]} gave no answer within {deadline:g} s")
    code = transport.get_returncode()
    assert code is not None
    return Output(code, heard.text(1), heard.text(2))


async def _start(command: Sequence[str], limit: int) -> tuple[asyncio.SubprocessTransport, _Heard]:
    loop = asyncio.get_running_loop()
    try:
        return await loop.subprocess_exec(
            lambda: _Heard(limit, loop.create_future()),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise Unavailable(f"{command[0]}: {error.strerror}") from error
    except OSError as error:
        raise HostError(f"cannot start {command[0]}: {error.strerror}") from error


class _Heard(asyncio.SubprocessProtocol):
    """What a program wrote; `over` is done when it ended and nobody holds its pipes any more."""

    def __init__(self, limit: int, over: asyncio.Future[None]) -> None:
        self.over = over
        self._limit = limit
        self._kept = {1: bytearray(), 2: bytearray()}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        kept = self._kept[fd]
        kept += data[: self._limit - len(kept)]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def text(self, fd: int) -> str:
        """One stream, decoded."""
        return self._kept[fd].decode(errors="replace")


def _kill(transport: asyncio.SubprocessTransport) -> None:
    """End the program and its children; the program may be gone and only a child hold the pipes."""
    pid = transport.get_pid()
    with contextlib.suppress(ProcessLookupError):
        if transport.get_returncode() is None or not _exists(pid):
            os.killpg(pid, signal.SIGKILL)


def _exists(pid: int) -> bool:
    """Whether a process has this id; once ours was reaped, such a one is a stranger.

    The kernel gives a number to nobody else while a process group still bears it.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _deliver(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[Any],
    *,
    result: object = None,
    error: BaseException | None = None,
) -> None:
    def settle() -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

    # The loop may be closed already when a late answer comes in.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(settle)


def _forget(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()
