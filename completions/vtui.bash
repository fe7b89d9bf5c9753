# bash completion for vtui, made by: vtui completion bash

_vtui() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command="" word index count=0 value=""
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ $value ]]; then
            value=""
            continue
        fi
        case $word in
            --sort | --libvirt | --docker | --ovsdb | --lxc-path | --irqbalance | --criu | --root | --interval | --theme | --log) value=yes ;;
            -*) ;;
            *)
                ((count++))
                [[ $command ]] || command=$word
                ;;
        esac
    done
    case $prev in
        --sort) return ;;
        --libvirt) return ;;
        --docker) return ;;
        --ovsdb) return ;;
        --lxc-path) _vtui_reply -d; return ;;
        --irqbalance) _vtui_reply -d; return ;;
        --criu) _vtui_reply -c; return ;;
        --root) _vtui_reply -d; return ;;
        --interval) return ;;
        --theme) _vtui_reply -W "dark light 16 mono"; return ;;
        --log) _vtui_reply -f; return ;;
    esac
    if [[ $cur == -* ]]; then
        _vtui_reply -W "--json --sort --help --version --libvirt --docker --ovsdb --lxc-path --irqbalance --criu --root --interval --theme --ascii --read-only --log --demo"
        return
    fi
    case $count:$command in
        0:) _vtui_reply -W "status list show completion" ;;
        1:list) _vtui_reply -W "domains containers bridges ports links irqs cpus" ;;
        1:show) _vtui_reply -W "domain: container: bridge: port: link: irq: cpu:" ;;
        1:completion) _vtui_reply -W "bash zsh fish" ;;
    esac
}

_vtui_reply() {
    local line
    while read -r line; do
        COMPREPLY+=("$line")
    done < <(compgen "$@" -- "$cur")
    if [[ ${COMPREPLY[0]-} == *: ]]; then
        compopt -o nospace
    elif [[ $1 == -[df] ]]; then
        compopt -o filenames
    fi
}

complete -F _vtui vtui
