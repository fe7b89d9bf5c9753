"""libvirt's numbers and virsh's words for them."""

from __future__ import annotations

import libvirt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.libvirt.words import REASONS, STATES, words

# The state a family of reason constants belongs to, VIR_DOMAIN_<family>_<reason>.
FAMILIES = {
    "NOSTATE": libvirt.VIR_DOMAIN_NOSTATE,
    "RUNNING": libvirt.VIR_DOMAIN_RUNNING,
    "BLOCKED": libvirt.VIR_DOMAIN_BLOCKED,
    "PAUSED": libvirt.VIR_DOMAIN_PAUSED,
    "SHUTDOWN": libvirt.VIR_DOMAIN_SHUTDOWN,
    "SHUTOFF": libvirt.VIR_DOMAIN_SHUTOFF,
    "CRASHED": libvirt.VIR_DOMAIN_CRASHED,
    "PMSUSPENDED": libvirt.VIR_DOMAIN_PMSUSPENDED,
}
# The flags of virDomainShutdownFlags, named as if they were reasons.
SHUTDOWN_FLAGS = {
    f"VIR_DOMAIN_SHUTDOWN_{flag}"
    for flag in ("DEFAULT", "ACPI_POWER_BTN", "GUEST_AGENT", "INITCTL", "SIGNAL", "PARAVIRT")
}
# VIR_DOMAIN_PMSUSPENDED_DISK_UNKNOWN belongs to a state that no libvirt has any more.
REASON_CONSTANTS = [
    (state, name, number)
    for family, state in FAMILIES.items()
    for name, number in vars(libvirt).items()
    if name.startswith(f"VIR_DOMAIN_{family}_")
    and "_DISK_" not in name
    and name not in SHUTDOWN_FLAGS
]


def test_the_library_names_as_many_reasons_as_this_test_expects_at_least():
    assert len(REASON_CONSTANTS) >= 40


@pytest.mark.parametrize("number", FAMILIES.values(), ids=FAMILIES.keys())
def test_every_state_of_the_installed_library_has_a_word(number):
    assert 0 <= number < len(STATES)


@pytest.mark.parametrize(
    ("state", "name", "number"), REASON_CONSTANTS, ids=[name for _, name, _ in REASON_CONSTANTS]
)
def test_every_reason_of_the_installed_library_has_a_word(state, name, number):
    assert 0 <= number < len(REASONS[state])
    assert (words(state, number)[1] == "unknown") == name.endswith("_UNKNOWN")


@pytest.mark.parametrize(
    ("constants", "said"),
    [
        (("NOSTATE", "NOSTATE_UNKNOWN"), ("no state", "unknown")),
        (("RUNNING", "RUNNING_BOOTED"), ("running", "booted")),
        (("RUNNING", "RUNNING_MIGRATED"), ("running", "migrated")),
        (("RUNNING", "RUNNING_UNPAUSED"), ("running", "unpaused")),
        (("RUNNING", "RUNNING_MIGRATION_CANCELED"), ("running", "migration canceled")),
        (("RUNNING", "RUNNING_WAKEUP"), ("running", "event wakeup")),
        (("BLOCKED", "BLOCKED_UNKNOWN"), ("idle", "unknown")),
        (("PAUSED", "PAUSED_USER"), ("paused", "user")),
        (("PAUSED", "PAUSED_IOERROR"), ("paused", "I/O error")),
        (("PAUSED", "PAUSED_SNAPSHOT"), ("paused", "creating snapshot")),
        (("PAUSED", "PAUSED_POSTCOPY_FAILED"), ("paused", "post-copy failed")),
        (("SHUTDOWN", "SHUTDOWN_USER"), ("in shutdown", "user")),
        (("SHUTOFF", "SHUTOFF_DESTROYED"), ("shut off", "destroyed")),
        (("SHUTOFF", "SHUTOFF_FAILED"), ("shut off", "failed")),
        (("SHUTOFF", "SHUTOFF_DAEMON"), ("shut off", "daemon")),
        (("CRASHED", "CRASHED_PANICKED"), ("crashed", "panicked")),
        (("PMSUSPENDED", "PMSUSPENDED_UNKNOWN"), ("pmsuspended", "unknown")),
    ],
)
def test_the_words_are_those_of_virsh(constants, said):
    state, reason = (getattr(libvirt, f"VIR_DOMAIN_{name}") for name in constants)
    assert words(state, reason) == said


def test_a_reason_that_was_not_asked_for_is_empty():
    assert words(libvirt.VIR_DOMAIN_RUNNING, None) == ("running", "")


@given(st.integers(), st.none() | st.integers())
def test_numbers_of_a_libvirt_to_come_still_read_as_words(state, reason):
    said_state, said_reason = words(state, reason)
    assert said_state in STATES
    assert (said_reason == "") == (reason is None)
