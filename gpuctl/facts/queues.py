"""Queues and what waits in them: Kueue's quotas against its pending workloads, and references that lead nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from gpuctl.facts.demand import gpus_wanted
from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.subjects import QueueScope, WaitingPod, WorkloadScope
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Queue, Workload

_STOPS = frozenset({"Hold", "HoldAndDrain"})
"""https://kueue.sigs.k8s.io/docs/concepts/cluster_queue/#stoppolicy (2026-11-24)"""


@dataclass(frozen=True)
class QueueDemand:
    """Accelerators by resource: `quota` and `reachable` (with borrowing; None = no bound), pending workloads with what each asks for."""

    quota: dict[str, float]
    reachable: dict[str, float | None]
    pending: tuple[tuple[str, dict[str, float]], ...]


@dataclass(frozen=True, eq=False)
class QueueReference:
    """Something that names a queue: a workload or waiting pod its queue, a LocalQueue its ClusterQueue."""

    named: Subject
    wanted: str
    kind: str
    namespace: str | None
    requests: dict[str, float]
    read_from: ClassVar[tuple[str, ...]] = ("queues", "workloads", "pods")

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        """Unknown while the queues are: a name that nobody could look up is not missing."""
        if view.snapshot.queues is None:
            return Unknown("queues", why_unknown(view.snapshot, "queues"))
        found = [
            cls(WorkloadScope(item).subject, item.queue, item.kind, item.namespace, accelerators(item.total_requests or item.requests))
            for item in view.snapshot.workloads or ()
            if item.queue and not item.finished and item.kind != "Workload"
        ]
        pods = view.subjects(WaitingPod)
        if not isinstance(pods, Unknown):
            found += [
                cls(item.subject, item.pod.queue, "Pod", item.pod.namespace, accelerators(item.pod.requests))
                for item in pods
                if item.pod.queue
            ]
        found += [
            cls(QueueScope(queue).subject, queue.parent, "LocalQueue", None, {})
            for queue in view.snapshot.queues
            if queue.kind == "LocalQueue" and queue.parent
        ]
        return tuple(found)

    @property
    def subject(self) -> Subject:
        return self.named


@dataclass(frozen=True)
class Target:
    """Where a reference leads: the queue, or None; `elsewhere` are namespaces with a queue of that name; `stopped` says why a
    queue admits nothing."""

    queue: Queue | None
    elsewhere: tuple[str, ...]
    stopped: str | None
    devices: float


@provides
def target(reference: QueueReference, view: View) -> Target | Unknown:
    """A LocalQueue is looked up in the namespace; queues of Volcano and KAI have none. Where queues are known in part, one that is
    not among them may exist all the same."""
    queues = [queue for queue in view.snapshot.queues or () if queue.name == reference.wanted and queue.cluster == reference.named.cluster]
    if reference.kind == "LocalQueue":
        match = next((queue for queue in queues if queue.kind == "ClusterQueue"), None)
        elsewhere: tuple[str, ...] = ()
    else:
        local = [queue for queue in queues if queue.kind == "LocalQueue"]
        match = next((queue for queue in local if queue.namespace == reference.namespace), None)
        match = match or next((queue for queue in queues if queue.kind == "Queue"), None)
        elsewhere = tuple(sorted(queue.namespace or "" for queue in local))
    gap = view.gap("queues")
    if match is None and gap is not None:
        return gap
    return Target(match, elsewhere, _stopped(match), gpus_wanted(reference.requests, view))


def _stopped(queue: Queue | None) -> str | None:
    if queue is None:
        return None
    if queue.stop_policy in _STOPS:
        return f"stopPolicy {queue.stop_policy}"
    if queue.active is False:
        why = next((item.message or item.reason for item in queue.conditions if item.type == "Active"), "")
        return f"not active{f': {why}' if why else ''}"
    return None


@provides
def queue_demand(scope: QueueScope, view: View) -> QueueDemand | Unknown | Partial[QueueDemand]:
    """Only ClusterQueues have both a quota and workloads that wait for admission; all others answer with nothing."""
    queue = scope.queue
    if queue.kind != "ClusterQueue":
        return QueueDemand({}, {}, ())
    if view.snapshot.workloads is None:
        return Unknown("workloads", why_unknown(view.snapshot, "workloads"))
    if (gap := view.gap("queues")) is not None:
        return gap
    quota = _nominal(queue)
    pending = tuple(_pending(queue, view))
    wanted = {name for _, requests in pending for name in requests}
    demand = QueueDemand(quota, {name: _reachable(queue, name, view) for name in wanted}, pending)
    gap = view.gap("workloads")
    return demand if gap is None else Partial(demand, gap)


def _nominal(queue: Queue) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for item in queue.quotas:
        total[item.resource] += item.nominal or 0.0
    return accelerators(total)


def _reachable(queue: Queue, resource: str, view: View) -> float | None:
    """The queue's own quota with what it may borrow from its cohort; None where the cohort's own objects may add more."""
    own = _nominal(queue).get(resource, 0.0)
    if not queue.cohort:
        return own
    if any(item.kind == "Cohort" for item in view.snapshot.queues or ()):
        return None
    limits = [item.borrowing_limit for item in queue.quotas if item.resource == resource]
    if not limits:
        return own
    lent = 0.0
    for other in view.snapshot.queues or ():
        if other is queue or other.cohort != queue.cohort or other.kind != "ClusterQueue" or other.cluster != queue.cluster:
            continue
        for item in other.quotas:
            if item.resource == resource:
                nominal = item.nominal or 0.0
                lent += nominal if item.lending_limit is None else min(nominal, item.lending_limit)
    bounded = [limit for limit in limits if limit is not None]
    return own + (min(lent, sum(bounded)) if len(bounded) == len(limits) else lent)


def _pending(queue: Queue, view: View) -> Iterator[tuple[str, dict[str, float]]]:
    """Suspended workloads in the LocalQueues of the ClusterQueue: that is how Kueue queues them."""
    local = {
        (item.namespace, item.name)
        for item in view.snapshot.queues or ()
        if item.kind == "LocalQueue" and item.parent == queue.name and item.cluster == queue.cluster
    }
    for item in view.snapshot.workloads or ():
        if (item.namespace, item.queue) in local and item.suspended and not item.finished and item.kind != "Workload":
            requests = accelerators(item.total_requests)
            if requests:
                yield _name(item), requests


def _name(item: Workload) -> str:
    return f"{item.kind} {item.namespace}/{item.name or f'{item.generate_name}*'}"
