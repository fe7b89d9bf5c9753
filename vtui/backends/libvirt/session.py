"""One open connection. All of it blocks: it belongs into a lane, and one lane only."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from vtui.backends.libvirt.compose import Listing, Sighting, Stats
from vtui.backends.libvirt.definition import Definition, parse
from vtui.backends.libvirt.trouble import CLOSED, NO_DOMAIN, NO_SUPPORT
from vtui.errors import Unavailable

ROUND = 16
"""XMLs read per refresh when no event calls for one: a lost event costs a few refreshes."""

XML_TIME = 1.0
"""Seconds a refresh spends on XMLs at most; what is left over comes with the next ones."""

KEEPALIVE_INTERVAL = 3
KEEPALIVE_COUNT = 2
"""libvirt gives a silent daemon up after interval * (count + 1) = 9 seconds."""

EVENTS = (
    "LIFECYCLE",
    "REBOOT",
    "WATCHDOG",
    "IO_ERROR",
    "CONTROL_ERROR",
    "DISK_CHANGE",
    "PMWAKEUP",
    "PMSUSPEND",
    "PMSUSPEND_DISK",
    "DEVICE_ADDED",
    "DEVICE_REMOVED",
    "TUNABLE",
    "JOB_COMPLETED",
)
"""virDomainEventID that something shown depends on. BALLOON_CHANGE is not among them: it may come
many times a second, and memory is read with every refresh anyway."""

_INFO = ("balloon.maximum", "balloon.current", "vcpu.current", "cpu.time")
"""The fields of virDomainInfo after the state, by the statistics' names for them."""

_SSH = ("ssh", "libssh", "libssh2")


def connect(library: Any, uri: str) -> tuple[Any, bool]:
    """A connection and whether it leads to a daemon (and not to a driver within this process).

    Raises libvirtError, and Unavailable for a simulated node whose file is missing: libxml2 would
    write to the terminal the screens are on. For the same reason ssh is kept from asking for a
    password.
    """
    node = _node(uri)
    if node and not node.is_file():
        raise Unavailable(f"no such file: {node}", "check the URI")
    connection = library.open(_unasking(uri))
    try:
        connection.setKeepAlive(KEEPALIVE_INTERVAL, KEEPALIVE_COUNT)
    except library.libvirtError as error:
        if error.get_error_code() != NO_SUPPORT:
            raise
        return connection, False
    return connection, True


