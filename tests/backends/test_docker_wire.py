"""What the Docker backend asks, and what it makes of an engine that misbehaves, played on a socket."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.docker_engine import Engine, summary, tell
from tests.trees import write
from vtui.backends.docker import Docker
from vtui.backends.docker.events import KINDS
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.model import Container
from vtui.monitor import Need
from vtui.text import clean

# The SDK leaves its socket to the garbage collector when nobody listens at the other end.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)

SOON = 10.0
"""Seconds after which a test gives up waiting."""

NOBODY = 65534
MANY = 200


@pytest.fixture(autouse=True)
def left_sockets() -> Iterator[None]:
    """Those of a test are collected in the test."""
    yield
    gc.collect()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    playing = Engine(tmp_path / "docker.sock")
    listening = await asyncio.start_unix_server(playing.talk, playing.path)
    yield playing
    listening.close()
    await playing.close()


@pytest.fixture
async def docker(engine: Engine, tmp_path: Path) -> AsyncIterator[Docker]:
    backend = Docker(engine.host, tmp_path / "root")
    yield backend
    await backend.close()


async def read(docker: Docker, *visible: Container) -> tuple[Container, ...]:
    need = Need(frozenset(one.ref for one in visible))
    return (await docker.read(need)).containers


async def news(docker: Docker) -> None:
    async with asyncio.timeout(SOON):
        await docker.changed()


async def stream(engine: Engine) -> asyncio.StreamWriter:
    """The next stream of events that the backend opens."""
    async with asyncio.timeout(SOON):
        return await engine.streams.get()


# ------------------------------------------------------------------ what is asked


async def test_a_refresh_is_one_request_however_many_containers_there_are(
    docker: Docker, engine: Engine
) -> None:
    engine.answers["containers/json"] = [summary(n) for n in range(MANY)]
    assert len(await read(docker)) == MANY
    engine.asked.clear()
    await read(docker)
    await read(docker)
    assert engine.asked == 2 * ["/v1.47/containers/json?limit=-1&all=1&size=0&trunc_cmd=0"]


async def test_the_version_is_agreed_on_once(docker: Docker, engine: Engine) -> None:
    await read(docker)
    await read(docker)
    assert (await docker.read(Need())).version == "27.3.1"
    assert engine.count("version") == 1


async def test_the_version_is_agreed_on_again_after_a_failure(
    docker: Docker, engine: Engine
) -> None:
    await read(docker)
    engine.answers["containers/json"] = b"nonsense"
    with pytest.raises(HostError):
        await read(docker)
    engine.answers |= {"version": {"ApiVersion": "1.47", "Version": "28.0.0"}}
    engine.answers["containers/json"] = []
    assert (await docker.read(Need())).version == "28.0.0"


async def test_the_list_is_in_an_order_that_lasts(docker: Docker, engine: Engine) -> None:
    engine.answers["containers/json"] = [summary(2), summary(1)]
    assert [one.name for one in await read(docker)] == ["c1", "c2"]


async def test_hostile_names_and_labels_come_through_as_they_are(
    docker: Docker, engine: Engine
) -> None:
    evil = "\x1b]0;owned\x07[red]\u202e"
    engine.answers["containers/json"] = [summary(1, Names=[f"/{evil}"], Labels={evil: evil * 9999})]
    (found,) = await read(docker)
    assert found.name == evil
    assert found.labels == ((evil, evil * 9999),)


# ------------------------------------------------------------------ usage


async def test_usage_comes_from_control_groups_without_asking_the_engine(
    docker: Docker, engine: Engine, tmp_path: Path
) -> None:
    for number in range(MANY):
        write(tmp_path, f"root/sys/fs/cgroup/docker/{number:064x}/cpuset.cpus.effective", "1\n")
        write(tmp_path, f"root/sys/fs/cgroup/docker/{number:064x}/cpu.stat", "usage_usec 5\n")
        write(tmp_path, f"root/sys/fs/cgroup/docker/{number:064x}/memory.current", "4096\n")
    write(tmp_path, "root/sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory\n")
    engine.answers["containers/json"] = [summary(n) for n in range(MANY)]
    seen = (await read(docker))[0]
    found = await read(docker, seen)
    assert (found[0].cpu_time, found[0].memory) == (5000, 4096)
    assert {(one.cpu_time, one.memory) for one in found[1:]} == {(None, None)}
    assert {one.cpuset for one in found} == {frozenset({1})}
    assert engine.count("stats") == 0


async def test_a_remote_engine_is_asked_for_the_usage_of_what_is_in_view(
    docker: Docker, engine: Engine
) -> None:
    engine.answers["containers/json"] = [summary(1), summary(2), summary(3, State="exited")]
    engine.answers[f"containers/{1:064x}/stats"] = {
        "cpu_stats": {"cpu_usage": {"total_usage": 7}},
        "memory_stats": {"usage": 50, "stats": {"inactive_file": 8}},
    }
    first, _, third = await read(docker)
    found = await read(docker, first, third)
    assert [(one.cpu_time, one.memory) for one in found] == [(7, 42), (None, None), (None, None)]
    assert engine.asked[-1] == f"/v1.47/containers/{1:064x}/stats?stream=False&one-shot=True"
    assert engine.count("stats") == 1


@pytest.mark.parametrize("answer", [None, b"nonsense", b"[]"])
async def test_a_container_whose_stats_hang_or_are_nonsense_costs_its_own_usage_only(
    docker: Docker, engine: Engine, answer: object
) -> None:
    engine.answers[f"containers/{0:064x}/stats"] = answer
    (one,) = await read(docker, *await read(docker))
    assert (one.state, one.cpu_time, one.memory) == ("running", None, None)


async def test_an_engine_too_old_for_a_single_look_is_not_asked_for_usage(
    docker: Docker, engine: Engine
) -> None:
    engine.answers["version"] = {"ApiVersion": "1.40", "Version": "19.03"}
    engine.answers["v1.40/containers/json"] = [summary(0)]
    await read(docker, *await read(docker))
    assert engine.count("stats") == 0


# ------------------------------------------------------------------ events


async def test_only_what_changes_the_list_is_listened_to(docker: Docker, engine: Engine) -> None:
    await read(docker)
    await news(docker)
    await stream(engine)
    (asked,) = [target for target in engine.asked if "/events" in target]
    filters = json.loads(parse_qs(urlsplit(asked).query)["filters"][0])
    assert filters == {"type": ["container"], "event": list(KINDS)}
    assert not [kind for kind in KINDS if kind.startswith("exec")]


async def test_an_event_is_news(docker: Docker, engine: Engine) -> None:
    await read(docker)
    await news(docker)
    told = await stream(engine)
    await news(docker)  # the echo of the stream's opening
    tell(told, "start")
    await news(docker)


async def test_an_event_has_an_echo_for_the_list_comes_after_it(
    docker: Docker, engine: Engine
) -> None:
    await read(docker)
    await news(docker)
    told = await stream(engine)
    await news(docker)
    tell(told, "die")
    await news(docker)
    await news(docker)


async def test_a_stream_that_breaks_off_is_news_and_opened_again(
    docker: Docker, engine: Engine
) -> None:
    await read(docker)
    await news(docker)
    (await stream(engine)).close()
    await news(docker)
    tell(await stream(engine), "start")
    await news(docker)


@pytest.mark.parametrize("noise", [b"zz\r\n", b"5\r\n{]{]{\r\n", b"0\r\n\r\n", b"ffffffff\r\n"])
async def test_nonsense_among_the_events_ends_the_stream_not_the_listening(
    docker: Docker, engine: Engine, noise: bytes
) -> None:
    await read(docker)
    await news(docker)
    broken = await stream(engine)
    broken.write(noise)
    broken.close()
    await stream(engine)


async def test_an_engine_that_forbids_events_is_still_read(docker: Docker, engine: Engine) -> None:
    engine.answers["events"] = b"no"
    await read(docker)
    await news(docker)
    assert len(await read(docker)) == 1


async def test_a_failed_read_breaks_the_stream_off(docker: Docker, engine: Engine) -> None:
    await read(docker)
    await news(docker)
    await stream(engine)
    engine.answers["containers/json"] = b"nonsense"
    with pytest.raises(HostError):
        await read(docker)
    await stream(engine)


async def test_one_reading_alone_opens_no_stream(docker: Docker, engine: Engine) -> None:
    await read(docker)
    assert engine.count("events") == 0


async def test_closing_ends_the_thread_that_listens(docker: Docker, engine: Engine) -> None:
    await read(docker)
    await news(docker)
    await stream(engine)
    await docker.close()
    async with asyncio.timeout(SOON):
        while "docker-events" in [thread.name for thread in threading.enumerate()]:
            await asyncio.sleep(0.01)


# ------------------------------------------------------------------ failures


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense",
        b"\xff\xfe\xfd",
        b'{"message": "hello"}',
        b"[1, 2]",
        b'[{"Id": "x"}]',
        b"null",
        b"[" * 100_000,
        b'[{"Id": 1' + b"0" * 5000 + b"}]",
    ],
)
async def test_a_list_that_makes_no_sense_is_an_error_with_a_hint(
    docker: Docker, engine: Engine, answer: bytes
) -> None:
    engine.answers["containers/json"] = answer
    with pytest.raises(HostError, match="makes no sense") as caught:
        await read(docker)
    assert engine.host in caught.value.hint
    assert not isinstance(caught.value, Unavailable)


@pytest.mark.parametrize(
    "answer", [b"nonsense", b"[]", b'{"ApiVersion": 7}', b'{"ApiVersion": "x"}']
)
async def test_a_version_that_makes_no_sense_is_an_error(
    docker: Docker, engine: Engine, answer: bytes
) -> None:
    engine.answers["version"] = answer
    with pytest.raises(HostError, match="makes no sense"):
        await read(docker)


async def test_an_engine_older_than_the_sdk_supports_is_an_error(
    docker: Docker, engine: Engine
) -> None:
    engine.answers["version"] = {"ApiVersion": "1.12", "Version": "1.0"}
    with pytest.raises(HostError, match=r"1\.24"):
        await read(docker)


async def test_what_the_engine_says_against_it_is_told_on_one_harmless_line(
    docker: Docker, engine: Engine
) -> None:
    await read(docker)
    engine.status = 500
    engine.answers["containers/json"] = {"message": "disk\nfull\x1b[31m" + "x" * 9999}
    with pytest.raises(HostError, match="refuses: disk full") as caught:
        await read(docker)
    assert caught.value.message == clean(caught.value.message)


async def test_it_recovers_by_the_next_read(docker: Docker, engine: Engine) -> None:
    engine.answers["containers/json"] = b"nonsense"
    with pytest.raises(HostError):
        await read(docker)
    engine.answers["containers/json"] = [summary(0)]
    assert len(await read(docker)) == 1


async def test_silence_is_no_answer(docker: Docker, engine: Engine) -> None:
    del engine.answers["containers/json"]
    with pytest.raises(NoAnswer, match="no answer within 4 s"):
        await read(docker)


async def test_a_connection_that_is_cut_is_an_error(docker: Docker, engine: Engine) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    engine.talk = cut  # type: ignore[method-assign]
    engine.path.unlink()
    async with await asyncio.start_unix_server(engine.talk, engine.path):
        with pytest.raises(HostError, match="no Docker engine answers") as caught:
            await read(docker)
    assert not isinstance(caught.value, Unavailable)


async def test_without_a_socket_the_engine_is_not_there(tmp_path: Path) -> None:
    docker = Docker(f"unix://{tmp_path}/none.sock", tmp_path)
    with pytest.raises(Unavailable, match=r"no Docker engine at .*/none.sock") as caught:
        await read(docker)
    await docker.close()
    assert caught.value.hint == "systemctl start docker"


async def test_without_a_socket_or_a_dockerd_the_hint_is_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    docker = Docker(f"unix://{tmp_path}/none.sock", tmp_path)
    with pytest.raises(Unavailable) as caught:
        await read(docker)
    await docker.close()
    assert caught.value.hint == "apt install docker.io"


async def test_a_socket_nobody_listens_at_is_an_engine_that_died(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    docker = Docker(f"unix://{tmp_path}/dead.sock", tmp_path)
    with pytest.raises(HostError, match="no Docker engine answers") as caught:
        await read(docker)
    await docker.close()
    assert not isinstance(caught.value, Unavailable)


@pytest.fixture
def as_nobody(engine: Engine) -> Iterator[None]:
    """A user that may not use the engine's socket."""
    engine.path.chmod(0o600)
    engine.path.parent.chmod(0o700)
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(before)


@pytest.mark.usefixtures("as_nobody")
async def test_without_permission_the_hint_is_to_join_the_group(docker: Docker) -> None:
    with pytest.raises(Unavailable, match="not permitted") as caught:
        await read(docker)
    assert caught.value.hint.startswith("usermod -aG docker ")


@pytest.mark.parametrize("host", ["nonsense://x", "tcp://", "tcp://127.0.0.1:1", "unix://", ""])
async def test_a_host_that_is_none_is_an_error_not_a_crash(tmp_path: Path, host: str) -> None:
    docker = Docker(host, tmp_path)
    with pytest.raises(HostError):
        await read(docker)
    await docker.close()
