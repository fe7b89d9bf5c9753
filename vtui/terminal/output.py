"""From the painter to the line: as much as it takes, when it takes it.

Two ways a line says that it is behind: a serial one by what is still queued (TIOCOUTQ), looked at by a
timer that runs only while something waits; any other by refusing to take more, which the event
loop watches. In both cases frames are skipped: what is written next leads to the newest state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from textual._compositor import ChopsUpdate, LayoutUpdate

from vtui.terminal.modes import synchronised
from vtui.terminal.pace import Pace
from vtui.terminal.painter import Painter

PORTION = 4096
"""Bytes at once where the line has no speed."""

SETTLE = 0.25
"""Seconds to wait for an update after a change of size; Textual has none where it is changed back."""

PATIENCE = 1.0
"""Seconds beyond the line's own time that the last bytes may take."""


class Tty(Protocol):
    """What is needed of a line."""

    fd: int
    rate: int | None

    def write(self, data: bytes) -> int: ...
    def write_all(self, data: bytes, seconds: float) -> None: ...
    @property
    def queued(self) -> int: ...


class Output:
    """Writes what a painter has pending."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        line: Tty,
        painter: Painter,
        failed: Callable[[Exception], None],
    ) -> None:
        """`failed` is told what went wrong while writing outside of a call, HangUp above all."""
        self._loop = loop
        self._line = line
        self.painter = painter
        self._failed = failed
        self._pace = Pace(line.rate) if line.rate else None
        self._rest = b""
        self._timer: asyncio.Handle | None = None
        self._watching = False
        self._painting = False
        self._held = False
        self._update_due: asyncio.Handle | None = None

    def show(self, update: LayoutUpdate | ChopsUpdate) -> None:
        """Take an update; it is written when this turn of the event loop is over."""
        self.painter.take(update)
        self._stop_waiting()
        self.soon()

    def resize(self, width: int, height: int) -> None:
        """The terminal has another size: write when there is an update that fits, or after a while."""
        self.painter.resize(width, height)
        self._stop_waiting()
        self._update_due = self._loop.call_later(SETTLE, self._settle)

    def say(self, text: str) -> None:
        """Write control sequences, in order with what is shown."""
        self._rest += text.encode("utf-8", "replace")
        self.soon()

    def hold(self) -> None:
        """Show nothing until `release`."""
        self._held = True

    def release(self) -> None:
        """Show again."""
        self._held = False
        self.soon()

    def soon(self) -> None:
        """Write before long, unless that is to happen anyway."""
        if self._timer is None and not self._watching:
            self._timer = self._loop.call_soon(self._resume)

    def finish(self, text: str) -> None:
        """Write what has been begun and these last sequences; nothing after that. Raises HangUp."""
        self.stop()
        self._stop_waiting()
        data = self._rest + text.encode("utf-8", "replace")
        self._rest = b""
        waiting = self._line.queued + len(data)
        self._line.write_all(data, PATIENCE + waiting / (self._line.rate or 1_000_000))

    def stop(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._watching:
            self._watching = False
            if not self._loop.is_closed():
                self._loop.remove_writer(self._line.fd)

    def _stop_waiting(self) -> None:
        if self._update_due is not None:
            self._update_due.cancel()
            self._update_due = None

    def _settle(self) -> None:
        self._update_due = None
        self.soon()

    # -------------------------------------------------------------- the pump

    def _resume(self) -> None:
        self.stop()
        try:
            self._pump()
        except Exception as error:  # noqa: BLE001 - nobody else would see why the screen stands still
            self._failed(error)

    def _pump(self) -> None:
        while True:
            if self._rest:
                self._rest = self._rest[self._line.write(self._rest) :]
                if self._rest:
                    self._watching = True
                    self._loop.add_writer(self._line.fd, self._resume)
                    return
            if self._held or self._update_due is not None or not self.painter.pending:
                self._painting = False
                return
            room = self._room()
            if room <= 0:
                return
            if not self._painting:
                self._painting = True
                self.painter.begin()
            text = self.painter.output(room)
            if self._pace is None:
                text = synchronised(text, self.painter.terminal)
            self._rest = text.encode("utf-8", "replace")

    def _room(self) -> int:
        """Bytes to write now; where there is no room, it has been arranged to look again."""
        if self._pace is None:
            return PORTION
        queued = self._line.queued
        room = self._pace.room(queued)
        if room <= 0:
            self._timer = self._loop.call_later(self._pace.delay(queued), self._look)
        return room

    def _look(self) -> None:
        if self._pace is not None:
            self._pace.look(self._line.queued)
        self._resume()
