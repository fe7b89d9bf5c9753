"""Native LXC: what `lxc-ls` tells, asked again only when something must have changed.

One `lxc-ls` over 20 running containers takes 35 ms of CPU: too dear for each second. What a start, a
stop or a change of configuration leaves behind costs next to nothing to look at: the container's
command socket, which liblxc names "@PATH/NAME/command" (or "@lxc/HASH/command" when that is too
long, src/lxc/af_unix.c and commands_utils.c of LXC), and the time of its configuration file. Frozen
or not is read from the freezer itself, which knows of freezing done without LXC as well.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from vtui import cgroup, lanes
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.model import Container, Containers, Ref
from vtui.monitor import TICK, Backend, Need
from vtui.text import clean

MAX_AGE = 10.0
"""Seconds after which the list is asked for anyway: addresses come without other signs."""

LOOK_DEADLINE, LIST_DEADLINE = 2.0, 4.0

COLUMNS = ("STATE", "PID", "AUTOSTART", "IPV4", "IPV6", "NAME")
"""Of `lxc-ls`; the name comes last, for it may hold blanks."""

SETTLED = ("running", "stopped", "frozen", "unknown")
"""The states that none follows by itself."""

ACTIVE = ("running", "frozen")

_LISTENING = 0x10000  # __SO_ACCEPTCON in the flags of /proc/net/unix
_STATE = re.compile(r"[A-Z]+")
_PID = re.compile(r"[1-9]\d{0,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signs:
    """What changes with the list: configuration files with their times, sockets with their inodes."""

    configured: frozenset[tuple[str, int]]
    sockets: frozenset[tuple[str, str]]

    @property
    def names(self) -> frozenset[str]:
        """The containers there are, by the names of their directories."""
        return frozenset(name for name, _ in self.configured)


class Lxc(Backend):
    """The containers of one path. Their Ref is ("container", name, "lxc")."""

    name = "lxc"
    cadence = TICK
    deadline = 2 * LOOK_DEADLINE + 2 * LIST_DEADLINE

    def __init__(self, path: str, root: Path) -> None:
        """`path` is what `lxc-ls -P` takes; `root` holds the /proc and /sys to read."""
        self._path = path.rstrip("/") or "/"
        self._root = root
        self._groups = cgroup.Groups(root)
        self._lane = lanes.Lane(self.name, LOOK_DEADLINE)
        self._signs: Signs | None = None
        self._listed: tuple[Container, ...] = ()
        self._at = 0.0
        self._version = ""

    async def read(self, need: Need) -> Containers:
        """The containers by name, with CPU time and memory of those in view only.

        None at all is an empty list. Raises Unavailable when LXC or its path is not there or may not
        be read, NoAnswer or HostError when `lxc-ls` hangs (as it does when a container's monitor
        does) or fails.
        """
        signs = await self._lane.call(look, self._path, self._root)
        if self._outdated(signs):
            await self._list(signs)
        visible = frozenset(ref.id for ref in need.visible if ref.source == self.name)
        containers = await self._lane.call(self._measured, visible)
        return Containers(self.name, containers, self._version)

    async def changed(self) -> None:
        """LXC has no news that could be had without a connection to each container."""
        await lanes.never()

    async def close(self) -> None:
        """Let the lane end."""
        self._lane.close()

    def _outdated(self, signs: Signs) -> bool:
        return (
            signs != self._signs
            or time.monotonic() - self._at >= MAX_AGE
            or any(one.state not in SETTLED for one in self._listed)
        )

    async def _list(self, signs: Signs) -> None:
        self._signs = None  # also when this fails
        began = time.monotonic()
        if not self._version:
            self._version = (await _lxc_ls("--version")).strip()
        text = await _lxc_ls("-P", self._path, "--fancy", "--fancy-format", ",".join(COLUMNS))
        try:
            found = parse(text)
        except ValueError as error:
            raise HostError(f"lxc-ls printed something else than a list: {error}") from error
        self._listed = complete(found, signs)
        self._signs, self._at = signs, began

    def _measured(self, visible: frozenset[str]) -> tuple[Container, ...]:
        groups = self._groups.of_processes(
            (one.pid, one.name) for one in self._listed if one.state in ACTIVE and one.pid
        )
        return tuple(
            _in_use(one, groups[one.pid, one.name], one.ref.id in visible)
            if one.pid and (one.pid, one.name) in groups
            else one
            for one in self._listed
        )


def _in_use(one: Container, group: cgroup.Group, visible: bool) -> Container:
    frozen = cgroup.frozen(group)
    return replace(
        one,
        state=one.state if frozen is None else "frozen" if frozen else "running",
        cpuset=cgroup.cpus(group),
        cpu_time=cgroup.cpu_time(group) if visible else None,
        memory=cgroup.memory(group) if visible else None,
    )


async def _lxc_ls(*arguments: str) -> str:
    try:
        output = await lanes.run(["lxc-ls", *arguments], deadline=LIST_DEADLINE)
    except Unavailable as error:
        raise Unavailable(f"LXC is not installed ({error.message})", "apt install lxc") from error
    except NoAnswer as error:
        raise NoAnswer(error.message, "does a container's monitor hang?") from error
    if output.code:
        raise HostError(f"lxc-ls failed: {clean(output.stderr.strip(), 160) or output.code}")
    return output.stdout


# ------------------------------------------------------------------ what is there


def look(path: str, root: Path) -> Signs:
    """The signs now; raises Unavailable when the path is not there or may not be read."""
    try:
        with os.scandir(path) as entries:
            names = [entry.name for entry in entries if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError) as error:
        if shutil.which("lxc-ls") is None:
            raise Unavailable("LXC is not installed", "apt install lxc") from error
        hint = "lxc-create makes it; --lxc-path DIR looks for containers elsewhere"
        raise Unavailable(f"no directory {clean(path)}", hint) from error
    except OSError as error:
        raise Unavailable(f"cannot read {clean(path)}: {error.strerror}", "sudo vtui") from error
    times = ((name, _changed(Path(path, name, "config"))) for name in names)
    configured = frozenset((name, at) for name, at in times if at is not None)
    return Signs(configured, sockets(_unix_sockets(root), path))


def sockets(text: str, path: str) -> frozenset[tuple[str, str]]:
    """Name and inode of the command sockets of `path` that listen, from /proc/net/unix.

    The hashed ones of all paths are among them: whose they are cannot be told.
    """
    found = set()
    for line in text.split("\n"):
        fields = line.split(maxsplit=7)
        if len(fields) < 8 or not fields[7].endswith("/command"):
            continue
        name = fields[7]
        if name.startswith((f"@{path}/", "@lxc/")) and _listens(fields[3]):
            found.add((name, fields[6]))
    return frozenset(found)


def _listens(flags: str) -> bool:
    try:
        return bool(int(flags, 16) & _LISTENING)
    except ValueError:
        return False


def _changed(file: Path) -> int | None:
    """When the file changed, in ns; None when there is none."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None


