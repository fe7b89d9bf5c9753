"""The simulated containers as the Docker and LXC backends would tell them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from operator import itemgetter

from vtui import cpuset
from vtui.demo import wave
from vtui.demo.plant import Table, counted
from vtui.model import Container, Containers, PublishedPort, Ref

EVERYWHERE = "0-15"

_UNITS = ((60, 1, "second"), (3600, 60, "minute"), (48 * 3600, 3600, "hour"))
"""Below so many seconds, count in units of so many, called so."""


def containers(
    table: Table, runtime: str, visible: frozenset[Ref], at: float, boot: float
) -> Containers:
    """Those of "docker" or "lxc", `at` seconds after the boot at `boot` seconds since the epoch.

    As the real backends do it, CPU time and memory are told of the visible ones only.
    """
    rows = sorted(table[runtime], key=itemgetter("name"))
    found = (_container(row, runtime, at, boot) for row in rows)
    shown = (
        one if one.ref in visible else replace(one, cpu_time=None, memory=None) for one in found
    )
    return Containers(runtime, tuple(shown), table["versions"][runtime])


def _container(row: Table, runtime: str, at: float, boot: float) -> Container:
    name, state, began = row["name"], row["state"], float(row.get("started", 0))
    exit_code = row.get("exit_code")
    if "script" in row:
        period, runs = row["script"]
        into = at % period
        began = at - into
        if into >= runs:
            state, exit_code, began = "restarting", 1, began + runs
    alive = state in ("running", "paused", "frozen")
    row = {**row, "state": state, "exit_code": exit_code}
    return Container(
        ref=Ref("container", _id(name) if runtime == "docker" else name, runtime),
        name=name,
        runtime=runtime,
        state=state,
        health=row.get("health"),
        status=_status(row, at - row.get("ended", began)) if runtime == "docker" else "",
        exit_code=exit_code,
        image=row.get("image", ""),
        command=row.get("command", ""),
        created=boot + row["created"] if "created" in row else None,
        ports=tuple(PublishedPort(*port) for port in row.get("ports", ())),
        addresses=tuple(row.get("addresses", ())) if alive else (),
        labels=tuple((key, value) for key, value in row.get("labels", ())),
        autostart=row.get("autostart"),
        pid=row.get("pid") if alive else None,
        cpu_time=counted(row["cpu"] * 1e9, name, at, began) if alive else None,
        memory=_memory(row, at) if alive else None,
        cpuset=cpuset.parse_list(row.get("cpuset", EVERYWHERE)) if alive else None,
    )


def _memory(row: Table, at: float) -> int:
    low, high = row["memory"]
    return int(wave.gauge(low, high, row["name"], at) * (1 << 20))


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _status(row: Table, age: float) -> str:
    """The sentence of `docker ps`."""
    match row["state"]:
        case "exited" | "restarting":
            return f"{row['state'].title()} ({row['exit_code']}) {_ago(age)} ago"
        case "paused":
            return f"Up {_ago(age)} (Paused)"
        case _:
            health = row.get("health")
            return f"Up {_ago(age)}" + (f" ({health})" if health else "")


def _ago(seconds: float) -> str:
    """A duration the way Docker says it: roughly, in words."""
    if seconds < 1:
        return "Less than a second"
    for below, unit, word in _UNITS:
        if seconds < below:
            count = int(seconds / unit + (0.5 if unit == 3600 else 0))
            if count == 1 and unit > 1:
                return "About an hour" if unit == 3600 else "About a minute"
            return f"{count} {word}{'s' if count > 1 else ''}"
    days = int(seconds / 86_400)
    return f"{days} days" if days < 14 else f"{days // 7} weeks"
