"""A man in the middle between the backend and libvirtd, at the wire.

The wire: a frame is a length of four bytes (itself included), then program, version, procedure,
type, serial and status, four bytes each, big-endian (https://libvirt.org/kbase/internals/rpc.html).
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

_REMOTE = 0x20008086
"""The program of libvirt's API; keepalives are another one."""
_CALL = 0


class Proxy:
    """Forwards all connections to `target`, counting calls."""

    def __init__(self, path: Path, target: str) -> None:
        self.path, self._target = path, target
        self.calls: Counter[int] = Counter()
        """By the procedure's number in remote_protocol.x."""
        self.mangle: Callable[[bytes], bytes] = bytes
        """What becomes of each frame that the daemon sends."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def query(self) -> str:
        """What leads a libvirt URI here."""
        return f"socket={self.path}"

    def hang_up(self) -> None:
        """Drops every connection, as a daemon that dies does."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, until either side ends it."""
        daemon_reader, daemon_writer = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, daemon_writer}
        asking = asyncio.create_task(self._forward(reader, daemon_writer, self._count))
        self._tasks.add(asking)
        await self._forward(daemon_reader, writer, self._mangled)
        await asking
        self._tasks.discard(asking)

    async def _forward(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        through: Callable[[bytes], bytes],
    ) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = await source.readexactly(4)
                body = await source.readexactly(struct.unpack(">I", length)[0] - 4)
                sink.write(through(length + body))
                await sink.drain()
        sink.close()

    def _mangled(self, frame: bytes) -> bytes:
        return self.mangle(frame)

    def _count(self, frame: bytes) -> bytes:
        _, program, _, procedure, kind = struct.unpack(">5I", frame[:20])
        if (program, kind) == (_REMOTE, _CALL):
            self.calls[procedure] += 1
        return frame


@asynccontextmanager
async def proxied(path: Path, target: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(path, target)
    server = await asyncio.start_unix_server(proxy.serve, path)
    try:
        yield proxy
    finally:
        server.close()
        proxy.hang_up()
