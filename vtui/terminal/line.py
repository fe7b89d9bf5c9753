"""The tty: raw mode and back, reading and writing without ever waiting, what is still queued, its size.

Sources: termios(3), ioctl_tty(2) (TIOCOUTQ, TIOCMGET, TIOCGWINSZ, TIOCSWINSZ), tty(4).

XON/XOFF: on a serial line IXON and IXOFF stay as the tty had them, because there they are the
terminal's way to say that it can't follow; Ctrl-S and Ctrl-Q are therefore no keys of this program.
Elsewhere IXON is turned off: an accidental Ctrl-S must not freeze the screen of an engineer on SSH.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import time
from contextlib import suppress
from select import select
from typing import Any

DEFAULT_RATE = 11_520
"""Bytes per second taken for a serial line whose speed has no name: 115200 baud, 8N1."""

_BAUD = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name[0] == "B" and name[1:].isdigit() and name != "B0"
}

_IFLAG, _OFLAG, _LFLAG, _OSPEED, _CC = 0, 1, 3, 5, 6


class HangUp(Exception):
    """Nobody is at the other end any more."""


def is_serial(fd: int) -> bool:
    """Whether a descriptor is a serial line: a pty has a speed too, but no modem lines."""
    try:
        fcntl.ioctl(fd, termios.TIOCMGET, bytes(4))
    except OSError:
        return False
    return True


class Line:
    """A tty that is open for this program alone.

    It is opened anew where that is possible: O_NONBLOCK belongs to the open file, which the shell shares
    with the one that was inherited.
    """

    def __init__(self, inherited: int) -> None:
        """Open the tty behind a descriptor. Raises HangUp when it is gone."""
        self._inherited = inherited
        try:
            flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            self.fd = os.open(f"/proc/self/fd/{inherited}", flags)
        except OSError:  # not ours to open (su), exclusive, or no /proc
            self.fd = os.dup(inherited)
        self._blocking = os.get_blocking(self.fd)
        os.set_blocking(self.fd, False)
        try:
            self._before = termios.tcgetattr(self.fd)
        except termios.error as error:
            raise HangUp from error
        self.serial = is_serial(self.fd)
        rate = _BAUD.get(self._before[_OSPEED], DEFAULT_RATE * 10) // 10
        self.rate = rate if self.serial else None
        """Bytes per second of a serial line; None where the other end takes what it can."""

    # -------------------------------------------------------------- mode

    def raw(self) -> None:
        """Every byte as it comes, and out as it is given. Raises HangUp."""
        attributes = list(self._before)
        translation = termios.ICRNL | termios.INLCR | termios.IGNCR
        # With BRKINT a break, or a wrong speed that looks like one, would be Ctrl-C.
        ignored = translation | termios.BRKINT | termios.PARMRK
        attributes[_IFLAG] &= ~(ignored if self.serial else ignored | termios.IXON)
        attributes[_OFLAG] &= ~termios.OPOST
        attributes[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        attributes[_CC] = list(attributes[_CC])
        attributes[_CC][termios.VMIN] = 1
        attributes[_CC][termios.VTIME] = 0
        self._set(attributes)

    def restore(self) -> None:
        """As it was found, and closed."""
        with suppress(HangUp):
            self._set(self._before)
        os.set_blocking(self.fd, self._blocking)
        os.close(self.fd)

    def _set(self, attributes: list[Any]) -> None:
        try:
            termios.tcsetattr(self.fd, termios.TCSANOW, attributes)
        except termios.error as error:
            raise HangUp from error

    def drop_input(self) -> None:
        """Forget what was sent and not yet read."""
        with suppress(termios.error):
            termios.tcflush(self.fd, termios.TCIFLUSH)

    # -------------------------------------------------------------- bytes

    def read(self) -> bytes:
        """What has arrived; empty when there is nothing. Raises HangUp at the end of input."""
        try:
            data = os.read(self.fd, 4096)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise HangUp from error
        if not data:
            raise HangUp
        return data

    def write(self, data: bytes) -> int:
        """Hand over what the tty takes at once; how many bytes. Raises HangUp."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise HangUp from error

    def write_all(self, data: bytes, seconds: float) -> None:
        """Hand over everything, waiting for at most this long. Raises HangUp."""
        end = time.monotonic() + seconds
        while data and (left := end - time.monotonic()) > 0:
            if data := data[self.write(data) :]:
                select([], [self.fd], [], left)

    @property
    def queued(self) -> int:
        """Bytes handed over and not yet sent; always 0 on a pty."""
        try:
            answer = fcntl.ioctl(self.fd, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0
        return int(struct.unpack("i", answer)[0])

    # -------------------------------------------------------------- size

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows; a serial tty says 0, 0."""
        try:
            answer = fcntl.ioctl(self.fd, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            return 0, 0
        rows, columns, _, _ = struct.unpack("HHHH", answer)
        return columns, rows

    @size.setter
    def size(self, size: tuple[int, int]) -> None:
        columns, rows = size
        with suppress(OSError):
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
