"""What the Open vSwitch backend makes of a server that misbehaves, played on a socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from vtui.backends.ovs import Ovs
from vtui.backends.ovs.rows import COLUMNS
from vtui.backends.ovs.wire import split
from vtui.errors import HostError, NoAnswer
from vtui.monitor import Need

SCHEMA = {"tables": {table: {"columns": dict.fromkeys(names)} for table, names in COLUMNS.items()}}
BRIDGE = {"name": "br0", "ports": ["set", []], "external_ids": ["map", [["town", "Zürich 漢字"]]]}
ROWS = {
    "Open_vSwitch": {"r": {"new": {"ovs_version": "3.1", "bridges": ["uuid", "b"]}}},
    "Bridge": {"b": {"new": BRIDGE}},
}


class Server:
    """Answers each method with what `results` has for it; bytes are sent as they are."""

    def __init__(self, path: Path) -> None:
        self.remote = f"unix:{path}"
        self.results: dict[str, object] = {"get_schema": SCHEMA, "monitor": ROWS, "echo": []}
        self.heard: list[dict[str, object]] = []
        self.writer: asyncio.StreamWriter | None = None
        self.cut = 1 << 20

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer, rest = writer, ""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                messages, rest = split(rest + data.decode())
                for message in messages:
                    self.heard.append(message)
                    await self._answer(message)
        writer.close()

    async def tell(self, data: bytes) -> None:
        for start in range(0, len(data), self.cut):
            self.writer.write(data[start : start + self.cut])
            await self.writer.drain()
            await asyncio.sleep(0)

    async def _answer(self, message: dict[str, object]) -> None:
        result = self.results.get(str(message.get("method")))
        if isinstance(result, bytes):
            await self.tell(result)
        elif result is not None:
            reply = {"id": message["id"], "error": None, "result": result}
            await self.tell(json.dumps(reply, ensure_ascii=False).encode())


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


async def read_version(ovs: Ovs) -> str:
    return (await ovs.read(Need())).version


async def news(ovs: Ovs) -> None:
    async with asyncio.timeout(10):
        await ovs.changed()


def notification(rows: object) -> bytes:
    return json.dumps({"method": "update", "params": [None, rows], "id": None}).encode()


async def test_a_well_behaved_server_is_read(ovs):
    assert await read_version(ovs) == "3.1"


async def test_characters_cut_in_two_by_the_socket_arrive_whole(server, ovs):
    server.cut = 1

    value = await ovs.read(Need())

    assert value.bridges[0].external_ids == (("town", "Zürich 漢字"),)


async def test_only_columns_the_server_knows_are_asked_for(server, ovs):
    server.results["get_schema"] = {
        "tables": {table: {"columns": {"name": 1}} for table in COLUMNS}
    }

    await ovs.read(Need())

    wanted = next(message["params"] for message in server.heard if message["method"] == "monitor")
    assert wanted[2] == {
        table: {"columns": ["name"] if table in NAMED else []} for table in COLUMNS
    }


NAMED = {"Bridge", "Port", "Interface"}


async def test_the_servers_own_probes_are_answered(server, ovs):
    await ovs.read(Need())

    await server.tell(b'{"method":"echo","params":["x"],"id":"echo"}')
    await ovs.read(Need())

    assert {"result": ["x"], "error": None, "id": "echo"} in server.heard


@pytest.mark.parametrize("method", ["get_schema", "monitor", "echo"])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b'{"id":1,"result":}',
        b'{"id":1,"result":"\xff\xfe"}',
        b'{"method":5,"params":[],"id":null}',
        b'{"method":"update","params":{},"id":null}',
        b'{"method":"update","params":[null,{"Bridge":[]}],"id":null}',
        b'{"method":"update","params":[null,{"Queue":{"a":{"new":{}}}}],"id":null}',
        b'{"id":1,"result":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
)
async def test_nonsense_is_an_error_of_the_host(server, ovs, method, answer):
    server.results[method] = answer

    with pytest.raises(HostError, match="makes no sense"):
        await ovs.read(Need())


@pytest.mark.parametrize("schema", ["x", {}, {"tables": []}, {"tables": {"Bridge": {}}}])
async def test_a_schema_of_another_database_is_an_error_of_the_host(server, ovs, schema):
    server.results["get_schema"] = schema

    with pytest.raises(HostError, match="schema"):
        await ovs.read(Need())


async def test_a_refusal_is_told_in_the_servers_words(server, ovs):
    server.results["get_schema"] = (
        b'{"id":1,"result":null,"error":{"error":"unknown database","details":"no Open_vSwitch"}}'
    )

    with pytest.raises(HostError, match="refused: no Open_vSwitch"):
        await ovs.read(Need())


async def test_a_row_of_a_wrong_type_is_an_error_until_it_is_mended(server, ovs):
    await ovs.read(Need())

    await server.tell(notification({"Bridge": {"b": {"new": {**BRIDGE, "name": 5}}}}))
    await news(ovs)
    with pytest.raises(HostError, match="name"):
        await ovs.read(Need())

    await server.tell(notification({"Bridge": {"b": {"new": BRIDGE}}}))
    assert await read_version(ovs) == "3.1"


async def test_an_update_right_behind_the_first_rows_is_not_overtaken_by_them(server, ovs):
    newer = {"Open_vSwitch": {"r": {"new": {"ovs_version": "3.2"}}}}
    reply = json.dumps({"id": 2, "error": None, "result": ROWS}).encode()
    server.results["monitor"] = reply + notification(newer)

    assert await read_version(ovs) == "3.2"


async def test_a_closed_connection_is_news_and_the_next_read_finds_a_new_one(server, ovs):
    await ovs.read(Need())

    server.writer.close()
    await news(ovs)

    assert await read_version(ovs) == "3.1"


async def test_a_server_that_closes_at_once_is_an_error_of_the_host(server, ovs):
    server.results = {"get_schema": b""}
    reading = asyncio.create_task(ovs.read(Need()))
    await _until(lambda: server.heard)

    server.writer.close()

    with pytest.raises(HostError, match="closed the connection"):
        await reading


@pytest.mark.parametrize("method", ["get_schema", "monitor", "echo"])
async def test_silence_is_no_answer_whatever_was_asked(server, method):
    ovs = Ovs(server.remote, patience=0.05)
    server.results[method] = None

    with pytest.raises(NoAnswer):
        await ovs.read(Need())


async def test_a_read_that_is_called_off_leaves_nothing_behind(server, ovs):
    server.results["monitor"] = None
    reading = asyncio.create_task(ovs.read(Need()))
    await _until(lambda: any(message["method"] == "monitor" for message in server.heard))

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    server.results["monitor"] = ROWS
    assert await read_version(ovs) == "3.1"


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)
