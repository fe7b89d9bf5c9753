"""Docker and LXC containers."""

from __future__ import annotations

import time

from vtui import units
from vtui.columns import Cell, Column, Tone
from vtui.cpuset import format_list
from vtui.model import Container, Host, PublishedPort
from vtui.views.view import Field, View, load_cell, number, pairs, trend_cell, yes

MARKS = {
    "running": ("●", Tone.GOOD),
    "paused": ("‖", Tone.WARN),
    "frozen": ("‖", Tone.WARN),
    "restarting": ("↻", Tone.BAD),
    "removing": ("↓", Tone.WARN),
    "starting": ("↑", Tone.WARN),
    "stopping": ("↓", Tone.WARN),
    "dead": ("✗", Tone.BAD),
    "exited": ("○", Tone.DIM),
    "stopped": ("○", Tone.DIM),
    "created": ("○", Tone.DIM),
}


def mark(container: Container) -> Cell:
    """The state as a glyph; a failing health check outweighs "running"."""
    if container.health == "unhealthy" and container.active:
        return Cell("!", Tone.BAD)
    if container.state == "exited" and container.exit_code:
        return Cell("✗", Tone.WARN)
    return Cell(*MARKS.get(container.state, ("?", Tone.WARN)))


def _state(container: Container, _host: Host) -> Cell:
    text = container.state
    if container.health and container.active:
        text = container.health
    elif container.state == "exited" and container.exit_code is not None:
        text = f"exited ({container.exit_code})"
    return Cell(text, mark(container).tone)


def port(published: PublishedPort) -> str:
    """As `docker ps` shows it, without the addresses that mean "all"."""
    where = "" if published.host_ip in ("", "0.0.0.0", "::") else f"{published.host_ip}:"
    return f"{where}{published.host_port}->{published.container_port}/{published.protocol}"


def _ports(container: Container) -> str:
    return ", ".join(dict.fromkeys(port(one) for one in container.ports))


def _cpuset(container: Container) -> str:
    return units.NOTHING if container.cpuset is None else format_list(container.cpuset)


def _age(container: Container, host: Host) -> float | None:
    if container.created is None:
        return None
    return max(0.0, (host.at or time.time()) - container.created)


def _detail(container: Container, host: Host) -> list[Field]:
    fields: list[Field] = [
        ("id", container.ref.id),
        ("runtime", container.runtime),
        ("state", container.state + (f", {container.health}" if container.health else "")),
        ("status", container.status or units.NOTHING),
        ("image", container.image or units.NOTHING),
        ("command", container.command or units.NOTHING),
        (
            "created",
            f"{units.duration(_age(container, host))} ago" if container.created else units.NOTHING,
        ),
        ("CPU", units.percent(host.rate(container.ref, "cpu"))),
        ("memory", units.size(container.memory)),
        ("cpuset", _cpuset(container)),
    ]
    if container.autostart is not None:
        fields.append(("autostart", yes(container.autostart)))
    if container.pid:
        fields.append(("init pid", str(container.pid)))
    fields += [("address", address) for address in container.addresses]
    fields += [("port", port(one)) for one in container.ports]
    return fields + pairs(container.labels, "labels")


CONTAINERS = View(
    kind="container",
    plural="containers",
    items=lambda host: host.containers,
    columns=(
        Column("mark", "", 1, lambda item, host: mark(item)),
        Column(
            "name",
            "NAME",
            16,
            lambda item, host: Cell(item.name, Tone.PLAIN if item.active else Tone.DIM),
            grow=3,
        ),
        Column("runtime", "TYPE", 6, lambda item, host: Cell(item.runtime, Tone.DIM)),
        Column("state", "STATE", 11, _state),
        Column(
            "cpu",
            "CPU",
            6,
            lambda item, host: load_cell(host.rate(item.ref, "cpu")),
            key=lambda item, host: number(host.rate(item.ref, "cpu")),
            right=True,
            live=True,
        ),
        Column(
            "memory",
            "MEMORY",
            8,
            lambda item, host: Cell(units.size(item.memory)),
            key=lambda item, host: number(item.memory),
            right=True,
            live=True,
        ),
        Column(
            "trend",
            "LAST MINUTE",
            12,
            lambda item, host: trend_cell(host, item.ref, 12, 1.0),
            key=lambda item, host: number(host.rate(item.ref, "cpu")),
            rank=3,
            live=True,
        ),
        Column(
            "cpuset",
            "CPUS",
            7,
            lambda item, host: Cell(_cpuset(item), Tone.ACCENT if item.cpuset else Tone.DIM),
            rank=1,
        ),
        Column(
            "image",
            "IMAGE",
            14,
            lambda item, host: Cell(item.image or units.NOTHING, Tone.DIM),
            rank=1,
            grow=2,
        ),
        Column(
            "ports",
            "PORTS",
            18,
            lambda item, host: Cell(_ports(item) or units.NOTHING),
            rank=3,
            grow=2,
        ),
        Column(
            "age",
            "CREATED",
            8,
            lambda item, host: Cell(units.duration(_age(item, host)), Tone.DIM),
            key=lambda item, host: number(_age(item, host)),
            right=True,
            rank=4,
        ),
        Column("id", "ID", 12, lambda item, host: Cell(item.ref.id[:12], Tone.DIM), rank=5),
    ),
    detail=_detail,
    words=lambda item: (
        f"{item.name} {item.runtime} {item.state} {item.health or ''} {item.image} {item.ref.id}"
    ),
    backends=("docker", "lxc"),
    empty="no container",
)
