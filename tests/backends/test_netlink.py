"""The netlink backend against the real kernel, in a network namespace of its own."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from vtui.backends.netlink import Netlink
from vtui.errors import Unavailable
from vtui.history import History
from vtui.model import Host, Link, Links, Ref
from vtui.monitor import Need
from vtui.reading import Ready

SOON = 10.0
"""Seconds after which a test gives up waiting."""

NAMES = ("a1", "a2", "a3", "b1", "b2", "b3", "br1", "br2", "m1", "m2")


def ip(*args: str) -> str:
    return subprocess.run(["ip", *args], check=True, capture_output=True, text=True).stdout


class Namespace:
    """A network namespace, and what ip(8) says is in it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ip(self, *args: str) -> str:
        return ip("-n", self.name, *args)

    def batch(self, lines: list[str]) -> None:
        """Many commands at once."""
        subprocess.run(
            ["ip", "-n", self.name, "-batch", "-"], input="\n".join(lines), text=True, check=True
        )

    def attempt(self, lines: list[str]) -> subprocess.Popen[str]:
        """Begin many commands; those that make no sense at their turn fail and don't matter."""
        script = "\n".join(f"ip -n {self.name} {line}" for line in lines)
        return subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL, text=True)

    def told_by_ip(self) -> dict[str, dict[str, object]]:
        links = json.loads(self.ip("-json", "-details", "link"))
        addresses = json.loads(self.ip("-json", "address"))
        given = {entry["ifindex"]: entry.get("addr_info", []) for entry in addresses}
        return {link["ifname"]: _traits(link, given.get(link["ifindex"], [])) for link in links}

    def counters(self, name: str) -> dict[str, int]:
        stats = json.loads(self.ip("-json", "-statistics", "link", "show", name))[0]["stats64"]
        kinds = {"": "bytes", "_packets": "packets", "_errors": "errors", "_dropped": "dropped"}
        return {
            way + suffix: stats[way][kind] for way in ("rx", "tx") for suffix, kind in kinds.items()
        }


def _traits(link: dict[str, object], addresses: list[dict[str, object]]) -> dict[str, object]:
    details = link.get("linkinfo", {})
    kind = details.get("info_kind", "")
    return {
        "index": link["ifindex"],
        "kind": kind,
        "up": "UP" in link["flags"],
        "carrier": "LOWER_UP" in link["flags"],
        "state": link["operstate"],
        "master": link.get("master", ""),
        "tied to": link.get("link") or "",
        "mtu": link["mtu"],
        "mac": link["address"],
        "alias": link.get("ifalias", ""),
        "addresses": {f"{one['local']}/{one['prefixlen']}" for one in addresses},
        "stp": bool(details.get("info_data", {}).get("stp_state")) if kind == "bridge" else None,
    }


def told_by_vtui(value: Links) -> dict[str, dict[str, object]]:
    stp = {bridge.name: bridge.stp for bridge in value.bridges}
    port_carrier = {port.name: port.interfaces[0].link_state for port in value.ports}
    told = {}
    for link in value.links:
        told[link.name] = {
            "index": link.index,
            "kind": link.kind,
            "up": link.up,
            "state": link.state,
            "master": link.master,
            "tied to": link.peer or link.lower,
            "mtu": link.mtu,
            "mac": link.mac,
            "alias": link.alias,
            "addresses": set(link.addresses),
            "stp": stp.get(link.name),
        }
        if link.name in port_carrier:
            told[link.name]["carrier"] = port_carrier[link.name] == "up"
    return told


async def agreement(netlink: Netlink, namespace: Namespace) -> dict[str, dict[str, object]]:
    """Read both until they say the same: the kernel itself still changes states for a while."""
    async with asyncio.timeout(SOON):
        while True:
            ours = told_by_vtui(await read(netlink))
            theirs = namespace.told_by_ip()
            for name in theirs.keys() & ours.keys():
                theirs[name] = {key: theirs[name][key] for key in ours[name]}
            if ours == theirs:
                return ours
            await asyncio.sleep(0.05)


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    if os.geteuid() != 0:
        pytest.skip("missing capability: root")
    name = f"vtui-test-{os.getpid()}"
    ip("netns", "add", name)
    try:
        yield Namespace(name)
    finally:
        ip("netns", "del", name)


@pytest.fixture
async def netlink(namespace: Namespace) -> AsyncIterator[Netlink]:
    backend = Netlink(namespace.name)
    yield backend
    await backend.close()


async def read(netlink: Netlink) -> Links:
    return await netlink.read(Need())


async def link(netlink: Netlink, name: str) -> Link | None:
    return next((one for one in (await read(netlink)).links if one.name == name), None)


async def news(netlink: Netlink) -> None:
    async with asyncio.timeout(SOON):
        await netlink.changed()


