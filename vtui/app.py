"""The Textual application: opens the backends, hands every Host to the screen in front."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from vtui.changes import Event, changes
from vtui.config import THEMES as THEME_NAMES
from vtui.config import Config
from vtui.keys import KEYS, SCREENS, Key
from vtui.looks import THEMES, AsciiFilter, best_theme
from vtui.model import Host, Ref
from vtui.monitor import Backend, Monitor, Need
from vtui.screens.base import HostScreen
from vtui.screens.cpus import CpusScreen
from vtui.screens.help import HelpScreen
from vtui.screens.listing import ListScreen
from vtui.screens.log import LogScreen
from vtui.screens.overview import CONCERNS, OverviewScreen
from vtui.terminal import TerminalApp
from vtui.text import wants_ascii
from vtui.views import CONTAINERS, CPUS, DOMAINS, IRQS
from vtui.views.tree import TREE
from vtui.widgets.bindings import bindings
from vtui.widgets.table import Table

EVENTS = 1000
"""Lines the log keeps."""

SCREEN_OF = {
    "domain": "domains",
    "container": "containers",
    "bridge": "network",
    "port": "network",
    "link": "network",
    "irq": "irqs",
    "cpu": "cpus",
}


class VtuiApp(TerminalApp[int], inherit_bindings=False):
    """The terminal interface over a set of backends."""

    CSS_PATH = "app.tcss"
    TITLE = "vtui"
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")
    COMMAND_PALETTE_BINDING = "colon"
    ESCAPE_TO_MINIMIZE = False
    ENABLE_SELECT_AUTO_SCROLL = False

    def __init__(
        self,
        config: Config,
        backends: Sequence[Backend],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`clock` dates the readings, in seconds; `now` the snapshots, in seconds since the epoch."""
        super().__init__()
        self.config = config
        self.monitor = Monitor(backends, clock=clock, now=now, interval=config.interval)
        self.host = Host()
        self.events: deque[Event] = deque(maxlen=EVENTS)
        self._ascii = AsciiFilter(config.ascii or wants_ascii())
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = f"vtui-{config.theme or best_theme(self.depth)}"
        self.set_keymap(dict(config.keys))

    # -------------------------------------------------------------- life

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ASCII drawing where it is asked for."""
        return [*super().get_line_filters(), *([self._ascii] if self._ascii.enabled else [])]

    def watch_theme(self, theme: str) -> None:
        """Without colours the cursor and what is bad are told by style."""
        self.set_class(theme == "vtui-mono", "-mono")

    def on_mount(self) -> None:
        """Install the screens, show the first, start reading."""
        for number in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.exit, 128 + number)
        for screen in self._screens():
            self.install_screen(screen, name=screen.name or "")
        self.push_screen(SCREENS[0])
        self._watch()

    def _screens(self) -> Iterable[HostScreen]:
        def current() -> Host:
            return self.host

        yield OverviewScreen("overview", current, CONCERNS)
        yield ListScreen("domains", current, DOMAINS, sort="name")
        yield ListScreen("containers", current, CONTAINERS, sort="name")
        yield ListScreen("network", current, TREE)
        yield ListScreen("irqs", current, IRQS)
        yield CpusScreen("cpus", current, CPUS)
        yield LogScreen("log", current, lambda: self.events)

    @work(exit_on_error=True)
    async def _watch(self) -> None:
        await self.monitor.run(self.publish)

    def publish(self, host: Host) -> None:
        """Take a new snapshot: note what changed, show it on the screen in front."""
        old, self.host = self.host, host
        for change in changes(old, host):
            number = self.events[-1].ref.id if self.events else "0"
            ref = Ref("event", str(int(number) + 1))
            self.events.append(Event(ref, host.at, change.text, change.bad, change.thing))
        for screen in reversed(self.screen_stack):
            if isinstance(screen, HostScreen):
                if screen.is_mounted:
                    screen.show(host)
                break

    # -------------------------------------------------------------- what the screens tell

    @on(Table.Viewed)
    def _viewed(self, message: Table.Viewed) -> None:
        self.monitor.want(Need(visible=message.refs))

    @on(OverviewScreen.GoTo)
    def _go_to(self, message: OverviewScreen.GoTo) -> None:
        name = SCREEN_OF[message.ref.kind]
        self.action_show(name)
        screen = self.get_screen(name)
        if isinstance(screen, ListScreen):
            self.call_after_refresh(screen.go_to, message.ref)

    # -------------------------------------------------------------- keys

    def action_show(self, name: str) -> None:
        """Bring a screen to the front."""
        if isinstance(self.screen, HostScreen) and self.screen.name != name:
            self.switch_screen(name)

    def action_step(self, step: int) -> None:
        """The next or previous screen."""
        if self.screen.name in SCREENS:
            index = SCREENS.index(self.screen.name) + step
            self.action_show(SCREENS[index % len(SCREENS)])

    def action_help(self) -> None:
        """Keys and marks."""
        if isinstance(self.screen, HostScreen):
            self.push_screen(HelpScreen())

    def action_reread(self) -> None:
        """Read every backend now."""
        self.monitor.wake()

    def action_leave(self) -> None:
        """End."""
        self.exit(0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a dialog or the filter line is open, only what belongs to it."""
        typing = self.focused is not None and self.focused.id == "filter"
        return not (typing and action in ("show", "step", "help", "command_palette", "reread"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers: every key's command, every order, every theme."""
        places = ("app", "list") if isinstance(screen, ListScreen) else ("app",)
        for key in KEYS:
            if key.where in places and key.id != "palette":
                yield SystemCommand(key.title, key.help, lambda key=key: self._run_key(screen, key))
        if isinstance(screen, ListScreen):
            for column in screen.table.columns:
                if column.title:
                    yield SystemCommand(
                        f"sort by {column.title.lower()}",
                        f"order the {screen.name} by this column",
                        lambda name=column.id: screen.sort_by(name),
                    )
        for name in THEME_NAMES:
            yield SystemCommand(
                f"theme {name}", "change the colours", lambda name=name: self._set_theme(name)
            )

    def _set_theme(self, name: str) -> None:
        self.theme = f"vtui-{name}"

    async def _run_key(self, screen: Screen[object], key: Key) -> None:
        await self.run_action(key.action, self if key.where == "app" else screen)


def run(config: Config) -> int:
    """Run the interface until the user leaves; the exit code."""
    from vtui.sources import backends

    async def main() -> int:
        app = VtuiApp(config, backends(config))
        try:
            return await app.run_async() or app.return_code or 0
        finally:
            await app.monitor.closed()

    return asyncio.run(main())
