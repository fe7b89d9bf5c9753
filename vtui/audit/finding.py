"""One thing that is wrong."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from vtui.model import Ref


class Severity(enum.IntEnum):
    """How much it matters: a service is down, or something is not as it was asked for."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is a stable id; `text` gives the evidence in numbers, on one line."""

    rule: str
    severity: Severity
    text: str
    ref: Ref | None = None
    hint: str = ""
