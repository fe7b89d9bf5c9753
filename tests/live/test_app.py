"""The application on the lab's real daemons: the outside is on screen, a dead daemon costs one panel."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.ui.stage import Stage
from vtui.app import VtuiApp
from vtui.config import load
from vtui.reading import Failed, Ready, Waiting
from vtui.sources import backends

# requests leaves the socket of a connection that could not be made to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket.socket.*family=1,:pytest.PytestUnraisableExceptionWarning"
)


@asynccontextmanager
async def watching(lab: Lab, size: tuple[int, int] = (100, 60)) -> AsyncIterator[Stage]:
    """The application over the lab, all of its backends read at least once."""
    config = load({"theme": "dark"}, environ=lab.env, files=())
    app = VtuiApp(config, backends(config))
    try:
        async with app.run_test(size=size) as pilot:
            scene = Stage(app, pilot, time.monotonic)
            await scene.until(
                lambda: not any(isinstance(one, Waiting) for one in app.host.readings.values())
            )
            yield scene
    finally:
        await app.monitor.closed()


@contextmanager
def restored(path: Path) -> Iterator[None]:
    """What a test writes to a file of the kernel is taken back."""
    before = path.read_text().strip()
    try:
        yield
    finally:
        path.write_text(before)


def movable() -> Path:
    """An interrupt's affinity that the kernel lets us change: of two CPUs, on one alone after."""
    for path in sorted(Path("/proc/irq").glob("*/smp_affinity_list")):
        before = path.read_text().strip()
        try:
            path.write_text(before)
        except OSError:
            continue
        if before and any(path.parent.glob("*/")):
            return path
    pytest.skip("missing capability: an IRQ whose affinity may be changed")


def row(scene: Stage, name: str) -> str:
    """The row on screen that has this word; empty when there is none."""
    return next((line for line in scene.screen.table.text if name in line.split()), "")


# ------------------------------------------------------------------ what happens outside


async def test_a_domain_started_and_stopped_outside(lab: Lab) -> None:
    async with watching(lab) as scene:
        await scene.press("2")
        assert "shut off" in row(scene, "hmi")
        lab.virsh("start", "hmi")
        try:
            await scene.until(lambda: "running" in row(scene, "hmi"))
        finally:
            lab.virsh("destroy", "hmi")
        await scene.until(lambda: "shut off" in row(scene, "hmi"))


async def test_a_container_stopped_and_started_outside(lab: Lab) -> None:
    async with watching(lab) as scene:
        await scene.press("3")
        lab.docker("pause", "telemetry")
        try:
            await scene.until(lambda: "paused" in row(scene, "telemetry"))
        finally:
            lab.docker("unpause", "telemetry")
        await scene.until(lambda: "running" in row(scene, "telemetry"))


async def test_an_lxc_container_frozen_outside(lab: Lab) -> None:
    async with watching(lab) as scene:
        await scene.press("3")
        lab.lxc("freeze", "-n", "soft-plc")
        try:
            await scene.until(lambda: "frozen" in row(scene, "soft-plc"))
        finally:
            lab.lxc("unfreeze", "-n", "soft-plc")
        await scene.until(lambda: "running" in row(scene, "soft-plc"))


async def test_a_port_added_and_retagged_outside(lab: Lab) -> None:
    name = f"{lab.site.prefix}-new"
    async with watching(lab) as scene:
        await scene.press("4")
        lab.vsctl("add-port", lab.bridge, name, "--", "set", "interface", name, "type=internal")
        try:
            await scene.until(lambda: name in scene.text)
            lab.vsctl("set", "port", name, "tag=77")
            await scene.until(lambda: "tag 77" in scene.text)
        finally:
            lab.vsctl("del-port", name)
        await scene.until(lambda: name not in scene.text)


