"""What the simulated kernel shows under /proc and /sys: text as functions of time since its boot.

Formats: `Documentation/filesystems/proc.rst`, `Documentation/core-api/irq/irq-affinity.rst`,
`Documentation/ABI/testing/sysfs-devices-system-cpu`, and kernel/irq/proc.c (show_interrupts).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from vtui import cpuset
from vtui.demo import wave
from vtui.demo.plant import Table

USER_HZ = os.sysconf("SC_CLK_TCK")
"""Ticks a second in /proc/stat: the machine's own, by which its readers count."""

WRAP = 1 << 32
"""The kernel keeps an interrupt's count per CPU in an unsigned int."""

Files = dict[str, str]
"""Text by path below the root."""


def fixed(host: Table) -> Files:
    """The files that do not change while the machine is up."""
    count = len(host["busy"])
    everything = f"0-{count - 1}"
    files = {
        "proc/cmdline": host["command_line"],
        "proc/sys/kernel/hostname": host["hostname"],
        "proc/sys/kernel/osrelease": host["kernel"],
        "sys/devices/system/cpu/online": everything,
        "sys/devices/system/cpu/present": everything,
        "sys/devices/system/cpu/possible": everything,
        "sys/devices/system/cpu/isolated": host["isolated"],
        "sys/devices/system/cpu/nohz_full": host["isolated"],
    }
    for node, cpus in enumerate(host["nodes"]):
        files[f"sys/devices/system/node/node{node}/cpulist"] = cpus
    for row in host["hugepages"]:
        files |= _hugepages(row)
    for cpu in range(count):
        files |= _cpu(host, cpu)
    for row in host["irqs"]:
        files |= _irq(row)
    return {name: text + "\n" for name, text in files.items()}


def interrupts(host: Table, at: float) -> Files:
    """The interrupt counters `at` seconds after boot."""
    count = len(host["busy"])
    housekeeping = _housekeeping(host)
    lines = ["     " + "".join(f"{f'CPU{cpu}':<11}" for cpu in range(count))]
    for number, chip, hwirq, trigger, device, _, target, _, rate in host["irqs"]:
        counts = [0] * count
        counts[target] = int(wave.total(rate, device, at))
        rest = f" {chip:>8} {hwirq:>4}-{trigger:<8}  {device}"
        lines.append(_line(str(number), counts) + rest)
    for label, words, busy, quiet in host["system"]:
        counts = [
            int(wave.total(busy if cpu in housekeeping else quiet, f"{label}{cpu}", at))
            for cpu in range(count)
        ]
        lines.append(_line(label, counts) + f"  {words}")
    lines += [_line(label, [0]) for label in host["sums"]]
    return {"proc/interrupts": "\n".join(lines) + "\n"}


def load(host: Table, at: float, boot: float) -> Files:
    """CPU times, load and memory `at` seconds after a boot at `boot` seconds since the epoch."""
    return {
        "proc/stat": "\n".join(_stat(host, at, boot)) + "\n",
        "proc/loadavg": _loadavg(at),
        "proc/meminfo": _meminfo(host, at),
    }


def cpu_time(host: Table, cpus: list[int], at: float) -> int:
    """ns these CPUs were busy since boot."""
    seconds = sum(wave.busy(host["busy"][cpu], f"cpu{cpu}", at) for cpu in cpus)
    return int(seconds * 1e9)


def _housekeeping(host: Table) -> cpuset.CpuSet:
    return frozenset(range(len(host["busy"]))) - cpuset.parse_list(host["isolated"])


def _line(label: str, counts: list[int]) -> str:
    return f"{label:>4}: " + " ".join(f"{count % WRAP:>10}" for count in counts)


def _cpu(host: Table, cpu: int) -> Files:
    base, core = f"sys/devices/system/cpu/cpu{cpu}", cpu // 2
    return {
        f"{base}/topology/physical_package_id": "0",
        f"{base}/topology/core_id": f"{core}",
        f"{base}/topology/thread_siblings_list": f"{core * 2}-{core * 2 + 1}",
        f"{base}/cpufreq/scaling_governor": host["governor"],
        f"{base}/cpufreq/scaling_cur_freq": f"{host['kilohertz']}",
    }


def _hugepages(row: list[int]) -> Files:
    node, size, total, free = row
    base = f"sys/devices/system/node/node{node}/hugepages/hugepages-{size}kB"
    return {f"{base}/nr_hugepages": f"{total}", f"{base}/free_hugepages": f"{free}"}


def _irq(row: list[Any]) -> Files:
    number, chip, hwirq, trigger, device, requested, target, node, _ = row
    proc, sysfs = f"proc/irq/{number}", f"sys/kernel/irq/{number}"
    return {
        f"{proc}/smp_affinity_list": requested,
        f"{proc}/effective_affinity_list": f"{target}",
        f"{proc}/node": f"{node}",
        f"{sysfs}/actions": device.replace(", ", ","),
        f"{sysfs}/chip_name": chip,
        f"{sysfs}/hwirq": hwirq,
        f"{sysfs}/type": "level" if trigger == "fasteoi" else "edge",
    }


def _ticks(host: Table, at: float) -> list[list[int]]:
    """Per CPU: user nice system idle iowait irq softirq steal guest guest_nice, in 1/USER_HZ s."""
    housekeeping, elapsed, found = _housekeeping(host), int(at * USER_HZ), []
    for cpu, share in enumerate(host["busy"]):
        used = int(wave.busy(share, f"cpu{cpu}", at) * USER_HZ)
        # An isolated CPU runs user space, or a guest, and nothing else. Each part is a floor of what is
        # left by the one before it, so that none ever goes back.
        user = used * 6 // 10 if cpu in housekeeping else used
        softirq = (used - user) // 4
        guest = used if cpu in host["guest_cpus"] else 0
        system = used - user - softirq
        found.append([user, 0, system, elapsed - used, 0, 0, softirq, 0, guest, 0])
    return found


def _stat(host: Table, at: float, boot: float) -> Iterator[str]:
    cpus = _ticks(host, at)
    yield "cpu  " + " ".join(str(sum(column)) for column in zip(*cpus, strict=True))
    for number, ticks in enumerate(cpus):
        yield f"cpu{number} " + " ".join(map(str, ticks))
    yield f"btime {int(boot)}"


def _loadavg(at: float) -> str:
    one, five, fifteen = (
        wave.gauge(low, high, f"load{index}", at)
        for index, (low, high) in enumerate(((6.2, 8.4), (6.7, 7.6), (6.9, 7.3)))
    )
    return f"{one:.2f} {five:.2f} {fifteen:.2f} {int(one) + 1}/914 {20_000 + int(at) % 10_000}\n"


def _meminfo(host: Table, at: float) -> str:
    total = host["memory_kib"]
    huge = sum(size * pages for _, size, pages, _ in host["hugepages"])
    available = int(wave.gauge(0.62, 0.70, "memory", at) * (total - huge))
    fields = {"MemTotal": total, "MemFree": available * 7 // 10, "MemAvailable": available}
    return "".join(f"{name + ':':<15} {kib:>8} kB\n" for name, kib in fields.items())
