"""The one error the lab raises on purpose."""

from __future__ import annotations


class LabError(Exception):
    """Something the lab needs is missing or did not come up; `hint` says what would help."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message
