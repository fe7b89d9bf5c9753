"""A table of things by Ref: virtual, sorted, filtered, with a cursor that stays on its thing.

Cells are made for the rows on screen alone, and only the rows whose cells differ are drawn again, so the
cost of a refresh follows the screen's height, not the list's length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from vtui.columns import Column, Line, SortKey, Span, Tone, fit
from vtui.model import Host, Ref
from vtui.text import clean
from vtui.widgets.bindings import bindings
from vtui.widgets.ink import TONE_CLASSES, pad, strip, tones

HEAD = 1
"""Rows the column titles take."""

SELECTED = "+"


class Table(ScrollView, can_focus=True):
    """Rows of `columns`. Give it items with `show`; it posts what the user does."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *TONE_CLASSES,
        "table--head",
        "table--cursor",
        "table--cursor-blurred",
    }

    BINDINGS: ClassVar[list[BindingType]] = bindings("table")

    class Moved(Message):
        """The cursor is on another thing, or on none."""

        def __init__(self, ref: Ref | None) -> None:
            super().__init__()
            self.ref = ref

    class Opened(Message):
        """Enter on a thing."""

        def __init__(self, ref: Ref) -> None:
            super().__init__()
            self.ref = ref

    class Viewed(Message):
        """Other things than before are on screen."""

        def __init__(self, refs: frozenset[Ref]) -> None:
            super().__init__()
            self.refs = refs

    def __init__(
        self,
        columns: Sequence[Column[Any]],
        *,
        sort: str = "",
        words: Callable[[Any], str] = lambda item: "",
        empty: str = "",
        id: str | None = None,
    ) -> None:
        """`sort` names the first order's column, empty keeps the items' own.

        `words` gives the text a filter is matched against, `empty` what stands in an empty list.
        """
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._words = words
        self._empty = empty and f"  {empty}"
        self._host = Host()
        self._items: Sequence[Any] = ()
        self._rows: list[Any] = []
        self._drawn: dict[int, Line] = {}
        self._fitted: list[tuple[Column[Any], int]] = []
        self._styles: dict[str, tuple[Style, dict[Tone, Style]]] = {}
        self._viewed: frozenset[Ref] = frozenset()
        self.sort = sort
        self.reverse = False
        self.filter = ""
        self.cursor = 0
        self.selected: set[Ref] = set()

    # -------------------------------------------------------------- what it is given

    def show(self, items: Sequence[Any], host: Host) -> None:
        """Replace the items by those of a newer snapshot; the cursor stays on its thing."""
        self._items, self._host = items, host
        self._arrange()

    def order(
        self, *, sort: str | None = None, reverse: bool | None = None, text: str | None = None
    ) -> None:
        """Change the order or the filter."""
        if sort is not None:
            self.sort = sort
        if reverse is not None:
            self.reverse = reverse
        if text is not None:
            self.filter = text
        self._arrange()
        self.refresh()

    def go_to(self, ref: Ref) -> bool:
        """Put the cursor on a thing; whether it is in the list."""
        for index, item in enumerate(self._rows):
            if item.ref == ref:
                self._move_to(index)
                return True
        return False

    # -------------------------------------------------------------- what it tells

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        """All its columns, shown or not."""
        return self._columns

    @property
    def current(self) -> Any | None:
        """The thing under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    @property
    def shown(self) -> set[Ref]:
        """All that the filter lets through."""
        return {item.ref for item in self._rows}

    @property
    def position(self) -> str:
        """Where the cursor is: `3/500`, with what the filter hides and how many are selected."""
        text = f"{self.cursor + 1 if self._rows else 0}/{len(self._rows)}"
        if len(self._rows) != len(self._items):
            text += f" of {len(self._items)}"
        return text + (f", {len(self.selected)} selected" if self.selected else "")

    @property
    def text(self) -> list[str]:
        """The rows on screen as plain text, titles first."""
        visible = range(self.scroll_offset.y, min(len(self._rows), self._bottom))
        return [
            "".join(text for text, _ in line)
            for line in (self._titles(), *map(self._line, visible))
        ]

    # -------------------------------------------------------------- order and cursor

    def _arrange(self) -> None:
        current = self.current
        before = len(self._rows)
        needle = self.filter.lower()
        rows = (
            [item for item in self._items if needle in self._words(item).lower()]
            if needle
            else list(self._items)
        )
        column = next((one for one in self._columns if one.id == self.sort), None)
        if column:
            rows.sort(key=self._sort_key(column), reverse=self.reverse)
        self._rows = rows
        self.selected &= {item.ref for item in self._items}
        self._keep_cursor(current)
        if len(rows) != before:
            self.virtual_size = Size(self.size.width, len(rows) + HEAD)
            self.refresh()
        self._redraw()
        self._tell(current)

    def _sort_key(self, column: Column[Any]) -> Callable[[Any], SortKey]:
        host = self._host
        return lambda item: column.sort_key(item, host)

    def _keep_cursor(self, current: Any | None) -> None:
        if current is not None:
            for index, item in enumerate(self._rows):
                if item.ref == current.ref:
                    if index != self.cursor:
                        self.cursor = index
                        self._into_view()
                    return
        self.cursor = max(0, min(self.cursor, len(self._rows) - 1))
        self._into_view()

    def _move_to(self, index: int) -> None:
        before = self.current
        old, self.cursor = self.cursor, max(0, min(index, len(self._rows) - 1))
        if old != self.cursor:
            self._into_view()
            self._refresh_row(old)
            self._refresh_row(self.cursor)
        self._tell(before)

    def _into_view(self) -> None:
        rows = max(1, self.size.height - HEAD)
        top = self.scroll_offset.y
        wanted = min(max(top, self.cursor - rows + 1), self.cursor)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)

    def _tell(self, before: Any | None) -> None:
        current = self.current
        if (before and before.ref) != (current and current.ref):
            self.post_message(self.Moved(current.ref if current else None))
        viewed = frozenset(item.ref for item in self._rows[self.scroll_offset.y : self._bottom])
        if viewed != self._viewed:
            self._viewed = viewed
            self.post_message(self.Viewed(viewed))

    # -------------------------------------------------------------- drawing

    @property
    def _bottom(self) -> int:
        return self.scroll_offset.y + max(0, self.size.height - HEAD)

    def _redraw(self) -> None:
        """Draw again the visible rows that came out different."""
        for index in range(self.scroll_offset.y, self._bottom):
            if self._drawn.get(index) != self._line(index):
                self._refresh_row(index)

    def _refresh_row(self, index: int) -> None:
        y = index - self.scroll_offset.y + HEAD
        if HEAD <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _line(self, index: int) -> Line:
        if not 0 <= index < len(self._rows):
            return self._nothing() if not self._rows and index == 0 else ()
        item = self._rows[index]
        spans: list[Span] = [(SELECTED if item.ref in self.selected else " ", Tone.ACCENT)]
        for column, width in self._fitted:
            if column.draw:
                spans.extend(column.draw(item, self._host, width))
            else:
                cell = column.cell(item, self._host)
                spans.append(
                    (pad(clean(cell.text, width * 2), width, right=column.right), cell.tone)
                )
            spans.append((" ", Tone.PLAIN))
        return tuple(spans[:-1])

    def _nothing(self) -> Line:
        """What stands in an empty table."""
        return ((f"  no row contains {self.filter!r}" if self._items else self._empty, Tone.DIM),)

    def _titles(self) -> Line:
        arrow = "▼" if self.reverse else "▲"
        spans: list[Span] = []
        for column, width in self._fitted:
            title = column.head(self._host, width) if column.head else column.title
            if column.id == self.sort:
                title = f"{arrow}{title}" if column.right else f"{title}{arrow}"
            spans.append((" " + pad(title, width, right=column.right), Tone.TITLE))
        return tuple(spans)

    def render_line(self, y: int) -> Strip:
        """Line API."""
        if y < HEAD:
            return self._paint(self._titles(), "table--head")
        index = y - HEAD + self.scroll_offset.y
        line = self._line(index)
        self._drawn[index] = line
        if index == self.cursor and self._rows:
            return self._paint(line, "table--cursor" if self.has_focus else "table--cursor-blurred")
        return self._paint(line, "")

    def _paint(self, line: Line, component: str) -> Strip:
        if component not in self._styles:
            base = self.get_component_rich_style(component) if component else self.rich_style
            self._styles[component] = (base, self._toned(component, base))
        base, styles = self._styles[component]
        return strip(line, self.size.width, styles, base)

    def _toned(self, component: str, base: Style) -> dict[Tone, Style]:
        # The cursor is one bar in one colour: tones below it would be unreadable on 16 colours.
        return dict.fromkeys(Tone, base) if component else tones(self, base)

    # -------------------------------------------------------------- events

    def notify_style_update(self) -> None:
        """A theme changed, or the focus."""
        self._styles = {}
        super().notify_style_update()

    def on_resize(self) -> None:
        """Choose the columns that fit."""
        self._fitted = fit(self._columns, self.size.width - 1)
        self.virtual_size = Size(self.size.width, len(self._rows) + HEAD)
        self._into_view()
        self._tell(self.current)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows came into view."""
        super().watch_scroll_y(old_value, new_value)
        self._drawn = {}
        self._tell(self.current)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there; on a title it sorts."""
        if event.y < HEAD:
            self._sort_at(event.x)
        else:
            self._move_to(event.y - HEAD + self.scroll_offset.y)

    def _sort_at(self, x: int) -> None:
        edge = 1
        for column, width in self._fitted:
            edge += width + 1
            if x < edge:
                self.order(sort=column.id, reverse=self.sort == column.id and not self.reverse)
                return

    def action_move(self, rows: int) -> None:
        """One row up or down."""
        self._move_to(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """One screen up or down."""
        self._move_to(self.cursor + pages * max(1, self.size.height - HEAD - 1))

    def action_end(self, where: int) -> None:
        """To the first or last row."""
        self._move_to(0 if where < 0 else len(self._rows) - 1)

    def action_select(self) -> None:
        """Select or deselect the row and go on to the next."""
        if (item := self.current) is not None:
            self.selected ^= {item.ref}
            self._refresh_row(self.cursor)
            self._move_to(self.cursor + 1)
            self.post_message(self.Moved(item.ref))

    def select(self, refs: Iterable[Ref]) -> None:
        """Select exactly these."""
        self.selected = set(refs)
        self._redraw()
        self.post_message(self.Moved(self.current.ref if self.current else None))

    def action_open(self) -> None:
        """Ask for the details of the row."""
        if (item := self.current) is not None:
            self.post_message(self.Opened(item.ref))
