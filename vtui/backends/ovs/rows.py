"""Rows of the Open_vSwitch database: which are wanted, and the model made of them.

Columns and their meaning: ovs-vswitchd.conf.db(5). A row maps its columns to plain values: texts, numbers
and booleans, lists for sets and for optional values, dicts for maps, and a UUID for another row. Whatever is
made of rows raises ValueError for a value that is not of the column's type; a column that the server does not
know is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from vtui.model import Bridge, Controller, Interface, OpenVSwitch, Port, Ref

T = TypeVar("T")

Row = Mapping[str, Any]
Rows = Mapping[str, Row]

DATABASE = "Open_vSwitch"

COLUMNS = {
    "Open_vSwitch": ("ovs_version", "bridges", "other_config"),
    "Bridge": (
        *("name", "ports", "controller", "datapath_type", "datapath_id", "fail_mode"),
        *("stp_enable", "rstp_enable", "external_ids"),
    ),
    "Controller": ("target", "is_connected", "role", "status"),
    "Port": (
        *("name", "interfaces", "tag", "trunks", "vlan_mode", "bond_mode", "lacp"),
        "external_ids",
    ),
    "Interface": (
        *("name", "type", "admin_state", "link_state", "mac_in_use", "ofport", "link_speed"),
        *("error", "statistics", "options", "external_ids"),
    ),
}

TEXT = 1000
"""Characters kept of any one text."""

ENTRIES = 64
"""Pairs kept of any one map of texts."""

COUNTERS = 512
"""Counters kept of an interface; a DPDK device has several for each of its queues."""

INTERVAL = 5.0
"""Seconds between two refreshes of the statistics, and the least that ovs-vswitchd accepts."""

_BASIC = frozenset(
    f"{way}_{what}" for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped")
)

_LASTING = tuple(name for name in COLUMNS["Interface"] if name != "statistics")
_NOTHING: tuple[Any, Any] = (None, None)


class Database:
    """The rows as they are now, and the newest model of them."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {table: {} for table in COLUMNS}
        self._made: OpenVSwitch | None = None
        self._parts: dict[str, tuple[Row, Any]] = {}

    def put(self, table: str, uuid: str, columns: Row) -> None:
        """Take over these columns of a row, be it a new one."""
        rows = self.rows[table]
        rows[uuid] = {**rows.get(uuid, {}), **columns}
        self._made = None

    def drop(self, table: str, uuid: str) -> None:
        """Forget a row."""
        self.rows[table].pop(uuid, None)
        self._made = None

    def interval(self) -> float:
        """Seconds between two refreshes of the statistics."""
        for row in self.rows["Open_vSwitch"].values():
            wanted = _pairs(row, "other_config", str).get("stats-update-interval", "")
            if wanted.isdecimal():
                return max(INTERVAL, int(wanted[:9]) / 1000)
        return INTERVAL

    def model(self) -> OpenVSwitch:
        """What the rows say; the same object as long as they don't change."""
        if self._made is None:
            kept, self._parts = self._parts, {}
            self._made = self._build(kept)
        return self._made

    def _build(self, kept: Mapping[str, tuple[Row, Any]]) -> OpenVSwitch:
        version = ""
        bridges: list[Bridge] = []
        ports: list[Port] = []
        for root in self.rows["Open_vSwitch"].values():
            version = text(root, "ovs_version")
            for uuid, row in _rows(self.rows["Bridge"], root, "bridges"):
                made = bridge(uuid, row, self.rows["Controller"])
                bridges.append(made)
                for port_id, port_row in _rows(self.rows["Port"], row, "ports"):
                    ports.append(self._port(kept, port_id, port_row, made.ref))
        bridges.sort(key=lambda item: item.name)
        ports.sort(key=lambda item: item.name)
        return OpenVSwitch(tuple(bridges), tuple(ports), version)

    def _port(self, kept: Mapping[str, tuple[Row, Any]], uuid: str, row: Row, parent: Ref) -> Port:
        interfaces = []
        for interface_id, interface_row in _rows(self.rows["Interface"], row, "interfaces"):
            source, made = kept.get(interface_id, _NOTHING)
            if source is not interface_row:
                made = interface(interface_row, source, made)
            self._parts[interface_id] = interface_row, made
            interfaces.append(made)
        old: Port | None
        source, old = kept.get(uuid, _NOTHING)
        if old is None or source is not row or old.bridge != parent:
            found = port(uuid, row, parent, tuple(interfaces))
        else:
            found = replace(old, interfaces=tuple(interfaces))
        self._parts[uuid] = row, found
        return found


