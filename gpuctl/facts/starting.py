"""Pods that are bound and do not start, and what the kubelet says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import GpuPod
from gpuctl.facts.view import View
from gpuctl.facts.waiting import in_order

IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"})
"""Reasons of a waiting container whose image cannot be had. https://kubernetes.io/docs/concepts/containers/images/ (2026-11-24)"""


@dataclass(frozen=True)
class Starting:
    """`since` is None for a pod that is not starting. `seconds` is None when unknown; `state` is the waiting reason of a container;
    `cause` the newest warning about the pod, `cause_reason` its reason."""

    bound: bool
    since: datetime | None = None
    seconds: float | None = None
    state: str = ""
    cause: str = ""
    cause_reason: str = ""


@provides
def starting(item: GpuPod, view: View) -> Starting:
    """A pod starts while it is bound and none of its containers, init containers included, has run."""
    pod = item.pod
    begun = any(container.state in {"running", "terminated"} or container.restarts for container in pod.containers)
    if not pod.node or pod.phase != "Pending" or pod.deleting_since is not None or begun:
        return Starting(False)
    scheduled = next(
        (condition.since for condition in pod.conditions if condition.type == "PodScheduled" and condition.status == "True"), None
    )
    since = scheduled or pod.started or pod.created
    waiting = next((container for container in pod.containers if container.state == "waiting" and container.reason), None)
    state = waiting.reason if waiting is not None else ""
    warnings = [event for event in view.events_by_object.get(("Pod", pod.namespace, pod.name), ()) if event.type == "Warning"]
    newest = in_order(warnings)[-1] if warnings else None
    return Starting(
        True,
        since,
        view.age_seconds(since),
        state,
        newest.message if newest is not None else (waiting.message if waiting is not None else ""),
        newest.reason if newest is not None else "",
    )
