"""Between Textual and the tty stands a screen of cells: only what differs is written, in the cheapest
sequences the terminal has, and never faster than the line takes it.

    update -> cells (what is wanted) -> painter (what is shown, what differs) -> output -> line -> tty
    tty -> line -> keyboard -> driver -> Textual
"""

from vtui.terminal.app import TerminalApp
from vtui.terminal.capabilities import Capabilities, Depth, capabilities
from vtui.terminal.driver import TerminalDriver

__all__ = ["Capabilities", "Depth", "TerminalApp", "TerminalDriver", "capabilities"]
