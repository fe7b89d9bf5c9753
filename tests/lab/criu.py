"""CRIU from Debian sid in a prefix of its own: bookworm's fails on current kernels."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab import apt
from tests.lab.cache import cache_root, cached
from tests.lab.part import Part

_KEY = "criu-sid"
_PACKAGES = (
    *("criu", "libcompel1", "libc6", "libbsd0", "libgnutls30t64", "libnet9", "libnftables1"),
    *("libnl-3-200", "libprotobuf-c1", "libuuid1", "libmd0", "libp11-kit0", "libidn2-0"),
    *("libunistring5", "libtasn1-6", "libhogweed6t64", "libnettle8t64", "libgmp10", "libmnl0"),
    *("libnftnl11", "libxtables12", "libjansson4", "libffi8"),
)


def wrapper_dir(root: Path) -> Path:
    """The folder to put first in the PATH of whoever runs `criu`; it may not exist yet."""
    return root / _KEY / "bin"


class Criu(Part):
    """A wrapper named `criu` that runs the fetched program with its own C library."""

    name = "criu"

    @property
    def path(self) -> Path:
        return wrapper_dir(cache_root()) / "criu"

    def env(self) -> dict[str, str]:
        return {"VTUI_CRIU": str(self.path)}

    def start(self) -> None:
        cached(_KEY, self._build)

    def _build(self, draft: Path) -> None:
        lists = draft / "apt"
        options = apt.private_lists(self.run, lists, "sid")
        apt.fetch(self.run, _PACKAGES, draft / "root", options)
        shutil.rmtree(lists)
        wrapper = draft / "bin" / "criu"
        wrapper.parent.mkdir()
        wrapper.write_text(
            "#!/bin/sh\n"
            'P=$(dirname "$(readlink -f "$0")")/../root\n'
            'exec "$P/usr/lib64/ld-linux-x86-64.so.2" '
            '--library-path "$P/usr/lib/x86_64-linux-gnu" "$P/usr/sbin/criu" "$@"\n'
        )
        wrapper.chmod(0o755)
        self.run(wrapper, "--version")
