"""Accelerators that kubelet counts and does not give out."""

from __future__ import annotations

from gpuctl.facts.devices import Offered
from gpuctl.facts.mig import StaleWhole
from gpuctl.facts.occupancy import in_devices
from gpuctl.facts.stack import PluginUpdate
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Confidence, Evidence, Finding, Severity
from gpuctl.knowledge.accelerators import classify


def audit(
    node: GpuNode, offered: Offered, stale: StaleWhole, transition: Transition, update: PluginUpdate, view: View
) -> list[Finding] | None:
    """One finding for each resource whose allocatable is below its capacity: its device plugin calls devices unhealthy."""
    if transition.kind == "mig-change":
        return None
    lost = {
        name: (capacity, offered.allocatable.get(name, 0.0))
        for name, capacity in offered.capacity.items()
        if capacity > offered.allocatable.get(name, 0.0) and not (name == stale.resource and stale.amount)
    }
    whole = {row.vendor for name in lost if (row := classify(name)) is not None and row.unit == "device"}
    told = {
        name: amounts
        for name, amounts in lost.items()
        if (row := classify(name)) is not None and not (row.unit in {"part", "duplicate"} and row.vendor in whole)
    }
    return [
        Finding(
            subject=node.subject,
            severity=Severity.HIGH,
            confidence=Confidence.CERTAIN if allocatable else Confidence.LIKELY,
            message=f"{name}: {allocatable:g} of {capacity:g} can be allocated"
            + ("" if allocatable else "; its device plugin stopped, or calls every device unhealthy"),
            evidence=(
                Evidence(
                    observed=f"capacity {capacity:g}, allocatable {allocatable:g}",
                    expected="equal numbers: nothing reserves extended resources",
                    how="status.capacity and status.allocatable of the Node",
                ),
            ),
            gpus=in_devices(node.node, name, capacity - allocatable, view),
            component=Component.CAPACITY,
            nodes=(node.node.name or "",),
            actions=(Action(kind=_remedy(allocatable), target=node.subject, args={"resource": name}),),
            detail=name,
            transitional=transition.reason or (None if allocatable else update.reason),
        )
        for name, (capacity, allocatable) in sorted(told.items())
    ]


def _remedy(allocatable: float) -> ActionKind:
    """All devices at once point to the plugin, some of them to those devices."""
    return ActionKind.RESET_GPU if allocatable else ActionKind.RESTART_DEVICE_PLUGIN
