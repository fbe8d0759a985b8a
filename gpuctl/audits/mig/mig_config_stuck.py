"""MIG reconfigurations that do not end."""

from __future__ import annotations

from gpuctl.facts.occupancy import Physical
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import MIG_CHANGING, mig_change_seconds, transition_of
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.units import duration


def audit(node: GpuNode, physical: Physical, view: View) -> Finding | Unknown | None:
    """Pending or rebooting for longer than a setting; without a known start, whether it is stuck cannot be said."""
    item = node.node
    if item.mig is None:
        return None if item.labels else Unknown("mig", why_unknown(item, "mig"))
    if item.mig.config_state not in MIG_CHANGING:
        return None
    age = mig_change_seconds(item, view)
    if age is None:
        return Unknown("mig.config_time", f"the MIG configuration is {item.mig.config_state}, since when is not known")
    limit = view.settings["mig_pending_seconds"]
    if age < limit:
        return None
    serves = any(accelerators(item.allocatable or {}).values())
    return Finding(
        subject=node.subject,
        severity=Severity.HIGH,
        message=f"MIG configuration {item.mig.config or 'unknown'} is {item.mig.config_state} for {duration(age)}",
        evidence=(
            Evidence(
                observed=f"nvidia.com/mig.config.state is {item.mig.config_state} for {duration(age)}",
                expected=f"success within {duration(limit)}",
                how="label of the Node and the time of its last change",
                at=item.mig.config_time,
            ),
        ),
        gpus=0 if serves else physical.devices,
        component=Component.MIG,
        nodes=(item.name or "",),
        actions=(Action(kind=ActionKind.RETRY_MIG_CONFIG, target=node.subject, args={"config": item.mig.config or "unknown"}),),
        transitional=transition_of(item, view).reason,
    )
