"""The host's links, addresses and Linux bridges, from the kernel's rtnetlink (rtnetlink(7), netlink(7)).

Each read dumps everything anew, so there is no copy of the kernel's tables that could go wrong, and an event
is a wake-up only: one that is lost costs a second. What makes that affordable is decoding no more than what
the model has: 400 links cost 0.02 s of CPU this way, 0.2 s when pyroute2 decodes them, and that package's
import takes longer than most programs' whole start. (It does serve where links are changed.)

Message layouts and numbers: include/uapi/linux/{netlink,rtnetlink,if_link,if_addr}.h.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.lanes import Lane
from vtui.model import Bridge, Interface, Link, Links, Port, Ref
from vtui.monitor import Need

PATIENCE = 3.0
"""Seconds the kernel may take: dumps wait while another process holds the lock of the link table."""

TRIES = 3
"""Dumps before one that changes ran into is taken as it is; their events call for the next read anyway."""

BUFFER = 1 << 17
"""Bytes, four times what the kernel puts into one datagram of a dump."""

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_NUMBER = struct.Struct("=I")
_CODE = struct.Struct("=i")
_COUNTERS = struct.Struct("=8Q")

_ERROR, _DONE = 2, 3
_GETLINK, _GETADDR = 18, 22
_REQUEST_DUMP = 0x301
_DUMP_INTERRUPTED = 0x10
_GROUPS = 0x1 | 0x10 | 0x100
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR."""

_FORBIDDEN = frozenset((errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT))

_TYPE_MASK = 0x3FFF

_IFF_UP, _IFF_LOWER_UP = 0x1, 0x10000

_MAC, _NAME, _MTU, _LOWER, _MASTER, _STATE, _INFO, _ALIAS, _STATS, _LOWER_NETNS = (
    *(1, 3, 4, 5, 10, 16, 18, 20, 23, 37),
)
_INFO_KIND, _INFO_DATA = 1, 2
_BRIDGE_STP = 5
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_SCOPE_LINK = 253

_STATES = ("UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP")

_STATISTICS = tuple(
    f"{way}_{what}" for what in ("packets", "bytes", "errors", "dropped") for way in ("rx", "tx")
)
"""The beginning of struct rtnl_link_stats64."""

_WIDTHS = {socket.AF_INET: 4, socket.AF_INET6: 16}

Attributes = Mapping[int, bytes]


class Netlink:
    """rtnetlink of this machine; any user may read it."""

    name = "netlink"
    cadence = 1.0
    deadline = PATIENCE + 1.0

    def __init__(self, netns: str | None = None) -> None:
        """`netns` is the name of another network namespace to look at (needs root)."""
        self._netns = netns
        self._lane = Lane("netlink", PATIENCE + 0.5)
        self._events: socket.socket | None = None
        self._news = asyncio.Event()

    async def read(self, need: Need) -> Links:
        """All links with their counters, addresses, and the bridges among them.

        Raises Unavailable when this process may not use rtnetlink, NoAnswer or HostError when the kernel
        does not answer or refuses.
        """
        if self._events is None:
            self._events = await self._lane.call(_subscribe, self._netns)
            asyncio.get_running_loop().add_reader(self._events, self._drain)
        # What happens while the tables are dumped is news again.
        self._news.clear()
        return await self._lane.call(_read)

    async def changed(self) -> None:
        """Return when a link or an address changed."""
        await self._news.wait()

    async def close(self) -> None:
        """Close the socket and let the thread end."""
        self._unsubscribe()
        self._lane.close()

    def _drain(self) -> None:
        """Note that there was news; what it says the next read will tell, and more truly."""
        self._news.set()
        assert self._events
        try:
            while True:
                self._events.recv(1)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                self._unsubscribe()

    def _unsubscribe(self) -> None:
        if self._events:
            asyncio.get_running_loop().remove_reader(self._events)
            self._events.close()
            self._events = None


# ------------------------------------------------------------------ asking the kernel (in the lane)


def _subscribe(netns: str | None) -> socket.socket:
    if netns is not None:
        _enter(netns)
    events = _socket(_GROUPS)
    events.setblocking(False)
    return events


def _enter(netns: str) -> None:
    """Move the lane's thread, and so the sockets it opens, to another namespace for good."""
    from pyroute2.netns import setns  # type: ignore[import-untyped]

    try:
        setns(netns, flags=0)
    except OSError as error:
        raise Unavailable(
            f"cannot enter the network namespace {netns}: {error.strerror}", f"ip netns add {netns}"
        ) from error


