"""Bare GPU pods: nothing brings them back."""

from __future__ import annotations

from gpuctl.facts.demand import asks, wanted_text
from gpuctl.facts.subjects import GpuPod, is_finished
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Evidence, Finding, Severity
from gpuctl.model.known import Unknown, why_unknown

_RESERVATIONS = frozenset({"kai-resource-reservation", "runai-reservation"})
"""Namespaces where KAI and Run:ai hold shared GPUs by bare pods of their own: their controllers are not owners.
https://github.com/NVIDIA/KAI-Scheduler/tree/main/docs/gpu-sharing (2026-11-24)"""


def audit(item: GpuPod, view: View) -> Finding | Unknown | None:
    """Static pods are owned by their Node and are no bare pods."""
    pod = item.pod
    if pod.owner is not None or is_finished(pod) or pod.namespace in _RESERVATIONS or not asks(pod, view):
        return None
    if "owner" in pod.unknown or (pod.phase is None and pod.created is None):
        return Unknown("owner", why_unknown(pod, "owner"))
    takes = "holds" if pod.node else "waits for"
    return Finding(
        subject=item.subject,
        severity=Severity.LOW,
        message=f"has no controller: {takes} {wanted_text(pod, view)}, and nothing brings it back after a drain, an eviction or a crash of "
        "its node",
        evidence=(
            Evidence(
                observed="no owner reference with controller: true",
                expected="a Job, Deployment, StatefulSet or another controller owns the pod",
                how="metadata.ownerReferences of the Pod",
            ),
        ),
        hygiene=True,
        actions=(Action(kind=ActionKind.ADD_CONTROLLER, target=item.subject),),
    )
