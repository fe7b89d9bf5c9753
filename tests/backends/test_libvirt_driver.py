"""The libvirt backend over libvirt's own simulated hypervisor, which needs no daemon."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest

from tests.backends.libvirt_help import PATIENCE, has, known, named, opened, read, until
from vtui.backends.libvirt.library import library
from vtui.model import Ref

DOMAIN = """\
<domain type='test'>
  <name>{name}</name>
  <memory unit='MiB'>{memory}</memory>
  <vcpu current='1'>2</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='0'/></cputune>
  <os><type>hvm</type></os>
</domain>
"""

CSI = "\x9b31m"
"""What starts a colour in a terminal that knows 8-bit controls."""


@pytest.fixture
def node() -> Iterator[Any]:
    """Somebody else's connection to test:///default, which a whole process shares."""
    library()
    connection = libvirt.open("test:///default")
    before = {one.name() for one in connection.listAllDomains(0)}
    yield connection
    for domain in connection.listAllDomains(0):
        if domain.name() not in before:
            if domain.isActive():
                domain.destroy()
            domain.undefine()
    connection.close()


@pytest.fixture
def node_file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a node of its own with these domains; gives the URI."""

    def write(domains: str) -> str:
        path = tmp_path / "node.xml"
        path.write_text(f"<node>{domains}</node>")
        return f"test://{path}"

    return write


def define(node: Any, name: str, memory: int = 8) -> Any:
    return node.defineXML(DOMAIN.format(name=name, memory=memory))


async def test_the_default_node_has_its_one_domain():
    async with opened("test:///default") as backend:
        value = await read(backend)
    assert value.uri == "test:///default"
    seen = named(value, "test")
    assert seen.ref == Ref("domain", "6695eb01-f6a4-8304-79aa-97f2502e193f", "test:///default")
    assert (seen.state, seen.number, seen.vcpus, seen.memory) == ("running", 1, 2, 2 << 30)
    assert (seen.persistent, seen.autostart, seen.managed_save) == (True, False, False)


async def test_whatever_is_done_to_a_domain_elsewhere_is_news(node):
    async with opened("test:///default") as backend:
        await read(backend)
        domain = define(node, "made")
        value = await until(backend, lambda now: has(now, "made"))
        assert (named(value, "made").state, named(value, "made").memory) == ("shut off", 8 << 20)
        for act, state in (
            (domain.create, "running"),
            (domain.suspend, "paused"),
            (domain.resume, "running"),
            (domain.managedSave, "shut off"),
        ):
            act()
            value = await until(backend, lambda now, want=state: named(now, "made").state == want)
        assert named(value, "made").managed_save
        domain.managedSaveRemove()
        domain.undefine()
        await until(backend, lambda now: not has(now, "made"))


async def test_the_xml_of_a_domain_with_news_is_read_with_the_next_refresh(node):
    domains = [define(node, f"many{n}") for n in range(60)]
    async with opened("test:///default") as backend:
        await read(backend)
        node.defineXML(domains[59].XMLDesc(0).replace("8192", "16384"))
        await until(backend, lambda now: named(now, "many59").memory == 16 << 20)


async def test_a_change_without_an_event_costs_refreshes_and_not_the_truth(node):
    # The simulated hypervisor tells nobody of a pin. 40 domains are read 16 at a time.
    domains = [define(node, f"many{n}") for n in range(39)]
    domains[20].create()
    async with opened("test:///default") as backend:
        await read(backend)
        domains[20].pinVcpu(0, (False, True))
        values = [await read(backend) for _ in range(3)]
    assert named(values[-1], "many20").pins.vcpus == {0: frozenset({1})}


async def test_500_domains_are_read_whole(node_file):
    domains = "".join(DOMAIN.format(name=f"d{n}", memory=8) for n in range(500))
    async with opened(node_file(domains)) as backend:
        value = await known(backend)
    assert len(value.domains) == 500
    assert {one.state for one in value.domains} == {"running"}
    assert all(one.pins and one.pins.vcpus == {0: frozenset({0})} for one in value.domains)


@pytest.mark.parametrize(
    "name",
    [
        f"{CSI}red",
        "[bold red]markup[reset]",
        "a\u202eb\u2066c",
        "tab\tand blank ",
        "&lt;b&gt;",
        "\U0001f4a5\u0301\u200b",
        "n" * 10_000,
    ],
    ids=["control", "markup", "bidi", "blanks", "entities", "wide", "long"],
)
async def test_a_hostile_name_is_kept_as_it_is(node_file, name):
    async with opened(node_file(DOMAIN.format(name=name, memory=8))) as backend:
        (seen,) = (await read(backend)).domains
    assert seen.name == name.replace("&lt;", "<").replace("&gt;", ">")


async def test_before_the_first_read_nothing_is_news():
    async with opened("test:///default") as backend:
        waiting = asyncio.create_task(backend.changed())
        await read(backend)
        assert not waiting.done()
        waiting.cancel()


async def test_closing_is_fine_without_a_read():
    async with opened("test:///default"):
        pass


async def test_two_connections_live_side_by_side(node):
    async with opened("test:///default") as one, opened("test:///default") as other:
        await asyncio.gather(read(one), read(other))
        define(node, "made")
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(one.changed(), other.changed())


def test_importing_the_backend_loads_no_native_library():
    script = "import sys, vtui.backends.libvirt; sys.exit('libvirt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
