"""vtui over the simulated host with its clock stopped: what changes on screen, a key has changed."""

from __future__ import annotations

import sys

from vtui import demo
from vtui.app import VtuiApp
from vtui.config import load

if __name__ == "__main__":
    config = load({"demo": True}, files=())
    backends = demo.backends(config, clock=lambda: 1000.0, now=lambda: 1.7e9)
    sys.exit(VtuiApp(config, backends).run() or 0)
