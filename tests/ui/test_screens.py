"""What the screens say about a host."""

from __future__ import annotations

from tests.ui.stage import stage
from tests.ui.still import Still, container, containers, cpus, domain, domains
from vtui.model import (
    Bridge,
    DomainInterface,
    Interface,
    Interrupts,
    Irq,
    OpenVSwitch,
    Port,
    Ref,
)

BRIDGE = Ref("bridge", "b", "ovs")

SWITCH = OpenVSwitch(
    (Bridge(BRIDGE, "br-int", "ovs", "netdev"),),
    (
        Port(Ref("port", "p1", "ovs"), "vnet0", BRIDGE, (Interface("vnet0", link_state="up"),), 10),
        Port(Ref("port", "p2", "ovs"), "eth1", BRIDGE, (Interface("eth1", link_state="down"),)),
    ),
)


def fires_on(cpu: int, total: int) -> Interrupts:
    """One IRQ that fired so often on one of four CPUs."""
    counts = tuple(total if one == cpu else 0 for one in range(4))
    irq = Irq(Ref("irq", "24"), "24", counts, device="eth0", effective=frozenset({cpu}))
    return Interrupts((0, 1, 2, 3), (irq,))


async def test_the_network_is_a_tree_of_bridge_port_and_guest() -> None:
    guest = domain("plc", 1, interfaces=(DomainInterface("vnet0"),))
    backends = [Still("libvirt", domains(guest)), Still("ovs", SWITCH)]
    async with stage(backends=backends) as scene:
        await scene.press("4")
        bridge, first, last = (line.split() for line in scene.screen.table.text[1:])
        assert bridge[:4] == ["■", "br-int", "OVS", "netdev"]
        assert first[:4] == ["○", "├", "eth1", "system"]
        assert last[:7] == ["●", "└", "vnet0", "system", "tag", "10", "plc"]


async def test_the_overview_lists_what_needs_attention_and_enter_goes_there() -> None:
    sick = container("mqtt", 1, health="unhealthy")
    async with stage(backends=[Still("docker", containers(container("web", 2), sick))]) as scene:
        assert "container mqtt: health check fails" in scene.text
        await scene.press("enter")
        await scene.pilot.pause()
        assert scene.screen.name == "containers"
        assert scene.screen.table.current.name == "mqtt"
        assert scene.screen.detail.display


async def test_an_interrupt_on_an_isolated_cpu_needs_attention() -> None:
    irq = Still("irq", fires_on(3, 0))
    backends = [Still("cpus", cpus(4, lambda number: number >= 2)), irq]
    async with stage(backends=backends) as scene:
        irq.value = fires_on(3, 250)
        await scene.tick()
        assert "irq 24 eth0: 250/s on isolated CPU 3" in scene.text
        irq.value = fires_on(3, 250)
        await scene.tick()
        assert "on isolated CPU 3" not in scene.text


async def test_the_heat_map_has_a_column_for_each_cpu() -> None:
    irq = Still("irq", fires_on(2, 0))
    async with stage(backends=[Still("cpus", cpus(4)), irq]) as scene:
        await scene.press("5")
        irq.value = fires_on(2, 1000)
        await scene.tick()
        titles, row = scene.screen.table.text[:2]
        assert titles[titles.index("ISOLATED") + 9 :].split() == ["0", "2"]
        start = titles.index("ISOLATED") + 9
        assert row[start : start + 4] == "  ▇ "


async def test_the_cpu_map_shows_role_owner_and_load() -> None:
    pinned = container("plc", 1, cpuset=frozenset({3}))
    backends = [
        Still("docker", containers(pinned)),
        Still("cpus", cpus(4, lambda number: number >= 2)),
    ]
    async with stage(backends=backends) as scene:
        await scene.press("6")
        rows = {line.split()[0]: line.split()[1:] for line in scene.lines("map")}
        assert rows["role"] == ["H", "H", "I", "I"]
        assert rows["owner"] == ["·", "·", "·", "a"]
        assert "a plc" in " ".join(scene.lines("map"))


async def test_the_log_tells_what_changed_newest_first() -> None:
    libvirt = Still("libvirt", domains(domain("plc", 1)))
    async with stage(backends=[libvirt]) as scene:
        libvirt.value = domains(domain("plc", 1, state="paused"))
        await scene.tick()
        libvirt.value = domains()
        await scene.tick()
        await scene.press("7")
        rows = [line[10:].strip() for line in scene.screen.table.text[1:]]
        assert rows == ["domain plc: is gone", "domain plc: running → paused"]
