"""The CPU map: one column per CPU, one block of rows per NUMA node or socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vtui.columns import Line, Span, Tone
from vtui.cpuset import format_list
from vtui.model import Cpu

LABEL = 7
"""Characters of the row labels at the left."""

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class CpuFacts:
    """What the map shows of the CPUs, all by CPU number."""

    cpus: Sequence[Cpu] = ()
    load: Mapping[int, float] = field(default_factory=dict)
    """0.0 to 1.0."""
    interrupts: Mapping[int, float] = field(default_factory=dict)
    """Per second."""
    owners: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """Names of those with a claim."""


def role(cpu: Cpu) -> Span:
    """H housekeeping, I isolated, N nohz_full alone, - offline."""
    if not cpu.online:
        return "-", Tone.DIM
    if cpu.isolated:
        return "I", Tone.ACCENT
    return ("N", Tone.ACCENT) if cpu.nohz_full else ("H", Tone.PLAIN)


def load_block(load: float | None) -> Span:
    """A CPU's load as a block; hot from 90 %."""
    if load is None:
        return " ", Tone.DIM
    block = BLOCKS[max(0, min(len(BLOCKS) - 1, round(load * (len(BLOCKS) - 1))))]
    return block, Tone.BAD if load >= 0.9 else Tone.WARN if load >= 0.5 else Tone.GOOD


def legend(facts: CpuFacts) -> dict[str, str]:
    """A letter for each owner, in the order of the first CPU each claims; "*" for those beyond."""
    names: dict[str, str] = {}
    for cpu in sorted(facts.owners):
        for name in facts.owners[cpu]:
            if name not in names:
                names[name] = LETTERS[len(names)] if len(names) < len(LETTERS) else "*"
    return names


def cpu_map(facts: CpuFacts, width: int, *, explain: bool = True) -> list[Line]:
    """The map in `width` characters: numbers, role, owner and load of each CPU, then the legend.

    All CPUs stand in one block where there is room, with a gap between NUMA nodes; else each node has
    blocks of its own. An owner cell shows "+" where several have a claim.
    """
    letters = legend(facts)
    nodes: dict[tuple[int, int], list[Cpu]] = {}
    for cpu in facts.cpus:
        nodes.setdefault((cpu.node or 0, cpu.package or 0), []).append(cpu)
    room = max(1, width - LABEL)
    each = _cell_width(facts.cpus, room - len(nodes))
    lines: list[Line] = []
    if each * len(facts.cpus) + len(nodes) <= room:
        lines += _rows("cpu", list(nodes.values()), facts, letters, each)
    else:
        for (node, _), cpus in sorted(nodes.items()):
            per_line = max(1, room // each)
            for start in range(0, len(cpus), per_line):
                chunk = cpus[start : start + per_line]
                lines += _rows(f"node {node}", [chunk], facts, letters, each)
    return lines + (_legend_lines(letters, facts, width) if explain else [])


def _cell_width(cpus: Sequence[Cpu], room: int) -> int:
    """Four to two characters a CPU where its number and all CPUs fit, else one."""
    digits = len(str(max((cpu.number for cpu in cpus), default=0)))
    return next((one for one in (4, 3, 2) if one > digits and one * len(cpus) <= room), 1)


def _rows(
    label: str,
    groups: Sequence[Sequence[Cpu]],
    facts: CpuFacts,
    letters: Mapping[str, str],
    each: int,
) -> list[Line]:
    rows: list[tuple[str, Callable[[Cpu], Span]]] = [
        (label, lambda cpu: _number(cpu, first=cpu is groups[0][0], each=each)),
        ("role", role),
        ("load", lambda cpu: load_block(facts.load.get(cpu.number))),
    ]
    if letters:
        rows.insert(2, ("owner", lambda cpu: _owner(cpu, facts, letters)))
    lines: list[Line] = []
    for name, draw in rows:
        cells: list[Span] = []
        for index, group in enumerate(groups):
            cells += [(" ", Tone.DIM)] if index else []
            cells += [(text.rjust(each), tone) for text, tone in map(draw, group)]
        lines.append(((name.ljust(LABEL)[:LABEL], Tone.DIM), *_merged(cells)))
    return lines


def _number(cpu: Cpu, *, first: bool, each: int) -> Span:
    """A CPU's number; in one character its last digit, and the tens at every tenth."""
    if each > 1:
        return str(cpu.number), Tone.DIM
    if cpu.number % 10 or first:
        return str(cpu.number % 10), Tone.DIM
    return str(cpu.number // 10 % 10), Tone.TITLE


def _owner(cpu: Cpu, facts: CpuFacts, letters: Mapping[str, str]) -> Span:
    names = list(dict.fromkeys(facts.owners.get(cpu.number, ())))
    if not names:
        return "·", Tone.DIM
    return (letters[names[0]], Tone.GOOD) if len(names) == 1 else ("+", Tone.WARN)


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Neighbours in one tone as one span: fewer style changes on a slow line."""
    merged: list[Span] = []
    for text, tone in spans:
        if merged and merged[-1][1] is tone:
            merged[-1] = (merged[-1][0] + text, tone)
        else:
            merged.append((text, tone))
    return merged


def _legend_lines(letters: Mapping[str, str], facts: CpuFacts, width: int) -> list[Line]:
    words = [f"{letter} {name}" for name, letter in letters.items() if letter != "*"]
    isolated = format_list(cpu.number for cpu in facts.cpus if cpu.isolated)
    roles = "H housekeeping  I isolated" + (f" ({isolated})" if isolated else "")
    lines: list[Line] = []
    text = roles
    for word in words:
        if len(text) + 2 + len(word) > width - LABEL and text:
            lines.append(_legend(text))
            text = word
        else:
            text += "  " + word
    lines.append(_legend(text))
    return lines[:3]


def _legend(text: str) -> Line:
    return ((" " * LABEL, Tone.DIM), (text, Tone.DIM))
