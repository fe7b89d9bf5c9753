"""The numbers that need the guests' cooperation, over a connection of their own. All of it blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from vtui.backends.libvirt.compose import Stats
from vtui.backends.libvirt.library import library
from vtui.backends.libvirt.session import connect


class Monitoring:
    """A connection of its own for the statistics that need a job on each running domain.

    They may wait for the worst of the guests. libvirt's client shares a connection between two
    threads badly while a call of one hangs: an answer to the other may lie unread until the next
    keepalive (seen with 9.0). So it is another connection.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._connection: Any = None

    def stats(self, *, interfaces: bool) -> Mapping[str, Stats]:
        """The statistics of the running domains by UUID; none when libvirt refuses them
        or tells nonsense.

        A domain with a long job is not waited for: it comes without the counters of its disks.
        libvirtd runs ovs-vsctl for each NIC of type vhostuser, with its domain locked, so a host
        that has such is asked without `interfaces`.
        """
        libvirt = library()
        groups = (
            libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
            | libvirt.VIR_DOMAIN_STATS_BALLOON
            | libvirt.VIR_DOMAIN_STATS_VCPU
            | libvirt.VIR_DOMAIN_STATS_BLOCK
            | (libvirt.VIR_DOMAIN_STATS_INTERFACE if interfaces else 0)
        )
        # For a domain that does not run, libvirtd would open each of its disk images.
        flags = (
            libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE
            | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        )
        try:
            if self._connection is None or not self._connection.isAlive():
                self._connection, _ = connect(libvirt, self._uri)
            records = self._connection.getAllDomainStats(groups, flags)
        except (libvirt.libvirtError, UnicodeDecodeError):
            return {}
        return {domain.UUIDString(): found for domain, found in records}

    def close(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            with contextlib.suppress(library().libvirtError):
                self._connection.close()
