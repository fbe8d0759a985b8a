"""Running work in GPU-hours: what each pod holds, since when, and which pods a remedy ends."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property

from gpuctl.facts.demand import device_requests, pod_gpus
from gpuctl.facts.devices import at_least, dra_devices
from gpuctl.facts.occupancy import in_devices
from gpuctl.facts.subjects import is_finished
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Pod

Place = tuple[str | None, str]
"""A node by cluster and name."""

_NOT_EVICTED = frozenset({"DaemonSet", "Node"})
_PLAIN_OWNERS = frozenset({"DaemonSet", "Node", "ReplicaSet", "ReplicationController", "StatefulSet"})


def pod_name(pod: Pod) -> str:
    """`namespace/name`."""
    return f"{pod.namespace or 'default'}/{pod.name or '?'}"


class Work:
    """Pods of a view, by what ends them."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._cards: dict[int, float] = {}

    @cached_property
    def _pods(self) -> dict[tuple[str | None, str | None, str | None], Pod]:
        return {(pod.cluster, pod.namespace, pod.name): pod for pod in self.view.snapshot.pods or ()}

    def pod(self, subject: Subject) -> Pod | None:
        """The pod that a subject names."""
        return self._pods.get((subject.cluster, subject.namespace, subject.name)) if subject.kind == "pod" else None

    def on(self, place: Place) -> tuple[Pod, ...]:
        """Pods on a node that have not ended."""
        return tuple(pod for pod in self.view.pods_by_node.get(place, ()) if not is_finished(pod))

    def evicted(self, place: Place) -> tuple[Pod, ...]:
        """Pods that a drain of the node ends: all but mirror pods and those of DaemonSets."""
        return tuple(pod for pod in self.on(place) if pod.owner is None or pod.owner.kind not in _NOT_EVICTED)

    def gpu_pods(self, place: Place) -> tuple[Pod, ...]:
        """Pods on a node that hold accelerators."""
        return tuple(pod for pod in self.evicted(place) if accelerators(pod.requests) or pod.claims)

    def cards(self, place: Place) -> float:
        """Physical accelerators of a node, at least one; 0 for a node that nobody read."""
        node = self.view.nodes.get(place)
        if node is None:
            return 0.0
        if id(node) not in self._cards:
            self._cards[id(node)] = float(at_least(node, self.view))
        return self._cards[id(node)]

    def offered(self, place: Place) -> float:
        """Accelerators of a node that the kubelet offers now, as its cards times the share of capacity that is allocatable; those
        that only DRA serves count as offered."""
        node = self.view.nodes.get(place)
        if node is None:
            return 0.0
        capacity, allocatable = accelerators(node.capacity or {}), accelerators(node.allocatable or {})
        whole = math.fsum(in_devices(node, name, amount, self.view) for name, amount in capacity.items())
        if not whole:
            return float(dra_devices(node, self.view))
        there = math.fsum(in_devices(node, name, amount, self.view) for name, amount in allocatable.items())
        return self.cards(place) * min(there / whole, 1.0)

    def gpus(self, pod: Pod) -> float:
        """Physical accelerators that a pod holds or asks for; slices and shares count as their part of a card."""
        if not pod.requests and not pod.claims:
            return 0.0
        node = self.view.nodes.get((pod.cluster, pod.node)) if pod.node else None
        if node is None:
            return pod_gpus(pod, self.view)
        held = math.fsum(in_devices(node, name, amount, self.view) for name, amount in accelerators(pod.requests).items())
        return held + sum(request.count for request in device_requests(pod, self.view))

    def hours(self, pod: Pod) -> float:
        """GPU-hours since the pod started, all of which a restart may cost; the whole horizon where its start is not known.

        Pods that are not running, or are being deleted already, lose nothing.
        """
        if not is_working(pod):
            return 0.0
        age = self.view.age_seconds(pod.started or pod.created)
        hours = self.view.settings["horizon_hours"] if age is None else max(age, 0.0) / 3600
        return self.gpus(pod) * hours


def is_working(pod: Pod) -> bool:
    """Whether the pod runs and none of its containers waits to be restarted."""
    crashing = any(container.state == "waiting" and not container.init for container in pod.containers)
    return pod.phase == "Running" and pod.deleting_since is None and not crashing


def interrupts(pods: Iterable[Pod]) -> tuple[str, ...]:
    """The pods, then the jobs that own them."""
    ended = sorted(pods, key=pod_name)
    jobs = {
        f"{pod.owner.kind} {pod.namespace or 'default'}/{pod.owner.name}"
        for pod in ended
        if pod.owner and pod.owner.kind not in _PLAIN_OWNERS
    }
    return tuple(dict.fromkeys([*map(pod_name, ended), *sorted(jobs)]))
