"""The simulated host, read through its backends as the application reads a real one."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from vtui.config import Config
from vtui.demo import backends
from vtui.errors import HostError
from vtui.history import History
from vtui.model import (
    Containers,
    Cpus,
    Criu,
    Domains,
    Host,
    Interrupts,
    Irqbalance,
    Links,
    OpenVSwitch,
    Ref,
)
from vtui.monitor import Backend, Need
from vtui.reading import Ready

EPOCH = 1_800_000_000.0

VALUES = {
    "libvirt": Domains,
    "docker": Containers,
    "lxc": Containers,
    "ovs": OpenVSwitch,
    "netlink": Links,
    "irq": Interrupts,
    "cpus": Cpus,
    "irqbalance": Irqbalance,
    "criu": Criu,
}


class Clock:
    """Stands until told otherwise."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories come to be."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
async def demo(clock: Clock) -> AsyncIterator[list[Backend]]:
    opened = backends(Config(demo=True), clock, lambda: EPOCH + clock())
    yield opened
    await close(opened)


async def close(opened: Sequence[Backend]) -> None:
    await asyncio.gather(*(backend.close() for backend in opened))


async def look(
    opened: Sequence[Backend], clock: Clock, visible: frozenset[Ref] = frozenset()
) -> Host:
    values = await asyncio.gather(*(backend.read(Need(visible)) for backend in opened))
    readings = zip((backend.name for backend in opened), values, strict=True)
    return Host(at=EPOCH, readings={name: Ready(value, clock()) for name, value in readings})


async def watch(opened: Sequence[Backend], clock: Clock, seconds: Sequence[float]) -> list[Host]:
    """The completed host at each of these times; all containers are in view."""
    history, hosts = History(), []
    visible: frozenset[Ref] = frozenset()
    for second in seconds:
        clock.seconds = second
        hosts.append(history.complete(await look(opened, clock, visible)))
        visible = frozenset(one.ref for one in hosts[-1].containers)
    return hosts


# ------------------------------------------------------------------ what is there


async def test_every_backend_gives_its_value(demo: list[Backend], clock: Clock) -> None:
    host = await look(demo, clock)
    assert {
        name: type(reading.value)
        for name, reading in host.readings.items()
        if isinstance(reading, Ready)
    } == VALUES


async def test_nothing_was_left_unread(demo: list[Backend], clock: Clock) -> None:
    host = await look(demo, clock)
    cpus, interrupts = host.value(Cpus), host.value(Interrupts)
    assert cpus
    assert interrupts
    assert (cpus.partial, interrupts.partial) == ("", "")


async def test_the_host_is_an_isolated_real_time_one(demo: list[Backend], clock: Clock) -> None:
    cpus = (await look(demo, clock)).value(Cpus)
    assert cpus
    assert cpus.hostname == "rt-node-07"
    assert cpus.kernel == "6.18.2-rt3-yocto-preempt-rt"
    assert cpus.isolated == frozenset(range(4, 16))
    assert cpus.housekeeping == frozenset(range(4))
    assert all(cpu.rcu_nocbs and cpu.nohz_full for cpu in cpus.cpus if cpu.isolated)
    assert [cpu.node for cpu in cpus.cpus] == [0] * 8 + [1] * 8
    assert cpus.cpus[7].siblings == frozenset({6, 7})
    assert all(cpu.governor and cpu.frequency for cpu in cpus.cpus)
    assert len(cpus.hugepages) == 4
    assert cpus.boot_time == EPOCH - 9 * 86_400


async def test_guests_run_are_paused_and_off(demo: list[Backend], clock: Clock) -> None:
    domains = (await look(demo, clock)).domains
    assert {domain.name: (domain.state, domain.reason) for domain in domains} == {
        "backup": ("running", "booted"),
        "engineering-ws": ("shut off", "shutdown"),
        "historian": ("running", "booted"),
        "hmi": ("running", "booted"),
        "plc-gateway": ("running", "booted"),
        "protection-ied-a": ("running", "booted"),
        "protection-ied-b": ("paused", "user"),
        "staging": ("shut off", "shutdown"),
        "vfw-edge": ("running", "booted"),
        "vision-01": ("running", "booted"),
    }
    assert [domain.name for domain in domains if domain.managed_save] == ["engineering-ws"]


