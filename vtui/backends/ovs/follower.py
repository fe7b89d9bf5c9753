"""The one thread in which Open vSwitch's library runs."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vtui import lanes
from vtui.backends.ovs.pace import Pace
from vtui.backends.ovs.remote import look, resolved, silent
from vtui.backends.ovs.rows import DATABASE, Database
from vtui.errors import HostError, Unavailable
from vtui.model import OpenVSwitch

if TYPE_CHECKING:
    from vtui.backends.ovs.replica import Inquiry, Replica

Outcome = OpenVSwitch | HostError
Reply = Callable[[Outcome], None]

RETRY = 1.0
"""Seconds from the end of a connection to the next try, unless somebody asks earlier."""


class Follower:
    """Follows one database over all deaths of its server until closed; keeps no program from ending.

    It is made, asked and closed in an event loop, which also makes all the calls it is asked for.
    """

    def __init__(
        self, remote: str, enough: float, clock: Callable[[], float], news: Callable[[], None]
    ) -> None:
        """`news` is called when something changed and when a connection came or ended.

        A connection on which something is awaited for longer than `enough` seconds is given up.
        """
        self.ended = asyncio.Event()
        """Set when the thread has given everything back."""
        self._remote = remote
        self._enough = enough
        self._clock = clock
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._asking: deque[Reply] = deque()
        self._asked: deque[_Asked] = deque()
        self._database = Database()
        self._pace = Pace()
        self._joined = False
        self._met = False
        # The thread waits for the bell as it does for the server. When the bell is gone it ends.
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        lanes.forever("ovs", self._work)

    def ask(self, reply: Reply) -> None:
        """Have told what the database says from now on, or at once why nobody can tell."""
        self._asking.append(reply)
        # A bell that takes no more rings already; that of an ended thread rings for nobody.
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def close(self) -> None:
        """Let the thread end, without waiting."""
        self._bell.close()

    # -------------------------------------------------------------- in the thread

    def _work(self) -> None:
        with contextlib.suppress(_Closed), self._ear:
            while True:
                # A server that was never there is missed by nobody but who asks for it.
                self._pause(RETRY if self._met else None)
                try:
                    self._follow()
                except HostError as error:
                    self._fail(error)
        with contextlib.suppress(_Closed):
            self._tell(self.ended.set)

    def _follow(self) -> None:
        """Follow one connection; raises HostError when it ends or does not come about."""
        remote = resolved(self._remote)
        look(remote)
        try:
            from vtui.backends.ovs.replica import Inquiry, Replica
        except ImportError as error:
            raise Unavailable(
                f"the Python package ovs is not installed ({error})",
                "apt install python3-openvswitch",
            ) from error
        until = self._clock() + self._enough
        with contextlib.closing(Inquiry(remote)) as inquiry:
            while (schema := inquiry.run()) is None:
                self._wait(inquiry, until)
        self._database = Database()
        with contextlib.closing(Replica(remote, schema, self._database)) as replica:
            while not replica.whole:
                self._wait(replica, until)
                replica.run()
            self._join()
            while True:
                self._serve(replica)
                self._wait(replica, self._asked[0].until if self._asked else None)
                if replica.run():
                    self._note(replica.refreshed)

    def _join(self) -> None:
        self._met = self._joined = True
        self._pace.joined(self._clock())
        self._tell(self._news)

    def _note(self, refreshed: bool) -> None:
        # Whoever asks next hears of a setting that makes no sense.
        with contextlib.suppress(ValueError):
            if refreshed:
                self._pace.refreshed(self._clock(), self._database.interval())
        self._tell(self._news)

    def _serve(self, replica: Replica) -> None:
        """Pass on the questions, and the answers to those that the server has answered."""
        # Whoever asks from here on is not served by a question that may be on its way already.
        replies = [self._asking.popleft() for _ in range(len(self._asking))]
        if replies:
            number, until = replica.ask(), self._clock() + self._enough
            self._asked.extend(_Asked(number, until, reply) for reply in replies)
        while self._asked and self._asked[0].number <= replica.answered:
            self._tell(self._asked.popleft().reply, self._state())

    def _state(self) -> Outcome:
        try:
            model = self._database.model()
            counted_at = self._pace.counted_at(self._clock(), self._database.interval())
        except ValueError as error:
            return HostError(f"a row of {DATABASE} makes no sense: {error}")
        return replace(model, counted_at=counted_at)

    def _fail(self, error: HostError) -> None:
        if self._met and isinstance(error, Unavailable):
            error = HostError(f"ovsdb-server is gone: {error.message}", error.hint)
        # Whoever asks after hearing of it asks for the next try.
        waiting = [asked.reply for asked in self._asked]
        self._asked.clear()
        while self._asking:
            waiting.append(self._asking.popleft())
        if self._joined:
            self._joined = False
            self._tell(self._news)
        for reply in waiting:
            self._tell(reply, error)

    def _tell(self, function: Callable[..., None], *what: Outcome) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *what)
        except RuntimeError:  # the loop is closed
            raise _Closed from None

    def _wait(self, waiting: Inquiry | Replica, until: float | None) -> None:
        """Wait for the server or the bell; raises NoAnswer at `until`."""
        from vtui.backends.ovs.replica import block

        rest = None if until is None else until - self._clock()
        if rest is not None and rest <= 0:
            raise silent(f"gave no answer within {self._enough:g} s")
        block(waiting, self._ear, rest)
        self._listen()

    def _pause(self, seconds: float | None) -> None:
        """Wait for the bell."""
        select.select([self._ear], [], [], seconds)
        self._listen()

    def _listen(self) -> None:
        """Still the bell; raises _Closed when it is gone."""
        with contextlib.suppress(BlockingIOError):
            if not self._ear.recv(1 << 10):
                raise _Closed


@dataclass(frozen=True, slots=True)
class _Asked:
    """Somebody who is told when the question of this number is answered."""

    number: int
    until: float
    """When it is too late, on the clock."""
    reply: Reply


class _Closed(Exception):
    """Nobody is there any more to follow for."""
