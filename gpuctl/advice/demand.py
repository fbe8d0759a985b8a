"""Waiting pods given out to the GPUs that remedies win: each pod once, over all items in their order."""

from __future__ import annotations

import math
from collections import defaultdict

from gpuctl.advice.work import Place, Work
from gpuctl.analysis.placement import could_run
from gpuctl.facts.demand import device_requests, lacks_devices, potential
from gpuctl.facts.subjects import WaitingPod
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.known import Unknown
from gpuctl.model.nodes import Node
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Pod


class Demand:
    """What waits, and what of it has been given out."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._view = work.view
        listed = self._view.subjects(WaitingPod)
        waiting = [] if isinstance(listed, Unknown) else [item.pod for item in listed]
        self._waiting = sorted(waiting, key=_queue_order)
        self._room: dict[Place, dict[str, float]] = {}
        self._given: set[tuple[str | None, str | None, str | None]] = set()
        self._idle: dict[str | None, float] = self._idle_gpus()

    def fresh(self) -> Demand:
        """The same pods, none given out."""
        return Demand(self._work)

    def take(self, place: Place, won: float, freed: tuple[Pod, ...], taints: frozenset[str]) -> float:
        """Give waiting pods to a node on which a remedy wins GPUs.

        Args:
            won: physical accelerators that the remedy wins there.
            freed: pods that it removes, whose resources come free.
            taints: keys of taints that it lifts.

        Returns:
            How many of the won accelerators waiting pods can use.
        """
        node = self._view.nodes.get(place)
        if node is None:
            return 0.0
        used = 0.0
        room = self._room_on(place, node, freed)
        for pod in self._waiting:
            if used >= won:
                break
            if _key(pod) in self._given or pod.scheduling_gates or not self._fits(pod, node, room, taints):
                continue
            self._given.add(_key(pod))
            _subtract(room, pod)
            used += min(self._work.gpus(pod), won - used)
        self._room[place] = room
        return used

    def unblock(self, pods: tuple[Pod, ...], others: float, cluster: str | None) -> float:
        """GPUs that lie free and that these waiting pods (and `others` GPUs asked for by pods that do not exist yet) could use
        once nothing but a setting holds them back. Each free GPU is given out once."""
        asked = others
        for pod in sorted(pods, key=_queue_order):
            if _key(pod) not in self._given:
                self._given.add(_key(pod))
                asked += self._work.gpus(pod)
        if self._view.snapshot.nodes is None:
            return asked
        usable = min(asked, self._idle.get(cluster, 0.0))
        self._idle[cluster] = self._idle.get(cluster, 0.0) - usable
        return usable

    def is_given(self, subject: Subject) -> bool:
        return (subject.cluster, subject.namespace, subject.name) in self._given

    def _fits(self, pod: Pod, node: Node, room: dict[str, float], taints: frozenset[str]) -> bool:
        return could_run(pod, node, amounts=room, ignore_taints=taints) and not lacks_devices(
            device_requests(pod, self._view), node, self._view
        )

    def _room_on(self, place: Place, node: Node, freed: tuple[Pod, ...]) -> dict[str, float]:
        """What the node offers once it is well, less what runs there and less what was given out before."""
        if place in self._room:
            return dict(self._room[place])
        room = dict(potential(node, self._view) or {})
        gone = {_key(pod) for pod in freed}
        for pod in self._work.on(place):
            if _key(pod) not in gone:
                _subtract(room, pod)
        return room

    def _idle_gpus(self) -> dict[str | None, float]:
        """Free accelerators by cluster, on nodes that take pods now."""
        idle: dict[str | None, list[float]] = defaultdict(list)
        for node in self._view.gpu_nodes:
            if node.name and node.ready in {None, "True"} and not node.cordoned:
                place = (node.cluster, node.name)
                held = math.fsum(self._work.gpus(pod) for pod in self._work.on(place))
                idle[node.cluster].append(max(self._work.offered(place) - held, 0.0))
        return {cluster: math.fsum(amounts) for cluster, amounts in idle.items()}


def _subtract(room: dict[str, float], pod: Pod) -> None:
    wanted = {**accelerators(pod.requests), "cpu": pod.cpu, "memory": pod.memory_bytes, "pods": 1.0}
    for name, amount in wanted.items():
        if name in room:
            room[name] -= amount


def _key(pod: Pod) -> tuple[str | None, str | None, str | None]:
    return pod.cluster, pod.namespace, pod.name


def _queue_order(pod: Pod) -> tuple[float, float, str, str, str]:
    """Highest priority first, then the oldest, then by name: as the scheduler's queue has it."""
    created = pod.created.timestamp() if pod.created is not None else math.inf
    return -(pod.priority or 0), created, pod.cluster or "", pod.namespace or "", pod.name or ""
