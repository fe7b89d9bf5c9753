"""JSON-RPC 1.0 as OVSDB speaks it (RFC 7047, section 4): messages in a stream, replies, notifications."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

from vtui.errors import HostError

Message = dict[str, Any]
Handler = Callable[[Any], object]

CHUNK = 1 << 18
LIMIT = 1 << 25
"""Characters of one message; the whole of 500 ports takes half a million."""

_BLANK = re.compile(r"\s*")
_MAYBE_END = re.compile(r"\}\s*(?:[^\s,\]}]|\Z)")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_decode = json.JSONDecoder().raw_decode


def split(text: str) -> tuple[list[Message], str]:
    """The whole messages at the beginning of `text`, and the rest of it.

    Nothing parts the messages in the stream. Raises ValueError when the text cannot become a message by
    growing.
    """
    found: list[Message] = []
    start = _skip_blank(text, 0)
    while start < len(text):
        if text[start] != "{":
            raise ValueError("not a JSON object")
        # Parsing what cannot be whole yet would cost the square of a long message's length.
        if not _MAYBE_END.search(text, start):
            break
        try:
            message, end = _decode(text, start)
        except RecursionError:
            raise ValueError("JSON nested too deeply") from None
        except ValueError:
            if _closed(text[start:]):
                raise
            break
        found.append(message)
        start = _skip_blank(text, end)
    return found, text[start:]


def _skip_blank(text: str, start: int) -> int:
    match = _BLANK.match(text, start)
    return match.end() if match else start


def _closed(text: str) -> bool:
    """Whether every brace opened is closed, so that what could not be parsed never can be."""
    bare = _STRING.sub("", text)
    return '"' not in bare and bare.count("{") <= bare.count("}")


class Session:
    """One connection. It ends by itself when the server closes it or sends nonsense."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        notify: Callable[[str, list[Any]], None],
        ended: Callable[[], None],
    ) -> None:
        """`notify` gets each notification's method and parameters and may raise ValueError."""
        self.error: HostError | None = None
        self._reader = reader
        self._writer = writer
        self._notify = notify
        self._ended = ended
        self._replies: dict[int, tuple[asyncio.Future[None], Handler]] = {}
        self._number = 0
        self._task = asyncio.create_task(self._receive())

    async def request(self, method: str, params: list[Any], then: Handler) -> None:
        """Ask, give the result to `then`, and return.

        `then` is called before any later message is handled, so nothing overtakes anything; it may raise
        ValueError. Raises HostError when the server refuses or the connection ends. There is no deadline.
        """
        if self.error:
            raise self.error
        self._number += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._replies[self._number] = future, then
        try:
            self._send({"method": method, "params": params, "id": self._number})
            await future
        finally:
            self._replies.pop(self._number, None)

    def abort(self) -> None:
        """Drop the connection at once and tell nobody."""
        self._ended = _nothing
        self._task.cancel()
        self._writer.transport.abort()

    async def close(self) -> None:
        """Drop the connection and wait until everything of it is gone."""
        self.abort()
        await asyncio.wait({self._task})
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def _send(self, message: Message) -> None:
        self._writer.write(json.dumps(message, separators=(",", ":")).encode())

    async def _receive(self) -> None:
        try:
            await self._listen()
        except OSError as error:
            self.error = HostError(
                f"ovsdb-server dropped the connection: {error.strerror or error}"
            )
        except ValueError as error:
            self.error = HostError(f"ovsdb-server sent what makes no sense: {error}")
        else:
            self.error = HostError("ovsdb-server closed the connection")
        self._writer.transport.abort()
        for future, _ in self._replies.values():
            if not future.done():
                future.set_exception(self.error)
        self._ended()

    async def _listen(self) -> None:
        characters = codecs.getincrementaldecoder("utf-8")()
        rest = ""
        while data := await self._reader.read(CHUNK):
            messages, rest = split(rest + characters.decode(data))
            if len(rest) > LIMIT:
                raise ValueError("a message without an end")
            for message in messages:
                self._handle(message)

    def _handle(self, message: Message) -> None:
        method, params, number = (message.get(key) for key in ("method", "params", "id"))
        if method is None:
            if isinstance(number, int) and number in self._replies:
                self._settle(*self._replies[number], message)
            return
        if not isinstance(method, str) or not isinstance(params, list):
            raise ValueError("a request without method and parameters")
        if method == "echo":
            self._send({"result": params, "error": None, "id": number})
        else:
            self._notify(method, params)

    def _settle(self, future: asyncio.Future[None], then: Handler, message: Message) -> None:
        if future.done():
            return
        error = message.get("error")
        if error is not None:
            future.set_exception(HostError(f"ovsdb-server refused: {_words(error)}"))
            return
        try:
            then(message.get("result"))
        except ValueError as problem:
            future.set_exception(HostError(f"ovsdb-server sent what makes no sense: {problem}"))
        else:
            future.set_result(None)


def _words(error: object) -> str:
    if isinstance(error, dict):
        error = error.get("details") or error.get("error") or error
    return str(error)[:200]


def _nothing() -> None:
    pass
