"""What the Open vSwitch backend makes of a server that misbehaves, played on a socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.backends.ovs_server import BRIDGES, PLANT, ROOT, ROWS, SCHEMA, TEXT, Server, reply
from vtui.backends.ovs import Ovs
from vtui.errors import HostError, NoAnswer
from vtui.monitor import Need

NO_JSON_RPC = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b'{"id":1,"result":}',
    b'{"id":1,"result":"\xff\xfe"}',
    b'{"method":5,"params":[],"id":null}',
    b'{"method":"update","params":{},"id":null}',
    b'{"id":1,"result":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
]
NO_UPDATES = [
    None,
    5,
    [],
    {"Bridge": []},
    {"Queue": {PLANT: {"new": {}}}},
    {"Bridge": {"br0": {"new": {}}}},
    {"Bridge": {PLANT: 5}},
    {"Bridge": {PLANT: {}}},
    {"Bridge": {PLANT: {"new": {"name": 5}}}},
    {"Bridge": {PLANT: {"new": {"owner": "me"}}}},
    {"Bridge": {PLANT: {"new": {"external_ids": ["map", [["a"]]]}}}},
    {"Bridge": {PLANT: {"new": {"name": 1e999}}}},
    {"Port": {PLANT: {"old": {"name": "p0"}}}},
]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    playing = Server(tmp_path / "db.sock")
    listening = await asyncio.start_unix_server(playing.talk, tmp_path / "db.sock")
    yield playing
    listening.close()


@pytest.fixture
async def ovs(server: Server) -> AsyncIterator[Ovs]:
    backend = Ovs(server.remote)
    yield backend
    await backend.close()


@pytest.fixture
async def hasty(server: Server) -> AsyncIterator[Ovs]:
    """One that waits for an answer as long only as the test has to wait."""
    backend = Ovs(server.remote, patience=0.1)
    yield backend
    await backend.close()


async def read_version(ovs: Ovs) -> str:
    return (await ovs.read(Need())).version


async def read_until_it_answers(ovs: Ovs) -> str:
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(HostError):
                return await read_version(ovs)


async def babble(server: Server) -> None:
    """Sends what means nothing, faster than anybody can read it, until nobody listens."""
    script = (
        "import contextlib, socket\n"
        "line = socket.socket(fileno=1)\n"
        "line.setblocking(True)\n"
        "with contextlib.suppress(OSError):\n"
        "    while True: line.sendall(b' ' * 65536)\n"
    )
    line = server.writer.get_extra_info("socket").fileno()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=line)
    await process.wait()


async def news(ovs: Ovs) -> None:
    async with asyncio.timeout(10):
        await ovs.changed()


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


# ------------------------------------------------------------------ what is no misbehaviour


async def test_a_well_behaved_server_is_read(ovs):
    assert await read_version(ovs) == "3.1"


async def test_characters_cut_in_two_by_the_socket_arrive_whole(server, ovs):
    server.cut = 1

    value = await ovs.read(Need())

    assert value.bridges[0].external_ids == (("town", "Zürich 漢字"),)


async def test_only_columns_that_are_wanted_and_known_are_asked_for(server, ovs):
    await ovs.read(Need())

    [[_, _, wanted]] = server.asked("monitor")
    assert {table: set(asked[0]["columns"]) for table, asked in wanted.items()} == {
        "Open_vSwitch": {"ovs_version", "bridges"},
        "Bridge": {"name", "external_ids"},
        "Controller": {"target"},
        "Port": {"name"},
        "Interface": {"name"},
    }


async def test_the_servers_own_probes_are_answered(server, ovs):
    await ovs.read(Need())

    await server.tell(b'{"method":"echo","params":["x"],"id":"echo"}')
    await _until(lambda: any(message.get("result") == ["x"] for message in server.heard))

    assert await read_version(ovs) == "3.1"


async def test_a_server_that_says_of_itself_what_the_library_does_not_know_is_read(server, ovs):
    server.of_itself = {"name": "_Server", "tables": {}, "novelty": True}

    assert await read_version(ovs) == "3.1"


async def test_an_update_right_behind_the_first_rows_is_not_overtaken_by_them(server, ovs):
    versions = {"old": {"ovs_version": "3.1"}, "new": {"ovs_version": "3.2"}}
    newer = {"Open_vSwitch": {ROOT: versions}}
    update = {"method": "update", "params": [None, newer], "id": None}
    server.results["monitor"] = lambda number: reply(number, ROWS) + json.dumps(update).encode()

    assert await read_version(ovs) == "3.2"


async def test_several_reads_at_once_are_all_answered(ovs):
    versions = await asyncio.gather(*(read_version(ovs) for _ in range(5)))

    assert versions == ["3.1"] * 5


# ------------------------------------------------------------------ nonsense


@pytest.mark.parametrize("method", ["get_schema", "monitor", "echo"])
@pytest.mark.parametrize("answer", NO_JSON_RPC)
async def test_what_is_no_json_rpc_is_an_error_of_the_host(server, ovs, method, answer):
    server.results[method] = answer

    with pytest.raises(HostError, match="makes no sense"):
        await ovs.read(Need())


@pytest.mark.parametrize("rows", NO_UPDATES)
async def test_first_rows_that_are_none_are_an_error_of_the_host(server, ovs, rows):
    server.results["monitor"] = lambda number: reply(number, rows)

    with pytest.raises(HostError, match="makes no sense"):
        await ovs.read(Need())


@pytest.mark.parametrize("rows", NO_UPDATES)
async def test_an_update_that_is_none_is_an_error_of_the_host_and_all_is_read_anew(
    server, ovs, rows
):
    await ovs.read(Need())
    update = json.dumps({"method": "update", "params": [None, rows], "id": None}).encode()
    server.results["echo"] = lambda number: update + reply(number, [])

    with pytest.raises(HostError, match="makes no sense"):
        await ovs.read(Need())

    server.results["echo"] = []
    assert await read_version(ovs) == "3.1"


@pytest.mark.parametrize(
    "schema",
    [
        "x",
        {},
        {"tables": []},
        {"tables": {"Bridge": {}}},
        {"tables": SCHEMA["tables"]},
        {**SCHEMA, "tables": {**SCHEMA["tables"], "Port": {"columns": {"owner": TEXT}}}},
        {**SCHEMA, "tables": {**SCHEMA["tables"], "Port": {"columns": {"name": {"type": "x"}}}}},
        {**SCHEMA, "tables": {**SCHEMA["tables"], "Port": {"columns": {"name": 5}}}},
    ],
)
async def test_a_schema_of_another_kind_is_an_error_of_the_host(server, ovs, schema):
    server.results["get_schema"] = schema

    with pytest.raises(HostError, match="makes no sense"):
        await ovs.read(Need())


async def test_a_column_of_another_type_than_it_should_have_is_an_error_of_the_host(server, ovs):
    columns = {"ovs_version": {"type": "integer"}, "bridges": BRIDGES}
    tables = {**SCHEMA["tables"], "Open_vSwitch": {"columns": columns}}
    server.results["get_schema"] = {**SCHEMA, "tables": tables}
    server.results["monitor"] = {"Open_vSwitch": {ROOT: {"new": {"ovs_version": 3}}}}

    with pytest.raises(HostError, match="a row of Open_vSwitch makes no sense: no str"):
        await ovs.read(Need())


async def test_nonsense_is_not_asked_for_again_before_somebody_wants_to_know(server, ovs):
    server.results["get_schema"] = NO_JSON_RPC[0]

    for _ in range(3):
        with pytest.raises(HostError):
            await ovs.read(Need())

    assert len(server.heard) == 3


async def test_a_refusal_is_told_in_the_servers_words(server, ovs):
    error = {"error": "unknown database", "details": "no Open_vSwitch"}
    server.results["get_schema"] = lambda number: reply(number, error=error)

    with pytest.raises(HostError, match="refused: no Open_vSwitch"):
        await ovs.read(Need())


# ------------------------------------------------------------------ silence, and the end


async def test_a_closed_connection_is_news_and_the_next_read_finds_a_new_one(server, ovs):
    await ovs.read(Need())

    server.writer.close()
    await news(ovs)

    assert await read_version(ovs) == "3.1"


async def test_after_a_connection_ended_a_new_one_comes_by_itself_and_is_news(server, ovs):
    await ovs.read(Need())
    server.writer.close()
    await news(ovs)
    server.results["get_schema"] = NO_JSON_RPC[0]
    with pytest.raises(HostError):
        await ovs.read(Need())

    server.results["get_schema"] = SCHEMA
    await news(ovs)

    assert await read_version(ovs) == "3.1"


async def test_a_server_that_comes_back_with_another_schema_is_read_by_that(server, ovs):
    await ovs.read(Need())
    tables = {**SCHEMA["tables"], "Bridge": {"columns": {"name": TEXT}}}
    server.results["get_schema"] = {**SCHEMA, "tables": tables}
    server.results["monitor"] = {**ROWS, "Bridge": {PLANT: {"new": {"name": "br0"}}}}

    server.writer.close()
    await news(ovs)

    assert (await ovs.read(Need())).bridges[0].external_ids == ()


@pytest.mark.parametrize("method", ["get_schema", "monitor", "echo"])
async def test_a_server_that_closes_instead_of_answering_is_an_error_of_the_host(
    server, ovs, method
):
    server.results[method] = None
    reading = asyncio.create_task(ovs.read(Need()))
    await _until(lambda: server.asked(method))

    server.writer.close()

    with pytest.raises(HostError, match=r"(closed|dropped) the connection"):
        await reading


async def test_a_server_that_goes_away_after_it_told_its_schema_is_an_error_of_the_host(
    server, ovs, tmp_path
):
    def last_words(number: object) -> bytes:
        (tmp_path / "db.sock").unlink()
        return reply(number, SCHEMA)

    server.results["get_schema"] = last_words

    with pytest.raises(HostError, match="dropped the connection"):
        await ovs.read(Need())


@pytest.mark.parametrize("method", ["get_schema", "monitor", "echo"])
async def test_silence_is_no_answer_whatever_was_asked(server, hasty, method):
    server.results[method] = None

    with pytest.raises(NoAnswer):
        await hasty.read(Need())


@pytest.mark.parametrize("method", ["get_schema", "monitor", "echo"])
async def test_a_connection_that_stays_silent_is_given_up_for_a_new_one(server, hasty, method):
    answer = server.results[method]
    server.results[method] = None
    with pytest.raises(NoAnswer):
        await hasty.read(Need())

    await _until(server.writer.is_closing)

    server.results[method] = answer
    assert await read_until_it_answers(hasty) == "3.1"


@pytest.mark.parametrize("method", ["get_schema", "monitor", "echo"])
async def test_a_message_without_an_end_is_given_up(server, hasty, method):
    server.results[method] = b" "
    with pytest.raises(NoAnswer):
        await hasty.read(Need())

    async with asyncio.timeout(10):
        await babble(server)


async def test_closing_does_not_wait_for_the_end_of_a_message(server, hasty):
    server.results["echo"] = b" "
    with pytest.raises(NoAnswer):
        await hasty.read(Need())
    babbling = asyncio.create_task(babble(server))

    await hasty.close()

    async with asyncio.timeout(10):
        await babbling


async def test_an_answer_that_comes_too_late_is_news(server, hasty):
    server.results["echo"] = None
    with pytest.raises(NoAnswer):
        await hasty.read(Need())
    [number] = [message["id"] for message in server.heard if message.get("method") == "echo"]

    await server.tell(reply(number, []))
    await news(hasty)

    server.results["echo"] = []
    assert await read_until_it_answers(hasty) == "3.1"


async def test_a_read_that_is_called_off_leaves_nothing_behind(server, ovs):
    server.results["echo"] = None
    reading = asyncio.create_task(ovs.read(Need()))
    await _until(lambda: server.asked("echo"))

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    server.results["echo"] = []
    assert await read_version(ovs) == "3.1"


async def test_closing_does_not_wait_for_an_answer(server, ovs):
    server.results["echo"] = None
    reading = asyncio.create_task(ovs.read(Need()))
    await _until(lambda: server.asked("echo"))

    await ovs.close()
    await _until(server.writer.is_closing)

    reading.cancel()
    await asyncio.wait({reading})
