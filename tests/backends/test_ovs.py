"""The Open vSwitch backend against a real ovsdb-server and ovs-vswitchd."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.backends.ovs_help import SOON, bridges, news, read, read_anew
from tests.lab import Lab
from vtui.backends.ovs import Ovs
from vtui.model import OpenVSwitch, Port
from vtui.monitor import Monitor
from vtui.text import clean

BRIDGE = "t-ovs"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of its own, for these tests kill and freeze its daemons."""
    if os.geteuid() != 0:
        pytest.skip("missing capability: root")
    lab = Lab("ovs-test")
    with lab.running(only=["ovs"]):
        yield lab


@pytest.fixture
def bridge(lab: Lab) -> Iterator[str]:
    """An empty bridge, gone after the test."""
    lab.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev")
    yield BRIDGE
    lab.vsctl("--if-exists", "del-br", BRIDGE)


@pytest.fixture
async def ovs(lab: Lab) -> AsyncIterator[Ovs]:
    backend = Ovs(lab.ovsdb)
    yield backend
    await backend.close()


async def read_until(ovs: Ovs, name: str, value: str) -> Port:
    """The named port when a counter or state of its first interface has come."""
    async with asyncio.timeout(SOON):
        while True:
            found = port(await read(ovs), name)
            if value in (found.interfaces[0].link_state, *dict(found.interfaces[0].statistics)):
                return found
            await ovs.changed()


def told(value: OpenVSwitch) -> OpenVSwitch:
    """Without the time of the counters, which no two readers share."""
    return replace(value, counted_at=None)


def port(value: OpenVSwitch, name: str) -> Port:
    return next(port for port in value.ports if port.name == name)


def names(value: OpenVSwitch, bridge: str) -> set[str]:
    ref = bridges(value)[bridge].ref
    return {port.name for port in value.ports if port.bridge == ref}


# ------------------------------------------------------------------ what is there


async def test_the_labs_bridges_are_told_with_all_their_traits(lab, ovs):
    found = bridges(await read(ovs))

    plant, field = (found[name] for name in lab.bridges)
    assert (plant.kind, plant.datapath_type, plant.fail_mode) == ("ovs", "netdev", "standalone")
    assert ("cell", "press-line") in plant.external_ids
    assert [controller.connected for controller in plant.controllers] == [False]
    assert (field.stp, field.rstp) == (False, True)
    assert plant.ref.id == lab.vsctl("get", "bridge", plant.name, "_uuid").strip()


async def test_the_labs_ports_are_told_with_vlans_bond_and_patch(lab, ovs):
    value = await read(ovs)

    assert port(value, lab.site.link("hmi0")).tag == 10
    assert port(value, lab.site.link("scada")).trunks == (10, 20, 30)
    bond = port(value, lab.site.link("bond0"))
    assert bond.bond_mode == "active-backup"
    assert {interface.name for interface in bond.interfaces} == {
        lab.site.link("eth0"),
        lab.site.link("eth1"),
    }
    patch = port(value, lab.site.link("pfield")).interfaces[0]
    assert (patch.type, patch.options) == ("patch", (("peer", lab.site.link("pplant")),))


async def test_the_version_is_what_the_start_script_left_in_the_database(lab, ovs):
    lab.vsctl("--no-wait", "set", "open_vswitch", ".", "ovs_version=3.1.0-test")
    try:
        assert (await read(ovs)).version == "3.1.0-test"
    finally:
        lab.vsctl("--no-wait", "clear", "open_vswitch", ".", "ovs_version")


# ------------------------------------------------------------------ what changes


async def test_a_port_comes_and_goes(lab, ovs, bridge):
    await read(ovs)

    lab.vsctl(
        "add-port", bridge, "t-p1", "tag=7", "--", "set", "interface", "t-p1", "type=internal"
    )
    await news(ovs)
    value = await read(ovs)
    assert names(value, bridge) == {bridge, "t-p1"}
    assert port(value, "t-p1").tag == 7

    lab.vsctl("set", "port", "t-p1", "tag=8", "lacp=passive")
    assert (port(await read(ovs), "t-p1").tag, port(await read(ovs), "t-p1").lacp) == (8, "passive")

    lab.vsctl("del-port", "t-p1")
    assert names(await read(ovs), bridge) == {bridge}


async def test_a_bridge_comes_and_goes(lab, ovs):
    await read(ovs)

    lab.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev")
    await news(ovs)
    assert BRIDGE in bridges(await read(ovs))

    lab.vsctl("del-br", BRIDGE)
    await read(ovs)
    assert BRIDGE not in bridges(await read(ovs))


async def test_a_read_shows_every_change_that_was_made_before_it(lab, ovs, bridge):
    await read(ovs)

    for number in range(30):
        lab.vsctl("--no-wait", "set", "bridge", bridge, f"external_ids:n={number}")
        assert bridges(await read(ovs))[bridge].external_ids == (("n", str(number)),)


