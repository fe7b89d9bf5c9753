"""The model as JSON: the names scripts rely on. docs/cli.md is made from what stands here.

Every field keeps the name it has in vtui.model. What JSON has no type for:

* a Ref is the string `KIND:ID`, which `vtui show` takes; a thing's own Ref brings its `source` along;
* a set of CPUs is the kernel's list, "0-3,8";
* pairs (labels, options, statistics, ...) are an object;
* an interrupt's `counts` are an object by CPU number, and `total` is their sum.

Not known is null, never zero.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TypeAlias

from vtui import __version__
from vtui.cpuset import format_list
from vtui.find import Thing
from vtui.model import Cpus, Host, Interrupts, Irq, Ref
from vtui.status import BackendStatus, totals
from vtui.views import View

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

PAIRS = frozenset(("external_ids", "labels", "options", "statistics"))
"""Fields that hold pairs: an object, also when empty."""


def dump(document: Json) -> str:
    """One document as text. Escaping all but ASCII keeps hostile text from the terminal."""
    return json.dumps(document, ensure_ascii=True, indent=2)


def thing(item: Thing, host: Host) -> dict[str, Json]:
    """One domain, container, bridge, port, link, irq or cpu."""
    document = encode(item)
    assert isinstance(document, dict)
    if isinstance(item, Irq):
        document["counts"] = _counts(item, host)
        document["total"] = sum(item.counts)
    return document


def listing(view: View, items: Sequence[Thing], host: Host, found: Sequence[BackendStatus]) -> Json:
    """`vtui list`: the things, and what became of the backends that know of them."""
    return {
        view.plural: [thing(item, host) for item in items],
        "backends": [encode(status) for status in found],
    }


def status(host: Host, found: Sequence[BackendStatus]) -> Json:
    """`vtui status`."""
    return {
        "vtui": __version__,
        "at": host.at,
        "host": _machine(host.value(Cpus)),
        "counts": dict(totals(found)),
        "backends": [encode(status) for status in found],
    }


def encode(value: object) -> Json:
    """Any value of the model."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Ref():
            return str(value)
        case frozenset():
            return format_list(value)
        case Mapping():
            return {str(key): encode(one) for key, one in value.items()}
        case tuple() | list():
            return [encode(one) for one in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _object(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _object(value: object) -> dict[str, Json]:
    document: dict[str, Json] = {}
    for name in (field.name for field in fields(value)):  # type: ignore[arg-type] # checked above
        held = getattr(value, name)
        document[name] = encode(dict(held)) if name in PAIRS else encode(held)
        if name == "ref":
            document["source"] = held.source
    return document


def _counts(irq: Irq, host: Host) -> Json:
    interrupts = host.value(Interrupts)
    if interrupts is None or len(irq.counts) != len(interrupts.columns):
        return {}  # a line that has one sum for all CPUs
    return {str(cpu): count for cpu, count in zip(interrupts.columns, irq.counts, strict=True)}


def _machine(cpus: Cpus | None) -> Json:
    if cpus is None:
        return None
    document = _object(cpus)
    del document["cpus"]
    return document | {
        "isolated": format_list(cpus.isolated),
        "housekeeping": format_list(cpus.housekeeping),
    }
