"""Pens: how a cell is drawn, in the terminal's own terms, and how to change from one to another.

A pen holds what SGR (ECMA-48 8.3.117) can say and this terminal shows: two styles it cannot tell apart
are one pen, so that nothing is written for a difference nobody would see.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style

from vtui.terminal.capabilities import Attr, Capabilities, Depth


class Pen(NamedTuple):
    """Attributes and colours; a colour is the SGR parameter that selects it, empty for the default."""

    attributes: int = 0
    fg: str = ""
    bg: str = ""


PLAIN = Pen()

ON_BLANK = int(Attr.UNDERLINE | Attr.REVERSE | Attr.STRIKE)
"""Attributes that are seen on a blank too; of colours it shows the background alone."""

_SGR = (
    (int(Attr.BOLD), "1", "22"),
    (int(Attr.DIM), "2", "22"),
    (int(Attr.ITALIC), "3", "23"),
    (int(Attr.UNDERLINE), "4", "24"),
    (int(Attr.BLINK), "5", "25"),
    (int(Attr.REVERSE), "7", "27"),
    (int(Attr.STRIKE), "9", "29"),
)

_SYSTEMS = {
    Depth.EIGHT: ColorSystem.STANDARD,
    Depth.SIXTEEN: ColorSystem.STANDARD,
    Depth.PALETTE: ColorSystem.EIGHT_BIT,
    Depth.TRUE: ColorSystem.TRUECOLOR,
}


def same_blank(pen: Pen, blank: Pen) -> bool:
    """Whether a blank drawn by `pen` looks like one drawn by `blank`."""
    return pen == blank or (
        pen.bg == blank.bg and not (pen.attributes | blank.attributes) & ON_BLANK
    )


def blank_of(pen: Pen) -> Pen:
    """The pen of all blanks that look like those of `pen`."""
    return pen if pen.attributes & ON_BLANK else Pen(0, "", pen.bg)


def erasable(pen: Pen, bce: bool) -> bool:
    """Whether erasing leaves blanks that look like those of `pen`.

    Erasing never leaves attributes (VT220), and colour only with background colour erase.
    """
    return not pen.attributes & ON_BLANK and (bce or not pen.bg)


@lru_cache(maxsize=4096)
def sgr(old: Pen | None, new: Pen, attribute_off: bool) -> str:
    """The shortest SGR that turns `old` into `new`; `old` is None where it is unknown."""
    if old == new:
        return ""
    marks = [on for bit, on, _ in _SGR if new.attributes & bit]
    anew = ["", *marks, *filter(None, (new.fg, new.bg))]
    whole = f"\x1b[{';'.join(anew)}m"
    if old is None or (old.attributes & ~new.attributes and not attribute_off):
        return whole
    ended = {off for bit, _, off in _SGR if old.attributes & ~new.attributes & bit}
    begun = [
        on
        for bit, on, off in _SGR
        if new.attributes & bit and (not old.attributes & bit or off in ended)
    ]
    change = [*sorted(ended), *begun]
    if old.fg != new.fg:
        change.append(new.fg or "39")
    if old.bg != new.bg:
        change.append(new.bg or "49")
    part = f"\x1b[{';'.join(change)}m"
    return min(part, whole, key=len)


def pen_of(style: Style, terminal: Capabilities) -> Pen:
    """The pen that comes nearest to a Rich style on this terminal."""
    attributes = Attr.NONE
    for wanted, attribute in (
        (style.bold, Attr.BOLD),
        (style.dim, Attr.DIM),
        (style.italic, Attr.ITALIC),
        (style.underline or style.underline2, Attr.UNDERLINE),
        (style.blink or style.blink2, Attr.BLINK),
        (style.reverse, Attr.REVERSE),
        (style.strike, Attr.STRIKE),
    ):
        if wanted:
            attributes |= attribute
    if terminal.depth < Depth.EIGHT:
        return Pen(int(attributes & terminal.attributes))
    fg, bright = _colour(style.color, terminal.depth, foreground=True)
    bg, _ = _colour(style.bgcolor, terminal.depth, foreground=False)
    if bright:
        attributes |= Attr.BOLD
    # Reduced to the same colour, the text would be gone.
    if fg and bg == _as_background(fg) and style.color != style.bgcolor:
        fg = bg = ""
        attributes ^= Attr.REVERSE
    return Pen(int(attributes & terminal.attributes), fg, bg)


def _colour(colour: Color | None, depth: Depth, *, foreground: bool) -> tuple[str, bool]:
    """The SGR parameter, and whether bold must make up for a bright colour the terminal lacks."""
    if colour is None or colour.is_default:
        return "", False
    reduced = colour.downgrade(_SYSTEMS[depth])
    number = reduced.number
    if depth > Depth.EIGHT or number is None or number < 8:
        return ";".join(reduced.get_ansi_codes(foreground)), False
    return f"{(30 if foreground else 40) + number % 8}", foreground


def _as_background(fg: str) -> str:
    """The parameter of the same colour behind the text: 31 and 41, 38;5;100 and 48;5;100."""
    head, separator, rest = fg.partition(";")
    return f"{int(head) + 10}{separator}{rest}"
