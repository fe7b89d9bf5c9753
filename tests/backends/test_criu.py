"""A real CRIU."""

from __future__ import annotations

from tests.lab import Lab
from vtui.backends.criu import CriuCheck
from vtui.monitor import Need


async def test_the_real_program_tells_version_and_verdict(lab: Lab) -> None:
    seen = await CriuCheck(str(lab.criu)).read(Need())
    assert seen.path == str(lab.criu)
    assert seen.version[0].isdigit()
    assert (seen.able, seen.detail) == (True, "Looks good.")
