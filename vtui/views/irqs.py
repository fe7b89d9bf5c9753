"""Interrupts."""

from __future__ import annotations

import math
from functools import lru_cache

from vtui import units
from vtui.columns import Cell, Column, Line, Span, Tone
from vtui.cpuset import CpuSet, format_list
from vtui.model import Cpus, Host, Interrupts, Irq, Irqbalance
from vtui.views.view import Field, View, number, trend_cell


@lru_cache(maxsize=1)
def isolated(host: Host) -> CpuSet:
    """The host's isolated CPUs."""
    cpus = host.value(Cpus)
    return cpus.isolated if cpus else frozenset()


def banned(irq: Irq, host: Host) -> bool:
    """Whether irqbalance was told to leave this IRQ alone."""
    daemon = host.value(Irqbalance)
    return bool(daemon and irq.numbered and int(irq.label) in daemon.banned_irqs)


def on_isolated(irq: Irq, host: Host) -> float:
    """How often per second it fires on isolated CPUs."""
    interrupts, kept = host.value(Interrupts), isolated(host)
    if not kept or interrupts is None:
        return 0.0
    rates = host.irq_rates.get(irq.ref, ())
    return sum(rate for cpu, rate in zip(interrupts.columns, rates, strict=False) if cpu in kept)


def _affinity(cpus: CpuSet | None, host: Host) -> Cell:
    if cpus is None:
        return Cell(units.NOTHING, Tone.DIM)
    return Cell(format_list(cpus) or "none", Tone.WARN if cpus & isolated(host) else Tone.PLAIN)


def _rate(irq: Irq, host: Host) -> Cell:
    rate = host.rate(irq.ref, "irq")
    return Cell(units.frequency(rate), Tone.PLAIN if rate else Tone.DIM)


def _measured(irq: Irq, host: Host) -> float | None:
    """The same, None as long as there is one reading only."""
    return None if host.rate(irq.ref, "irq") is None else on_isolated(irq, host)


def _on_isolated(irq: Irq, host: Host) -> Cell:
    rate = _measured(irq, host)
    return Cell(units.frequency(rate), Tone.WARN if rate and irq.numbered else Tone.DIM)


HEAT = " ·▁▂▃▄▅▆▇█"
"""From silence to a hundred thousand a second: one step for each half decade from 1/s on."""


def heat(rate: float) -> str:
    """A rate per second as a glyph of growing height; silence is blank."""
    if rate <= 0:
        return HEAT[0]
    step = 1 + (max(0, int(2 * math.log10(rate)) + 1) if rate >= 1 else 0)
    return HEAT[min(step, len(HEAT) - 1)]


