"""Interrupts: /proc/interrupts with the affinities of /proc/irq and the names of /sys/kernel/irq.

Formats: kernel/irq/proc.c (show_interrupts), arch/*/kernel/irq.c (arch_show_interrupts),
`Documentation/core-api/irq/irq-affinity.rst`, `Documentation/ABI/testing/sysfs-kernel-irq`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from vtui.cpuset import MAX_CPUS, CpuSet
from vtui.errors import HostError, Unavailable
from vtui.lanes import Lane, never
from vtui.model import Interrupts, Irq, Ref
from vtui.monitor import TICK, Need
from vtui.procfs import Tree, partly

TAIL = 400
"""Characters of a line's tail that are looked at; the kernel's names are far shorter."""

_COUNTER = 64
"""Bits of the widest counter the kernel keeps."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands: `tail` is everything behind the counts."""

    raw: bytes
    label: str
    counts: tuple[int, ...]
    tail: str
    torn: bool = False
    """Its columns are not those of the header, so no count can be given to a CPU."""


@dataclass(frozen=True, slots=True)
class Table:
    """The whole file. A line whose bytes did not change is the very object of the table before."""

    header: bytes = b""
    columns: tuple[int, ...] = ()
    lines: Mapping[bytes, Line] | None = None
    problems: tuple[str, ...] = ()

    @property
    def torn(self) -> bool:
        """Whether a line disagrees with the header, as when a CPU came or went between the two."""
        return any(line.torn for line in (self.lines or {}).values())


@dataclass(frozen=True, slots=True)
class Handler:
    """Who raises an interrupt and who handles it."""

    chip: str = ""
    hwirq: str = ""
    trigger: str = ""
    device: str = ""


def parse(data: bytes, before: Table | None = None) -> Table:
    """Make a table of /proc/interrupts, whatever it holds; what made no sense is in `problems`."""
    header, _, body = data.partition(b"\n")
    columns = _columns(header)
    known = (before.lines if before and before.header == header else None) or {}
    lines: dict[bytes, Line] = {}
    senseless = twice = 0
    *whole, cut = body.split(b"\n")
    for raw in whole:
        label, colon, _ = raw[:32].partition(b":")
        key = label.strip()
        if not (colon and key):
            senseless += bool(raw.strip())
        elif key in lines:
            twice += 1
        elif (was := known.get(key)) is not None and was.raw == raw:
            lines[key] = was
        else:
            lines[key] = _line(raw, key, len(columns))
    torn = sum(line.torn for line in lines.values())
    problems = {
        "/proc/interrupts has no header of CPUs": not columns,
        "/proc/interrupts ends within a line": bool(cut.strip()),
        f"lines of /proc/interrupts that make no sense: {senseless}": senseless,
        f"lines of /proc/interrupts with a label seen before: {twice}": twice,
        f"lines of /proc/interrupts with other columns than its header: {torn}": torn,
    }
    return Table(header, columns, lines, tuple(text for text, holds in problems.items() if holds))


def describe(tail: str) -> Handler:
    """Chip, hardware number, trigger and handlers from the tail of a numbered line.

    x86 writes `PCI-MSIX-0000:00:03.0  1-edge  virtio0-input.0`, ARM `GICv3  27 Level  arch_timer`,
    old kernels `IO-APIC-edge  timer`.
    """
    match = _TAIL.match(tail)
    if match:
        trigger = (match["level"] or match["flow"] or "").lower()
        return Handler(match["chip"], match["hwirq"], trigger, tail[match.end() :].strip())
    chip, _, device = tail.partition(" ")
    return Handler(chip=chip, device=device.strip())


_TAIL = re.compile(
    r"(?P<chip>\S.*?)\s+(?P<hwirq>\d+)(?=[\s-]|$)"
    r"(?:\s+(?P<level>Level|Edge)\b)?(?:\s*-(?P<flow>\S+))?",
    re.ASCII,
)


def _columns(header: bytes) -> tuple[int, ...]:
    """The CPU numbers of the header; none at all when it is not one: counts must not shift."""
    names = header.split()
    numbers = [name[3:] for name in names if name.startswith(b"CPU") and name[3:].isdigit()]
    columns = tuple(int(number) for number in numbers if len(number) < 6)
    sound = len(columns) == len(names) == len(set(columns)) and max(columns, default=0) < MAX_CPUS
    return columns if sound else ()


def _line(raw: bytes, key: bytes, width: int) -> Line:
    label = key.decode(errors="backslashreplace")
    fields = raw.partition(b":")[2].split(None, width)
    counts, rest = fields[:width], fields[width:]
    tail = rest[0] if rest else b""
    if width and len(counts) == width and b"".join(counts).isdigit() and not _counts_on(tail):
        numbers = _numbers(counts)
        return Line(raw, label, numbers, _text(tail), torn=not numbers)
    leading = list(takewhile(bytes.isdigit, raw.partition(b":")[2].split()))
    if len(leading) == 1 == len(fields) and not label.isdigit():  # ERR, MIS: one sum for all CPUs
        numbers = _numbers(leading)
        return Line(raw, label, numbers, "", torn=not numbers)
    parts = raw.partition(b":")[2].split(None, len(leading))
    return Line(raw, label, (), _text(b"".join(parts[len(leading) :])), torn=bool(width))


