#!/bin/sh
# Installs the Debian packages of packages.txt that are missing. Services of
# newly installed packages are kept from starting: the lab starts its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
wanted=$(sed -e 's/#.*//' "$here/packages.txt")
missing=
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' \
        || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "error: packages are missing and neither root nor sudo is at hand" >&2
    echo "hint: as root: apt-get install$missing" >&2
    exit 4
fi

echo "==> installing Debian packages:$missing" >&2
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    trap '$as_root rm -f "$policy"' EXIT INT TERM HUP
fi
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y --no-install-recommends install $missing </dev/null >&2
