"""Shell completion, made from the tables of what can be typed. Words only: no host is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vtui.config import OPTIONS, Option
from vtui.usage import COMMANDS, FLAGS, Argument

ALL = (*FLAGS.values(), *OPTIONS)

FILES = {
    "completions/vtui.bash": "bash",
    "completions/_vtui": "zsh",
    "completions/vtui.fish": "fish",
}
"""Where each shell's script is kept in the source."""


def script(shell: str) -> str:
    """The script for one of usage.SHELLS."""
    return _SCRIPTS[shell]()


def _words(argument: Argument) -> str:
    return " ".join(argument.values or argument.beginnings)


def _first_arguments() -> Iterable[tuple[str, Argument]]:
    for command in COMMANDS.values():
        if command.arguments:
            yield command.name, command.arguments[0]


# ------------------------------------------------------------------ bash

_BASH_VALUES = {"DIR": "-d", "FILE": "-f", "PROGRAM": "-c"}

_BASH = """\
# bash completion for vtui, made by: vtui completion bash

_vtui() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
    local command="" word index count=0 value=""
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${{COMP_WORDS[index]}}
        if [[ $value ]]; then
            value=""
            continue
        fi
        case $word in
            {takers}) value=yes ;;
            -*) ;;
            *)
                ((count++))
                [[ $command ]] || command=$word
                ;;
        esac
    done
    case $prev in
{values}
    esac
    if [[ $cur == -* ]]; then
        _vtui_reply -W "{flags}"
        return
    fi
    case $count:$command in
        0:) _vtui_reply -W "{commands}" ;;
{arguments}
    esac
}}

_vtui_reply() {{
    local line
    while read -r line; do
        COMPREPLY+=("$line")
    done < <(compgen "$@" -- "$cur")
    if [[ ${{COMPREPLY[0]-}} == *: ]]; then
        compopt -o nospace
    elif [[ $1 == -[df] ]]; then
        compopt -o filenames
    fi
}}

complete -F _vtui vtui
"""


def _bash() -> str:
    values = []
    for option in ALL:
        if option.metavar:
            how = f'-W "{" ".join(option.choices)}"' if option.choices else ""
            how = how or _BASH_VALUES.get(option.metavar, "")
            action = f"_vtui_reply {how}; return" if how else "return"
            values.append(f"        {option.flag}) {action} ;;")
    arguments = [
        f'        1:{name}) _vtui_reply -W "{_words(argument)}" ;;'
        for name, argument in _first_arguments()
    ]
    return _BASH.format(
        takers=" | ".join(option.flag for option in ALL if option.metavar),
        values="\n".join(values),
        flags=" ".join(option.flag for option in ALL),
        commands=" ".join(COMMANDS),
        arguments="\n".join(arguments),
    )


# ------------------------------------------------------------------ zsh

_ZSH_VALUES = {"DIR": "_files -/", "FILE": "_files", "PROGRAM": "_command_names -e"}

_ZSH = """\
#compdef vtui
# zsh completion for vtui, made by: vtui completion zsh

_vtui() {{
    local curcontext=$curcontext state line
    typeset -A opt_args
    _arguments -C \\
{options}
        '1: :->command' \\
        '2: :->word' \\
        '*:word:()'
    case $state in
        command)
            local -a commands=(
{commands}
            )
            _describe command commands
            ;;
        word)
            case $line[1] in
{arguments}
            esac
            ;;
    esac
}}

if [[ $funcstack[1] == _vtui ]]; then
    _vtui "$@"
else
    compdef _vtui vtui
fi
"""


def _zsh() -> str:
    arguments = []
    for name, argument in _first_arguments():
        joined = "-S '' " if argument.beginnings else ""
        arguments.append(f"                {name}) compadd {joined}-- {_words(argument)} ;;")
    return _ZSH.format(
        options="\n".join(f"        {_zsh_option(option)} \\" for option in ALL),
        commands="\n".join(
            f"                {_quoted(f'{command.name}:{command.summary}')}"
            for command in COMMANDS.values()
        ),
        arguments="\n".join(arguments),
    )


def _zsh_option(option: Option) -> str:
    text = option.help.replace("]", r"\]").replace(":", r"\:")
    many = "*" if option.many else ""
    if not option.metavar:
        return _quoted(f"{option.flag}[{text}]")
    how = f"({' '.join(option.choices)})" if option.choices else ""
    how = how or _ZSH_VALUES.get(option.metavar, " ")
    return _quoted(f"{many}{option.flag}=[{text}]:{option.metavar}:{how}")


# ------------------------------------------------------------------ fish

_FISH_VALUES = {
    "DIR": "(__fish_complete_directories)",
    "FILE": "(__fish_complete_path)",
    "PROGRAM": "(__fish_complete_command)",
}


def _fish() -> str:
    lines = ["# fish completion for vtui, made by: vtui completion fish", "", "complete -c vtui -f"]
    seen = f"__fish_seen_subcommand_from {' '.join(COMMANDS)}"
    for command in COMMANDS.values():
        lines.append(
            f"complete -c vtui -n 'not {seen}' -a {command.name} -d {_quoted(command.summary)}"
        )
    for name, argument in _first_arguments():
        within = f"__fish_seen_subcommand_from {name}"
        lines.append(f"complete -c vtui -n '{within}' -a '{_words(argument)}'")
    for option in ALL:
        line = f"complete -c vtui -l {option.flag.removeprefix('--')}"
        if option.metavar:
            how = " ".join(option.choices) or _FISH_VALUES.get(option.metavar, "")
            line += f" -x -a '{how}'" if how else " -x"
        lines.append(f"{line} -d {_quoted(option.help)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


_SCRIPTS: dict[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
