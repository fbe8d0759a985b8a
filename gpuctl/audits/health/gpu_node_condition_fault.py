"""What health agents say of a GPU node in its conditions."""

from __future__ import annotations

from gpuctl.facts.occupancy import Physical
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.knowledge.conditions import ConditionRow, classify
from gpuctl.model.known import Unknown, fact
from gpuctl.model.nodes import Condition
from gpuctl.units import duration

_JUDGED_ELSEWHERE = frozenset({"kubelet", "cloud controller"})


def audit(node: GpuNode, physical: Physical, transition: Transition, view: View) -> list[Finding] | Unknown:
    """Documented conditions whose status is the opposite of healthy. Undocumented types are not judged."""
    conditions = fact(node.node, "conditions")
    if isinstance(conditions, Unknown):
        return conditions
    judged = [(condition, row) for condition in conditions if (row := classify(condition.type)) and row.agent not in _JUDGED_ELSEWHERE]
    faults = [(condition, row) for condition, row in judged if condition.status in {"True", "False"} and condition.status != row.healthy]
    unclear = [condition.type for condition, _ in judged if condition.status not in {"True", "False"}]
    if not faults and unclear:
        return Unknown("conditions", f"the agent does not know the state of {', '.join(unclear)}")
    return [
        _finding(node, condition, row, lost=physical.devices, excuse=transition.reason, age=view.age_seconds(condition.since))
        for condition, row in faults
    ]


def _finding(node: GpuNode, condition: Condition, row: ConditionRow, *, lost: float, excuse: str | None, age: float | None) -> Finding:
    """High for accelerators: agents set conditions for faults that need a repair. Other parts of the node degrade it."""
    told = f": {condition.message}" if condition.message else ""
    return Finding(
        subject=node.subject,
        severity=Severity.HIGH if row.accelerator else Severity.MEDIUM,
        message=f"{condition.type} is {condition.status}, reason {condition.reason or 'not given'} ({row.agent})",
        evidence=(
            Evidence(
                observed=f"{condition.type}={condition.status}, reason {condition.reason or 'not given'}{told}"
                + (f", for {duration(age)}" if age is not None else ""),
                expected=f"{condition.type}={row.healthy}",
                how=f"condition of the Node, written by {row.agent}",
                source=row.source,
                at=condition.since,
            ),
        ),
        gpus=lost,
        component=Component.HARDWARE if row.accelerator else Component.NODE,
        nodes=(node.node.name or "",),
        actions=(
            Action(
                kind=ActionKind.FOLLOW_AGENT if row.accelerator else ActionKind.RESTORE_NODE,
                target=node.subject,
                args={"condition": condition.type},
            ),
        ),
        detail=condition.type,
        transitional=excuse,
    )
