"""How much may be handed to a serial line now, and when to look again.

What the driver's queue holds can't be taken back, so it is kept short: a key pressed now shows its effect as
soon as that is sent. The speed that termios tells is a guess (USB gadgets take what they can), so
a queue found empty makes the next portion larger.
"""

from __future__ import annotations

AHEAD = 0.05
"""Seconds of output that may be queued."""

SHORTEST, LONGEST = 0.004, 0.5
"""Seconds between two looks at the queue while something waits."""


class Pace:
    """The pace of one line of `rate` bytes per second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._portion = self._normal = max(64, int(rate * AHEAD))
        self._last = 0
        self._patience = 1.0

    def room(self, queued: int) -> int:
        """Bytes that may be added to the queue; none is not an error."""
        return self._portion - queued

    def delay(self, queued: int) -> float:
        """Seconds until the queue will be half empty; longer each time where nothing moves (XOFF)."""
        self._last = queued
        wait = (queued - self._portion / 2) / self._rate
        return min(LONGEST, max(SHORTEST, min(wait, AHEAD / 2)) * self._patience)

    def look(self, queued: int) -> None:
        """After a delay: a line that has run dry gets more at once, one that stands still is left alone."""
        self._patience = self._patience * 2 if queued and queued == self._last else 1.0
        self._portion = self._normal if queued else min(self._portion * 2, self._normal * 64)
