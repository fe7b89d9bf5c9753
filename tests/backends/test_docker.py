"""The Docker backend against a real dockerd."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.lab.docker import IMAGE
from vtui import cgroup
from vtui.backends.docker import Docker
from vtui.backends.docker.engine import Engine
from vtui.backends.docker.events import Events
from vtui.model import Container
from vtui.monitor import Need

SOON = 15.0
"""Seconds after which a test gives up waiting."""

NAME = "t-docker"

VERDICTS = {"mqtt-broker": "healthy", "camera-feed": "unhealthy"}

Wanted = Callable[[Container | None], bool]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of its own: no other test's containers make news."""
    if os.geteuid() != 0:
        pytest.skip("missing capability: root")
    lab = Lab("docker-test")
    with lab.running(only=["docker"]):
        yield lab


@pytest.fixture
async def docker(lab: Lab) -> AsyncIterator[Docker]:
    backend = Docker(lab.docker_host, Path("/"))
    yield backend
    await backend.close()


@pytest.fixture
def container(lab: Lab) -> Iterator[str]:
    """A running container, gone after the test whatever its name is then."""
    lab.docker("run", "--detach", "--label=t-docker", "--name", NAME, IMAGE, "sleep", "600")
    yield NAME
    for left in lab.docker("ps", "--all", "--quiet", "--filter=label=t-docker").split():
        lab.docker("rm", "--force", left)


async def read(docker: Docker, *visible: Container) -> dict[str, Container]:
    need = Need(frozenset(one.ref for one in visible))
    return {one.name: one for one in (await docker.read(need)).containers}


async def read_until(docker: Docker, name: str, wanted: Wanted) -> Container | None:
    """The container when it is as wanted; reads again only at the engine's news."""
    async with asyncio.timeout(SOON):
        while not wanted(found := (await read(docker)).get(name)):
            await docker.changed()
    return found


# ------------------------------------------------------------------ the list


async def test_a_container_is_read_whole(docker: Docker, lab: Lab) -> None:
    found = (await read(docker))["vision-infer"]
    assert found.ref.id == lab.docker("inspect", "--format={{.Id}}", "vision-infer").strip()
    assert (found.state, found.image, found.exit_code) == ("running", IMAGE, None)
    assert found.command.startswith("sh -c 'n=0; trap")
    assert dict(found.labels) == {"vtui.lab": "1", "line": "press-4"}
    assert {(one.host_port, one.container_port, one.protocol) for one in found.ports} == {
        (8080, 80, "tcp")
    }
    assert found.addresses[0].startswith("172.")
    created = lab.docker("inspect", "--format={{.Created}}", "vision-infer").strip()
    assert found.created == pytest.approx(datetime.fromisoformat(created).timestamp(), abs=1)


async def test_the_engine_tells_its_version(docker: Docker, lab: Lab) -> None:
    version = lab.docker("version", "--format={{.Server.Version}}").strip()
    assert (await docker.read(Need())).version == version


async def test_pinned_containers_are_told_from_floating_ones(docker: Docker) -> None:
    found = await read(docker)
    assert found["vision-infer"].cpuset == {1}
    assert found["telemetry"].cpuset == frozenset(os.sched_getaffinity(0))


async def test_a_container_that_failed_tells_its_exit_code(docker: Docker) -> None:
    found = await read_until(docker, "batch-report", lambda one: one and one.state == "exited")
    assert (found.exit_code, found.cpuset, found.active) == (3, None, False)


async def test_a_paused_container_still_has_its_cpus(docker: Docker) -> None:
    found = (await read(docker))["recorder"]
    assert (found.state, found.active, bool(found.cpuset)) == ("paused", True, True)


@pytest.mark.parametrize(("name", "health"), VERDICTS.items())
async def test_the_verdict_of_a_health_check_is_told(
    docker: Docker, name: str, health: str
) -> None:
    found = await read_until(docker, name, lambda one: one and one.health == health)
    assert found.health == health


