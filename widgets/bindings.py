"""Textual bindings from the table of keys."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from vtui.keys import KEYS


def bindings(where: str) -> list[BindingType]:
    """The bindings of one place: "app", "list" or "table"."""
    return [
        Binding(key.keys, key.action, key.title, id=key.id, tooltip=key.help, show=False)
        for key in KEYS
        if key.where == where
    ]
