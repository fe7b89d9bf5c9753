"""Links in the host's network namespace, a Linux bridge with a veth pair, and named netns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.part import Part
from tests.lab.process import Runner
from tests.lab.site import Site


class Net(Part):
    """A Linux bridge `PREFIX-lan`; one end of a veth pair is its port, OVS takes the other."""

    name = "net"

    @property
    def bridge(self) -> str:
        return self.site.link("lan")

    @property
    def bridge_port(self) -> str:
        return self.site.link("veth0")

    @property
    def ovs_port(self) -> str:
        return self.site.link("veth1")

    def start(self) -> None:
        links = (self.bridge, self.bridge_port, self.ovs_port)
        _remember(self.site, links)
        ip = self.run
        ip("ip", "link", "add", self.bridge, "type", "bridge")
        ip("ip", "link", "add", self.bridge_port, "type", "veth", "peer", "name", self.ovs_port)
        ip("ip", "link", "set", self.bridge_port, "master", self.bridge)
        for link in links:
            ip("ip", "link", "set", link, "up")

    def endpoint(self) -> str:
        return self.bridge


def add_netns(site: Site, run: Runner) -> Path:
    """The lab's named network namespace, with loopback up; its path is what nsenter takes."""
    path = Path("/run/netns") / site.netns
    if not path.exists():
        run("ip", "netns", "add", site.netns)
    run("ip", "-n", site.netns, "link", "set", "lo", "up")
    return path


def _record(site: Site) -> Path:
    return site.run / "links.json"


def _remember(site: Site, links: Sequence[str]) -> None:
    """Notes links about to be made, so that they are ours whenever the lab is killed."""
    if taken := [link for link in links if _exists(link)]:
        raise LabError(f"links of others are in the way: {' '.join(taken)}")
    _record(site).write_text(json.dumps(links))


def _exists(link: str) -> bool:
    return Path("/sys/class/net", link).exists()


def remove(site: Site, run: Runner) -> None:
    """Deletes the lab's links and its network namespace."""
    if _record(site).exists():
        with suppress(ValueError):
            for link in filter(_exists, json.loads(_record(site).read_text())):
                run("ip", "link", "delete", link)
    if (Path("/run/netns") / site.netns).exists():
        run("ip", "netns", "delete", site.netns)
