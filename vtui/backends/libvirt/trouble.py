"""libvirt's errors, told as ours: what it is, and what to type."""

from __future__ import annotations

import errno
import os
import pwd
import re
import shlex
from typing import Protocol
from urllib.parse import urlsplit

from vtui.errors import HostError, Unavailable

# virErrorNumber, virterror.h
NO_SUPPORT = 3
NO_CONNECT = 5
SYSTEM_ERROR = 38
NO_DOMAIN = 42
AUTH_FAILED = 45
CONFIG_UNSUPPORTED = 67
AUTH_CANCELLED = 79
ACCESS_DENIED = 88
AUTH_UNAVAILABLE = 94

_SOCKET = re.compile(r"/(virt\w+d|libvirt)-sock")
_NOT_RUNNING = (errno.ENOENT, errno.ECONNREFUSED)
_NOT_PERMITTED = (errno.EACCES, errno.EPERM)
_BROKEN_OFF = (errno.ECONNRESET, errno.EPIPE, errno.EIO)
_DENIED = (AUTH_FAILED, AUTH_CANCELLED, AUTH_UNAVAILABLE, ACCESS_DENIED)
_NO_DRIVER = (NO_CONNECT, CONFIG_UNSUPPORTED)

CLOSED = ("after an error", "by the daemon", "for it answered no keepalive", "by vtui")
"""How a connection ended, by virConnectCloseReason."""


class LibvirtError(Protocol):
    """libvirt.libvirtError, as far as it is looked at. The library may leave all of it None."""

    def get_error_code(self) -> int | None:
        """virErrorNumber."""
        ...

    def get_error_message(self) -> str | None:
        """A sentence."""
        ...

    def get_int1(self) -> int | None:
        """The errno, when the code is SYSTEM_ERROR."""
        ...


def message(error: LibvirtError) -> str:
    """What libvirt says, on one line."""
    text = " ".join((error.get_error_message() or str(error)).split())
    return text.removeprefix("internal error: ")


def cannot_open(uri: str, error: LibvirtError) -> HostError:
    """Why there is no connection: Unavailable, or HostError when the daemon broke it off."""
    code, text = error.get_error_code(), message(error)
    number = error.get_int1() if code == SYSTEM_ERROR else None
    if number in _NOT_RUNNING and (number == errno.ECONNREFUSED or not _host(uri)):
        return Unavailable(f"the libvirt daemon does not run: {text}", _start(uri, text))
    if number in _NOT_PERMITTED or code in _DENIED:
        return Unavailable(f"not permitted to use libvirt: {text}", permission_hint())
    if number in _BROKEN_OFF:
        return HostError(f"libvirt broke the connection off: {text}", journal_hint(uri))
    if code in _NO_DRIVER:
        driver = _driver(uri)
        return Unavailable(text, f"check the URI, or: apt install libvirt-daemon-driver-{driver}")
    return Unavailable(text, f"check the URI, then try: virsh -c {shlex.quote(uri)} list")


def cannot_read(uri: str, error: LibvirtError, lost: str, alive: bool) -> HostError:
    """Why an open connection gave no answer; `lost` is how it was closed, if it was."""
    if lost or not alive:
        return HostError(f"connection to libvirt closed {lost or CLOSED[0]}", journal_hint(uri))
    if error.get_error_code() in _DENIED:
        return Unavailable(f"not permitted to read libvirt: {message(error)}", permission_hint())
    return HostError(message(error), journal_hint(uri))


def permission_hint() -> str:
    """The command that lets this user in."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = "USER"
    return f"usermod -aG libvirt {user}, then log in again"


def journal_hint(uri: str) -> str:
    """Where the daemon, be it the one for all or the driver's own, says what befell it."""
    return f"{_on(uri)}journalctl -u libvirtd -u virt{_driver(uri)}d"


def _start(uri: str, text: str) -> str:
    socket = _SOCKET.search(text)
    unit = "libvirtd" if socket is None or socket[1] == "libvirt" else f"{socket[1]}.socket"
    return f"{_on(uri)}systemctl start {unit}"


def _on(uri: str) -> str:
    host = _host(uri)
    return f"on {host}: " if host else ""


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""


def _driver(uri: str) -> str:
    return re.split(r"[+:]", uri, maxsplit=1)[0]
