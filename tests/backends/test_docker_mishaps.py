"""The Docker backend while a real dockerd dies, hangs and comes back."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.lab.docker import IMAGE
from vtui.backends.docker import Docker
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.model import Containers, Host
from vtui.monitor import Monitor, Need
from vtui.reading import Failed, Reading, Ready

# The SDK leaves its socket to the garbage collector when nobody listens at the other end.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)

SOON = 30.0
"""Seconds after which a test gives up waiting."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of its own, for these tests kill and freeze its dockerd."""
    if os.geteuid() != 0:
        pytest.skip("missing capability: root")
    lab = Lab("docker-mish")
    with lab.running(only=["docker"]):
        yield lab


@pytest.fixture(autouse=True)
def left_sockets() -> Iterator[None]:
    """Those of a test are collected in the test."""
    yield
    gc.collect()


@pytest.fixture
async def docker(lab: Lab) -> AsyncIterator[Docker]:
    backend = Docker(lab.docker_host, Path("/"))
    yield backend
    await backend.close()


@pytest.fixture
def killed(lab: Lab) -> Iterator[Callable[[], None]]:
    """Kills dockerd; it is there again after the test."""
    yield lambda: lab.kill("docker")
    if not lab.daemons.get("docker").alive():
        lab.restart("docker")


@pytest.fixture
def frozen(lab: Lab) -> Iterator[Callable[[], None]]:
    """Freezes dockerd; it goes on after the test."""
    yield lambda: lab.freeze("docker")
    lab.thaw("docker")


async def news(docker: Docker) -> None:
    async with asyncio.timeout(SOON):
        await docker.changed()


class Published:
    """The Docker readings that a monitor publishes."""

    def __init__(self) -> None:
        self._readings: asyncio.Queue[Reading[object]] = asyncio.Queue()

    def __call__(self, host: Host) -> None:
        self._readings.put_nowait(host.readings["docker"])

    async def first(self, kind: type) -> Reading[object]:
        async with asyncio.timeout(SOON):
            while not isinstance(reading := await self._readings.get(), kind):
                pass
        return reading


@pytest.fixture
async def published(docker: Docker) -> AsyncIterator[Published]:
    published = Published()
    running = asyncio.create_task(Monitor([docker]).run(published))
    yield published
    running.cancel()
    await asyncio.wait({running})


async def test_the_death_of_the_engine_is_an_error_that_keeps_what_was_known(
    published: Published, killed: Callable[[], None]
) -> None:
    before = await published.first(Ready)
    killed()
    failed = await published.first(Failed)
    assert failed.error.startswith("no Docker engine answers at /")
    assert failed.hint == "systemctl start docker"
    assert isinstance(failed.last, Containers)
    assert {one.name for one in failed.last.containers} == {
        one.name for one in before.value.containers
    }


async def test_it_recovers_when_the_engine_is_back(
    published: Published, lab: Lab, killed: Callable[[], None]
) -> None:
    await published.first(Ready)
    killed()
    await published.first(Failed)
    await asyncio.to_thread(lab.restart, "docker")
    assert isinstance(await published.first(Ready), Ready)


async def test_the_death_of_the_engine_is_news_at_once(
    docker: Docker, killed: Callable[[], None]
) -> None:
    await docker.read(Need())
    await news(docker)  # the stream of events is open
    await news(docker)  # the echo of that
    killed()
    await news(docker)
    with pytest.raises(HostError) as caught:
        await docker.read(Need())
    assert not isinstance(caught.value, Unavailable)


async def test_events_come_again_after_a_restart(
    docker: Docker, lab: Lab, killed: Callable[[], None]
) -> None:
    await docker.read(Need())
    await news(docker)
    killed()
    await asyncio.to_thread(lab.restart, "docker")
    await docker.read(Need())
    lab.docker("create", "--name=t-mishap", IMAGE, "true")
    async with asyncio.timeout(SOON):
        while "t-mishap" not in [one.name for one in (await docker.read(Need())).containers]:
            await docker.changed()
    lab.docker("rm", "t-mishap")


async def test_a_frozen_engine_gives_no_answer_within_the_deadline(
    docker: Docker, frozen: Callable[[], None]
) -> None:
    await docker.read(Need())
    frozen()
    async with asyncio.timeout(docker.deadline):
        with pytest.raises(NoAnswer):
            await docker.read(Need())


async def test_the_first_answer_may_be_the_one_that_does_not_come(
    docker: Docker, frozen: Callable[[], None]
) -> None:
    frozen()
    async with asyncio.timeout(docker.deadline):
        with pytest.raises(NoAnswer):
            await docker.read(Need())


async def test_a_thawed_engine_is_read_again(
    docker: Docker, lab: Lab, frozen: Callable[[], None]
) -> None:
    frozen()
    with pytest.raises(NoAnswer):
        await docker.read(Need())
    lab.thaw("docker")
    assert (await docker.read(Need())).containers


async def test_a_frozen_engine_does_not_hold_up_the_way_out(
    docker: Docker, frozen: Callable[[], None]
) -> None:
    await docker.read(Need())
    await news(docker)
    frozen()
    reading = asyncio.create_task(docker.read(Need()))
    await asyncio.sleep(0)
    async with asyncio.timeout(2.0):
        await docker.close()
    with pytest.raises(NoAnswer):
        await reading