async def test_a_link_set_down_outside(lab: Lab) -> None:
    name = f"{lab.site.prefix}-veth0"
    async with watching(lab) as scene:

        def up() -> bool:
            return any(link.name == name and link.up for link in scene.app.host.links)

        assert up()
        subprocess.run(["ip", "link", "set", name, "down"], check=True)
        try:
            await scene.until(lambda: not up())
        finally:
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        await scene.until(up)


async def test_an_interrupt_moved_outside(lab: Lab) -> None:
    path = movable()
    label = path.parent.name
    async with watching(lab) as scene:

        def requested() -> frozenset[int] | None:
            return next(irq.requested for irq in scene.app.host.irqs if irq.label == label)

        with restored(path):
            lab.freeze("irqbalance")  # it would move the interrupt, too
            try:
                path.write_text("0")
                await scene.until(lambda: requested() == {0})
                path.write_text("1")
                await scene.until(lambda: requested() == {1})
            finally:
                lab.thaw("irqbalance")


# ------------------------------------------------------------------ daemons that die or hang


DAEMONS = [("libvirt", "libvirt qemu", "2"), ("docker", "docker", "3"), ("ovsdb", "ovs", "4")]


def state(scene: Stage, name: str) -> object:
    return type(scene.app.host.readings[name])


@pytest.fixture
def spare() -> Iterator[Lab]:
    """A lab of its own: its daemons die."""
    if os.geteuid() != 0:
        pytest.skip("missing capability: root")
    lab = Lab(f"die-{os.environ.get('VTUI_LAB_NAME', 'test')}"[:12])
    with lab.running(("libvirt", "docker", "ovs")):
        yield lab


async def test_a_killed_daemon_marks_its_panel_and_it_recovers_with_the_daemon(spare: Lab) -> None:
    async with watching(spare) as scene:
        for daemon, name, key in DAEMONS:
            await scene.press(key)
            rows = len(scene.screen.table.shown)
            spare.kill(daemon)
            await scene.until(lambda name=name: state(scene, name) is Failed)
            assert f"✗ {name}:" in scene.text
            assert len(scene.screen.table.shown) == rows
            assert state(scene, "cpus") is Ready
            spare.restart(daemon)
            await scene.until(lambda name=name: state(scene, name) is Ready)


async def test_a_hung_daemon_leaves_every_key_responsive(spare: Lab) -> None:
    async with watching(spare) as scene:
        for daemon, name, key in DAEMONS:
            spare.freeze(daemon)
            try:
                await scene.until(lambda name=name: state(scene, name) is Failed)
                for other in ("1", "5", key):
                    await scene.press(other, "down")
                assert f"✗ {name}:" in scene.text
                before = scene.app.host.at
                await scene.until(lambda before=before: scene.app.host.at > before + 1)
            finally:
                spare.thaw(daemon)
            await scene.until(lambda name=name: state(scene, name) is Ready)


# ------------------------------------------------------------------ names of strangers


HOSTILE = "\x1b[2J\x1b]0;x\x07[bold red]boo[/]" + "A" * 10_000


@pytest.mark.parametrize("put", ["external-ids", "label"])
async def test_hostile_text_in_a_database_or_label_does_no_harm(lab: Lab, put: str) -> None:
    doings: dict[str, tuple[Callable[[], str], Callable[[], str], str]] = {
        "external-ids": (
            lambda: lab.vsctl("set", "bridge", lab.bridge, f'external-ids:evil="{HOSTILE}"'),
            lambda: lab.vsctl("remove", "bridge", lab.bridge, "external-ids", "evil"),
            "4",
        ),
        "label": (
            lambda: lab.docker(
                "create", "--name", "evil", "--label", f"evil={HOSTILE}", "plant/busybox:1"
            ),
            lambda: lab.docker("rm", "evil"),
            "3",
        ),
    }
    do, undo, key = doings[put]
    do()
    try:
        async with watching(lab) as scene:
            await scene.press(key, "enter", "slash", *("evil" if put == "label" else ""), "enter")
            assert all(line.isprintable() for line in scene.text.split("\n"))
    finally:
        undo()
