"""What each kind of terminal understands; one table by the name in TERM.

Sources: the terminfo entries of ncurses 6.4 for xterm-256color, linux, vt100, vt220, screen and tmux;
ECMA-48 (5th edition) for the meaning of each control function; xterm's ctlseqs for private modes;
console_codes(4) for the Linux console; the VT220 Programmer Reference Manual (DEC, EK-VT220-RM).
A terminal that is not in the table is asked of terminfo, where there is one; one unknown to it too gets
nothing but cursor addressing, plain attributes and erasing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag


class Depth(IntEnum):
    """How many colours may be written."""

    MONO = 1
    EIGHT = 8
    SIXTEEN = 16
    PALETTE = 256
    TRUE = 1 << 24


class Attr(IntFlag):
    """Character attributes, ECMA-48 8.3.117 SGR."""

    NONE = 0
    BOLD = 1
    DIM = 2
    ITALIC = 4
    UNDERLINE = 8
    BLINK = 16
    REVERSE = 32
    STRIKE = 64


CLASSIC = Attr.BOLD | Attr.UNDERLINE | Attr.BLINK | Attr.REVERSE
"""What a VT100 with its advanced video option shows."""

ALL = CLASSIC | Attr.DIM | Attr.ITALIC | Attr.STRIKE


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What may be sent to a terminal. The defaults hold for any terminal that follows ECMA-48.

    `bce`: erasing paints with the current background colour instead of the default one.
    `attribute_off`: single attributes can be ended (SGR 22 to 29); otherwise only all at once.
    `corner`: the last cell of the screen can be written without scrolling it.
    `modes`: DEC private modes (DECSET) are understood or ignored in silence.
    `rich`: mouse, bracketed paste, synchronised output and OSC strings are understood or ignored.
    """

    depth: Depth = Depth.MONO
    attributes: Attr = CLASSIC
    attribute_off: bool = False
    bce: bool = False
    column: bool = False  # CHA, ECMA-48 8.3.9
    erase_chars: bool = False  # ECH, ECMA-48 8.3.38
    repeat: bool = False  # REP, ECMA-48 8.3.103
    regions: bool = False  # DECSTBM, with IND and RI scrolling inside
    scroll: bool = False  # SU and SD, ECMA-48 8.3.147 and 8.3.113
    corner: bool = True
    modes: bool = True
    rich: bool = False


_VT100 = Capabilities(regions=True)
_VT220 = replace(_VT100, attribute_off=True, erase_chars=True)
_LINUX = replace(_VT220, depth=Depth.SIXTEEN, attributes=CLASSIC | Attr.DIM, bce=True, column=True)
_XTERM = replace(_LINUX, attributes=ALL, repeat=True, scroll=True, rich=True)
_SCREEN = replace(_XTERM, attributes=CLASSIC | Attr.DIM, bce=False, erase_chars=False, repeat=False)
_TMUX = replace(_SCREEN, attributes=ALL)

UNKNOWN = Capabilities(corner=False, modes=False)

TABLE: Mapping[str, Capabilities] = {
    "vt100": _VT100,
    "vt102": _VT100,
    "vt220": _VT220,
    "linux": _LINUX,
    "xterm": _XTERM,
    "screen": _SCREEN,
    "tmux": _TMUX,
    "dumb": UNKNOWN,
}
"""By the name before the first "-" or "."; the suffix tells the colours."""

_SUFFIXES = {"256color": Depth.PALETTE, "direct": Depth.TRUE, "16color": Depth.SIXTEEN}


def capabilities(environ: Mapping[str, str], *, slow: bool = False) -> Capabilities:
    """What the terminal named by TERM can do, in the colours that NO_COLOR, COLORTERM and the line allow.

    `slow` is a serial line: there a colour of the 256 costs 8 bytes where one of the 16 costs 2.
    """
    term = environ.get("TERM", "")
    base, _, suffix = term.replace(".", "-").partition("-")
    found = TABLE.get(base) or _from_terminfo(term)
    depth = max(found.depth, _SUFFIXES.get(suffix.rpartition("-")[2], Depth.MONO))
    if found.rich and environ.get("COLORTERM") in ("truecolor", "24bit"):
        depth = Depth.TRUE
    if environ.get("NO_COLOR") or suffix == "m" or suffix == "mono":
        depth = Depth.MONO
    if slow:
        depth = min(depth, Depth.SIXTEEN)
    return replace(found, depth=depth)


_FEATURES = {
    "erase_chars": ("ech", b"\x1b[%p1%dX"),
    "column": ("hpa", b"\x1b[%i%p1%dG"),
    "repeat": ("rep", b"%p1%c\x1b[%p2%{1}%-%db"),
    "regions": ("csr", b"\x1b[%i%p1%d;%p2%dr"),
    "scroll": ("indn", b"\x1b[%p1%dS"),
    "attribute_off": ("rmul", b"\x1b[24m"),
}
"""Our names, terminfo's, and what it must say: sequences that differ from ECMA-48 are not used."""

_ATTRIBUTES = {
    "bold": Attr.BOLD,
    "dim": Attr.DIM,
    "sitm": Attr.ITALIC,
    "smul": Attr.UNDERLINE,
    "blink": Attr.BLINK,
    "rev": Attr.REVERSE,
    "smxx": Attr.STRIKE,
}


def _from_terminfo(term: str) -> Capabilities:
    """What the terminfo database says; UNKNOWN where the name, the database or the module is missing."""
    try:
        import curses
    except ImportError:
        return UNKNOWN
    try:
        curses.setupterm(term or "unknown", 1)
    except curses.error:
        return UNKNOWN
    if _string(curses.tigetstr("cup")) != b"\x1b[%i%p1%d;%p2%dH":
        return UNKNOWN
    attributes = Attr.NONE
    for name, attribute in _ATTRIBUTES.items():
        if _string(curses.tigetstr(name)).startswith(b"\x1b["):
            attributes |= attribute
    colours = max(curses.tigetnum("colors"), 1)
    return Capabilities(
        depth=max(depth for depth in Depth if depth <= colours),
        attributes=attributes,
        bce=curses.tigetflag("bce") > 0,
        corner=curses.tigetflag("xenl") > 0,
        modes=b"\x1b[?25l" in _string(curses.tigetstr("civis")),
        rich=bool(_string(curses.tigetstr("kmous"))),
        **{
            ours: _string(curses.tigetstr(name)) == want for ours, (name, want) in _FEATURES.items()
        },
    )


def _string(found: bytes | None) -> bytes:
    """A capability without its padding times, "$<5>", which no terminal of today needs."""
    return re.sub(rb"\$<[^>]*>", b"", found or b"")
