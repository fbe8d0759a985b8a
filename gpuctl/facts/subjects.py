"""What can be judged: each kind of subject lists itself from a view and knows its name in the report.

A listing that nobody could read is `Unknown`; the runner then counts one subject, the cluster, as not assessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, TypeVar

from gpuctl.facts.view import View
from gpuctl.knowledge import accelerators
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.model.nodes import Node
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Autoscaler, Pod, Queue, Quota, Workload

P = TypeVar("P")


def _unread(view: View, collection: str) -> Unknown | None:
    """Why a collection is missing altogether; None when at least a part of it is known."""
    if getattr(view.snapshot, collection) is not None:
        return None
    return Unknown(collection, why_unknown(view.snapshot, collection))


def holds_accelerators(pod: Pod) -> bool:
    """Whether the pod asks for accelerators, by extended resource or by claim."""
    return bool(pod.claims) or (bool(pod.requests) and any(map(accelerators.is_accelerator, pod.requests)))


def is_finished(pod: Pod) -> bool:
    """Whether the pod has ended and holds nothing any more."""
    return pod.phase in {"Succeeded", "Failed"}


@dataclass(frozen=True, eq=False)
class ClusterScope:
    """The cluster as a whole: exactly one in each view."""

    name: str | None

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self]:
        return (cls(view.snapshot.cluster.context),)

    @property
    def subject(self) -> Subject:
        return Subject(kind="cluster", cluster=self.name, name=self.name)


@dataclass(frozen=True, eq=False)
class GpuNode:
    """A node that has, or says that it should have, accelerators."""

    node: Node
    read_from: ClassVar[tuple[str, ...]] = ("nodes",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        return _unread(view, "nodes") or tuple(cls(node) for node in view.gpu_nodes)

    @property
    def subject(self) -> Subject:
        return Subject(kind="node", cluster=self.node.cluster, name=self.node.name, node=self.node.name)


@dataclass(frozen=True, eq=False)
class Pool:
    """GPU nodes that belong together: those of one pool label; without one, of one product, number and instance type."""

    name: str
    cluster: str | None
    nodes: tuple[Node, ...]
    labelled: bool
    read_from: ClassVar[tuple[str, ...]] = ("nodes",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        if (unread := _unread(view, "nodes")) is not None:
            return unread
        members: dict[tuple[str | None, bool, str], list[Node]] = defaultdict(list)
        for node in view.gpu_nodes:
            members[node.cluster, node.pool is not None, node.pool or _likeness(node)].append(node)
        return tuple(
            cls(name, cluster, tuple(nodes), labelled)
            for (cluster, labelled, name), nodes in sorted(members.items(), key=lambda item: (item[0][0] or "", item[0][2]))
        )

    @property
    def subject(self) -> Subject:
        return Subject(kind="pool", cluster=self.cluster, name=self.name)


def _likeness(node: Node) -> str:
    """Name of the pool of nodes without a pool label."""
    number = accelerators.whole_devices(node.capacity) if node.capacity is not None else len(node.gpus or ())
    return " ".join(part for part in (f"{number:g}x", product_of(node) or "unknown product", node.instance_type or "") if part)


def product_of(node: Node) -> str | None:
    """The product by the node's label, else of the GPUs that its host listed, spelt as feature discovery spells labels."""
    if node.accelerators is not None and node.accelerators.product:
        return node.accelerators.product
    return " + ".join(sorted({gpu.product.replace(" ", "-") for gpu in node.gpus or () if gpu.product})) or None


