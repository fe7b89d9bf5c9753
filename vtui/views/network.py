"""Bridges, their ports and the host's links."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from vtui import units
from vtui.columns import Cell, Column, Tone
from vtui.model import Bridge, Host, Interface, Link, Port, Ref
from vtui.views.view import Field, View, counters, number, pairs, rate_cell, trend_cell, yes

# ------------------------------------------------------------------ bridges


def controller_cell(bridge: Bridge) -> Cell:
    """How many of the bridge's controllers are connected."""
    if not bridge.controllers:
        return Cell(units.NOTHING, Tone.DIM)
    up = sum(controller.connected for controller in bridge.controllers)
    return Cell(
        f"{up}/{len(bridge.controllers)} up",
        Tone.GOOD if up == len(bridge.controllers) else Tone.WARN,
    )


@lru_cache(maxsize=1)
def _ports_by_bridge(host: Host) -> dict[Ref, list[Port]]:
    found: dict[Ref, list[Port]] = {}
    for port in sorted(host.ports, key=lambda port: port.name):
        found.setdefault(port.bridge, []).append(port)
    return found


def ports_of(bridge: Bridge, host: Host) -> list[Port]:
    """The bridge's ports, in the order of their names."""
    return _ports_by_bridge(host).get(bridge.ref, [])


def _bridge_detail(bridge: Bridge, host: Host) -> list[Field]:
    fields: list[Field] = [
        ("id", bridge.ref.id),
        ("kind", bridge.kind),
        ("datapath", f"{bridge.datapath_type or '-'} {bridge.datapath_id}".strip()),
        ("fail mode", bridge.fail_mode or units.NOTHING),
        ("STP", yes(bridge.stp)),
    ]
    for controller in bridge.controllers:
        state = "connected" if controller.connected else "not connected"
        words = " ".join(word for word in (state, controller.role, controller.error) if word)
        fields.append(("controller", f"{controller.target} {words}"))
    fields += [("port", port.name) for port in ports_of(bridge, host)]
    return fields + pairs(bridge.external_ids, "external ids")


BRIDGES = View(
    kind="bridge",
    plural="bridges",
    items=lambda host: host.bridges,
    columns=(
        Column("name", "NAME", 16, lambda item, host: Cell(item.name), grow=2),
        Column("kind", "KIND", 6, lambda item, host: Cell(item.kind, Tone.DIM)),
        Column(
            "datapath", "DATAPATH", 8, lambda item, host: Cell(item.datapath_type or units.NOTHING)
        ),
        Column(
            "ports",
            "PORTS",
            5,
            lambda item, host: Cell(str(len(ports_of(item, host)))),
            key=lambda item, host: len(ports_of(item, host)),
            right=True,
        ),
        Column("controllers", "CONTROLLER", 10, lambda item, host: controller_cell(item)),
        Column(
            "fail",
            "FAIL MODE",
            10,
            lambda item, host: Cell(item.fail_mode or units.NOTHING, Tone.DIM),
            rank=1,
        ),
        Column("stp", "STP", 3, lambda item, host: Cell(yes(item.stp), Tone.DIM), rank=1),
    ),
    detail=_bridge_detail,
    words=lambda item: f"{item.name} {item.kind} {item.datapath_type}",
    backends=("ovs", "netlink"),
)

# ------------------------------------------------------------------ ports


def vlan(port: Port) -> str:
    """`tag 10`, `trunk 10,20`, or - for a trunk of all VLANs."""
    if port.tag is not None:
        trunks = f" trunk {_numbers(port.trunks)}" if port.trunks else ""
        return f"tag {port.tag}{trunks}"
    return f"trunk {_numbers(port.trunks)}" if port.trunks else units.NOTHING


def _numbers(values: Iterable[int]) -> str:
    return ",".join(map(str, values))


