"""Writes what is generated from the tables: `python -m vtui.docs`, from the source tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from vtui import completion, manpage, reference

ROOT = Path(__file__).parent.parent

PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": reference.cli_page,
    "docs/keys.md": reference.keys_page,
    "docs/man/vtui.1": manpage.page,
    **{path: partial(completion.script, shell) for path, shell in completion.FILES.items()},
}
"""What makes each file, by its path in the source tree."""


def main() -> None:
    """Write every file that differs, and say which."""
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(name)


if __name__ == "__main__":
    main()
