"""The lab: private instances of the real daemons vtui talks to, started in seconds."""

from tests.lab.errors import LabError
from tests.lab.lab import Lab

__all__ = ["Lab", "LabError"]
