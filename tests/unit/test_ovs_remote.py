"""Where ovsdb-server is asked, and why it cannot be."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.ovs.remote import resolved, tcp_address, unreachable
from vtui.errors import HostError, NoAnswer, Unavailable

SOCKET = "unix:/run/openvswitch/db.sock"
SWITCH = "tcp:[10.0.0.1]:6640"


@pytest.mark.parametrize(
    ("remote", "taken"),
    [
        ("unix:/tmp/db.sock", "unix:/tmp/db.sock"),
        ("unix:db.sock", SOCKET),
        ("tcp:10.0.0.1", SWITCH),
        ("tcp:[::1]:6641", "tcp:[::1]:6641"),
    ],
)
def test_a_remote_becomes_absolute_and_numeric(remote, taken):
    assert resolved(remote) == taken


@pytest.mark.parametrize("remote", ["", "db.sock", "ssl:10.0.0.1", "tcp:", "unix:", "unix:/a\0b"])
def test_a_remote_of_no_known_kind_is_unavailable(remote):
    with pytest.raises(Unavailable, match="neither"):
        resolved(remote)


def test_a_socket_with_too_long_a_name_is_an_error_of_the_host():
    with pytest.raises(HostError, match="too long"):
        resolved("unix:/tmp/" + "s" * 100)


@pytest.mark.parametrize(
    ("error", "remote", "kind", "hint"),
    [
        (errno.EACCES, SOCKET, Unavailable, "sudo vtui"),
        (errno.ECONNREFUSED, SOCKET, HostError, "systemctl restart openvswitch-switch"),
        (errno.ECONNREFUSED, SWITCH, Unavailable, "ovs-vsctl set-manager ptcp:6640"),
        (errno.EAGAIN, SOCKET, NoAnswer, "systemctl status openvswitch-switch"),
        (errno.EHOSTUNREACH, SWITCH, HostError, ""),
    ],
)
def test_why_it_cannot_be_reached_is_told_with_what_to_type(error, remote, kind, hint):
    found = unreachable(error, remote)

    assert (type(found), found.hint) == (kind, hint)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", ("10.0.0.1", 6640)),
        ("10.0.0.1:16640", ("10.0.0.1", 16640)),
        ("cabinet-7:6641", ("cabinet-7", 6641)),
        ("[fe80::1%eth0]:6641", ("fe80::1%eth0", 6641)),
        ("[::1]", ("::1", 6640)),
    ],
)
def test_a_tcp_remote_is_host_and_port(text, address):
    assert tcp_address(text) == address


@pytest.mark.parametrize("text", ["", ":6640", "a:0", "a:65536", "a:x", "[::1", "[::1]x", "::1"])
def test_a_wrong_tcp_remote_is_refused(text):
    with pytest.raises(ValueError, match=r"address|host and port"):
        tcp_address(text)


@given(st.text())
def test_any_tcp_remote_is_an_address_or_a_value_error(text):
    try:
        host, port = tcp_address(text)
    except ValueError:
        return

    assert host
    assert 0 < port < 65536
