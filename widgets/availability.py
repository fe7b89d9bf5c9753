"""What a panel says in place of data, or beside data that has gone stale."""

from __future__ import annotations

from collections.abc import Mapping

from vtui.columns import Line, Span, Tone
from vtui.reading import Absent, Failed, Reading, Ready, Waiting

SHORT = {
    "libvirt": "virt",
    "docker": "docker",
    "lxc": "lxc",
    "ovs": "ovs",
    "netlink": "net",
    "irq": "irq",
    "cpus": "cpu",
    "irqbalance": "bal",
    "criu": "criu",
}
"""Names for the header, where nine backends share half a line."""


def mark(reading: Reading[object]) -> Span:
    """One glyph: ready, absent, failed, or not read yet."""
    match reading:
        case Ready():
            return "●", Tone.GOOD
        case Absent():
            return "○", Tone.DIM
        case Failed():
            return "✗", Tone.BAD
        case Waiting():
            return "…", Tone.DIM


def marks(readings: Mapping[str, Reading[object]]) -> Line:
    """A mark per backend, each with its short name."""
    spans: list[Span] = []
    for name, reading in readings.items():
        first, _, rest = name.partition(" ")
        text = f"v:{rest}" if first == "libvirt" and rest else SHORT.get(first, first)
        glyph, tone = mark(reading)
        spans += [(glyph, tone), (text + " ", Tone.DIM if tone is Tone.GOOD else tone)]
    return tuple(spans)


def notices(readings: Mapping[str, Reading[object]], names: tuple[str, ...]) -> list[Line]:
    """A line for each of these backends that is not ready: what is the matter and what to type."""
    return [
        line
        for name, reading in readings.items()
        if name.partition(" ")[0] in names
        for line in notice(name, reading)
    ]


def notice(name: str, reading: Reading[object]) -> list[Line]:
    """Why a backend shows nothing, or stale data, and what to type; nothing when it is ready."""
    match reading:
        case Ready():
            return []
        case Waiting():
            return [((f"{name}: asking ...", Tone.DIM),)]
        case Absent(reason=reason, hint=hint):
            return [((f"○ {name}: {reason}", Tone.DIM), *_hint(hint))]
        case Failed(error=error, hint=hint, last=last):
            stale = " (showing the last known state)" if last is not None else ""
            return [((f"✗ {name}: {error}{stale}", Tone.BAD), *_hint(hint))]


def _hint(hint: str) -> tuple[Span, ...]:
    return (("  → ", Tone.DIM), (hint, Tone.ACCENT)) if hint else ()