class Session:
    """A connection that lists the domains. Its methods raise libvirtError.

    `wake` is called in the thread of libvirt's event loop whenever something changed, also when
    the connection is lost.
    """

    def __init__(self, library: Any, uri: str, wake: Callable[[], None]) -> None:
        self._library = library
        self._connection, self._daemon = connect(library, uri)
        self._wake = wake
        self._bulk = True
        self._definitions: dict[str, Definition] = {}
        """The longest known first."""
        self._heard: deque[str] = deque()
        """UUIDs of domains with news. Filled by the event loop's thread, emptied by the lane."""
        self._due: set[str] = set()
        self.lost = ""
        """How libvirt closed the connection; empty while it did not."""
        self._version = _version(self._connection.getLibVersion())
        self._connection.registerCloseCallback(self._closed, None)
        self._callbacks = list(self._listen())

    @property
    def alive(self) -> bool:
        """Whether the connection is still open, as far as this side knows."""
        with contextlib.suppress(self._library.libvirtError):
            return bool(self._connection.isAlive())
        return False

    def listing(self) -> Listing:
        """All domains, in four calls plus those for the XML.

        A driver without bulk statistics (LXC, Xen) costs one call more per domain, and tells no
        reason for an active domain's state.
        """
        if self._bulk:
            try:
                return self._all_at_once()
            except self._library.libvirtError as error:
                if error.get_error_code() != NO_SUPPORT:
                    raise
                self._bulk = False
        return self._one_by_one()

    def close(self) -> None:
        """Let go of it. On a connection that is lost, too, or libvirt keeps its memory for ever."""
        give_up = contextlib.suppress(self._library.libvirtError)
        for callback in self._callbacks:
            with give_up:
                self._connection.domainEventDeregisterAny(callback)
        with give_up:
            self._connection.unregisterCloseCallback()
        with give_up:
            self._connection.close()

    def _listen(self) -> Iterable[int]:
        for event in EVENTS:
            number = getattr(self._library, f"VIR_DOMAIN_EVENT_ID_{event}")
            # A driver that has no such event says so.
            with contextlib.suppress(self._library.libvirtError):
                yield self._connection.domainEventRegisterAny(None, number, self._changed, None)

    def _changed(self, _connection: Any, domain: Any, *_details: object) -> None:
        self._heard.append(domain.UUIDString())
        self._wake()

    def _closed(self, _connection: Any, reason: int, _opaque: object) -> None:
        self.lost = CLOSED[reason] if 0 <= reason < len(CLOSED) else CLOSED[0]
        self._wake()

    def _all_at_once(self) -> Listing:
        # Of all groups only the state is told without a job on the domain, for which a hung QEMU
        # makes the caller wait: the list must not depend on the worst of the guests.
        records = self._connection.getAllDomainStats(self._library.VIR_DOMAIN_STATS_STATE, 0)
        sightings = (
            _sighting(domain, found.get("state.state", 0), found.get("state.reason", 0))
            for domain, found in records
        )
        return self._listing(
            {domain.UUIDString(): domain for domain, _ in records},
            sightings,
            None if self._daemon else {},
        )

    def _one_by_one(self) -> Listing:
        domains: dict[str, Any] = {}
        sightings: list[Sighting] = []
        stats: dict[str, Stats] = {}
        for domain in self._connection.listAllDomains(0):
            uuid = domain.UUIDString()
            try:
                if domain.ID() < 0:
                    sightings.append(_sighting(domain, *domain.state()))
                else:
                    state, *numbers = domain.info()
                    sightings.append(_sighting(domain, state, None))
                    stats[uuid] = dict(zip(_INFO, numbers, strict=True))
            except self._library.libvirtError as error:
                if error.get_error_code() != NO_DOMAIN:
                    raise
            else:
                domains[uuid] = domain
        return self._listing(domains, sightings, stats)

    def _listing(
        self,
        domains: Mapping[str, Any],
        sightings: Iterable[Sighting],
        stats: Mapping[str, Stats] | None,
    ) -> Listing:
        library = self._library
        return Listing(
            version=self._version,
            sightings=tuple(sightings),
            autostart=self._only(library.VIR_CONNECT_LIST_DOMAINS_AUTOSTART),
            persistent=self._only(library.VIR_CONNECT_LIST_DOMAINS_PERSISTENT),
            managed_save=self._only(library.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE),
            definitions=self._defined(domains),
            stats=stats,
        )

    def _only(self, flag: int) -> frozenset[str]:
        return frozenset(one.UUIDString() for one in self._connection.listAllDomains(flag))

    def _defined(self, domains: Mapping[str, Any]) -> Mapping[str, Definition]:
        """The definitions: of domains new or with news first, then some of the longest known."""
        known = self._definitions
        while self._heard:
            self._due.add(self._heard.popleft())
        for gone in known.keys() - domains.keys():
            del known[gone]
        self._due &= domains.keys()
        urgent = [uuid for uuid in domains if uuid in self._due or uuid not in known]
        rest = (uuid for uuid in known if uuid not in self._due)
        enough = time.monotonic() + XML_TIME
        for uuid in [*urgent, *islice(rest, max(0, ROUND - len(urgent)))]:
            if time.monotonic() > enough:
                break
            known.pop(uuid, None)
            known[uuid] = self._definition(domains[uuid])
            self._due.discard(uuid)
        return dict(known)

    def _definition(self, domain: Any) -> Definition:
        try:
            return parse(domain.XMLDesc(0))
        except UnicodeDecodeError:
            return Definition()
        except self._library.libvirtError:
            # Gone meanwhile, or not ours to see: no reason to withhold the others.
            if self._connection.isAlive():
                return Definition()
            raise


def _sighting(domain: Any, state: int, reason: int | None) -> Sighting:
    return Sighting(domain.UUIDString(), domain.name(), domain.ID(), state, reason)


def _node(uri: str) -> Path | None:
    """The file with a node simulated within this process, test:///FILE."""
    path = uri.partition("?")[0].removeprefix("test://")
    return Path(path) if path.startswith("/") and path != "/default" else None


def _unasking(uri: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    if parts.scheme.partition("+")[2] not in _SSH or "no_tty=" in parts.query:
        return uri
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, "no_tty=1")))))


def _version(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"
