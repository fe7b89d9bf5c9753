"""What changed between two lists of things that carry a Ref."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from vtui.model import Ref


class HasRef(Protocol):
    """Anything a Ref can name."""

    @property
    def ref(self) -> Ref: ...


T = TypeVar("T", bound=HasRef)


@dataclass(frozen=True, slots=True)
class Delta(Generic[T]):
    """The difference; `changed` holds (old, new) pairs. All in the order of the newer list."""

    added: tuple[T, ...]
    changed: tuple[tuple[T, T], ...]
    removed: tuple[T, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def diff(old: Iterable[T], new: Iterable[T]) -> Delta[T]:
    """Compare by Ref for identity and by value for change."""
    before = {item.ref: item for item in old}
    added, changed = [], []
    for item in new:
        was = before.pop(item.ref, None)
        if was is None:
            added.append(item)
        elif was is not item and was != item:
            changed.append((was, item))
    return Delta(tuple(added), tuple(changed), tuple(before.values()))
