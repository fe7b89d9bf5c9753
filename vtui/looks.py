"""How it looks: four themes, and drawing with ASCII only."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import BUILTIN_THEMES, Theme

from vtui.terminal.capabilities import Depth
from vtui.text import to_ascii

_ANSI = BUILTIN_THEMES["ansi-dark"]

THEMES = (
    Theme(
        name="vtui-dark",
        primary="#5fafd7",
        secondary="#4e5d6c",
        accent="#5fd7d7",
        success="#87d787",
        warning="#ffd75f",
        error="#ff6f61",
        foreground="#d7dae0",
        background="#11151a",
        surface="#171c22",
        panel="#232b34",
        dark=True,
        variables={
            "block-cursor-background": "#2f6f9f",
            "block-cursor-foreground": "#ffffff",
            "text-muted": "#87909c",
        },
    ),
    Theme(
        name="vtui-light",
        primary="#005f87",
        secondary="#9aa5b1",
        accent="#006f87",
        success="#00702a",
        warning="#8a5200",
        error="#b00020",
        foreground="#1c2126",
        background="#fbfbfa",
        surface="#f2f2f0",
        panel="#e3e6e8",
        dark=False,
        variables={
            "block-cursor-background": "#005f87",
            "block-cursor-foreground": "#ffffff",
            "text-muted": "#5b6570",
        },
    ),
    Theme(
        name="vtui-16",
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        accent="ansi_cyan",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            **_ANSI.variables,
            "block-cursor-background": "ansi_cyan",
            "block-cursor-foreground": "ansi_black",
            "text-muted": "ansi_default",
        },
    ),
    Theme(
        name="vtui-mono",
        ansi=True,
        primary="ansi_default",
        secondary="ansi_default",
        warning="ansi_default",
        error="ansi_default",
        success="ansi_default",
        accent="ansi_default",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            **{
                name: "ansi_default" if value.startswith("ansi_") else value
                for name, value in _ANSI.variables.items()
            },
            "block-cursor-background": "ansi_default",
            "block-cursor-foreground": "ansi_default",
            "text-muted": "ansi_default",
        },
    ),
)


class AsciiFilter(LineFilter):
    """Replaces every drawing character by an ASCII one, and what is left beyond ASCII by "?"."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """A line's segments in ASCII."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(to_ascii(segment.text), segment.style)
            for segment in segments
        ]


def best_theme(depth: Depth) -> str:
    """The theme that makes the most of so many colours."""
    if depth < Depth.EIGHT:
        return "mono"
    return "16" if depth <= Depth.SIXTEEN else "dark"
