"""Lines of toned text to terminal strips: the one place where strangers' text meets the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from vtui.columns import Line, Tone
from vtui.text import clean

TONE_CLASSES = frozenset(f"tone--{tone.value}" for tone in Tone)

ELLIPSIS = "…"


def tones(widget: Widget, base: Style = Style.null()) -> dict[Tone, Style]:  # noqa: B008 - immutable
    """The style of each tone by the widget's CSS, laid over `base`."""
    return {
        tone: base + widget.get_component_rich_style(f"tone--{tone.value}", partial=True)
        for tone in Tone
    }


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` terminal cells of `text`: cut with a mark, or filled with blanks."""
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS
    blanks = " " * (width - length)
    return blanks + text if right else text + blanks


def strip(line: Line, width: int, styles: Mapping[Tone, Style], base: Style) -> Strip:
    """One line of the screen, `width` cells of it; every text is made safe here."""
    segments: list[Segment] = []
    left = width
    for text, tone in line:
        if left <= 0:
            break
        shown = clean(text, max(left * 2, 8))
        length = len(shown) if shown.isascii() else cell_len(shown)
        if length > left:
            shown, length = pad(shown, left), left
        segments.append(Segment(shown, styles[tone]))
        left -= length
    if left > 0:
        segments.append(Segment(" " * left, base))
    return Strip(segments, width)


def plain(lines: Iterable[Line]) -> list[str]:
    """The text of lines without tones, for tests and copying."""
    return ["".join(text for text, _ in line) for line in lines]
