"""MIG layouts that mig-manager could not apply."""

from __future__ import annotations

from gpuctl.facts.occupancy import Physical
from gpuctl.facts.subjects import GpuNode
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.known import Unknown, why_unknown


def audit(node: GpuNode, physical: Physical) -> Finding | Unknown | None:
    """State `failed` stays, and mig-manager leaves the node without device plugin, until somebody acts."""
    item = node.node
    if item.mig is None:
        return None if item.labels else Unknown("mig", why_unknown(item, "mig"))
    if item.mig.config_state != "failed":
        return None
    wanted = item.mig.config or "unknown"
    serves = any(accelerators(item.allocatable or {}).values())
    paused = sorted(key for key, value in item.labels.items() if value == "paused-for-mig-change")
    return Finding(
        subject=node.subject,
        severity=Severity.HIGH,
        message=f"MIG configuration {wanted} failed" + ("" if serves else "; the node offers nothing"),
        evidence=(
            Evidence(
                observed=f"nvidia.com/mig.config.state is failed, nvidia.com/mig.config is {wanted}"
                + (f"; paused: {', '.join(paused)}" if paused else ""),
                expected="state success",
                how="labels of the Node",
                at=item.mig.config_time,
            ),
        ),
        gpus=0 if serves else physical.devices,
        component=Component.MIG,
        nodes=(item.name or "",),
        actions=(Action(kind=ActionKind.RETRY_MIG_CONFIG, target=node.subject, args={"config": wanted}),),
    )
