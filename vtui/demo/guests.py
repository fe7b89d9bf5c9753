"""The domains: the real libvirt backend on libvirt's own test driver, with guests that come and go.

Each connection of that driver has a state of its own, within this process, so whatever starts and stops
guests has to use the backend's connection, in its lane. The driver's counters are functions of the wall
clock that are the same for every guest; the plant's take their place.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from vtui.backends.libvirt import Libvirt
from vtui.backends.libvirt.compose import Listing
from vtui.backends.libvirt.library import library
from vtui.backends.libvirt.session import Session
from vtui.backends.libvirt.trouble import cannot_open
from vtui.demo import kernel
from vtui.demo.plant import Time, counted, data, since, table, traffic
from vtui.model import Domain, DomainDisk, DomainInterface, Domains
from vtui.monitor import Need

URI = "test:///rt-node-07"
"""What the connection is called: the same wherever vtui is installed."""

VERSION = "11.9.0"

STOPPED_AT = 3600.0
"""When, in seconds after boot, the counters of a guest that is paused came to a halt."""

_REASONS = {"running": "booted", "paused": "user", "shut off": "shutdown"}
"""For the guests that the test driver has read in such a state and knows no reason for."""


class Guests(Libvirt):
    """The plant's domains."""

    def __init__(self, time: Time) -> None:
        super().__init__(URI, "libvirt")
        self._time = time
        self._runs: dict[str, float | None] = {}

    async def read(self, need: Need) -> Domains:
        """The domains now; raises as the real backend does."""
        seen = await super().read(need)
        at = self._time.at()
        domains = tuple(_alive(domain, at) for domain in seen.domains)
        return replace(seen, domains=domains, version=VERSION)

    def _list(self, loop: asyncio.AbstractEventLoop) -> Listing:
        libvirt = library()
        if self._session is None:
            self._session = self._open(libvirt, loop)
        self._keep_schedule(libvirt, self._session)
        return super()._list(loop)

    def _open(self, libvirt: Any, loop: asyncio.AbstractEventLoop) -> Session:
        address = "test://" + quote(str(data("guests.xml")))
        try:
            session = Session(libvirt, address, lambda: self._wake(loop))
        except libvirt.libvirtError as error:
            raise cannot_open(address, error) from error
        self._runs = {}
        for guest, row in table("guests").items():
            with contextlib.suppress(libvirt.libvirtError):
                session._connection.lookupByName(guest).setAutostart(row.get("autostart", 1))
        return session

    def _keep_schedule(self, libvirt: Any, session: Session) -> None:
        """Start and stop guests when their time comes, and leave them alone in between."""
        at = self._time.at()
        for guest, row in table("guests").items():
            run = since(guest, at)
            if "shift" not in row or (guest in self._runs and self._runs[guest] == run):
                continue
            self._runs[guest] = run
            # The user may have deleted the guest, or started or stopped it meanwhile.
            with contextlib.suppress(libvirt.libvirtError):
                domain = session._connection.lookupByName(guest)
                if run is None:
                    domain.destroy()
                else:
                    domain.create()


def _alive(domain: Domain, at: float) -> Domain:
    """The domain with a reason for its state and the plant's counters."""
    row = table("guests").get(domain.name)
    if row is None:
        return domain
    if domain.reason == "unknown":
        domain = replace(domain, reason=_REASONS.get(domain.state, domain.reason))
    read, written, size = row["disk"]
    if not domain.active:
        return replace(domain, cpu_time=None, disks=tuple(_sized(d, size) for d in domain.disks))
    began = since(domain.name, at) or 0.0
    until = at if domain.state == "running" else began + STOPPED_AT
    return replace(
        domain,
        cpu_time=_cpu_time(domain.name, row, until, began),
        interfaces=tuple(_interface(nic.name, until, began) for nic in domain.interfaces),
        disks=tuple(
            replace(
                _sized(disk, size),
                read_bytes=counted(read, f"{domain.name} read", until, began),
                written_bytes=counted(written, f"{domain.name} written", until, began),
            )
            for disk in domain.disks
        ),
    )


def _cpu_time(name: str, row: dict[str, Any], at: float, began: float) -> int:
    if "cpus" in row:
        return kernel.cpu_time(table("host"), row["cpus"], at)
    return counted(row["cpu"] * 1e9, name, at, began)


def _interface(name: str, at: float, began: float) -> DomainInterface:
    """What the host sends the guest receives."""
    counters = traffic(name, at, began)
    return DomainInterface(name, counters.get("tx_bytes"), counters.get("rx_bytes"))


def _sized(disk: DomainDisk, gibibytes: int) -> DomainDisk:
    return replace(disk, capacity=gibibytes << 30)