async def test_an_interface_that_cannot_be_opened_says_why(lab, ovs, bridge):
    lab.vsctl("--no-wait", "add-port", bridge, "t-nonesuch")

    async with asyncio.timeout(SOON):
        while not port(await read(ovs), "t-nonesuch").interfaces[0].error:
            await ovs.changed()

    found = port(await read(ovs), "t-nonesuch").interfaces[0]
    assert "t-nonesuch" in found.error
    assert found.ofport == -1


async def test_traffic_shows_in_the_counters_and_as_a_rate(lab, ovs, bridge):
    lab.vsctl("add-port", bridge, "t-p1", "--", "set", "interface", "t-p1", "type=internal")
    monitor, snapshots = Monitor([ovs]), asyncio.Queue()
    running = asyncio.create_task(monitor.run(snapshots.put_nowait))
    up = await asyncio.create_subprocess_exec("ip", "link", "set", "t-p1", "up")
    await up.wait()
    script = (
        "import socket, time\n"
        "line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
        "line.bind(('t-p1', 0))\n"
        "while True: line.send(bytes(1000)), time.sleep(0.01)\n"
    )
    sender = await asyncio.create_subprocess_exec("python3", "-c", script)
    try:
        async with asyncio.timeout(3 * SOON):
            while True:
                host = await snapshots.get()
                refs = [port.ref for port in host.ports if port.name == "t-p1"]
                if any(host.rate(ref, "rx_packets") for ref in refs):
                    break
    finally:
        sender.kill()
        await sender.wait()
        running.cancel()

    assert 10 < host.rate(refs[0], "rx_packets") < 200


async def test_strangers_text_arrives_whole_but_bounded_and_can_be_cleaned(lab, ovs, bridge):
    hostile = "\x1b]0;owned\x07\x1b[2J[bold red]é漢字\u202e" + "x" * 10_000
    quoted = '"' + hostile.replace("\x1b", "\\u001b").replace("\x07", "\\u0007") + '"'

    lab.vsctl("--no-wait", "set", "bridge", bridge, f"external_ids:evil={quoted}")

    found = dict(bridges(await read(ovs))[bridge].external_ids)["evil"]
    assert found == hostile[:1000]
    assert clean(found).isprintable()


def _operation(chance: random.Random) -> str:
    name, number = f"t-r{chance.randrange(6)}", chance.randrange(1, 4000)
    return chance.choice(
        [
            f"--may-exist add-port {BRIDGE} {name} -- set interface {name} type=internal",
            f"--if-exists del-port {name}",
            f"--if-exists set port {name} tag={number}",
            f"--if-exists set port {name} trunks={number},{number + 1}",
            f"--if-exists clear port {name} tag",
            f"--if-exists set port {name} external_ids:n{number % 5}={number}",
            f"--if-exists set interface {name} type=patch options:peer=t-r{number % 6}",
            f"--if-exists set interface {name} options={{}} type=internal",
            f"--may-exist add-br t-ovs{number % 3} -- set bridge t-ovs{number % 3} "
            "datapath_type=netdev",
            f"--if-exists del-br t-ovs{number % 3}",
            f"set-controller {BRIDGE} tcp:127.0.0.1:{number}",
            f"del-controller {BRIDGE}",
            f"set-fail-mode {BRIDGE} {'secure' if number % 2 else 'standalone'}",
            f"set bridge {BRIDGE} stp_enable={'true' if number % 2 else 'false'}",
        ]
    )


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_operations_the_replica_is_what_a_new_reader_gets(lab, ovs, bridge, seed):
    chance = random.Random(seed)
    try:
        for _ in range(8):
            for _ in range(6):
                lab.vsctl("--no-wait", *_operation(chance).split())
                await read(ovs)
            async with asyncio.timeout(SOON):
                while told(await read(ovs)) != told(await read_anew(lab.ovsdb)):
                    await asyncio.sleep(0.05)
    finally:
        for number in range(3):
            lab.vsctl("--no-wait", "--if-exists", "del-br", f"t-ovs{number}")


# ------------------------------------------------------------------ at scale


async def test_five_hundred_ports(lab, ovs, bridge, capsys):
    lab.vsctl("add-br", "t-ovs2", "--", "set", "bridge", "t-ovs2", "datapath_type=netdev")
    pairs = [
        f"-- add-port {bridge} t-a{number} -- set interface t-a{number} type=patch "
        f"options:peer=t-b{number} -- add-port t-ovs2 t-b{number} "
        f"-- set interface t-b{number} type=patch options:peer=t-a{number} "
        f"external_ids:iface-id=vm-{number}"
        for number in range(250)
    ]
    try:
        lab.vsctl("--no-wait", *" ".join(pairs).split()[1:])
        began = time.process_time()
        first = await read(ovs)
        whole = time.process_time() - began
        change = [
            f"-- set interface t-a{number} statistics:rx_bytes={number}" for number in range(250)
        ]
        began = time.process_time()
        lab.vsctl("--no-wait", *" ".join(change).split()[1:])
        await read(ovs)
        again = time.process_time() - began
    finally:
        lab.vsctl("del-br", "t-ovs2")

    with capsys.disabled():
        print(
            f"\n{len(first.ports)} ports: first read {whole:.3f} s of CPU, an update {again:.3f} s"
        )
    assert len(names(first, bridge)) == len(names(first, "t-ovs2")) == 251
