"""The one table of keys that are not actions on the host: moving about, looking, arranging.

Bindings, the footer, the help page and docs/keys.md are made from it. Users re-map a key by its id in the
configuration's [keys] table. Kept off: Ctrl-A (screen, minicom, QEMU), Ctrl-B (tmux), Ctrl-S and Ctrl-Q
(XON/XOFF), Ctrl-] (telnet, virsh console), Ctrl-P (docker attach), ~ (ssh).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """`action` is the Textual action it runs; `where` is "app", "list" or "table"."""

    id: str
    keys: str
    title: str
    help: str
    where: str
    action: str
    footer: bool = False


SCREENS = ("overview", "domains", "containers", "network", "irqs", "cpus", "log")
"""In the order of the number keys, from 1."""

KEYS = (
    *(
        Key(name, str(number), name, f"show the {name} screen", "app", f"show('{name}')")
        for number, name in enumerate(SCREENS, 1)
    ),
    Key("next_screen", "tab", "next", "next screen", "app", "step(1)"),
    Key("previous_screen", "shift+tab", "previous", "previous screen", "app", "step(-1)"),
    Key("help", "question_mark", "help", "keys and marks", "app", "help", footer=True),
    Key(
        "palette",
        "colon",
        "commands",
        "every command by name",
        "app",
        "command_palette",
        footer=True,
    ),
    Key("reread", "r", "read again", "read every backend now", "app", "reread"),
    Key("quit", "q,ctrl+c", "quit", "leave vtui", "app", "leave", footer=True),
    Key(
        "filter",
        "slash",
        "filter",
        "show only rows that contain a text",
        "list",
        "filter",
        footer=True,
    ),
    Key("sort", "s", "sort", "sort by the next column", "list", "sort(1)", footer=True),
    Key("sort_back", "S", "sort back", "sort by the column before", "list", "sort(-1)"),
    Key("reverse", "i", "invert", "turn the order round", "list", "reverse"),
    Key("details", "d", "details", "show or hide the row's details", "list", "details"),
    Key("select_all", "a", "all", "select all rows shown, or none", "list", "select_all"),
    Key(
        "back", "escape", "back", "close the pane, drop the filter or the selection", "list", "back"
    ),
    Key("up", "up,k", "up", "one row up", "table", "move(-1)"),
    Key("down", "down,j", "down", "one row down", "table", "move(1)"),
    Key("page_up", "pageup,b", "page up", "one page up", "table", "page(-1)"),
    Key("page_down", "pagedown,f", "page down", "one page down", "table", "page(1)"),
    Key("first", "home,g", "first", "first row", "table", "end(-1)"),
    Key("last", "end,G", "last", "last row", "table", "end(1)"),
    Key("select", "space", "select", "select the row", "table", "select", footer=True),
    Key("open", "enter", "details", "show the row's details", "table", "open", footer=True),
)

NAMES = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "ctrl+c": "Ctrl-C",
    "up": "Up",
    "down": "Down",
    "home": "Home",
    "end": "End",
}


def shown(keys: str) -> str:
    """Key names as printed: `Tab`, `q, Ctrl-C`."""
    return ", ".join(NAMES.get(key, key) for key in keys.split(","))


def first(keys: str) -> str:
    """The first of them, as the footer prints it."""
    return shown(keys.split(",", 1)[0])
