"""Pods that use no accelerator and sit on the untainted GPU nodes of a pool, and whether they are in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gpuctl.analysis.node_index import NodeIndex, members
from gpuctl.analysis.placement import is_transient, wanted
from gpuctl.facts.demand import could_use
from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.subjects import Pool, WaitingPod, holds_accelerators, is_finished
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.knowledge.namespaces import is_system
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod

_SYSTEM_PRIORITIES = frozenset({"system-cluster-critical", "system-node-critical"})
"""https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/ (2026-11-24)"""


@dataclass(frozen=True)
class CpuPods:
    """`nodes`: untainted nodes with such pods; `pods`, `cpu` (cores) of these; `elsewhere`: whether nodes without GPUs could take
    such pods; `kept_out`: GPU pods that would fit there but for the cpu or memory of these, with devices they ask for."""

    nodes: tuple[str, ...]
    pods: tuple[Pod, ...]
    cpu: float
    elsewhere: bool
    kept_out: tuple[Pod, ...]


@provides
def cpu_pods(pool: Pool, view: View) -> CpuPods | Unknown | Partial[CpuPods]:
    """DaemonSet pods, static pods and the cluster's own parts belong on every node and are left out."""
    if view.snapshot.pods is None:
        return view.gap("pods") or Unknown("pods", "no pods were read")
    unknown = next((node for node in pool.nodes if node.taints is None), None)
    if unknown is not None:
        return Unknown("taints", why_unknown(unknown, "taints"))
    waiting = view.subjects(WaitingPod)
    hungry = [] if isinstance(waiting, Unknown) else [item.pod for item in waiting if accelerators(item.pod.requests)]
    names, found = [], []
    nodes: list[Node] = []
    full: list[dict[str, float]] = []
    emptied: list[dict[str, float]] = []
    for node in pool.nodes:
        if any(taint.effect != "PreferNoSchedule" and not is_transient(taint) for taint in node.taints or ()):
            continue
        here = [pod for pod in view.pods_by_node.get((node.cluster, node.name), ()) if not is_finished(pod)]
        strangers = [pod for pod in here if _is_stranger(pod)]
        if not strangers:
            continue
        names.append(node.name or "")
        found += strangers
        nodes.append(node)
        full.append(free(node, here))
        emptied.append(free(node, [pod for pod in here if not _is_stranger(pod)]))
    kept_out = tuple(_kept_out(hungry, nodes, NodeIndex(nodes, full), NodeIndex(nodes, emptied), view))
    gpu_nodes = {node.name for node in view.gpu_nodes if node.cluster == pool.cluster}
    elsewhere = any(node.cluster == pool.cluster and node.name not in gpu_nodes and _takes_pods(node) for node in view.snapshot.nodes or ())
    value = CpuPods(tuple(names), tuple(found), sum(pod.cpu for pod in found), elsewhere, kept_out)
    gap = view.gap("pods")
    return value if gap is None else Partial(value, gap)


def _kept_out(pods: Iterable[Pod], nodes: Sequence[Node], full: NodeIndex, emptied: NodeIndex, view: View) -> Iterator[Pod]:
    """Pods with a node that would take them, and has too little left beside the strangers on it."""
    for pod in pods:
        asked = wanted(pod)
        between = emptied.with_room(asked) & ~full.with_room(asked) & emptied.chosen(pod.placement)
        if any(could_use(pod, nodes[number], view, as_if_healthy=False) for number in members(between)):
            yield pod


def _is_stranger(pod: Pod) -> bool:
    return not (
        holds_accelerators(pod)
        or (pod.owner is not None and pod.owner.kind in {"DaemonSet", "Node"})
        or is_system(pod.namespace or "")
        or pod.priority_class in _SYSTEM_PRIORITIES
    )


def _takes_pods(node: Node) -> bool:
    """Whether a node is open to pods without tolerations: control planes are not."""
    return not any(taint.effect != "PreferNoSchedule" and not is_transient(taint) for taint in node.taints or ())


def free(node: Node, pods: list[Pod]) -> dict[str, float]:
    """What the node offers less what the pods hold: cpu in cores, memory in bytes, pod slots, accelerators."""
    left = dict(node.allocatable or {})
    for pod in pods:
        for name, amount in {**accelerators(pod.requests), "cpu": pod.cpu, "memory": pod.memory_bytes, "pods": 1.0}.items():
            if name in left:
                left[name] -= amount
    return left
