"""Workloads that crash-loop on one node only: the node is suspect."""

from __future__ import annotations

from collections import defaultdict

from gpuctl.facts.demand import pod_gpus
from gpuctl.facts.devices import Held
from gpuctl.facts.siblings import Families, Family, crash_loops, family_of, runs_well
from gpuctl.facts.subjects import GpuNode, pod_subject
from gpuctl.facts.transitions import Transition
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Confidence, Evidence, Finding, Severity
from gpuctl.model.workloads import Pod
from gpuctl.units import plural


def audit(node: GpuNode, held: Held, families: Families, transition: Transition, view: View) -> Finding | None:
    """Pods of a controller crash-loop here, none of them does elsewhere, and at least one runs elsewhere."""
    name = node.node.name
    crashing: dict[Family, list[Pod]] = defaultdict(list)
    for pod in held.pods:
        if crash_loops(pod, view) and (family := family_of(pod)) is not None:
            crashing[family].append(pod)
    suspects: list[Pod] = []
    well = 0
    for pods in crashing.values():
        elsewhere = [other for other in families.of(pods[0]) if other.node and other.node != name]
        running = sum(runs_well(other, view) for other in elsewhere)
        if running and not any(crash_loops(other, view) for other in elsewhere):
            suspects += pods
            well += running
    if not suspects:
        return None
    sure = well > 1 or len(suspects) > 1
    names = ", ".join(f"{pod.namespace}/{pod.name}" for pod in suspects)
    restarts = max((container.restarts for pod in suspects for container in pod.containers), default=0)
    ends = {container.last_reason for pod in suspects for container in pod.containers if container.last_reason}
    return Finding(
        subject=node.subject,
        severity=Severity.HIGH if sure else Severity.MEDIUM,
        confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
        message=f"{plural(len(suspects), 'GPU pod')} crash-looping here only, {plural(well, 'sibling')} running elsewhere: {names}",
        evidence=(
            Evidence(
                observed=f"up to {plural(restarts, 'restart')}" + (f", last ends: {', '.join(sorted(ends))}" if ends else ""),
                expected="pods of one controller run here as they do on other nodes",
                how="container states of the pods of each controller, by node",
            ),
        ),
        gpus=sum(pod_gpus(pod, view) for pod in suspects),
        component=Component.POD,
        nodes=(name or "",),
        transitional=transition.reason,
        actions=(
            *(Action(kind=ActionKind.MOVE_POD_OFF_NODE, target=pod_subject(pod), args={"node": name or ""}) for pod in suspects),
            Action(kind=ActionKind.INVESTIGATE, target=node.subject),
        ),
    )
