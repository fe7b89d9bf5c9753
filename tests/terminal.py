"""The real program on a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import socket
import struct
import sys
import termios
from dataclasses import dataclass

from tests.program import environment

PATIENCE = 60.0
"""Seconds after which a program counts as hanging."""


@dataclass(frozen=True)
class Terminal:
    """What a run left: its exit code, and all it wrote."""

    code: int
    text: str


def terminal(
    columns: int,
    *arguments: str,
    term: str = "xterm",
    press: bytes = b"",
    asked: socket.socket | None = None,
) -> Terminal:
    """Run vtui on a terminal of 24 lines (of no size at all with 0 columns) to its end.

    `press` is typed when a connection comes in at `asked`.
    """
    pid, master = pty.fork()
    if pid == 0:
        _size(0, columns)
        command = [sys.executable, "-m", "vtui", *arguments]
        os.execve(sys.executable, command, environment(TERM=term))
    written, watched = b"", [master, *([asked] if asked else [])]
    while ready := select.select(watched, [], [], PATIENCE)[0]:
        if asked in ready:
            os.write(master, press)
            watched.remove(asked)
        if master in ready:
            chunk = _read(master)
            if not chunk:
                break
            written += chunk
    _, status = os.waitpid(pid, 0)
    os.close(master)
    return Terminal(os.waitstatus_to_exitcode(status), written.decode().replace("\r\n", "\n"))


def _read(master: int) -> bytes:
    try:
        return os.read(master, 1 << 16)
    except OSError:  # EIO: the program closed its end
        return b""


def _size(descriptor: int, columns: int) -> None:
    lines = 24 if columns else 0
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