def port_mark(port: Port) -> Cell:
    """Its interfaces' link state as a glyph."""
    states = {interface.link_state for interface in port.interfaces}
    if any(interface.error for interface in port.interfaces):
        return Cell("✗", Tone.BAD)
    if states == {"up"}:
        return Cell("●", Tone.GOOD)
    if "up" in states:
        return Cell("◐", Tone.WARN)
    return Cell("○", Tone.WARN if "down" in states else Tone.DIM)


def port_link(port: Port) -> str:
    """The same in a word: up, down, mixed, error; empty when not known."""
    states = {interface.link_state for interface in port.interfaces} - {""}
    if any(interface.error for interface in port.interfaces):
        return "error"
    return "mixed" if len(states) > 1 else "".join(states)


def port_type(port: Port) -> str:
    """The interface's type; a bond says its mode."""
    if len(port.interfaces) > 1:
        return f"bond {port.bond_mode}".strip()
    kind = port.interfaces[0].type if port.interfaces else ""
    return kind or "system"


def bridge_name(port: Port, host: Host) -> str:
    """The name of the port's bridge."""
    return next(
        (bridge.name for bridge in host.bridges if bridge.ref == port.bridge), units.NOTHING
    )


def _interface_detail(interface: Interface) -> list[Field]:
    states = f"admin {interface.admin_state or '-'}, link {interface.link_state or '-'}"
    ofport = units.NOTHING if interface.ofport is None else str(interface.ofport)
    fields: list[Field] = [
        ("interface", f"{interface.name} {interface.type or 'system'} {states}"),
        ("", f"mac {interface.mac or '-'}  ofport {ofport}"),
    ]
    if interface.speed:
        fields.append(("", f"speed {units.bits(interface.speed)}"))
    if interface.error:
        fields.append(("error", interface.error))
    return (
        fields
        + pairs(interface.options, "options")
        + pairs(interface.external_ids, "external ids")
        + counters(interface.statistics)
    )


def _port_detail(port: Port, host: Host) -> list[Field]:
    fields: list[Field] = [
        ("id", port.ref.id),
        ("bridge", bridge_name(port, host)),
        ("VLAN", vlan(port) + (f" ({port.vlan_mode})" if port.vlan_mode else "")),
        ("bond", port.bond_mode or units.NOTHING),
        ("LACP", port.lacp or units.NOTHING),
        ("rx", units.traffic(host.rate(port.ref, "rx"))),
        ("tx", units.traffic(host.rate(port.ref, "tx"))),
    ]
    for interface in port.interfaces:
        fields += _interface_detail(interface)
    return fields + pairs(port.external_ids, "port ids")


def drops(ref: Ref, host: Host) -> float | None:
    """Packets dropped per second in both directions."""
    rates = host.rates.get(ref)
    if not rates:
        return None
    return rates.get("rx_dropped", 0.0) + rates.get("tx_dropped", 0.0)


PORTS = View(
    kind="port",
    plural="ports",
    items=lambda host: host.ports,
    columns=(
        Column("mark", "", 1, lambda item, host: port_mark(item)),
        Column("name", "NAME", 16, lambda item, host: Cell(item.name), grow=2),
        Column("bridge", "BRIDGE", 12, lambda item, host: Cell(bridge_name(item, host)), grow=1),
        Column("type", "TYPE", 10, lambda item, host: Cell(port_type(item), Tone.DIM)),
        Column(
            "vlan",
            "VLAN",
            12,
            lambda item, host: Cell(
                vlan(item), Tone.ACCENT if item.tag is not None or item.trunks else Tone.DIM
            ),
            key=lambda item, host: number(item.tag),
            grow=1,
        ),
        Column(
            "rx",
            "RX",
            9,
            lambda item, host: rate_cell(host, item.ref, "rx"),
            key=lambda item, host: number(host.rate(item.ref, "rx")),
            right=True,
            live=True,
        ),
        Column(
            "tx",
            "TX",
            9,
            lambda item, host: rate_cell(host, item.ref, "tx"),
            key=lambda item, host: number(host.rate(item.ref, "tx")),
            right=True,
            live=True,
        ),
        Column(
            "drops",
            "DROPS",
            7,
            lambda item, host: Cell(
                units.frequency(drops(item.ref, host)),
                Tone.WARN if drops(item.ref, host) else Tone.DIM,
            ),
            key=lambda item, host: number(drops(item.ref, host)),
            right=True,
            rank=1,
            live=True,
        ),
        Column(
            "trend",
            "LAST MINUTE",
            12,
            lambda item, host: trend_cell(host, item.ref, 12),
            rank=2,
            live=True,
        ),
        Column(
            "link",
            "LINK",
            5,
            lambda item, host: Cell(port_link(item) or units.NOTHING, port_mark(item).tone),
            rank=3,
        ),
    ),
    detail=_port_detail,
    words=lambda item: f"{item.name} {port_type(item)} {vlan(item)}",
    backends=("ovs", "netlink"),
)

