"""Sets of CPUs in the kernel's two notations: the list ("0-3,8") and the hexadecimal mask.

Formats: `Documentation/admin-guide/cputopology.rst` (list), `Documentation/core-api/irq/irq-affinity.rst`
(mask: groups of 32 bits, most significant first, parted by commas).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

CpuSet = frozenset[int]

MAX_CPUS = 8192
"""CONFIG_NR_CPUS at its largest on any architecture; a larger number is a mistake, not a CPU."""

_RANGE = re.compile(r"(\d+)(?:-(\d+)(?::(\d+)/(\d+))?)?", re.ASCII)
_MASK = re.compile(r"(?:0x)?[0-9a-f]{1,}(?:,[0-9a-f]{1,8})*", re.IGNORECASE)


def parse_list(text: str) -> CpuSet:
    """The CPUs of a kernel list such as `0-3,8`, `0-31:2/8` or the empty string.

    Raises ValueError for anything else, or for a CPU number of MAX_CPUS or more.
    """
    cpus: set[int] = set()
    text = text.strip()
    if not text:
        return frozenset()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if not match:
            raise ValueError(f"not a CPU list: {text[:80]!r}")
        first = int(match[1])
        last = int(match[2] or first)
        used, group = int(match[3] or 1), int(match[4] or 1)
        if last < first or last >= MAX_CPUS or not 0 < used <= group:
            raise ValueError(f"not a CPU range: {part.strip()[:80]!r}")
        cpus.update(cpu for cpu in range(first, last + 1) if (cpu - first) % group < used)
    return frozenset(cpus)


def format_list(cpus: Iterable[int]) -> str:
    """The shortest kernel list of these CPUs: `0-3,8`; empty for none."""
    runs = []
    for _, group in groupby(enumerate(sorted(set(cpus))), lambda pair: pair[1] - pair[0]):
        run = [cpu for _, cpu in group]
        runs.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ",".join(runs)


def parse_mask(text: str) -> CpuSet:
    """The CPUs of a kernel mask such as `ff` or `00000001,80000000`; ValueError for anything else."""
    text = text.strip()
    if not _MASK.fullmatch(text):
        raise ValueError(f"not a CPU mask: {text[:80]!r}")
    first, *rest = text.lower().removeprefix("0x").split(",")
    value = int(first + "".join(group.zfill(8) for group in rest), 16)
    if value >> MAX_CPUS:
        raise ValueError(f"CPU mask wider than {MAX_CPUS} bits")
    return frozenset(bit for bit in range(value.bit_length()) if value >> bit & 1)


def format_mask(cpus: Iterable[int]) -> str:
    """The kernel mask of these CPUs, in comma-parted groups of 32 bits."""
    value = 0
    for cpu in cpus:
        value |= 1 << cpu
    groups = []
    while True:
        groups.append(value & 0xFFFFFFFF)
        value >>= 32
        if not value:
            break
    head, *tail = reversed(groups)
    return ",".join([f"{head:x}", *(f"{group:08x}" for group in tail)])
