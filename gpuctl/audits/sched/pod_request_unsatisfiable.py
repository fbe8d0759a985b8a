"""Pods whose request no node can ever meet."""

from __future__ import annotations

from gpuctl.facts.demand import asks, pod_gpus, wanted_text
from gpuctl.facts.feasibility import Feasibility, Fleet
from gpuctl.facts.subjects import WaitingPod
from gpuctl.facts.view import View
from gpuctl.facts.waiting import NO_SCALING, PlacementEvents, Waiter, wait
from gpuctl.findings import Action, ActionKind, Confidence, Evidence, Finding, Severity


def audit(waiting: WaitingPod, feasibility: Feasibility, fleet: Fleet, events: PlacementEvents, view: View) -> Finding | None:
    """Judged by what all nodes have, those not ready, cordoned or broken included, and not by what is free."""
    unmet, pod = feasibility.unmet, waiting.pod
    if unmet is None or not asks(pod, view):
        return None
    said_of = events.by_object.get(("pod", pod.namespace, pod.name), ())
    told = wait(Waiter(pod, waiting.subject, said_of), view)
    refused = any(event.reason == NO_SCALING for event in said_of)
    confidence = Confidence.CERTAIN
    said = unmet.message
    if fleet.autoscaler is not None and not refused:
        confidence = Confidence.POSSIBLE
        said += f"; {fleet.autoscaler} shows that nodes may be added, and a pool scaled to zero cannot be seen"
    elif unmet.kind in {"toleration", "selector", "affinity"}:
        confidence = Confidence.LIKELY
    return Finding(
        subject=waiting.subject,
        severity=Severity.MEDIUM,
        confidence=confidence,
        message=f"can never start on the nodes that exist: {said}",
        evidence=(
            Evidence(
                observed=f"asks for {wanted_text(pod, view)}; {unmet.there}",
                expected=f"at least one node for {unmet.wanted}",
                how="requests, selector, affinity and tolerations of the Pod against capacity, labels and taints of every Node",
                source=str(told.verdict) if told.verdict is not None else None,
            ),
        ),
        gpus=pod_gpus(pod, view),
        demand=True,
        transitional=told.scaling,
        actions=(
            Action(kind=ActionKind.CHANGE_REQUEST, target=waiting.subject, args={"obstacle": unmet.message, **unmet.args}),
            Action(kind=ActionKind.INVESTIGATE, target=waiting.subject),
        ),
    )
