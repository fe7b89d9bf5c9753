"""The application on the simulated host, with time in the test's hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual.pilot import Pilot

from vtui import demo
from vtui.app import VtuiApp
from vtui.config import Config
from vtui.monitor import Backend
from vtui.reading import Ready, Waiting
from vtui.screens.listing import ListScreen
from vtui.widgets.ink import plain
from vtui.widgets.lines import Lines

EPOCH = 1_790_000_000.0
"""The wall clock of every test, in seconds since the epoch."""


class Clock:
    """A monotonic clock that stands still until told otherwise."""

    def __init__(self, start: float = 1000.0) -> None:
        self.now = start

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """A running application and the hand on its clock."""

    app: VtuiApp
    pilot: Pilot[int]
    clock: Clock

    @property
    def screen(self) -> ListScreen:
        """The screen in front."""
        assert isinstance(self.app.screen, ListScreen)
        return self.app.screen

    @property
    def text(self) -> str:
        """Everything on the screen in front, line by line."""
        lines = [
            strip.text for strip in self.app.screen._compositor.render_strips(self.app.screen.size)
        ]
        return "\n".join(lines)

    async def press(self, *keys: str) -> None:
        """Press keys and let the screen settle."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def tick(self, seconds: float = 1.0) -> None:
        """Let time pass and every backend be read once more."""
        self.clock.now += seconds
        self.app.monitor.wake()
        await self.until_read()

    async def until_read(self) -> None:
        """Wait until each backend was read at the present time, or is not there."""

        def behind() -> bool:
            return any(
                isinstance(reading, Waiting)
                or (isinstance(reading, Ready) and reading.at < self.clock.now)
                for reading in self.app.host.readings.values()
            )

        await self.until(lambda: not behind())
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that is sure to come."""
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.02)

    def lines(self, name: str) -> list[str]:
        """The text of a page of lines by its id."""
        return plain(self.app.screen.query_one(f"#{name}", Lines).lines)


@asynccontextmanager
async def stage(
    size: tuple[int, int] = (80, 24),
    config: Config = Config(theme="dark"),  # noqa: B008 - frozen
    backends: Sequence[Backend] | None = None,
    ticks: int = 2,
) -> AsyncIterator[Stage]:
    """The application over the demo (or these backends) after some seconds of simulated time."""
    clock = Clock()
    chosen = demo.backends(config, clock=clock, now=lambda: EPOCH) if backends is None else backends
    app = VtuiApp(config, chosen, clock=clock, now=lambda: EPOCH + clock.now - 1000.0)
    try:
        async with app.run_test(size=size) as pilot:
            scene = Stage(app, pilot, clock)
            await scene.until_read()
            for _ in range(ticks):
                await scene.tick()
            yield scene
    finally:
        await app.monitor.closed()