def bins(count: int, width: int) -> list[range]:
    """The columns of a map of `count` CPUs in `width` characters: several CPUs share one when many."""
    if not count or width < 1:
        return []
    each = -(-count // width)
    return [range(first, min(first + each, count)) for first in range(0, count, each)]


def _heat_line(irq: Irq, host: Host, width: int) -> Line:
    interrupts, kept = host.value(Interrupts), isolated(host)
    rates = host.irq_rates.get(irq.ref, ())
    columns = interrupts.columns if interrupts else ()
    spans: list[Span] = []
    for group in bins(len(columns), width):
        rate = max((rates[index] for index in group if index < len(rates)), default=0.0)
        noisy = rate and irq.numbered and any(columns[index] in kept for index in group)
        spans.append((heat(rate), Tone.BAD if noisy else Tone.ACCENT))
    spans.append((" " * (width - len(spans)), Tone.PLAIN))
    return tuple(spans)


def _heat_head(host: Host, width: int) -> str:
    """CPU numbers above the map, as far apart as they need to be."""
    interrupts = host.value(Interrupts)
    columns = interrupts.columns if interrupts else ()
    text = ""
    for position, group in enumerate(bins(len(columns), width)):
        label = str(columns[group.start])
        if position >= len(text) + bool(text) and position + len(label) <= width:
            text = text.ljust(position) + label
    return text


def order(irq: Irq) -> float:
    """Numbered lines first, by number; the others after them."""
    return float(irq.label) if irq.numbered else 1e9


def _detail(irq: Irq, host: Host) -> list[Field]:
    fields: list[Field] = [
        ("device", irq.device or units.NOTHING),
        ("chip", irq.chip or units.NOTHING),
        ("hardware irq", irq.hwirq or units.NOTHING),
        ("trigger", irq.trigger or units.NOTHING),
        ("requested", units.NOTHING if irq.requested is None else format_list(irq.requested)),
        ("effective", units.NOTHING if irq.effective is None else format_list(irq.effective)),
        ("NUMA node", units.NOTHING if irq.node is None else str(irq.node)),
        ("irqbalance", "banned" if banned(irq, host) else units.NOTHING),
        ("rate", units.frequency(host.rate(irq.ref, "irq"))),
        ("on isolated", units.frequency(_measured(irq, host))),
        ("total", str(sum(irq.counts))),
    ]
    interrupts = host.value(Interrupts)
    rates = host.irq_rates.get(irq.ref, ())
    silent = "" if host.rate(irq.ref, "irq") is None else "0/s"
    for index, count in enumerate(irq.counts if interrupts else ()):
        if count and interrupts and index < len(interrupts.columns):
            rate = units.frequency(rates[index]) if index < len(rates) else silent
            fields.append((f"CPU {interrupts.columns[index]}", f"{count} {rate}".rstrip()))
    return fields


IRQS = View(
    kind="irq",
    plural="irqs",
    items=lambda host: host.irqs,
    columns=(
        Column(
            "irq",
            "IRQ",
            4,
            lambda item, host: Cell(item.label),
            key=lambda item, host: order(item),
            right=True,
        ),
        Column(
            "device", "DEVICE", 18, lambda item, host: Cell(item.device or units.NOTHING), grow=3
        ),
        Column("requested", "REQUESTED", 9, lambda item, host: _affinity(item.requested, host)),
        Column("effective", "EFFECTIVE", 9, lambda item, host: _affinity(item.effective, host)),
        Column(
            "rate",
            "RATE",
            8,
            _rate,
            key=lambda item, host: number(host.rate(item.ref, "irq")),
            right=True,
            live=True,
        ),
        Column(
            "isolated",
            "ISOLATED",
            8,
            _on_isolated,
            key=on_isolated,
            right=True,
            live=True,
        ),
        Column(
            "heat",
            "CPU",
            16,
            lambda item, host: Cell(""),
            key=lambda item, host: number(host.rate(item.ref, "irq")),
            draw=_heat_line,
            head=_heat_head,
            grow=2,
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
            "banned",
            "BAN",
            3,
            lambda item, host: Cell("ban" if banned(item, host) else units.NOTHING, Tone.DIM),
            rank=1,
        ),
        Column(
            "node",
            "NODE",
            4,
            lambda item, host: Cell(
                units.NOTHING if item.node is None else str(item.node), Tone.DIM
            ),
            key=lambda item, host: number(item.node),
            right=True,
            rank=1,
        ),
        Column(
            "total",
            "TOTAL",
            10,
            lambda item, host: Cell(str(sum(item.counts)), Tone.DIM),
            key=lambda item, host: sum(item.counts),
            right=True,
            rank=3,
        ),
        Column(
            "chip",
            "CHIP",
            14,
            lambda item, host: Cell(item.chip or units.NOTHING, Tone.DIM),
            rank=4,
        ),
        Column(
            "trigger",
            "TRIGGER",
            7,
            lambda item, host: Cell(item.trigger or units.NOTHING, Tone.DIM),
            rank=5,
        ),
    ),
    detail=_detail,
    words=lambda item: f"{item.label} {item.device} {item.chip}",
    backends=("irq",),
)
