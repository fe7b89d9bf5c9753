"""Making strangers' text safe and short before it reaches a terminal.

Names, labels, external-ids and error texts come from guests, containers and databases. Everything shown goes
through `clean`: on screen in the widgets, in text output in the CLI.
"""

from __future__ import annotations

import unicodedata

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