@dataclass(frozen=True, eq=False)
class GpuPod:
    """A pod that asks for accelerators and has not ended well; failed ones are listed, so that their failure can be judged."""

    pod: Pod
    read_from: ClassVar[tuple[str, ...]] = ("pods",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        return _unread(view, "pods") or _pods(view, cls, lambda pod: pod.phase != "Succeeded" and holds_accelerators(pod))

    @property
    def subject(self) -> Subject:
        return pod_subject(self.pod)


@dataclass(frozen=True, eq=False)
class WaitingPod:
    """A pod that asks for accelerators and is bound to no node."""

    pod: Pod
    read_from: ClassVar[tuple[str, ...]] = ("pods",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        return _unread(view, "pods") or _pods(
            view,
            cls,
            lambda pod: not pod.node and pod.phase in {"Pending", None} and pod.deleting_since is None and holds_accelerators(pod),
        )

    @property
    def subject(self) -> Subject:
        return pod_subject(self.pod)


def _pods(view: View, made: Callable[[Pod], P], wanted: Callable[[Pod], bool]) -> tuple[P, ...]:
    return tuple(made(pod) for pod in view.snapshot.pods or () if wanted(pod))


def pod_subject(pod: Pod) -> Subject:
    """A pod's name in reports."""
    return Subject(kind="pod", cluster=pod.cluster, name=pod.name, namespace=pod.namespace, node=pod.node)


@dataclass(frozen=True, eq=False)
class QuotaScope:
    """A ResourceQuota that limits accelerators."""

    quota: Quota
    read_from: ClassVar[tuple[str, ...]] = ("quotas",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        return _unread(view, "quotas") or tuple(
            cls(quota) for quota in view.snapshot.quotas or () if any(accelerators.is_accelerator(limited(key)) for key in quota.hard)
        )

    @property
    def subject(self) -> Subject:
        return Subject(kind="queue", cluster=self.quota.cluster, name=self.quota.name, namespace=self.quota.namespace)


def limited(key: str) -> str:
    """The resource that a ResourceQuota's key limits: `requests.nvidia.com/gpu` limits `nvidia.com/gpu`."""
    return key.removeprefix("requests.").removeprefix("limits.")


@dataclass(frozen=True, eq=False)
class QueueScope:
    """A queue of Kueue, Volcano or KAI."""

    queue: Queue
    read_from: ClassVar[tuple[str, ...]] = ("queues",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        return _unread(view, "queues") or tuple(cls(queue) for queue in view.snapshot.queues or ())

    @property
    def subject(self) -> Subject:
        return Subject(kind="queue", cluster=self.queue.cluster, name=self.queue.name, namespace=self.queue.namespace)


@dataclass(frozen=True, eq=False)
class WorkloadScope:
    """An object that creates pods which ask for accelerators."""

    workload: Workload
    read_from: ClassVar[tuple[str, ...]] = ("workloads",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        return _unread(view, "workloads") or tuple(
            cls(item) for item in view.snapshot.workloads or () if any(map(accelerators.is_accelerator, item.requests))
        )

    @property
    def subject(self) -> Subject:
        item = self.workload
        name = item.name or (f"{item.generate_name}*" if item.generate_name else None)
        return Subject(kind="workload", cluster=item.cluster, name=name, namespace=item.namespace)


@dataclass(frozen=True, eq=False)
class AutoscalerScope:
    """A HorizontalPodAutoscaler or ScaledObject."""

    autoscaler: Autoscaler
    read_from: ClassVar[tuple[str, ...]] = ("autoscalers",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        return _unread(view, "autoscalers") or tuple(cls(item) for item in view.snapshot.autoscalers or ())

    @property
    def subject(self) -> Subject:
        item = self.autoscaler
        return Subject(kind="workload", cluster=item.cluster, name=item.name, namespace=item.namespace)


@dataclass(frozen=True, eq=False)
class CountedNode:
    """A node for which a collector counted GPUs, the count 0 included (AICR snapshots, hosts)."""

    node: Node

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        return _unread(view, "nodes") or tuple(cls(node) for node in view.snapshot.nodes or () if node.gpu_count is not None)

    @property
    def subject(self) -> Subject:
        return Subject(kind="node", cluster=self.node.cluster, name=self.node.name, node=self.node.name)
