"""REF as people type it (`domain:NAME`, `irq:24`) to the thing it names."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from vtui.errors import NotFound, UsageError
from vtui.model import KINDS, Bridge, Container, Cpu, Domain, Host, Irq, Link, Port

Thing: TypeAlias = Domain | Container | Bridge | Port | Link | Irq | Cpu

LISTS: dict[str, Callable[[Host], Sequence[Thing]]] = {
    "domain": lambda host: host.domains,
    "container": lambda host: host.containers,
    "bridge": lambda host: host.bridges,
    "port": lambda host: host.ports,
    "link": lambda host: host.links,
    "irq": lambda host: host.irqs,
    "cpu": lambda host: host.cpus,
}
assert tuple(LISTS) == KINDS

MIN_PREFIX = 4
"""Characters of a Docker id or UUID that may stand for the whole."""


def name_of(thing: Thing) -> str:
    """What people call it: its name, an IRQ's label, a CPU's number."""
    match thing:
        case Irq():
            return thing.label
        case Cpu():
            return str(thing.number)
        case _:
            return thing.name


def parse(text: str) -> tuple[str, str]:
    """Kind and name of a REF; UsageError when it is not one."""
    kind, colon, name = text.partition(":")
    if not colon or not name:
        raise UsageError(f"not a REF: {text!r}", "KIND:NAME, e.g. domain:web or irq:24")
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, KINDS, n=1, cutoff=0.0)[0]
        raise UsageError(f"unknown kind {kind!r} in {text!r}", f"did you mean {close}:{name}?")
    return kind, name


def find(host: Host, text: str) -> Thing:
    """The one thing a REF names: by id, name, `SOURCE/` and either, else an id's unique beginning.

    Raises UsageError for a malformed REF, NotFound when nothing or more than one thing answers to it: of two
    things that share a name, neither is taken for the other.
    """
    kind, name = parse(text)
    things = LISTS[kind](host)
    for candidates in (
        [thing for thing in things if name in answers(thing)],
        [thing for thing in things if len(name) >= MIN_PREFIX and thing.ref.id.startswith(name)],
    ):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            refs = ", ".join(f"{kind}:{_unique(one, things)}" for one in candidates[:3])
            raise NotFound(f"{text} names {len(candidates)} things", f"say which: {refs}")
    names = [name_of(thing) for thing in things]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    hint = f"did you mean {kind}:{close[0]}?" if close else f"see: vtui list {kind}s"
    raise NotFound(f"no {kind} {name!r} on this host", hint)


def answers(thing: Thing) -> tuple[str, ...]:
    """All a REF may call it, the shortest first."""
    name, ref = name_of(thing), thing.ref
    return (name, ref.id, f"{ref.source}/{name}", f"{ref.source}/{ref.id}")


def _unique(thing: Thing, things: Sequence[Thing]) -> str:
    """What it answers to and no other does; its id when there is no such word."""
    others = {word for other in things if other is not thing for word in answers(other)}
    return next((word for word in answers(thing) if word not in others), thing.ref.id)
