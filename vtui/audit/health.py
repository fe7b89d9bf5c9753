"""Rules about states: what is down, failed or not as configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vtui.audit.finding import Finding, Severity
from vtui.cpuset import format_list
from vtui.model import Cpus, Host, Interrupts
from vtui.reading import Failed

IRQ_NOISE = 1.0
"""Interrupts per second on one isolated CPU from which on a line is worth a word."""

BROKEN = {
    "paused": ("I/O error", "watchdog", "crashed", "post-copy failed", "api error"),
    "running": ("post-copy failed",),
    "shut off": ("crashed", "failed"),
}
"""virsh's reasons, by state, that no person asked for; "running (crashed)" was resumed by one."""


def backend_failed(host: Host) -> Iterator[Finding]:
    """A daemon that was there stopped answering: what is shown of it is stale."""
    for name, reading in host.readings.items():
        if isinstance(reading, Failed):
            yield Finding(
                "backend-failed", Severity.ERROR, f"{name}: {reading.error}", hint=reading.hint
            )


def domain_broken(host: Host) -> Iterator[Finding]:
    """A guest that crashed, or was paused by an error rather than by a person."""
    for domain in host.domains:
        if domain.state == "crashed" or domain.reason in BROKEN.get(domain.state, ()):
            text = f"domain {domain.name}: {domain.state} ({domain.reason or 'no reason given'})"
            yield Finding("domain-broken", Severity.ERROR, text, domain.ref)


def domain_not_started(host: Host) -> Iterator[Finding]:
    """A guest marked autostart that is off."""
    for domain in host.domains:
        if domain.autostart and domain.state == "shut off":
            text = f"domain {domain.name}: shut off, though marked autostart"
            yield Finding("domain-not-started", Severity.WARNING, text, domain.ref)


def container_unhealthy(host: Host) -> Iterator[Finding]:
    """A container whose health check fails, that keeps restarting, or that ended in error."""
    for container in host.containers:
        name = f"container {container.name}"
        if container.state in ("dead", "restarting"):
            yield Finding(
                "container-broken", Severity.ERROR, f"{name}: {container.state}", container.ref
            )
        elif container.health == "unhealthy" and container.active:
            yield Finding(
                "container-unhealthy", Severity.ERROR, f"{name}: health check fails", container.ref
            )
        elif container.state == "exited" and container.exit_code:
            text = f"{name}: exited with code {container.exit_code}"
            yield Finding("container-exited", Severity.WARNING, text, container.ref)


def controller_lost(host: Host) -> Iterator[Finding]:
    """A bridge without its OpenFlow controller: fail_mode decides what still forwards."""
    for bridge in host.bridges:
        for controller in bridge.controllers:
            if not controller.connected:
                text = f"bridge {bridge.name}: controller {controller.target} not connected"
                if controller.error:
                    text += f" ({controller.error})"
                yield Finding("controller-lost", Severity.WARNING, text, bridge.ref)


def port_error(host: Host) -> Iterator[Finding]:
    """An OVS interface that ovs-vswitchd could not set up."""
    for port in host.ports:
        for interface in port.interfaces:
            if interface.error:
                text = f"port {port.name}: {interface.error}"
                yield Finding("port-error", Severity.ERROR, text, port.ref)


def link_without_carrier(host: Host) -> Iterator[Finding]:
    """A physical link that is switched on and has no carrier. Virtual links come and go by design."""
    for link in host.links:
        if link.up and not link.kind and link.state in ("DOWN", "LOWERLAYERDOWN"):
            text = f"link {link.name}: up, but no carrier"
            yield Finding("link-no-carrier", Severity.WARNING, text, link.ref)


def irq_on_isolated(host: Host) -> Iterator[Finding]:
    """A device interrupt that fires on a CPU kept free for others."""
    cpus, interrupts = host.value(Cpus), host.value(Interrupts)
    isolated = cpus.isolated if cpus else frozenset()
    if not isolated or interrupts is None:
        return
    for irq in interrupts.irqs:
        rates = host.irq_rates.get(irq.ref, ()) if irq.numbered else ()
        hit = {
            cpu: rate
            for cpu, rate in zip(interrupts.columns, rates, strict=False)
            if cpu in isolated and rate >= IRQ_NOISE
        }
        if hit:
            text = (
                f"irq {irq.label} {irq.device}: {sum(hit.values()):.0f}/s "
                f"on isolated CPU {format_list(hit)}"
            )
            yield Finding("irq-on-isolated", Severity.WARNING, text, irq.ref)


Rule = Callable[[Host], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    backend_failed,
    domain_broken,
    container_unhealthy,
    port_error,
    domain_not_started,
    controller_lost,
    link_without_carrier,
    irq_on_isolated,
)
