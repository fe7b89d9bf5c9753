"""Reading rtnetlink's messages."""

from __future__ import annotations

import socket
import struct

import pytest
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from vtui.backends.netlink import links_of
from vtui.model import Bridge, Interface, Link, Links, Port, Ref

IFF_UP, IFF_LOWER_UP = 0x1, 0x10000
NEWLINK, NEWADDR = 16, 20
COUNTERS = struct.pack("=24Q", 10, 20, 1000, 2000, 1, 2, 3, 4, *range(16))


def attribute(kind: int, value: bytes) -> bytes:
    padding = bytes(-len(value) % 4)
    return struct.pack("=HH", 4 + len(value), kind) + value + padding


def number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def info(kind: str, data: bytes = b"") -> bytes:
    return attribute(18, text(1, kind) + attribute(2, data))


def link(index: int, name: str, *more: bytes, flags: int = 0) -> bytes:
    return struct.pack("=BxHiII", 0, 1, index, flags, 0) + text(3, name) + b"".join(more)


def address(index: int, local: str, length: int, scope: int = 0, far: str = "") -> bytes:
    family = socket.AF_INET6 if ":" in local else socket.AF_INET
    head = struct.pack("=BBBBI", family, length, 0, scope, index)
    if far:
        far_end = attribute(1, socket.inet_pton(family, far))
        return head + far_end + attribute(2, socket.inet_pton(family, local))
    return head + attribute(1, socket.inet_pton(family, local))


def message(kind: int, body: bytes, *, flags: int = 2, sequence: int = 1) -> bytes:
    whole = struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body
    return whole + bytes(-len(whole) % 4)


def told(kind: int, bodies: list[bytes]) -> list[object]:
    """The messages as pyroute2 decodes them."""
    return [one for body in bodies for one in MarshalRtnl().parse(message(kind, body))]


def read(links: list[bytes], addresses: list[bytes] = []) -> Links:  # noqa: B006 - never changed
    return links_of(told(NEWLINK, links), told(NEWADDR, addresses))


def only_link(*more: bytes, flags: int = 0) -> Link:
    return read([link(7, "eth0", *more, flags=flags)]).links[0]


def test_a_link_is_told_with_all_its_traits():
    traits = (
        number(4, 1500),
        attribute(16, b"\x06"),
        attribute(1, bytes.fromhex("525400000001")),
        text(20, "uplink"),
        attribute(23, COUNTERS),
    )

    assert only_link(*traits, flags=IFF_UP) == Link(
        ref=Ref("link", "7"),
        name="eth0",
        index=7,
        up=True,
        state="UP",
        mtu=1500,
        mac="52:54:00:00:00:01",
        alias="uplink",
        statistics=(
            ("rx_packets", 10),
            ("tx_packets", 20),
            ("rx", 1000),
            ("tx", 2000),
            ("rx_errors", 1),
            ("tx_errors", 2),
            ("rx_dropped", 3),
            ("tx_dropped", 4),
        ),
    )


def test_a_link_without_any_trait_is_told_too():
    assert only_link() == Link(ref=Ref("link", "7"), name="eth0", index=7)


def test_a_bridge_and_its_ports():
    bridge = link(2, "br0", info("bridge", number(5, 1)))
    mac = attribute(1, bytes.fromhex("525400000001"))
    tap = link(
        *(3, "tap0", number(10, 2), info("tun"), mac, attribute(23, COUNTERS)),
        flags=IFF_UP | IFF_LOWER_UP,
    )

    value = read([bridge, tap])

    ref = Ref("bridge", "2", "linux")
    assert value.bridges == (Bridge(ref, "br0", "linux", stp=True),)
    interface = Interface(
        name="tap0",
        type="tun",
        admin_state="up",
        link_state="up",
        mac="52:54:00:00:00:01",
        statistics=(
            ("rx_packets", 10),
            ("tx_packets", 20),
            ("rx_bytes", 1000),
            ("tx_bytes", 2000),
            ("rx_errors", 1),
            ("tx_errors", 2),
            ("rx_dropped", 3),
            ("tx_dropped", 4),
        ),
    )
    assert value.ports == (Port(Ref("port", "3", "linux"), "tap0", ref, (interface,)),)
    assert value.ports[0].counters()["rx"] == 1000
    assert value.links[1].master == "br0"


def test_a_master_that_is_no_bridge_makes_no_port():
    bond = link(2, "bond0", info("bond"))

    value = read([bond, link(3, "eth0", number(10, 2))])

    assert value.ports == ()
    assert value.links[1].master == "bond0"


@pytest.mark.parametrize(
    ("kind", "peer", "lower"), [("veth", "va", ""), ("macvlan", "", "va"), ("vlan", "", "va")]
)
def test_what_a_link_is_tied_to_is_a_peer_or_lies_below(kind, peer, lower):
    value = read([link(2, "va"), link(3, "vb", number(5, 2), info(kind))])

    assert (value.links[1].peer, value.links[1].lower) == (peer, lower)


def test_a_tie_into_another_namespace_is_not_mistaken_for_a_link_here():
    elsewhere = link(3, "vb", number(5, 2), number(37, 0), info("veth"))

    assert read([link(2, "va"), elsewhere]).links[1].peer == ""


@pytest.mark.parametrize("index", [0, 7, 99])
def test_a_tie_to_nothing_to_itself_or_to_a_link_just_gone_is_none(index):
    assert only_link(number(5, index), number(10, 99), info("macvlan")).lower == ""


def test_addresses_come_with_those_of_the_link_alone_last():
    given = [
        address(7, "169.254.3.4", 16, scope=253),
        address(7, "192.168.1.5", 24),
        address(7, "fe80::1", 64, scope=253),
        address(7, "2001:db8::5", 64),
        address(8, "10.0.0.1", 8),
    ]

    assert read([link(7, "eth0")], given).links[0].addresses == (
        "192.168.1.5/24",
        "2001:db8::5/64",
        "169.254.3.4/16",
        "fe80::1/64",
    )


def test_of_a_point_to_point_link_the_near_address_is_told():
    given = [address(7, "10.0.0.1", 32, far="10.0.0.2")]

    assert read([link(7, "ppp0")], given).links[0].addresses == ("10.0.0.1/32",)


def test_an_ip_address_in_place_of_the_hardware_address_is_none():
    assert only_link(attribute(1, bytes([10, 0, 0, 1]))).mac == ""


def test_a_state_newer_than_vtui_is_unknown():
    assert only_link(attribute(16, b"\x63")).state == "UNKNOWN"


def test_a_link_told_twice_is_one():
    value = read([link(7, "eth0"), link(7, "lan0")])

    assert [one.name for one in value.links] == ["lan0"]


def test_links_come_in_the_order_of_their_indices():
    value = read([link(9, "c"), link(2, "a"), link(5, "b")])

    assert [one.name for one in value.links] == ["a", "b", "c"]
