"""vtui itself on a terminal: what it costs, counted in bytes, and that it shows what Textual would."""

from __future__ import annotations

import re

import pytest

from tests.emulator import Emulator
from tests.terminal_session import Session, session
from vtui.terminal.capabilities import ALL, Capabilities, Depth

APP = "tests.fixed_app"
READY = "running 1 paused"

LENIENT = Capabilities(depth=Depth.TRUE, attributes=ALL, attribute_off=True, bce=True, rich=True)

UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9]*\$p")
