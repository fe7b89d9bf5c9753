"""When the counters in OVSDB were taken: at ovs-vswitchd's pace, not at that of the reads."""

from __future__ import annotations

SLACK = 1.0
"""Seconds a refresh may be late before it is taken for one that changed nothing."""


class Pace:
    """Follows the refreshes of the statistics.

    ovs-vswitchd counts every `interval` seconds (other_config:stats-update-interval in
    ovs-vswitchd.conf.db(5)) and writes only what has changed: while nothing moves there is no word of it.
    Such silent refreshes are reckoned here, else the last rate would stand for ever.
    """

    def __init__(self) -> None:
        self._counted = 0.0
        self._last: float | None = None
        self._silent = False
        self._known = False
        self._joined = 0.0

    def joined(self, now: float) -> None:
        """The counters were read whole, of an age unknown: nothing is known until the next refresh."""
        self._joined, self._known = now, False

    def refreshed(self, now: float, interval: float) -> None:
        """A refresh was told at `now`, in seconds of a clock that never goes back."""
        if self._last is None:
            self._counted = now
        else:
            passed = now - self._last
            # The reckoned refreshes have drifted from the real ones, which are one interval apart.
            drifted = self._silent and passed <= interval + SLACK
            self._counted += interval if drifted else passed
        self._last, self._silent, self._known = now, False, True

    def counted_at(self, now: float, interval: float) -> float:
        """The time of the newest counters: only differences mean something; 0 while not known."""
        if not self._known:
            if now - self._joined <= interval + SLACK:
                return 0.0
            self.refreshed(self._joined + interval, interval)
            self._silent = True
        missed = self._missed(now, interval)
        if missed:
            self._last = (self._last or 0.0) + missed * interval
            self._counted += missed * interval
            self._silent = True
        return self._counted

    def _missed(self, now: float, interval: float) -> int:
        silence = now - (self._last or now) - SLACK
        return max(0, int(silence // interval))
