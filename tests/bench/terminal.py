"""Runs a terminal program on a pty and counts what it costs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run. Times in seconds, sizes in bytes; `idle_*` are per second."""

    label: str
    start_seconds: float
    start_bytes: int
    idle_bytes: float
    idle_cpu: float
    idle_wakeups: float
    down_bytes: int
    page_bytes: int
    rss: int


class Terminal:
    """A program on a pty of 80x24."""

    def __init__(self, command: Sequence[str], term: str = "xterm-256color") -> None:
        self.began = time.monotonic()
        self.pid, self._fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = term
            os.environ.pop("COLORTERM", None)
            os.execvp(command[0], command)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def drain(self, quiet: float, limit: float) -> tuple[int, float]:
        """Bytes until a silence of `quiet` seconds, at most for `limit`; and when the last one came."""
        count, last = 0, time.monotonic()
        end = last + limit
        while time.monotonic() < end:
            ready, _, _ = select.select([self._fd], [], [], quiet)
            if not ready:
                break
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:  # the program ended
                break
            count += len(data)
            last = time.monotonic()
        return count, last

    def watch(self, seconds: float) -> tuple[int, float, float]:
        """Bytes, CPU seconds and voluntary context switches in so many seconds."""
        process = psutil.Process(self.pid)
        cpu, switches = sum(process.cpu_times()[:2]), process.num_ctx_switches().voluntary
        count = 0
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            count += self.drain(left, left)[0]
        return (
            count,
            sum(process.cpu_times()[:2]) - cpu,
            float(process.num_ctx_switches().voluntary - switches),
        )

    def press(self, keys: bytes) -> int:
        """Bytes that a key costs."""
        os.write(self._fd, keys)
        return self.drain(0.15, 2.0)[0]

    @property
    def rss(self) -> int:
        """Resident memory, bytes."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        os.close(self._fd)


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[Terminal]:
    """The program for the length of a `with` block."""
    terminal = Terminal(command)
    try:
        yield terminal
    finally:
        terminal.close()


def measure(label: str, command: Sequence[str], keys: bytes = b"", idle: float = 10.0) -> Cost:
    """Start, settle, press `keys`, idle, one row down, one page down."""
    with running(command) as terminal:
        count, last = terminal.drain(0.6, 15.0)
        started = last - terminal.began
        if keys:
            terminal.press(keys)
        idle_bytes, cpu, wakeups = terminal.watch(idle)
        return Cost(
            label=label,
            start_seconds=started,
            start_bytes=count,
            idle_bytes=idle_bytes / idle,
            idle_cpu=cpu / idle,
            idle_wakeups=wakeups / idle,
            down_bytes=terminal.press(b"\x1b[B"),
            page_bytes=terminal.press(b"\x1b[6~"),
            rss=terminal.rss,
        )
