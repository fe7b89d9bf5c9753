"""Open vSwitch, read from its database over the OVSDB management protocol (RFC 7047).

The protocol is spoken here, not through the IDL of the `ovs` package, because of what that costs and does:
one refresh of the counters of 500 ports takes its Python JSON parser and its datum classes 0.3 s of CPU
(here 0.03 s), it loses the connection over a character that two packets share, it puts a default where a
value cannot be parsed, and it notices no hung server behind a unix socket.
"""

from __future__ import annotations

from vtui.backends.ovs.backend import Ovs

__all__ = ["Ovs"]
