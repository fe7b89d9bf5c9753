"""Backends made of tables, and real readers over made-up files."""

from __future__ import annotations

from collections.abc import Callable

from vtui.demo import kernel
from vtui.demo.plant import Time, table
from vtui.demo.rootdir import RootDir
from vtui.lanes import Lane, never
from vtui.monitor import Backend, Need

Files = Callable[[float], kernel.Files]
"""Some files' text by the seconds since boot."""


class Played(Backend):
    """A system whose value is a function of the plant's time."""

    deadline = 5.0

    def __init__(
        self,
        name: str,
        time: Time,
        value: Callable[[float, Need], object],
        cadence: float = 1.0,
    ) -> None:
        self.name = name
        self.cadence = cadence
        self._time = time
        self._value = value

    async def read(self, need: Need) -> object:
        """The value now."""
        return self._value(self._time.at(), need)

    async def changed(self) -> None:
        """Never returns."""
        await never()

    async def close(self) -> None:
        """Nothing to give back."""


class SimulatedKernel:
    """The files of /proc and /sys below `root`, written in a lane of their own."""

    def __init__(self, time: Time) -> None:
        """Raises HostError when no temporary directory can be made."""
        self._time = time
        self._files = RootDir()
        self.root = self._files.path
        self._lane = Lane("writing the demo's files", 4.0)
        self._readers: set[object] = set()

    async def advance(self, reader: object, files: Files) -> None:
        """Bring these files up to now for this reader; the first call writes the lasting ones as well.

        Raises HostError when they cannot be written.
        """
        self._readers.add(reader)
        await self._lane.call(self._advance, files)

    async def leave(self, reader: object) -> None:
        """Count one reader out; the last one's leaving removes the files."""
        self._readers.discard(reader)
        if not self._readers and self._files.alive:
            await self._lane.call(self._files.remove)
            self._lane.close()

    def _advance(self, files: Files) -> None:
        if not self._files.written:
            self._files.write(kernel.fixed(table("host")))
        self._files.write(files(self._time.at()))


class OverFiles(Backend):
    """A real backend reading below the simulated kernel's root; its files advance before each read."""

    def __init__(self, real: Backend, under: SimulatedKernel, files: Files) -> None:
        self.name = real.name
        self.cadence = real.cadence
        self.deadline = real.deadline
        self._real = real
        self._kernel = under
        self._files = files

    async def read(self, need: Need) -> object:
        """What the real backend makes of the files now."""
        await self._kernel.advance(self, self._files)
        return await self._real.read(need)

    async def changed(self) -> None:
        """Return when the real one does."""
        await self._real.changed()

    async def close(self) -> None:
        """Close the real one and let go of the files."""
        try:
            await self._real.close()
        finally:
            await self._kernel.leave(self)
