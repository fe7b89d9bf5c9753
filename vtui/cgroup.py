"""What a container's control group says: CPU time, memory, CPUs, frozen or not.

Read from the mounts below /sys/fs/cgroup: version 2 alone, version 1 with a mount for each
controller (or for several, as "cpu,cpuacct"), or both ("hybrid": version 2 in "unified").

Facts: Documentation/admin-guide/cgroup-v1/{cpuacct,memory,cpusets,freezer-subsystem}.rst and
Documentation/admin-guide/cgroup-v2.rst of the kernel; cgroups(7) for /proc/PID/cgroup. Where the
runtimes put their groups: `--cgroup-parent` in dockerd(8), `lxc.cgroup.dir` in
lxc.container.conf(5).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from vtui.cpuset import CpuSet, parse_list

T = TypeVar("T")

UNIFIED = "unified"
"""Stands for version 2 wherever a controller's name does for version 1."""

CONTROLLERS = ("cpuset", "cpuacct", "memory", "freezer", UNIFIED)

MAX_DEPTH = 10
MAX_GROUPS = 20_000
"""Bounds of a search: a host that is well has no deeper tree and not as many groups."""

# /docker/ID of cgroupfs, docker-ID.scope of systemd; other engines have a prefix of their own
_GROUP_OF_ID = re.compile(r"(?:[a-z-]+-)?([0-9a-f]{64})(?:\.scope)?")

_COUNT = re.compile(r"\d{1,20}", re.ASCII)
_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class Group:
    """One container's control group: by controller, the mount and the path below it."""

    mounts: Mapping[str, str]
    paths: Mapping[str, str]

    def text(self, controller: str, name: str) -> str | None:
        """What the group's file says; None without such a controller, group or file."""
        mount, path = self.mounts.get(controller), self.paths.get(controller)
        return None if mount is None or path is None else _read(f"{mount}/{path}/{name}")


class Groups:
    """Finds control groups below `root` and remembers where; for one thread at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._mounts: dict[str, str] = {}
        self._asked: frozenset[str] = frozenset()
        self._by_id: dict[str, Group] = {}
        self._by_process: dict[tuple[int, str], Group] = {}

    def of_ids(self, ids: Iterable[str]) -> Mapping[str, Group]:
        """The groups of running containers by their Docker ids; those of another host are left out.

        Costs nothing while the ids stay the same. For new ones the tree is searched, once: a few
        milliseconds.
        """
        asked = frozenset(ids)
        if asked != self._asked:
            self._by_id = {key: group for key, group in self._by_id.items() if key in asked}
            self._find(asked - self._by_id.keys())
            self._asked = asked
        return self._by_id

    def of_processes(self, wanted: Iterable[tuple[int, str]]) -> Mapping[tuple[int, str], Group]:
        """The groups of running LXC containers by the process id of their init and their name."""
        asked = frozenset(wanted)
        known = self._by_process
        if asked != known.keys():
            known = {key: group for key, group in known.items() if key in asked}
            for pid, name in asked - known.keys():
                text = _read(f"{self._root}/proc/{pid}/cgroup")
                if text is not None:
                    known[pid, name] = Group(self._mounted(), container_paths(text, name))
            self._by_process = known
        return known

    def _mounted(self) -> Mapping[str, str]:
        if not self._mounts:
            self._mounts = mounts(self._root)
        return self._mounts

    def _find(self, missing: frozenset[str]) -> None:
        there = self._mounted()
        base = next((there[name] for name in CONTROLLERS if name in there), None)
        if base is None or not missing:
            return
        found = search(base)
        for key in missing & found.keys():
            self._by_id[key] = Group(there, dict.fromkeys(CONTROLLERS, found[key]))


def mounts(root: Path) -> dict[str, str]:
    """The directory of each controller's hierarchy below `root`; UNIFIED is version 2's."""
    top = root / "sys/fs/cgroup"
    if (top / "cgroup.controllers").exists():
        return {UNIFIED: str(top)}
    return {
        name: f"{top}/{entry}"
        for entry in _directories(str(top))
        for name in entry.split(",")
        if name in CONTROLLERS
    }


def search(base: str) -> dict[str, str]:
    """Every group below `base` that is named after a container's id: id -> path below `base`.

    Stays within the bounds, and out of the groups found: a container's containers are not ours.
    """
    found: dict[str, str] = {}
    level, seen = [""], 0
    for _ in range(MAX_DEPTH):
        below: list[str] = []
        for path in level:
            for name in _directories(f"{base}/{path}"):
                inner = f"{path}/{name}" if path else name
                if match := _GROUP_OF_ID.fullmatch(name):
                    found[match[1]] = inner
                else:
                    below.append(inner)
            seen += 1
            if seen > MAX_GROUPS:
                return found
        level = below
    return found


def container_paths(text: str, name: str) -> dict[str, str]:
    """The group of the LXC container `name` by controller, from its init's /proc/PID/cgroup.

    Init may have moved deeper, as systemd does to init.scope: what follows the container's own
    directory (lxc.payload.NAME, or lxc/NAME before LXC 4) is cut off.
    """
    own = re.compile(rf"(?:.*/)?lxc(?:\.payload\.|/){re.escape(name)}(?:-\d+)?(?=/|$)")
    found: dict[str, str] = {}
    for line in text.split("\n"):
        _, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if not colon or ".." in path.split("/"):  # outside our own cgroup namespace
            continue
        path = path.strip("/")
        match = own.match(path)
        path = match[0] if match else path.removesuffix("/init.scope")
        found.update(dict.fromkeys(controllers.split(",") if controllers else [UNIFIED], path))
    return found


# ------------------------------------------------------------------ what a group says


def cpu_time(group: Group) -> int | None:
    """CPU time used by the group's processes, be they gone, in ns; None when it is not told."""
    return _first(group, _CPU_TIME)


