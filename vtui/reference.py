"""docs/cli.md and docs/keys.md, made from the tables and from the model's own docstrings."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator

from vtui import keys, model, status
from vtui.config import OPTIONS, SYSTEM_FILE
from vtui.usage import COMMANDS, EXIT_CODES, FLAGS, argument_help, flag_usage
from vtui.views import VIEWS

NOTES = {
    "about": (
        "vtui shows what runs on a virtualization host: libvirt domains, Docker and LXC containers, "
        "Open vSwitch and Linux bridges, network links, interrupts and CPUs with their isolation.",
        "Without a command it opens the screens; they need a terminal of 80 by 24 characters. The "
        "commands read the host once, print, and end. Flags and settings may stand before or after "
        "the command and its words.",
    ),
    "ref": (
        "A REF names one thing: KIND:NAME. NAME is the thing's name, the label of an interrupt or "
        "the number of a CPU; an id does for a name, and the first four or more characters of an id "
        "do when they are unique.",
        "When a name fits several things nothing is chosen: the error lists REFs that fit one each. "
        "NAME may have the thing's source and a slash before it, as in container:lxc/web.",
    ),
    "settings": (
        "Each stands in the configuration file, in the environment or on the command line; the later "
        "of these holds. In the file the name is that of the flag without the leading dashes and with "
        "_ for -, e.g. lxc_path. An empty value leaves that system out; an empty variable is none.",
    ),
    "output": (
        "Tables fit the terminal. Written to a pipe or a file they are as wide as need be, nothing "
        "is cut, and each thing has one line. Rates need two readings: only the screens have them.",
        "Errors go to stderr, one line and a hint. When one of several backends does not answer, "
        "the others' things are listed, and stderr has a warning.",
    ),
}
"""Prose that the man page and docs/cli.md share."""

MADE = "<!-- Made by `make docs`; edit the tables in vtui/ instead. -->"

JSON_KINDS = (
    *("Domain", "DomainInterface", "DomainDisk", "Pins", "Container", "PublishedPort"),
    *("Bridge", "Controller", "Port", "Interface", "Link", "Irq", "Cpu"),
)

EXTRA = {
    "Irq": (("total", "integer", "The sum of all counts."),),
    "Cpus": (
        ("isolated", "CPU list", "The CPUs kept free of the scheduler's balancing."),
        ("housekeeping", "CPU list", "The online CPUs that are neither isolated nor nohz_full."),
    ),
}
"""Fields that JSON has and the model has not."""

CHANGED = {
    ("Irq", "counts"): ("object of integers", "By CPU number; empty for a line with one sum.")
}
"""Fields whose form in JSON is not that of the model."""

TYPES = {
    "Ref": "REF",
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "CpuSet": "CPU list",
    "tuple[float, float, float]": "array of 3 numbers",
    "tuple[tuple[str, str], ...]": "object of strings",
    "tuple[tuple[str, int], ...]": "object of integers",
    "Mapping[str, int]": "object of integers",
    "Mapping[int, CpuSet]": "object of CPU lists",
}


def keys_page() -> str:
    """docs/keys.md: every key, its id for [keys], and where it holds."""
    rows = [(f"`{keys.shown(one.keys)}`", f"`{one.id}`", one.where, one.help) for one in keys.KEYS]
    return _page(
        "Keys",
        [
            "A key is re-mapped by its id: in the configuration, "
            '`[keys]` takes `id = "key"`, e.g. `filter = "f"`.',
            *_table(("Key", "Id", "Where", "What it does"), rows),
        ],
    )


def cli_page() -> str:
    """docs/cli.md: commands, settings, exit codes, and every JSON field."""
    return _page(
        "The command line",
        [
            "Commands, field names and exit codes change only with a line in CHANGELOG.",
            *_commands(),
            "## REF",
            *NOTES["ref"],
            "## Settings",
            *NOTES["settings"],
            f"Files: `{SYSTEM_FILE}`, then `$XDG_CONFIG_HOME/vtui/config.toml` (`~/.config`).",
            *_table(
                ("Flag", "Environment", "Meaning"),
                [(f"`{flag_usage(one)}`", f"`{one.variable}`", one.help) for one in OPTIONS],
            ),
            "## Output",
            *NOTES["output"],
            "## Exit codes",
            *_table(("Code", "Meaning"), [(str(code), said) for code, said in EXIT_CODES]),
            *_json(),
        ],
    )


def _commands() -> Iterator[str]:
    yield "## Commands"
    yield from NOTES["about"]
    for command in COMMANDS.values():
        yield f"### `{command.synopsis}`"
        yield f"{command.summary.capitalize()}."
        rows = [(f"`{one.name}`", argument_help(one)) for one in command.arguments]
        rows += [(f"`{flag_usage(FLAGS[name])}`", FLAGS[name].help) for name in command.flags]
        yield from _table(("Word", "Meaning"), rows)


def _json() -> Iterator[str]:
    plurals = ", ".join(f"`{plural}`" for plural in VIEWS)
    yield "## JSON"
    yield (
        "`--json` prints one document, ASCII only, and nothing else on stdout. Not known is `null`, "
        "never zero; things of which there are none are empty. New fields may come; these stay."
    )
    yield (
        "* **REF**: `KIND:ID`, as `vtui show` takes it\n"
        '* **CPU list**: the kernel\'s notation, `"0-3,8"`; empty for no CPU\n'
        "* **object of ...**: by name, or by number where things have numbers\n"
        "* sizes are bytes, times ns, moments seconds since the epoch, speeds bit/s, clocks Hz; "
        "counters only grow"
    )
    yield "### `vtui status --json`"
    yield from _table(
        ("Field", "Type", "Meaning"),
        (
            ("`vtui`", "string", "Version of vtui."),
            ("`at`", "number", "When the host was read."),
            ("`host`", "object Cpus or null", "The machine, see below."),
            ("`counts`", "object of integers", f"{plurals}; null when nobody who knows answers."),
            ("`backends`", "array of BackendStatus", "In the order of the screens."),
        ),
    )
    documented = {**_classes(status), **_classes(model)}
    yield from _class("Cpus", documented["Cpus"], left_out=("cpus",))
    yield from _class("HugePages", documented["HugePages"])
    yield from _class("BackendStatus", documented["BackendStatus"])
    yield "### `vtui list KIND --json`"
    yield from _table(
        ("Field", "Type", "Meaning"),
        (
            ("the KIND", "array", f"The things, under the kind's own name: {plurals}."),
            ("`backends`", "array of BackendStatus", "Those that know of this kind."),
        ),
    )
    yield "### `vtui show REF --json`"
    yield "The thing alone: a Domain, Container, Bridge, Port, Link, Irq or Cpu."
    for name in JSON_KINDS:
        yield from _class(name, documented[name])


def _class(name: str, node: ast.ClassDef, left_out: Iterable[str] = ()) -> Iterator[str]:
    rows = []
    for field, annotation, said in _fields(node):
        if field in left_out:
            continue
        kind, meaning = CHANGED.get((name, field), (json_type(annotation), said))
        rows.append((f"`{field}`", kind, meaning))
        if field == "ref":
            rows.append(("`source`", "string", "Parts equal ids of different origins."))
    rows += [(f"`{field}`", kind, said) for field, kind, said in EXTRA.get(name, ())]
    yield f"#### {name}"
    yield _flat(ast.get_docstring(node) or "")
    yield from _table(("Field", "Type", "Meaning"), rows)


def json_type(annotation: str) -> str:
    """What a field of the model is in JSON."""
    if annotation.endswith(" | None"):
        return f"{json_type(annotation.removesuffix(' | None'))} or null"
    if annotation in TYPES:
        return TYPES[annotation]
    if match := re.fullmatch(r"tuple\[(\w+), \.\.\.\]", annotation):
        return f"array of {TYPES.get(match[1], match[1])}"
    return f"object {annotation}"


def _classes(module: object) -> dict[str, ast.ClassDef]:
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type] # a module it is
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Name, annotation and docstring of each field, in order."""
    after = [*node.body[1:], None]
    for statement, next_one in zip(node.body, after, strict=True):
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        said = ""
        if isinstance(next_one, ast.Expr) and isinstance(next_one.value, ast.Constant):
            said = _flat(str(next_one.value.value)).replace("None", "null")
        yield statement.target.id, ast.unparse(statement.annotation), said


def _flat(words: str) -> str:
    return " ".join(words.split())


def _page(title: str, blocks: Iterable[str]) -> str:
    return "\n\n".join([f"# {title}", MADE, *blocks]) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [_row(row) for row in rows]
    return ["\n".join([_row(head), "|---" * len(head) + "|", *lines])] if lines else []


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
