"""How each kind of thing is listed and described: one table for the screens and the CLI.

Pure functions from the model to text; nothing here knows Textual.
"""

from __future__ import annotations

from vtui.views.containers import CONTAINERS
from vtui.views.cpus import CPUS
from vtui.views.domains import DOMAINS
from vtui.views.irqs import IRQS
from vtui.views.network import BRIDGES, LINKS, PORTS
from vtui.views.view import View

VIEWS: dict[str, View] = {
    view.plural: view for view in (DOMAINS, CONTAINERS, BRIDGES, PORTS, LINKS, IRQS, CPUS)
}
"""By the plural that `vtui list` takes."""

__all__ = ["CONTAINERS", "CPUS", "DOMAINS", "IRQS", "VIEWS", "View"]