# ------------------------------------------------------------------ usage


async def test_usage_is_read_for_what_is_in_view_alone(docker: Docker) -> None:
    found = await read(docker)
    assert {(one.cpu_time, one.memory) for one in found.values()} == {(None, None)}
    seen = await read(docker, found["telemetry"], found["batch-report"])
    assert {name for name, one in seen.items() if one.memory is not None} == {"telemetry"}
    assert seen["telemetry"].cpu_time > 0


async def test_the_control_group_says_what_the_engine_says(lab: Lab) -> None:
    key = lab.docker("inspect", "--format={{.Id}}", "recorder").strip()  # paused: nothing moves
    group = cgroup.Groups(Path("/")).of_ids([key])[key]
    engine = Engine(lab.docker_host)
    engine.containers()
    told = engine.usage({key})[key]
    engine.close()
    assert told == {"cpu_time": cgroup.cpu_time(group), "memory": cgroup.memory(group)}


async def test_cpu_time_grows_with_work(docker: Docker, lab: Lab, container: str) -> None:
    idle = (await read(docker, *(await read(docker)).values()))[container]
    lab.docker("exec", container, "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
    busy = (await read(docker, idle))[container]
    assert busy.cpu_time > idle.cpu_time


async def test_a_cpuset_changed_from_outside_is_seen(
    docker: Docker, lab: Lab, container: str
) -> None:
    await read(docker)
    lab.docker("update", "--cpuset-cpus=0", container)
    assert (await read(docker))[container].cpuset == {0}


# ------------------------------------------------------------------ news


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (("stop", "--time=0", NAME), "exited"),
        (("kill", NAME), "exited"),
        (("pause", NAME), "paused"),
        (("rename", NAME, f"{NAME}-2"), None),
        (("rm", "--force", NAME), None),
    ],
)
async def test_a_change_from_outside_is_news(
    docker: Docker, lab: Lab, container: str, command: tuple[str, ...], state: str | None
) -> None:
    assert (await read(docker))[container].state == "running"
    lab.docker(*command)
    found = await read_until(docker, container, lambda one: (one and one.state) == state)
    assert (found and found.state) == state


async def test_a_new_container_is_news(docker: Docker, lab: Lab) -> None:
    await read(docker)
    lab.docker("run", "--detach", "--rm", "--name", NAME, IMAGE, "sleep", "600")
    found = await read_until(docker, NAME, lambda one: one and one.state == "running")
    assert found.cpuset
    lab.docker("rm", "--force", NAME)
    assert await read_until(docker, NAME, lambda one: one is None) is None


async def test_what_health_checks_do_all_the_time_is_no_news(
    docker: Docker, lab: Lab, container: str
) -> None:
    for name, health in VERDICTS.items():  # until then the lab's own make news
        await read_until(docker, name, lambda one, health=health: one and one.health == health)
    engine = Engine(lab.docker_host)
    engine.containers()
    heard: list[object] = []
    opened, renamed = threading.Event(), threading.Event()

    def announce() -> None:
        heard.append(1)
        (renamed if opened.is_set() else opened).set()

    events = Events(engine.connect, announce)
    opened.wait(SOON)
    lab.docker("exec", container, "sh", "-c", "true")
    lab.docker("rename", container, f"{container}-2")
    assert renamed.wait(SOON)
    told = len(heard)
    events.close()
    engine.close()
    assert told == 2


async def test_a_program_ends_although_it_listens(lab: Lab) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from vtui.backends.docker import Docker
from vtui.monitor import Need

async def main():
    docker = Docker(sys.argv[1], Path("/"))
    await docker.read(Need())
    await docker.changed()

asyncio.run(main())
"""
    argv = [sys.executable, "-c", program, lab.docker_host]
    ended = await asyncio.to_thread(
        subprocess.run, argv, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
