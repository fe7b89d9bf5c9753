"""A libvirt that cannot be used: the panel says why, and what to type."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libvirt
import pytest

from tests.backends.libvirt_help import opened, read
from tests.lab import Lab
from vtui.backends.libvirt import trouble
from vtui.backends.libvirt.library import library
from vtui.errors import HostError, Unavailable

NOBODY = 65534


@pytest.fixture
def nobody() -> Iterator[None]:
    """This process as a user without rights."""
    library()  # whose files that user may not be able to read
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


@pytest.fixture
def listener() -> Iterator[Path]:
    """A socket that takes connections and never says a word, as a daemon that hangs."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as taken:
        path = Path(folder) / "libvirt-sock"
        taken.bind(str(path))
        taken.listen()
        yield path


async def refused(uri: str) -> Unavailable:
    async with opened(uri) as backend:
        with pytest.raises(Unavailable) as caught:
            await read(backend)
    return caught.value


# As libvirt itself fails, without a daemon.


@pytest.mark.parametrize(
    ("uri", "reason", "hint"),
    [
        (
            "qemu:///system?socket=/nonexistent/libvirt-sock",
            "the libvirt daemon does not run: Failed to connect socket",
            "systemctl start libvirtd",
        ),
        (
            "qemu:///system?socket=/nonexistent/virtqemud-sock",
            "the libvirt daemon does not run: Failed to connect socket",
            "systemctl start virtqemud.socket",
        ),
        (
            "qemu+tcp://127.0.0.1:1/system",
            "the libvirt daemon does not run: unable to connect",
            "on 127.0.0.1: systemctl start libvirtd",
        ),
        ("no uri", "Unable to parse URI", "check the URI, then try: virsh -c 'no uri' list"),
        ("qemu:///system\0", "not a libvirt URI: embedded null", "check the URI"),
        ("qemu:///\udcff", "not a libvirt URI: ", "check the URI"),
        ("qemu://[::1/system", "Unable to parse URI", "check the URI"),
        ("qemu+bogus:///system", "transport in URL not recognised", "check the URI"),
        ("test:///nonexistent.xml", "no such file: /nonexistent.xml", "check the URI"),
        ("hyperv://127.0.0.1", "built without the 'hyperv' driver", "libvirt-daemon-driver-hyperv"),
    ],
)
async def test_a_connection_that_cannot_be_opened(uri, reason, hint, capfd):
    absent = await refused(uri)
    assert reason in absent.message
    assert hint in absent.hint
    assert "\n" not in absent.message
    assert capfd.readouterr().err == ""


# As a daemon refuses.


@pytest.mark.parametrize(
    ("driver", "path", "reason", "hint"),
    [
        ("xen", "/system", "no connection driver available", "libvirt-daemon-driver-xen"),
        ("foo", "/bar", "no connection driver available", "check the URI"),
        ("qemu", "/nonsense", "try qemu:///system", "check the URI"),
        ("lxc", "/nonsense", "try lxc:///system", "check the URI"),
    ],
)
async def test_a_daemon_without_what_the_uri_asks_for(lab: Lab, driver, path, reason, hint):
    absent = await refused(f"{driver}://{path}?{lab.libvirt_uri.partition('?')[2]}")
    assert reason in absent.message
    assert hint in absent.hint


async def test_a_user_who_may_not(lab: Lab, nobody: None):
    absent = await refused(lab.libvirt_uri)
    assert absent.message.startswith("not permitted to use libvirt: ")
    assert absent.hint == "usermod -aG libvirt nobody, then log in again"


# What cannot be made to happen here: the errors are as libvirt raised them elsewhere.


@dataclass(frozen=True)
class Raised:
    """The libvirtError of another machine."""

    code: int | None
    text: str | None
    number: int | None = None

    def get_error_code(self) -> int | None:
        return self.code

    def get_error_message(self) -> str | None:
        return self.text

    def get_int1(self) -> int | None:
        return self.number


