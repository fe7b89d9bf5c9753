"""The host's links, addresses and Linux bridges, from the kernel's rtnetlink (rtnetlink(7), netlink(7)).

pyroute2 decodes a dump in about 0.5 ms of CPU a link, so on a host with hundreds of links not every refresh
can have one. A read dumps when there was news, or when the last dump lies back far enough for its cost;
otherwise it only takes the counters anew. News that is lost costs the wait for the next dump, never the
truth.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vtui.errors import HostError, Unavailable
from vtui.lanes import Lane
from vtui.model import Bridge, Interface, Link, Links, Port, Ref
from vtui.monitor import TICK, Need

PATIENCE = 3.0
"""Seconds the kernel may take: dumps wait while another process holds the lock of the link table."""

TRIES = 3
"""Dumps before one that changes ran into is given up; their events call for the next read anyway."""

SPARING = 50
"""A dump without news comes after so many times what the last one took: 2 % of a CPU at most."""

SPARING_NEWS = 3
"""The same when there was news: in a storm of events a third of a CPU at most."""

_GROUPS = 0x1 | 0x10 | 0x100
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR."""

_FORBIDDEN = frozenset((errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT))

_IFF_UP, _IFF_LOWER_UP = 0x1, 0x10000
_SCOPE_LINK = 253

_STATES = ("UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP")
"""RFC 2863; pyroute2 gives raw bytes for what it cannot decode."""

_STATISTICS = tuple(
    f"{way}_{what}" for what in ("packets", "bytes", "errors", "dropped") for way in ("rx", "tx")
)
"""Of struct rtnl_link_stats64, with OVSDB's names for the same."""

_MAC_LENGTHS = (17, 59)
"""Characters of an Ethernet or InfiniBand address; tunnels have an IP address in its place."""

Message = Any
"""pyroute2's: item access for header fields, get and get_nested for attributes."""


@dataclass(frozen=True, slots=True)
class _Dump:
    """What a dump said, when it ended and how long it took, in seconds of the monotonic clock."""

    links: Links
    at: float
    took: float

    def due(self, now: float, *, news: bool) -> bool:
        """Whether the next one may cost what this one did."""
        return now - self.at >= self.took * (SPARING_NEWS if news else SPARING)


class Netlink:
    """rtnetlink of this machine; any user may read it."""

    name = "netlink"
    cadence = TICK
    deadline = PATIENCE + 1.0

    def __init__(self, netns: str | None = None) -> None:
        """`netns` is the name of another network namespace to look at (needs root)."""
        self._netns = netns
        self._lane = Lane("netlink", PATIENCE + 0.5)
        self._kernel: Any = None
        self._events: socket.socket | None = None
        self._news = asyncio.Event()
        self._dump: _Dump | None = None

    async def read(self, need: Need) -> Links:
        """All links with their counters, addresses, and the bridges among them.

        Raises Unavailable when pyroute2 is missing or this process may not use rtnetlink, NoAnswer or
        HostError when the kernel does not answer or refuses.
        """
        if self._events is None:
            self._events = await self._lane.call(_subscribe, self._netns)
            asyncio.get_running_loop().add_reader(self._events, self._drain)
        self._drain()
        news, last = self._news.is_set(), self._dump
        # psutil counts in the main thread's namespace only.
        if last and not self._netns and not last.due(time.monotonic(), news=news):
            return await self._lane.call(_count_again, last.links)
        # What happens while the tables are dumped is news again.
        self._news.clear()
        try:
            self._dump = await self._lane.call(self._read)
        except HostError:
            self._dump = None
            raise
        return self._dump.links

    async def changed(self) -> None:
        """Return when a link or an address changed."""
        await self._news.wait()

    async def close(self) -> None:
        """Close the sockets and let the thread end."""
        self._unsubscribe()
        if self._kernel is not None:
            await self._lane.call(self._disconnect)
        self._lane.close()

    def _drain(self) -> None:
        """Note that there was news; what it says the next dump will tell, and more truly."""
        try:
            while self._events:
                self._events.recv(1)
                self._news.set()
        except BlockingIOError:
            return
        except OSError as error:
            self._news.set()
            if error.errno != errno.ENOBUFS:
                self._unsubscribe()

    def _unsubscribe(self) -> None:
        if self._events:
            asyncio.get_running_loop().remove_reader(self._events)
            self._events.close()
            self._events = None

    # -------------------------------------------------------------- in the lane

    def _read(self) -> _Dump:
        from pyroute2.netlink.exceptions import NetlinkDumpInterrupted, NetlinkError

        began = time.monotonic()
        for left in reversed(range(TRIES)):
            try:
                kernel = self._connected()
                links = links_of(kernel.get_links(), kernel.get_addr())
            except NetlinkDumpInterrupted as error:
                if not left:
                    raise HostError("the links change faster than they can be listed") from error
            except (NetlinkError, OSError) as error:
                self._disconnect()
                raise HostError(f"the kernel did not list its links: {error}") from error
            else:
                break
        now = time.monotonic()
        return _Dump(links, now, now - began)

    def _connected(self) -> Any:
        from pyroute2 import IPRoute

        if self._kernel is None:
            self._kernel = IPRoute()
        return self._kernel

    def _disconnect(self) -> None:
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            kernel.close()


