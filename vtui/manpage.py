"""The man page vtui(1), in roff's man macros, made from the tables of what can be typed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from vtui import __version__, keys
from vtui.config import OPTIONS, SYSTEM_FILE, Option
from vtui.reference import NOTES
from vtui.usage import COMMANDS, EXIT_CODES, FLAGS, SUMMARY, argument_help

WIDTH = 72
"""Characters of a source line; the formatter fills them anew."""


def page() -> str:
    """The whole page."""
    lines = [
        f'.TH VTUI 1 "" "vtui {__version__}" "User Commands"',
        *_section("NAME", [text(f"vtui - {SUMMARY}")]),
        *_section("SYNOPSIS", _synopsis()),
        *_section("DESCRIPTION", _paragraphs(NOTES["about"])),
        *_section("COMMANDS", _commands()),
        *_section("REFERENCES", _paragraphs(NOTES["ref"])),
        *_section("FLAGS", _options(FLAGS.values())),
        *_section("SETTINGS", [*_paragraphs(NOTES["settings"]), *_options(OPTIONS)]),
        *_section("OUTPUT", _paragraphs(NOTES["output"])),
        *_section("KEYS", _keys()),
        *_section("EXIT STATUS", _terms((str(code), said) for code, said in EXIT_CODES)),
        *_section("ENVIRONMENT", _environment()),
        *_section("FILES", _files()),
        *_section(
            "SEE ALSO",
            [".BR virsh (1),", ".BR docker (1),", ".BR ovs-vsctl (8),", ".BR irqbalance (1)"],
        ),
    ]
    return "\n".join(lines) + "\n"


def text(words: str) -> str:
    """Text that roff takes as it stands: `man:roff(7)`, escapes and control lines."""
    escaped = words.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return [f".SH {title}", *lines]


def _terms(rows: Iterable[tuple[str, str]]) -> list[str]:
    lines = []
    for term, said in rows:
        lines += [".TP", rf"\fB{text(term)}\fR", text(said)]
    return lines


def _paragraphs(paragraphs: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for paragraph in paragraphs:
        lines += [".PP"] if lines else []
        lines += map(text, textwrap.wrap(paragraph, WIDTH))
    return lines


def _synopsis() -> list[str]:
    lines = [r"\fBvtui\fR [\fIsetting\fR ...]"]
    for command in COMMANDS.values():
        lines += [".br", text(command.synopsis)]
    return lines


def _commands() -> list[str]:
    lines = []
    for command in COMMANDS.values():
        lines += [
            ".TP",
            rf"\fB{text(command.synopsis)}\fR",
            text(command.summary.capitalize() + "."),
        ]
        for argument in command.arguments:
            lines += [".br", rf"\fI{text(argument.name)}\fR: {text(argument_help(argument))}."]
    return lines


def _options(options: Iterable[Option]) -> list[str]:
    lines = []
    for option in options:
        metavar = rf" \fI{text(option.metavar)}\fR" if option.metavar else ""
        lines += [".TP", rf"\fB{text(option.flag)}\fR{metavar}", text(option.help)]
    return lines


def _keys() -> list[str]:
    remapped = "A key is re-mapped by its id, in brackets here, in the settings' table [keys]."
    return [
        *_paragraphs([remapped]),
        *_terms((keys.shown(key.keys), f"{key.help} [{key.id}]") for key in keys.KEYS),
    ]


def _environment() -> list[str]:
    return _terms(
        (one.variable, f"the setting {one.flag}" + (", parted by blanks" if one.many else ""))
        for one in OPTIONS
    )


def _files() -> list[str]:
    return _terms(
        [
            (str(SYSTEM_FILE), "settings of the machine"),
            ("$XDG_CONFIG_HOME/vtui/config.toml", "settings of the user, by default in ~/.config"),
        ]
    )
