#!/bin/sh
# usage: mounts.sh [bind SOURCE TARGET | umount TARGET]... -- COMMAND...
# Arranges a private mount namespace, then becomes COMMAND (same pid).
set -eu
while [ "$1" != -- ]; do
    case $1 in
        bind) mount --rbind "$2" "$3"; shift 3 ;;
        umount) umount "$2" 2>/dev/null || :; shift 2 ;;
        *) echo "mounts.sh: $1?" >&2; exit 2 ;;
    esac
done
shift
exec "$@"
