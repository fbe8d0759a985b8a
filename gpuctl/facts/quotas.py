"""What a ResourceQuota keeps out, from FailedCreate events and from controllers that lack pods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gpuctl.analysis.quota_message import parse
from gpuctl.facts.demand import gpus_wanted
from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.subjects import QuotaScope, limited
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import is_accelerator
from gpuctl.model.known import Unknown
from gpuctl.model.workloads import Quota, Workload

_MAKES_PODS = frozenset({"Job", "ReplicaSet", "StatefulSet", "ReplicationController"})
"""Kinds whose controller makes the pods itself: those above them (Deployment, JobSet) would count the same pods again."""


@dataclass(frozen=True)
class Refused:
    """Pods that one object could not make for one key of a quota: how many of the resource they ask for."""

    who: str
    key: str
    requested: float
    used: float
    at: datetime | None
    source: str


@dataclass(frozen=True)
class QuotaDemand:
    """All refusals of a quota that still stand, and the physical accelerators that they stand for."""

    refused: tuple[Refused, ...]
    devices: float


@provides
def quota_demand(scope: QuotaScope, view: View) -> QuotaDemand | Unknown | Partial[QuotaDemand]:
    """Needs events or workloads. Waiting pods that exist are in `used` already, so only pods that could not be made count."""
    quota = scope.quota
    if view.snapshot.k8s_events is None and view.snapshot.workloads is None:
        return view.gap("k8s_events") or Unknown("k8s_events", "no events were read")
    lacking = {(refused.who, refused.key): refused for refused in _lacking(quota, view)}
    told = {(refused.who, refused.key): refused for refused in _told(quota, view)}
    refused = tuple(lacking.get(key, item) for key, item in sorted({**lacking, **told}.items()))
    demand = QuotaDemand(refused, sum(gpus_wanted({limited(item.key): item.requested}, view) for item in refused))
    gap = view.gap("k8s_events")
    return demand if gap is None else Partial(demand, gap)


def _told(quota: Quota, view: View) -> Iterator[Refused]:
    """Refusals by events; events older than `recent_event_seconds` tell of the past."""
    for event in view.snapshot.k8s_events or ():
        said = parse(event.message) if event.namespace in {quota.namespace, None} and "exceeded quota" in event.message else None
        age = view.age_seconds(event.last_time)
        age = event.age_seconds if age is None else age
        if said is None or said.quota != quota.name or (age is not None and age > view.settings["recent_event_seconds"]):
            continue
        for key, amount in said.requested.items():
            if is_accelerator(limited(key)):
                used = said.used.get(key, 0.0)
                yield Refused(f"{event.kind} {event.name}", key, amount, used, event.last_time, f"event {event.reason}")


def _lacking(quota: Quota, view: View) -> Iterator[Refused]:
    """Controllers of the namespace with fewer pods than they want, where the quota has no room for one more. A quota with scopes
    limits only some pods, so there only events count."""
    used = quota.used
    if quota.scopes or used is None:
        return
    for item in view.snapshot.workloads or ():
        missing = _missing(item)
        if item.namespace != quota.namespace or item.cluster != quota.cluster or not missing:
            continue
        for key, hard in quota.hard.items():
            each = item.requests.get(limited(key), 0.0)
            if is_accelerator(limited(key)) and each and used.get(key, 0.0) + each > hard:
                yield Refused(f"{item.kind} {item.name}", key, each * missing, used.get(key, 0.0), None, f"status of the {item.kind}")


def _missing(item: Workload) -> int:
    if item.kind not in _MAKES_PODS or item.suspended or item.finished or item.desired is None or item.current is None:
        return 0
    return max(item.desired - item.current, 0)
