"""The Open vSwitch backend: what it has found out by the time it is asked, and proof that it is true now."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from vtui.backends.ovs.follower import Follower, Outcome
from vtui.backends.ovs.remote import silent
from vtui.errors import HostError
from vtui.model import OpenVSwitch
from vtui.monitor import Need

PATIENCE = 3.0
"""Seconds ovsdb-server may take to answer."""

ENOUGH = 10.0
"""Times its patience a connection has before it is given up. A server that is frozen for a while, or has
much to tell over a slow line, need not begin anew."""

PARTING = 0.5
"""Seconds the thread gets to end; it may be waiting for a name server."""


class Ovs:
    """ovsdb-server's Open_vSwitch database.

    The server tells every change in order, so the replica of a connection is the whole truth as long as
    that lives. Each read has the server prove it with an echo, whose answer comes after all changes that
    were made before the read began.
    """

    name = "ovs"
    cadence = 2.0

    def __init__(
        self,
        remote: str,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`remote` is `unix:FILE` or `tcp:HOST[:PORT]`, as in ovsdb(7)."""
        self.deadline = patience + 1.0
        self._patience = patience
        self._remote = remote
        self._clock = clock
        self._follower: Follower | None = None
        self._news = asyncio.Event()

    async def read(self, need: Need) -> OpenVSwitch:
        """Bridges and ports as the database has them now.

        Raises Unavailable when there is no server or it may not be asked, NoAnswer when it hangs, HostError
        when it went away, refuses or sends nonsense.
        """
        if self._follower is None:
            self._follower = Follower(
                self._remote, ENOUGH * self._patience, self._clock, self._news.set
            )
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._follower.ask(lambda outcome: self._hear(answer, outcome))
        try:
            await asyncio.wait({answer}, timeout=self._patience)
        finally:
            late = answer.cancel()
        if late:
            self._news.clear()
            raise silent(f"gave no answer within {self._patience:g} s")
        outcome = answer.result()
        if isinstance(outcome, HostError):
            raise outcome
        return outcome

    async def changed(self) -> None:
        """Return when the database changed or the connection came or ended."""
        await self._news.wait()

    async def close(self) -> None:
        """Close the connection and let the thread end."""
        if self._follower:
            self._follower.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._follower.ended.wait(), PARTING)
            self._follower = None

    def _hear(self, answer: asyncio.Future[Outcome], outcome: Outcome) -> None:
        if answer.done():
            # The read has given up, and what it would find now is another thing.
            self._news.set()
        else:
            # What comes after the outcome is told after it.
            self._news.clear()
            answer.set_result(outcome)
