"""Where a pod may run: taints, selectors, required node affinity and resources, judged as kube-scheduler judges them. Pure.

Sources (read 2026-11-24): https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/,
https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/

The question that most callers have is `could_run(pod, node, amounts=...)`: may this pod run on that node, were the named
obstacles lifted. It answers for extended resources, CPU, memory and pod slots; devices of claims (DRA) are not in it,
`facts.demand.could_use` adds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import zip_longest

from gpuctl.knowledge.taints import kind_of
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.workloads import Placement, Pod, Requirement, Toleration

UNSCHEDULABLE = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")
"""The taint that stands for a cordon."""

_TRANSIENT_KINDS = frozenset({"removal", "cordon", "state"})
_TRANSIENT = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "karpenter.sh/unregistered")
"""Beside those catalogued: https://kubernetes.io/docs/reference/labels-annotations-taints/, https://karpenter.sh/docs/ (2026-11-24)"""

_BLOCKING = frozenset({"NoSchedule", "NoExecute"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_INT64 = 2**63


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether one toleration matches one taint. `Lt` and `Gt` (1.35) compare whole numbers: the taint's value against the toleration's."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator in {"", "Equal"}:
        return toleration.value == taint.value
    if toleration.operator == "Exists":
        return True
    return _compares(toleration.operator, taint.value, toleration.value)


def untolerated(tolerations: Iterable[Toleration], taints: Iterable[Taint]) -> tuple[Taint, ...]:
    """The taints that keep a pod with these tolerations off the node; PreferNoSchedule keeps nobody off."""
    known = tuple(tolerations)
    return tuple(taint for taint in taints if taint.effect in _BLOCKING and not any(tolerates(item, taint) for item in known))


def is_transient(taint: Taint) -> bool:
    """Whether the taint is one that Kubernetes, a cloud or an autoscaler puts on for a while: a pod that does not tolerate it may
    still run once it is gone."""
    return kind_of(taint.key) in _TRANSIENT_KINDS or taint.key.startswith(_TRANSIENT)


def meets(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Whether labels meet one expression of a node selector; an operator that nobody documents is met by nothing."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value is not None and value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            return value is not None and len(requirement.values) == 1 and _compares(requirement.operator, value, requirement.values[0])
    return False


def _compares(operator: str, left: str, right: str) -> bool:
    """`left > right` or `left < right` of 64-bit whole numbers; anything else compares to nothing."""
    if not (_INTEGER.fullmatch(left) and _INTEGER.fullmatch(right)):
        return False
    one, other = int(left), int(right)
    if not (-_INT64 <= one < _INT64 and -_INT64 <= other < _INT64):
        return False
    return (operator == "Gt" and one > other) or (operator == "Lt" and one < other)


def unmatched_labels(placement: Placement | None, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Entries of the node selector, as `key=value`, that the labels do not have."""
    selector = placement.node_selector if placement is not None else {}
    return tuple(f"{key}={value}" for key, value in sorted(selector.items()) if labels.get(key) != value)


def matches_affinity(placement: Placement | None, node: Node) -> bool:
    """Whether required node affinity lets the pod onto the node: any term, all of its expressions and fields.

    `terms` and `fields` of a placement run in parallel: the same position is the same term. A term without any
    expression matches nothing.
    """
    if placement is None or (placement.terms is None and placement.fields is None):
        return True
    fields = {"metadata.name": node.name or ""}
    return any(
        (expressions or named) and all(meets(item, node.labels) for item in expressions) and all(meets(item, fields) for item in named)
        for expressions, named in zip_longest(placement.terms or (), placement.fields or (), fillvalue=())
    )


def selects(placement: Placement | None, node: Node) -> bool:
    """Whether node selector and required node affinity let the pod onto the node."""
    return not unmatched_labels(placement, node.labels) and matches_affinity(placement, node)


def obstacles(
    pod: Pod, node: Node, *, ignore_taints: frozenset[str] = frozenset(), as_if_healthy: bool = False
) -> tuple[Taint, ...] | None:
    """Taints, the cordon's among them, that keep the pod off the node; None when the node's taints are not known.

    Args:
        ignore_taints: keys of taints that count as lifted.
        as_if_healthy: taints that go away by themselves, and a cordon, count as lifted.
    """
    if node.taints is None:
        return None
    taints = (*node.taints, UNSCHEDULABLE) if node.cordoned and UNSCHEDULABLE.key not in {item.key for item in node.taints} else node.taints
    kept = [item for item in taints if item.key not in ignore_taints and not (as_if_healthy and is_transient(item))]
    return untolerated(pod.placement.tolerations if pod.placement is not None else (), kept)


def wanted(pod: Pod) -> dict[str, float]:
    """All that the scheduler counts for a pod: its requests, cpu in cores, memory in bytes, a pod slot."""
    return {**pod.requests, "cpu": pod.cpu, "memory": pod.memory_bytes, "pods": 1.0}


def shortfalls(pod: Pod, amounts: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Resources of which the amounts hold less than the pod asks for: name -> (asked for, there).

    Accelerators that are not among the amounts are zero, as for the scheduler; cpu, memory and pods that are not told are no bar.
    """
    short = {}
    for name, amount in wanted(pod).items():
        there = amounts.get(name, amount if name in {"cpu", "memory", "pods"} else 0.0)
        if amount > there:
            short[name] = (amount, there)
    return short


def could_run(
    pod: Pod,
    node: Node,
    *,
    amounts: Mapping[str, float] | None = None,
    ignore_taints: frozenset[str] = frozenset(),
    as_if_healthy: bool = True,
) -> bool:
    """Whether the pod may run on the node, as far as is known: nothing known keeps it off.

    Args:
        amounts: what the node is taken to offer (free, allocatable ...), by resource, in base units; its capacity when None.
        ignore_taints: keys of taints that count as lifted.
        as_if_healthy: judge as though the node were ready, not cordoned and free of passing taints; with False a node that
            is not ready takes nothing.
    """
    if node.cluster != pod.cluster or not selects(pod.placement, node):
        return False
    if not as_if_healthy and node.ready is not None and node.ready != "True":
        return False
    if obstacles(pod, node, ignore_taints=ignore_taints, as_if_healthy=as_if_healthy):
        return False
    room = amounts if amounts is not None else node.capacity
    return room is None or not shortfalls(pod, room)