async def test_irqs_carry_names_places_and_counts(demo: list[Backend], clock: Clock) -> None:
    irqs = {irq.label: irq for irq in (await look(demo, clock)).irqs}
    stray = irqs["148"]
    assert (stray.device, stray.requested, stray.effective, stray.node) == (
        "eth1-TxRx-2",
        frozenset({6}),
        frozenset({6}),
        0,
    )
    assert (stray.chip, stray.hwirq, stray.trigger) == ("IR-PCI-MSIX-0000:17:00.1", "3", "edge")
    assert stray.counts[6] == sum(stray.counts) > 0


# ------------------------------------------------------------------ it holds together


async def test_refs_are_unique(demo: list[Backend], clock: Clock) -> None:
    host = await look(demo, clock)
    refs = [
        item.ref
        for items in (
            *(host.domains, host.containers, host.bridges, host.ports),
            *(host.links, host.irqs, host.cpus),
        )
        for item in items
    ]
    assert len(refs) == len(set(refs)) > 150


async def test_pins_and_affinities_name_cpus_there_are(demo: list[Backend], clock: Clock) -> None:
    host = await look(demo, clock)
    there = frozenset(cpu.number for cpu in host.cpus)
    pins = [domain.pins for domain in host.domains]
    assert all(pins)
    sets = [
        *(cpus for one in pins if one for cpus in (*one.vcpus.values(), *one.iothreads.values())),
        *(one.emulator for one in pins if one and one.emulator),
        *(one.placement for one in pins if one and one.placement),
        *(container.cpuset for container in host.containers if container.cpuset),
        *(irq.requested for irq in host.irqs if irq.requested),
        *(irq.effective for irq in host.irqs if irq.effective),
    ]
    assert all(cpus and cpus <= there for cpus in sets)
    assert all(
        vcpu < domain.vcpus for domain in host.domains if domain.pins for vcpu in domain.pins.vcpus
    )


async def test_every_port_has_its_bridge(demo: list[Backend], clock: Clock) -> None:
    host = await look(demo, clock)
    bridges = {bridge.ref for bridge in host.bridges}
    assert {port.bridge for port in host.ports} == bridges


async def test_every_master_and_lower_device_is_a_link(demo: list[Backend], clock: Clock) -> None:
    found = (await look(demo, clock)).links
    names = {link.name for link in found} | {""}
    assert {link.master for link in found} | {link.lower for link in found} <= names


async def test_every_nic_of_an_active_guest_is_a_port(demo: list[Backend], clock: Clock) -> None:
    hosts = await watch(demo, clock, (0, 20, 40, 60))
    missing = [
        (domain.name, nic.name)
        for host in hosts
        for domain in host.domains
        for nic in domain.interfaces
        if domain.active
        and nic.name not in {one.name for port in host.ports for one in port.interfaces}
    ]
    assert missing == []


async def test_a_port_tells_the_uuid_of_its_guest(demo: list[Backend], clock: Clock) -> None:
    host = await look(demo, clock)
    owners = {nic.name: domain.ref.id for domain in host.domains for nic in domain.interfaces}
    told = {
        one.name: dict(one.external_ids)["vm-id"]
        for port in host.ports
        for one in port.interfaces
        if "vm-id" in dict(one.external_ids)
    }
    assert len(told) == 8
    assert told.items() <= owners.items()


async def test_what_irqbalance_bans_exists(demo: list[Backend], clock: Clock) -> None:
    host = await look(demo, clock)
    daemon = host.value(Irqbalance)
    assert daemon
    assert {str(number) for number in daemon.banned_irqs} <= {irq.label for irq in host.irqs}


# ------------------------------------------------------------------ it lives


