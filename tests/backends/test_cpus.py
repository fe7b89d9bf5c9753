"""The machine's own CPUs."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from vtui.backends.cpus import CpuInfo, housekeeping
from vtui.monitor import Need

ROOT = Path("/")


@pytest.fixture
async def cpus() -> AsyncIterator[CpuInfo]:
    cpus = CpuInfo(ROOT)
    yield cpus
    await cpus.close()


async def test_this_machines_cpus_are_read_whole(cpus: CpuInfo) -> None:
    seen = await cpus.read(Need())
    assert seen.partial == ""
    assert sum(cpu.online for cpu in seen.cpus) == os.cpu_count()
    assert all(cpu.number in cpu.siblings for cpu in seen.cpus if cpu.online)


async def test_name_kernel_and_boot_are_this_machines(cpus: CpuInfo) -> None:
    seen = await cpus.read(Need())
    assert (seen.hostname, seen.kernel) == (socket.gethostname(), os.uname().release)
    assert seen.boot_time == pytest.approx(psutil.boot_time(), abs=2)


async def test_memory_and_load_are_this_machines(cpus: CpuInfo) -> None:
    seen = await cpus.read(Need())
    assert seen.memory_total == psutil.virtual_memory().total
    assert seen.memory_available is not None
    assert seen.load is not None


async def test_work_makes_a_cpu_busier(cpus: CpuInfo) -> None:
    before = sum(cpu.busy or 0 for cpu in (await cpus.read(Need())).cpus)
    sum(number * number for number in range(3_000_000))
    after = sum(cpu.busy or 0 for cpu in (await cpus.read(Need())).cpus)
    assert after > before


def test_vtui_may_run_where_this_process_does_not_isolate() -> None:
    assert housekeeping(ROOT) <= set(range(os.cpu_count() or 1))
    assert housekeeping(ROOT)
