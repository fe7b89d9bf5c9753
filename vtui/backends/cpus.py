"""CPUs, memory and the kernel: /proc/stat, /proc/meminfo, /sys/devices/system/{cpu,node}.

Formats: `Documentation/filesystems/proc.rst`, `Documentation/admin-guide/cputopology.rst`,
`Documentation/admin-guide/pm/cpufreq.rst`, `Documentation/admin-guide/mm/hugetlbpage.rst`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vtui.cpuset import MAX_CPUS, CpuSet, parse_list
from vtui.errors import Unavailable
from vtui.lanes import Lane, never
from vtui.model import Cpu, Cpus, HugePages, Ref
from vtui.monitor import TICK, Need
from vtui.procfs import Tree, partly

CPU = "sys/devices/system/cpu"
NODE = "sys/devices/system/node"

FREQUENCY_TIME = 0.05
"""Seconds given to reading frequencies: some drivers take 10 ms a CPU and more."""

QUIET_FREQUENCY = (5, 19)
"""The first kernel whose scaling_cur_freq on x86 sends no interrupt to the CPU asked about
(arch/x86/kernel/cpu/aperfmperf.c)."""

_BUSY = (0, 1, 2, 5, 6, 7)
"""user, nice, system, irq, softirq, steal; user and nice hold the guests' time already."""


@dataclass(frozen=True, slots=True)
class Place:
    """What does not change about a CPU while it is there."""

    ref: Ref
    package: int | None = None
    core: int | None = None
    siblings: CpuSet = frozenset()
    node: int | None = None


@dataclass(frozen=True, slots=True)
class Sets:
    """The CPU sets of one moment."""

    present: CpuSet
    online: CpuSet
    isolated: CpuSet
    nohz_full: CpuSet


@dataclass(frozen=True, slots=True)
class Stat:
    """Of /proc/stat: ns not idle by CPU, and the time of boot."""

    busy: Mapping[int, int]
    boot_time: float | None


def parse_stat(text: str, hertz: int) -> Stat:
    """Read /proc/stat, whose times count 1/`hertz` s; what makes no sense is left out."""
    busy = {}
    for match in _STAT_CPU.finditer(text):
        fields = [int(field) for field in match[2].split()]
        if int(match[1]) < MAX_CPUS:
            ticks = sum(fields[at] for at in _BUSY if at < len(fields))
            busy[int(match[1])] = ticks * 1_000_000_000 // hertz
    boot = _BOOT.search(text)
    return Stat(busy, float(boot[1]) if boot else None)


_STAT_CPU = re.compile(r"^cpu(\d{1,5})((?: +\d{1,20}){4,}) *$", re.MULTILINE | re.ASCII)
_BOOT = re.compile(r"^btime (\d{1,15})$", re.MULTILINE | re.ASCII)


def parse_memory(text: str) -> tuple[int | None, int | None]:
    """Total and available memory of /proc/meminfo, in bytes."""
    found = {match[1]: int(match[2]) * 1024 for match in _MEMORY.finditer(text)}
    return found.get("MemTotal"), found.get("MemAvailable")


_MEMORY = re.compile(r"^(MemTotal|MemAvailable): *(\d{1,15}) kB$", re.MULTILINE | re.ASCII)


def parse_load(text: str) -> tuple[float, float, float] | None:
    """The three averages of /proc/loadavg."""
    match = _LOAD.match(text)
    return (float(match[1]), float(match[2]), float(match[3])) if match else None


_LOAD = re.compile(r"(\d{1,9}\.\d\d) (\d{1,9}\.\d\d) (\d{1,9}\.\d\d)\b", re.ASCII)


def parse_rcu_nocbs(command_line: str, possible: CpuSet) -> CpuSet:
    """The CPUs whose RCU callbacks the command line moves away; no file in /sys tells them.

    Lists may say "all", and "N" for the last CPU (`Documentation/admin-guide/kernel-parameters.rst`);
    a bare `rcu_nocbs` names none. The last one counts. Raises ValueError for a list that is none.
    """
    last = max(possible, default=0)
    cpus: CpuSet = frozenset()
    for name, value in _parameters(command_line):
        if name == "rcu_nocbs":
            text = re.sub(r"\ball\b", f"0-{last}", value, flags=re.IGNORECASE)
            cpus = parse_list(re.sub(r"\bN\b", str(last), text)) & possible
    return cpus


