"""The network as a tree: bridge, its ports, and the guest behind each; then the links that are in none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from vtui import units
from vtui.columns import Cell, Column, Tone
from vtui.find import Thing, name_of
from vtui.model import Bridge, Domain, Host, Link, Port, Ref
from vtui.views.network import (
    BRIDGES,
    LINKS,
    PORTS,
    controller_cell,
    drops,
    link_mark,
    link_state,
    port_mark,
    port_type,
    ports_of,
    vlan,
)
from vtui.views.view import Field, View, number, rate_cell, trend_cell


@dataclass(frozen=True, slots=True)
class Node:
    """One row of the tree; `prefix` draws its branch, `guest` is who is behind it."""

    thing: Bridge | Port | Link
    prefix: str = ""
    guest: str = ""
    ports: int = 0

    @property
    def ref(self) -> Ref:
        """The thing's."""
        return self.thing.ref


@lru_cache(maxsize=1)
def guests(host: Host) -> dict[str, Domain]:
    """The domain behind each tap, by the tap's name."""
    return {nic.name: domain for domain in host.domains for nic in domain.interfaces}


@lru_cache(maxsize=1)
def nodes(host: Host) -> Sequence[Node]:
    """Every bridge followed by its ports, then the links that are no bridge's or port's."""
    behind = guests(host)
    found: list[Node] = []
    named: set[str] = set()
    for bridge in sorted(host.bridges, key=lambda bridge: (bridge.kind != "ovs", bridge.name)):
        # The port every OVS bridge has of its own name says nothing new.
        ports = [port for port in ports_of(bridge, host) if port.name != bridge.name]
        found.append(Node(bridge, ports=len(ports)))
        named.add(bridge.name)
        for index, port in enumerate(ports):
            names = [interface.name for interface in port.interfaces]
            named.update((port.name, *names))
            guest = next((behind[name].name for name in names if name in behind), "")
            found.append(Node(port, "└ " if index == len(ports) - 1 else "├ ", guest))
    for link in host.links:
        if link.name not in named:
            found.append(Node(link, "", behind[link.name].name if link.name in behind else ""))
    return found


def _mark(node: Node) -> Cell:
    match node.thing:
        case Port():
            return port_mark(node.thing)
        case Link():
            return link_mark(node.thing)
        case _:
            return Cell("■", Tone.ACCENT)


def _what(node: Node) -> Cell:
    match node.thing:
        case Bridge(kind="ovs"):
            return Cell(f"OVS {node.thing.datapath_type or 'system'}", Tone.ACCENT)
        case Bridge():
            return Cell("Linux", Tone.ACCENT)
        case Port():
            return Cell(port_type(node.thing), Tone.DIM)
        case Link():
            return Cell(node.thing.kind or "device", Tone.DIM)


def _setting(node: Node) -> Cell:
    match node.thing:
        case Port():
            tagged = node.thing.tag is not None or node.thing.trunks
            return Cell(vlan(node.thing), Tone.ACCENT if tagged else Tone.DIM)
        case Bridge():
            return Cell(f"{node.ports} port{'' if node.ports == 1 else 's'}")
        case Link():
            address = node.thing.addresses[0] if node.thing.addresses else ""
            return Cell(address or link_state(node.thing), Tone.PLAIN if address else Tone.DIM)


def _guest(node: Node) -> Cell:
    """Who is behind a port; a bridge says whether its controllers are connected."""
    if isinstance(node.thing, Bridge) and node.thing.controllers:
        control = controller_cell(node.thing)
        return Cell(f"ctl {control.text}", control.tone)
    return Cell(node.guest, Tone.GOOD)


def _drops_cell(node: Node, host: Host) -> Cell:
    rate = drops(node.ref, host)
    return Cell(units.frequency(rate), Tone.WARN if rate else Tone.DIM)


def _detail(node: Node, host: Host) -> list[Field]:
    view = {"bridge": BRIDGES, "port": PORTS, "link": LINKS}[node.ref.kind]
    guest: list[Field] = [("guest", node.guest)] if node.guest else []
    return guest + view.detail(node.thing, host)


def _name(node: Node) -> Cell:
    tone = Tone.TITLE if isinstance(node.thing, Bridge) else Tone.PLAIN
    return Cell(node.prefix + node.thing.name, tone)


def _words(node: Node) -> str:
    thing: Thing = node.thing
    return f"{name_of(thing)} {_what(node).text} {_setting(node).text} {node.guest}"


def _by(name: str) -> Column[Node]:
    return Column(
        name,
        name.upper(),
        8,
        lambda node, host: rate_cell(host, node.ref, name),
        key=lambda node, host: number(host.rate(node.ref, name)),
        right=True,
        live=True,
    )


TREE = View(
    kind="port",
    plural="network",
    items=nodes,
    columns=(
        Column("mark", "", 1, lambda node, host: _mark(node)),
        Column(
            "name",
            "BRIDGE, PORT, LINK",
            18,
            lambda node, host: _name(node),
            key=lambda node, host: node.thing.name.lower(),
            grow=2,
        ),
        Column("what", "TYPE", 10, lambda node, host: _what(node)),
        Column("setting", "VLAN, ADDRESS", 14, lambda node, host: _setting(node), grow=1),
        Column("guest", "GUEST", 12, lambda node, host: _guest(node), grow=1),
        _by("rx"),
        _by("tx"),
        Column(
            "drops",
            "DROPS",
            7,
            _drops_cell,
            key=lambda node, host: number(drops(node.ref, host)),
            right=True,
            rank=1,
            live=True,
        ),
        Column(
            "trend",
            "LAST MINUTE",
            12,
            lambda node, host: trend_cell(host, node.ref, 12),
            rank=2,
            live=True,
        ),
    ),
    detail=_detail,
    words=_words,
    backends=("ovs", "netlink"),
)