def _socket(groups: int = 0) -> socket.socket:
    try:
        made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        made.bind((0, groups))
    except OSError as error:
        message = f"rtnetlink cannot be used: {error.strerror}"
        if error.errno not in _FORBIDDEN:
            raise HostError(message) from error
        raise Unavailable(
            message, "RestrictAddressFamilies=AF_NETLINK (if systemd starts vtui)"
        ) from error
    return made


def _read() -> Links:
    try:
        with contextlib.closing(_socket()) as kernel:
            kernel.settimeout(PATIENCE)
            numbers = count(1)
            links = _dump(kernel, _GETLINK, bytes(_LINK.size), numbers)
            addresses = _dump(kernel, _GETADDR, bytes(_ADDRESS.size), numbers)
        return links_of(links, addresses)
    except TimeoutError:
        raise NoAnswer(f"the kernel did not list its links within {PATIENCE:g} s") from None
    except OSError as error:
        raise HostError(f"the kernel did not list its links: {error.strerror}") from error
    except ValueError as error:
        raise HostError(f"rtnetlink makes no sense: {error}") from error


def _dump(kernel: socket.socket, kind: int, body: bytes, numbers: Iterator[int]) -> list[bytes]:
    found: list[bytes] = []
    for number in (next(numbers) for _ in range(TRIES)):
        length = _HEADER.size + len(body)
        kernel.send(_HEADER.pack(length, kind, _REQUEST_DUMP, number, 0) + body)
        found, whole = _answer(kernel, number)
        if whole:
            break
    return found


def _answer(kernel: socket.socket, number: int) -> tuple[list[bytes], bool]:
    """The bodies of a dump's messages, and whether no change ran into it."""
    found: list[bytes] = []
    whole = True
    while True:
        data, _, flags, (sender, _) = kernel.recvmsg(BUFFER)
        if flags & socket.MSG_TRUNC:
            raise ValueError("a datagram too long")
        for message in messages(data):
            if sender or message.number != number:
                continue
            whole = whole and not message.flags & _DUMP_INTERRUPTED
            if message.kind in (_ERROR, _DONE):
                code = _CODE.unpack_from(message.body)[0] if len(message.body) >= 4 else 0
                if code:
                    raise OSError(-code, os.strerror(-code))
                return found, whole
            found.append(message.body)


# ------------------------------------------------------------------ making sense of its answers


@dataclass(frozen=True, slots=True)
class Message:
    """One netlink message; `number` says which request it answers."""

    kind: int
    flags: int
    number: int
    body: bytes


def messages(data: bytes) -> Iterator[Message]:
    """The messages of a datagram; ValueError when it is cut off or no netlink at all."""
    start = 0
    while start < len(data):
        if len(data) - start < _HEADER.size:
            raise ValueError("a message cut off")
        length, kind, flags, number, _ = _HEADER.unpack_from(data, start)
        if not _HEADER.size <= length <= len(data) - start:
            raise ValueError("a message of a wrong length")
        yield Message(kind, flags, number, data[start + _HEADER.size : start + length])
        start += _aligned(length)


def attributes(data: bytes, start: int = 0) -> dict[int, bytes]:
    """The attributes from `start` on; ValueError when one is cut off."""
    found = {}
    end = len(data) - _ATTRIBUTE.size
    unpack = _ATTRIBUTE.unpack_from
    while start <= end:
        length, kind = unpack(data, start)
        if not _ATTRIBUTE.size <= length <= len(data) - start:
            raise ValueError("an attribute of a wrong length")
        found[kind & _TYPE_MASK] = data[start + _ATTRIBUTE.size : start + length]
        start += (length + 3) & ~3
    return found


def links_of(links: Iterable[bytes], addresses: Iterable[bytes]) -> Links:
    """The model of RTM_NEWLINK and RTM_NEWADDR bodies; ValueError when one makes no sense."""
    try:
        return _model([_device(body) for body in links], _addresses(addresses))
    except struct.error as error:
        raise ValueError(f"a message cut off ({error})") from error


