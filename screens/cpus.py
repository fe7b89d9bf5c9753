"""CPUs: the map, and a row for each."""

from __future__ import annotations

from vtui.columns import Line
from vtui.model import Host
from vtui.owners import owners
from vtui.screens.listing import ListScreen
from vtui.views.cpus import interrupts_on
from vtui.widgets.cpumap import CpuFacts, cpu_map


class CpusScreen(ListScreen):
    """The CPU map above the list of CPUs."""

    def map(self, host: Host, width: int) -> list[Line]:
        """The map, at most half of the screen."""
        return map_lines(host, width)[: max(6, self.size.height // 2)]


def map_lines(host: Host, width: int, *, legend: bool = True) -> list[Line]:
    """The CPU map of a host."""
    if not host.cpus:
        return []
    facts = CpuFacts(
        cpus=host.cpus,
        load={
            cpu.number: load
            for cpu in host.cpus
            if (load := host.rate(cpu.ref, "busy")) is not None
        },
        interrupts=interrupts_on(host),
        owners={cpu: [claim.name for claim in claims] for cpu, claims in owners(host).items()},
    )
    return cpu_map(facts, width, explain=legend)
