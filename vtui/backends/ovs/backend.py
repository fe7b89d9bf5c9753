"""The Open vSwitch backend: one connection, a replica that the server keeps current, and proof of life."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from vtui.backends.ovs.pace import Pace
from vtui.backends.ovs.rows import COLUMNS, DATABASE, Database
from vtui.backends.ovs.wire import CHUNK, Session
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.lanes import Lane
from vtui.model import OpenVSwitch
from vtui.monitor import Need

PATIENCE = 3.0
"""Seconds ovsdb-server may take to answer."""

RUNDIR = Path("/run/openvswitch")
"""What a relative socket path starts from."""

PORT = 6640

DAEMON = "openvswitch-switch"


class Ovs:
    """ovsdb-server's Open_vSwitch database.

    The server tells every change in order, so the rows held here are the whole truth as long as the
    connection lives. Each read proves that with an echo; its answer comes after all changes that were made
    before it was asked for.
    """

    name = "ovs"
    cadence = 2.0

    def __init__(
        self,
        remote: str,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`remote` is `unix:FILE` or `tcp:HOST[:PORT]`, as in ovsdb(7)."""
        self.deadline = patience + 1.0
        self._patience = patience
        self._remote = remote
        self._clock = clock
        self._session: Session | None = None
        self._database = Database()
        self._pace = Pace()
        self._news = asyncio.Event()
        self._met = False
        self._names = Lane("ovs-names", patience)

    async def read(self, need: Need) -> OpenVSwitch:
        """Bridges and ports as the database has them now.

        Raises Unavailable when there is no server or it may not be asked, NoAnswer when it hangs, HostError
        when it went away, refuses or sends nonsense.
        """
        try:
            async with asyncio.timeout(self._patience):
                if self._session is None or self._session.error:
                    self._session = await self._connect()
                await self._session.request("echo", [], _ignore)
        except TimeoutError:
            self._drop()
            raise NoAnswer(
                f"ovsdb-server gave no answer within {self._patience:g} s",
                f"systemctl status {DAEMON}",
            ) from None
        except BaseException:
            self._drop()
            raise
        self._news.clear()
        return self._snapshot()

    async def changed(self) -> None:
        """Return when the database changed or the connection ended."""
        await self._news.wait()

    async def close(self) -> None:
        """Close the connection."""
        self._names.close()
        if self._session:
            await self._session.close()
            self._session = None

    def _snapshot(self) -> OpenVSwitch:
        try:
            model = self._database.model()
            counted_at = self._pace.counted_at(self._clock(), self._database.interval())
        except ValueError as error:
            raise HostError(f"a row of {DATABASE} makes no sense: {error}") from error
        return replace(model, counted_at=counted_at)

    async def _connect(self) -> Session:
        self._drop()
        try:
            reader, writer = await _open(self._remote, self._names)
        except Unavailable as error:
            if self._met:
                raise HostError(f"ovsdb-server is gone: {error.message}", error.hint) from error
            raise
        session = Session(reader, writer, self._notified, self._news.set)
        try:
            await self._subscribe(session)
        except BaseException:
            session.abort()
            raise
        self._met = True
        return session

    async def _subscribe(self, session: Session) -> None:
        """Have the server tell the rows and from then on their changes."""
        database = self._database = Database()
        columns: dict[str, list[str]] = {}

        def learn(schema: Any) -> None:
            columns.update(_known(schema))

        await session.request("get_schema", [DATABASE], learn)
        wanted = {table: {"columns": names} for table, names in columns.items()}
        await session.request("monitor", [DATABASE, None, wanted], database.apply)
        self._pace.joined(self._clock())

    def _notified(self, method: str, params: list[Any]) -> None:
        if method == "update" and len(params) == 2:
            if self._database.apply(params[1]):
                self._pace.refreshed(self._clock(), self._database.interval())
            self._news.set()

    def _drop(self) -> None:
        """Forget the connection; `changed` has nothing more to tell then."""
        if self._session:
            self._session.abort()
            self._session = None
        self._news.clear()


def _ignore(result: object) -> None:
    pass


def _known(schema: Any) -> dict[str, list[str]]:
    """The wanted columns that this server's version of the schema has."""
    known = {}
    for table, names in COLUMNS.items():
        try:
            columns = schema["tables"][table]["columns"]
            known[table] = [name for name in names if name in columns]
        except (KeyError, TypeError) as error:
            raise ValueError(f"the schema lacks the table {table}") from error
    return known


# ------------------------------------------------------------------ finding the server


async def _open(remote: str, names: Lane) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    method, _, rest = remote.partition(":")
    try:
        if method == "unix" and rest:
            return await asyncio.open_unix_connection(RUNDIR / rest, limit=CHUNK)
        if method == "tcp" and rest:
            host, port = tcp_address(rest)
            # The loop's own resolver would keep the program from ending while a name server hangs.
            host = await names.call(_numeric, host)
            return await asyncio.open_connection(host, port, limit=CHUNK)
    except ValueError:
        pass
    except FileNotFoundError as error:
        raise Unavailable(f"no socket {rest}", _start_hint()) from error
    except PermissionError as error:
        raise Unavailable(f"not permitted to open {rest}", "sudo vtui") from error
    except ConnectionRefusedError as error:
        raise _refused(method, rest) from error
    except OSError as error:
        raise HostError(f"cannot reach {remote}: {error.strerror or error}") from error
    raise Unavailable(
        f"cannot connect to {remote[:80]!r}: neither unix:FILE nor tcp:HOST:PORT",
        "--ovsdb unix:/run/openvswitch/db.sock",
    )


def tcp_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; ValueError for anything else."""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("no bracket closes the address")
        port = port.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    number = int(port) if port.isascii() and port.isdigit() else PORT if not port else 0
    if not host or not 0 < number < 1 << 16:
        raise ValueError("no host and port")
    return host, number


def _numeric(host: str) -> str:
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])


def _refused(method: str, where: str) -> HostError:
    if method == "unix":
        return HostError(
            f"nobody listens at {where}: ovsdb-server has died", f"systemctl restart {DAEMON}"
        )
    return Unavailable(f"nobody listens at tcp:{where}", f"ovs-vsctl set-manager ptcp:{PORT}")


def _start_hint() -> str:
    installed = shutil.which("ovsdb-server", path="/usr/sbin:/usr/bin:/usr/local/sbin:/sbin")
    return f"systemctl start {DAEMON}" if installed else f"apt install {DAEMON}"