# ------------------------------------------------------------------ links


def link_mark(link: Link) -> Cell:
    """Administrative and operational state as a glyph."""
    if not link.up:
        return Cell("○", Tone.DIM)
    if link.state in ("DOWN", "LOWERLAYERDOWN", "NOTPRESENT"):
        return Cell("✗", Tone.WARN)
    return Cell("●", Tone.GOOD)


def link_state(link: Link) -> str:
    """Up, down, or the operational state in between."""
    return link.state.lower() if link.up else "down"


def _link_detail(link: Link, host: Host) -> list[Field]:
    fields: list[Field] = [
        ("index", str(link.index)),
        ("kind", link.kind or "device"),
        ("state", f"{'up' if link.up else 'down'}, operational {link.state.lower()}"),
        ("MAC", link.mac or units.NOTHING),
        ("MTU", units.NOTHING if link.mtu is None else f"{link.mtu} B"),
        ("master", link.master or units.NOTHING),
        ("peer", link.peer or units.NOTHING),
        ("alias", link.alias or units.NOTHING),
        ("rx", units.traffic(host.rate(link.ref, "rx"))),
        ("tx", units.traffic(host.rate(link.ref, "tx"))),
    ]
    fields += [("" if index else "addresses", one) for index, one in enumerate(link.addresses)]
    fields += counters(link.statistics)
    return fields


LINKS = View(
    kind="link",
    plural="links",
    items=lambda host: host.links,
    columns=(
        Column("mark", "", 1, lambda item, host: link_mark(item)),
        Column("name", "NAME", 15, lambda item, host: Cell(item.name), grow=1),
        Column("kind", "KIND", 8, lambda item, host: Cell(item.kind or "device", Tone.DIM)),
        Column("state", "STATE", 8, lambda item, host: Cell(link_state(item))),
        Column(
            "master",
            "MASTER",
            10,
            lambda item, host: Cell(item.master or units.NOTHING, Tone.DIM),
            rank=1,
        ),
        Column(
            "address",
            "ADDRESS",
            18,
            lambda item, host: Cell(item.addresses[0] if item.addresses else units.NOTHING),
            grow=1,
        ),
        Column(
            "rx",
            "RX",
            9,
            lambda item, host: rate_cell(host, item.ref, "rx"),
            key=lambda item, host: number(host.rate(item.ref, "rx")),
            right=True,
            live=True,
        ),
        Column(
            "tx",
            "TX",
            9,
            lambda item, host: rate_cell(host, item.ref, "tx"),
            key=lambda item, host: number(host.rate(item.ref, "tx")),
            right=True,
            live=True,
        ),
        Column(
            "mac", "MAC", 17, lambda item, host: Cell(item.mac or units.NOTHING, Tone.DIM), rank=2
        ),
        Column(
            "mtu",
            "MTU",
            5,
            lambda item, host: Cell(units.NOTHING if item.mtu is None else str(item.mtu), Tone.DIM),
            key=lambda item, host: number(item.mtu),
            right=True,
            rank=3,
        ),
    ),
    detail=_link_detail,
    words=lambda item: (
        f"{item.name} {item.kind} {item.master} {' '.join(item.addresses)} {item.mac}"
    ),
    backends=("netlink",),
)
