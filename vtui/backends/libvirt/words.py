"""virsh's words for libvirt's numbers.

The numbers are the enums virDomainState and virDomain*Reason of libvirt-domain.h, the words those
of `virsh domstate --reason`, so that what is read here can be looked up in any libvirt manual.
"""

from __future__ import annotations

STATES = (
    "no state",
    "running",
    "idle",
    "paused",
    "in shutdown",
    "shut off",
    "crashed",
    "pmsuspended",
)
"""By virDomainState."""

REASONS = (
    ("unknown",),
    (
        "unknown",
        "booted",
        "migrated",
        "restored",
        "from snapshot",
        "unpaused",
        "migration canceled",
        "save canceled",
        "event wakeup",
        "crashed",
        "post-copy",
        "post-copy failed",
    ),
    ("unknown",),
    (
        "unknown",
        "user",
        "migrating",
        "saving",
        "dumping",
        "I/O error",
        "watchdog",
        "from snapshot",
        "shutting down",
        "creating snapshot",
        "crashed",
        "starting up",
        "post-copy",
        "post-copy failed",
        "api error",
    ),
    ("unknown", "user"),
    (
        "unknown",
        "shutdown",
        "destroyed",
        "crashed",
        "migrated",
        "saved",
        "failed",
        "from snapshot",
        "daemon",
    ),
    ("unknown", "panicked"),
    ("unknown",),
)
"""By virDomainState, then by the reason's number."""


def words(state: int, reason: int | None) -> tuple[str, str]:
    """State and reason in words; a number newer than these tables reads as virsh would say it.

    A reason of None is one that was not asked for: the empty string.
    """
    if not 0 <= state < len(STATES):
        return STATES[0], "" if reason is None else "unknown"
    if reason is None:
        return STATES[state], ""
    known = REASONS[state]
    return STATES[state], known[reason] if 0 <= reason < len(known) else "unknown"
