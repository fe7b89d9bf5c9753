"""Rows of cells: what stands, or shall stand, on the screen.

A row is a list of cells as long as the screen is wide. A character two cells wide is followed by a
cell without text. Rows are kept well-formed: no half of such a character ever stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from vtui.terminal.capabilities import Capabilities
from vtui.terminal.pens import PLAIN, Pen, blank_of, pen_of

Cell = tuple[str, Pen]
Row = list[Cell]

BLANK: Cell = (" ", PLAIN)


class Ink(dict[str, Cell]):
    """The cells of one pen by character, each made once: equal cells are mostly the same object.

    Controls become blanks here: nothing that reaches a row can be obeyed by a terminal.
    """

    def __init__(self, pen: Pen) -> None:
        super().__init__()
        self.pen = pen
        self.blank: Cell = (" ", blank_of(pen))
        self.rest: Cell = ("", pen)
        self[" "] = self.blank

    def __missing__(self, char: str) -> Cell:
        cell = (char, self.pen) if char.isprintable() else self.blank
        if len(self) < 1000:
            self[char] = cell
        return cell


class Inks:
    """The ink of every style on one terminal."""

    def __init__(self, terminal: Capabilities) -> None:
        self._terminal = terminal
        self._by_pen: dict[Pen, Ink] = {}
        self.of = lru_cache(maxsize=4096)(self._of)
        self._plain = self._ink(PLAIN)

    def _of(self, style: Style) -> Ink:
        return self._ink(pen_of(style, self._terminal))

    def _ink(self, pen: Pen) -> Ink:
        if pen not in self._by_pen:
            if len(self._by_pen) > 1000:  # true colour gradients; what is in use comes back
                self._by_pen.clear()
            self._by_pen[pen] = Ink(pen)
        return self._by_pen[pen]

    def row(self, segments: Iterable[Segment]) -> Row:
        """The cells of a strip's segments."""
        cells: Row = []
        for text, style, control in segments:
            if control:
                continue
            ink = self._plain if style is None else self.of(style)
            if text.isascii() and text.isprintable():
                cells.extend(map(ink.__getitem__, text))
            else:
                cells.extend(_measured(text, ink))
        return cells


def _measured(text: str, ink: Ink) -> Row:
    """Cells of text in which a character may take two cells or none."""
    cells: Row = []
    for char in text:
        width = get_character_cell_size(char)
        if width and not char.isprintable():  # other blanks, such as U+3000
            cells.extend([ink.blank] * width)
        elif width:
            cells.append(ink[char])
            cells.extend([ink.rest] * (width - 1))
        elif char.isprintable() and cells:  # a mark that belongs to the character before it
            last = -1 if cells[-1][0] else -2
            base = cells[last][0]
            if base != " " and len(base) < 4:
                cells[last] = (base + char, ink.pen)
    return cells


def width_of(cell: Cell) -> int:
    """Columns the cell's character takes; 0 for the second half of one."""
    text = cell[0]
    return len(text) if text.isascii() else get_character_cell_size(text[0])


def put(row: Row, x: int, cells: Sequence[Cell]) -> None:
    """Replace the row's cells from column `x` on, as far as the row goes."""
    if not 0 <= x < len(row) or not cells:
        return
    end = min(x + len(cells), len(row))
    cells = list(cells[: end - x])
    if not row[x][0]:  # the wide character before loses its second half
        row[x - 1] = _half(row[x - 1])
    if end < len(row) and not row[end][0]:  # the one behind its first
        row[end] = _half(row[end])
    if width_of(cells[-1]) == 2:
        cells[-1] = _half(cells[-1])
    row[x:end] = cells


def _half(cell: Cell) -> Cell:
    """What is left of a wide character that lost its other half: its background."""
    return (" ", Pen(bg=cell[1].bg))


class Grid:
    """The screen as it shall look: updates of Textual's compositor, laid over one another."""

    def __init__(self, width: int, height: int, inks: Inks) -> None:
        self.width = width
        self.height = height
        self._inks = inks
        self.rows: list[Row] = [[BLANK] * width for _ in range(height)]

    def resize(self, width: int, height: int) -> None:
        """Cut off or fill up with blanks at the right and at the bottom, as a terminal would."""
        old = self.rows
        self.width, self.height = width, height
        self.rows = [[BLANK] * width for _ in range(height)]
        for new, kept in zip(self.rows, old, strict=False):
            put(new, 0, kept)

    def take(self, update: LayoutUpdate | ChopsUpdate) -> set[int]:
        """Lay an update over the screen; which rows it touched."""
        touched: set[int] = set()
        for y, x, strip in _strips(update):
            if 0 <= y < self.height:
                cells = self._inks.row(strip)
                surplus = len(cells) - strip.cell_length
                if surplus:  # sequences that Textual counts otherwise, such as emoji variants
                    cells = cells[: strip.cell_length] + [BLANK] * -surplus
                put(self.rows[y], x, cells)
                touched.add(y)
        return touched


def _strips(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Row, column and strip of everything an update draws, by the rules of its `render_segments`."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield y, x, strip
                x += strip.cell_length
        return
    for y, left, right in update.spans:
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is None or x > right or end <= left:
                continue
            whole = left <= x < right and end <= right
            yield y, x, chop if whole else chop.crop(0, min(end, right) - x)
