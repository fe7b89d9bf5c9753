"""What makes the screen worth trusting: it says what it does not know, and strangers cannot draw on it."""

from __future__ import annotations

from typing import Any

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from tests.ui.stage import stage
from tests.ui.still import (
    Still,
    container,
    containers,
    cpus,
    domain,
    domains,
    interrupts,
    many_domains,
)
from vtui.errors import HostError, Unavailable
from vtui.keys import SCREENS

HOSTILE = "\x1b[2J\x1b]0;pwned\x07[bold red]x[/]\r\n\x9b31m\u202e" + "A" * 10_000


async def test_an_absent_backend_says_why_and_what_to_type() -> None:
    absent = Still("docker", Unavailable("no socket", "systemctl start docker"))
    async with stage(backends=[absent]) as scene:
        await scene.press("3")
        assert scene.lines("notices") == ["○ docker: no socket  → systemctl start docker"]


async def test_a_backend_that_failed_keeps_its_last_rows_and_says_they_are_old() -> None:
    libvirt = Still("libvirt", many_domains(2))
    async with stage(backends=[libvirt]) as scene:
        await scene.press("2")
        libvirt.value = HostError("end of file from the daemon", "systemctl restart libvirtd")
        await scene.tick()
        assert "guest-001" in scene.text
        assert "✗ libvirt: end of file from the daemon (showing the last known" in scene.text


async def test_a_backend_that_returns_loses_its_notice() -> None:
    libvirt = Still("libvirt", HostError("gone"))
    async with stage(backends=[libvirt], ticks=0) as scene:
        libvirt.value = many_domains(2)
        await scene.tick()
        await scene.press("2")
        assert scene.lines("notices") == []


async def test_the_header_has_a_mark_for_each_backend() -> None:
    backends = [
        Still("libvirt", many_domains(1)),
        Still("docker", Unavailable("none")),
        Still("ovs", HostError("gone")),
    ]
    async with stage(backends=backends) as scene:
        assert "●virt ○docker ✗ovs" in scene.lines("header")[0]


@pytest.mark.parametrize("name", SCREENS)
async def test_hostile_text_does_no_harm(name: str) -> None:
    backends = [
        Still("libvirt", domains(domain(HOSTILE, 1, state=HOSTILE, reason="crashed"))),
        Still("docker", containers(container(HOSTILE, 1, labels=((HOSTILE, HOSTILE),)))),
        Still("ovs", HostError(HOSTILE, HOSTILE)),
    ]
    async with stage(backends=backends) as scene:
        await scene.press(str(SCREENS.index(name) + 1), "enter")
        await scene.tick()
        assert all(line.isprintable() for line in scene.text.split("\n"))
        assert {len(line) for line in scene.text.split("\n")} == {80}


class CountingDriver(HeadlessDriver):
    """Counts what would go to the terminal."""

    written = 0

    def write(self, data: str) -> None:
        """Count it."""
        CountingDriver.written += len(data)


@pytest.mark.parametrize("name", SCREENS)
async def test_refreshes_that_change_nothing_write_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtui.app.VtuiApp.get_driver_class", lambda app: CountingDriver)
    backends: list[Any] = [
        Still("libvirt", many_domains(500)),
        Still("docker", containers(container("web"))),
        Still("cpus", cpus(16)),
        Still("irq", interrupts(1000, 16)),
    ]
    async with stage(backends=backends) as scene:
        await scene.press(str(SCREENS.index(name) + 1), "enter")
        await scene.tick()
        before = CountingDriver.written
        reads = backends[0].reads
        await scene.tick()
        await scene.tick()
        assert backends[0].reads > reads
        assert CountingDriver.written == before
