"""Pods that a kubelet turned down, from their status, or from events when the pods are gone or unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from gpuctl.analysis.admission_message import Refusal, is_refusal, parse
from gpuctl.facts.demand import asks, pod_gpus
from gpuctl.facts.resolve import provides
from gpuctl.facts.siblings import Families
from gpuctl.facts.subjects import GpuPod, pod_subject
from gpuctl.facts.view import View
from gpuctl.facts.waiting import in_order
from gpuctl.knowledge.accelerators import is_accelerator
from gpuctl.model.events import K8sEvent
from gpuctl.model.known import Unknown
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Pod


@dataclass(frozen=True, eq=False)
class AdmittedPod:
    """A GPU pod that a kubelet judged: every GPU pod of the snapshot, and every pod that only a refusal's event names."""

    pod: Pod | None
    named: Subject
    event: K8sEvent | None
    read_from: ClassVar[tuple[str, ...]] = ("pods",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        pods = view.subjects(GpuPod)
        if isinstance(pods, Unknown) and view.snapshot.k8s_events is None:
            return pods
        known = () if isinstance(pods, Unknown) else tuple(item.pod for item in pods if asks(item.pod, view))
        listed = {(pod.namespace, pod.name) for pod in view.snapshot.pods or ()}
        gone: dict[tuple[str | None, str | None], K8sEvent] = {}
        refusals = [
            event for event in view.snapshot.k8s_events or () if is_refusal(event.reason) and (event.kind or "Pod").lower() == "pod"
        ]
        for event in in_order(refusals):
            refusal = parse(event.reason, event.message)
            accelerated = refusal is not None and refusal.resource is not None and is_accelerator(refusal.resource)
            if accelerated and (event.namespace, event.name) not in listed:
                gone[event.namespace, event.name] = event
        return tuple(cls(pod, pod_subject(pod), None) for pod in known) + tuple(
            cls(None, Subject(kind="pod", cluster=event.cluster, namespace=space, name=name, node=event.node), event)
            for (space, name), event in gone.items()
        )

    @property
    def subject(self) -> Subject:
        return self.named


@dataclass(frozen=True)
class Admission:
    """`refusal` is None for a pod that was let in. `replaced`: its controller made another since (None: not known)."""

    refusal: Refusal | None
    replaced: bool | None
    devices: float
    at: datetime | None
    source: str


@provides
def admission(item: AdmittedPod, families: Families, view: View) -> Admission:
    """A pod's own status is judged before any event."""
    pod, event = item.pod, item.event
    if pod is not None:
        refusal = parse(pod.reason, pod.message) if pod.phase == "Failed" else None
        replaced = families.replaced(pod) if refusal is not None else None
        return Admission(refusal, replaced, pod_gpus(pod, view), pod.finished or pod.created, "status of the Pod")
    refusal = parse(event.reason, event.message) if event is not None else None
    replaced = None if view.snapshot.pods is None else True
    at = (event.last_time or event.first_time) if event is not None else None
    return Admission(refusal, replaced, (refusal.requested or 0.0) if refusal is not None else 0.0, at, "event of the kubelet")
