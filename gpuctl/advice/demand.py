"""Waiting pods given out to the GPUs that remedies win: each pod once, over all items in their order."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from gpuctl.advice.work import Place, Work
from gpuctl.analysis.node_index import NodeIndex
from gpuctl.analysis.placement import could_run, wanted
from gpuctl.facts.demand import device_requests, lacks_devices, potential
from gpuctl.facts.subjects import WaitingPod
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.known import Unknown
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod

_Offer = tuple[str | None, tuple[str, ...]]
"""A cluster, and the accelerator resources that a node offers together."""
_PodKey = tuple[str | None, str | None, str | None]


@dataclass(frozen=True)
class Waiting:
    """What waits and what lies free, as read: the same for every remedy that is priced. Pods in the order in which they are
    given out, each with the number of its shape: pods of one shape fit the same nodes. `suited`: for each shape the nodes, by their
    place in `numbers`, that could take such a pod were they empty, well and open to it."""

    work: Work
    pods: tuple[tuple[Pod, int], ...]
    suited: tuple[int, ...]
    numbers: dict[Place, int]
    idle: dict[_Offer, float]

    @classmethod
    def of(cls, work: Work) -> Waiting:
        listed = work.view.subjects(WaitingPod)
        ungated = () if isinstance(listed, Unknown) else (item.pod for item in listed if not item.pod.scheduling_gates)
        pods = sorted(ungated, key=_queue_order)
        shapes: dict[Any, int] = {}
        numbered = tuple((pod, shapes.setdefault(_shape(pod), len(shapes))) for pod in pods)
        first = {shape: pod for pod, shape in reversed(numbered)}
        nodes = tuple(work.view.snapshot.nodes or ()) if pods else ()
        index = NodeIndex(nodes, [potential(node, work.view) or {} for node in nodes])
        suited = tuple(index.with_room(wanted(first[shape])) & index.chosen(first[shape].placement) for shape in range(len(shapes)))
        return cls(work, numbered, suited, {(node.cluster, node.name or ""): place for place, node in enumerate(nodes)}, _idle_gpus(work))

    def unsuited(self, place: Place) -> set[int]:
        """Shapes that cannot run on a node, whatever is done for it."""
        number = self.numbers.get(place)
        if number is None:
            return set(range(len(self.suited)))
        return {shape for shape, nodes in enumerate(self.suited) if not nodes >> number & 1}


class Demand:
    """What of it has been given out."""

    def __init__(self, waiting: Waiting) -> None:
        self._work = waiting.work
        self._view = waiting.work.view
        self._left = waiting.pods
        self._waiting = waiting
        self._room: dict[Place, dict[str, float]] = {}
        self._given: set[_PodKey] = set()
        self._idle = dict(waiting.idle)

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
        too_much = self._waiting.unsuited(place)
        shapes = len(self._waiting.suited)
        room = self._room_on(place, node, freed)
        for pod, shape in self._left:
            if used >= won or len(too_much) == shapes:
                break
            if shape in too_much or _key(pod) in self._given:
                continue
            if not self._fits(pod, node, room, taints):
                too_much.add(shape)
                continue
            self._given.add(_key(pod))
            _subtract(room, pod)
            used += min(self._work.gpus(pod), won - used)
        self._room[place] = room
        if used:
            self._left = tuple((pod, shape) for pod, shape in self._left if _key(pod) not in self._given)
        return used

    def unblock(self, pods: tuple[Pod, ...], others: float, cluster: str | None) -> float:
        """GPUs that lie free and that these waiting pods (and `others` GPUs asked for by pods that do not exist yet) could use
        once nothing but a setting holds them back. Each free GPU is given out once; a pod takes only kinds that it asks for."""
        waiting = [pod for pod in sorted(pods, key=_queue_order) if _key(pod) not in self._given]
        self._given.update(map(_key, waiting))
        if self._view.snapshot.nodes is None:
            return math.fsum([others, *map(self._work.gpus, waiting)])
        taken = [self._take_idle(self._work.gpus(pod), cluster, set(accelerators(pod.requests))) for pod in waiting]
        return math.fsum([*taken, self._take_idle(others, cluster, set())])

    def _take_idle(self, asked: float, cluster: str | None, resources: set[str]) -> float:
        """Take free GPUs from nodes that offer one of the resources; any, when none is named."""
        left = asked
        for offer, free in self._idle.items():
            if offer[0] == cluster and (not resources or resources & set(offer[1])):
                share = min(left, free)
                self._idle[offer] = free - share
                left -= share
        return asked - left

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


def _idle_gpus(work: Work) -> dict[_Offer, float]:
    """Free accelerators of the nodes that take pods now, by what these nodes offer."""
    idle: dict[_Offer, list[float]] = defaultdict(list)
    for node in work.view.gpu_nodes:
        if node.name and node.ready in {None, "True"} and not node.cordoned:
            place = (node.cluster, node.name)
            held = math.fsum(work.gpus(pod) for pod in work.on(place))
            offer = (node.cluster, tuple(sorted(name for name, amount in accelerators(node.allocatable or {}).items() if amount)))
            idle[offer].append(max(work.offered(place) - held, 0.0))
    return {offer: math.fsum(amounts) for offer, amounts in sorted(idle.items(), key=lambda item: (item[0][0] or "", item[0][1]))}


def _shape(pod: Pod) -> Any:
    """Equal for pods that fit the same nodes; pods with claims stand alone."""
    placement = repr(pod.placement) if pod.placement is not None else ""
    return (
        pod.cluster,
        tuple(sorted(pod.requests.items())),
        pod.cpu,
        pod.memory_bytes,
        placement,
        pod.claims and (pod.namespace, pod.claims),
    )


def _subtract(room: dict[str, float], pod: Pod) -> None:
    taken = {**accelerators(pod.requests), "cpu": pod.cpu, "memory": pod.memory_bytes, "pods": 1.0}
    for name, amount in taken.items():
        if name in room:
            room[name] -= amount


def _key(pod: Pod) -> _PodKey:
    return pod.cluster, pod.namespace, pod.name


def _queue_order(pod: Pod) -> tuple[float, float, str, str, str]:
    """Highest priority first, then the oldest, then by name: as the scheduler's queue has it."""
    created = pod.created.timestamp() if pod.created is not None else math.inf
    return -(pod.priority or 0), created, pod.cluster or "", pod.namespace or "", pod.name or ""
