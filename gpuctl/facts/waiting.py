"""Pods that wait for accelerators: since when, and what the scheduler says of it; from pods, else from events alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from gpuctl.analysis.scheduler_message import Verdict, parse
from gpuctl.facts.demand import asks, pod_gpus
from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import WaitingPod, pod_subject
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import is_accelerator
from gpuctl.model.events import K8sEvent
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Pod

_FAILED = frozenset({"FailedScheduling", "Unschedulable"})
"""Reasons of kube-scheduler, KAI and Karpenter; of Volcano for a gang."""
_PLACED = frozenset({"Scheduled", "Bound", "SuccessfulAssigned"})
_SCALING = frozenset({"TriggeredScaleUp", "Nominated", "ProvisioningStarted"})
"""cluster-autoscaler's, Karpenter's: a node for this pod is on its way."""
NO_SCALING = "NotTriggerScaleUp"
"""cluster-autoscaler's: no node group would help."""

Key = tuple[str, str | None, str | None]


@dataclass(frozen=True, eq=False)
class Waiter:
    """A pod (or gang) that waits for accelerators. `pod` is None where only events tell of it; `said` are the events about its
    placement, oldest first."""

    pod: Pod | None
    named: Subject
    said: tuple[K8sEvent, ...]
    read_from: ClassVar[tuple[str, ...]] = ("pods",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        told = placement_events(view).by_object
        pods = view.subjects(WaitingPod)
        if not isinstance(pods, Unknown):
            waiting = (item.pod for item in pods if asks(item.pod, view))
            return tuple(cls(pod, pod_subject(pod), told.get(("pod", pod.namespace, pod.name), ())) for pod in waiting)
        if view.snapshot.k8s_events is None:
            return pods
        return tuple(
            cls(None, Subject(kind="workload" if kind == "podgroup" else "pod", cluster=said[-1].cluster, namespace=space, name=name), said)
            for (kind, space, name), said in told.items()
            if said[-1].reason in _FAILED and kind in {"pod", "podgroup", ""} and _about_accelerators(said[-1])
        )

    @property
    def subject(self) -> Subject:
        return self.named


@dataclass(frozen=True)
class Wait:
    """How long the pod has waited (`seconds`; None when unknown, `at_least` when more is possible) and why.

    `verdict` is the newest word of the scheduler, `at` its time, `source` where it stands; `gate` names a scheduling gate;
    `scaling` says that an autoscaler is adding a node; `devices` are physical accelerators asked for.
    """

    seconds: float | None
    at_least: bool
    verdict: Verdict | None
    source: str
    at: datetime | None
    gate: str | None
    scaling: str | None
    devices: float


@dataclass(frozen=True)
class PlacementEvents:
    """Events of schedulers and autoscalers by lower-case kind, namespace and name of the object, oldest first as far as stamped."""

    by_object: dict[Key, tuple[K8sEvent, ...]]


@provides
def placement_events(view: View) -> PlacementEvents:
    """Empty where no events were read."""
    found: dict[Key, list[K8sEvent]] = defaultdict(list)
    for event in view.snapshot.k8s_events or ():
        if event.reason in _FAILED or event.reason in _PLACED or event.reason in _SCALING or event.reason == NO_SCALING:
            found[(event.kind or "").lower(), event.namespace, event.name].append(event)
    return PlacementEvents({key: tuple(in_order(events)) for key, events in found.items()})


def in_order(events: Sequence[K8sEvent]) -> list[K8sEvent]:
    """Events oldest first: by their stamps, or by the ages of a table, when all have one; otherwise as given."""
    stamps = [event.last_time for event in events]
    if all(stamp is not None for stamp in stamps):
        return sorted(events, key=lambda event: event.last_time.timestamp() if event.last_time else 0.0)
    ages = [event.age_seconds for event in events]
    if all(age is not None for age in ages):
        return sorted(events, key=lambda event: -(event.age_seconds or 0.0))
    return list(events)


def _about_accelerators(event: K8sEvent) -> bool:
    """Whether a scheduler's message speaks of accelerators: a resource that is one, or claims for devices."""
    reasons = parse(event.message).reasons
    return any(
        reason.kind == "claim" or any(is_accelerator(word.strip(".,;:()")) for word in (*reason.text.split(), reason.detail))
        for reason in reasons
    )


@provides
def wait(waiter: Waiter, view: View) -> Wait:
    """The pod's own condition is fresher than events, which are folded and kept for an hour."""
    pod = waiter.pod
    failed = next((event for event in reversed(waiter.said) if event.reason in _FAILED), None)
    scaling = next((event for event in reversed(waiter.said) if event.reason in _SCALING), None)
    condition = next((item for item in pod.conditions if item.type == "PodScheduled"), None) if pod is not None else None
    message, source, at = "", "", None
    if condition is not None and condition.status == "False" and condition.message:
        message, source, at = condition.message, "condition PodScheduled of the Pod", condition.since
    elif failed is not None:
        message, source, at = failed.message, f"event {failed.reason} of {failed.component or 'the scheduler'}", failed.last_time
    seconds, at_least = _since(waiter, condition.since if condition is not None else None, failed, view)
    return Wait(
        seconds=seconds,
        at_least=at_least,
        verdict=parse(message) if message else None,
        source=source or "Pod status",
        at=at,
        gate=pod.scheduling_gates[0] if pod is not None and pod.scheduling_gates else None,
        scaling=_scaling(scaling, view),
        devices=pod_gpus(pod, view) if pod is not None else 0.0,
    )


def _since(waiter: Waiter, unscheduled: datetime | None, failed: K8sEvent | None, view: View) -> tuple[float | None, bool]:
    if waiter.pod is not None and (began := waiter.pod.created or unscheduled) is not None:
        return view.age_seconds(began), False
    stamps = [stamp for event in waiter.said if (stamp := event.first_time or event.last_time) is not None]
    first = min(stamps, default=None)
    if (age := view.age_seconds(first)) is not None:
        return age, False
    ages = [event.first_age_seconds or event.age_seconds for event in waiter.said]
    known = [age for age in ages if age is not None]
    return (max(known), True) if known and failed is not None else (None, True)


def _scaling(event: K8sEvent | None, view: View) -> str | None:
    """That a node is on its way, while the autoscaler's word is fresh."""
    if event is None:
        return None
    age = view.age_seconds(event.last_time or event.first_time)
    age = event.age_seconds if age is None else age
    if age is None or age > view.settings["pending_long_seconds"]:
        return None
    return f"{event.component or 'the autoscaler'} is adding a node ({event.reason})"


def age_unknown(waiter: Waiter) -> Unknown:
    """Why nobody knows how long it waits."""
    if waiter.pod is None:
        return Unknown("first_time", "the events carry no times")
    return Unknown("created", why_unknown(waiter.pod, "created") if waiter.pod.created is None else "no source tells what time it is")
