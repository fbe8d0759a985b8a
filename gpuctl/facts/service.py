"""What keeps GPU pods off a node: its cordon, and taints that they do not tolerate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.subjects import GpuNode, Pool, holds_accelerators, is_finished
from gpuctl.facts.view import View
from gpuctl.knowledge.taints import kind_of
from gpuctl.model.known import Unknown, fact
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.workloads import Toleration

_BLOCKING = frozenset({"NoSchedule", "NoExecute"})

NodeKey = tuple[str | None, str | None]
TaintKey = tuple[str, str, str]


@dataclass(frozen=True)
class Closure:
    """One thing that keeps pods off a node; `args` name it for the remedy (none for a cordon)."""

    name: str
    since: datetime | None
    how: str
    args: dict[str, str]


@dataclass(frozen=True)
class Closures:
    """All that keeps a pool's GPU pods off one node."""

    closed: tuple[Closure, ...]


@dataclass(frozen=True)
class PoolHabits:
    """By node: the taints that every node of its pool has, and tolerations of the GPU pods on the pool's nodes."""

    common: dict[NodeKey, frozenset[TaintKey]]
    tolerations: dict[NodeKey, frozenset[Toleration]]


@provides
def pool_habits(view: View) -> PoolHabits:
    """Made once for a view. A taint of a pool with one node is no habit."""
    pools = view.subjects(Pool)
    common: dict[NodeKey, frozenset[TaintKey]] = {}
    tolerated: dict[NodeKey, frozenset[Toleration]] = {}
    for pool in () if isinstance(pools, Unknown) else pools:
        shared = frozenset.intersection(*(frozenset(map(taint_key, node.taints or ())) for node in pool.nodes))
        habits = shared if len(pool.nodes) > 1 else frozenset()
        placements = {  # pods made from one template share it
            id(pod.placement): pod.placement
            for node in pool.nodes
            for pod in view.pods_by_node.get((node.cluster, node.name), ())
            if pod.placement is not None and holds_accelerators(pod) and not is_finished(pod)
        }
        tolerations = frozenset(toleration for placement in placements.values() for toleration in placement.tolerations)
        for node in pool.nodes:
            common[node.cluster, node.name] = habits
            tolerated[node.cluster, node.name] = tolerations
    return PoolHabits(common, tolerated)


@provides
def closures(node: GpuNode, habits: PoolHabits) -> Closures | Unknown | Partial[Closures]:
    """Taints that copy a condition are judged as that condition; taints of the autoscaler make a transition.

    The node controller mirrors a cordon in a taint, so the taint tells it too; the cordon alone tells nothing of taints.
    """
    item = node.node
    if item.cordoned is None and item.taints is None:
        return fact(item, "taints")  # type: ignore[no-any-return]
    key = (item.cluster, item.name)
    cordoned = any(kind_of(taint.key) == "cordon" for taint in item.taints or ()) if item.cordoned is None else item.cordoned
    found = [_cordon(item)] if cordoned else []
    for taint in item.taints or ():
        if taint.effect not in _BLOCKING or kind_of(taint.key) in {"pool", "state", "cordon"}:
            continue
        if taint_key(taint) in habits.common.get(key, ()) or any(tolerates(one, taint) for one in habits.tolerations.get(key, ())):
            continue
        written = f"{taint.key}={taint.value}:{taint.effect}" if taint.value else f"{taint.key}:{taint.effect}"
        found.append(Closure(f"taint {written}", taint.time_added, "spec.taints of the Node", {"taint": written}))
    gap = fact(item, "taints")
    return Partial(Closures(tuple(found)), gap) if isinstance(gap, Unknown) else Closures(tuple(found))


def _cordon(node: Node) -> Closure:
    marks = [taint.time_added for taint in node.taints or () if kind_of(taint.key) == "cordon" and taint.time_added is not None]
    return Closure("a cordon", min(marks, default=None), "spec.unschedulable of the Node, and the time of its taint", {})


def taint_key(taint: Taint) -> TaintKey:
    """A taint without its time."""
    return taint.key, taint.value, taint.effect


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Kubernetes' rule: effect equal or empty, key equal or empty with Exists, value equal unless Exists."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if not toleration.key:
        return toleration.operator == "Exists"
    return toleration.key == taint.key and (toleration.operator == "Exists" or toleration.value == taint.value)