def test_polkit_refuses():
    error = Raised(
        libvirt.VIR_ERR_AUTH_UNAVAILABLE,
        "authentication unavailable: no polkit agent available to authenticate action "
        "'org.libvirt.unix.manage'",
    )
    told = trouble.cannot_open("qemu:///system", error)
    assert isinstance(told, Unavailable)
    assert told.hint.startswith("usermod -aG libvirt ")


def test_access_control_refuses_a_connection_that_is_open():
    error = Raised(libvirt.VIR_ERR_ACCESS_DENIED, "access denied")
    told = trouble.cannot_read("qemu:///system", error, lost="", alive=True)
    assert isinstance(told, Unavailable)
    assert told.hint.startswith("usermod -aG libvirt ")


def test_a_daemon_that_breaks_off_while_it_is_greeted_is_there_and_fails():
    error = Raised(
        libvirt.VIR_ERR_SYSTEM_ERROR, "Cannot recv data: Connection reset by peer", errno.ECONNRESET
    )
    told = trouble.cannot_open("qemu+tls://far.example/system", error)
    assert type(told) is HostError
    assert told.hint == "on far.example: journalctl -u libvirtd -u virtqemud"


def test_a_missing_certificate_is_no_missing_daemon():
    text = "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or directory"
    error = Raised(libvirt.VIR_ERR_SYSTEM_ERROR, text, errno.ENOENT)
    told = trouble.cannot_open("qemu+tls://far.example/system", error)
    assert isinstance(told, Unavailable)
    assert told.message == text


def test_an_error_without_words_is_still_told():
    told = trouble.cannot_read("qemu:///system", Raised(None, None), lost="", alive=True)
    assert type(told) is HostError


@pytest.mark.parametrize(
    "name",
    [
        "NO_SUPPORT",
        "NO_CONNECT",
        "NO_DOMAIN",
        "SYSTEM_ERROR",
        "AUTH_FAILED",
        "AUTH_CANCELLED",
        "AUTH_UNAVAILABLE",
        "ACCESS_DENIED",
        "CONFIG_UNSUPPORTED",
    ],
)
def test_the_error_numbers_are_those_of_the_library(name):
    assert getattr(trouble, name) == getattr(libvirt, f"VIR_ERR_{name}")


# What goes wrong around the library.


def test_a_missing_binding():
    assert _run("sys.modules['libvirt'] = None", "test:///default") == [
        "Unavailable",
        "libvirt's Python binding is not installed (import of libvirt halted; None in sys.modules)",
        "install libvirt-python, e.g. apt install python3-libvirt",
    ]


def test_the_program_ends_though_the_daemon_hangs_while_it_is_greeted(listener: Path):
    uri = f"qemu:///system?socket={listener}"
    assert _run("", uri)[:2] == ["NoAnswer", "libvirt gave no answer within 3 s"]


async def test_ssh_is_kept_from_asking_for_a_password(tmp_path: Path):
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/arguments\nexit 1\n')
    ssh.chmod(0o755)
    async with opened(f"qemu+ssh://far.example/system?command={ssh}") as backend:
        with pytest.raises(HostError):
            await read(backend)
    assert "BatchMode=yes" in (tmp_path / "arguments").read_text()


_SCRIPT = """
import asyncio, sys
{before}
from vtui.backends.libvirt import Libvirt
from vtui.errors import VtuiError
from vtui.monitor import Need

async def main():
    backend = Libvirt({uri!r}, "libvirt")
    try:
        await backend.read(Need())
    except VtuiError as error:
        print(type(error).__name__, error.message, error.hint, sep="\\n")
    await backend.close()

asyncio.run(main())
"""


def _run(before: str, uri: str) -> list[str]:
    """One read in a program of its own, which must end well and silently; what it printed."""
    script = _SCRIPT.format(before=before, uri=uri)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()
