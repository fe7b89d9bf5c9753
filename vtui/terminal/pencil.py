"""The pencil: where the terminal's cursor is, which pen it holds, and how cells are written with it.

Sources: ECMA-48 for SGR, EL, ECH and REP. ECH and EL erase
without moving.
"""

from __future__ import annotations

import re

from rich.cells import get_character_cell_size

from vtui.terminal.capabilities import Capabilities
from vtui.terminal.cells import Row
from vtui.terminal.moves import UNKNOWN, move
from vtui.terminal.pens import Pen, blank_of, erasable, same_blank, sgr

_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)
"""The same character so often that something may be shorter."""


def size(text: str) -> int:
    """Bytes the text takes on the line."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


class Pencil:
    """Collects in `out` what is written, keeping track of what that does to the terminal."""

    __slots__ = ("out", "pen", "terminal", "width", "x", "y")

    def __init__(self, terminal: Capabilities, width: int) -> None:
        self.terminal = terminal
        self.width = width
        self.y = self.x = UNKNOWN
        self.pen: Pen | None = None
        self.out: list[str] = []

    def fork(self) -> Pencil:
        """A pencil in the same place that has written nothing."""
        other = Pencil(self.terminal, self.width)
        other.y, other.x, other.pen = self.y, self.x, self.pen
        return other

    def join(self, other: Pencil) -> None:
        """Write what a fork has written."""
        self.y, self.x, self.pen = other.y, other.x, other.pen
        self.out += other.out

    @property
    def size(self) -> int:
        """Bytes written."""
        return sum(map(size, self.out))

    def lose(self) -> None:
        """Someone else may have moved the cursor."""
        self.y = self.x = UNKNOWN

    def go(self, y: int, x: int) -> None:
        """Move to a cell."""
        if (self.y, self.x) != (y, x):
            self.out.append(move(self.y, self.x, y, x, self.terminal.column))
            self.y, self.x = y, x

    def use(self, pen: Pen) -> None:
        """Change the pen."""
        if pen != self.pen:
            self.out.append(sgr(self.pen, pen, self.terminal.attribute_off))
            self.pen = pen

    def use_blank(self, pen: Pen) -> None:
        """Change the pen if its blanks would look other than those of `pen`."""
        if self.pen is None or not same_blank(self.pen, pen):
            self.use(pen)

    def can_erase(self) -> bool:
        """Whether erasing leaves blanks of the pen in use."""
        return self.pen is not None and erasable(self.pen, self.terminal.bce)

    def erase_line(self, y: int, x: int, pen: Pen) -> None:
        """EL: blanks from a cell to the end of its line."""
        self.go(y, x)
        self.use_blank(pen)
        self.out.append("\x1b[K")

    def reach(self, row: Row, y: int, x: int) -> None:
        """Go to a cell of `row`, writing again what stands in between where that is shorter."""
        if self.y == y and 0 <= self.x < x and (way := self._across(row, self.x, x)):
            self.out.append(way)
            self.x = x
        else:
            self.go(y, x)

    def _across(self, row: Row, start: int, end: int) -> str:
        """The cells in between, where this pen can write them in fewer bytes than a move takes."""
        limit = len(move(self.y, start, self.y, end, self.terminal.column))
        if self.pen is None or end - start >= limit:
            return ""
        for char, pen in row[start:end]:
            fits = same_blank(self.pen, pen) if char == " " else pen == self.pen and char.isascii()
            if not fits or not char:
                return ""
        return "".join(char for char, _ in row[start:end])

    def write(self, row: Row, y: int, start: int, end: int) -> None:
        """Write cells `start` to `end` of `row` on line `y`."""
        at = start
        while at < end:
            char, pen = row[at]
            if not char:  # written with the first half
                at += 1
                continue
            if char != " ":
                self.use(pen)
            elif self.pen is None or not same_blank(self.pen, pen):
                after = next((p for c, p in row[at:end] if c != " "), pen)
                self.use(after if same_blank(after, pen) else pen)
            until = self._extent(row, at, end)
            self._chars([cell[0] for cell in row[at:until]], y, at)
            at = until

    def _extent(self, row: Row, at: int, end: int) -> int:
        """As far as this pen can write."""
        current = self.pen
        blank = blank_of(current) if current else None
        for x in range(at + 1, end):
            char, pen = row[x]
            if not (pen is current or pen == current or (char == " " and pen == blank)):
                return x
        return end

    def _chars(self, chars: list[str], y: int, at: int) -> None:
        """Characters of one pen from a cell on."""
        simple = True
        for char in chars:
            if not char.isascii() and (len(char) > 1 or get_character_cell_size(char) != 1):
                simple = False
                break
        if not simple:
            self._unsure(chars, y, at)
            return
        text = "".join(chars)
        written = 0
        for match in _RUN.finditer(text):
            if shorter := self._run(match[1], len(match[0])):
                self._text(text[written : match.start()], y, at + written)
                self.go(y, at + match.start())
                self.out.append(shorter)
                if match[1] != " " or shorter[0] == " ":
                    self._moved(at + match.end())
                written = match.end()
        self._text(text[written:], y, at + written)

    def _text(self, text: str, y: int, at: int) -> None:
        if text:
            self.go(y, at)
            self.out.append(text)
            self._moved(at + len(text))

    def _moved(self, x: int) -> None:
        # Terminals do not agree on where the last column leaves the cursor.
        self.x = x if x < self.width else UNKNOWN

    def _unsure(self, chars: list[str], y: int, at: int) -> None:
        """With characters of two cells or several parts: terminals do not agree on their width."""
        for x, char in enumerate(chars, at):
            if char:
                self.go(y, x)
                self.out.append(char)
                single = len(char) == 1 == get_character_cell_size(char)
                self._moved(x + 1 if single else self.width)

    def _run(self, char: str, count: int) -> str:
        """What is shorter than writing a character so many times; empty where nothing is."""
        plain = len(char.encode()) * count
        repeat = f"{char}\x1b[{count - 1}b" if self.terminal.repeat else ""
        best = repeat if repeat and size(repeat) < plain else ""
        if char == " " and self.terminal.erase_chars and self.can_erase():
            erase = f"\x1b[{count}X"  # the cursor has still to be moved over the erased cells
            if 2 * len(erase) < (len(best) or plain):
                return erase
        return best