async def test_rates_are_never_negative_and_load_never_above_all_cpus(
    demo: list[Backend], clock: Clock
) -> None:
    hosts = await watch(demo, clock, [second * 0.7 for second in range(180)])
    rates = [
        (ref, name, value)
        for host in hosts
        for ref, rates in host.rates.items()
        for name, value in rates.items()
    ]
    assert [one for one in rates if one[2] < 0] == []
    assert [one for one in rates if one[1] == "busy" and one[2] > 1.02] == []


async def test_counters_advance_on_cpus_irqs_guests_ports_links_and_containers(
    demo: list[Backend], clock: Clock
) -> None:
    host = (await watch(demo, clock, (0, 1, 2)))[-1]
    moving = {ref.kind for ref, rates in host.rates.items() if any(rates.values())}
    assert moving == {"cpu", "irq", "domain", "port", "link", "container"}


async def test_sparklines_live(demo: list[Backend], clock: Clock) -> None:
    host = (await watch(demo, clock, range(20)))[-1]
    nic = next(link.ref for link in host.links if link.name == "eth0")
    assert len(set(host.trends[nic])) > 10


async def test_the_stray_interrupt_hits_the_isolated_cpu_all_the_time(
    demo: list[Backend], clock: Clock
) -> None:
    host = (await watch(demo, clock, (0, 1)))[-1]
    assert host.irq_rates[Ref("irq", "148")][6] > 100


async def test_isolated_cpus_are_left_in_peace_otherwise(demo: list[Backend], clock: Clock) -> None:
    host = (await watch(demo, clock, (0, 10)))[-1]
    others = [rates for ref, rates in host.irq_rates.items() if ref != Ref("irq", "148")]
    assert max(sum(rates[cpu] for rates in others) for cpu in range(4, 16)) < 5
    assert min(sum(rates[cpu] for rates in others) for cpu in range(4)) > 1000


async def test_a_guest_spends_the_time_of_its_pinned_cpus(
    demo: list[Backend], clock: Clock
) -> None:
    host = (await watch(demo, clock, (0, 10)))[-1]
    vision = next(domain.ref for domain in host.domains if domain.name == "vision-01")
    busy = sum(host.rate(Ref("cpu", number), "busy") or 0 for number in ("14", "15"))
    assert host.rate(vision, "cpu") == pytest.approx(busy, abs=0.01)


async def test_what_a_guest_receives_its_port_sends(demo: list[Backend], clock: Clock) -> None:
    host = (await watch(demo, clock, (0, 1)))[-1]
    hmi = next(domain for domain in host.domains if domain.name == "hmi")
    tap = next(link for link in host.links if link.name == "tap-hmi0")
    assert (hmi.counters()["rx"], hmi.counters()["tx"]) == (
        tap.counters()["tx"],
        tap.counters()["rx"],
    )


async def test_guests_come_and_go_on_the_schedule(demo: list[Backend], clock: Clock) -> None:
    hosts = await watch(demo, clock, (0, 19, 20, 39, 40, 60, 80))
    running = [
        [
            domain.name
            for domain in host.domains
            if domain.active and domain.name in ("backup", "staging")
        ]
        for host in hosts
    ]
    assert running == [
        ["backup"],
        ["backup"],
        ["backup", "staging"],
        ["backup", "staging"],
        ["staging"],
        [],
        ["backup"],
    ]


async def test_a_guest_that_comes_wakes_the_monitor(demo: list[Backend], clock: Clock) -> None:
    guests = demo[0]
    await guests.read(Need())
    clock.seconds = 20.0
    news = asyncio.create_task(guests.changed())
    await guests.read(Need())
    async with asyncio.timeout(10):
        await news


async def test_libvirts_cpu_time_of_a_guest_starts_at_zero_with_each_run(
    demo: list[Backend], clock: Clock
) -> None:
    hosts = await watch(demo, clock, (39, 81))
    times = [
        domain.cpu_time for host in hosts for domain in host.domains if domain.name == "backup"
    ]
    assert times[0] is not None
    assert times[1] is not None
    assert times[1] < times[0]


# ------------------------------------------------------------------ it is the same each time


