"""Everything in one screen: counts, the CPU map, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.message import Message

from vtui import units
from vtui.audit import Finding, Severity, audit
from vtui.columns import Cell, Column, Line, Span, Tone
from vtui.cpuset import format_list
from vtui.model import Cpus, Host, Interrupts, Irqbalance, Links, OpenVSwitch, Ref
from vtui.screens.cpus import map_lines
from vtui.screens.listing import ListScreen
from vtui.views.irqs import on_isolated
from vtui.views.view import View
from vtui.widgets.table import Table

LABEL = 11

TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARN, Severity.NOTE: Tone.DIM}
GLYPHS = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.NOTE: "·"}


@dataclass(frozen=True, slots=True)
class Concern:
    """A finding as a row of its own."""

    ref: Ref
    finding: Finding


def concerns(host: Host) -> Sequence[Concern]:
    """The findings, the gravest first."""
    found: list[Concern] = []
    seen: Counter[str] = Counter()
    for finding in audit(host):
        about = f"{finding.rule} {finding.ref or ''}"
        seen[about] += 1
        found.append(Concern(Ref("finding", f"{about} {seen[about]}"), finding))
    return found


def _detail(concern: Concern, host: Host) -> list[tuple[str, str]]:
    finding = concern.finding
    fields = [
        ("what", finding.text),
        ("rule", finding.rule),
        ("severity", finding.severity.name.lower()),
    ]
    return fields + ([("hint", finding.hint)] if finding.hint else [])


CONCERNS = View(
    kind="finding",
    plural="findings",
    items=concerns,
    columns=(
        Column(
            "mark",
            "",
            1,
            lambda one, host: Cell(GLYPHS[one.finding.severity], TONES[one.finding.severity]),
        ),
        Column(
            "what",
            "NEEDS ATTENTION",
            40,
            lambda one, host: Cell(one.finding.text, TONES[one.finding.severity]),
            grow=1,
        ),
    ),
    detail=_detail,
    words=lambda one: one.finding.text,
    backends=(),
    empty="nothing needs attention",
)


class OverviewScreen(ListScreen):
    """The first screen. Enter on a finding goes to the thing it is about."""

    class GoTo(Message):
        """The user wants to see a thing on its own screen."""

        def __init__(self, ref: Ref) -> None:
            super().__init__()
            self.ref = ref

    def map(self, host: Host, width: int) -> list[Line]:
        """The summary, then the CPU map."""
        lines = summary(host)
        room = self.size.height - len(lines) - 8
        cpus = map_lines(host, width, legend=False)
        return [*lines, (), *cpus, ()] if cpus and len(cpus) <= room else lines

    @on(Table.Opened)
    def _opened(self) -> None:
        concern = self.table.current
        if concern is not None and concern.finding.ref is not None:
            self.post_message(self.GoTo(concern.finding.ref))
        else:
            self.action_details()

    def position(self) -> str:
        """None of none is not worth a place."""
        return super().position() if self.table.current is not None else ""


def summary(host: Host) -> list[Line]:
    """A line per kind: how many, and in which states."""
    return [
        _line(
            "Domains",
            len(host.domains),
            _states(domain.state for domain in host.domains),
            _cpu(host, host.domains),
        ),
        _line(
            "Containers",
            len(host.containers),
            _states(
                one.health if one.health == "unhealthy" and one.active else one.state
                for one in host.containers
            ),
            _cpu(host, host.containers),
        ),
        _network(host),
        _interrupts(host),
        _cpus(host),
        _memory(host),
    ]


ORDER = (
    "running",
    "unhealthy",
    "restarting",
    "crashed",
    "dead",
    "paused",
    "frozen",
    "exited",
    "stopped",
    "shut off",
)

STATE_TONES = {
    "running": Tone.GOOD,
    "paused": Tone.WARN,
    "frozen": Tone.WARN,
    "unhealthy": Tone.BAD,
    "restarting": Tone.BAD,
    "crashed": Tone.BAD,
    "dead": Tone.BAD,
}


def _line(label: str, count: int | None, spans: list[Span], right: str = "") -> Line:
    head: list[Span] = [(f" {label:<{LABEL}}", Tone.TITLE)]
    head.append((f"{units.NOTHING if count is None else count:>4}  ", Tone.PLAIN))
    return (*head, *spans, (f"  {right}" if right else "", Tone.PLAIN))


def _states(states: Iterable[str]) -> list[Span]:
    counts = Counter(states)
    known = sorted(counts, key=lambda state: (ORDER.index(state) if state in ORDER else 99, state))
    return [
        (f"{', ' if index else ''}{counts[state]} {state}", STATE_TONES.get(state, Tone.DIM))
        for index, state in enumerate(known)
    ]


def _cpu(host: Host, things: Sequence[Any]) -> str:
    rates = [rate for thing in things if (rate := host.rate(thing.ref, "cpu")) is not None]
    return f"CPU {units.percent(sum(rates))}" if rates else ""


def _network(host: Host) -> Line:
    links, ovs = host.value(Links), host.value(OpenVSwitch)
    if links is None and ovs is None:
        return _line("Network", None, [])
    linux = len(links.bridges) if links else 0
    ports = len(ovs.ports) if ovs else 0
    spans: list[Span] = []
    if ovs:
        spans.append((f"{len(ovs.bridges)} OVS ({ports} ports)  ", Tone.PLAIN))
    spans.append((f"{linux} Linux  ", Tone.PLAIN))
    if links:
        up = sum(link.up for link in links.links)
        spans.append((f"{up}/{len(links.links)} up  ", Tone.PLAIN))
        physical = [link for link in links.links if not link.kind and link.name != "lo"]
        rx = sum(host.rate(link.ref, "rx") or 0.0 for link in physical)
        tx = sum(host.rate(link.ref, "tx") or 0.0 for link in physical)
        if host.rates:
            spans.append((f"rx {units.traffic(rx)}  tx {units.traffic(tx)}", Tone.DIM))
    return _line("Network", len(host.bridges), spans)


def _interrupts(host: Host) -> Line:
    interrupts = host.value(Interrupts)
    if interrupts is None:
        return _line("IRQs", None, [])
    rate = sum(host.rate(irq.ref, "irq") or 0.0 for irq in interrupts.irqs)
    noisy = sum(on_isolated(irq, host) for irq in interrupts.irqs if irq.numbered)
    spans: list[Span] = [(f"{units.frequency(rate)}  ", Tone.PLAIN)] if host.rates else []
    if noisy >= 1:
        spans.append((f"{units.frequency(noisy)} on isolated CPUs  ", Tone.WARN))
    daemon = host.value(Irqbalance)
    spans.append(("irqbalance on" if daemon else "no irqbalance", Tone.DIM))
    return _line("IRQs", len(interrupts.irqs), spans)


def _cpus(host: Host) -> Line:
    cpus = host.value(Cpus)
    if cpus is None:
        return _line("CPUs", None, [])
    online = [cpu for cpu in cpus.cpus if cpu.online]
    spans: list[Span] = [
        (f"{format_list(cpus.housekeeping)} housekeeping  ", Tone.PLAIN),
        (
            f"{format_list(cpus.isolated) or 'none'} isolated  ",
            Tone.ACCENT if cpus.isolated else Tone.DIM,
        ),
    ]
    rates = [rate for cpu in online if (rate := host.rate(cpu.ref, "busy")) is not None]
    if rates:
        spans.append((f"load {units.percent(sum(rates) / len(rates))}  ", Tone.PLAIN))
    if len(online) < len(cpus.cpus):
        spans.append((f"{len(cpus.cpus) - len(online)} offline", Tone.WARN))
    return _line("CPUs", len(cpus.cpus), spans)


def _memory(host: Host) -> Line:
    cpus = host.value(Cpus)
    if cpus is None or cpus.memory_total is None:
        return _line("Memory", None, [])
    available = f"{units.size(cpus.memory_available)} of {units.size(cpus.memory_total)} free"
    spans: list[Span] = [(available, Tone.PLAIN)]
    pages = []
    for size in sorted({one.size for one in cpus.hugepages}):
        total = sum(one.total for one in cpus.hugepages if one.size == size)
        free = sum(one.free for one in cpus.hugepages if one.size == size)
        if total:
            pages.append(f"{units.size(size)} {free}/{total}")
    if pages:
        spans.append((f"  huge {', '.join(pages)}", Tone.DIM))
    return ((f" {'Memory':<{LABEL}}      ", Tone.TITLE), *spans)
