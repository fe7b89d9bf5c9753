"""Backends made of tables, and real readers over made-up files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vtui.backends.cpus import CpuInfo
from vtui.backends.irq import Irqs
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
    """The files of /proc and /sys, written in a lane of their own; there are none until they are wanted."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._lane = Lane("writing the demo's files", 4.0)
        self._files: RootDir | None = None
        self._readers: set[object] = set()

    async def advance(self, reader: object, files: Files) -> Path:
        """Bring these files up to now for this reader; below which directory they are.

        Raises HostError when they cannot be written.
        """
        self._readers.add(reader)
        return await self._lane.call(self._advance, files)

    async def leave(self, reader: object) -> None:
        """Count one reader out; the last one's leaving removes the files."""
        self._readers.discard(reader)
        if not self._readers and self._files:
            await self._lane.call(self._files.remove)
            self._files = None
            self._lane.close()

    def _advance(self, files: Files) -> Path:
        if self._files is None:
            self._files = RootDir()
        if not self._files.written:
            self._files.write(kernel.fixed(table("host")))
        self._files.write(files(self._time.at()))
        return self._files.path


class OverFiles(Backend):
    """A real backend reading the simulated kernel's files, which advance before each read."""

    def __init__(
        self, kind: type[Irqs] | type[CpuInfo], under: SimulatedKernel, files: Files
    ) -> None:
        self.name = kind.name
        self.cadence = kind.cadence
        self.deadline = kind.deadline
        self._kind = kind
        self._kernel = under
        self._files = files
        self._real: Irqs | CpuInfo | None = None

    async def read(self, need: Need) -> object:
        """What the real backend makes of the files now."""
        root = await self._kernel.advance(self, self._files)
        if self._real is None:
            self._real = self._kind(root)
        return await self._real.read(need)

    async def changed(self) -> None:
        """Never returns, as with the real ones: the kernel tells nobody."""
        await never()

    async def close(self) -> None:
        """Close the real one and let go of the files."""
        try:
            if self._real:
                await self._real.close()
        finally:
            await self._kernel.leave(self)
