"""Debian packages as files: downloaded and unpacked, never installed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.process import Runner

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def fetch(run: Runner, packages: Sequence[str], into: Path, apt: Sequence[str] = ()) -> None:
    """Downloads `packages` and unpacks them all into the folder `into`."""
    debs = into / ".debs"
    debs.mkdir(parents=True, exist_ok=True)
    run("apt-get", "-q", *apt, "download", *packages, cwd=debs, timeout=300)
    for deb in sorted(debs.glob("*.deb")):
        run("dpkg", "-x", deb, into, timeout=120)
        deb.unlink()
    debs.rmdir()


def dependency(run: Runner, package: str, pattern: str, apt: Sequence[str] = ()) -> str:
    """The first dependency of a meta package whose name matches `pattern`."""
    for line in run("apt-cache", *apt, "depends", package).splitlines():
        name = line.removeprefix("  Depends: ")
        if name != line and re.fullmatch(pattern, name):
            return name
    raise LabError(f"{package} depends on nothing like {pattern}")


def private_lists(run: Runner, state: Path, suite: str | None = None) -> list[str]:
    """apt options with package lists of their own, fresh; the machine's stay as they are.

    With `suite`, that suite of Debian is the only source; else the machine's own sources.
    """
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    options = [f"-oDir::State::lists={state}/lists", f"-oDir::Cache={state}/cache"]
    options.append("-oAcquire::Check-Valid-Until=false")
    if suite:
        options.append("-oAPT::Update::Error-Mode=any")
        sources = state / "sources.list"
        sources.write_text(f"deb [signed-by={_KEYRING}] {_mirror(run)} {suite} main\n")
        (state / "status").touch()
        options += [f"-oDir::Etc::sourcelist={sources}", "-oDir::Etc::sourceparts=/dev/null"]
        options += [f"-oDir::State::status={state}/status", "-oAPT::Default-Release="]
    run("apt-get", "-q", *options, "update", timeout=180)
    return options


def _mirror(run: Runner) -> str:
    """The archive the machine itself takes Debian from."""
    told = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    mirrors = [line for line in told.split() if "security" not in line]
    if not mirrors:
        raise LabError("apt knows no Debian archive", "apt-get update")
    return mirrors[0]


def usable_lists(run: Runner, state: Path, package: str) -> list[str]:
    """apt options under which `package` is known: the machine's lists, or fresh ones."""
    with suppress(LabError):
        if run("apt-cache", "--names-only", "show", package):
            return []
    return private_lists(run, state)
