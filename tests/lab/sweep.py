"""Ends and removes everything a lab made, whether or not whoever started it still lives."""

from __future__ import annotations

import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.lab import cgroups, irqbalance, net, ovs
from tests.lab.errors import LabError
from tests.lab.process import Daemons, Recorded, Runner, all_pids, start_time
from tests.lab.site import DATA_ROOT, RUN_ROOT, Site


def sweep(site: Site, daemons: Daemons) -> None:
    """Leaves no process, mount, link, network namespace, cgroup or file of this lab.

    Nothing a lab keeps is worth saving, so the daemons are killed rather than asked: one way
    that also works for what a killed lab left behind.
    """
    _end_processes(site, daemons)
    irqbalance.restore_affinities(site)
    ovs.sweep_taps(site, Runner())
    net.remove(site, Runner())
    cgroups.remove(site)
    _unmount(site)
    for folder, root in ((site.run, RUN_ROOT), (site.data, DATA_ROOT)):
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            root.rmdir()
    if site.run.exists() or site.data.exists():
        raise LabError(f"could not remove all of {site.run} and {site.data}")


def survivors(site: Site, daemons: Daemons) -> list[Recorded]:
    """The lab's processes that are alive: the recorded daemons and the cgroups' members."""
    found = {daemon for daemon in daemons.all().values() if daemon.alive()}
    for pid in cgroups.members(site):
        started = start_time(pid)
        if started is not None:
            found.add(Recorded(pid, started))
    for pid in _in_private_mounts(site):
        started = start_time(pid)
        if started is not None:
            found.add(Recorded(pid, started))
    return sorted(found, key=lambda process: process.pid)


def _in_private_mounts(site: Site) -> Iterator[int]:
    """Pids in the mount namespaces made for the lab's daemons, known by their private /run.

    On hosts with cgroup2 alone libvirt moves guests out of the lab's cgroup; not out of here.
    """
    mark = re.compile(rf"/{RUN_ROOT.name}/{site.name}/ns/[^ ]+ /run ")
    for pid in all_pids():
        with suppress(OSError):
            if mark.search(Path(f"/proc/{pid}/mountinfo").read_text()):
                yield pid


def _end_processes(site: Site, daemons: Daemons, timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while alive := survivors(site, daemons):
        cgroups.thaw(site)
        for process in alive:
            process.send(signal.SIGKILL)
        daemons.reap()
        if time.monotonic() > deadline:
            pids = " ".join(str(process.pid) for process in alive)
            raise LabError(f"processes that do not die: {pids}")
        time.sleep(0.02)
    daemons.reap()


def _unmount(site: Site) -> None:
    """Detaches mounts below the lab's folders, innermost first, before those are deleted."""
    for mount in reversed(mounts_of(site)):
        Runner()("umount", "--lazy", mount)
    if left := mounts_of(site):
        raise LabError(f"still mounted: {' '.join(map(str, left))}")


def mounts_of(site: Site) -> list[Path]:
    """Mount points below the lab's folders in this process's mount namespace."""
    points = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = Path(line.split(" ")[4])
        if point.is_relative_to(site.run) or point.is_relative_to(site.data):
            points.append(point)
    return points
