"""libvirt, one connection per URI: what the domains are and do."""

from vtui.backends.libvirt.backend import Libvirt

__all__ = ["Libvirt"]