def _subscribe(netns: str | None) -> socket.socket:
    """A socket that becomes readable when links or addresses change; nobody decodes what it says."""
    try:
        from pyroute2.netns import setns
    except ImportError as error:
        raise Unavailable("pyroute2 is not installed", "apt install python3-pyroute2") from error
    if netns is not None:
        # The lane's thread, and so the sockets it opens, moves there for good.
        try:
            setns(netns, flags=0)
        except OSError as error:
            raise Unavailable(
                f"cannot enter the network namespace {netns}: {error.strerror}",
                f"ip netns add {netns}",
            ) from error
    try:
        events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        events.bind((0, _GROUPS))
    except OSError as error:
        message = f"rtnetlink cannot be used: {error.strerror}"
        if error.errno not in _FORBIDDEN:
            raise HostError(message) from error
        hint = "RestrictAddressFamilies=AF_NETLINK (if systemd starts vtui)"
        raise Unavailable(message, hint) from error
    events.setblocking(False)
    return events


# ------------------------------------------------------------------ counters between two dumps


def _count_again(links: Links) -> Links:
    """The same links with the counters of now; a link that is gone meanwhile keeps its last ones."""
    import psutil

    found = psutil.net_io_counters(pernic=True, nowrap=False)
    counters = {
        name: {
            "rx_bytes": one.bytes_recv,
            "tx_bytes": one.bytes_sent,
            "rx_packets": one.packets_recv,
            "tx_packets": one.packets_sent,
            "rx_errors": one.errin,
            "tx_errors": one.errout,
            "rx_dropped": one.dropin,
            "tx_dropped": one.dropout,
        }
        for name, one in found.items()
    }
    return replace(
        links,
        links=tuple(
            replace(link, statistics=_short(counters[link.name])) if link.name in counters else link
            for link in links.links
        ),
        ports=tuple(
            _counted(port, counters[port.name]) if port.name in counters else port
            for port in links.ports
        ),
    )


def _counted(port: Port, counters: Mapping[str, int]) -> Port:
    (interface,) = port.interfaces
    return replace(port, interfaces=(replace(interface, statistics=_long(counters)),))


def _long(counters: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name, counters[name]) for name in _STATISTICS if name in counters)


def _short(counters: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name.removesuffix("_bytes"), value) for name, value in _long(counters))


# ------------------------------------------------------------------ making sense of the answers


def links_of(links: Iterable[Message], addresses: Iterable[Message]) -> Links:
    """The model of pyroute2's RTM_NEWLINK and RTM_NEWADDR messages."""
    # A dump that a change ran into may tell a link twice.
    devices = {one["index"]: one for one in sorted(links, key=lambda one: int(one["index"]))}
    given = _addresses(addresses)
    bridges = {index: _bridge(one) for index, one in devices.items() if _kind(one) == "bridge"}
    return Links(
        tuple(_link(one, devices, given.get(index, ())) for index, one in devices.items()),
        tuple(bridges.values()),
        tuple(
            _port(one, bridges[master].ref)
            for one in devices.values()
            if (master := one.get("IFLA_MASTER")) in bridges
        ),
    )


def _kind(device: Message) -> str:
    return device.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") or ""


def _link(device: Message, devices: Mapping[int, Message], addresses: Iterable[str]) -> Link:
    index, kind, state = device["index"], _kind(device), device.get("IFLA_OPERSTATE")
    elsewhere = device.get("IFLA_LINK_NETNSID") is not None
    below = 0 if elsewhere else device.get("IFLA_LINK") or 0
    lower = _name(devices.get(below)) if below != index else ""
    return Link(
        ref=Ref("link", str(index)),
        name=_name(device),
        index=index,
        kind=kind,
        up=bool(device["flags"] & _IFF_UP),
        state=state if state in _STATES else "UNKNOWN",
        master=_name(devices.get(device.get("IFLA_MASTER") or 0)),
        peer=lower if kind == "veth" else "",
        lower="" if kind == "veth" else lower,
        mtu=device.get("IFLA_MTU"),
        mac=_mac(device),
        alias=device.get("IFLA_IFALIAS") or "",
        addresses=tuple(addresses),
        statistics=_short(device.get("IFLA_STATS64") or {}),
    )


def _name(device: Message | None) -> str:
    return "" if device is None else str(device.get("IFLA_IFNAME") or "")


def _mac(device: Message) -> str:
    text = str(device.get("IFLA_ADDRESS") or "")
    return text if len(text) in _MAC_LENGTHS and text.count(":") in (5, 19) else ""


def _bridge(device: Message) -> Bridge:
    stp = device.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA", "IFLA_BR_STP_STATE")
    return Bridge(
        ref=Ref("bridge", str(device["index"]), "linux"),
        name=_name(device),
        kind="linux",
        stp=bool(stp),
    )


def _port(device: Message, bridge: Ref) -> Port:
    interface = Interface(
        name=_name(device),
        type=_kind(device),
        admin_state="up" if device["flags"] & _IFF_UP else "down",
        link_state="up" if device["flags"] & _IFF_LOWER_UP else "down",
        mac=_mac(device),
        statistics=_long(device.get("IFLA_STATS64") or {}),
    )
    return Port(Ref("port", str(device["index"]), "linux"), _name(device), bridge, (interface,))


def _addresses(messages: Iterable[Message]) -> dict[int, list[str]]:
    """By interface index, those of the link alone last."""
    near: dict[int, list[str]] = {}
    wide: dict[int, list[str]] = {}
    for message in messages:
        # IFA_ADDRESS is the far end on a point-to-point link.
        address = message.get("IFA_LOCAL") or message.get("IFA_ADDRESS")
        if address:
            chosen = near if message["scope"] == _SCOPE_LINK else wide
            chosen.setdefault(message["index"], []).append(f"{address}/{message['prefixlen']}")
    return {index: wide.get(index, []) + near.get(index, []) for index in wide.keys() | near.keys()}
