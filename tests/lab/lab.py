"""The lab as a whole: its parts, started side by side and swept away together."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.lab import cgroups, state
from tests.lab.criu import Criu
from tests.lab.docker import Docker
from tests.lab.errors import LabError
from tests.lab.guest import Guest
from tests.lab.irqbalance import Irqbalance
from tests.lab.libvirt import Domains, Libvirt
from tests.lab.lxc import Lxc
from tests.lab.net import Net
from tests.lab.ovs import Ovs
from tests.lab.part import Context, Part
from tests.lab.process import Daemons, Halt, Runner
from tests.lab.site import Site
from tests.lab.starter import start_parts
from tests.lab.sweep import survivors, sweep

CHOICES = ("libvirt", "docker", "lxc", "ovs", "irqbalance", "net", "criu")
_IMPLIED = {"libvirt": ("guest", "domains")}
_OWNER = {
    "libvirt": "libvirt",
    "virtlogd": "libvirt",
    "docker": "docker",
    "ovsdb": "ovs",
    "vswitchd": "ovs",
    "irqbalance": "irqbalance",
}
"""Daemon, as `kill`, `freeze` and `restart` name it -> the part it belongs to."""


def say(line: str) -> None:
    """One line of progress; a terminal that has gone away must not stop the cleaning."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


class Lab:
    """Private daemons under one name. Use `with lab.running(): ...`, or start() and stop()."""

    def __init__(self, name: str = "demo", report: Callable[[str], None] = say) -> None:
        self.site = Site(name)
        self.absent: dict[str, str] = {}
        """Part -> why it did not start."""
        self.env: dict[str, str] = {}
        """Variables that point vtui to the parts that did start."""
        self._report = report
        self._lock = state.Lock(self.site)
        self._halt = Halt()
        self.daemons = Daemons(self.site, self._halt)
        context = Context(self.site, self.daemons, Runner(self._halt, self.site))
        self._net, self._ovs, self._docker = Net(context), Ovs(context), Docker(context)
        self._lxc, self._irqbalance, self._criu = Lxc(context), Irqbalance(context), Criu(context)
        self._guest, self._libvirt = Guest(context), Libvirt(context)
        domains = Domains(context, self._libvirt, self._guest, self._ovs)
        slowest_first = (
            *(self._libvirt, self._docker, self._net, self._ovs, self._guest),
            *(self._irqbalance, self._lxc, self._criu, domains),
        )
        self._parts: dict[str, Part] = {part.name: part for part in slowest_first}
        self._started: list[Part] = []

    # Where things are. All of these hold whether or not the lab runs.

    @property
    def name(self) -> str:
        return self.site.name

    @property
    def libvirt_uri(self) -> str:
        return self._libvirt.uri

    @property
    def lxc_uri(self) -> str:
        """The libvirt URI of the LXC driver."""
        return self._libvirt.lxc_uri

    @property
    def docker_host(self) -> str:
        return self._docker.host

    @property
    def ovsdb(self) -> str:
        return self._ovs.remote

    @property
    def ovs_rundir(self) -> Path:
        """Holds the control sockets that ovs-appctl and ovs-ofctl speak to."""
        return self._ovs.rundir

    @property
    def lxc_path(self) -> Path:
        return self._lxc.path

    @property
    def irqbalance_dir(self) -> Path:
        return self._irqbalance.folder

    @property
    def criu(self) -> Path:
        return self._criu.path

    @property
    def bridge(self) -> str:
        """The main OVS bridge."""
        return self._ovs.plant

    @property
    def bridges(self) -> tuple[str, str]:
        """The two OVS bridges: plant, field."""
        return (self._ovs.plant, self._ovs.field)

    @property
    def linux_bridge(self) -> str:
        return self._net.bridge

    # Clients against the lab.

    def virsh(self, *args: str) -> str:
        return self._libvirt.virsh(*args)

    def virsh_lxc(self, *args: str) -> str:
        return self._libvirt.virsh_lxc(*args)

    def docker(self, *args: str) -> str:
        return self._docker.docker(*args)

    def vsctl(self, *args: str) -> str:
        return self._ovs.vsctl(*args)

    def lxc(self, verb: str, *args: str) -> str:
        """`lxc-VERB -P PATH ARGS`."""
        return self._lxc.lxc(verb, *args)

    # Mishaps, for tests.

    def kill(self, daemon: str) -> None:
        """SIGKILL, as a crash would look: libvirt, virtlogd, docker, ovsdb, vswitchd, irqbalance."""
        self.daemons.kill(daemon)

    def freeze(self, daemon: str) -> None:
        """Stops a daemon in its tracks: it accepts connections and never answers."""
        self.daemons.get(daemon).send(signal.SIGSTOP)

    def thaw(self, daemon: str) -> None:
        self.daemons.get(daemon).send(signal.SIGCONT)

    def restart(self, daemon: str) -> None:
        """Ends a daemon if it lives and starts it again; returns when it answers."""
        if daemon not in _OWNER:
            raise LabError(f"the lab has no daemon {daemon!r}", f"one of {', '.join(_OWNER)}")
        self.daemons.kill(daemon)
        self._parts[_OWNER[daemon]].restart(daemon)

    # Starting and ending.

    @contextmanager
    def running(self, only: Iterable[str] | None = None) -> Iterator[Lab]:
        """The lab for the length of a `with` block."""
        self.start(only)
        try:
            yield self
        finally:
            self.stop()

    def start(self, only: Iterable[str] | None = None) -> None:
        """Starts all parts, or those of `only`; clears away what a killed lab left first."""
        wanted = self._wanted(only)
        if os.geteuid() != 0:
            raise LabError("the lab needs root")
        self._lock.acquire()
        try:
            if self.is_up():
                raise LabError(f"lab {self.name!r} is up already", "end it with `down`")
            sweep(self.site, self.daemons)
        except BaseException:
            self._lock.release()
            raise
        try:
            self._bring_up(wanted)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends and removes everything of this lab, and lets go of its name."""
        if not self._lock.held:
            self._lock.acquire()
        try:
            sweep(self.site, self.daemons)
            self.env, self.absent = {}, {}
        finally:
            self._lock.release()

    def detach(self) -> None:
        """Leaves the lab running without this process: `down` or a later `stop` ends it."""
        self._state(detached=True).save(self.site)
        self._lock.release()

    def is_up(self) -> bool:
        """Whether a detached lab of this name is running."""
        saved = state.load(self.site)
        return bool(saved and saved.detached and survivors(self.site, self.daemons))

    def _bring_up(self, wanted: Mapping[str, Part]) -> None:
        self.site.run.mkdir(parents=True)
        self.site.data.mkdir(parents=True)
        cgroups.prepare(self.site)
        self._halt.clear()
        self.absent = start_parts(wanted, self._report, self._halt)
        self._started = [part for name, part in wanted.items() if name not in self.absent]
        self.env = {key: text for part in self._started for key, text in part.env().items()}
        self._state(detached=False).save(self.site)

    def _state(self, *, detached: bool) -> state.State:
        endpoints = {part.name: part.endpoint() for part in self._started}
        return state.State(self.env, endpoints, self.absent, detached)

    def _wanted(self, only: Iterable[str] | None) -> dict[str, Part]:
        if only is None:
            return self._parts
        chosen = set(only)
        if unknown := chosen - set(CHOICES):
            raise LabError(f"no such part: {', '.join(unknown)}", f"one of {', '.join(CHOICES)}")
        for name, others in _IMPLIED.items():
            if name in chosen:
                chosen.update(others)
        return {name: part for name, part in self._parts.items() if name in chosen}
