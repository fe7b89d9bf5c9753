"""The one lab that all tests of a session share."""

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
    lab = Lab("test")
    with lab.running():
        yield lab
