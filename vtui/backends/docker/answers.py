"""What a Docker engine's JSON says. Pure functions.

Facts: https://docs.docker.com/reference/api/engine/ (ContainerSummary, ContainerStats).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict, TypeGuard

from vtui.model import Container, PublishedPort, Ref

# The sentences of `Status`: "Up 5 minutes (healthy)", "Up 2 seconds (health: starting)",
# "Exited (3) 2 hours ago", "Restarting (1) 5 seconds ago", "Up 3 days (Paused)", "Created", "Dead".
_EXIT = re.compile(r"(?:Exited|Restarting) \((-?\d{1,10})\)", re.ASCII)
_HEALTH = re.compile(r"\((?:health: )?(healthy|unhealthy|starting)\)")
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)

Version = tuple[int, int] | tuple[()]


class Usage(TypedDict, total=False):
    """What stats tell: ns of CPU time, bytes of memory."""

    cpu_time: int | None
    memory: int | None


def listed(answer: object) -> list[Any]:
    """The entries of a list; raises ValueError when the answer is something else."""
    if not isinstance(answer, list):
        raise ValueError("not a list of containers")
    return answer


def container(item: object) -> Container:
    """One entry of the list (ContainerSummary).

    Raises ValueError when it has no id or state; whatever else is not as it should be is left out.
    """
    told = _dict(item)
    key, state = _str(told.get("Id")), _str(told.get("State"))
    if not key or not state:
        raise ValueError("a container without id or state")
    status, created = _str(told.get("Status")), told.get("Created")
    left = _EXIT.match(status)
    return Container(
        ref=Ref("container", key, "docker"),
        name=_name(told) or key[:12],
        runtime="docker",
        state=state,
        health=_health(told, status),
        status=status,
        exit_code=int(left[1]) if left else None,
        image=_str(told.get("Image")),
        command=_str(told.get("Command")),
        created=float(created) if _is_count(created, 1 << 40) else None,
        ports=tuple(sorted(_ports(told), key=_port_order)),
        addresses=tuple(_addresses(told)),
        labels=tuple(sorted(_texts(told.get("Labels")))),
    )


def usage(answer: object) -> Usage:
    """CPU time and memory of one container (ContainerStats), counted as `docker stats` does."""
    told = _dict(answer)
    spent = _dict(_dict(told.get("cpu_stats")).get("cpu_usage")).get("total_usage")
    memory = _dict(told.get("memory_stats"))
    used, detail = memory.get("usage"), _dict(memory.get("stats"))
    inactive = detail.get("total_inactive_file", detail.get("inactive_file"))  # cgroup v1, v2
    if _is_count(used) and _is_count(inactive) and inactive < used:
        used -= inactive
    return Usage(
        cpu_time=spent if _is_count(spent) else None, memory=used if _is_count(used) else None
    )


def version(text: object) -> Version:
    """ "1.41" as numbers that compare; empty when it is not a version of the API."""
    match = _VERSION.fullmatch(_str(text))
    return (int(match[1]), int(match[2])) if match else ()


def _name(told: Mapping[str, Any]) -> str:
    """Its own name is "/NAME"; "/OTHER/ALIAS" is what a linked container calls it."""
    names = [name.removeprefix("/") for name in _list(told.get("Names")) if isinstance(name, str)]
    return next((name for name in names if "/" not in name), names[0] if names else "")


def _health(told: Mapping[str, Any], status: str) -> str | None:
    """API 1.52 and later have a field for it, "none" without a check; before, only Status tells."""
    word = _str(_dict(told.get("Health")).get("Status"))
    if word:
        return None if word == "none" else word
    match = _HEALTH.search(status)
    return match[1] if match else None


def _ports(told: Mapping[str, Any]) -> Iterator[PublishedPort]:
    for item in _list(told.get("Ports")):
        port = _dict(item)
        outer, inner = port.get("PublicPort"), port.get("PrivatePort")
        if _is_count(outer, 65535) and outer and _is_count(inner, 65535):
            yield PublishedPort(_str(port.get("IP")), outer, inner, _str(port.get("Type")))


def _port_order(port: PublishedPort) -> tuple[int, str, str, int]:
    """One that lasts: the engine lists them differently each time."""
    return port.container_port, port.protocol, port.host_ip, port.host_port


def _addresses(told: Mapping[str, Any]) -> Iterator[str]:
    networks = _dict(_dict(told.get("NetworkSettings")).get("Networks"))
    for _, network in sorted(networks.items()):
        for field in ("IPAddress", "GlobalIPv6Address"):
            if address := _str(_dict(network).get(field)):
                yield address


def _texts(value: object) -> Iterator[tuple[str, str]]:
    return ((key, text) for key, text in _dict(value).items() if isinstance(text, str))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_count(value: object, limit: int = 1 << 64) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= limit
