"""The pencil: where the terminal's cursor is, which pen it holds, and how cells are written with it.

Sources: ECMA-48 for SGR, EL, ECH and REP. ECH and EL erase
without moving.
"""

from __future__ import annotations

from vtui.terminal.capabilities import Capabilities
from vtui.terminal.cells import Cell, Row, width_of
from vtui.terminal.moves import UNKNOWN, move
from vtui.terminal.pens import Pen, erasable, same_blank, sgr


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
            cell = row[at]
            until = at + 1
            while until < end and row[until] == cell:
                until += 1
            if cell[0]:
                self.go(y, at)
                self._take(row, at, until, end)
                self._run(cell, at, until - at)
            at = until

    def _take(self, row: Row, at: int, until: int, end: int) -> None:
        """The pen for the run at `at`; one that suits a blank and the text behind it as well."""
        char, pen = row[at]
        if char != " ":
            self.use(pen)
        elif self.pen is None or not same_blank(self.pen, pen):
            after = next((p for c, p in row[until:end] if c != " "), pen)
            self.use(after if same_blank(after, pen) else pen)

    def _run(self, cell: Cell, at: int, count: int) -> None:
        """The same character `count` times."""
        char = cell[0]
        if char == " " and self._erase_run(count):
            return
        repeat = f"\x1b[{count - 1}b"
        if self.terminal.repeat and len(char) == 1 and size(char) * (count - 1) > len(repeat):
            self.out.append(char + repeat)
        else:
            self.out.append(char * count)
        # Terminals disagree on wide and composed characters, and on where the last column leaves them.
        sure = width_of(cell) == 1 == len(char) and at + count < self.width
        self.x = at + count if sure else UNKNOWN

    def _erase_run(self, count: int) -> bool:
        """Erase blanks where that is shorter, though the cursor has still to be moved over them."""
        erase = f"\x1b[{count}X"
        written = min(count, 2 + len(erase)) if self.terminal.repeat else count
        if 2 * len(erase) >= written or not self.terminal.erase_chars or not self.can_erase():
            return False
        self.out.append(erase)
        return True
