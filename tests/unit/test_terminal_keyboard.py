"""What the terminal sends becomes keys; what nobody knows becomes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from vtui.terminal.keyboard import Keyboard


def names(messages: list[Message]) -> list[str]:
    return [message.key for message in messages if isinstance(message, events.Key)]


def typed(data: bytes, *, rich: bool = True) -> list[Message]:
    return list(Keyboard(rich=rich).feed(data))


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"jk", ["j", "k"]),
        (b"\r", ["enter"]),
        (b"\t", ["tab"]),
        (b"\x1b[Z", ["shift+tab"]),
        (b"\x7f", ["backspace"]),
        (b"\x1b[A\x1b[B", ["up", "down"]),
        (b"\x1bOA", ["up"]),
        (b"\x1b[5~\x1b[6~", ["pageup", "pagedown"]),
        (b"\x1b[H\x1b[1~\x1bOH", ["home", "home", "home"]),
        (b"\x1b[F\x1b[4~", ["end", "end"]),
        (b"\x1bOP\x1b[11~\x1b[[A", ["f1", "f1", "f1"]),
        (b"\x1b[1;5C", ["ctrl+right"]),
        (b"\x1bz", ["alt+z"]),
        (b"\x1b\x1b[A", ["escape", "up"]),
        ("/é".encode(), ["slash", "é"]),
        (b"\x03", ["ctrl+c"]),
    ],
)
def test_keys_of_the_terminals_we_know(data: bytes, keys: list[str]) -> None:
    assert names(typed(data)) == keys


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[25;3w",
        b"\x1b[?64;1;2;6;22c",
        b"\x1b[?2026;2$y",
        b"\x1b[38;5;7q",
        b"\x1bO5",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1b]11;rgb:0000/0000/0000\x07",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b[1;1:1:9999999999u",
        b"\x1b[99999999999u",
        b"\x1b[:::u",
        b"\xff\xfe\x80",
    ],
)
def test_what_is_unknown_is_no_key_and_harms_none(data: bytes) -> None:
    keyboard = Keyboard(rich=True)
    before = [*keyboard.feed(data), *keyboard.expire()]
    assert names(before) == []
    assert names([*keyboard.feed(b"j\x1b[B")]) == ["j", "down"]


@given(st.binary(max_size=200), st.booleans())
def test_noise_never_breaks_it(data: bytes, rich: bool) -> None:
    keyboard = Keyboard(rich=rich)
    list(keyboard.feed(data))
    list(keyboard.expire())
    list(keyboard.feed(b"\x1b[201~"))  # should the noise have begun a paste
    assert names(list(keyboard.feed(b"j"))) == ["j"]


_ALPHABET = st.sampled_from(list("\x1b\x1b[[O]P^_<?;:0159~mMuRABc$ \x07\\jé"))


@given(st.text(_ALPHABET, max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    keyboard = Keyboard(rich=False)
    list(keyboard.feed(text.encode()))
    list(keyboard.expire())
    assert names(list(keyboard.feed(b"j"))) == ["j"]


_KEYS = st.lists(
    st.sampled_from(["j", "\x1b[A", "\x1b[6~", "\x1bOP", "é", "\x1b[<0;5;7M", "\x1b[1;5C", "\r"])
)


@given(_KEYS, st.lists(st.integers(0, 60)))
def test_it_does_not_matter_how_the_bytes_are_split(keys: list[str], cuts: list[int]) -> None:
    data = "".join(keys).encode()
    keyboard = Keyboard(rich=True)
    ends = sorted({*cuts, len(data)})
    parts = [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    split = [message for part in parts for message in keyboard.feed(part)]
    assert [repr(message) for message in split] == [repr(message) for message in typed(data)]


def test_an_escape_by_itself_is_the_key_after_a_while() -> None:
    keyboard = Keyboard(rich=True)
    assert list(keyboard.feed(b"\x1b")) == []
    assert keyboard.waiting
    assert names(list(keyboard.expire())) == ["escape"]
    assert not keyboard.waiting


def test_a_sequence_that_does_not_go_on_is_dropped() -> None:
    keyboard = Keyboard(rich=True)
    assert list(keyboard.feed(b"\x1b[1;")) == []
    assert list(keyboard.expire()) == []
    assert names(list(keyboard.feed(b"5"))) == ["5"]


def test_a_paste_is_one_message_however_long_it_takes() -> None:
    keyboard = Keyboard(rich=True)
    assert list(keyboard.feed(b"\x1b[200~q\x1b[B")) == []
    assert not keyboard.waiting
    (paste,) = keyboard.feed(b"uit\x1b[201~")
    assert isinstance(paste, events.Paste)
    assert paste.text == "q\x1b[Buit"


def test_a_terminal_that_was_not_asked_for_pastes_sends_none() -> None:
    assert names(typed(b"\x1b[200~j", rich=False)) == ["j"]


def test_clicks_and_the_wheel() -> None:
    down, up, wheel = typed(b"\x1b[<0;5;7M\x1b[<0;5;7m\x1b[<65;5;7M")
    assert isinstance(down, events.MouseDown)
    assert (down.x, down.y) == (4, 6)
    assert isinstance(up, events.MouseUp)
    assert isinstance(wheel, events.MouseScrollDown)


def test_the_old_report_of_the_mouse_is_no_keys() -> None:
    assert names(typed(b"\x1b[M 5qj")) == ["j"]


def test_the_place_of_the_cursor() -> None:
    (place,) = typed(b"\x1b[24;80R")
    assert isinstance(place, events.CursorPosition)
    assert (place.x, place.y) == (79, 23)
