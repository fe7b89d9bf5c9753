"""The only refresh loop: when each backend is read, what came of it, and the Host made of it all."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vtui.errors import NoAnswer, Unavailable, VtuiError
from vtui.history import History
from vtui.model import Host, Ref
from vtui.reading import Absent, Failed, Reading, Ready, Waiting, latest

TICK = 0.9
"""Seconds between two refreshes of what has no news: with reading and drawing, a change outside is on
screen within a second."""

SETTLE = 0.05
"""Seconds between the first news and the snapshot, so that readings of one tick share one."""

MIN_GAP = 0.2
"""Seconds between two reads of a backend, however fast its events come."""

LIVELY = 10.0
"""Seconds; a backend read more seldom is costly to ask and has no details for what is on screen."""

MAX_BACKOFF = 10.0
"""Seconds between two tries of a backend that fails, in the end; it is tried for ever."""

PARTING = 1.0
"""Seconds a backend gets to close."""


@dataclass(frozen=True, slots=True)
class Need:
    """What the reader of the next snapshot wants beyond the lists."""

    visible: frozenset[Ref] = frozenset()
    """The things on screen now: costly details are read for these alone."""


class Backend(Protocol):
    """One system that can be read. Reads are whole: nothing is remembered that must be kept true."""

    name: str
    """What it is called on screen, in `vtui status` and in Host.readings."""
    cadence: float
    """Seconds between two reads when nothing calls for one earlier."""
    deadline: float
    """Seconds a read may take."""

    async def read(self, need: Need) -> object:
        """The present state as one of the model's values.

        Raises Unavailable when the system is not there (the panel says why and what to type) and
        another VtuiError when it is there and fails.
        """
        ...

    def changed(self) -> Coroutine[object, object, None]:
        """Return when something changed; a backend without such news never returns.

        While there is no connection it waits, and it raises nothing.
        """
        ...

    async def close(self) -> None:
        """Give back connections; called once, also after failed reads."""
        ...


@dataclass(slots=True)
class _Followed:
    backend: Backend
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0


class Monitor:
    """Reads every backend at its own pace and publishes snapshots."""

    def __init__(
        self,
        backends: Sequence[Backend],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        interval: float | None = None,
    ) -> None:
        """`interval` in seconds lengthens every backend's cadence (never shortens it)."""
        self._clock = clock
        self._now = now
        self._interval = interval or 0.0
        self._followed = {backend.name: _Followed(backend) for backend in backends}
        self._readings: dict[str, Reading[object]] = {name: Waiting() for name in self._followed}
        self._history = History()
        self._need = Need()
        self._news = asyncio.Event()
        self._closed = asyncio.Event()
        self._closed.set()

    @property
    def need(self) -> Need:
        """What is wanted of the next reads."""
        return self._need

    def want(self, need: Need) -> None:
        """Change what is wanted; what comes newly into view is read without waiting for the tick."""
        if need == self._need:
            return
        fresh = need.visible - self._need.visible
        self._need = need
        for name, followed in self._followed.items():
            if fresh and followed.backend.cadence <= LIVELY:
                self.wake(name)

    def wake(self, name: str | None = None) -> None:
        """Read this backend, or all of them, now."""
        for followed in [self._followed[name]] if name else self._followed.values():
            followed.wake.set()

    async def run(self, publish: Callable[[Host], None]) -> None:
        """Publish snapshots until cancelled: one at once (all waiting), then one after each news.

        The backends are closed at the end, however it comes.
        """
        self._closed.clear()
        try:
            async with asyncio.TaskGroup() as group:
                for followed in self._followed.values():
                    group.create_task(self._follow(followed))
                publish(self._snapshot())
                while True:
                    await self._news.wait()
                    await asyncio.sleep(SETTLE)
                    self._news.clear()
                    publish(self._snapshot())
        finally:
            # A second cancellation must not cut the closing short: `closed` waits for its end.
            closing = asyncio.ensure_future(self._close())
            closing.add_done_callback(lambda _: self._closed.set())
            await asyncio.shield(closing)

    async def closed(self) -> None:
        """Return when the backends are closed: after `run` ended, or at once when it never began."""
        await self._closed.wait()

    async def once(self, look: Callable[[Host], Mapping[str, Need]] | None = None) -> Host:
        """Read every backend once, side by side, close them, and return the Host.

        With `look`, the backends it names after that are read once more, for what they need.
        """
        try:
            await asyncio.gather(*(self._read(one) for one in self._followed.values()))
            for name, need in look(self._unrated()).items() if look else ():
                self._need = need
                await self._read(self._followed[name])
        finally:
            await self._close()
        return self._snapshot()

    def _unrated(self) -> Host:
        return Host(at=self._now(), readings=dict(self._readings))

    def _snapshot(self) -> Host:
        return self._history.complete(self._unrated())

    async def _close(self) -> None:
        await asyncio.gather(*(_close(one.backend) for one in self._followed.values()))

    async def _follow(self, followed: _Followed) -> None:
        backend = followed.backend
        changed = asyncio.create_task(backend.changed())
        woken = asyncio.create_task(followed.wake.wait())
        try:
            while True:
                began = self._clock()
                followed.wake.clear()
                # Both listen again before the read begins: news during it call for another one.
                if changed.done():
                    changed.result()
                    changed = asyncio.create_task(backend.changed())
                if woken.done():
                    woken = asyncio.create_task(followed.wake.wait())
                await self._read(followed)
                took = self._clock() - began
                await asyncio.sleep(max(0.0, MIN_GAP - took))
                if followed.wake.is_set() or changed.done():
                    continue
                await asyncio.wait(
                    {changed, woken},
                    timeout=self._pause(followed),
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            changed.cancel()
            woken.cancel()

    def _pause(self, followed: _Followed) -> float:
        """Seconds to the next tick. Ticks lie on multiples of the cadence: readers wake together."""
        if followed.failures:
            return float(min(MAX_BACKOFF, 2.0 ** min(followed.failures - 1, 8)))
        cadence = max(followed.backend.cadence, self._interval)
        return cadence - self._clock() % cadence

    async def _read(self, followed: _Followed) -> None:
        backend, began = followed.backend, self._clock()
        reading: Reading[object]
        try:
            async with asyncio.timeout(backend.deadline):
                reading = Ready(await backend.read(self._need), began)
        except TimeoutError:
            reading = self._failed(
                backend.name, NoAnswer(f"no answer within {backend.deadline:g} s"), began
            )
        except Unavailable as error:
            reading = Absent(error.message, error.hint)
        except VtuiError as error:
            reading = self._failed(backend.name, error, began)
        followed.failures = 0 if isinstance(reading, Ready) else followed.failures + 1
        if isinstance(reading, Ready) or reading != self._readings[backend.name]:
            self._readings[backend.name] = reading
            self._news.set()

    def _failed(self, name: str, error: VtuiError, now: float) -> Failed[object]:
        before = self._readings[name]
        since = before.since if isinstance(before, Failed) else now
        return Failed(error.message, error.hint, latest(before), since)


async def _close(backend: Backend) -> None:
    """Close it, or leave it to the end of the process: nothing may hold up the way out."""
    with contextlib.suppress(TimeoutError, VtuiError):
        async with asyncio.timeout(PARTING):
            await backend.close()