async def test_equal_clocks_give_equal_hosts(demo: list[Backend], clock: Clock) -> None:
    clock.seconds = 37.25
    other = backends(Config(demo=True), clock, lambda: EPOCH + clock())
    first, second = await look(demo, clock), await look(other, clock)
    await close(other)
    assert first.readings == second.readings


async def test_reading_again_at_the_same_time_changes_nothing(
    demo: list[Backend], clock: Clock
) -> None:
    first, second = await look(demo, clock), await look(demo, clock)
    assert first.readings == second.readings


async def test_only_the_files_with_counters_are_written_again(
    demo: list[Backend], clock: Clock, scratch: Path
) -> None:
    await look(demo, clock)
    files = [path for path in scratch.rglob("*") if path.is_file()]
    for path in files:
        path.write_text("mark")
    clock.seconds = 1.0
    await look(demo, clock)
    rewritten = {path.name for path in files if path.read_text() != "mark"}
    assert rewritten == {"interrupts", "stat", "loadavg", "meminfo"}


# ------------------------------------------------------------------ it leaves nothing behind


async def test_the_directory_goes_when_the_last_of_its_readers_closes(
    demo: list[Backend], clock: Clock, scratch: Path
) -> None:
    await look(demo, clock)
    irqs, cpus = demo[5:7]
    await irqs.close()
    assert len(list(scratch.iterdir())) == 1
    await cpus.close()
    assert list(scratch.iterdir()) == []


async def test_there_is_no_directory_until_it_is_wanted(demo: list[Backend], scratch: Path) -> None:
    await demo[1].read(Need())
    assert list(scratch.iterdir()) == []


async def test_the_directory_goes_when_only_one_of_its_readers_was_wanted(
    demo: list[Backend], scratch: Path
) -> None:
    irqs = demo[5]
    await irqs.read(Need())
    await irqs.close()
    assert list(scratch.iterdir()) == []


SCRIPT = """
import asyncio, sys
from vtui.config import Config
from vtui.demo import backends
from vtui.monitor import Monitor
{before}
opened = backends(Config(demo=True))
assert "libvirt" not in sys.modules or sys.modules["libvirt"] is None
host = asyncio.run(Monitor(opened).once())
print(type(host.readings["libvirt"]).__name__, len(host.irqs), "docker" in sys.modules)
{after}
"""


def program(scratch: Path, before: str = "", after: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(before=before, after=after)],
        env={"TMPDIR": str(scratch), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_program_reads_it_once_without_docker_and_leaves_nothing(scratch: Path) -> None:
    done = program(scratch)
    assert (done.stdout, done.stderr) == ("Ready 60 False\n", "")
    assert list(scratch.iterdir()) == []


def test_without_libvirt_only_that_panel_is_missing(scratch: Path) -> None:
    done = program(scratch, before='sys.modules["libvirt"] = None')
    assert (done.stdout, done.stderr) == ("Absent 60 False\n", "")


def test_a_program_that_dies_of_an_error_leaves_nothing(scratch: Path) -> None:
    done = program(
        scratch,
        after="""
async def read_and_die():
    left = backends(Config())
    await left[5].read(None)
    raise RuntimeError
asyncio.run(read_and_die())
""",
    )
    assert done.returncode == 1
    assert list(scratch.iterdir()) == []


async def test_without_a_place_for_its_files_it_says_what_to_type(
    demo: list[Backend], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(scratch / "nowhere"))
    with pytest.raises(HostError) as caught:
        await demo[5].read(Need())
    assert caught.value.hint.startswith("TMPDIR=")


async def test_files_that_went_away_are_an_error_once_and_come_back(
    demo: list[Backend], clock: Clock, scratch: Path
) -> None:
    await demo[5].read(Need())
    for path in scratch.iterdir():
        shutil.rmtree(path)
    clock.seconds = 1.0
    with pytest.raises(HostError):
        await demo[5].read(Need())
    host = await look(demo, clock)
    assert len(host.irqs) == 60
    assert len(host.cpus) == 16
