"""Which systems are read, and where: the one place that opens backends.

A setting that is empty leaves its system out altogether. Each backend's module is imported only when that
backend is wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vtui.config import Config
from vtui.errors import Unavailable, UsageError
from vtui.lanes import never
from vtui.monitor import Backend, Need


@dataclass(frozen=True, slots=True)
class Source:
    """A backend not opened yet."""

    name: str
    open: Callable[[Config], Backend]
    setting: str = ""
    """What must not be empty in the configuration."""
    live: bool = True
    """Whether it can only be asked about the running machine."""


def backends(config: Config, wanted: Iterable[str] | None = None) -> list[Backend]:
    """The backends to read, in the order they are shown; `wanted` are their names' first words.

    Raises UsageError when the root to read below is no directory.
    """
    if config.demo:
        from vtui import demo

        return [one for one in demo.backends(config) if _is_wanted(one.name, wanted)]
    if not config.root.is_dir():
        raise UsageError(f"--root: no directory {str(config.root)!r}", "name an unpacked bundle")
    here = config.root.resolve() == Path("/")
    return [
        source.open(config) if here or not source.live else Elsewhere(source.name)
        for source in _sources(config)
        if _is_wanted(source.name, wanted)
    ]


def is_of(name: str, word: str) -> bool:
    """Whether a backend's name is this word or begins with it, as "libvirt lxc" does with "libvirt"."""
    return name == word or name.startswith(f"{word} ")


class Elsewhere:
    """Stands for a system that cannot be read from another machine's files."""

    cadence = 3600.0
    deadline = 1.0

    def __init__(self, name: str) -> None:
        self.name = name

    async def read(self, need: Need) -> object:
        """Raises Unavailable, always."""
        raise Unavailable("asks the running machine, not --root", "leave out --root")

    async def changed(self) -> None:
        """Never."""
        await never()

    async def close(self) -> None:
        """Nothing to give back."""


def _is_wanted(name: str, wanted: Iterable[str] | None) -> bool:
    return wanted is None or any(is_of(name, word) for word in wanted)


def _sources(config: Config) -> list[Source]:
    connections = [
        Source(name, partial(_libvirt, name, uri)) for name, uri in connection_names(config.libvirt)
    ]
    others = [one for one in SOURCES if not one.setting or getattr(config, one.setting)]
    return connections + others


def connection_names(uris: Iterable[str]) -> list[tuple[str, str]]:
    """libvirt connections by name: "libvirt" for a single one, else with the driver, counted if need be."""
    given = [uri for uri in uris if uri]
    if len(given) == 1:
        return [("libvirt", given[0])]
    seen: Counter[str] = Counter()
    named = []
    for uri in given:
        driver = uri.partition(":")[0].partition("+")[0] or "?"
        seen[driver] += 1
        number = f" {seen[driver]}" if seen[driver] > 1 else ""
        named.append((f"libvirt {driver}{number}", uri))
    return named


def _libvirt(name: str, uri: str, _config: Config) -> Backend:
    from vtui.backends.libvirt import Libvirt

    return Libvirt(uri, name)


def _docker(config: Config) -> Backend:
    from vtui.backends.docker import Docker

    return Docker(config.docker, config.root)


def _lxc(config: Config) -> Backend:
    from vtui.backends.lxc import Lxc

    return Lxc(config.lxc_path, config.root)


def _ovs(config: Config) -> Backend:
    from vtui.backends.ovs import Ovs

    return Ovs(config.ovsdb)


def _netlink(_config: Config) -> Backend:
    from vtui.backends.netlink import Netlink

    return Netlink()


def _irq(config: Config) -> Backend:
    from vtui.backends.irq import Irqs

    return Irqs(config.root)


def _cpus(config: Config) -> Backend:
    from vtui.backends.cpus import CpuInfo

    return CpuInfo(config.root)


def _irqbalance(config: Config) -> Backend:
    from vtui.backends.irqbalance import IrqbalanceDaemon

    return IrqbalanceDaemon(config.irqbalance, config.root)


def _criu(config: Config) -> Backend:
    from vtui.backends.criu import CriuCheck

    return CriuCheck(config.criu)


SOURCES = (
    Source("docker", _docker, "docker"),
    Source("lxc", _lxc, "lxc_path"),
    Source("ovs", _ovs, "ovsdb"),
    Source("netlink", _netlink),
    Source("irq", _irq, live=False),
    Source("cpus", _cpus, live=False),
    Source("irqbalance", _irqbalance, "irqbalance"),
    Source("criu", _criu, "criu"),
)
"""All but libvirt, of which there may be several."""
