"""A Docker engine played on a unix socket: what cannot be had of a real one."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from urllib.parse import urlsplit


class Engine:
    """Answers each path with what `answers` has for it, JSON or bytes, and keeps what it was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.host = f"unix://{path}"
        self.asked: list[str] = []
        self.answers: dict[str, object] = {
            "version": {"ApiVersion": "1.47", "Version": "27.3.1"},
            "containers/json": [summary(0)],
        }
        self.status = 200
        self.streams: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        self.writers: list[asyncio.StreamWriter] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                target = head.split()[1]
                self.asked.append(target)
                await self._answer(
                    urlsplit(target).path.removeprefix("/v1.47/").lstrip("/"), writer
                )
        writer.close()

    async def close(self) -> None:
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        if path == "events" and "events" not in self.answers:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            await self.streams.put(writer)
            return
        answer = self.answers.get(path)
        if answer is None:
            return  # silence
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        head = f"HTTP/1.1 {self.status} -\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def count(self, path: str) -> int:
        return sum(urlsplit(target).path.endswith(path) for target in self.asked)


def summary(number: int, **fields: object) -> dict[str, object]:
    return {"Id": f"{number:064x}", "Names": [f"/c{number}"], "State": "running", **fields}


def tell(stream: asyncio.StreamWriter, action: str) -> None:
    body = json.dumps({"Type": "container", "Action": action}).encode()
    stream.write(b"%x\r\n%b\r\n" % (len(body), body))
