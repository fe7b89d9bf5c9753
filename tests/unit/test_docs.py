"""What is generated from the tables: up to date, and taken by the programs it is for."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

import pytest

from vtui import reference
from vtui.completion import script
from vtui.config import OPTIONS
from vtui.docs import PAGES, ROOT
from vtui.keys import KEYS
from vtui.manpage import text
from vtui.usage import COMMANDS, EXIT_CODES, SHELLS
from vtui.views import VIEWS


def tool(name: str) -> str:
    """Where a program is; without it the test is skipped, and says so."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"missing capability: {name}")
    return found


def said(*command: str, given: str = "") -> str:
    """What a program prints on stdout and stderr, having ended well."""
    ran = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("name", PAGES)
def test_generated_files_are_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


class TestTheManPage:
    PAGE = PAGES["docs/man/vtui.1"]()

    def test_has_no_mistake_that_groff_knows(self) -> None:
        assert said(tool("groff"), "-ww", "-man", "-Tutf8", "-z", given=self.PAGE) == ""

    def test_has_no_mistake_that_mandoc_knows_but_its_lack_of_a_date(self) -> None:
        ran = subprocess.run(
            [tool("mandoc"), "-Tlint"],
            input=self.PAGE,
            capture_output=True,
            text=True,
            check=False,
        )
        assert [line for line in ran.stdout.splitlines() if "missing date" not in line] == []

    def test_says_all_there_is(self) -> None:
        page = said(tool("groff"), "-man", "-Tascii", "-P-c", "-P-b", "-P-u", given=self.PAGE)
        for option in OPTIONS:
            assert option.flag in page
            assert option.variable in page
        for command in COMMANDS:
            assert f"vtui {command}" in page
        for key in KEYS:
            assert f"[{key.id}]" in page

    @pytest.mark.parametrize(
        ("words", "roff"),
        [
            ("a-b", r"a\-b"),
            (r"C:\dir", r"C:\edir"),
            (".br", r"\&.br"),
            ("'quoted'", r"\(aqquoted\(aq"),
        ],
    )
    def test_takes_every_text_literally(self, words: str, roff: str) -> None:
        assert text(words) == roff


class TestTheReference:
    PAGE = reference.cli_page()

    def test_names_every_exit_code_setting_and_kind(self) -> None:
        assert all(f"| {code} |" in self.PAGE for code, _ in EXIT_CODES)
        assert all(f"`{option.variable}`" in self.PAGE for option in OPTIONS)
        assert all(f"`{plural}`" in self.PAGE for plural in VIEWS)

    @pytest.mark.parametrize(
        ("annotation", "kind"),
        [
            ("int | None", "integer or null"),
            ("CpuSet | None", "CPU list or null"),
            ("tuple[str, ...]", "array of string"),
            ("tuple[Interface, ...]", "array of Interface"),
            ("tuple[tuple[str, int], ...]", "object of integers"),
            ("Pins | None", "object Pins or null"),
        ],
    )
    def test_says_what_a_field_is_in_json(self, annotation: str, kind: str) -> None:
        assert reference.json_type(annotation) == kind

    def test_gives_every_object_it_speaks_of_a_table(self) -> None:
        for name in reference.JSON_KINDS:
            assert f"#### {name}\n" in self.PAGE


SYNTAX = {"bash": ("bash", "-n"), "zsh": ("zsh", "-n"), "fish": ("fish", "--no-execute")}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_script_is_one_its_shell_can_read(shell: str) -> None:
    program, flag = SYNTAX[shell]
    assert said(tool(program), flag, "/dev/stdin", given=script(shell)) == ""


COMPLETED = [
    (["vtui", ""], {"status", "list", "show", "completion"}),
    (["vtui", "l"], {"list"}),
    (["vtui", "list", ""], set(VIEWS)),
    (["vtui", "list", "c"], {"containers", "cpus"}),
    (["vtui", "--json", "list", "d"], {"domains"}),
    (["vtui", "--root", "/", "list", "d"], {"domains"}),
    (["vtui", "show", "d"], {"domain:"}),
    (["vtui", "--theme", ""], {"dark", "light", "16", "mono"}),
    (["vtui", "--rea"], {"--read-only"}),
    (["vtui", "completion", "f"], {"fish"}),
]


def bash(words: Sequence[str]) -> set[str]:
    """What bash offers for the last of these words."""
    line = " ".join(f"'{word}'" for word in words)
    asked = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; compopt() {{ :; }}; _vtui"
    printed = said("bash", "-uc", script("bash") + asked + '; printf "%s\\n" "${COMPREPLY[@]-}"')
    return set(printed.split())


def fish(words: Sequence[str]) -> set[str]:
    """What fish offers for the last of these words."""
    asked = f"complete -C '{' '.join(words)}'"
    printed = said(tool("fish"), "--no-config", "-c", script("fish") + asked)
    return {line.split("\t")[0] for line in printed.splitlines()}


TYPED_IN_ZSH = """
zmodload zsh/zpty
zpty shell zsh -f
zpty -w shell 'PS1=; unsetopt prompt_sp; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D'
zpty -w shell 'vtui() { print -r -- "<$*>" }; echo REA""DY'
zpty -r shell answer '*READY*'
zpty -w shell "$LINE"$'\t'
zpty -r -m shell answer '*<*>*' && print -r -- "${(M)answer%<*}"
zpty -d shell
"""


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("vtui st", "<status>"),
        ("vtui list irqs --js", "<list irqs --json>"),
        ("vtui --root / list cp", "<--root / list cpus>"),
        ("vtui show dom", "<show domain:>"),
        ("vtui --theme da", "<--theme dark>"),
    ],
)
def test_zsh_completes_a_line(line: str, completed: str) -> None:
    shell = subprocess.run(
        [tool("zsh"), "-f", "-c", TYPED_IN_ZSH],
        cwd=ROOT / "completions",
        env={**os.environ, "LINE": line},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout.strip() == completed


@pytest.mark.parametrize(("words", "offered"), COMPLETED)
class TestCompletionOffers:
    def test_in_bash(self, words: list[str], offered: set[str]) -> None:
        assert bash(words) == offered

    def test_in_fish(self, words: list[str], offered: set[str]) -> None:
        assert fish(words) == offered


@pytest.mark.parametrize("words", [["vtui", "status", ""], ["vtui", "--interval", ""]])
def test_completion_offers_nothing_where_anything_may_stand(words: list[str]) -> None:
    assert bash(words) == set()
