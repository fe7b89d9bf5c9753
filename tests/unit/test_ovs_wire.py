"""Finding the messages in OVSDB's stream."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.ovs.backend import tcp_address
from vtui.backends.ovs.wire import split

_ATOMS = st.none() | st.booleans() | st.integers() | st.text()
_VALUES = st.recursive(
    _ATOMS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6
)
_MESSAGES = st.lists(st.dictionaries(st.text(), _VALUES), max_size=4)


def _fed(pieces: list[str]) -> tuple[list[object], str]:
    found: list[object] = []
    rest = ""
    for piece in pieces:
        messages, rest = split(rest + piece)
        found += messages
    return found, rest


@given(_MESSAGES, st.booleans(), st.sampled_from(["", " ", "\n", "\r\n\t"]), st.data())
def test_messages_come_out_whole_however_the_stream_is_cut(messages, ascii_only, gap, data):
    stream = gap.join(json.dumps(message, ensure_ascii=ascii_only) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    edges = [0, *cuts, len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]

    assert _fed(pieces) == (messages, "")


@given(st.text())
def test_any_text_is_messages_a_beginning_or_a_value_error(text):
    try:
        messages, rest = split(text)
    except ValueError:
        return

    assert text.endswith(rest)
    assert all(isinstance(message, dict) for message in messages)


@pytest.mark.parametrize(
    "text", ["[1]", "null", '"a"', "HTTP/1.1 400", '{"a":1}x', '{"a" 1}', "{}}"]
)
def test_what_can_never_become_a_message_is_refused_at_once(text):
    with pytest.raises(ValueError, match=r"JSON|Expecting"):
        split(text)


@pytest.mark.parametrize(
    "text", ['{"a": "}', '{"a": "}{"', '{"a": "\\"}{', '{"a": {"b": 1}', '{"a": {}', "{"]
)
def test_braces_inside_of_strings_do_not_end_a_message(text):
    assert split(text) == ([], text)


def test_nesting_beyond_the_parser_is_refused():
    with pytest.raises(ValueError, match="nested"):
        split('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")


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
