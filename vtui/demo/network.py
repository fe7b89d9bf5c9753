"""The simulated switches and interfaces as OVSDB and rtnetlink would tell them."""

from __future__ import annotations

import hashlib
from operator import itemgetter

from vtui.demo.plant import Table, identity, since, traffic
from vtui.model import Bridge, Controller, Interface, Link, Links, OpenVSwitch, Port, Ref

_MAC = {"": "3c:fd:fe", "tun": "fe:54:00", "veth": "9a:1f:c2"}
"""The first half of an interface's MAC by its kind."""

_LINK_COUNTERS = {
    "rx_bytes": "rx",
    "tx_bytes": "tx",
    **{
        f"{way}_{what}": f"{way}_{what}"
        for what in ("packets", "errors", "dropped")
        for way in ("rx", "tx")
    },
}
"""OVSDB's names of counters to those of a Link."""


def open_vswitch(table: Table, at: float) -> OpenVSwitch:
    """What the Open_vSwitch database holds, `at` seconds after boot."""
    return OpenVSwitch(
        bridges=tuple(_ovs_bridge(table, row) for row in _by_name(table["bridges"])),
        ports=tuple(
            _ovs_port(table, row, at) for row in _by_name(table["ports"]) if _shown(row, at)
        ),
        version=table["version"],
    )


def links(table: Table, at: float) -> Links:
    """What rtnetlink tells, `at` seconds after boot."""
    guests = {row["name"]: row["guest"] for row in table["ports"] if "guest" in row}
    found = []
    for row in table["links"]:
        began = since(guests.get(row[1], ""), at)
        if began is not None:
            found.append(_link(table, row, at, began))
    switches = {
        link.name: Ref("bridge", link.ref.id, "linux") for link in found if _is_bridge(link)
    }
    return Links(
        links=tuple(found),
        bridges=tuple(
            Bridge(switches[link.name], link.name, "linux") for link in found if _is_bridge(link)
        ),
        ports=tuple(
            _linux_port(link, switches[link.master], at)
            for link in found
            if link.master in switches
        ),
    )


def _is_bridge(link: Link) -> bool:
    return link.kind == "bridge"


def _ovs_bridge(table: Table, row: Table) -> Bridge:
    return Bridge(
        ref=_ovs_ref("bridge", row["name"]),
        name=row["name"],
        kind="ovs",
        datapath_type="netdev",
        datapath_id=row["datapath_id"],
        controllers=tuple(
            Controller(target, connected, role, error)
            for bridge, target, connected, role, error in table["controllers"]
            if bridge == row["name"]
        ),
        fail_mode=row["fail_mode"],
        external_ids=(("plant", row["plant"]),),
    )


def _by_name(rows: list[Table]) -> list[Table]:
    return sorted(rows, key=itemgetter("name"))


def _ovs_ref(kind: str, name: str) -> Ref:
    return Ref(kind, identity(f"{kind}.{name}"), "ovs")


def _shown(row: Table, at: float) -> bool:
    """libvirt takes a tap's port away when the guest ends; a vhost-user port stays."""
    return not row["name"].startswith("tap-") or since(row.get("guest", ""), at) is not None


def _ovs_port(table: Table, row: Table, at: float) -> Port:
    names = row.get("members", [row["name"]])
    return Port(
        ref=_ovs_ref("port", row["name"]),
        name=row["name"],
        bridge=_ovs_ref("bridge", row["bridge"]),
        interfaces=tuple(_interface(table, row, name, at) for name in names),
        tag=row.get("tag"),
        trunks=tuple(row.get("trunks", ())),
        vlan_mode=row.get("vlan_mode", ""),
        bond_mode=row.get("bond_mode", ""),
        lacp=row.get("lacp", ""),
    )


def _interface(table: Table, row: Table, name: str, at: float) -> Interface:
    guest, kind, error = row.get("guest", ""), row.get("type", ""), row.get("error", "")
    began = since(guest, at)
    if error:
        return Interface(name, kind, ofport=-1, error=error)
    options = [(key, value) for key, value in row.get("options", ())]
    if kind == "dpdkvhostuserclient":
        options.append(("vhost-server-path", f"/run/openvswitch/{name}"))
    running = began is not None
    counters = traffic(name, at, began) if began is not None else {}
    return Interface(
        name=name,
        type=kind,
        admin_state="up",
        link_state="up" if running else "down",
        mac=_mac("tun" if guest else "", name),
        ofport=_ofport(table, name),
        speed=table["speed"].get(name),
        statistics=tuple(sorted(counters.items())),
        options=tuple(options),
        external_ids=(
            (("iface-status", "active"), ("vm-id", identity(guest))) if guest and running else ()
        ),
    )


def _ofport(table: Table, name: str) -> int:
    """The OpenFlow number: 65534 for a bridge's own port, else by the place in the table."""
    names = [one for row in table["ports"] for one in row.get("members", [row["name"]])]
    own = any(row["name"] == name for row in table["bridges"])
    return 65534 if own else names.index(name) + 1


def _link(table: Table, row: list[str], at: float, began: float) -> Link:
    number, name, kind, state, master, lower, mtu = row
    counters = traffic(name, at, began)
    return Link(
        ref=Ref("link", str(number)),
        name=name,
        index=int(number),
        kind=kind,
        up=True,
        state=state,
        master=master,
        lower=lower,
        mtu=int(mtu),
        mac="00:00:00:00:00:00" if name == "lo" else _mac(kind, lower or name),
        addresses=tuple(table["addresses"].get(name, ())),
        statistics=tuple((_LINK_COUNTERS[key], value) for key, value in counters.items()),
    )


def _linux_port(link: Link, bridge: Ref, at: float) -> Port:
    interface = Interface(
        name=link.name,
        type=link.kind,
        admin_state="up",
        link_state=link.state.lower(),
        mac=link.mac,
        statistics=tuple(sorted(traffic(link.name, at).items())),
    )
    return Port(Ref("port", link.ref.id, "linux"), link.name, bridge, (interface,))


def _mac(kind: str, name: str) -> str:
    rest = hashlib.sha256(name.encode()).hexdigest()
    return f"{_MAC.get(kind, _MAC[''])}:{rest[:2]}:{rest[2:4]}:{rest[4:6]}"