def memory(group: Group) -> int | None:
    """Bytes in use but for page cache that is about to go, which is what `docker stats` shows."""
    for controller, usage, inactive in _MEMORY:
        used = _count(group.text(controller, usage) or "")
        if used is not None:
            idle = _field(group.text(controller, "memory.stat") or "", inactive) or 0
            return used - idle if idle < used else used
    return None


def cpus(group: Group) -> CpuSet | None:
    """The online CPUs the group's processes may run on; None when it is not told."""
    found = _first(group, _CPUS)
    return _inherited_cpus(group) if found is None else found


def frozen(group: Group) -> bool | None:
    """Whether the freezer holds the group's processes; None when it is not told."""
    return _first(group, _FROZEN)


def _inherited_cpus(group: Group) -> CpuSet | None:
    """In version 2 a group without the cpuset controller has its nearest ancestor's CPUs."""
    path = group.paths.get(UNIFIED, "")
    while path:
        path = path.rpartition("/")[0]
        text = Group(group.mounts, {UNIFIED: path}).text(UNIFIED, _EFFECTIVE)
        if text is not None:
            return _cpus(text)
    return None


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text := text.strip()) else None


def _field(text: str, name: str) -> int | None:
    """The number after `name` in a flat keyed file: one "KEY VALUE" a line."""
    for line in text.split("\n"):
        key, _, value = line.partition(" ")
        if key == name:
            return _count(value)
    return None


def _usage(text: str) -> int | None:
    microseconds = _field(text, "usage_usec")
    return None if microseconds is None else microseconds * 1000


@lru_cache(maxsize=256)
def _cpus(text: str) -> CpuSet | None:
    try:
        return parse_list(text) or None
    except ValueError:
        return None


def _frozen_state(text: str) -> bool | None:
    """FREEZING is not frozen yet."""
    return text.strip() == "FROZEN" if text else None


def _frozen_event(text: str) -> bool | None:
    value = _field(text, "frozen")
    return None if value is None else value == 1


Source = tuple[str, str, Callable[[str], T | None]]
"""Controller, file, parser."""

_EFFECTIVE = "cpuset.cpus.effective"

_CPU_TIME: tuple[Source[int], ...] = (
    ("cpuacct", "cpuacct.usage", _count),
    (UNIFIED, "cpu.stat", _usage),
)
_MEMORY = (
    ("memory", "memory.usage_in_bytes", "total_inactive_file"),
    (UNIFIED, "memory.current", "inactive_file"),
)
_CPUS: tuple[Source[CpuSet], ...] = (
    ("cpuset", "cpuset.effective_cpus", _cpus),
    ("cpuset", "cpuset.cpus", _cpus),
    (UNIFIED, _EFFECTIVE, _cpus),
)
_FROZEN: tuple[Source[bool], ...] = (
    ("freezer", "freezer.state", _frozen_state),
    (UNIFIED, "cgroup.events", _frozen_event),
)


def _first(group: Group, sources: Iterable[Source[T]]) -> T | None:
    for controller, name, parse in sources:
        text = group.text(controller, name)
        if text is not None and (found := parse(text)) is not None:
            return found
    return None


def _read(path: str) -> str | None:
    """A small file's text; None when it cannot be read, as when its group has just gone."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError):  # ValueError: a name with a NUL
        return None
    try:
        return os.read(file, _LIMIT).decode(errors="replace")
    except OSError:
        return None
    finally:
        os.close(file)


def _directories(path: str) -> Collection[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(one.name for one in entries if one.is_dir(follow_symlinks=False))
    except OSError:
        return ()
