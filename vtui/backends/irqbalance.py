"""irqbalance: which CPUs and interrupts it keeps its hands off, asked over its socket.

Protocol: irqbalance.c (sock_handle), the same from 1.4 to 1.9.5. One question a connection; to "setup" it
answers `SLEEP 10 IRQ 24 LOAD 0 DIFF 0 CLASS 0 ... BANNED 00000000,00000003` and closes. It wants
SCM_CREDENTIALS of uid 0.

It does not ignore SIGPIPE: answering a connection that was closed meanwhile kills it. So a connection is
held, over as many reads as it takes, until it was answered, and none is opened to a stopped daemon.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from vtui.cpuset import CpuSet, parse_mask
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.lanes import Lane, never
from vtui.model import Irqbalance
from vtui.monitor import Need
from vtui.procfs import Tree
from vtui.text import clean

LIMIT = 1 << 20
"""Bytes of an answer that are read; a thousand banned interrupts take 60,000."""

UNHEARD = "it offers no socket (built without its UI?): what it bans is not known"

_SOCKET = re.compile(r"irqbalance(\d{1,10})\.sock", re.ASCII)


@dataclass(frozen=True, slots=True)
class Setup:
    """What irqbalance was told."""

    interval: int
    banned_irqs: frozenset[int]
    banned_cpus: CpuSet


def parse_setup(answer: bytes) -> Setup:
    """Read the answer to "setup". Raises HostError when it is none."""
    words = answer.decode(errors="replace").split()
    pairs = list(zip(words[::2], words[1::2], strict=False))
    told = dict(pairs)
    try:
        if len(words) % 2:
            raise ValueError("half an answer")
        return Setup(
            interval=_number(told["SLEEP"]),
            banned_irqs=frozenset(_number(value) for name, value in pairs if name == "IRQ"),
            banned_cpus=parse_mask(told["BANNED"]),
        )
    except (KeyError, ValueError) as error:
        raise HostError(
            f"irqbalance's answer makes no sense: {clean(' '.join(words), 60)!r}"
        ) from error


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 12):
        raise ValueError(f"not a number: {word[:20]!r}")
    return int(word)


@dataclass(slots=True)
class _Asked:
    """A question under way."""

    pid: int
    connection: socket.socket
    answer: bytes = b""


class IrqbalanceDaemon:
    """The running irqbalance daemon, if any."""

    name = "irqbalance"
    cadence = 5.0
    deadline = 4.0

    def __init__(self, directory: str, root: Path, patience: float = 2.0) -> None:
        """`directory` holds irqbalance<PID>.sock, `root` the /proc that tells whether it runs.

        `patience` in seconds is what a read waits for an answer.
        """
        self._directory = Path(directory)
        self._root = root
        self._lane = Lane("looking for irqbalance", 2.0)
        self._patience = patience
        self._asked: _Asked | None = None

    async def read(self, need: Need) -> Irqbalance:
        """The daemon and its bans; with `partial` when it runs and has no socket.

        Raises Unavailable when it does not run or answers root alone, NoAnswer when it hangs, HostError
        when its answer makes no sense.
        """
        asked = self._asked = self._asked or await self._ask()
        if asked is None:
            return await self._unheard()
        try:
            async with asyncio.timeout(self._patience):
                answer = await _answer(asked)
        except TimeoutError:
            raise NoAnswer(
                f"irqbalance (pid {asked.pid}) gives no answer", "systemctl restart irqbalance"
            ) from None
        except OSError as error:
            self._drop()
            raise HostError(f"irqbalance broke off: {error.strerror}") from error
        self._drop()
        if not answer:
            raise Unavailable("irqbalance refuses to answer", "run vtui as the host's root")
        setup = parse_setup(answer)
        return Irqbalance(asked.pid, setup.interval, setup.banned_irqs, setup.banned_cpus)

    async def changed(self) -> None:
        """Never returns: irqbalance tells nobody."""
        await never()

    async def close(self) -> None:
        """End the thread and drop a question that was never answered."""
        self._lane.close()
        self._drop()

    def _drop(self) -> None:
        if self._asked:
            self._asked.connection.close()
            self._asked = None

    async def _ask(self) -> _Asked | None:
        """Put the question to the first daemon that listens; sockets of dead ones are left behind."""
        sockets = await self._lane.call(_sockets, self._directory)
        for pid, path in sockets:
            if os.geteuid() != 0:  # it logs every refusal
                raise Unavailable("irqbalance answers root alone", "run vtui as root")
            if await self._lane.call(_stopped, self._root, pid):
                raise NoAnswer(f"irqbalance (pid {pid}) is stopped", f"kill -CONT {pid}")
            connection = _connect(path)
            if connection:
                return _Asked(pid, connection)
        return None

    async def _unheard(self) -> Irqbalance:
        pid = await self._lane.call(_running, self._root)
        if pid is None:
            raise Unavailable("irqbalance is not running", "systemctl start irqbalance")
        return Irqbalance(pid, partial=UNHEARD)


async def _answer(asked: _Asked) -> bytes:
    """All it says until it closes; what came so far stays with the question."""
    loop = asyncio.get_running_loop()
    while chunk := await loop.sock_recv(asked.connection, 1 << 16):
        asked.answer = (asked.answer + chunk)[:LIMIT]
    return asked.answer


def _connect(path: Path) -> socket.socket | None:
    """A connection with the question on its way; None when nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.connect(str(path))
        credentials = struct.pack("3i", os.getpid(), os.getuid(), os.getgid())
        connection.sendmsg([b"setup"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)])
    except BlockingIOError:
        connection.close()
        raise NoAnswer("irqbalance lets others wait too", "systemctl restart irqbalance") from None
    except (ConnectionError, FileNotFoundError):
        connection.close()
        return None
    except OSError as error:
        connection.close()
        raise HostError(f"{path}: {error.strerror or error}") from error
    return connection


def _sockets(directory: Path) -> list[tuple[int, Path]]:
    try:
        found = [(_SOCKET.fullmatch(path.name), path) for path in directory.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Unavailable(f"{directory}: {error.strerror}", "run vtui as root") from error
    return sorted((int(match[1]), path) for match, path in found if match)


def _stopped(root: Path, pid: int) -> bool:
    """Whether a signal stopped the daemon (proc_pid_stat(5): the state behind the name)."""
    try:
        with Tree(root) as tree:
            stat = tree.text(f"proc/{pid}/stat") or ""
    except OSError:
        return False
    return stat.startswith(f"{pid} (irqbalance) T")


def _running(root: Path) -> int | None:
    """The pid of a process of that name."""
    try:
        with Tree(root) as tree:
            pids = (name for name in tree.names("proc") if name.isdecimal())
            return next(
                (int(pid) for pid in pids if tree.text(f"proc/{pid}/comm") == "irqbalance"), None
            )
    except OSError:
        return None
