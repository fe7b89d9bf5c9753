"""A page of toned lines that redraws only the lines that differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from vtui.columns import Line, Tone
from vtui.widgets.ink import TONE_CLASSES, strip, tones


class Lines(ScrollView):
    """Shows lines; longer pages scroll with the arrow and page keys."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONE_CLASSES)

    def __init__(
        self,
        lines: Sequence[Line] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = tuple(lines)
        self._styles: dict[Tone, Style] = {}

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Replace the page. Where it has as many lines as before, only those that differ are drawn."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines):
            self.virtual_size = Size(self.size.width, len(self._lines))
            self.refresh(layout=self.styles.auto_dimensions)
            return
        top = self.scroll_offset.y
        for y, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self.refresh(Region(0, y - top, self.size.width, 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row a line."""
        return len(self._lines)

    def notify_style_update(self) -> None:
        """A theme changed."""
        self._styles = {}
        super().notify_style_update()

    def on_resize(self) -> None:
        """The page is as wide as the widget."""
        self.virtual_size = Size(self.size.width, len(self._lines))

    def render_line(self, y: int) -> Strip:
        """Line API."""
        index = y + self.scroll_offset.y
        if not self._styles:
            self._styles = tones(self, self.rich_style)
        line = self._lines[index] if 0 <= index < len(self._lines) else ()
        return strip(line, self.size.width, self._styles, self.rich_style)
