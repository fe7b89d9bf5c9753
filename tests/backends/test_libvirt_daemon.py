"""The libvirt backend against a real libvirtd with real guests."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.backends.libvirt_help import (
    PATIENCE,
    has,
    named,
    opened,
    read,
    recovered,
    settled,
    until,
)
from tests.lab import Lab
from tests.lab.process import wait_until
from vtui.backends.libvirt import Libvirt
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.model import Pins
from vtui.monitor import Monitor
from vtui.reading import Failed, Ready

# A machine that runs its firmware and finds nothing to boot: all that is needed here.
GUEST = """\
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>32</memory>
  <currentMemory unit='MiB'>24</currentMemory>
  <vcpu placement='static' cpuset='0-1' current='1'>2</vcpu>
  <iothreads>1</iothreads>
  <cputune>
    <vcpupin vcpu='0' cpuset='0-1'/>
    <emulatorpin cpuset='0'/>
    <iothreadpin iothread='1' cpuset='1'/>
  </cputune>
  <resource><partition>/{partition}</partition></resource>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <source file='{disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='ethernet'/>
  </devices>
  <seclabel type='none'/>
</domain>
"""


@dataclass(frozen=True)
class Guest:
    """A domain of this test alone, defined and shut off to begin with."""

    lab: Lab
    name: str

    def do(self, command: str, *args: str) -> str:
        return self.lab.virsh(command, self.name, *args)

    @property
    def pid(self) -> int:
        path = self.lab.site.run / "libvirt" / "qemu" / f"{self.name}.pid"
        return int(path.read_text())

    def hang(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


@pytest.fixture
def guest(lab: Lab, tmp_path: Path) -> Iterator[Guest]:
    made = Guest(lab, "backend-test")
    folder = lab.site.data / "backend-test"
    folder.mkdir()
    disk, xml = folder / "disk.img", tmp_path / "domain.xml"
    disk.write_bytes(bytes(1 << 20))
    disk.chmod(0o666)
    xml.write_text(GUEST.format(name=made.name, partition=lab.site.cgroup, disk=disk))
    lab.virsh("define", str(xml))
    yield made
    defined = lab.virsh("list", "--all", "--name").split()
    if made.name in lab.virsh("list", "--name").split():
        made.do("destroy")
    if made.name in defined:
        made.do("undefine", "--managed-save")
    disk.unlink()
    folder.rmdir()


@pytest.fixture
def frozen(lab: Lab) -> Iterator[None]:
    """The daemon may be stopped by the test; it runs again after it."""
    yield
    lab.thaw("libvirt")


@pytest.fixture
def killed(lab: Lab) -> Iterator[None]:
    """The daemon may be killed by the test; it runs again after it."""
    yield
    lab.restart("libvirt")


def _kill(lab: Lab) -> None:
    """Returns when the last thread of the daemon has let go of the socket."""
    lab.kill("libvirt")
    wait_until(lambda: _refused(lab), "the socket to refuse")


def _refused(lab: Lab) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(parse_qs(urlsplit(lab.libvirt_uri).query)["socket"][0]) != 0


# What is read.


async def test_every_domain_has_the_state_and_the_reason_that_virsh_says(lab: Lab, guest: Guest):
    async with opened(lab.libvirt_uri) as backend:
        domains = (await read(backend)).domains
    assert [one.name for one in domains] == sorted(lab.virsh("list", "--all", "--name").split())
    assert {one.name: f"{one.state} ({one.reason})" for one in domains} == {
        one.name: lab.virsh("domstate", "--reason", one.name).strip() for one in domains
    }


async def test_a_running_guest_is_read_in_full(lab: Lab, guest: Guest):
    guest.do("start")
    async with opened(lab.libvirt_uri) as backend:
        seen = named(await settled(backend), guest.name)
    assert (seen.ref.id, seen.ref.source) == (guest.do("domuuid").strip(), lab.libvirt_uri)
    assert (seen.state, seen.reason, seen.number) == ("running", "booted", int(guest.do("domid")))
    assert (seen.vcpus, seen.memory_max) == (1, 32 << 20)
    assert (seen.autostart, seen.persistent, seen.managed_save) == (False, True, False)
    assert seen.cpu_time is not None
    assert [nic.name for nic in seen.interfaces] == [_only_tap(guest)]
    assert [(disk.name, disk.capacity) for disk in seen.disks] == [("vda", 1 << 20)]
    assert {"cpu", "rx", "tx", "read", "written"} == seen.counters().keys()
    assert seen.pins == Pins(
        vcpus={0: frozenset({0, 1})},
        emulator=frozenset({0}),
        iothreads={1: frozenset({1})},
        placement=frozenset({0, 1}),
    )


async def test_a_guest_that_is_shut_off_has_what_its_xml_says_and_no_counters(
    lab: Lab, guest: Guest
):
    async with opened(lab.libvirt_uri) as backend:
        seen = named(await read(backend), guest.name)
    assert (seen.state, seen.number, seen.active) == ("shut off", None, False)
    assert (seen.vcpus, seen.memory, seen.memory_max) == (1, 24 << 20, 32 << 20)
    assert [disk.name for disk in seen.disks] == ["vda"]
    assert seen.counters() == {}


async def test_the_version_is_that_of_the_daemon(lab: Lab):
    async with opened(lab.libvirt_uri) as backend:
        value = await read(backend)
    assert f"libvirt {value.version}" in lab.virsh("version", "--daemon")


# What is news.


async def test_starting_suspending_and_destroying_a_guest_outside_is_news(lab: Lab, guest: Guest):
    async with opened(lab.libvirt_uri) as backend:
        assert named(await read(backend), guest.name).state == "shut off"
        for command, state, reason in (
            ("start", "running", "booted"),
            ("suspend", "paused", "user"),
            ("resume", "running", "unpaused"),
            ("destroy", "shut off", "destroyed"),
        ):
            guest.do(command)
            value = await until(backend, lambda now, want=state: _state(now, guest) == want)
            assert named(value, guest.name).reason == reason


async def test_pinning_outside_is_news(lab: Lab, guest: Guest):
    guest.do("start")
    async with opened(lab.libvirt_uri) as backend:
        assert _pins(await read(backend), guest).vcpus == {0: frozenset({0, 1})}
        guest.do("vcpupin", "0", "1", "--live")
        await until(backend, lambda now: _pins(now, guest).vcpus == {0: frozenset({1})})
        guest.do("emulatorpin", "1", "--live")
        await until(backend, lambda now: _pins(now, guest).emulator == frozenset({1}))
        guest.do("iothreadpin", "1", "0", "--live")
        await until(backend, lambda now: _pins(now, guest).iothreads == {1: frozenset({0})})


async def test_undefining_a_guest_outside_is_news(lab: Lab, guest: Guest):
    async with opened(lab.libvirt_uri) as backend:
        assert has(await read(backend), guest.name)
        guest.do("undefine")
        await until(backend, lambda now: not has(now, guest.name))


async def test_autostart_and_a_managed_save_show_with_the_next_read(lab: Lab, guest: Guest):
    async with opened(lab.libvirt_uri) as backend:
        await read(backend)
        guest.do("autostart")
        guest.do("start")
        guest.do("managedsave")
        seen = named(await read(backend), guest.name)
        assert (seen.autostart, seen.managed_save) == (True, True)
        assert (seen.state, seen.reason) == ("shut off", "saved")


async def test_a_guest_that_hangs_costs_its_own_numbers_alone(lab: Lab, guest: Guest):
    guest.do("start")
    async with opened(lab.libvirt_uri) as backend:
        await settled(backend)
        guest.hang()
        try:
            value = await read(backend)
            assert named(value, guest.name).state == "running"
            assert named(value, guest.name).counters().keys() == {"cpu", "rx", "tx"}
            assert named(value, "vision").counters().keys() == {"cpu", "read", "written"}
        finally:
            guest.go_on()
        await settled(backend)


async def test_two_guests_that_hang_cost_numbers_and_not_the_list(lab: Lab, guest: Guest):
    guest.do("start")
    vision = Guest(lab, "vision")
    async with opened(lab.libvirt_uri) as backend:
        guest.hang()
        vision.hang()
        try:
            value = await read(backend)
            assert [_state(value, one) for one in (guest, vision)] == ["running", "paused"]
            assert named(value, guest.name).vcpus == 1
            assert named(value, guest.name).pins is not None
        finally:
            guest.go_on()
            vision.go_on()


async def test_a_guest_that_hangs_can_be_destroyed_while_it_is_read(lab: Lab, guest: Guest):
    guest.do("start")
    async with opened(lab.libvirt_uri) as backend:
        guest.hang()
        assert _state(await read(backend), guest) == "running"
        guest.do("destroy")
        assert _state(await read(backend), guest) == "shut off"


async def test_a_guest_with_a_long_job_does_not_hold_the_numbers_of_the_others_up(
    lab: Lab, guest: Guest
):
    guest.do("start")
    async with opened(lab.libvirt_uri) as backend:
        await settled(backend)
        guest.hang()
        command = ["virsh", "-c", lab.libvirt_uri, "domblkstat", guest.name, "vda"]
        job = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: "occupied" in guest.do("domcontrol"), "the job to begin")
            value = await read(backend)
            assert named(value, "vision").counters().keys() == {"cpu", "read", "written"}
            assert named(value, guest.name).counters().keys() == {"cpu", "rx", "tx"}
        finally:
            guest.go_on()
            job.wait(PATIENCE)


# What goes wrong.


async def test_a_daemon_that_dies_is_news_and_an_error_until_it_is_back(
    lab: Lab, killed: None, capfd: pytest.CaptureFixture[str]
):
    async with opened(lab.libvirt_uri) as backend:
        before = await read(backend)
        _kill(lab)
        async with asyncio.timeout(PATIENCE):
            await backend.changed()
        with pytest.raises(HostError, match="connection to libvirt closed") as died:
            await read(backend)
        with pytest.raises(HostError, match="does not run") as down:
            await read(backend)
        assert "journalctl -u libvirtd" in died.value.hint
        assert down.value.hint == "systemctl start libvirtd"
        # It was there: its last value stays on screen, unlike that of a system that is absent.
        assert not isinstance(down.value, Unavailable)
        lab.restart("libvirt")
        after = await recovered(backend)
        assert [one.ref for one in after.domains] == [one.ref for one in before.domains]
        lab.virsh("suspend", "plc-gateway")
        await until(backend, lambda now: named(now, "plc-gateway").state == "paused")
        lab.virsh("resume", "plc-gateway")
    assert capfd.readouterr().err == ""


async def test_the_last_domains_stay_on_screen_until_the_daemon_is_back(lab: Lab, killed: None):
    monitor, published = Monitor([Libvirt(lab.libvirt_uri, "libvirt")]), asyncio.Queue()

    async def reading(kind: type) -> object:
        async with asyncio.timeout(PATIENCE):
            while not isinstance(found := (await published.get()).readings["libvirt"], kind):
                pass
        return found

    running = asyncio.create_task(monitor.run(published.put_nowait))
    good = await reading(Ready)
    _kill(lab)
    failed = await reading(Failed)
    assert [one.ref for one in failed.last.domains] == [one.ref for one in good.value.domains]
    assert failed.hint.startswith("journalctl")
    monitor.wake()
    again = await reading(Failed)
    assert (again.hint, again.since) == ("systemctl start libvirtd", failed.since)
    lab.restart("libvirt")
    assert has((await reading(Ready)).value, "plc-gateway")
    running.cancel()
    await asyncio.wait({running})


async def test_a_daemon_that_never_ran_is_absent_until_it_runs(lab: Lab, killed: None):
    _kill(lab)
    async with opened(lab.libvirt_uri) as backend:
        with pytest.raises(Unavailable, match="does not run") as absent:
            await read(backend)
        assert absent.value.hint == "systemctl start libvirtd"
        lab.restart("libvirt")
        assert has(await recovered(backend), "plc-gateway")


async def test_a_daemon_that_hangs_gives_no_answer_until_it_goes_on(
    lab: Lab, frozen: None, capfd: pytest.CaptureFixture[str]
):
    async with opened(lab.libvirt_uri) as backend, opened("test:///default") as other:
        await read(backend)
        lab.freeze("libvirt")
        hung = asyncio.create_task(read(backend))
        assert has(await read(other), "test")
        assert not hung.done()
        with pytest.raises(NoAnswer):
            await hung
        with pytest.raises(NoAnswer):
            await read(backend)
        lab.thaw("libvirt")
        assert has(await recovered(backend), "plc-gateway")
    assert capfd.readouterr().err == ""


async def test_a_daemon_that_hangs_for_long_is_given_up_and_found_again(lab: Lab, frozen: None):
    async with opened(lab.libvirt_uri) as backend:
        await read(backend)
        lab.freeze("libvirt")
        with pytest.raises(NoAnswer):
            await read(backend)
        async with asyncio.timeout(PATIENCE):
            await backend.changed()
        with pytest.raises(NoAnswer):
            await read(backend)
        lab.thaw("libvirt")
        assert has(await recovered(backend), "plc-gateway")


async def test_closing_does_not_wait_for_a_daemon_that_hangs(lab: Lab, frozen: None):
    async with opened(lab.libvirt_uri) as backend:
        await read(backend)
        lab.freeze("libvirt")
        async with asyncio.timeout(1.0):
            await backend.close()


# The other driver of the same daemon.


async def test_libvirt_lxc_is_read_without_bulk_statistics(lab: Lab):
    async with opened(lab.lxc_uri) as backend:
        seen = named(await read(backend), "edge-logger")
        assert (seen.state, seen.vcpus, seen.memory_max) == ("running", 1, 64 << 20)
        assert seen.cpu_time is not None
        assert seen.persistent
        lab.virsh_lxc("destroy", "edge-logger")
        value = await until(backend, lambda now: not named(now, "edge-logger").active)
        assert named(value, "edge-logger").state == "shut off"
        assert named(value, "edge-logger").reason == "destroyed"
        lab.virsh_lxc("start", "edge-logger")
        await until(backend, lambda now: named(now, "edge-logger").active)


def _state(domains, guest: Guest) -> str:
    return named(domains, guest.name).state


def _pins(domains, guest: Guest) -> Pins:
    return named(domains, guest.name).pins


def _only_tap(guest: Guest) -> str:
    return guest.do("domiflist").split()[0]
