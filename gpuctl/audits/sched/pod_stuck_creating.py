"""GPU pods that are bound and do not start."""

from __future__ import annotations

from gpuctl.facts.demand import asks, pod_gpus, wanted_text
from gpuctl.facts.starting import IMAGE_REASONS, Starting
from gpuctl.facts.subjects import GpuPod
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.units import duration


def audit(item: GpuPod, starting: Starting, view: View) -> Finding | Unknown | None:
    """Bound for longer than `creating_long_seconds` and no container has run: the devices are held and idle."""
    pod = item.pod
    if not starting.bound or not asks(pod, view):
        return None
    if starting.seconds is None:
        return Unknown("created", why_unknown(pod, "created") if starting.since is None else "no source tells what time it is")
    limit = view.settings["creating_long_seconds"]
    if starting.seconds <= limit:
        return None
    state = starting.state or "no container status: the kubelet has not taken the pod up"
    why = f"{starting.cause_reason}: {starting.cause}" if starting.cause_reason else starting.cause or "no warning says why"
    if starting.state in IMAGE_REASONS:
        first = Action(kind=ActionKind.CHANGE_REQUEST, target=item.subject, args={"obstacle": f"image: {starting.state}"})
    elif starting.state and starting.cause:
        first = Action(kind=ActionKind.INVESTIGATE, target=item.subject)
    else:
        first = Action(kind=ActionKind.RECREATE_POD, target=item.subject)
    return Finding(
        subject=item.subject,
        severity=Severity.MEDIUM,
        message=f"bound to {pod.node} for {duration(starting.seconds)} and not started ({state}), holds {wanted_text(pod, view)}; {why}",
        evidence=(
            Evidence(
                observed=f"{state}; {why}",
                expected=f"a container runs within {duration(limit)} (setting creating_long_seconds)",
                how="container states and conditions of the Pod, its newest warning event",
                at=starting.since,
            ),
        ),
        gpus=pod_gpus(pod, view),
        component=Component.POD,
        nodes=(pod.node or "",),
        actions=(first,) if first.kind == ActionKind.INVESTIGATE else (first, Action(kind=ActionKind.INVESTIGATE, target=item.subject)),
    )
