"""Nodes that kubelet or the control plane calls unfit while they hold or offer GPUs."""

from __future__ import annotations

from datetime import datetime

from gpuctl.facts.occupancy import Occupants, Physical
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.knowledge.conditions import classify
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.model.nodes import Condition
from gpuctl.units import duration, plural


def audit(node: GpuNode, occupants: Occupants, physical: Physical, transition: Transition, view: View) -> list[Finding] | Unknown:
    """Ready first: where it is not True, pressure and network conditions are old news and are not told apart."""
    item = node.node
    if item.ready is None and item.conditions is None:
        return Unknown("conditions", why_unknown(item, "conditions"))
    ready = next((condition for condition in item.conditions or () if condition.type == "Ready"), None)
    status = item.ready or (ready.status if ready is not None else None)
    if status in {"False", "Unknown"}:
        evidence = _unready_evidence(node, status, ready, view)
        return [_unready(node, status, evidence, occupants, lost=physical.devices, excuse=transition.reason)]
    pressed = [condition for condition in item.conditions or () if _is_pressed(condition)]
    if not pressed and (status is None or item.conditions is None):
        missing = "ready" if status is None else "conditions"
        return Unknown(missing, why_unknown(item, missing))
    return [
        _pressed(node, condition, occupants, lost=physical.devices, excuse=transition.reason, lasting=_for(condition.since, view))
        for condition in pressed
    ]


def _is_pressed(condition: Condition) -> bool:
    row = classify(condition.type)
    judged_here = row is not None and row.agent in {"kubelet", "cloud controller"} and condition.type != "Ready"
    return judged_here and condition.status == "True"


def _unready_evidence(node: GpuNode, status: str, ready: Condition | None, view: View) -> list[Evidence]:
    reason = f", reason {ready.reason}" if ready is not None and ready.reason else ""
    since = ready.since if ready is not None else None
    evidence = [
        Evidence(
            observed=f"Ready is {status}{reason}{_for(since, view)}",
            expected="Ready is True",
            how="condition of the Node",
            at=since,
        )
    ]
    beat = view.age_seconds(node.node.heartbeat)
    limit = view.settings["heartbeat_seconds"]
    if beat is not None and beat > limit:
        evidence.append(
            Evidence(
                observed=f"last heartbeat {duration(beat)} ago",
                expected=f"at most {duration(limit)}",
                how="renewTime of the node's Lease, else the newest heartbeat of its conditions",
                at=node.node.heartbeat,
            )
        )
    return evidence


def _unready(node: GpuNode, status: str, evidence: list[Evidence], occupants: Occupants, *, lost: float, excuse: str | None) -> Finding:
    """Critical while GPU pods are bound to the node: the control plane evicts them after 300 s by default, so their work is lost."""
    return Finding(
        subject=node.subject,
        severity=Severity.CRITICAL if occupants.pods else Severity.HIGH,
        message=("the control plane has lost the node" if status == "Unknown" else "the node is not ready") + _bound(occupants),
        evidence=(*evidence, *_holders(occupants)),
        gpus=lost,
        component=Component.NODE,
        nodes=(node.node.name or "",),
        actions=(Action(kind=ActionKind.RESTORE_NODE, target=node.subject, args={"condition": "Ready"}),),
        detail="Ready",
        transitional=excuse,
    )


def _pressed(node: GpuNode, condition: Condition, occupants: Occupants, *, lost: float, excuse: str | None, lasting: str) -> Finding:
    """High while GPU pods run there, since kubelet evicts pods under pressure; else medium, since no new pod is put there."""
    return Finding(
        subject=node.subject,
        severity=Severity.HIGH if occupants.pods else Severity.MEDIUM,
        message=f"{condition.type} on a GPU node" + _bound(occupants),
        evidence=(
            Evidence(
                observed=f"{condition.type} is True{lasting}",
                expected=f"{condition.type} is False",
                how="condition of the Node",
                at=condition.since,
            ),
            *_holders(occupants),
        ),
        gpus=lost,
        component=Component.NODE,
        nodes=(node.node.name or "",),
        actions=(Action(kind=ActionKind.RESTORE_NODE, target=node.subject, args={"condition": condition.type}),),
        detail=condition.type,
        transitional=excuse,
    )


def _for(since: datetime | None, view: View) -> str:
    age = view.age_seconds(since)
    return f" for {duration(age)}" if age is not None else ", since when is not known"


def _bound(occupants: Occupants) -> str:
    return f" while it holds {plural(len(occupants.pods), 'GPU pod')}" if occupants.pods else ""


def _holders(occupants: Occupants) -> list[Evidence]:
    if occupants.pods is None:
        return [Evidence(observed="pods are not known", expected="the pods of the node", how=f"pods: {occupants.reason}")]
    if not occupants.pods:
        return []
    names = ", ".join(f"{pod.namespace}/{pod.name}" for pod in occupants.pods[:5])
    more = f" and {len(occupants.pods) - 5} more" if len(occupants.pods) > 5 else ""
    return [Evidence(observed=f"GPU pods on it: {names}{more}", expected="none on a node in this state", how="pods bound to the node")]
