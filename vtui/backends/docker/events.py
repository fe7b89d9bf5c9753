"""A Docker engine's events, followed in a thread of its own. See SystemEvents of the Engine API."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vtui import lanes

if TYPE_CHECKING:
    import docker
    from docker.types import CancellableStream

KINDS = (
    "create",
    "start",
    "die",
    "pause",
    "unpause",
    "rename",
    "update",
    "destroy",
    "health_status",
)
"""What changes the list. Not exec_*: a health check makes three of them each time it runs."""

FIRST_PAUSE, MAX_PAUSE = 0.5, 10.0
"""Seconds before a stream that ended is opened again; doubled as long as none tells anything."""


class Events:
    """Follows an engine over all its deaths until closed, and keeps no program from ending."""

    def __init__(
        self, connect: Callable[[], docker.APIClient], announce: Callable[[], None]
    ) -> None:
        """`announce` is called in the thread: for each event, and as a stream begins or ends, for
        what happened in between is not told."""
        self._connect = connect
        self._announce = announce
        self._closed = threading.Event()
        self._stream: CancellableStream[Any] | None = None
        lanes.forever("docker-events", self._follow)

    def hang_up(self) -> None:
        """Break the stream off; it is opened again."""
        if stream := self._stream:
            # AttributeError: the SDK reaches for a socket that the stream's end took away.
            with contextlib.suppress(OSError, AttributeError):
                stream.close()

    def close(self) -> None:
        """End for good, without waiting."""
        self._closed.set()
        self.hang_up()

    def _follow(self) -> None:
        pause = 0.0
        while not self._closed.wait(pause):
            told = self._listen()
            pause = FIRST_PAUSE if told else min(MAX_PAUSE, max(FIRST_PAUSE, pause * 2))

    def _listen(self) -> bool:
        """Follow one stream to its end; whether it told anything."""
        from docker.errors import DockerException

        told = False
        failures = (OSError, ValueError, AttributeError, DockerException)
        with contextlib.suppress(*failures), contextlib.closing(self._connect()) as client:
            filters = {"type": "container", "event": list(KINDS)}
            self._stream = client.events(decode=True, filters=filters)
            try:
                self._announce()
                if self._closed.is_set():  # close() came before there was a stream to break off
                    return told
                for _ in self._stream:
                    told = True
                    self._announce()
            finally:
                self.hang_up()
                self._stream = None
                self._announce()
        return told