def _parameters(command_line: str) -> Iterator[tuple[str, str]]:
    """The kernel's own parameters: what follows "--" is for init, "-" and "_" are alike in names."""
    for word in command_line.split():
        if word == "--":
            return
        name, _, value = word.partition("=")
        yield name.replace("-", "_"), value.strip('"')


def housekeeping(root: Path) -> CpuSet:
    """The online CPUs that are neither isolated nor nohz_full: where vtui itself may run.

    All online ones when that leaves none, and none when `root` does not tell. Does not block long:
    three small files.
    """
    try:
        with Tree(root) as tree:
            sets = _sets(tree)
    except OSError:
        return frozenset()
    return (sets.online - sets.isolated - sets.nohz_full) or sets.online


def _sets(tree: Tree) -> Sets:
    online = tree.cpus(f"{CPU}/online") or frozenset()
    isolated = tree.cpus(f"{CPU}/isolated")
    if isolated is None:
        tree.problem(f"{CPU}/isolated: missing")
    return Sets(
        present=(tree.cpus(f"{CPU}/present") or frozenset()) | online,
        online=online,
        isolated=isolated or frozenset(),
        nohz_full=tree.cpus(f"{CPU}/nohz_full") or frozenset(),
    )


class CpuInfo:
    """Every CPU with its role and its load, and the machine's memory, name and kernel."""

    name = "cpus"
    cadence = TICK
    deadline = 5.0

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lane = Lane("reading /proc and /sys", self.deadline - 0.5)
        self._hertz = os.sysconf("SC_CLK_TCK")
        self._known: tuple[CpuSet, CpuSet] | None = None
        self._places: dict[int, Place] = {}

    async def read(self, need: Need) -> Cpus:
        """The CPUs now. Raises Unavailable when neither /proc nor /sys tells of any."""
        shown = {int(ref.id) for ref in need.visible if ref.kind == "cpu" and ref.id.isdecimal()}
        return await self._lane.call(self._read, shown)

    async def changed(self) -> None:
        """Never returns: the kernel tells nobody."""
        await never()

    async def close(self) -> None:
        """End the thread."""
        self._lane.close()

    def _read(self, shown: Collection[int]) -> Cpus:
        try:
            with Tree(self._root) as tree:
                return self._cpus(tree, shown)
        except OSError as error:
            raise Unavailable(
                f"no files below {self._root}: {error.strerror}", "check --root"
            ) from error

    def _cpus(self, tree: Tree, shown: Collection[int]) -> Cpus:
        stat = parse_stat(tree.needed("proc/stat"), self._hertz)
        sets = _sets(tree)
        if not sets.online:
            seen = frozenset(stat.busy)
            sets = Sets(sets.present | seen, seen, sets.isolated, sets.nohz_full)
        if not sets.present:
            raise Unavailable(
                f"no CPU is told of below {self._root}", "mount /proc and /sys, or check --root"
            )
        if self._known != (sets.present, sets.online):
            self._places = _topology(tree, sets.present)
            self._known = (sets.present, sets.online)
        command_line = tree.needed("proc/cmdline")
        kernel = tree.text("proc/sys/kernel/osrelease") or ""
        nocbs = _nocbs(tree, command_line, sets)
        frequencies = _frequencies(tree, sets, shown, kernel)
        total, available = parse_memory(tree.needed("proc/meminfo"))
        return Cpus(
            tuple(
                _cpu(tree, place, sets, nocbs, stat.busy.get(number), frequencies.get(number))
                for number, place in self._places.items()
            ),
            hostname=tree.text("proc/sys/kernel/hostname") or "",
            kernel=kernel,
            command_line=command_line,
            boot_time=stat.boot_time,
            load=parse_load(tree.text("proc/loadavg") or ""),
            memory_total=total,
            memory_available=available,
            hugepages=tuple(_hugepages(tree)),
            partial=partly(tree.problems),
        )


