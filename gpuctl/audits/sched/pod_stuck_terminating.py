"""GPU pods that should be gone and still hold their devices."""

from __future__ import annotations

from gpuctl.facts.demand import asks, pod_gpus, wanted_text
from gpuctl.facts.subjects import GpuPod, is_finished
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.model.known import Unknown
from gpuctl.units import duration


def audit(item: GpuPod, view: View) -> Finding | Unknown | None:
    """More than `terminating_slack_seconds` past `metadata.deletionTimestamp`, which has the grace period in it already."""
    pod = item.pod
    if pod.deleting_since is None or is_finished(pod) or not asks(pod, view):
        return None
    late = view.age_seconds(pod.deleting_since)
    if late is None:
        return Unknown("as_of", "no source tells what time it is")
    slack = view.settings["terminating_slack_seconds"]
    if late <= slack:
        return None
    grace = f"a grace period of {duration(pod.grace_seconds)}" if pod.grace_seconds is not None else "its grace period"
    return Finding(
        subject=item.subject,
        severity=Severity.MEDIUM,
        message=f"still terminating {duration(late)} after {grace} ended, and holds {wanted_text(pod, view)}",
        evidence=(
            Evidence(
                observed=f"metadata.deletionTimestamp {duration(late)} ago, phase {pod.phase or 'unknown'}",
                expected=f"gone within {duration(slack)} after the grace period (setting terminating_slack_seconds)",
                how="metadata.deletionTimestamp of the Pod: request plus grace period",
                at=pod.deleting_since,
            ),
        ),
        gpus=pod_gpus(pod, view) if pod.node else 0,
        component=Component.POD,
        nodes=(pod.node,) if pod.node else (),
        actions=(
            Action(kind=ActionKind.FORCE_DELETE_POD, target=item.subject),
            Action(kind=ActionKind.INVESTIGATE, target=item.subject),
        ),
    )