def bridge(uuid: str, row: Row, controllers: Rows) -> Bridge:
    """A bridge from its row."""
    return Bridge(
        ref=Ref("bridge", uuid, "ovs"),
        name=text(row, "name"),
        kind="ovs",
        # An empty type is the kernel's, as ovs-vswitchd takes it.
        datapath_type=text(row, "datapath_type") or "system",
        datapath_id=text(row, "datapath_id"),
        controllers=tuple(controller(found) for _, found in _rows(controllers, row, "controller")),
        fail_mode=text(row, "fail_mode"),
        stp=one(row, "stp_enable", bool) or False,
        rstp=one(row, "rstp_enable", bool) or False,
        external_ids=texts(row, "external_ids"),
    )


def controller(row: Row) -> Controller:
    """An OpenFlow controller from its row."""
    return Controller(
        target=text(row, "target"),
        connected=one(row, "is_connected", bool) or False,
        role=text(row, "role"),
        error=dict(texts(row, "status")).get("last_error", ""),
    )


def port(uuid: str, row: Row, parent: Ref, interfaces: tuple[Interface, ...]) -> Port:
    """A port from its row."""
    return Port(
        ref=Ref("port", uuid, "ovs"),
        name=text(row, "name"),
        bridge=parent,
        interfaces=interfaces,
        tag=one(row, "tag", int),
        trunks=tuple(sorted(_atoms(row, "trunks", int))),
        vlan_mode=text(row, "vlan_mode"),
        bond_mode=text(row, "bond_mode"),
        lacp=text(row, "lacp"),
        external_ids=texts(row, "external_ids"),
    )


def interface(row: Row, old: Row | None = None, made: Interface | None = None) -> Interface:
    """An interface from its row, by way of what its old row was made into.

    Every few seconds the statistics change of all interfaces, and nothing else.
    """
    if made and old and all(row.get(name) == old.get(name) for name in _LASTING):
        return replace(made, statistics=counters(row))
    return Interface(
        name=text(row, "name"),
        type=text(row, "type"),
        admin_state=text(row, "admin_state"),
        link_state=text(row, "link_state"),
        mac=text(row, "mac_in_use"),
        ofport=one(row, "ofport", int),
        speed=one(row, "link_speed", int),
        error=text(row, "error"),
        statistics=counters(row),
        options=texts(row, "options"),
        external_ids=texts(row, "external_ids"),
    )


def text(row: Row, column: str) -> str:
    """An optional text, shortened; empty when there is none."""
    return (one(row, column, str) or "")[:TEXT]


def one(row: Row, column: str, kind: type[T]) -> T | None:
    """An optional value; None when there is none."""
    found = _atoms(row, column, kind)
    if len(found) > 1:
        raise ValueError(f"several values in {column}")
    return found[0] if found else None


def texts(row: Row, column: str) -> tuple[tuple[str, str], ...]:
    """A map of texts in the order of its keys, shortened."""
    found = _pairs(row, column, str)
    return tuple((key[:TEXT], value[:TEXT]) for key, value in sorted(found.items())[:ENTRIES])


def counters(row: Row) -> tuple[tuple[str, int], ...]:
    """The statistics in the order of their names; of too many, those every device has are kept."""
    found = sorted(_pairs(row, "statistics", int).items())
    if len(found) > COUNTERS:
        found = sorted(found, key=lambda pair: pair[0] not in _BASIC)[:COUNTERS]
    return tuple((key[:TEXT], value) for key, value in found)


def _pairs(row: Row, column: str, kind: type[T]) -> dict[str, T]:
    found = row.get(column)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"no map in {column}")
    if not ({*map(type, found)} <= {str} and {*map(type, found.values())} <= {kind}):
        raise ValueError(f"not all of {column} is of its type")
    return found


def _atoms(row: Row, column: str, kind: type[T]) -> list[T]:
    value = row.get(column)
    if value is None:
        return []
    found = value if isinstance(value, list) else [value]
    for atom in found:
        if type(atom) is not kind:
            raise ValueError(f"no {kind.__name__} in {column}")
    return found


def _rows(rows: Rows, row: Row, column: str) -> Iterable[tuple[str, Row]]:
    """The rows a column refers to; one that is not there is left out."""
    for uuid in _atoms(row, column, str):
        if uuid in rows:
            yield uuid, rows[uuid]
