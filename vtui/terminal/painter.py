"""The screen of cells between Textual and the line: what is wanted, what is shown, and the way there."""

from __future__ import annotations

from collections import Counter

from textual._compositor import ChopsUpdate, LayoutUpdate

from vtui.terminal.capabilities import Capabilities
from vtui.terminal.cells import BLANK, Grid, Inks, Row, put
from vtui.terminal.moves import address
from vtui.terminal.paint import paint_row
from vtui.terminal.pencil import Pencil
from vtui.terminal.pens import PLAIN, Pen, blank_of
from vtui.terminal.scroll import Scroll, find_scroll


class Painter:
    """Takes updates at any pace and gives out bytes at the line's.

    What is given out always leads to the newest state: states that came and went while the line was
    busy are never written. A row is the smallest unit, so a long frame makes room for a newer one.
    """

    def __init__(self, terminal: Capabilities, width: int, height: int) -> None:
        self.terminal = terminal
        self.wanted = Grid(width, height, Inks(terminal))
        self._shown: list[Row] | None = None
        self._pencil = Pencil(terminal, width)
        self._dirty: set[int] = set()
        self._moved = False

    @property
    def pending(self) -> bool:
        """Whether something is left to write."""
        return self._shown is None or bool(self._dirty)

    def take(self, update: LayoutUpdate | ChopsUpdate) -> None:
        """Lay an update over what is wanted."""
        touched = self.wanted.take(update)
        if self._shown is None:
            return
        shown, rows = self._shown, self.wanted.rows
        self._dirty.difference_update(touched)
        self._dirty.update(y for y in touched if shown[y] != rows[y])
        self._moved = bool(self._dirty)

    def resize(self, width: int, height: int) -> None:
        """The terminal has another size, and shows nobody knows what."""
        if (width, height) != (self.wanted.width, self.wanted.height):
            self.wanted.resize(width, height)
        self.forget()

    def forget(self) -> None:
        """Nothing is known any more of what the terminal shows: all has to be written again."""
        self._shown = None
        self._dirty.clear()
        self._pencil = Pencil(self.terminal, self.wanted.width)

    def begin(self) -> None:
        """Before a burst of output: others (a kernel's message) may have moved the cursor meanwhile."""
        self._pencil.lose()

    def output(self, limit: int) -> str:
        """The next part of what is pending: whole rows, until `limit` bytes are reached."""
        pencil = self._pencil
        if self._shown is None:
            shown = self._shown = self._clear(pencil)
        else:
            shown = self._shown
            if self._moved and self.terminal.regions:
                self._scroll(pencil, shown)
        self._moved = False
        for y in sorted(self._dirty):
            if pencil.size >= limit:
                break
            row = self._goal(y)
            paint_row(pencil, y, shown[y], row)
            shown[y] = list(row)
            self._dirty.discard(y)
        text = "".join(pencil.out)
        pencil.out.clear()
        return text

    def _goal(self, y: int) -> Row:
        row = self.wanted.rows[y]
        if y == self.wanted.height - 1 and not self.terminal.corner:
            row = list(row)
            put(row, len(row) - 1, [BLANK])
        return row

    def _clear(self, pencil: Pencil) -> list[Row]:
        """Erase the screen, in the background it will mostly have."""
        pen = PLAIN
        if self.terminal.bce:
            pens = Counter(cell[1] for row in self.wanted.rows for cell in row if cell[0] == " ")
            pen = _common(pens)
        pencil.use(pen)
        pencil.out.append(address(0, 0) + "\x1b[J")
        pencil.y = pencil.x = 0
        blank = (" ", pen)
        shown = [[blank] * self.wanted.width for _ in range(self.wanted.height)]
        self._dirty = {y for y, row in enumerate(shown) if row != self._goal(y)}
        return shown

    def _scroll(self, pencil: Pencil, shown: list[Row]) -> None:
        """Move what has moved, where the terminal can, and mark what is left to write."""
        found = find_scroll(shown, self.wanted.rows)
        if found is None:
            return
        pencil.use_blank(PLAIN)  # the rows that come in have the background of the pen in use
        pencil.out.append(_scroll_sequence(found, self.terminal.scroll))
        pencil.lose()
        shown[:] = found.apply(shown)
        self._dirty = {y for y, row in enumerate(shown) if row != self._goal(y)}


def _common(pens: Counter[Pen]) -> Pen:
    """The pen of most blanks, where it can be erased with."""
    best = max(pens, key=pens.__getitem__, default=PLAIN)
    return best if best == blank_of(best) and not best.attributes else PLAIN


def _scroll_sequence(scroll: Scroll, by_count: bool) -> str:
    """DECSTBM (VT100, xterm's ctlseqs) sets the region; SU and SD or IND and RI at its edge move it."""
    count = abs(scroll.rows)
    if by_count:
        move = f"\x1b[{count if count > 1 else ''}{'S' if scroll.rows > 0 else 'T'}"
    elif scroll.rows > 0:
        move = address(scroll.bottom, 0) + "\n" * count
    else:
        move = address(scroll.top, 0) + "\x1bM" * count
    return f"\x1b[{scroll.top + 1};{scroll.bottom + 1}r{move}\x1b[r"
