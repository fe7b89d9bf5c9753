"""Counters to rates, and the last minute of each rate for sparklines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from vtui.model import (
    Containers,
    Cpus,
    Domains,
    Host,
    Interrupts,
    Links,
    OpenVSwitch,
    Ref,
)
from vtui.reading import Failed, Ready

TREND = 60
"""Samples kept per thing: one a refresh, so about a minute."""

SCALE = {"cpu": 1e-9, "busy": 1e-9}
"""ns of CPU time per second become CPUs."""

MAIN = ("cpu", "busy", "rx", "irq")
"""The first of these that a thing has is what its trend shows; traffic is both directions."""


class Counting(Protocol):
    """Something with counters."""

    @property
    def ref(self) -> Ref: ...

    def counters(self) -> dict[str, int]: ...


@dataclass(slots=True)
class _Sample:
    at: float
    counters: Mapping[Ref, dict[str, int]]
    rates: dict[Ref, dict[str, float]]
    lines: Mapping[Ref, tuple[int, ...]]
    line_rates: dict[Ref, tuple[float, ...]]
    columns: tuple[int, ...]


class History:
    """Remembers the last sample of each reading and completes a Host with rates and trends."""

    def __init__(self) -> None:
        self._samples: dict[str, _Sample] = {}
        self._trends: dict[Ref, tuple[float, ...]] = {}

    def complete(self, host: Host) -> Host:
        """The same host with `rates`, `irq_rates` and `trends`.

        A reading that is stale or was seen already keeps the rates it had; a counter that went back
        (a restart) has no rate until the next sample.
        """
        self._trends = dict(self._trends)  # the last one belongs to the Host it went into
        for name in self._samples.keys() - host.readings.keys():
            del self._samples[name]
        for name, reading in host.readings.items():
            if isinstance(reading, Ready):
                self._sample(name, reading)
            elif not isinstance(reading, Failed):
                self._samples.pop(name, None)
        rates: dict[Ref, Mapping[str, float]] = {}
        lines: dict[Ref, tuple[float, ...]] = {}
        for sample in self._samples.values():
            rates.update(sample.rates)
            lines.update(sample.line_rates)
        self._trends = {ref: trend for ref, trend in self._trends.items() if ref in rates}
        return replace(host, rates=rates, irq_rates=lines, trends=self._trends)

    def _sample(self, name: str, reading: Ready[object]) -> None:
        before = self._samples.get(name)
        at = _counted_at(reading)
        if at is None or (before and at <= before.at):
            return
        counters = {item.ref: item.counters() for item in _counting(reading.value)}
        sample = _Sample(at, counters, {}, {}, {}, ())
        if isinstance(reading.value, Interrupts):
            sample.columns = reading.value.columns
            sample.lines = {irq.ref: irq.counts for irq in reading.value.irqs}
        self._samples[name] = sample
        if before is None:
            return
        seconds = at - before.at
        for ref, now in counters.items():
            if ref in before.counters:
                sample.rates[ref] = _rates(before.counters[ref], now, seconds)
        if sample.columns == before.columns:
            _line_rates(before, sample, seconds)
        for ref, rates in sample.rates.items():
            self._extend(ref, rates)

    def _extend(self, ref: Ref, rates: Mapping[str, float]) -> None:
        for name in MAIN:
            if name in rates:
                value = rates[name] + (rates.get("tx", 0.0) if name == "rx" else 0.0)
                kept = self._trends.get(ref, ())
                if value or kept:
                    self._trends[ref] = (*kept[1 - TREND :], value)
                return


def _counted_at(reading: Ready[object]) -> float | None:
    value = reading.value
    if isinstance(value, OpenVSwitch) and value.counted_at is not None:
        return value.counted_at or None
    return reading.at


def _rates(before: dict[str, int], now: dict[str, int], seconds: float) -> dict[str, float]:
    return {
        name: (value - before[name]) * SCALE.get(name, 1.0) / seconds
        for name, value in now.items()
        if name in before and value >= before[name]
    }


def _line_rates(before: _Sample, sample: _Sample, seconds: float) -> None:
    for ref, counts in sample.lines.items():
        was = before.lines.get(ref)
        if not was or len(was) != len(counts):
            continue
        if was is counts:
            sample.rates[ref] = _SILENT
            continue
        rates = tuple(
            (now - then) / seconds if now > then else 0.0
            for then, now in zip(was, counts, strict=True)
        )
        sample.rates[ref] = {"irq": sum(rates)}
        if any(rates):
            sample.line_rates[ref] = rates


_SILENT = {"irq": 0.0}


def _counting(value: object) -> Iterable[Counting]:
    match value:
        case Domains(domains=items) | Containers(containers=items) | Cpus(cpus=items):
            return items
        case OpenVSwitch(ports=items):
            return items
        case Links(links=links, ports=ports):
            return (*links, *ports)
        case _:
            return ()
