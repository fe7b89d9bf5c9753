"""The lab's cgroup subtree: everything it starts stays in there, even what daemonises."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from tests.lab.site import Site

_MEMBERS = "cgroup.procs"
_TRACKING = frozenset({"cgroup2", "name=systemd", "pids"})


@cache
def hierarchies() -> dict[Path, frozenset[str]]:
    """Mount point -> its controllers and options, for each cgroup hierarchy of the host."""
    found: dict[Path, frozenset[str]] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        fstype, _, super_options = after.split(" ", 2)
        where = Path(before.split(" ")[4])
        if fstype == "cgroup2":
            found[where] = frozenset({"cgroup2"})
        elif fstype == "cgroup":
            found[where] = frozenset(super_options.split(","))
    return found


def prepare(site: Site) -> None:
    """Makes the lab's directory in each hierarchy, usable by libvirt and runc as a parent."""
    for mount, kinds in hierarchies().items():
        top = mount / site.cgroup
        with suppress(OSError):
            top.mkdir(exist_ok=True)
        if not top.is_dir():
            continue
        if "cgroup2" in kinds:
            _pass_controllers_down(top)
        elif "cpuset" in kinds:
            _inherit_cpuset(top)
        if kinds & _TRACKING:
            (top / "daemons").mkdir(exist_ok=True)


def _inherit_cpuset(group: Path) -> None:
    for name in ("cpuset.cpus", "cpuset.mems"):
        (group / name).write_text((group.parent / name).read_text())


def _pass_controllers_down(top: Path) -> None:
    for controller in (top / "cgroup.controllers").read_text().split():
        with suppress(OSError):
            (top / "cgroup.subtree_control").write_text(f"+{controller}")


def entrances(site: Site) -> list[Path]:
    """The files a new daemon writes its pid to, so that its offspring can be found."""
    return [
        mount / site.cgroup / "daemons" / _MEMBERS
        for mount, kinds in hierarchies().items()
        if kinds & _TRACKING and (mount / site.cgroup / "daemons").is_dir()
    ]


def tops(site: Site) -> list[Path]:
    """The lab's directories that exist, one for each hierarchy."""
    return [top for mount in hierarchies() if (top := mount / site.cgroup).is_dir()]


def _bottom_up(top: Path) -> Iterator[Path]:
    for here, _, _ in os.walk(top, topdown=False):
        yield Path(here)


def members(site: Site) -> set[int]:
    """Pids of all processes in the lab's cgroups."""
    pids: set[int] = set()
    for top in tops(site):
        for group in _bottom_up(top):
            with suppress(OSError):
                pids.update(map(int, (group / _MEMBERS).read_text().split()))
    return pids - {0}


def thaw(site: Site) -> None:
    """Lets paused containers run: a process in a frozen v1 cgroup does not even die."""
    for top in tops(site):
        for group in _bottom_up(top):
            for name, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
                with suppress(OSError):
                    if (group / name).exists():
                        (group / name).write_text(value)


def remove(site: Site, timeout: float = 3.0) -> None:
    """Removes the lab's directories; the kernel may take a moment after the last exit."""
    deadline = time.monotonic() + timeout
    while left := tops(site):
        for top in left:
            for group in _bottom_up(top):
                with suppress(OSError):
                    group.rmdir()
        if time.monotonic() > deadline:
            return
        time.sleep(0.02)
