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
