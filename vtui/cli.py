"""The commands for scripts: parse, read the host once, print.

`main` in vtui.__main__ turns the errors raised here into a line, a hint and an exit code.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from vtui import jsonform, sources, texttable
from vtui.columns import Column
from vtui.config import OPTIONS, Config
from vtui.errors import HostError, UsageError
from vtui.find import find, name_of, parse
from vtui.model import Host
from vtui.monitor import Monitor, Need
from vtui.status import BackendStatus, statuses, summary
from vtui.text import clean
from vtui.units import NOTHING
from vtui.usage import COMMANDS, EVERYWHERE, FLAGS, Command
from vtui.views import VIEWS, View


@dataclass(frozen=True, slots=True)
class Request:
    """A command line that makes sense. `command` is None for the screens."""

    command: Command | None
    words: tuple[str, ...] = ()
    flags: dict[str, object] = field(default_factory=dict)
    """Of usage.FLAGS, those given."""
    settings: dict[str, object] = field(default_factory=dict)
    """Of config.OPTIONS, those given."""


# ------------------------------------------------------------------ the command line


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, "see: vtui --help")


def parse_arguments(arguments: Sequence[str]) -> Request:
    """What is asked for, flags and settings standing anywhere. Raises UsageError, naming the nearest."""
    parser = _Parser(prog="vtui", add_help=False, allow_abbrev=False, usage="vtui")
    parser.add_argument("words", nargs="*")
    for option in (*FLAGS.values(), *OPTIONS):
        names = [option.flag, "-h"] if option.name == "help" else [option.flag]
        action = "store_true" if not option.metavar else "append" if option.many else "store"
        parser.add_argument(*names, dest=option.name, action=action, default=argparse.SUPPRESS)
    found, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        known = [option.flag for option in (*FLAGS.values(), *OPTIONS)]
        raise UsageError(f"unknown option {unknown[0]!r}", nearest(unknown[0], known))
    given = vars(found)
    words = given.pop("words")
    flags = {name: given.pop(name) for name in FLAGS if name in given}
    command = _command(words)
    if not flags.keys() & set(EVERYWHERE):
        _check(command, words[1:], flags)
    return Request(command, tuple(words[1:]), flags, given)


def _command(words: Sequence[str]) -> Command | None:
    if not words:
        return None
    if words[0] not in COMMANDS:
        raise UsageError(f"unknown command {words[0]!r}", nearest(words[0], COMMANDS))
    return COMMANDS[words[0]]


def _check(command: Command | None, words: Sequence[str], flags: Iterable[str]) -> None:
    """That the words and flags are those the command takes."""
    for name in flags:
        if command is None or name not in command.flags:
            takers = [one.name for one in COMMANDS.values() if name in one.flags]
            raise UsageError(
                f"{FLAGS[name].flag} does not go with vtui{f' {command.name}' if command else ''}",
                f"it goes with: {', '.join(takers)}",
            )
    if command is None:
        return
    wanted = [one for one in command.arguments if not one.optional]
    if len(words) < len(wanted):
        missing = wanted[len(words)]
        choice = f": {' '.join(missing.values)}" if missing.values else ""
        raise UsageError(f"vtui {command.name} needs a {missing.name}{choice}", command.synopsis)
    for word, argument in zip(words, wanted, strict=False):
        if argument.values and word not in argument.values:
            raise UsageError(f"unknown {argument.name} {word!r}", nearest(word, argument.values))
    if len(words) > len(wanted) and wanted == list(command.arguments):
        raise UsageError(f"one word too many: {words[len(wanted)]!r}", command.synopsis)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known word, or all of them when none is near."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else f"one of: {', '.join(words)}"


# ------------------------------------------------------------------ reading


@dataclass(frozen=True, slots=True)
class Listing:
    """One kind, read once: `own` are the backends that know of it."""

    view: View
    host: Host
    own: list[BackendStatus]


def _read(config: Config, view: View, also: Sequence[str], *, closely: bool) -> Listing:
    """Read what knows of a kind, and `also` these.

    Warns on stderr of what is missing; raises HostError when nothing that knows of the kind is ready.
    """

    def look(host: Host) -> dict[str, Need]:
        need = Need(visible=frozenset(item.ref for item in view.items(host)))
        return {one.name: need for one in _own(view, statuses(host)) if one.state == "ready"}

    monitor = Monitor(sources.backends(config, (*view.backends, *also)))
    host = asyncio.run(monitor.once(look if closely and view.kind in CLOSELY else None))
    found = statuses(host)
    own = _own(view, found)
    if not own:
        names = " and ".join(view.backends)
        raise HostError(f"no {view.plural}: {names} left out by the settings", "see: vtui status")
    if all(one.state != "ready" for one in own):
        reasons = "; ".join(f"{one.name}: {one.reason}" for one in own)
        hints = " or ".join(dict.fromkeys(one.hint for one in own if one.hint))
        raise HostError(f"no {view.plural}: {reasons}", hints)
    _warn([one for one in found if one in own or one.state == "failed"])
    return Listing(view, host, own)


def _own(view: View, found: Iterable[BackendStatus]) -> list[BackendStatus]:
    return [one for one in found if any(sources.is_of(one.name, word) for word in view.backends)]


def _warn(found: Iterable[BackendStatus]) -> None:
    for one in found:
        text = one.detail if one.state == "ready" else f"{one.state}: {one.reason}"
        if text:
            print(f"vtui: warning: {one.name}: {clean(text)}", file=sys.stderr)


# ------------------------------------------------------------------ the commands


def run(config: Config, request: Request) -> str:
    """What to print for a command. Raises VtuiError."""
    assert request.command
    return "\n".join(_RUN[request.command.name](config, request))


def _status(config: Config, request: Request) -> list[str]:
    host = asyncio.run(Monitor(sources.backends(config)).once())
    found = statuses(host)
    if "json" in request.flags:
        return [jsonform.dump(jsonform.status(host, found))]
    return texttable.stacked(summary(found), terminal_width())


def _list(config: Config, request: Request) -> list[str]:
    view = VIEWS[request.words[0]]
    columns = [one for one in view.columns if one.title and not one.live]
    column = _sort_column(columns, request.flags.get("sort"))
    as_json = "json" in request.flags
    listing = _read(config, view, () if as_json else CLAIMANTS.get(view.kind, ()), closely=as_json)
    host = listing.host
    words = [word.lower() for word in request.words[1:]]
    items = [
        item for item in view.items(host) if all(word in view.words(item).lower() for word in words)
    ]
    items.sort(key=lambda item: columns[0].sort_key(item, host))
    if column is not columns[0]:
        # Python's sort keeps the order of equals, also when it is turned round.
        items.sort(key=lambda item: column.sort_key(item, host), reverse=column.right)
    if as_json:
        return [jsonform.dump(jsonform.listing(view, items, host, listing.own))]
    return texttable.table(columns, items, host, terminal_width())


def _sort_column(columns: Sequence[Column[Any]], wanted: object) -> Column[Any]:
    if wanted is None:
        return columns[0]
    for column in columns:
        if wanted in (column.id, column.title.lower()):
            return column
    raise UsageError(f"no column {wanted!r}", nearest(str(wanted), [one.id for one in columns]))


def _show(config: Config, request: Request) -> list[str]:
    (ref,) = request.words
    kind, _ = parse(ref)
    view = next(view for view in VIEWS.values() if view.kind == kind)
    as_json = "json" in request.flags
    also = () if as_json else CONCERNED.get(kind, ())
    host = _read(config, view, also, closely=True).host
    item = find(host, ref)
    if as_json:
        return [jsonform.dump(jsonform.thing(item, host))]
    pairs = [("name", name_of(item)), *view.detail(item, host)]
    return texttable.fields([pair for pair in pairs if pair[1] not in ("", NOTHING)])


def _completion(_config: Config, request: Request) -> list[str]:
    from vtui.completion import script

    return [script(request.words[0]).rstrip("\n")]


_RUN: dict[str, Callable[[Config, Request], list[str]]] = {
    "status": _status,
    "list": _list,
    "show": _show,
    "completion": _completion,
}
assert _RUN.keys() == COMMANDS.keys()

CLAIMANTS = {"irq": ("irqbalance",), "cpu": ("libvirt", "docker", "lxc")}
"""Backends a kind's table looks at besides its own."""

CONCERNED = CLAIMANTS | {"cpu": (*CLAIMANTS["cpu"], "irq")}
"""Those its details look at."""

CLOSELY = ("container",)
"""Kinds some of whose fields are read only for things that are looked at."""


def terminal_width() -> int | None:
    """Columns of the terminal on stdout, 80 when it does not say; None when there is no terminal."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else None
