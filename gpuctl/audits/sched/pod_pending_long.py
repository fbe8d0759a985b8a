"""Pods that have waited long for accelerators."""

from __future__ import annotations

from gpuctl.analysis.scheduler_message import Reason
from gpuctl.facts.demand import wanted_text
from gpuctl.facts.feasibility import Fleet, Unmet
from gpuctl.facts.view import View
from gpuctl.facts.waiting import Wait, Waiter, age_unknown
from gpuctl.findings import Action, ActionKind, Confidence, Evidence, Finding, Severity
from gpuctl.model.known import Unknown
from gpuctl.model.subject import Subject
from gpuctl.units import duration


def audit(waiter: Waiter, wait: Wait, fleet: Fleet, view: View) -> Finding | Unknown | None:
    """Waits longer than `pending_long_seconds`; a pod that no node could ever take is left to pod-request-unsatisfiable.

    Where only events tell of the pod and give no time, or no more than a lower bound, it is reported as a possibility.
    """
    limit = view.settings["pending_long_seconds"]
    unsure = wait.seconds is None or (wait.at_least and wait.seconds < limit)
    if wait.seconds is None and waiter.pod is not None:
        return age_unknown(waiter)
    if not unsure and wait.seconds is not None and wait.seconds <= limit:
        return None
    if waiter.pod is not None and isinstance(fleet.unmet(waiter.pod), Unmet):
        return None
    verdict = wait.verdict
    said = str(verdict) if verdict is not None else "no word of the scheduler"
    if wait.seconds is None:
        waited = "for a time that nobody tells"
    else:
        waited = ("for at least " if wait.at_least else "for ") + duration(wait.seconds)
    why = f"scheduling gate {wait.gate}" if wait.gate else said
    wanted = wanted_text(waiter.pod, view) if waiter.pod is not None else "accelerators"
    main = _main_reason(verdict.reasons) if verdict is not None else None
    return Finding(
        subject=waiter.subject,
        severity=Severity.LOW if unsure or wait.gate else Severity.MEDIUM,
        confidence=Confidence.POSSIBLE if unsure else Confidence.CERTAIN,
        message=f"waits {waited} for {wanted}: {why}",
        evidence=(
            Evidence(
                observed=f"pending {waited}; {why}",
                expected=f"placed within {duration(limit)} (setting pending_long_seconds)",
                how=wait.source,
                at=wait.at,
            ),
        ),
        gpus=wait.devices,
        demand=True,
        transitional=_excuse(waiter, wait),
        actions=_actions(waiter, wait, main),
    )


def _excuse(waiter: Waiter, wait: Wait) -> str | None:
    if wait.scaling is not None:
        return wait.scaling
    nominated = waiter.pod.nominated_node if waiter.pod is not None else None
    return f"a place on {nominated} is made for it: the pods there are being preempted" if nominated else None


def _main_reason(reasons: tuple[Reason, ...]) -> Reason | None:
    """The reason to act on: a short accelerator or claim before everything that keeps it off other nodes."""
    order = ("resource", "claim", "cordon", "not_ready", "taint", "selector")
    known = sorted((reason for reason in reasons if reason.kind in order), key=lambda item: (order.index(item.kind), -(item.count or 0)))
    return next((item for item in known if item.detail not in {"cpu", "memory", "pods"}), known[0] if known else None)


def _actions(waiter: Waiter, wait: Wait, main: Reason | None) -> tuple[Action, ...]:
    look = Action(kind=ActionKind.INVESTIGATE, target=waiter.subject)
    if wait.gate is not None or main is None:
        return (look,)
    cluster = Subject(kind="cluster", cluster=waiter.subject.cluster, name=waiter.subject.cluster)
    match main.kind:
        case "resource":
            return Action(kind=ActionKind.ADD_CAPACITY, target=cluster, args={"resource": main.detail}), look
        case "claim":
            return Action(kind=ActionKind.ADD_CAPACITY, target=cluster, args={"resource": "devices of claims"}), look
        case "taint" | "selector":
            return Action(kind=ActionKind.CHANGE_REQUEST, target=waiter.subject, args={"obstacle": main.text}), look
    return (look,)
