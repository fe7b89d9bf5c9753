"""The simulated host behind `vtui --demo`: it needs no root, no daemon and no network.

Domains come from libvirt's own test driver, CPUs and IRQs from files in a temporary directory, both
through the real backends; the rest is played from tables. All of it is a function of the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from vtui.backends.cpus import CpuInfo
from vtui.backends.irq import Irqs
from vtui.config import Config
from vtui.cpuset import parse_list
from vtui.demo import kernel, network
from vtui.demo.containers import containers
from vtui.demo.guests import Guests
from vtui.demo.plant import Time, table
from vtui.demo.played import OverFiles, Played, SimulatedKernel
from vtui.model import Criu, Irqbalance
from vtui.monitor import Backend, Need


def backends(
    config: Config,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> list[Backend]:
    """The simulated host's backends, in the order and under the names of the real ones.

    `clock` in seconds drives all counters and events; `now`, the wall clock in seconds since the epoch, is
    asked once, for the times of boot and creation. Equal clocks give equal values, but for the instance
    numbers of guests: those count the starts of the connection at hand. Nothing of `config` plays a part.
    """
    played = Time.starting(clock, now)
    files = SimulatedKernel(played)

    def runtime(name: str) -> Backend:
        def value(at: float, need: Need) -> object:
            return containers(table("containers"), name, need.visible, at, played.boot)

        return Played(name, played, value)

    return [
        Guests(played),
        runtime("docker"),
        runtime("lxc"),
        Played("ovs", played, lambda at, need: network.open_vswitch(table("network"), at)),
        Played("netlink", played, lambda at, need: network.links(table("network"), at)),
        OverFiles(Irqs, files, lambda at: kernel.interrupts(table("host"), at)),
        OverFiles(CpuInfo, files, lambda at: kernel.load(table("host"), at, played.boot)),
        Played("irqbalance", played, lambda at, need: _IRQBALANCE, cadence=5.0),
        Played("criu", played, lambda at, need: _CRIU, cadence=600.0),
    ]


_IRQBALANCE = Irqbalance(
    pid=812, interval=10, banned_irqs=frozenset({148}), banned_cpus=parse_list("4-15")
)

_CRIU = Criu(path="/usr/sbin/criu", version="4.2", able=True, detail="Looks good.")
