"""Whole-GPU resource left over beside MIG resources."""

from __future__ import annotations

from gpuctl.facts.devices import Offered
from gpuctl.facts.subjects import GpuNode
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.knowledge.accelerators import classify


def audit(node: GpuNode, offered: Offered) -> Finding | None:
    """`nvidia.com/gpu` still in capacity, but not allocatable, on a node that now offers `nvidia.com/mig-*`."""
    labels = node.node.accelerators
    stale = offered.capacity.get("nvidia.com/gpu", 0)
    slices = {name: amount for name, amount in offered.allocatable.items() if amount and (row := classify(name)) and row.unit == "mig"}
    if not slices or not stale or offered.allocatable.get("nvidia.com/gpu", 0):
        return None
    if labels is not None and labels.physical is not None and stale < labels.physical:
        return None
    return Finding(
        subject=node.subject,
        severity=Severity.LOW,
        message=f"nvidia.com/gpu: {stale:g} is left in capacity beside MIG resources",
        evidence=(
            Evidence(
                observed=f"capacity nvidia.com/gpu {stale:g}, allocatable 0; " + ", ".join(f"{k} {v:g}" for k, v in sorted(slices.items())),
                expected="no nvidia.com/gpu on a node whose cards are all cut into MIG devices",
                how="status.capacity and status.allocatable of the Node",
            ),
        ),
        component=Component.DEVICE_PLUGIN,
        nodes=(node.node.name or "",),
        actions=(Action(kind=ActionKind.RESTART_DEVICE_PLUGIN, target=node.subject),),
        hygiene=True,
    )