def _cpu(
    tree: Tree, place: Place, sets: Sets, nocbs: CpuSet, busy: int | None, frequency: int | None
) -> Cpu:
    number = int(place.ref.id)
    online = number in sets.online
    governor = tree.text(f"{CPU}/cpu{number}/cpufreq/scaling_governor") if online else None
    return Cpu(
        place.ref,
        number,
        online=online,
        isolated=number in sets.isolated,
        nohz_full=number in sets.nohz_full,
        rcu_nocbs=number in nocbs,
        package=place.package,
        core=place.core,
        siblings=place.siblings,
        node=place.node,
        governor=governor or "",
        frequency=frequency,
        busy=busy,
    )


def _topology(tree: Tree, present: CpuSet) -> dict[int, Place]:
    nodes = {
        cpu: node
        for node in _nodes(tree)
        for cpu in tree.cpus(f"{NODE}/node{node}/cpulist") or frozenset()
    }
    return {
        number: Place(
            Ref("cpu", str(number)),
            package=_known(tree.number(f"{CPU}/cpu{number}/topology/physical_package_id")),
            core=_known(tree.number(f"{CPU}/cpu{number}/topology/core_id")),
            siblings=tree.cpus(f"{CPU}/cpu{number}/topology/thread_siblings_list") or frozenset(),
            node=nodes.get(number),
        )
        for number in sorted(present)
    }


def _known(number: int | None) -> int | None:
    """The kernel says -1 for what the firmware does not tell."""
    return None if number is None or number < 0 else number


def _nodes(tree: Tree) -> list[int]:
    found = (_NODE.fullmatch(name) for name in tree.names(NODE))
    return sorted(int(match[1]) for match in found if match)


_NODE = re.compile(r"node(\d{1,6})", re.ASCII)


def _nocbs(tree: Tree, command_line: str, sets: Sets) -> CpuSet:
    """rcu_nocbs, of which nohz_full CPUs are without asking (`Documentation/timers/no_hz.rst`)."""
    possible = (tree.cpus(f"{CPU}/possible") or frozenset()) | sets.present
    try:
        return parse_rcu_nocbs(command_line, possible) | sets.nohz_full
    except ValueError:
        tree.problem("rcu_nocbs= of the kernel command line is not a CPU list")
        return sets.nohz_full


def _frequencies(tree: Tree, sets: Sets, shown: Collection[int], kernel: str) -> dict[int, int]:
    """Hz by CPU: first of those on screen, then of the others while there is time."""
    disturbed = frozenset() if _version(kernel) >= QUIET_FREQUENCY else sets.isolated
    wanted = sorted(sets.online - disturbed, key=lambda number: (number not in shown, number))
    found, end = {}, time.monotonic() + FREQUENCY_TIME
    for number in wanted:
        text = tree.text(f"{CPU}/cpu{number}/cpufreq/scaling_cur_freq")
        if text and _KHZ.fullmatch(text):  # "<unknown>" otherwise
            found[number] = int(text) * 1000
        if time.monotonic() > end:
            break
    return found


_KHZ = re.compile(r"[1-9]\d{0,11}", re.ASCII)


def _version(kernel: str) -> tuple[int, int]:
    match = _RELEASE.match(kernel)
    return (int(match[1]), int(match[2])) if match else (0, 0)


_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)


def _hugepages(tree: Tree) -> Iterator[HugePages]:
    """By node and size; a kernel without NUMA keeps them all in /sys/kernel/mm, told as node 0."""
    folders = {node: f"{NODE}/node{node}/hugepages" for node in _nodes(tree)}
    for node, folder in (folders or {0: "sys/kernel/mm/hugepages"}).items():
        for name in tree.names(folder):
            size = _HUGE.fullmatch(name)
            total = tree.number(f"{folder}/{name}/nr_hugepages")
            free = tree.number(f"{folder}/{name}/free_hugepages")
            if size and total is not None and free is not None:
                yield HugePages(node, int(size[1]) * 1024, total, free)


_HUGE = re.compile(r"hugepages-(\d{1,12})kB", re.ASCII)
