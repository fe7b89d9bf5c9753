"""How much is written to a line, and when: a serial line played by a clock that the test turns."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.emulator import Emulator
from vtui.terminal.capabilities import capabilities
from vtui.terminal.line import HangUp
from vtui.terminal.output import Output
from vtui.terminal.painter import Painter

LINUX = capabilities({"TERM": "linux"})


class Clock:
    """The part of an event loop that Output uses, with a time of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.woken = 0
        self._due: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._number = count()
        self.writer: Callable[[], None] | None = None

    def call_later(self, delay: float, call: Callable[..., None], *args: Any) -> Any:
        handle = asyncio.TimerHandle(self.now + delay, call, args, self)  # type: ignore[arg-type]
        heapq.heappush(self._due, (self.now + delay, next(self._number), handle))
        return handle

    def call_soon(self, call: Callable[..., None], *args: Any) -> Any:
        return self.call_later(0, call, *args)

    def add_writer(self, fd: int, call: Callable[[], None]) -> None:
        self.writer = call

    def remove_writer(self, fd: int) -> None:
        self.writer = None

    def is_closed(self) -> bool:
        return False

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        return

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, handle = heapq.heappop(self._due)
            if not handle.cancelled():
                self.woken += 1
                handle._run()
        self.now = end


class Uart:
    """A serial line: what was handed over leaves it at its own speed."""

    fd = -1

    def __init__(self, clock: Clock, rate: int, *, real: int = 0) -> None:
        self.rate: int | None = rate
        self._real = real or rate
        self._clock = clock
        self._since = clock.now
        self._queue = b""
        self.sent = b""
        self.stopped = False
        self.most = 0

    @property
    def queued(self) -> int:
        passed = int((self._clock.now - self._since) * self._real)
        self._since = self._clock.now
        if not self.stopped:
            self.sent += self._queue[:passed]
            self._queue = self._queue[passed:]
        return len(self._queue)

    def write(self, data: bytes) -> int:
        self.most = max(self.most, self.queued + len(data))
        self._queue += data
        return len(data)

    def write_all(self, data: bytes, seconds: float) -> None:
        self.write(data)


class Pipe:
    """A line without a speed that refuses more than so many bytes until they are fetched."""

    fd = -1
    rate: int | None = None
    queued = 0

    def __init__(self, room: int) -> None:
        self._room = room
        self.waiting = b""

    def write(self, data: bytes) -> int:
        taken = data[: self._room - len(self.waiting)]
        self.waiting += taken
        return len(taken)

    def write_all(self, data: bytes, seconds: float) -> None:
        self.waiting += data

    def fetch(self) -> bytes:
        data, self.waiting = self.waiting, b""
        return data


def fail(error: Exception) -> None:
    raise error


def page(text: str) -> LayoutUpdate:
    """A screen full of this text."""
    strips = [[Strip([Segment((text * 80)[y : y + 80])])] for y in range(24)]
    return LayoutUpdate(strips, Region(0, 0, 80, 24))


def output(clock: Clock, line: Uart | Pipe) -> Output:
    return Output(clock, line, Painter(LINUX, 80, 24), fail)  # type: ignore[arg-type]


def display(data: bytes) -> list[str]:
    emulator = Emulator(LINUX)
    emulator.feed(data)
    return list(emulator.display)


def test_a_serial_line_never_has_more_queued_than_a_fraction_of_a_second() -> None:
    clock = Clock()
    line = Uart(clock, 11_520)
    writer = output(clock, line)
    writer.show(page("abcdefg"))
    clock.run(1)
    assert line.most < 11_520 * 0.05 + 100  # a row at most beyond the limit
    assert line.queued == 0
    assert display(line.sent) == display(page_bytes("abcdefg"))


def page_bytes(text: str) -> bytes:
    """What an unlimited line gets for a page."""
    clock = Clock()
    line = Pipe(1_000_000)
    output(clock, line).show(page(text))
    clock.run(1)
    return line.fetch()


def test_a_serial_line_is_kept_busy_until_all_is_sent() -> None:
    clock = Clock()
    line = Uart(clock, 11_520)
    output(clock, line).show(page("abcdefg"))
    clock.run(len(page_bytes("abcdefg")) / 11_520 + 0.02)
    assert line.queued == 0


def test_states_that_passed_while_the_line_was_busy_are_never_sent() -> None:
    clock = Clock()
    line = Uart(clock, 960)
    writer = output(clock, line)
    for state in range(100):
        writer.show(page(f"state {state:02} "))
        clock.run(0.03)
    assert line.queued <= 96 + 100
    clock.run(3)
    assert line.queued == 0
    assert display(line.sent) == display(page_bytes("state 99 "))
    assert len(line.sent) < 6 * 960


def test_nothing_wakes_when_nothing_is_pending() -> None:
    clock = Clock()
    line = Uart(clock, 11_520)
    output(clock, line).show(page("abcdefg"))
    clock.run(1)
    woken = clock.woken
    clock.run(1000)
    assert clock.woken == woken


def test_a_stopped_terminal_is_looked_after_rarely_and_served_when_it_goes_on() -> None:
    clock = Clock()
    line = Uart(clock, 11_520)
    line.stopped = True
    output(clock, line).show(page("abcdefg"))
    clock.run(10)
    woken = clock.woken
    clock.run(100)
    assert clock.woken - woken <= 201
    line.stopped = False
    clock.run(2)
    assert line.queued == 0
    assert display(line.sent) == display(page_bytes("abcdefg"))


def test_a_line_faster_than_it_says_is_soon_used_as_such() -> None:
    clock = Clock()
    line = Uart(clock, 960, real=1_000_000)
    output(clock, line).show(page("abcdefg"))
    clock.run(0.5)
    assert line.queued == 0
    assert display(line.sent) == display(page_bytes("abcdefg"))


def test_a_line_that_refuses_more_is_watched_and_gets_the_newest_state() -> None:
    clock = Clock()
    line = Pipe(1000)
    writer = output(clock, line)
    for state in range(50):
        writer.show(page(f"state {state:02} "))
        clock.run(0.1)
    woken = clock.woken
    clock.run(100)
    assert clock.woken == woken
    sent = line.fetch()
    while clock.writer:
        clock.writer()
        clock.run(0.1)
        sent += line.fetch()
    assert display(sent) == display(page_bytes("state 49 "))
    assert len(sent) < 3 * 2100


def test_while_held_nothing_is_shown_but_what_is_said() -> None:
    clock = Clock()
    line = Pipe(100_000)
    writer = output(clock, line)
    writer.hold()
    writer.show(page("abcdefg"))
    writer.say("\x1b[6n")
    clock.run(1)
    assert line.fetch() == b"\x1b[6n"
    writer.release()
    clock.run(1)
    assert display(line.fetch()) == display(page_bytes("abcdefg"))


def test_a_change_to_what_is_shown_already_writes_nothing() -> None:
    clock = Clock()
    line = Pipe(100_000)
    writer = output(clock, line)
    writer.show(page("abcdefg"))
    clock.run(1)
    line.fetch()
    writer.show(page("abcdefg"))
    clock.run(1)
    assert line.fetch() == b""


def test_a_lost_line_is_told() -> None:
    class Lost(Pipe):
        def write(self, data: bytes) -> int:
            raise HangUp

    told: list[Exception] = []
    clock = Clock()
    writer = Output(clock, Lost(1), Painter(LINUX, 80, 24), told.append)  # type: ignore[arg-type]
    writer.show(page("abcdefg"))
    clock.run(1)
    assert [type(error) for error in told] == [HangUp]
