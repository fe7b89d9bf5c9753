"""Where ovsdb-server is asked, and in our words why it cannot be."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from pathlib import Path

from vtui.errors import HostError, NoAnswer, Unavailable

RUNDIR = Path("/run/openvswitch")
"""What a relative socket path starts from."""

NAME = 80
"""Bytes of a socket's own name; its whole address has 108 (unix(7))."""

PORT = 6640

DAEMON = "openvswitch-switch"


def resolved(remote: str) -> str:
    """`remote` as the library takes it: with an absolute path, or a numeric host and its port.

    Blocks while a name server is asked, which the library itself can do only with one more package. Raises
    Unavailable for what is neither `unix:FILE` nor `tcp:HOST[:PORT]`, HostError for a host nobody knows.
    """
    method, _, rest = remote.partition(":")
    try:
        if method == "unix" and rest and "\0" not in rest:
            return f"unix:{_socket(RUNDIR / rest)}"
        if method == "tcp" and rest:
            host, port = tcp_address(rest)
            number = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
            return f"tcp:[{number}]:{port}"
    except ValueError:
        pass
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


def _socket(path: Path) -> Path:
    # The library shortens the way to a socket, and recurses for ever over one whose name alone is too long.
    if len(os.fsencode(path.name)) > NAME:
        raise HostError(f"cannot reach {path}: the name is too long for a socket")
    return path


def look(remote: str) -> None:
    """Raise Unavailable when there is no such socket: then nobody needs the library, which takes its time."""
    method, _, path = remote.partition(":")
    if method == "unix":
        try:
            Path(path).stat()
        except OSError as error:
            raise unreachable(error.errno or errno.ENOENT, remote) from error


def unreachable(error: int, remote: str) -> HostError:
    """Why no connection came about, from its errno."""
    method, _, where = remote.partition(":")
    match error:
        case errno.ENOENT:
            return Unavailable(f"no socket {where}", _start_hint())
        case errno.EACCES | errno.EPERM:
            return Unavailable(f"not permitted to open {where}", "sudo vtui")
        case errno.ECONNREFUSED if method == "unix":
            return HostError(
                f"nobody listens at {where}: ovsdb-server has died", f"systemctl restart {DAEMON}"
            )
        case errno.ECONNREFUSED:
            return Unavailable(f"nobody listens at {remote}", f"ovs-vsctl set-manager ptcp:{PORT}")
        case errno.EAGAIN:
            return silent("takes no more connections")
    return HostError(f"cannot reach {remote}: {words(error)}")


def silent(what: str) -> NoAnswer:
    """ovsdb-server is there and does not answer; `what` is what it does instead."""
    return NoAnswer(f"ovsdb-server {what}", f"systemctl status {DAEMON}")


def gone(how: str) -> HostError:
    """ovsdb-server was there; `how` it went away."""
    return HostError(f"ovsdb-server {how}", f"systemctl status {DAEMON}")


def words(error: int) -> str:
    """An errno in words; in place of some the library has a text."""
    return os.strerror(error) if isinstance(error, int) else str(error)


def _start_hint() -> str:
    installed = shutil.which("ovsdb-server", path="/usr/sbin:/usr/bin:/usr/local/sbin:/sbin")
    return f"systemctl start {DAEMON}" if installed else f"apt install {DAEMON}"
