"""A server that speaks OVSDB's protocol (RFC 7047) just as far as the backend's tests want it to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

ROOT, PLANT = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2))

TEXT = {"type": "string"}
TEXTS = {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}
BRIDGES = {"type": {"key": {"type": "uuid", "refTable": "Bridge"}, "min": 0, "max": "unlimited"}}
SCHEMA = {
    "name": "Open_vSwitch",
    "tables": {
        "Open_vSwitch": {"columns": {"ovs_version": TEXT, "bridges": BRIDGES}},
        "Bridge": {"columns": {"name": TEXT, "external_ids": TEXTS, "news": TEXT}},
        "Controller": {"columns": {"target": TEXT}},
        "Port": {"columns": {"name": TEXT}},
        "Interface": {"columns": {"name": TEXT}},
    },
}
BRIDGE = {"name": "br0", "external_ids": ["map", [["town", "Zürich 漢字"]]]}
ROWS = {
    "Open_vSwitch": {ROOT: {"new": {"ovs_version": "3.1", "bridges": ["uuid", PLANT]}}},
    "Bridge": {PLANT: {"new": BRIDGE}},
}


class Server:
    """Answers each method with what `results` has for it; bytes are sent as they are, None is silence."""

    def __init__(self, path: Path) -> None:
        self.remote = f"unix:{path}"
        self.results: dict[str, object] = {"get_schema": SCHEMA, "monitor": ROWS, "echo": []}
        self.of_itself: object = None
        """The schema of the database about the server; a server may have none."""
        self.heard: list[dict[str, object]] = []
        self.writer: asyncio.StreamWriter | None = None
        self.cut = 1 << 20

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer, rest = writer, ""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                rest += data.decode()
                for message, end in _messages(rest):
                    self.heard.append(message)
                    await self._answer(message)
                    rest = rest[end:]
        writer.close()

    async def tell(self, data: bytes) -> None:
        for start in range(0, len(data), self.cut):
            self.writer.write(data[start : start + self.cut])
            await self.writer.drain()
            await asyncio.sleep(0)

    def asked(self, method: str) -> list[object]:
        return [message["params"] for message in self.heard if message.get("method") == method]

    async def _answer(self, message: dict[str, object]) -> None:
        method, number = message.get("method"), message.get("id")
        result = self.results.get(str(method))
        if method == "get_schema" and message["params"][0] == "_Server":
            await self.tell(reply(number, self.of_itself, "no such database"))
        elif isinstance(result, bytes):
            await self.tell(result)
        elif callable(result):
            await self.tell(result(number))
        elif result is not None:
            await self.tell(reply(number, result))


def _messages(text: str) -> Iterator[tuple[dict[str, object], int]]:
    """Each whole message at the beginning of what is left, and its length."""
    with contextlib.suppress(ValueError):
        while True:
            message, end = json.JSONDecoder().raw_decode(text)
            yield message, end
            text = text[end:]


def reply(number: object, result: object = None, error: object = None) -> bytes:
    message = {"id": number, "error": None if result is not None else error, "result": result}
    return json.dumps(message, ensure_ascii=False).encode()
