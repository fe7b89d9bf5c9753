"""What vtui uses of Open vSwitch's own library. Imported in the backend's thread only: it takes its time.

The library is ovs.db.idl: a replica of the database that the server keeps current. None of it is safe to use
in two threads; nothing here blocks but `block`; `wait` registers with an ovs.poller.Poller what to wait for.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import ovs.db.error  # type: ignore[import-untyped]
import ovs.db.idl  # type: ignore[import-untyped]
import ovs.jsonrpc  # type: ignore[import-untyped]
import ovs.poller  # type: ignore[import-untyped]
import ovs.stream  # type: ignore[import-untyped]
import ovs.util  # type: ignore[import-untyped]

from vtui.backends.ovs.remote import gone, unreachable, words
from vtui.backends.ovs.rows import COLUMNS, DATABASE, Database
from vtui.errors import HostError

NONSENSE = (
    *(ovs.db.error.Error, ArithmeticError, AssertionError, AttributeError, LookupError),
    *(RecursionError, TypeError, ValueError),
)
"""What the library trips with over a server that it does not understand, besides its own error."""

COUNTERS = "statistics"

TURNS = 16
"""Pieces of up to 4 kB that are read of a message before something else has its turn."""


class Replica:
    """The rows of one connection. It ends with the connection, and so does its schema's validity."""

    def __init__(self, remote: str, schema: Any, database: Database) -> None:
        """`database` is filled; raises HostError for a schema that lacks what is needed."""
        self.database = database
        self.refreshed = False
        """Whether the newest run brought counters in place of older ones."""
        self.answered = -1
        """The newest question that was answered, and with it all before."""
        self._stale: dict[tuple[str, Any], set[str]] = {}
        self._questions: set[int] = set()
        with _making_sense():
            self._columns = known(schema)
            self._idl = _Idl(remote, _helper(schema, self._columns), leader_only=False)
        self._idl.noted = self._note
        # By itself it would reconnect with the old schema, and if a server that was upgraded in between
        # refuses that, wait for ever (seen with 4.0).
        self._session = self._idl._session
        self._session.reconnect.set_max_tries(0)
        self._receive = self._session.recv
        self._session.recv = self._overhear

    @property
    def whole(self) -> bool:
        """Whether all rows have come."""
        return bool(self._idl.state == self._idl.IDL_S_MONITORING)

    def ask(self) -> int:
        """Have the server answer, after all changes so far; `answered` then reaches the number returned."""
        request = ovs.jsonrpc.Message.create_request("echo", [])
        self._questions.add(request.id)
        self._session.send(request)
        return int(request.id)

    def run(self) -> bool:
        """Take over what has come; whether rows changed.

        Raises HostError when the connection ended or the server sent nonsense; the replica is useless then.
        """
        before, whole = self._idl.change_seqno, self.whole
        self.refreshed = False
        _heard.complaint = ""
        with _making_sense():
            self._idl.run()
            self._take_over()
        self._check_connection()
        if whole and not self.whole:
            raise HostError("ovsdb-server is changing the database's schema")
        if _heard.complaint:
            raise _nonsense(_heard.complaint)
        return bool(self.whole and self._idl.change_seqno != before)

    def wait(self, poller: Any) -> None:
        """Wait for something to `run` for."""
        self._idl.wait(poller)

    def close(self) -> None:
        """Drop the connection."""
        self._idl.close()

    def _overhear(self) -> Any:
        """The next message for the library: none that answers our questions, of which it doesn't know."""
        message = self._receive()
        if message is None or message.method is not None or message.id not in self._questions:
            return message
        self._questions = {number for number in self._questions if number > message.id}
        self.answered = message.id
        return None

    def _check_connection(self) -> None:
        rpc = self._session.rpc
        if rpc is not None and rpc.get_status():
            raise ended(rpc.get_status())
        if not self._session.is_alive():
            raise gone("dropped the connection or fell silent")

    def _note(self, event: str, row: Any, updates: Any) -> None:
        """Remember what changed; a row of old values has the columns alone that did."""
        table = row._table.name
        # 3.3 also tells of the server's own database, in which it looks up whether ours is there.
        columns = self._columns.get(table, [])
        if not columns:
            return
        if event == ovs.db.idl.ROW_UPDATE:
            # Looking for counters is what takes its time, and nearly every update brings some.
            columns = [name for name in columns if name == COUNTERS or hasattr(updates, name)]
            # A new interface gets its first counters out of turn: they replace none.
            self.refreshed = self.refreshed or bool(getattr(updates, COUNTERS, None))
        self._stale.setdefault((table, row.uuid), set()).update(columns)

    def _take_over(self) -> None:
        stale, self._stale = self._stale, {}
        for (table, uuid), columns in stale.items():
            row = self._idl.tables[table].rows.get(uuid)
            if row is None:
                self.database.drop(table, str(uuid))
            else:
                values = {name: _plain(getattr(row, name)) for name in columns}
                self.database.put(table, str(uuid), values)


