"""The part of Textual's App that hands updates to the screen."""

from __future__ import annotations

import os

from rich.console import RenderableType
from textual import constants
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.driver import Driver
from textual.screen import Screen

from vtui.terminal.capabilities import Depth, capabilities
from vtui.terminal.driver import TerminalDriver
from vtui.terminal.line import is_serial


class TerminalApp(App[ReturnType]):
    """An App on our own driver; VTUI_PLAIN_DRIVER=1 in the environment goes back to Textual's."""

    def get_driver_class(self) -> type[Driver]:
        """Our driver, unless Textual's environment or ours asks for another."""
        if os.environ.get("VTUI_PLAIN_DRIVER") == "1" or constants.DRIVER:
            return super().get_driver_class()
        return TerminalDriver

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Hand an update over as cells, before it is made a string."""
        driver = self._driver
        if not isinstance(driver, TerminalDriver) or renderable is None:
            super()._display(screen, renderable)
            return
        if self._running and not self._closed and not self._batch_count:
            assert isinstance(renderable, LayoutUpdate | ChopsUpdate)
            driver.show(renderable)
        self.post_display_hook()

    @property
    def depth(self) -> Depth:
        """How many colours the terminal shows, a slow line considered."""
        return capabilities(os.environ, slow=is_serial(0)).depth

    def action_repaint(self) -> None:
        """Write the whole screen again: a message of the kernel stands in it."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.repaint()
