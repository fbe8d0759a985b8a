"""Driver upgrades that the GPU Operator gave up."""

from __future__ import annotations

from gpuctl.facts.occupancy import Physical
from gpuctl.facts.subjects import GpuNode
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.model.known import Unknown, why_unknown


def audit(node: GpuNode, physical: Physical) -> Finding | Unknown | None:
    """`upgrade-failed` stays until somebody acts, and the node stays cordoned; other states are steps under way."""
    labels = node.node.accelerators
    if labels is None:
        return None if node.node.labels else Unknown("accelerators", why_unknown(node.node, "accelerators"))
    if labels.driver_upgrade_state != "upgrade-failed":
        return None
    return Finding(
        subject=node.subject,
        severity=Severity.HIGH,
        message="the driver upgrade of this node failed" + (" and the node is cordoned" if node.node.cordoned else ""),
        evidence=(
            Evidence(
                observed="nvidia.com/gpu-driver-upgrade-state is upgrade-failed",
                expected="upgrade-done, or no such label",
                how="label of the Node",
            ),
        ),
        gpus=physical.devices if node.node.cordoned else 0,
        component=Component.DRIVER,
        nodes=(node.node.name or "",),
        actions=(Action(kind=ActionKind.RETRY_DRIVER_UPGRADE, target=node.subject),),
    )