def _unix_sockets(root: Path) -> str:
    try:
        return (root / "proc/net/unix").read_text(errors="replace")
    except OSError:
        return ""


# ------------------------------------------------------------------ what lxc-ls prints


def parse(text: str) -> list[Container]:
    """The rows of the table; raises ValueError when it has other columns.

    Columns are as wide as their longest entry, all but the name's are ASCII. What follows a line
    break in a name is no row.
    """
    head, *lines = text.split("\n")
    if not head.strip():
        return []
    if tuple(head.split()) != COLUMNS:
        raise ValueError(clean(head, 80))
    starts = [head.index(title) for title in COLUMNS]
    cuts = list(zip(starts, [*starts[1:], None], strict=True))
    rows = ([line[start:end].rstrip() for start, end in cuts] for line in lines)
    return [_container(*row) for row in rows if _STATE.fullmatch(row[0]) and row[-1]]


def complete(found: Iterable[Container], signs: Signs) -> tuple[Container, ...]:
    """The containers by name: what `lxc-ls` found, and in state "unknown" what it did not.

    A row whose name nobody bears is left out: it is half a name with a line break in it, which
    `lxc-ls` prints as it is.
    """
    printed = {os.fsencode(name).decode(errors="replace").rstrip(): name for name in signs.names}
    running = {name.split("/")[-2] for name, _ in signs.sockets}
    told = {}
    for one in found:
        name = printed.get(one.name) or (one.name if one.name in running else "")
        if name:
            told[name] = replace(one, name=name, ref=_ref(name))
    for name in signs.names - told.keys():
        told[name] = Container(_ref(name), name, "lxc", "unknown")
    return tuple(told[name] for name in sorted(told))


def _container(state: str, pid: str, autostart: str, ipv4: str, ipv6: str, name: str) -> Container:
    return Container(
        ref=_ref(name),
        name=name,
        runtime="lxc",
        state=state.lower(),
        autostart={"0": False, "1": True}.get(autostart),
        pid=int(pid) if _PID.fullmatch(pid) else None,
        addresses=tuple(one for one in f"{ipv4}, {ipv6}".split(", ") if one not in ("", "-")),
    )


def _ref(name: str) -> Ref:
    return Ref("container", name, "lxc")
