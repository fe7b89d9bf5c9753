"""Open vSwitch, read from its database with the library that Open vSwitch itself has for that.

The library, PyPI's `ovs`, keeps a replica of the database and is not safe to use in several threads, so one
thread has it for itself; what it costs is spent there and not in the event loop.
"""

from __future__ import annotations

from vtui.backends.ovs.backend import Ovs

__all__ = ["Ovs"]
