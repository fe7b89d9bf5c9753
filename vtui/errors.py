"""The one error tree. Every error says what happened, what to do, and how a script sees it."""

from __future__ import annotations

from typing import ClassVar


class VtuiError(Exception):
    """Base of all errors vtui raises on purpose.

    `message` is one line without a full stop; `hint` is what to type or look at next, or empty.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(VtuiError):
    """The command line or the configuration asks for something that makes no sense."""

    exit_code = 2


class Refused(VtuiError):
    """vtui itself refused: a precondition does not hold, or it runs read-only."""

    exit_code = 3


class HostError(VtuiError):
    """The host was asked and failed, or the thing asked for is not there."""


class NotFound(HostError):
    """A well-formed REF names nothing on this host."""


class Unavailable(HostError):
    """A backend cannot be read here: not installed, not running, not permitted.

    Raised by a backend's read; the panel then shows `message` and `hint` in place of data.
    """


class NoAnswer(HostError):
    """A deadline passed. The call may still take effect: only a read-back can tell."""