class Inquiry:
    """The question for the schema, which the library must be told: on a connection of its own."""

    def __init__(self, remote: str) -> None:
        """Raises HostError when no connection can be had."""
        self._remote = remote
        self._rpc: Any = None
        error, self._stream = ovs.stream.Stream.open(remote)
        if error:
            self.close()
            raise unreachable(error, remote)
        self._request = ovs.jsonrpc.Message.create_request("get_schema", [DATABASE])

    def run(self) -> Any:
        """The schema; None while it hasn't come. Raises HostError when there will be none."""
        if self._rpc is None and not self._connected():
            return None
        with _making_sense():
            self._rpc.run()
            error, reply = self._rpc.recv()
        if error not in (0, errno.EAGAIN):
            raise ended(error)
        if reply is None or reply.method is not None or reply.id != self._request.id:
            return None
        if reply.error is not None:
            raise HostError(f"ovsdb-server refused: {_details(reply.error)}")
        return reply.result

    def wait(self, poller: Any) -> None:
        """Wait for something to `run` for."""
        if self._rpc is None:
            self._stream.run_wait(poller)
            self._stream.connect_wait(poller)
        else:
            self._rpc.wait(poller)
            self._rpc.recv_wait(poller)

    def close(self) -> None:
        """Drop the connection."""
        if self._stream is not None:
            self._stream.close()

    def _connected(self) -> bool:
        self._stream.run()
        error = self._stream.connect()
        if error == errno.EAGAIN:
            return False
        if error:
            raise unreachable(error, self._remote)
        self._rpc = ovs.jsonrpc.Connection(self._stream)
        self._rpc.send(self._request)
        return True


def block(waiting: Replica | Inquiry, bell: socket.socket, seconds: float | None) -> None:
    """Wait until there is something to `run` for, the bell rings or the time is over."""
    poller = ovs.poller.Poller()
    waiting.wait(poller)
    poller.fd_wait(bell, ovs.poller.POLLIN)
    if seconds is not None:
        poller.timer_wait(int(seconds * 1000))
    poller.block()


def known(schema: Any) -> dict[str, list[str]]:
    """The wanted columns that this server's version of the schema has."""
    found = {}
    for table, names in COLUMNS.items():
        try:
            columns = schema["tables"][table]["columns"]
            found[table] = [name for name in names if name in columns]
        except (KeyError, TypeError) as error:
            raise ValueError(f"the schema lacks the table {table}") from error
        if not found[table]:
            raise ValueError(f"the schema lacks all columns of the table {table}")
    return found


def ended(error: int) -> HostError:
    """Why a connection ended, from its status in the library."""
    if error == ovs.util.EOF:
        return gone("closed the connection")
    if error in (errno.EPROTO, errno.EILSEQ):
        return _nonsense("no JSON-RPC")
    return gone(f"dropped the connection: {words(error)}")


def _helper(schema: Any, columns: Mapping[str, list[str]]) -> Any:
    helper = ovs.db.idl.SchemaHelper(schema_json=schema)
    for table, names in columns.items():
        helper.register_columns(table, names)
    return helper


def _plain(value: Any) -> Any:
    """A value of the library's without its rows, which change under one's hands."""
    if isinstance(value, list) and value and isinstance(value[0], ovs.db.idl.Row):
        return [str(row.uuid) for row in value]
    return value


def _details(error: object) -> str:
    if isinstance(error, dict):
        error = error.get("details") or error.get("error") or error
    return str(error)[:200]


# ------------------------------------------------------------------ the library made fit for us


class _Idl(ovs.db.idl.Idl):  # type: ignore[misc]
    """The library's replica, which tells each changed row by calling this method."""

    noted: Any = None

    def notify(self, event: str, row: Any, updates: Any = None) -> None:
        self.noted(event, row, updates)

    def send_request(self, request: Any) -> Any:
        # It has another way for what it has complained of.
        _heard.complaint = ""
        return super().send_request(request)


class _WholeCharacters(ovs.stream.Stream):  # type: ignore[misc]
    """A stream of text that lets nobody else starve.

    The library decodes what each poll brings by itself, and drops the connection over a character that two
    share: over a slow line a database with such characters would never come whole. And it reads on as long as
    a message goes on, for which it knows no end.
    """

    _begun = b""
    _turn = 0

    def recv(self, n: int) -> tuple[int, bytes]:
        self._turn = (self._turn + 1) % TURNS
        if not self._turn:
            return errno.EAGAIN, b""
        error, data = super().recv(n)
        if error or not data:
            return error, data
        data = self._begun + data
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        decoder.decode(data)
        self._begun, _ = decoder.getstate()
        whole = data[: len(data) - len(self._begun)]
        return (0, whole) if whole else (errno.EAGAIN, b"")


class _Unix(_WholeCharacters, ovs.stream.UnixStream):  # type: ignore[misc]
    pass


class _Tcp(_WholeCharacters, ovs.stream.TCPStream):  # type: ignore[misc]
    pass


ovs.stream.Stream.register_method("unix", _Unix)
ovs.stream.Stream.register_method("tcp", _Tcp)

_heard = threading.local()


def _hear(message: str, **_: object) -> None:
    _heard.complaint = message


# Over a row that makes no sense the library complains in its log and goes on with a default in its place. By
# itself that log goes nowhere, as long as nobody calls ovs.vlog.Vlog.init().
ovs.db.idl.vlog.warn = ovs.db.idl.vlog.err = _hear


@contextlib.contextmanager
def _making_sense() -> Iterator[None]:
    """Turns whatever the library trips over into HostError."""
    try:
        yield
    except NONSENSE as error:
        raise _nonsense(str(error)) from error


def _nonsense(what: str) -> HostError:
    return HostError(f"ovsdb-server sent what makes no sense: {what[:200]}")
