"""What every part of the lab has in common."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from tests.lab.errors import LabError
from tests.lab.process import Daemons, Runner
from tests.lab.site import Site

LAST_CPU = max(os.sched_getaffinity(0))
"""Where guests and containers that want a CPU of their own get pinned."""


@dataclass(frozen=True, slots=True)
class Context:
    """The things parts share."""

    site: Site
    daemons: Daemons
    run: Runner


class Part:
    """One piece of the lab. A part that fails to start costs only itself."""

    name: ClassVar[str]
    after: ClassVar[tuple[str, ...]] = ()
    """Parts that must have been tried before this one starts."""

    def __init__(self, context: Context) -> None:
        self.site = context.site
        self.daemons = context.daemons
        self.run = context.run

    def start(self) -> None:
        """Brings the part up, ready to answer."""
        raise NotImplementedError

    def env(self) -> dict[str, str]:
        """Variables that point vtui to this part."""
        return {}

    def endpoint(self) -> str:
        """Where it answers, for `status`."""
        return next(iter(self.env().values()), "")

    def restart(self, daemon: str) -> None:
        """Starts `daemon`, one of this part's that was ended, once more."""
        raise LabError(f"{daemon} cannot be restarted")
