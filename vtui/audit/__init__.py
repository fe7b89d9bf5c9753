"""What is wrong on a host: pure functions from a Host to findings, one small function a rule."""

from __future__ import annotations

from vtui.audit.finding import Finding, Severity
from vtui.audit.health import RULES
from vtui.model import Host

__all__ = ["Finding", "Severity", "audit"]


def audit(host: Host) -> tuple[Finding, ...]:
    """Every rule's findings, the gravest first, otherwise in the order of the rules."""
    found = [finding for rule in RULES for finding in rule(host)]
    return tuple(sorted(found, key=lambda finding: finding.severity, reverse=True))
