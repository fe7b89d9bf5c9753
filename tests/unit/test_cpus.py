"""CPUs, memory and kernel of machines that are not at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trees import ARM, MONSTER, OFFLINE, RT_HOST, VM, HostSpec, build, write
from vtui.backends.cpus import (
    CpuInfo,
    housekeeping,
    parse_load,
    parse_memory,
    parse_rcu_nocbs,
    parse_stat,
)
from vtui.cpuset import parse_list
from vtui.errors import Unavailable
from vtui.model import Cpus, HugePages, Ref
from vtui.monitor import Need

CPU = "sys/devices/system/cpu"
SIXTEEN = frozenset(range(16))


def read(root: Path, *changes: Callable[[], object], need: Need | None = None) -> Cpus:
    """What one backend sees in the end, reading before, between and after these changes."""

    async def scene() -> Cpus:
        backend = CpuInfo(root)
        try:
            seen = await backend.read(need or Need())
            for change in changes:
                change()
                seen = await backend.read(need or Need())
            return seen
        finally:
            await backend.close()

    return asyncio.run(scene())


# ------------------------------------------------------------------ /proc/stat and its like


def test_busy_is_all_but_idle_and_iowait_and_counts_guests_once() -> None:
    stat = parse_stat("cpu0 1 2 4 800 1600 8 16 32 6400 12800\n", 100)
    assert stat.busy == {0: (1 + 2 + 4 + 8 + 16 + 32) * 10_000_000}


def test_the_line_of_all_cpus_is_none_of_them() -> None:
    assert parse_stat("cpu  1 2 3 4 5 6 7 8 9 10\n", 100).busy == {}


def test_an_old_kernels_shorter_line_is_read() -> None:
    assert parse_stat("cpu0 1 2 4 800\n", 1000).busy == {0: 7_000_000}


def test_the_time_of_boot_is_read() -> None:
    assert parse_stat("intr 1 2 3\nbtime 1700000000\n", 100).boot_time == 1_700_000_000.0


@pytest.mark.parametrize(
    "text", ["", "cpu0", "cpu0 1 x 3 4 5\n", "cpu99999 1 2 3 4 5\n", "btime -1"]
)
def test_what_makes_no_sense_of_stat_is_left_out(text: str) -> None:
    stat = parse_stat(text, 100)
    assert (stat.busy, stat.boot_time) == ({}, None)


def test_memory_is_in_bytes() -> None:
    text = "MemTotal:       16 kB\nMemFree:  1 kB\nMemAvailable:    2 kB\n"
    assert parse_memory(text) == (16384, 2048)


def test_memory_an_old_kernel_does_not_tell_is_not_known() -> None:
    assert parse_memory("MemTotal:       16 kB\n") == (16384, None)


def test_load_is_three_numbers() -> None:
    assert parse_load("0.50 1.25 12.00 1/234 5678") == (0.5, 1.25, 12.0)


@pytest.mark.parametrize("text", ["", "0.50 1.25", "nan nan nan 1/2 3", "-1.00 0.00 0.00"])
def test_what_is_no_load_is_not_known(text: str) -> None:
    assert parse_load(text) is None


@given(st.text() | st.text(alphabet="cpu0123456789 .\nMemTotal:kB", max_size=80))
def test_no_text_crashes_a_parser(text: str) -> None:
    parse_stat(text, 100)
    parse_memory(text)
    parse_load(text)


# ------------------------------------------------------------------ the command line


@pytest.mark.parametrize(
    ("command_line", "cpus"),
    [
        ("", ""),
        ("quiet", ""),
        ("rcu_nocbs=4-7", "4-7"),
        ("a rcu_nocbs=4-7,9 b", "4-7,9"),
        ("rcu-nocbs=1", "1"),
        ('rcu_nocbs="1"', "1"),
        ("rcu_nocbs", ""),
        ("rcu_nocbs=all", "0-15"),
        ("rcu_nocbs=2-N", "2-15"),
        ("rcu_nocbs=N", "15"),
        ("rcu_nocbs=all:1/2", "0,2,4,6,8,10,12,14"),
        ("rcu_nocbs=1 rcu_nocbs=2", "2"),
        ("rcu_nocbs=1 -- rcu_nocbs=2", "1"),
        ("rcu_nocbs=14-99", "14-15"),
        ("xrcu_nocbs=1", ""),
    ],
)
def test_rcu_nocbs_is_read_as_the_kernel_does(command_line: str, cpus: str) -> None:
    assert parse_rcu_nocbs(command_line, SIXTEEN) == parse_list(cpus)


def test_rcu_nocbs_that_is_no_list_is_refused() -> None:
    with pytest.raises(ValueError, match="not a CPU"):
        parse_rcu_nocbs("rcu_nocbs=some", SIXTEEN)


@given(st.text())
def test_any_command_line_is_read_or_refused(text: str) -> None:
    try:
        cpus = parse_rcu_nocbs(f"rcu_nocbs={text}", SIXTEEN)
    except ValueError:
        return
    assert cpus <= SIXTEEN


# ------------------------------------------------------------------ whole machines


def test_the_rt_hosts_roles_are_told_by_cpu(tmp_path: Path) -> None:
    seen = read(build(RT_HOST, tmp_path))
    assert seen.partial == ""
    assert seen.isolated == parse_list("4-15")
    assert seen.housekeeping == parse_list("0-3")
    assert [cpu.number for cpu in seen.cpus if cpu.nohz_full] == list(range(4, 16))
    assert [cpu.number for cpu in seen.cpus if cpu.rcu_nocbs] == list(range(4, 16))


def test_the_rt_hosts_topology_is_told_by_cpu(tmp_path: Path) -> None:
    cpu = read(build(RT_HOST, tmp_path)).cpus[13]
    assert (cpu.number, cpu.package, cpu.core, cpu.siblings) == (13, 1, 6, {12, 13})
    assert cpu.node == 1


def test_speed_and_work_are_told_by_cpu(tmp_path: Path) -> None:
    cpu = read(build(RT_HOST, tmp_path)).cpus[2]
    assert (cpu.governor, cpu.frequency) == ("performance", 2_600_002_000)
    assert cpu.busy == (102 + 10 + 20 + 3 + 4 + 5) * 10_000_000


def test_memory_load_and_kernel_are_the_hosts(tmp_path: Path) -> None:
    seen = read(build(RT_HOST, tmp_path))
    assert (seen.hostname, seen.kernel) == ("rt-host", "6.6.30-rt30-yocto-preempt-rt")
    assert seen.command_line == RT_HOST.command_line
    assert (seen.boot_time, seen.load) == (1_700_000_000.0, (0.5, 0.25, 0.12))
    assert (seen.memory_total, seen.memory_available) == (16384000 * 1024, 12288000 * 1024)


def test_huge_pages_are_told_by_node_and_size(tmp_path: Path) -> None:
    assert set(read(build(RT_HOST, tmp_path)).hugepages) == {
        HugePages(0, 2048 * 1024, 512, 100),
        HugePages(0, 1048576 * 1024, 4, 4),
        HugePages(1, 1048576 * 1024, 4, 0),
    }


def test_without_numa_huge_pages_are_of_node_0_and_cpus_of_none(tmp_path: Path) -> None:
    seen = read(build(ARM, tmp_path))
    assert seen.hugepages == (HugePages(0, 2048 * 1024, 64, 64),)
    assert {cpu.node for cpu in seen.cpus} == {None}


def test_a_package_the_firmware_does_not_tell_is_not_known(tmp_path: Path) -> None:
    assert {cpu.package for cpu in read(build(ARM, tmp_path)).cpus} == {None}


def test_a_cpu_that_is_off_is_there_and_off(tmp_path: Path) -> None:
    seen = read(build(OFFLINE, tmp_path))
    off = seen.cpus[1]
    assert [cpu.online for cpu in seen.cpus] == [True, False, True, True]
    assert (off.number, off.busy, off.core, off.siblings) == (1, None, None, frozenset())
    assert seen.housekeeping == {0, 2, 3}


def test_a_guest_without_frequency_scaling_tells_none(tmp_path: Path) -> None:
    seen = read(build(VM, tmp_path))
    assert {(cpu.governor, cpu.frequency) for cpu in seen.cpus} == {("", None)}
    assert seen.partial == ""


@pytest.mark.parametrize("text", ["", "(null)"])
def test_an_empty_set_may_be_written_in_two_ways(tmp_path: Path, text: str) -> None:
    seen = read(build(replace(RT_HOST, isolated=text, nohz_full=text, command_line=""), tmp_path))
    assert seen.housekeeping == SIXTEEN
    assert seen.partial == ""


def test_nohz_full_implies_rcu_nocbs(tmp_path: Path) -> None:
    seen = read(build(replace(RT_HOST, command_line="rcu_nocbs=3"), tmp_path))
    assert [cpu.number for cpu in seen.cpus if cpu.rcu_nocbs] == list(range(3, 16))


def test_all_of_rcu_nocbs_are_the_possible_cpus(tmp_path: Path) -> None:
    seen = read(build(replace(VM, possible="0-7", command_line="rcu_nocbs=all"), tmp_path))
    assert [cpu.rcu_nocbs for cpu in seen.cpus] == [True, True]


def test_256_cpus_are_read(tmp_path: Path) -> None:
    seen = read(build(replace(MONSTER, irqs=()), tmp_path))
    assert len(seen.cpus) == 256
    assert (seen.cpus[255].node, seen.cpus[255].package) == (7, 1)


# ------------------------------------------------------------------ frequencies


def test_an_unknown_frequency_is_not_known(tmp_path: Path) -> None:
    root = build(VM, tmp_path)
    write(root, f"{CPU}/cpu0/cpufreq/scaling_cur_freq", "<unknown>\n")
    assert read(root).cpus[0].frequency is None


@pytest.mark.parametrize(
    ("kernel", "told"), [("5.18.0", False), ("5.19.0", True), ("6.6.30-rt30", True), ("", False)]
)
def test_isolated_cpus_are_not_asked_where_asking_interrupts_them(
    tmp_path: Path, kernel: str, told: bool
) -> None:
    seen = read(build(replace(RT_HOST, kernel=kernel), tmp_path))
    assert (seen.cpus[4].frequency is not None) == told
    assert seen.cpus[3].frequency is not None


def test_the_cpus_on_screen_are_told_like_the_others(tmp_path: Path) -> None:
    need = Need(frozenset((Ref("cpu", "9"), Ref("cpu", "nonsense"), Ref("irq", "3"))))
    seen = read(build(RT_HOST, tmp_path), need=need)
    assert seen.cpus[9].frequency == 2_600_009_000


# ------------------------------------------------------------------ from one read to the next


def test_a_cpu_switched_on_is_read_anew(tmp_path: Path) -> None:
    root = build(OFFLINE, tmp_path)
    seen = read(root, lambda: build(replace(OFFLINE, online="0-3", nodes={0: "0-3"}), root))
    assert (seen.cpus[1].online, seen.cpus[1].core, seen.cpus[1].node) == (True, 1, 0)


def test_a_governor_changed_from_outside_is_seen(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    change = f"{CPU}/cpu3/cpufreq/scaling_governor"
    assert read(root, lambda: write(root, change, "powersave\n")).cpus[3].governor == "powersave"


def test_topology_is_not_read_again_while_the_same_cpus_are_there(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    seen = read(root, lambda: write(root, f"{CPU}/cpu3/topology/core_id", "77\n"))
    assert seen.cpus[3].core == 1


# ------------------------------------------------------------------ when it cannot be read


@pytest.mark.parametrize("root", ["", "nowhere"])
def test_without_any_cpu_it_is_unavailable(tmp_path: Path, root: str) -> None:
    with pytest.raises(Unavailable):
        read(tmp_path / root)


def test_without_sys_the_cpus_of_proc_stat_are_told(tmp_path: Path) -> None:
    write(tmp_path, "proc/stat", "cpu0 1 2 3 4 5\ncpu2 1 2 3 4 5\n")
    seen = read(tmp_path)
    assert [(cpu.number, cpu.online) for cpu in seen.cpus] == [(0, True), (2, True)]
    assert f"{CPU}/isolated: missing" in seen.partial


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"{CPU}/isolated", "not a CPU list"),
        (f"{CPU}/nohz_full", "not a CPU list"),
        (f"{CPU}/cpu3/topology/core_id", "not a number"),
        ("sys/devices/system/node/node0/cpulist", "not a CPU list"),
    ],
)
def test_a_file_that_makes_no_sense_is_told(tmp_path: Path, path: str, told: str) -> None:
    root = build(RT_HOST, tmp_path)
    write(root, path, "4-zzz\n")
    assert read(root).partial == f"{path}: {told}"


def test_rcu_nocbs_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    seen = read(build(replace(VM, command_line="rcu_nocbs=mine"), tmp_path))
    assert seen.partial == "rcu_nocbs= of the kernel command line is not a CPU list"


# ------------------------------------------------------------------ where vtui itself may run


@pytest.mark.parametrize(
    ("spec", "cpus"),
    [
        (RT_HOST, "0-3"),
        (VM, "0-1"),
        (OFFLINE, "0,2-3"),
        (replace(VM, isolated="0-1"), "0-1"),
        (replace(VM, isolated=None), "0-1"),
        (replace(VM, nohz_full="1"), "0"),
    ],
)
def test_housekeeping_is_where_no_isolated_work_is(
    tmp_path: Path, spec: HostSpec, cpus: str
) -> None:
    assert housekeeping(build(spec, tmp_path)) == parse_list(cpus)


def test_housekeeping_of_nowhere_is_empty(tmp_path: Path) -> None:
    assert housekeeping(tmp_path / "nowhere") == frozenset()
