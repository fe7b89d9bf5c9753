"""Making strangers' text safe and short before it reaches a terminal.

Names, labels, external-ids and error texts come from guests, containers and databases. Everything shown goes
through `clean`: on screen in the widgets, in text output in the CLI.
"""

from __future__ import annotations

import locale
import os
import unicodedata
from collections.abc import Mapping

LIMIT = 400
"""Characters kept when nothing shorter is asked for."""

# Cc: C0 and C1 controls. Cf: bidi overrides, zero-width characters. Cs, Co, Cn: lone surrogates, private use,
# unassigned. Zl, Zp: line and paragraph separators.
_HARMFUL = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def clean(text: str, limit: int = LIMIT) -> str:
    """`text` on one line without anything a terminal could obey, at most `limit` characters long.

    Controls become one blank, what is cut off is marked by "..".
    """
    cut = text[: limit + 1]
    if not (cut.isascii() and cut.isprintable()):
        kept = (" " if unicodedata.category(char) in _HARMFUL else char for char in cut)
        cut = "".join(kept)
    return cut if len(cut) <= limit else f"{cut[: max(0, limit - 2)]}.."[:limit]


ASCII = str.maketrans(
    "▁▂▃▄▅▆▇█" + "●○◐✗‖↻↓↑▲▼■·…→" + "├└─━│┃┌┐┘┴┬┤┼╭╮╯╰╸╺" + "▔▕▏▎▊▌▐",
    "_.-=+*%#" + "*oox=@v^^v#.~>" + "|`--||" + "+" * 13 + " " * 7,
)


def to_ascii(text: str) -> str:
    """`text` with as many characters, all ASCII: drawing characters by likeness, others as "?"."""
    return text.translate(ASCII).encode("ascii", "replace").decode("ascii")


def wants_ascii(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the locale's or the terminal's character set has no more than ASCII to offer.

    A VT220 obeys bytes 0x80 to 0x9f as controls, and UTF-8 has them in letters.
    """
    if environ.get("TERM", "").startswith(("vt", "ansi", "dumb")):
        return True
    return "utf" not in locale.getpreferredencoding(False).lower()
