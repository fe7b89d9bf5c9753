"""The backend: two lanes, two connections, one Domains."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from vtui.backends.libvirt.compose import Listing, Stats, compose
from vtui.backends.libvirt.library import library
from vtui.backends.libvirt.monitoring import Monitoring
from vtui.backends.libvirt.session import Session
from vtui.backends.libvirt.trouble import cannot_open, cannot_read
from vtui.errors import HostError, NoAnswer, Unavailable, VtuiError
from vtui.lanes import Lane
from vtui.model import Domains
from vtui.monitor import Backend, Need

LIST_DEADLINE = 3.0
STATS_DEADLINE = 1.5
PARTING = 0.4
"""Seconds either connection gets to close."""


class Libvirt(Backend):
    """One libvirt connection.

    The list of domains and the statistics that need the guests' cooperation go different ways, so
    that a hung guest costs numbers, not the list: its own numbers, for while one request for
    statistics waits for it, libvirtd passes over that guest for another. A lost connection fails
    the next read, and the one after that connects anew.
    """

    cadence = 2.0
    deadline = LIST_DEADLINE + 2 * STATS_DEADLINE + 0.5

    def __init__(self, uri: str, name: str) -> None:
        self.uri = uri
        self.name = name
        self._listing_lane = Lane(name, LIST_DEADLINE)
        self._ways = tuple(
            (Lane(f"{name} statistics {way}", STATS_DEADLINE), Monitoring(uri)) for way in (1, 2)
        )
        self._session: Session | None = None
        self._news = asyncio.Event()
        self._served = False

    async def read(self, need: Need) -> Domains:
        """All domains of this connection.

        Raises Unavailable when libvirt cannot be used here, NoAnswer when it hangs and HostError
        when it fails, also when it was there once and does not run now.
        """
        loop = asyncio.get_running_loop()
        try:
            listing = await self._listing_lane.call(self._list, loop)
        except Unavailable as error:
            if self._served:
                raise HostError(error.message, error.hint) from error
            raise
        self._served = True
        stats = listing.stats
        if stats is None:
            stats = await self._statistics(listing)
        return Domains(self.uri, compose(self.uri, listing, stats), listing.version)

    async def changed(self) -> None:
        """Return when libvirt told of a change or the connection was lost."""
        await self._news.wait()
        self._news.clear()

    async def close(self) -> None:
        """Close both connections, or leave them to the end of the process when they hang."""
        statistics = (_part(lane, monitoring.close) for lane, monitoring in self._ways)
        await asyncio.gather(_part(self._listing_lane, self._drop), *statistics)

    async def _statistics(self, listing: Listing) -> Mapping[str, Stats]:
        running = (
            listing.definitions.get(one.uuid) for one in listing.sightings if one.number >= 0
        )
        interfaces = all(known is not None and not known.vhostuser for known in running)
        for lane, monitoring in self._ways:
            with contextlib.suppress(NoAnswer):
                return await lane.call(monitoring.stats, interfaces=interfaces)
        return {}

    # Below here: in the listing lane.

    def _list(self, loop: asyncio.AbstractEventLoop) -> Listing:
        libvirt = library()
        if self._session is None:
            try:
                self._session = Session(libvirt, self.uri, lambda: self._wake(loop))
            except libvirt.libvirtError as error:
                raise cannot_open(self.uri, error) from error
            except ValueError as error:  # a NUL, or what is no UTF-8
                raise Unavailable(f"not a libvirt URI: {error}", "check the URI") from error
        session = self._session
        try:
            return session.listing()
        except libvirt.libvirtError as error:
            trouble = cannot_read(self.uri, error, session.lost, session.alive)
            self._drop()
            raise trouble from error
        except UnicodeDecodeError as error:
            self._drop()
            raise HostError(f"libvirt's answer is not UTF-8: {error}") from error

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session:
            session.close()

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        # The loop may be closed already when a late event comes in.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._news.set)


async def _part(lane: Lane, close: Callable[[], None]) -> None:
    with contextlib.suppress(VtuiError):
        await lane.call_within(PARTING, close)
    lane.close()
