"""What the libvirt backend says to the daemon, counted at the wire, and what it makes of answers."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.backends.libvirt_help import (
    PATIENCE,
    has,
    known,
    named,
    opened,
    read,
    recovered,
    settled,
)
from tests.backends.libvirt_proxy import Proxy, proxied
from tests.lab import Lab
from vtui.errors import HostError

# remote_protocol.x
LIST_ALL_DOMAINS = 273
GET_ALL_DOMAIN_STATS = 344
DOMAIN_GET_XML_DESC = 14
DOMAIN_GET_INFO = 16
DOMAIN_GET_STATE = 212


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name leaves room for a socket's within a socket address."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
async def proxy(lab: Lab, short: Path) -> AsyncIterator[Proxy]:
    socket = parse_qs(urlsplit(lab.libvirt_uri).query)["socket"][0]
    async with proxied(short / "s", socket) as proxy:
        yield proxy


@pytest.fixture
def node(short: Path) -> Callable[[int], str]:
    """Writes a simulated node of so many domains; gives the path."""

    def write(count: int) -> str:
        domains = "".join(
            f"<domain type='test'><name>d{n}</name><memory>65536</memory><vcpu>2</vcpu>"
            f"<cputune><vcpupin vcpu='1' cpuset='{n % 8}'/></cputune>"
            "<os><type>hvm</type></os></domain>"
            for n in range(count)
        )
        (short / "node.xml").write_text(f"<node>{domains}</node>")
        return str(short / "node.xml")

    return write


@pytest.mark.parametrize("count", [50, 500])
async def test_a_refresh_takes_as_many_calls_for_500_domains_as_for_50(proxy, node, count):
    async with opened(f"test+unix://{node(count)}?{proxy.query}") as backend:
        first = await known(backend)
        assert len(first.domains) == count
        assert all(one.pins.vcpus == {1: _cpus(one)} for one in first.domains)
        proxy.calls.clear()
        assert len((await read(backend)).domains) == count
        assert proxy.calls == {
            GET_ALL_DOMAIN_STATS: 2,
            LIST_ALL_DOMAINS: 3,
            DOMAIN_GET_XML_DESC: 16,
        }


async def test_a_refresh_of_qemu_guests_asks_for_nothing_one_by_one_but_xml(lab, proxy):
    async with opened(f"qemu:///system?{proxy.query}") as backend:
        await settled(backend)
        proxy.calls.clear()
        domains = (await read(backend)).domains
        assert proxy.calls == {
            GET_ALL_DOMAIN_STATS: 2,
            LIST_ALL_DOMAINS: 3,
            DOMAIN_GET_XML_DESC: len(domains),
        }


async def test_without_bulk_statistics_a_refresh_takes_one_more_call_per_domain(lab, proxy):
    async with opened(f"lxc:///system?{proxy.query}") as backend:
        await read(backend)
        proxy.calls.clear()
        assert len((await read(backend)).domains) == 1
        assert proxy.calls == {LIST_ALL_DOMAINS: 4, DOMAIN_GET_INFO: 1, DOMAIN_GET_XML_DESC: 1}


async def test_a_connection_lost_again_and_again_leaves_nothing_behind(proxy):
    async with opened(f"qemu:///system?{proxy.query}") as backend:
        await read(backend)
        left = []
        for _ in range(5):
            proxy.hang_up()
            async with asyncio.timeout(PATIENCE):
                await backend.changed()
            with pytest.raises(HostError, match="closed"):
                await read(backend)
            assert has(await recovered(backend), "plc-gateway")
            left.append((len([*Path("/proc/self/fd").iterdir()]), threading.active_count()))
        assert left == [left[0]] * 5


async def test_a_frame_that_is_none_is_an_error_and_the_next_connection_is_sound(proxy):
    async with opened(f"qemu:///system?{proxy.query}") as backend:
        await read(backend)
        proxy.mangle = lambda frame: b"\xff" * len(frame)
        with pytest.raises(HostError):
            await read(backend)
        proxy.mangle = bytes
        assert has(await recovered(backend), "plc-gateway")


async def test_an_answer_that_makes_no_sense_is_an_error_and_not_a_crash(proxy):
    async with opened(f"qemu:///system?{proxy.query}") as backend:
        await read(backend)
        proxy.mangle = lambda frame: frame[:28] + b"\xff" * (len(frame) - 28)
        with pytest.raises(HostError):
            await read(backend)
        proxy.mangle = bytes
        assert has(await recovered(backend), "plc-gateway")


async def test_a_name_that_is_not_utf8_is_an_error_and_not_a_crash(proxy):
    async with opened(f"qemu:///system?{proxy.query}") as backend:
        await read(backend)
        proxy.mangle = lambda frame: frame.replace(
            b"plc-gateway", b"plc-\xff\xfe\xfd\xfc\xfb\xfa\xf9"
        )
        with pytest.raises(HostError, match="UTF-8"):
            await read(backend)
        proxy.mangle = bytes
        assert has(await recovered(backend), "plc-gateway")


async def test_a_path_that_is_not_utf8_costs_what_it_stands_beside_and_not_the_list(proxy):
    async with opened(f"qemu:///system?{proxy.query}") as backend:
        proxy.mangle = lambda frame: frame.replace(b".qcow2", b".\xff\xfe\xfd\xfc\xfb")
        seen = named(await read(backend), "plc-gateway")
        assert (seen.state, seen.pins, seen.counters()) == ("running", None, {})
        proxy.mangle = bytes
        assert named(await settled(backend), "plc-gateway").pins is not None


async def test_on_a_host_with_a_running_vhostuser_nic_libvirtd_is_not_asked_for_interfaces(proxy):
    # As many bytes either way; a real one takes a switch that runs in userspace.
    tap, vhost = b"<interface type='bridge'>\n      <", b"<interface type='vhostuser'>\n   <"
    async with opened(f"qemu:///system?{proxy.query}") as backend:
        gateway = named(await settled(backend), "plc-gateway")
        assert gateway.counters().keys() == {"cpu", "rx", "tx", "read", "written"}
        proxy.mangle = lambda frame: frame.replace(tap, vhost)
        gateway = named(await read(backend), "plc-gateway")
        assert gateway.counters().keys() == {"cpu", "read", "written"}
        assert [nic.name for nic in gateway.interfaces] != []


async def test_xml_that_is_none_leaves_the_pins_unknown_and_the_list_whole(proxy):
    async with opened(f"qemu:///system?{proxy.query}") as backend:
        assert named(await read(backend), "plc-gateway").pins is not None
        proxy.mangle = lambda frame: frame.replace(b"<domain ", b"<<omain ")
        value = await read(backend)
        assert [one.pins for one in value.domains] == [None] * len(value.domains)
        proxy.mangle = bytes
        assert named(await read(backend), "plc-gateway").pins is not None


def _cpus(domain):
    return frozenset({int(domain.name.removeprefix("d")) % 8})
