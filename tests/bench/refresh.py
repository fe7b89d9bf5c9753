"""What one refresh of a large host costs, from the backend to the rows on screen."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from tests.trees import MONSTER, build
from tests.ui.still import many_domains
from vtui.backends.cpus import CpuInfo
from vtui.backends.irq import Irqs
from vtui.changes import changes
from vtui.history import History
from vtui.model import Host
from vtui.monitor import Need
from vtui.reading import Ready

ROUNDS = 20


async def read_cost() -> dict[str, float]:
    """Median CPU milliseconds of one read: 1000 IRQs x 256 CPUs, and the 256 CPUs."""
    with tempfile.TemporaryDirectory() as folder:
        build(MONSTER, Path(folder))
        costs: dict[str, list[float]] = {}
        for backend in (Irqs(Path(folder)), CpuInfo(Path(folder))):
            for _ in range(ROUNDS):
                began = time.process_time()
                await backend.read(Need())
                costs.setdefault(backend.name, []).append(time.process_time() - began)
            await backend.close()
    return {f"read {name}": statistics.median(times[1:]) * 1e3 for name, times in costs.items()}


def snapshot_cost() -> dict[str, float]:
    """Median CPU milliseconds to complete and compare snapshots of 500 domains."""
    history, costs, last = History(), [], Host()
    for number in range(ROUNDS):
        host = Host(at=float(number), readings={"libvirt": Ready(many_domains(500), float(number))})
        began = time.process_time()
        completed = history.complete(host)
        for _ in changes(last, completed):
            pass
        costs.append(time.process_time() - began)
        last = completed
    return {"rates and log, 500 domains": statistics.median(costs) * 1e3}


def measure() -> dict[str, float]:
    """All of them, by name."""
    return {**asyncio.run(read_cost()), **snapshot_cost()}
