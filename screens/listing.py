"""A screen that is one list: table, detail pane, filter, sorting, selection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Input

from vtui.columns import Line, Tone
from vtui.model import Host, Ref
from vtui.screens.base import Current, HostScreen
from vtui.text import clean
from vtui.views.view import Field, View
from vtui.widgets.availability import notices
from vtui.widgets.bindings import bindings
from vtui.widgets.lines import Lines
from vtui.widgets.table import Table


class ListScreen(HostScreen):
    """The list of one View."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("list")
    AUTO_FOCUS = "Table"

    def __init__(self, name: str, current: Current, view: View, *, sort: str = "") -> None:
        super().__init__(name, current)
        self.view = view
        self._sort = sort

    def body(self) -> Iterable[Widget]:
        """Map, notices, table with details, filter line."""
        yield Lines(id="map")
        yield Lines(id="notices")
        with Container(id="pane"):
            yield Table(
                self.view.columns,
                sort=self._sort,
                words=self.view.words,
                empty=self.view.empty,
                id="table",
            )
            yield Lines(id="detail")
        yield Input(id="filter", placeholder="filter", select_on_focus=False)

    @property
    def table(self) -> Table:
        """The list."""
        return self.query_one(Table)

    @property
    def detail(self) -> Lines:
        """The detail pane."""
        return self.query_one("#detail", Lines)

    def items(self, host: Host) -> Sequence[Any]:
        """What is listed."""
        return self.view.items(host)

    def map(self, host: Host, width: int) -> list[Line]:
        """Lines above the table; none for most lists."""
        return []

    def show(self, host: Host) -> None:
        """Draw a snapshot."""
        super().show(host)
        self.query_one("#map", Lines).show(self.map(host, self.size.width))
        self.query_one("#notices", Lines).show(notices(host.readings, self.view.backends))
        self.table.show(self.items(host), host)
        self._show_detail()
        self.show_footer()

    def position(self) -> str:
        """Row, rows, selection."""
        return self.table.position

    def go_to(self, ref: Ref) -> None:
        """Put the cursor on a thing, dropping a filter that hides it, and open its details."""
        if not self.table.go_to(ref):
            self._set_filter("")
            self.table.go_to(ref)
        self.detail.display = True
        self._show_detail()

    # -------------------------------------------------------------- detail pane

    def _show_detail(self) -> None:
        if self.detail.display:
            item = self.table.current
            fields = self.view.detail(item, self.host) if item is not None else []
            self.detail.show(field_lines(fields, self.detail.size.width))

    @on(Table.Moved)
    def _moved(self) -> None:
        self._show_detail()
        self.show_footer()

    @on(Table.Opened)
    def _opened(self) -> None:
        self.action_details()

    def action_details(self) -> None:
        """Show or hide the detail pane."""
        self.detail.display = not self.detail.display
        self.detail.scroll_home(animate=False)
        self._show_detail()

    # -------------------------------------------------------------- filter, order, selection

    def action_filter(self) -> None:
        """Type a filter."""
        line = self.query_one("#filter", Input)
        line.display = True
        line.focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.table.order(text=event.value)
        self.show_footer()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        line = self.query_one("#filter", Input)
        line.display = bool(line.value)
        self.table.focus()

    def _set_filter(self, text: str) -> None:
        line = self.query_one("#filter", Input)
        line.value = text
        line.display = bool(text)
        self.table.order(text=text)

    def action_sort(self, step: int) -> None:
        """Sort by the next or previous column, the items' own order being one of them."""
        names = ["", *(column.id for column in self.table.columns if column.title or column.head)]
        index = names.index(self.table.sort) if self.table.sort in names else 0
        self.sort_by(names[(index + step) % len(names)])

    def sort_by(self, column: str) -> None:
        """Sort by a column; rates and counts start with the largest."""
        numeric = any(one.id == column and one.key and one.right for one in self.table.columns)
        self.table.order(sort=column, reverse=numeric)

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.table.order(reverse=not self.table.reverse)

    def action_select_all(self) -> None:
        """Select every row shown, or none when all are."""
        shown = self.table.shown
        self.table.select(() if shown == self.table.selected else shown)
        self.show_footer()

    def action_back(self) -> None:
        """Close what is open: the filter line, the pane, the filter, the selection; one at a time."""
        line = self.query_one("#filter", Input)
        if line.has_focus or line.value:
            self._set_filter("")
            self.table.focus()
        elif self.detail.display:
            self.detail.display = False
        elif self.table.selected:
            self.table.select(())
        self.show_footer()


def field_lines(fields: Sequence[Field], width: int) -> list[Line]:
    """Labels in one column, values beside them; long values go on below themselves."""
    indent = max((len(label) for label, _ in fields), default=0)
    room = max(10, width - indent - 3)
    lines: list[Line] = []
    for label, value in fields:
        shown = clean(value)
        for start in range(0, max(1, len(shown)), room):
            head = f" {'' if start else label:<{indent}}  "
            lines.append(((head, Tone.DIM), (shown[start : start + room], Tone.PLAIN)))
    return lines
