"""Docker, or what speaks its Engine API: one list a refresh, usage from the control groups.

The engine is asked for its list alone, never for one container after the other: 200 containers
cost dockerd 20 ms of CPU a list, and an inspect or a stats call far more each.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

from vtui import cgroup, lanes
from vtui.backends.docker.engine import ANSWER, Engine, load
from vtui.backends.docker.events import Events
from vtui.errors import HostError, NoAnswer
from vtui.model import Container, Containers
from vtui.monitor import Backend, Need

__all__ = ["Docker"]

CADENCE = 2.0
MAX_CADENCE = 10.0
SHARE = 0.01
"""Of the time, for listing at most: an engine that is slow to list is asked less often."""

DEADLINE = ANSWER + 1.0
"""Seconds for all of a read; the difference lets the engine's silence be told as such."""
IMPORT_DEADLINE = 20.0
"""Seconds for the SDK's import at the first read: 0.2 s on a PC, far more on a small board."""

ECHO = 0.5
"""Seconds after the last event until one more look: the engine tells of a death before its own list
does, which waits for the container's network and file system to be taken down."""

RUNNING = ("running", "paused")
"""The states in which a container has a control group."""


class Docker(Backend):
    """One engine. Its containers' Ref is ("container", full id, "docker")."""

    name = "docker"
    deadline = IMPORT_DEADLINE + DEADLINE

    def __init__(self, host: str, root: Path) -> None:
        """`host` as in DOCKER_HOST; TLS by DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, as for docker(1)."""
        self.cadence = CADENCE
        self._engine = Engine(host)
        self._groups = cgroup.Groups(root)
        self._lane = lanes.Lane(self.name, DEADLINE)
        self._loaded = False
        self._connected = asyncio.Event()
        self._news = asyncio.Event()
        self._echo: asyncio.TimerHandle | None = None
        self._events: Events | None = None

    async def read(self, need: Need) -> Containers:
        """The containers by name, with CPU time and memory of those in view only.

        Raises Unavailable without SDK, socket or permission, NoAnswer when the engine hangs and
        HostError when it refuses or answers nonsense.
        """
        if not self._loaded:
            await self._lane.call_within(IMPORT_DEADLINE, load)
            self._loaded = True
        visible = frozenset(ref.id for ref in need.visible if ref.source == self.name)
        try:
            containers = await self._lane.call(self._look, visible)
        except HostError:
            if self._events:  # its stream may be dead without a sign
                self._events.hang_up()
            raise
        self._connected.set()
        return Containers(self.name, containers, self._engine.version)

    async def changed(self) -> None:
        """Return at the engine's next event that changes the list, or when its stream breaks off."""
        await self._connected.wait()
        if self._events is None:
            loop = asyncio.get_running_loop()

            def announce() -> None:
                with contextlib.suppress(RuntimeError):  # the loop is closed already
                    loop.call_soon_threadsafe(self._announced)

            self._events = Events(self._engine.connect, announce)
        await self._news.wait()
        self._news.clear()

    def _announced(self) -> None:
        if self._echo:
            self._echo.cancel()
        self._echo = asyncio.get_running_loop().call_later(ECHO, self._news.set)
        self._news.set()

    async def close(self) -> None:
        """End the stream of events and the connection; a hung engine is not waited for."""
        if self._events:
            self._events.close()
        if self._echo:
            self._echo.cancel()
        if self._loaded:
            with contextlib.suppress(NoAnswer):
                await self._lane.call_within(0.2, self._engine.close)
        self._lane.close()

    def _look(self, visible: frozenset[str]) -> tuple[Container, ...]:
        found = self._engine.containers()
        self.cadence = min(MAX_CADENCE, max(CADENCE, self._engine.took / SHARE))
        running = {one.ref.id for one in found if one.state in RUNNING}
        groups = self._groups.of_ids(running)
        elsewhere = self._engine.usage((running & visible) - groups.keys())
        return tuple(
            _measured(one, groups[one.ref.id], one.ref.id in visible)
            if one.ref.id in groups
            else replace(one, **elsewhere.get(one.ref.id, {}))
            for one in found
        )


def _measured(one: Container, group: cgroup.Group, visible: bool) -> Container:
    return replace(
        one,
        cpuset=cgroup.cpus(group),
        cpu_time=cgroup.cpu_time(group) if visible else None,
        memory=cgroup.memory(group) if visible else None,
    )