def _model(found: Iterable[_Device], addresses: Mapping[int, list[str]]) -> Links:
    # A dump that a change ran into may tell a link twice.
    devices = {one.index: one for one in sorted(found, key=lambda device: device.index)}
    bridges = {index: _bridge(one) for index, one in devices.items() if one.kind == "bridge"}
    return Links(
        tuple(_link(one, devices, addresses.get(index, ())) for index, one in devices.items()),
        tuple(bridges.values()),
        tuple(
            _port(one, bridges[one.master].ref) for one in devices.values() if one.master in bridges
        ),
    )


@dataclass(frozen=True, slots=True)
class _Device:
    """A link before the indices in it are resolved."""

    index: int
    flags: int
    name: str
    kind: str
    master: int
    lower: int
    """0 when there is none or it lies in another network namespace."""
    counters: tuple[int, ...]
    found: Attributes
    info: Attributes


def _device(body: bytes) -> _Device:
    _, _, index, flags, _ = _LINK.unpack_from(body)
    found = attributes(body, _LINK.size)
    info = attributes(found.get(_INFO, b""))
    return _Device(
        index=index,
        flags=flags,
        name=_text(found.get(_NAME, b"")),
        kind=_text(info.get(_INFO_KIND, b"")),
        master=_number(found.get(_MASTER)) or 0,
        lower=0 if _LOWER_NETNS in found else _number(found.get(_LOWER)) or 0,
        counters=_COUNTERS.unpack_from(found[_STATS]) if _STATS in found else (),
        found=found,
        info=info,
    )


def _link(device: _Device, devices: Mapping[int, _Device], addresses: Iterable[str]) -> Link:
    below = devices.get(device.lower) if device.lower != device.index else None
    lower = below.name if below else ""
    master = devices.get(device.master)
    veth = device.kind == "veth"
    state = (device.found.get(_STATE) or b"\0")[0]
    names = (name.removesuffix("_bytes") for name in _STATISTICS)
    return Link(
        ref=Ref("link", str(device.index)),
        name=device.name,
        index=device.index,
        kind=device.kind,
        up=bool(device.flags & _IFF_UP),
        state=_STATES[state] if state < len(_STATES) else _STATES[0],
        master=master.name if master else "",
        peer=lower if veth else "",
        lower="" if veth else lower,
        mtu=_number(device.found.get(_MTU)),
        mac=_mac(device),
        alias=_text(device.found.get(_ALIAS, b"")),
        addresses=tuple(addresses),
        statistics=tuple(zip(names, device.counters, strict=False)),
    )


def _bridge(device: _Device) -> Bridge:
    settings = attributes(device.info.get(_INFO_DATA, b""))
    return Bridge(
        ref=Ref("bridge", str(device.index), "linux"),
        name=device.name,
        kind="linux",
        stp=bool(_number(settings.get(_BRIDGE_STP))),
    )


def _port(device: _Device, bridge: Ref) -> Port:
    interface = Interface(
        name=device.name,
        type=device.kind,
        admin_state="up" if device.flags & _IFF_UP else "down",
        link_state="up" if device.flags & _IFF_LOWER_UP else "down",
        mac=_mac(device),
        statistics=tuple(zip(_STATISTICS, device.counters, strict=False)),
    )
    return Port(Ref("port", str(device.index), "linux"), device.name, bridge, (interface,))


def _addresses(bodies: Iterable[bytes]) -> dict[int, list[str]]:
    """By interface index, those of the link alone last."""
    near: dict[int, list[str]] = {}
    wide: dict[int, list[str]] = {}
    for body in bodies:
        family, length, _, scope, index = _ADDRESS.unpack_from(body)
        found = attributes(body, _ADDRESS.size)
        # IFA_ADDRESS is the far end on a point-to-point link.
        raw = found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS, b"")
        if _WIDTHS.get(family) == len(raw):
            text = f"{socket.inet_ntop(family, raw)}/{length}"
            (near if scope == _SCOPE_LINK else wide).setdefault(index, []).append(text)
    return {index: wide.get(index, []) + near.get(index, []) for index in wide.keys() | near.keys()}


def _mac(device: _Device) -> str:
    """The hardware address; tunnels have an IP address in its place, which is none."""
    raw = device.found.get(_MAC, b"")
    return raw.hex(":") if len(raw) in (6, 20) else ""


def _number(value: bytes | None) -> int | None:
    return int(_NUMBER.unpack_from(value)[0]) if value else None


def _text(value: bytes) -> str:
    return value.partition(b"\0")[0].decode(errors="replace")


def _aligned(length: int) -> int:
    return (length + 3) & ~3
