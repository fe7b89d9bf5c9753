"""The one lab that all tests of a session share.

Two sessions at once need two names (VTUI_LAB_NAME); VTUI_LAB_PARTS="irqbalance criu" starts these alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """All real daemons, started once; leave them as you found them."""
    if os.geteuid() != 0:
        pytest.skip("missing capability: root")
    lab = Lab(os.environ.get("VTUI_LAB_NAME", "test"))
    with lab.running(os.environ.get("VTUI_LAB_PARTS", "").split() or None):
        yield lab


CAPABILITIES_CI_LACKS: frozenset[str] = frozenset()
"""Reasons for which a test may be skipped in CI; any other skip there is a failure."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, fail when a test that can run there was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or reporter is None:
        return
    for report in reporter.stats.get("skipped", ()):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in CAPABILITIES_CI_LACKS:
            reporter.write_line(f"skipped in CI: {report.nodeid}: {reason}", red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
