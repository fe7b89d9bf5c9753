"""What can be typed: commands, flags and exit codes, as tables.

Parser, `--help`, man page, shell completions and docs/cli.md are made from these and config.OPTIONS.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from vtui.config import OPTIONS, Option
from vtui.model import KINDS
from vtui.views import VIEWS

WIDTH = 80


@dataclass(frozen=True, slots=True)
class Argument:
    """One word after a command."""

    name: str
    help: str
    values: tuple[str, ...] = ()
    """The words it may be; any word when empty."""
    beginnings: tuple[str, ...] = ()
    """What such a word may begin with."""
    optional: bool = False
    """Any number of such words, none among them."""

    def __str__(self) -> str:
        return f"[{self.name} ...]" if self.optional else self.name


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `flags` are the names of those FLAGS that go with it."""

    name: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def synopsis(self) -> str:
        """As typed: `vtui list KIND [WORD ...] [--sort COLUMN] [--json]`."""
        flags = [f"[{flag_usage(FLAGS[name])}]" for name in self.flags]
        return " ".join(["vtui", self.name, *map(str, self.arguments), *flags])


SHELLS = ("bash", "zsh", "fish")

COMMANDS = {
    command.name: command
    for command in (
        Command("status", "which backends answer, and how much there is", flags=("json",)),
        Command(
            "list",
            "the things of one kind",
            (
                Argument("KIND", "what to list", tuple(VIEWS)),
                Argument("WORD", "only things that have all these words in them", optional=True),
            ),
            ("sort", "json"),
        ),
        Command(
            "show",
            "everything about one thing",
            (
                Argument(
                    "REF",
                    "KIND:NAME, e.g. domain:web or irq:24; an id does for a name",
                    beginnings=tuple(f"{kind}:" for kind in KINDS),
                ),
            ),
            ("json",),
        ),
        Command(
            "completion",
            "print the completion script of a shell",
            (Argument("SHELL", "for which shell", SHELLS),),
        ),
    )
}

FLAGS = {
    option.name: option
    for option in (
        Option("json", "", "print one JSON document"),
        Option("sort", "COLUMN", "order by this column, numbers from the largest"),
        Option("help", "", "print help, also of one command, and exit"),
        Option("version", "", "print the version and exit"),
    )
}
"""What is said on the command line only."""

EVERYWHERE = ("help", "version")
"""The flags that need no command."""

EXIT_CODES = (
    (0, "done"),
    (2, "the command line or the configuration makes no sense"),
    (3, "refused by vtui: a precondition does not hold, or it runs read-only"),
    (4, "the host failed, or what was asked for is not there"),
    (70, "a mistake in vtui itself"),
    (130, "interrupted"),
    (141, "the reader of the output went away"),
)

SUMMARY = "see an embedded virtualization host from a terminal"


def flag_usage(option: Option) -> str:
    """As typed: `--docker HOST`, `--json`."""
    return f"{option.flag} {option.metavar}".rstrip()


def help_text(command: Command | None = None) -> str:
    """The answer to --help, no line wider than 80 columns."""
    sections = _overview() if command is None else _one(command)
    sections.append(
        ("Settings, before or after the command", [(flag_usage(one), one.help) for one in OPTIONS])
    )
    if command is None:
        sections.append(("Exit codes", [(str(code), text) for code, text in EXIT_CODES]))
    blocks = ["\n".join([f"{title}:", *_rows(rows)]) for title, rows in sections if rows]
    return "\n\n".join([command.synopsis if command else f"vtui: {SUMMARY}", *blocks])


def _overview() -> list[tuple[str, list[tuple[str, str]]]]:
    commands = [("vtui", "the screens")]
    commands += [(_short(one), one.summary) for one in COMMANDS.values()]
    return [
        ("Commands", commands),
        ("Flags", [(flag_usage(one), one.help) for one in FLAGS.values()]),
    ]


def _one(command: Command) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        ("Prints", [(command.summary, "")]),
        ("Words", [(one.name, argument_help(one)) for one in command.arguments]),
        ("Flags", [(flag_usage(FLAGS[one]), FLAGS[one].help) for one in command.flags]),
    ]


def _short(command: Command) -> str:
    return " ".join(["vtui", command.name, *map(str, command.arguments)])


def argument_help(argument: Argument) -> str:
    """What the word is for, and which it may be."""
    words = argument.values or argument.beginnings
    return f"{argument.help}: {' '.join(words)}" if words else argument.help


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    left = max(len(term) for term, _ in rows) + 2
    lines = []
    for term, text in rows:
        first = f"  {term:<{left}}"
        lines += textwrap.wrap(
            text,
            WIDTH - 1,
            initial_indent=first,
            subsequent_indent=" " * (left + 2),
        ) or [first.rstrip()]
    return lines
