"""A program in a pty, and the emulated terminal at the other end of it."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.emulator import Emulator, Tolerant
from vtui.terminal.capabilities import capabilities

PATIENCE = 30.0
"""Seconds that anything may take on a busy machine before the test fails."""

ROOT = Path(__file__).parent.parent


class Session:
    """One program and its terminal."""

    def __init__(
        self,
        module: str,
        *,
        term: str,
        size: tuple[int, int],
        tells_size: bool,
        answers: bool,
        controlling: bool,
        env: Mapping[str, str],
    ) -> None:
        self.emulator = (
            Tolerant(*size)
            if "VTUI_PLAIN_DRIVER" in env
            else Emulator(capabilities({"TERM": term, **env}), *size)
        )
        self.answers = answers
        self.log = b""
        self._gone = False
        self.master, self.slave = os.openpty()
        self.resize(*(size if tells_size else (0, 0)))
        self.mode = termios.tcgetattr(self.slave)
        kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            cwd=ROOT,
            env={**kept, "TERM": term, "LC_ALL": "C.UTF-8", **env},
            start_new_session=True,
            preexec_fn=_take_terminal if controlling else None,  # noqa: PLW1509 - one ioctl, no thread
        )

    # -------------------------------------------------------------- the terminal's side

    def resize(self, width: int, height: int) -> None:
        """Change the window's size, which tells the program."""
        size = struct.pack("HHHH", height, width, 0, 0)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, size)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows as the tty has them."""
        answer = fcntl.ioctl(self.slave, termios.TIOCGWINSZ, bytes(8))
        rows, columns, _, _ = struct.unpack("HHHH", answer)
        return columns, rows

    def send(self, data: bytes) -> None:
        """Press keys."""
        os.write(self.master, data)

    def read(self, seconds: float, limit: int = 65536) -> bytes:
        """What comes within this time, at most."""
        if self._gone or not select.select([self.master], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.master, limit)
        except OSError:  # EIO: the program closed its end
            self._gone = True
            return b""
        self.log += data
        self.emulator.feed(data)
        if self.emulator.answers and self.answers:
            self.send(self.emulator.answers.encode())
        self.emulator.answers = ""
        return data

    def quiet(self, seconds: float = 0.7) -> bytes:
        """All that comes until nothing has come for a while."""
        data = b""
        while more := self.read(seconds):
            data += more
        return data

    def until(self, ready: Callable[[], bool]) -> None:
        """Read until this is true."""
        end = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < end, "\n".join(self.emulator.display)
            self.read(0.1)

    def shows(self, text: str) -> None:
        """Read until this is on the screen."""
        self.until(lambda: text in self.text)

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self.emulator.display)

    def hang_up(self) -> None:
        """The cable is pulled out, the connection lost."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1
        self._gone = True

    # -------------------------------------------------------------- the program's side

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    @property
    def state(self) -> str:
        """The letter of proc(5): "T" is stopped."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat[stat.rindex(")") + 2]

    @property
    def wakeups(self) -> int:
        """How often its threads have waited for something so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        lines = [line for task in tasks for line in (task / "status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        self.until(lambda: self.process.poll() is not None)
        self.quiet(0.1)
        code: int | None = self.process.returncode
        assert code is not None
        return code

    def restored(self) -> None:
        """The terminal is as it was found."""
        assert termios.tcgetattr(self.slave) == self.mode
        assert not self.emulator.cursor.hidden
        assert self.emulator.margins is None
        assert self.emulator.cursor.attrs == self.emulator.default_char
        assert AUTOWRAP in self.emulator.mode
        assert not {1000 << 5, 1006 << 5, 1049 << 5, 2004 << 5} & set(self.emulator.mode)

    def close(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in {self.master, self.slave} - {-1}:
            os.close(fd)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


AUTOWRAP = 7 << 5
"""DECAWM as pyte keeps it."""

UNWANTED = {"COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "TERM", "VTUI_PLAIN_DRIVER"}


@contextmanager
def session(
    module: str,
    *,
    term: str = "xterm-256color",
    size: tuple[int, int] = (80, 24),
    tells_size: bool = True,
    answers: bool = True,
    controlling: bool = True,
    **env: Any,
) -> Iterator[Session]:
    """Run a module's program in a terminal; `env` goes into its environment."""
    running = Session(
        module,
        term=term,
        size=size,
        tells_size=tells_size,
        answers=answers,
        controlling=controlling,
        env=env,
    )
    try:
        yield running
    finally:
        running.close()
