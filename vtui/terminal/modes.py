"""What is said to a terminal before the first cell and after the last.

Sources: xterm's ctlseqs (DECSET 1049 alternate screen, 1000 and 1006 mouse, 2004 bracketed paste), the VT510
manual (DECAWM 7, DECTCEM 25), the synchronised output proposal (2026). A private mode that a terminal
doesn't know is ignored by it, so a VT220 that is really a PuTTY on a serial line keeps its scrollback.
"""

from __future__ import annotations

from vtui.terminal.capabilities import Capabilities

ASK_SIZE = "\x1b[999;999H\x1b[6n"
"""Cursor to the last corner, then CPR: `ESC [ rows ; columns R` is the answer."""

_CLEAR = "\x1b[H\x1b[J"

LARGE = 1024
"""Bytes from which on a half-drawn screen could be seen."""


def enter(terminal: Capabilities, *, mouse: bool) -> str:
    """Take the screen: the first character set, no margins, no wrapping, no cursor."""
    if not terminal.modes:
        return ""
    rich = ";1000;1006;2004" if mouse else ";2004"
    margins = "\x1b[r" if terminal.regions else ""
    return f"\x1b[?1049{rich if terminal.rich else ''}h\x1b(B\x0f{margins}\x1b[?7;25l"


def leave(terminal: Capabilities) -> str:
    """Give it back."""
    margins = "\x1b[r" if terminal.regions else ""
    if not terminal.modes:
        return f"{margins}\x1b[m{_CLEAR}"
    rich = "\x1b[?1000;1006;2004l" if terminal.rich else ""
    return f"{margins}\x1b[m{_CLEAR}{rich}\x1b[?7;25h\x1b[?1049l"


def synchronised(text: str, terminal: Capabilities) -> str:
    """A large change as one, where the terminal can hold its picture that long."""
    if terminal.rich and len(text) >= LARGE:
        return f"\x1b[?2026h{text}\x1b[?2026l"
    return text