# ------------------------------------------------------------------ what changes


CHANGES = {
    "a link is added": "link add x type bridge",
    "a link is removed": "link del v1",
    "a link is set up": "link set v0 up",
    "a link is renamed": "link set v0 name w0",
    "a link gets another MTU": "link set v0 mtu 1400",
    "a link that is up gets an alias": "link set lo alias uplink",
    "a link joins a bridge": "link set v0 master b0",
    "a link gets an address": "address add 192.0.2.9/24 dev v0",
    "a link gets an IPv6 address": "address add 2001:db8::9/64 dev v0 nodad",
    "a link moves out": "link set v0 netns 1 name vtui-t-moved",
}


@pytest.mark.parametrize("command", CHANGES.values(), ids=CHANGES.keys())
async def test_it_is_news_and_the_next_read_tells_it(netlink, namespace, command):
    namespace.batch(
        ["link add b0 type bridge", "link add v0 type veth peer name v1", "link set lo up"]
    )
    before = await agreement(netlink, namespace)

    namespace.ip(*command.split())
    await news(netlink)

    assert await agreement(netlink, namespace) != before


async def test_what_the_kernel_tells_nobody_is_in_the_next_read_all_the_same(netlink, namespace):
    await read(netlink)

    namespace.ip("link", "set", "lo", "alias", "of-a-link-that-is-down")

    assert (await link(netlink, "lo")).alias == "of-a-link-that-is-down"


async def test_where_nothing_changes_there_is_no_news(netlink):
    await read(netlink)

    waiting = asyncio.create_task(netlink.changed())
    await asyncio.wait({waiting}, timeout=0.2)

    assert not waiting.done()
    waiting.cancel()


async def test_bridges_their_ports_and_peers(netlink, namespace):
    namespace.batch(
        [
            "link add br0 type bridge stp_state 1",
            "link add v0 type veth peer name v1",
            "link set v0 master br0",
            "link set v0 up",
            "link set v1 up",
            "link add link v1 name m0 type macvlan",
            "tuntap add t0 mode tap",
        ]
    )

    await agreement(netlink, namespace)
    value = await read(netlink)

    [bridge], [port] = value.bridges, value.ports
    assert (bridge.name, bridge.kind, bridge.stp) == ("br0", "linux", True)
    assert (port.name, port.bridge) == ("v0", bridge.ref)
    assert (port.interfaces[0].type, port.interfaces[0].admin_state) == ("veth", "up")
    ties = {one.name: (one.kind, one.peer, one.lower) for one in value.links}
    assert ties["v0"] == ("veth", "v1", "")
    assert ties["m0"] == ("macvlan", "", "v1")
    assert ties["t0"] == ("tun", "", "")


async def test_a_peer_in_another_namespace_is_not_known(netlink, namespace):
    namespace.ip("link", "add", "v0", "type", "veth", "peer", "name", "vtui-t-peer", "netns", "1")

    assert (await link(netlink, "v0")).peer == ""


async def test_strangers_text_in_an_alias_arrives_as_it_is(netlink, namespace):
    hostile = "\x1b[2J[bold red]é漢"
    namespace.ip("link", "set", "lo", "alias", hostile)

    assert (await link(netlink, "lo")).alias == hostile


async def test_counters_lie_between_what_ip_says_before_and_after(netlink, namespace):
    namespace.batch(["link set lo up", "address add 127.0.0.2/8 dev lo"])
    script = (
        "import socket\n"
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "[line.sendto(bytes(900), ('127.0.0.2', 9)) for _ in range(50)]\n"
    )
    subprocess.run(
        ["ip", "netns", "exec", namespace.name, sys.executable, "-c", script], check=True
    )

    before = namespace.counters("lo")
    ours = (await link(netlink, "lo")).counters()
    after = namespace.counters("lo")

    assert ours["tx"] >= 50 * 900
    assert ours.keys() == before.keys()
    assert all(before[name] <= ours[name] <= after[name] for name in ours)


async def test_traffic_shows_as_a_rate_of_the_link_and_of_its_port(netlink, namespace):
    namespace.batch(
        [
            "link add br0 type bridge",
            "link add v0 type veth peer name v1",
            "link set v0 master br0 up",
            "link set v1 up",
        ]
    )
    history, first = History(), await read(netlink)
    history.complete(Host(readings={"netlink": Ready(first, 1.0)}))
    script = (
        "import socket\n"
        "line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
        "line.bind(('v1', 0))\n"
        "[line.send(bytes(1000)) for _ in range(100)]\n"
    )
    subprocess.run(
        ["ip", "netns", "exec", namespace.name, sys.executable, "-c", script], check=True
    )

    second = Ready(await read(netlink), 2.0)
    host = history.complete(Host(readings={"netlink": second}))

    [port] = host.ports
    assert host.rate(port.ref, "rx") >= 100_000
    assert host.rate(Ref("link", port.ref.id), "rx") == host.rate(port.ref, "rx")


