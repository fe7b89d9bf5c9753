"""Settings: /etc/vtui/config.toml, then the user's file, then the environment, then flags.

One table, OPTIONS, names every setting; the TOML keys, the VTUI_* variables, the command-line flags, the man
page and the shell completion come from it.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vtui.errors import UsageError
from vtui.keys import KEYS

SYSTEM_FILE = Path("/etc/vtui/config.toml")

THEMES = ("dark", "light", "16", "mono")


@dataclass(frozen=True, slots=True)
class Config:
    """What vtui was told, all sources taken together."""

    libvirt: tuple[str, ...] = ("qemu:///system",)
    docker: str = "unix:///var/run/docker.sock"
    ovsdb: str = "unix:/run/openvswitch/db.sock"
    lxc_path: str = "/var/lib/lxc"
    irqbalance: str = "/run/irqbalance"
    criu: str = "criu"
    root: Path = Path("/")
    interval: float = 0.9
    """Seconds; see monitor.TICK. More lengthens the backends' own, less changes nothing."""
    theme: str = ""
    """Empty: chosen from what the terminal can do."""
    ascii: bool = False
    read_only: bool = False
    log: str = ""
    demo: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    """Key bindings by the id shown in docs/keys.md, e.g. {"filter": "f"}."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting; `metavar` is empty for a switch, `many` lets it be given several times."""

    name: str
    metavar: str
    help: str
    parse: Callable[[str], object] = str
    many: bool = False
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """As on the command line: --lxc-path."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """As in the environment: VTUI_LXC_PATH."""
        return "VTUI_" + self.name.upper()


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        value = float(text)
        if 0.2 <= value <= 3600:
            return value
    raise ValueError("0.2 to 3600 seconds")


OPTIONS = (
    Option("libvirt", "URI", "libvirt connection (may be given several times)", many=True),
    Option("docker", "HOST", "Docker engine, as in DOCKER_HOST"),
    Option("ovsdb", "REMOTE", "Open vSwitch database, e.g. unix:/run/openvswitch/db.sock"),
    Option("lxc_path", "DIR", "directory of the native LXC containers"),
    Option("irqbalance", "DIR", "directory of irqbalance's socket"),
    Option("criu", "PROGRAM", "the CRIU program"),
    Option("root", "DIR", "read /proc and /sys below this directory", parse=Path),
    Option("interval", "SECONDS", "time between two refreshes", parse=_seconds),
    Option("theme", "NAME", "colours: dark, light, 16 or mono", choices=THEMES),
    Option("ascii", "", "draw with ASCII characters only"),
    Option("read_only", "", "refuse every action"),
    Option("log", "FILE", "write vtui's own log to this file"),
    Option("demo", "", "a simulated host: needs no root and no daemon"),
)

_BY_NAME = {option.name: option for option in OPTIONS}


def load(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str] = os.environ,
    files: tuple[Path, ...] | None = None,
) -> Config:
    """The configuration in force. `flags` holds only what was given on the command line.

    Raises UsageError for an unreadable file, an unknown key (naming the nearest known one) or a value that
    does not fit.
    """
    config = Config()
    for path in files if files is not None else (SYSTEM_FILE, user_file(environ)):
        config = _merge(config, _read(path), str(path))
    config = _merge(config, _from_environment(environ), "the environment")
    return _merge(config, flags, "the command line")


def user_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's own file, by the XDG base directory specification."""
    base = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME") or "/root") / ".config")
    return Path(base) / "vtui" / "config.toml"


def _read(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", "mend its permissions or remove it"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{path} is not TOML: {error}", "see docs/cli.md for an example"
        ) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, text in environ.items():
        if not name.startswith("VTUI_") or not text:
            continue
        key = name.removeprefix("VTUI_").lower()
        option = _BY_NAME.get(key)
        if option is None:
            continue  # a lab or a wrapper may keep variables of its own beside ours
        if not option.metavar:
            found[key] = text.lower() not in ("0", "no", "false", "off")
        else:
            found[key] = text.split() if option.many else text
    return found


def _merge(config: Config, given: Mapping[str, object], where: str) -> Config:
    changes: dict[str, object] = {}
    for key, value in given.items():
        if key == "keys":
            changes["keys"] = {**config.keys, **_keys(value, where)}
            continue
        option = _BY_NAME.get(key)
        if option is None:
            raise UsageError(f"unknown setting {key!r} in {where}", _nearest(key))
        changes[key] = _value(option, value, where)
    return replace(config, **changes)  # type: ignore[arg-type] # each was checked by _value


def _value(option: Option, value: object, where: str) -> object:
    def wrong(wanted: str) -> UsageError:
        return UsageError(f"{option.name} in {where} must be {wanted}", f"got {str(value)[:60]!r}")

    if not option.metavar:
        if not isinstance(value, bool):
            raise wrong("true or false")
        return value
    if option.many:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, (list, tuple)) or not all(isinstance(one, str) for one in values):
            raise wrong("a list of strings")
        return tuple(values)
    if option.choices:
        if str(value) not in option.choices:  # TOML's 16 is the number
            raise wrong("one of " + ", ".join(option.choices))
    elif option.parse is str and not isinstance(value, str):
        raise wrong("a string")
    elif isinstance(value, bool) or not isinstance(value, (str, int, float, Path)):
        raise wrong(f"a {option.metavar.lower()}")
    try:
        return option.parse(str(value))
    except ValueError as error:
        raise wrong(str(error)) from error


def _keys(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value.values()):
        raise UsageError(f"[keys] in {where} must be a table of strings", 'e.g. filter = "f"')
    known = [key.id for key in KEYS]
    for name in value:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise UsageError(f"unknown key id {name!r} in {where}", f"did you mean {close!r}?")
    return value


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, [*_BY_NAME, "keys"], n=1, cutoff=0.0)
    return f"did you mean {close[0]!r}?" if close else ""
