"""Textual's driver over a line: updates in, changed cells out; bytes in, keys out.

Everything happens in the event loop: no thread, no polling. While nothing changes and no key is pressed
the process is not woken at all.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from textual import constants, events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from vtui.terminal.capabilities import Capabilities, capabilities
from vtui.terminal.keyboard import Keyboard
from vtui.terminal.line import HangUp, Line
from vtui.terminal.modes import ASK_SIZE, enter, leave
from vtui.terminal.output import Output
from vtui.terminal.painter import Painter

USUAL = (80, 24)
"""Columns and rows of a terminal that doesn't tell."""

SENSIBLE = range(20, 1001), range(5, 501)
"""Columns and rows a terminal may claim to have when asked."""

ANSWER_WITHIN = 0.5
"""Seconds a terminal has to tell its size."""

STORM = 0.04
"""Seconds in which changes of the window's size count as one."""


class TerminalDriver(Driver):
    """Shows on a terminal what Textual draws, as fast as the line allows and no faster."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._line: Line | None = None
        self._output: Output | None = None
        self._painter: Painter | None = None
        self._terminal = Capabilities()
        self._keyboard = Keyboard(rich=False)
        self._reading = False
        self._escape: asyncio.TimerHandle | None = None
        self._resizing: asyncio.TimerHandle | None = None
        self._asking: asyncio.TimerHandle | None = None
        self._asked = False

    @property
    def can_suspend(self) -> bool:
        """Ctrl-Z and App.suspend work."""
        return True

    # -------------------------------------------------------------- output

    def show(self, update: LayoutUpdate | ChopsUpdate) -> None:
        """Show an update of Textual's compositor."""
        if self._output is not None:
            self._output.show(update)

    def repaint(self) -> None:
        """Write the whole screen again: someone else has written over it."""
        if self._output is not None:
            self._output.painter.forget()
            self._output.say(enter(self._terminal, mouse=self._mouse))

    def write(self, data: str) -> None:
        """Write Textual's own sequences: the bell, and what else the terminal would not print.

        The shape of a mouse's pointer is left out: 13 bytes at every change of the screen.
        """
        wanted = data == "\a" or (self._terminal.rich and not data.startswith("\x1b]22;"))
        if self._output is not None and wanted:
            self._output.say(data)

    # -------------------------------------------------------------- start and stop

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        assert sys.__stdin__ is not None
        try:
            self._line = line = Line(sys.__stdin__.fileno())
            _wait_for_foreground(line.fd)
            line.raw()
        except HangUp as error:
            self._failed(error)
            return
        self._terminal = capabilities(os.environ, slow=line.serial)
        self._keyboard = Keyboard(rich=self._terminal.rich)
        size = _known_size(line)
        self._size = size or USUAL
        if self._painter is None:
            self._painter = Painter(self._terminal, *self._size)
        else:
            self._painter.resize(*self._size)
        self._output = Output(self._loop, line, self._painter, self._failed)
        self._output.say(enter(self._terminal, mouse=self._mouse))
        if size is None:
            self._output.hold()
            self._output.say(ASK_SIZE)
            self._asked = True
            self._asking = self._loop.call_later(ANSWER_WITHIN, self._told_size, *USUAL)
        self._loop.add_reader(line.fd, self._readable)
        self._reading = True
        self._handle_signals()
        atexit.register(self._restore)
        self._send_size()

    def disable_input(self) -> None:
        """Read no more."""
        for timer in (self._escape, self._resizing, self._asking):
            if timer is not None:
                timer.cancel()
        self._escape = self._resizing = self._asking = None
        if self._reading and self._line is not None:
            self._reading = False
            self._loop.remove_reader(self._line.fd)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        if self._line is None:
            return
        self.disable_input()
        for number in self._signals():
            self._loop.remove_signal_handler(number)
        if self._output is not None:
            self._output.stop()
        self._restore()

    def _restore(self) -> None:
        """What needs no event loop: the last bytes, and the mode of the tty."""
        atexit.unregister(self._restore)
        line, output = self._line, self._output
        self._line = self._output = None
        if line is None:
            return
        with suppress(HangUp):
            if output is not None:
                output.finish(leave(self._terminal))
        if self._terminal.rich and self._mouse:
            line.drop_input()  # reports of the mouse would be typed into the shell
        line.restore()

    def _failed(self, error: Exception) -> None:
        """The line is gone, or there is a mistake in here: end, and say so where it is one."""
        if isinstance(error, HangUp):
            self.disable_input()
            self._app.exit()
        else:
            self._app._handle_exception(error)

    # -------------------------------------------------------------- signals

    def _signals(self) -> dict[int, Callable[[], None]]:
        end: Callable[[], None] = self._app.exit
        return {
            signal.SIGWINCH: self._resized,
            signal.SIGTSTP: self._stop,
            signal.SIGCONT: self._continued,
            signal.SIGHUP: end,
            signal.SIGTERM: end,
            signal.SIGINT: end,
        }

    def _handle_signals(self) -> None:
        for number, handler in self._signals().items():
            self._loop.add_signal_handler(number, handler)

    def _stop(self) -> None:
        """Ctrl-Z from outside, or action_suspend_process: give the terminal back and stop."""
        if self._auto_restart:
            self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)
        # Here someone has said SIGCONT.
        if self._auto_restart:
            self.resume_application_mode()
            self.send_message(self.SignalResume())

    def _continued(self) -> None:
        """Stopped by a SIGSTOP nobody told us of: the shell has had the terminal meanwhile."""
        if self._line is not None and self._auto_restart:
            _wait_for_foreground(self._line.fd)
            try:
                self._line.raw()
            except HangUp as error:
                self._failed(error)
                return
            self.repaint()
            self._resized()

    # -------------------------------------------------------------- size

    def _resized(self) -> None:
        if self._resizing is None:
            self._resizing = self._loop.call_later(STORM, self._measure)

    def _measure(self) -> None:
        self._resizing = None
        if self._line is not None and 0 not in (size := self._line.size) and size != self._size:
            self._resize(size)

    def _resize(self, size: tuple[int, int]) -> None:
        self._size = size
        if self._output is not None:
            self._output.resize(*size)
        self._send_size()

    def _send_size(self) -> None:
        assert self._size is not None
        size = Size(*self._size)
        self.send_message(events.Resize(size, size))

    def _told_size(self, columns: int, rows: int) -> None:
        """The terminal has answered, though it be late, or has had its time."""
        if not self._asked or self._line is None or self._output is None:
            return
        sensible = columns in SENSIBLE[0] and rows in SENSIBLE[1]
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
            self._output.release()
        elif not sensible:
            return
        size = (columns, rows) if sensible else USUAL
        self._line.size = size
        if size != self._size:
            self._resize(size)

    # -------------------------------------------------------------- input

    def _readable(self) -> None:
        assert self._line is not None
        if self._escape is not None:
            self._escape.cancel()
            self._escape = None
        try:
            data = self._line.read()
        except HangUp as error:
            self._failed(error)
            return
        self._process(self._keyboard.feed(data))
        if self._keyboard.waiting:
            self._escape = self._loop.call_later(constants.ESCAPE_DELAY, self._expire)

    def _expire(self) -> None:
        self._escape = None
        self._process(self._keyboard.expire())

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if isinstance(message, events.CursorPosition):
                self._told_size(message.x + 1, message.y + 1)
            elif isinstance(message, events.Key | events.MouseEvent | events.Paste):
                self.process_message(message)


def _known_size(line: Line) -> tuple[int, int] | None:
    """What the tty says, or else the environment."""
    size = line.size
    if 0 in size:
        told = os.environ.get("COLUMNS", ""), os.environ.get("LINES", "")
        if not all(text.isdecimal() and int(text) for text in told):
            return None
        size = int(told[0]), int(told[1])
    return size


def _wait_for_foreground(tty: int) -> None:
    """Stop until the shell gives us the terminal: it is not for background jobs to write to."""
    with suppress(OSError):  # it is not our controlling terminal
        while os.tcgetpgrp(tty) != os.getpgrp():
            os.kill(os.getpid(), signal.SIGSTOP)