def _counts_on(tail: bytes) -> bool:
    """Whether the tail begins with one more count."""
    return tail[:1].isdigit() and tail.split(None, 1)[0].isdigit()


def _numbers(fields: list[bytes]) -> tuple[int, ...]:
    """The counts; none when one is wider than any counter."""
    try:
        numbers = tuple(map(int, fields))
    except ValueError:  # thousands of digits
        return ()
    return () if max(numbers) >> _COUNTER else numbers


def _text(tail: bytes) -> str:
    return tail[: 4 * TAIL].decode(errors="replace").strip()[:TAIL]


class Irqs:
    """Every interrupt line with its counts, and for device interrupts where they may and do go."""

    name = "irq"
    cadence = TICK
    deadline = 5.0

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lane = Lane("reading /proc/interrupts", self.deadline - 0.5)
        self._table = Table()
        self._irqs: dict[bytes, tuple[Line, Irq]] = {}

    async def read(self, need: Need) -> Interrupts:
        """The interrupts now. Raises Unavailable when /proc/interrupts may not be read or is not there."""
        return await self._lane.call(self._read)

    async def changed(self) -> None:
        """Never returns: the kernel tells nobody."""
        await never()

    async def close(self) -> None:
        """End the thread."""
        self._lane.close()

    def _read(self) -> Interrupts:
        try:
            with Tree(self._root) as tree:
                return self._interrupts(tree)
        except OSError as error:
            raise Unavailable(
                f"no files below {self._root}: {error.strerror}", "check --root"
            ) from error

    def _interrupts(self, tree: Tree) -> Interrupts:
        table = parse(_file(tree), self._table)
        if table.torn:
            table = parse(_file(tree), table)
        self._table = table
        found = {}
        for key, line in (table.lines or {}).items():
            was, irq = self._irqs.get(key, (None, None))
            found[key] = (line, _irq(line, was, irq, tree))
        self._irqs = found
        irqs = tuple(irq for _, irq in found.values())
        return Interrupts(table.columns, irqs, partly(table.problems + tree.problems))


def _file(tree: Tree) -> bytes:
    try:
        return tree.raw("proc/interrupts")
    except PermissionError as error:
        raise Unavailable("/proc/interrupts may not be read", "run vtui as root") from error
    except FileNotFoundError as error:
        raise Unavailable(
            "there is no /proc/interrupts", "mount -t proc proc /proc, or check --root"
        ) from error
    except OSError as error:
        raise HostError(f"/proc/interrupts cannot be read: {error.strerror}") from error


def _irq(line: Line, was: Line | None, irq: Irq | None, tree: Tree) -> Irq:
    """The line's interrupt: `irq` itself when nothing changed, its names kept while the tail is the same."""
    if was is None or irq is None or was.tail != line.tail:
        irq = _new(line, tree)
        was = None
    requested = effective = None
    if irq.label.isdigit():
        requested = _affinity(tree, f"proc/irq/{irq.label}/smp_affinity_list", irq.requested)
        effective = _affinity(tree, f"proc/irq/{irq.label}/effective_affinity_list", irq.effective)
    if was is line and requested is irq.requested and effective is irq.effective:
        return irq
    return Irq(
        irq.ref,
        irq.label,
        line.counts,
        irq.chip,
        irq.hwirq,
        irq.trigger,
        irq.device,
        requested,
        effective,
        irq.node,
    )


def _affinity(tree: Tree, path: str, was: CpuSet | None) -> CpuSet | None:
    cpus = tree.cpus(path)
    return was if cpus == was else cpus


def _new(line: Line, tree: Tree) -> Irq:
    """An interrupt seen for the first time or with other handlers than before."""
    ref = Ref("irq", line.label)
    if not line.label.isdigit():
        return Irq(ref, line.label, line.counts, device=line.tail)
    told = describe(line.tail)
    node = tree.number(f"proc/irq/{line.label}/node")
    at = f"sys/kernel/irq/{line.label}"
    actions = tree.text(f"{at}/actions")
    return Irq(
        ref,
        line.label,
        line.counts,
        chip=tree.text(f"{at}/chip_name") or told.chip,
        hwirq=tree.text(f"{at}/hwirq") or told.hwirq,
        trigger=tree.text(f"{at}/type") or told.trigger,
        device=told.device if actions is None else actions.replace(",", ", "),
        node=node if node is not None and node >= 0 else None,
    )
