"""Logical CPUs."""

from __future__ import annotations

from functools import lru_cache

from vtui import units
from vtui.columns import Cell, Column, Tone
from vtui.cpuset import format_list
from vtui.model import Cpu, Cpus, Host, Interrupts, Ref
from vtui.owners import Owner, owners
from vtui.views.view import Field, View, load_cell, number, trend_cell

FLAGS = (("isolated", "iso"), ("nohz_full", "nohz"), ("rcu_nocbs", "rcu"))


def flags(cpu: Cpu) -> str:
    """What the kernel keeps off this CPU: iso nohz rcu; "housekeeping" for none of them."""
    if not cpu.online:
        return "offline"
    return " ".join(short for name, short in FLAGS if getattr(cpu, name)) or "housekeeping"


@lru_cache(maxsize=1)
def interrupts_on(host: Host) -> dict[int, float]:
    """Interrupts per second on each CPU, all lines together."""
    interrupts = host.value(Interrupts)
    sums: dict[int, float] = {}
    if interrupts is None:
        return sums
    for rates in host.irq_rates.values():
        for cpu, rate in zip(interrupts.columns, rates, strict=False):
            if rate:
                sums[cpu] = sums.get(cpu, 0.0) + rate
    return sums


def _interrupts(cpu: Cpu, host: Host) -> float | None:
    """Those on this CPU; None as long as nothing was counted twice."""
    sums = interrupts_on(host)
    return sums.get(cpu.number, 0.0) if sums else None


def claims(cpu: Cpu, host: Host) -> str:
    """The owners in short: `plc vCPU 0` for one alone, only the names for several."""
    found: dict[Ref, list[Owner]] = {}
    for owner in owners(host).get(cpu.number, ()):
        found.setdefault(owner.ref, []).append(owner)
    if len(found) == 1:
        (several,) = found.values()
        return f"{several[0].name} {' + '.join(owner.role for owner in several)}"
    return ", ".join(several[0].name for several in found.values())


def _where(cpu: Cpu) -> str:
    place = (("s", cpu.package), ("n", cpu.node), ("c", cpu.core))
    return (
        " ".join(f"{letter}{value}" for letter, value in place if value is not None)
        or units.NOTHING
    )


def _detail(cpu: Cpu, host: Host) -> list[Field]:
    fields: list[Field] = [
        ("state", "online" if cpu.online else "offline"),
        ("isolation", flags(cpu)),
        ("socket", units.NOTHING if cpu.package is None else str(cpu.package)),
        ("NUMA node", units.NOTHING if cpu.node is None else str(cpu.node)),
        ("core", units.NOTHING if cpu.core is None else str(cpu.core)),
        ("SMT siblings", format_list(cpu.siblings) or units.NOTHING),
        ("governor", cpu.governor or units.NOTHING),
        ("frequency", units.hertz(cpu.frequency)),
        ("load", units.percent(host.rate(cpu.ref, "busy"))),
        ("interrupts", units.frequency(_interrupts(cpu, host))),
    ]
    for index, owner in enumerate(owners(host).get(cpu.number, ())):
        fields.append(
            (
                "" if index else "claimed by",
                f"{owner.name} {owner.role} on {format_list(owner.cpus)}",
            )
        )
    for irq in host.irqs:
        if irq.effective and cpu.number in irq.effective and irq.numbered and len(fields) < 60:
            fields.append(("irq", f"{irq.label} {irq.device}"))
    value = host.value(Cpus)
    for pages in value.hugepages if value else ():
        if pages.node == cpu.node:
            fields.append(
                (
                    f"{units.size(pages.size)} pages",
                    f"{pages.free} free of {pages.total} on node {pages.node}",
                )
            )
    return fields


CPUS = View(
    kind="cpu",
    plural="cpus",
    items=lambda host: host.cpus,
    columns=(
        Column(
            "cpu",
            "CPU",
            3,
            lambda item, host: Cell(str(item.number)),
            key=lambda item, host: item.number,
            right=True,
        ),
        Column(
            "flags",
            "ISOLATION",
            13,
            lambda item, host: Cell(
                flags(item),
                Tone.ACCENT if item.isolated else Tone.PLAIN if item.online else Tone.DIM,
            ),
        ),
        Column(
            "where",
            "PLACE",
            9,
            lambda item, host: Cell(_where(item), Tone.DIM),
            key=lambda item, host: (
                f"{item.package or 0:4}{item.node or 0:4}{item.core or 0:6}{item.number:6}"
            ),
        ),
        Column(
            "load",
            "LOAD",
            6,
            lambda item, host: load_cell(host.rate(item.ref, "busy")),
            key=lambda item, host: number(host.rate(item.ref, "busy")),
            right=True,
            live=True,
        ),
        Column(
            "irqs",
            "IRQ RATE",
            8,
            lambda item, host: Cell(units.frequency(_interrupts(item, host)), Tone.PLAIN),
            key=lambda item, host: interrupts_on(host).get(item.number, 0.0),
            right=True,
            live=True,
        ),
        Column(
            "trend",
            "LAST MINUTE",
            12,
            lambda item, host: trend_cell(host, item.ref, 12, 1.0),
            rank=1,
            live=True,
        ),
        Column(
            "owners",
            "CLAIMED BY",
            16,
            lambda item, host: Cell(claims(item, host) or units.NOTHING, Tone.PLAIN),
            grow=1,
        ),
        Column(
            "governor",
            "GOVERNOR",
            11,
            lambda item, host: Cell(item.governor or units.NOTHING, Tone.DIM),
            rank=2,
        ),
        Column(
            "frequency",
            "CLOCK",
            8,
            lambda item, host: Cell(units.hertz(item.frequency), Tone.DIM),
            key=lambda item, host: number(item.frequency),
            right=True,
            rank=3,
        ),
        Column(
            "siblings",
            "SMT",
            7,
            lambda item, host: Cell(format_list(item.siblings) or units.NOTHING, Tone.DIM),
            rank=4,
        ),
    ),
    detail=_detail,
    words=lambda item: f"{item.number} {flags(item)} {item.governor}",
    backends=("cpus",),
)