# ------------------------------------------------------------------ what goes on for long


def _operation(chance: random.Random) -> str:
    name, other = chance.choice(NAMES), chance.choice(NAMES)
    number = chance.randrange(1, 250)
    return chance.choice(
        [
            f"link add {name} type veth peer name {other}",
            f"link add {name} type bridge stp_state {number % 2}",
            f"link add link {other} name {name} type macvlan mode bridge",
            f"tuntap add {name} mode tap",
            f"link del {name}",
            f"link set {name} up",
            f"link set {name} up",
            f"link set {name} down",
            f"link set {name} name {other}",
            f"link set {name} mtu {1280 + number}",
            f"link set {name} alias plant-{number}",
            f"link set {name} address 02:00:00:00:00:{number:02x}",
            f"link set {name} master {other}",
            f"link set {name} nomaster",
            f"link set {name} type bridge stp_state {number % 2}",
            f"address add 10.0.{number}.1/24 dev {name}",
            f"address add 10.0.{number}.1/32 peer 10.0.{number}.2 dev {name}",
            f"address add 2001:db8::{number:x}/64 dev {name} nodad",
            f"address flush dev {name}",
        ]
    )


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_operations_the_state_is_what_ip_says(netlink, namespace, seed):
    chance = random.Random(seed)

    for _ in range(5):
        namespace.attempt([_operation(chance) for _ in range(60)]).wait()
        await agreement(netlink, namespace)


async def test_reads_amid_changes_hold_and_end_in_what_ip_says(netlink, namespace):
    chance = random.Random(7)
    namespace.batch([f"link add f{number} type veth peer name g{number}" for number in range(20)])
    changing = namespace.attempt([_operation(chance) for _ in range(800)])

    while changing.poll() is None:
        value = await read(netlink)
        assert len({one.index for one in value.links}) == len(value.links)

    await agreement(netlink, namespace)


async def test_a_flood_of_events_that_overflows_the_socket_loses_nothing(netlink, namespace):
    namespace.batch(["link add v0 type veth peer name v1"])
    await read(netlink)

    # No await: the loop cannot drain the socket meanwhile, so the kernel has to drop events.
    flood = [f"link set v0 mtu {1300 + number % 100}" for number in range(2000)]
    namespace.batch([*flood, "link add v2 type veth peer name v3", "link set v0 mtu 1299"])
    await news(netlink)
    assert (await link(netlink, "v0")).mtu == 1299
    assert await link(netlink, "v3") is not None

    namespace.ip("link", "del", "v2")
    await news(netlink)
    assert await link(netlink, "v3") is None


# ------------------------------------------------------------------ who may read, what it costs


def test_an_ordinary_user_may_read():
    script = (
        "import asyncio, os, psutil, pyroute2\n"
        "from vtui.backends.netlink import Netlink\n"
        "from vtui.monitor import Monitor\n"
        "os.setgid(65534), os.setuid(65534)\n"
        "host = asyncio.run(Monitor([Netlink()]).once())\n"
        "print([link.name for link in host.links if link.name == 'lo'])\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout

    assert said == "['lo']\n"


async def test_a_namespace_that_is_not_there_is_unavailable():
    backend = Netlink("vtui-test-nonesuch")

    with pytest.raises(Unavailable, match="vtui-test-nonesuch"):
        await read(backend)

    await backend.close()


async def test_closing_an_unread_backend_is_harmless():
    await Netlink().close()


async def test_four_hundred_links(netlink, namespace, capsys):
    pairs = [f"link add c{number} type veth peer name d{number}" for number in range(200)]
    namespace.batch([*pairs, *(f"link set c{number} up" for number in range(200))])
    costs = []
    for _ in range(10):
        began = time.process_time()
        value = await read(netlink)
        costs.append(time.process_time() - began)

    with capsys.disabled():
        print(f"\n{len(value.links)} links: one read {min(costs):.3f} s of CPU")
    assert len(value.links) == 401


# ------------------------------------------------------------------ between two dumps


async def test_counters_move_on_though_the_links_are_not_listed_again(monkeypatch):
    monkeypatch.setattr("vtui.backends.netlink.SPARING", 1e9)
    monkeypatch.setattr("vtui.backends.netlink.SPARING_NEWS", 1e9)
    here = Netlink()
    before = await link(here, "lo")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(bytes(900), ("127.0.0.1", 9))

    after = await link(here, "lo")
    await here.close()

    assert after.counters().keys() == before.counters().keys()
    assert after.counters()["tx"] >= before.counters()["tx"] + 900
