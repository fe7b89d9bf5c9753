"""What came of reading a backend: availability is the outcome of a read, not a probe of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Waiting:
    """No read has ended yet."""


@dataclass(frozen=True, slots=True)
class Ready(Generic[T]):
    """The newest read succeeded; `at` is the monotonic clock in seconds when it began."""

    value: T
    at: float


@dataclass(frozen=True, slots=True)
class Absent:
    """The backend is not there; `hint` is the command that would bring it."""

    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Failed(Generic[T]):
    """The backend was there and does not answer.

    `last` is the last good value (None when there never was one) and `since` the monotonic clock
    in seconds of the first failure in a row.
    """

    error: str
    hint: str
    last: T | None
    since: float


Reading: TypeAlias = Waiting | Ready[T] | Absent | Failed[T]


def latest(reading: Reading[T]) -> T | None:
    """The newest value known, be it stale; None when there is none."""
    match reading:
        case Ready(value=value):
            return value
        case Failed(last=last):
            return last
        case _:
            return None
