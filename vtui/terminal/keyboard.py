"""Bytes from the terminal to keys, clicks and pastes.

Sequences are told apart by their grammar (ECMA-48 5.4: CSI, parameters, intermediates, final byte) before
Textual's own parser names them. One that it has no name for is dropped: taken apart into characters, as
Textual does, an unknown key would be several commands. What is no UTF-8 is dropped as well, so noise on
the line is no more than noise.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[\[[A-E]"  # F1 to F5 of the Linux console, console_codes(4)
    r"|\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|O[0-9;]*[@-~]"  # SS3: keypad and F1 to F4
    r"|[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # control strings
    r"|[^][OPX^_\x1b]"  # a key with Alt
    r")"
)

_UNFINISHED = re.compile(r"\x1b(?:\[\[|\[[0-?]*[ -/]*|O[0-9;]*|[]PX^_][^\x07\x1b]*\x1b?)?")

_STRINGS = "]PX^_"
"""What begins OSC, DCS, SOS, PM and APC after the escape: answers nobody asked for."""

_LONGEST = 64
"""Characters after which a sequence that doesn't end is noise."""

_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"

_LONGEST_PASTE = 100_000


class Keyboard:
    """Takes bytes as they come; gives out what they mean."""

    def __init__(self, *, rich: bool) -> None:
        """`rich` terminals have been asked for mouse reports and bracketed paste."""
        self._rich = rich
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._parser = XTermParser()
        self._text = ""
        self._pasting = False

    @property
    def waiting(self) -> bool:
        """Whether the last bytes may be the beginning of something: then call `expire` after a while."""
        return bool(self._text) and not self._pasting

    def feed(self, data: bytes) -> Iterator[Message]:
        """What the bytes mean, so far as they are complete."""
        self._text += self._decoder.decode(data).replace("\ufffd", "")
        while self._text:
            if self._pasting:
                if _PASTED not in self._text:
                    self._text = self._text[:_LONGEST_PASTE]
                    return
                pasted, _, self._text = self._text.partition(_PASTED)
                self._pasting = False
                yield events.Paste(pasted.replace("\x00", ""))
            elif not self._text.startswith("\x1b"):
                plain, escape, rest = self._text.partition("\x1b")
                self._text = escape + rest
                yield from self._parse(plain)
            elif (token := self._token()) is not None:
                yield from self._meaning(token)
            else:
                return

    def expire(self) -> Iterator[Message]:
        """No more came: an escape by itself is the key, any other beginning is noise."""
        text, self._text = self._text, ""
        if text == "\x1b":
            yield events.Key("escape", "\x1b")

    def _token(self) -> str | None:
        """Cut the next sequence off the text; None while it is unfinished, empty for noise."""
        text = self._text
        if text[1:2] == "\x1b":
            self._text = text[1:]
            return "\x1b"
        if self._rich and text.startswith("\x1b[M"):  # the old mouse report: three more characters
            return self._cut(6) if len(text) >= 6 else None
        if match := _SEQUENCE.match(text):
            return self._cut(match.end())
        unfinished = _UNFINISHED.match(text)
        assert unfinished  # it has at least the escape
        if unfinished.end() < len(text) or len(text) > _LONGEST:
            self._cut(unfinished.end())
            return ""
        return None

    def _cut(self, length: int) -> str:
        token, self._text = self._text[:length], self._text[length:]
        return token

    def _meaning(self, token: str) -> Iterator[Message]:
        if token == "\x1b":
            yield events.Key("escape", "\x1b")
        elif token == _PASTE:
            self._pasting = self._rich
        elif token and token[1] not in _STRINGS:
            yield from self._parse(token)

    def _parse(self, text: str) -> list[Message]:
        """What Textual's parser makes of it; nothing where it finds no name, or trips."""
        try:
            found = list(self._parser.feed(text))
        except (ValueError, OverflowError):
            found = []
        if text.startswith("\x1b") and not found:
            self._parser = XTermParser()  # it would wait for the rest
            if len(text) == 2:
                found = self._with_alt(text[1])
        return found

    def _with_alt(self, char: str) -> list[Message]:
        return [
            events.Key(f"alt+{event.key}", None)
            for event in self._parse(char)
            if isinstance(event, events.Key)
        ]
