"""libvirt domains."""

from __future__ import annotations

from vtui import units
from vtui.columns import Cell, Column, Tone
from vtui.cpuset import format_list
from vtui.model import Domain, Host
from vtui.views.view import Field, View, load_cell, number, rate_cell, trend_cell, yes

MARKS = {
    "running": ("●", Tone.GOOD),
    "idle": ("●", Tone.GOOD),
    "paused": ("‖", Tone.WARN),
    "in shutdown": ("↓", Tone.WARN),
    "pmsuspended": ("‖", Tone.WARN),
    "crashed": ("✗", Tone.BAD),
    "shut off": ("○", Tone.DIM),
}


def mark(domain: Domain) -> Cell:
    """The state as a glyph."""
    return Cell(*MARKS.get(domain.state, ("?", Tone.WARN)))


def _state(domain: Domain, _host: Host) -> Cell:
    text = f"{domain.state} (saved)" if domain.managed_save else domain.state
    return Cell(text, MARKS.get(domain.state, ("?", Tone.WARN))[1])


def _name(domain: Domain, _host: Host) -> Cell:
    return Cell(domain.name, Tone.PLAIN if domain.active else Tone.DIM)


def pinning(domain: Domain) -> str:
    """Where its vCPUs may run, as a CPU list; empty when they float or it is not known."""
    pins = domain.pins
    if not pins:
        return ""
    cpus = [pins.vcpus.get(vcpu, pins.placement) for vcpu in range(domain.vcpus)]
    if any(one is None for one in cpus):
        return ""
    return format_list(frozenset().union(*(one for one in cpus if one is not None)))


def _detail(domain: Domain, host: Host) -> list[Field]:
    pins = domain.pins
    fields: list[Field] = [
        ("UUID", domain.ref.id),
        ("connection", domain.ref.source),
        ("state", f"{domain.state} ({domain.reason})" if domain.reason else domain.state),
        ("id", units.NOTHING if domain.number is None else str(domain.number)),
        ("vCPUs", str(domain.vcpus)),
        ("memory", f"{units.size(domain.memory)} of {units.size(domain.memory_max)}"),
        ("CPU", units.percent(host.rate(domain.ref, "cpu"))),
        ("autostart", yes(domain.autostart)),
        ("persistent", yes(domain.persistent)),
        ("managed save", yes(domain.managed_save)),
    ]
    if pins:
        fields += [
            (f"vCPU {vcpu} pin", format_list(cpus)) for vcpu, cpus in sorted(pins.vcpus.items())
        ]
        fields += [("emulator pin", format_list(pins.emulator))] if pins.emulator else []
        fields += [
            (f"iothread {thread} pin", format_list(cpus))
            for thread, cpus in sorted(pins.iothreads.items())
        ]
        fields += [("placement", format_list(pins.placement))] if pins.placement else []
    for disk in domain.disks:
        fields.append((f"disk {disk.name}", f"{disk.path or '-'} {units.size(disk.capacity)}"))
    for nic in domain.interfaces:
        traffic = f"rx {units.size(nic.rx_bytes)}, tx {units.size(nic.tx_bytes)}"
        fields.append((f"nic {nic.name}", traffic))
    return fields


DOMAINS = View(
    kind="domain",
    plural="domains",
    items=lambda host: host.domains,
    columns=(
        Column("mark", "", 1, lambda item, host: mark(item)),
        Column("name", "NAME", 16, _name, grow=3),
        Column("state", "STATE", 11, _state, grow=1),
        Column(
            "vcpus",
            "VCPU",
            4,
            lambda item, host: Cell(str(item.vcpus)),
            key=lambda item, host: item.vcpus,
            right=True,
        ),
        Column(
            "memory",
            "MEMORY",
            8,
            lambda item, host: Cell(units.size(item.memory)),
            key=lambda item, host: item.memory,
            right=True,
        ),
        Column(
            "cpu",
            "CPU",
            6,
            lambda item, host: load_cell(host.rate(item.ref, "cpu"), max(1, item.vcpus)),
            key=lambda item, host: number(host.rate(item.ref, "cpu")),
            right=True,
            live=True,
        ),
        Column(
            "trend",
            "LAST MINUTE",
            12,
            lambda item, host: trend_cell(host, item.ref, 12, max(1, item.vcpus)),
            key=lambda item, host: number(host.rate(item.ref, "cpu")),
            rank=2,
            live=True,
        ),
        Column(
            "pins",
            "PINNED",
            7,
            lambda item, host: Cell(
                pinning(item) or units.NOTHING, Tone.ACCENT if pinning(item) else Tone.DIM
            ),
            rank=1,
        ),
        Column("auto", "AUTO", 4, lambda item, host: Cell(yes(item.autostart), Tone.DIM), rank=1),
        Column(
            "rx",
            "RX",
            8,
            lambda item, host: rate_cell(host, item.ref, "rx"),
            key=lambda item, host: number(host.rate(item.ref, "rx")),
            right=True,
            rank=3,
            live=True,
        ),
        Column(
            "tx",
            "TX",
            8,
            lambda item, host: rate_cell(host, item.ref, "tx"),
            key=lambda item, host: number(host.rate(item.ref, "tx")),
            right=True,
            rank=3,
            live=True,
        ),
        Column(
            "read",
            "READ",
            8,
            lambda item, host: rate_cell(host, item.ref, "read"),
            key=lambda item, host: number(host.rate(item.ref, "read")),
            right=True,
            rank=4,
            live=True,
        ),
        Column(
            "written",
            "WRITE",
            8,
            lambda item, host: rate_cell(host, item.ref, "written"),
            key=lambda item, host: number(host.rate(item.ref, "written")),
            right=True,
            rank=4,
            live=True,
        ),
        Column(
            "id",
            "ID",
            4,
            lambda item, host: Cell(
                units.NOTHING if item.number is None else str(item.number), Tone.DIM
            ),
            key=lambda item, host: number(item.number),
            right=True,
            rank=5,
        ),
        Column("uri", "CONNECTION", 16, lambda item, host: Cell(item.ref.source, Tone.DIM), rank=6),
    ),
    detail=_detail,
    words=lambda item: f"{item.name} {item.state} {item.ref.id} {item.ref.source}",
    backends=("libvirt",),
    empty="no domain is defined",
)
