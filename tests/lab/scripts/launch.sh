#!/bin/sh
# usage: launch.sh CGROUP_PROCS... -- COMMAND...
# Enters the lab's cgroups, then becomes COMMAND (same pid).
while [ "$1" != -- ]; do
    echo $$ 2>/dev/null >"$1" || :
    shift
done
shift
exec "$@"
