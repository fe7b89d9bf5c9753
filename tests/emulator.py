"""A terminal that takes nothing it does not know, for tests of what is written to one.

pyte does the cell work. Added by their specification: REP, SU and SD (ECMA-48 8.3.103, 8.3.147,
8.3.113), faint (SGR 2), the cursor at home after any DECSTBM (VT510 manual), erasing with or without the
background colour. What the terminal is not said to have fails the test instead of being ignored.
"""

from __future__ import annotations

import codecs
import re
from typing import Any, ClassVar

import pyte
from pyte.screens import Char

from vtui.terminal.capabilities import ALL, Attr, Capabilities, Depth

MODES = {7, 25, 1000, 1006, 1049, 2004, 2026}
"""DEC private modes that may be asked of a terminal."""

_OFF = {22, 23, 24, 25, 27, 29}
_ON = {
    1: Attr.BOLD,
    2: Attr.DIM,
    3: Attr.ITALIC,
    4: Attr.UNDERLINE,
    5: Attr.BLINK,
    7: Attr.REVERSE,
    9: Attr.STRIKE,
}
_FAINT = "faint "

Look = tuple[str, str, str, bool, bool, bool, bool, bool, bool]
"""Character, colours and attributes of a cell as far as they can be seen."""


class Emulator(pyte.Screen):
    """The screen of a terminal with these capabilities and no others."""

    def __init__(self, terminal: Capabilities, width: int = 80, height: int = 24) -> None:
        self.terminal = terminal
        self.faint = False
        self.last = ""
        self.answers = ""
        self.bells = 0
        super().__init__(width, height)
        self.stream = _Stream(self)
        self.decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, data: str | bytes) -> None:
        """Obey what is written to the terminal."""
        self.stream.feed(self.decoder.decode(data) if isinstance(data, bytes) else data)

    def looks(self) -> list[list[Look]]:
        """Every cell as it is seen."""
        return [[look(self.buffer[y][x]) for x in range(self.columns)] for y in range(self.lines)]

    def write_process_input(self, data: str) -> None:
        self.answers += data

    def debug(self, *args: Any, **kwargs: Any) -> None:
        raise AssertionError(f"unknown control sequence {args} {kwargs}")

    def bell(self, *args: Any) -> None:
        self.bells += 1

    # -------------------------------------------------------------- what pyte lacks

    def draw(self, data: str) -> None:
        self.last = data[-1]
        super().draw(data)

    def repeat(self, count: int = 1) -> None:
        assert self.terminal.repeat, "REP"
        super().draw(self.last * max(count, 1))

    def scroll_up(self, count: int = 1) -> None:
        assert self.terminal.scroll, "SU"
        y = self.cursor.y
        self.cursor.y = (self.margins or (0, self.lines - 1))[1]
        for _ in range(max(count, 1)):
            self.index()
        self.cursor.y = y

    def scroll_down(self, count: int = 1) -> None:
        assert self.terminal.scroll, "SD"
        y = self.cursor.y
        self.cursor.y = (self.margins or (0, 0))[0]
        for _ in range(max(count, 1)):
            self.reverse_index()
        self.cursor.y = y

    def index(self) -> None:
        bottom = (self.margins or (0, self.lines - 1))[1]
        scrolls = self.cursor.y == bottom
        super().index()
        if scrolls:
            self._erase(bottom, range(self.columns))

    def reverse_index(self) -> None:
        top = (self.margins or (0, 0))[0]
        scrolls = self.cursor.y == top
        super().reverse_index()
        if scrolls:
            self._erase(top, range(self.columns))

    def set_margins(self, top: int | None = None, bottom: int | None = None) -> None:
        assert self.terminal.regions, "DECSTBM"
        super().set_margins(top, bottom)
        self.cursor_position()

    # -------------------------------------------------------------- what not every terminal has

    def cursor_to_column(self, column: int | None = None) -> None:
        assert self.terminal.column, "CHA"
        super().cursor_to_column(column)

    def erase_characters(self, count: int | None = None) -> None:
        assert self.terminal.erase_chars, "ECH"
        self._erase(self.cursor.y, range(self.cursor.x, self.cursor.x + (count or 1)))

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        assert how == 0
        self._erase(self.cursor.y, range(self.cursor.x, self.columns))

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        assert how == 0
        self.erase_in_line()
        for y in range(self.cursor.y + 1, self.lines):
            self._erase(y, range(self.columns))

    def _erase(self, y: int, columns: range) -> None:
        bg = self.cursor.attrs.bg if self.terminal.bce else "default"
        for x in columns:
            if x < self.columns:
                self.buffer[y][x] = Char(" ", bg=bg)

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        self._check_modes(modes, **kwargs)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        self._check_modes(modes, **kwargs)
        super().reset_mode(*modes, **kwargs)

    def _check_modes(self, modes: tuple[int, ...], private: bool = False) -> None:
        assert private
        assert self.terminal.modes
        assert set(modes) <= MODES

    def select_graphic_rendition(self, *attrs: int) -> None:
        fg = self.cursor.attrs.fg.removeprefix(_FAINT)
        self.cursor.attrs = self.cursor.attrs._replace(fg=fg)
        known = self._attributes(list(attrs or (0,)))
        if known:
            super().select_graphic_rendition(*known)
        if self.faint:
            self.cursor.attrs = self.cursor.attrs._replace(fg=_FAINT + self.cursor.attrs.fg)

    def _attributes(self, codes: list[int]) -> list[int]:
        """The codes but faint, which is noted; the terminal must have what they ask for."""
        kept: list[int] = []
        while codes:
            code = codes.pop(0)
            assert self.terminal.attribute_off or code not in _OFF, code
            if code in _ON:
                assert _ON[code] in self.terminal.attributes, code
            self.faint = code == 2 or (self.faint and code not in (0, 22))
            if code != 2:
                kept.append(code)
            if code in (38, 48):
                taken = 2 if codes[0] == 5 else 4
                kept += codes[:taken]
                del codes[:taken]
        return kept


class Tolerant(Emulator):
    """A terminal with everything that ignores what it does not know, as real ones do."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.rest = ""
        everything = Capabilities(
            depth=Depth.TRUE,
            attributes=ALL,
            attribute_off=True,
            bce=True,
            column=True,
            regions=True,
            rich=True,
        )
        super().__init__(everything, width, height)

    def feed(self, data: str | bytes) -> None:
        text = self.rest + (self.decoder.decode(data) if isinstance(data, bytes) else data)
        last = text.rfind("\x1b")  # its sequence may go on in what comes next
        whole, self.rest = (text[:last], text[last:]) if last >= 0 else (text, "")
        self.stream.feed(_STRANGE.sub("", whole))

    def debug(self, *args: Any, **kwargs: Any) -> None:
        return

    def _check_modes(self, modes: tuple[int, ...], private: bool = False) -> None:
        return


_STRANGE = re.compile(r"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9]*\$p")
"""What pyte would print."""


class _Stream(pyte.Stream):
    csi: ClassVar[dict[str, str]] = {
        **pyte.Stream.csi,
        "b": "repeat",
        "S": "scroll_up",
        "T": "scroll_down",
    }


def look(char: Char) -> Look:
    """A cell as it is seen: of a blank neither its foreground nor whether it would be bold."""
    attributes = (char.underscore, char.strikethrough, char.reverse)
    if char.data == " " and not any(attributes):
        return (" ", "", char.bg, False, False, *attributes, False)
    fg = char.fg.removeprefix(_FAINT) if char.data == "" else char.fg
    return (char.data, fg, char.bg, char.bold, char.italics, *attributes, char.blink)
