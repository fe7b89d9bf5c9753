"""The guest image: Debian's cloud kernel and a busybox initial RAM disk, built once."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from tests.lab import apt, busybox
from tests.lab.cache import cache_root, cached
from tests.lab.part import Part
from tests.lab.process import need
from tests.lab.site import TEMPLATES

_META_PACKAGE = "linux-image-cloud-amd64"
_KERNEL_KEY = "guest-kernel"
_MODULES = (
    *("failover", "net_failover", "virtio", "virtio_ring", "virtio_pci_modern_dev"),
    *("virtio_pci_legacy_dev", "virtio_pci", "virtio_blk", "virtio_net", "virtio_balloon"),
    *("evdev", "button"),
)


class Guest(Part):
    """Kernel and initial RAM disk for the TCG guests."""

    name = "guest"

    @property
    def kernel(self) -> Path:
        return cache_root() / _KERNEL_KEY / "vmlinuz"

    @property
    def initrd(self) -> Path:
        recipe = (TEMPLATES / "guest-init.sh").read_bytes() + " ".join(_MODULES).encode()
        return cache_root() / f"guest-{hashlib.sha256(recipe).hexdigest()[:10]}" / "initrd.gz"

    def available(self) -> bool:
        """Whether the image is there; without it guests can be defined but not started."""
        return self.kernel.is_file() and self.initrd.is_file()

    def start(self) -> None:
        need("qemu-system-x86_64")
        cached(_KERNEL_KEY, self._fetch_kernel)
        cached(self.initrd.parent.name, self._build_initrd)

    def _fetch_kernel(self, draft: Path) -> None:
        lists = draft / "apt"
        options = apt.usable_lists(self.run, lists, _META_PACKAGE)
        package = apt.dependency(self.run, _META_PACKAGE, r"linux-image-\d.*", options)
        unpacked = draft / "unpacked"
        apt.fetch(self.run, [package], unpacked, options)
        shutil.rmtree(lists, ignore_errors=True)
        shutil.move(next(unpacked.glob("boot/vmlinuz-*")), draft / "vmlinuz")
        modules = {path.stem: path for path in unpacked.rglob("*.ko")}
        (draft / "modules").mkdir()
        for number, name in enumerate(_MODULES):
            if name in modules:
                shutil.move(modules[name], draft / "modules" / f"{number:02}-{name}.ko")
        shutil.rmtree(unpacked)

    def _build_initrd(self, draft: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            busybox.make_tree(root)
            shutil.copytree(self.kernel.parent / "modules", root / "modules")
            shutil.copy(TEMPLATES / "guest-init.sh", root / "init")
            (root / "init").chmod(0o755)
            os.mknod(root / "dev/console", stat.S_IFCHR | 0o600, os.makedev(5, 1))
            archive = draft / "initrd"
            find = "find . | cpio --quiet --create --format=newc >"
            self.run("sh", "-c", f'{find} "$1"', "sh", archive, cwd=root)
        (draft / "initrd.gz").write_bytes(gzip.compress(archive.read_bytes(), 6))
        archive.unlink()
