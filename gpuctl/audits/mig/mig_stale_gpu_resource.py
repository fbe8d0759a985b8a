"""Whole-GPU resource left over beside MIG resources."""

from __future__ import annotations

from gpuctl.facts.mig import StaleWhole
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity


def audit(node: GpuNode, stale: StaleWhole, transition: Transition) -> Finding | None:
    """`nvidia.com/gpu` still in capacity, but not allocatable, on a node that now offers `nvidia.com/mig-*` or renamed shares."""
    if not stale.amount or transition.kind == "mig-change":
        return None
    successors = ", ".join(f"{name} {amount:g}" for name, amount in sorted(stale.replaced_by.items()))
    return Finding(
        subject=node.subject,
        severity=Severity.LOW,
        message=f"{stale.resource}: {stale.amount:g} is left in capacity beside {', '.join(sorted(stale.replaced_by))}",
        evidence=(
            Evidence(
                observed=f"capacity {stale.resource} {stale.amount:g}, allocatable 0; {successors}",
                expected=f"no {stale.resource} on a node whose cards are all given out under another name",
                how="status.capacity and status.allocatable of the Node",
            ),
        ),
        component=Component.CAPACITY,
        nodes=(node.node.name or "",),
        actions=(Action(kind=ActionKind.RESTART_DEVICE_PLUGIN, target=node.subject),),
        hygiene=True,
        transitional=transition.reason,
    )
