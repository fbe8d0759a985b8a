"""How many accelerators a node has, offers and has given out, in physical devices."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.subjects import GpuNode, is_finished
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators, classify
from gpuctl.model.known import Unknown, fact
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod

_DEVICE_TYPES_THAT_ARE_NO_GPU = frozenset({"mig", "channel", "daemon", "vfio"})


@dataclass(frozen=True)
class Offered:
    """Accelerator resources of one node as the kubelet reports them, by resource name in that resource's own unit."""

    capacity: dict[str, float]
    allocatable: dict[str, float]


@dataclass(frozen=True)
class Held:
    """Accelerator resources held on one node by pods that have not ended, by resource name; and those pods."""

    amounts: dict[str, float]
    pods: tuple[Pod, ...]


@dataclass(frozen=True)
class NodePods:
    """All pods bound to one node, ended ones included."""

    pods: tuple[Pod, ...]


@provides
def offered(node: GpuNode) -> Offered | Unknown:
    """Needs capacity and allocatable of the Node object."""
    for name in ("capacity", "allocatable"):
        value = fact(node.node, name)
        if isinstance(value, Unknown):
            return value
    return Offered(accelerators(node.node.capacity or {}), accelerators(node.node.allocatable or {}))


@provides
def node_pods(node: GpuNode, view: View) -> NodePods | Unknown | Partial[NodePods]:
    """Pods by node; partial when the list of pods broke off."""
    if view.snapshot.pods is None:
        return view.gap("pods") or Unknown("pods", "no pods were read")
    pods = NodePods(view.pods_by_node.get((node.node.cluster, node.node.name), ()))
    gap = view.gap("pods")
    return pods if gap is None else Partial(pods, gap)


@provides
def held(pods: NodePods) -> Held:
    """What running, starting and terminating pods hold; ended ones hold nothing."""
    amounts: dict[str, float] = defaultdict(float)
    holders = []
    for pod in pods.pods:
        wanted = accelerators(pod.requests)
        if is_finished(pod) or not (wanted or pod.claims):
            continue
        holders.append(pod)
        for name, amount in wanted.items():
            amounts[name] += amount
    return Held(dict(amounts), tuple(holders))


def physical(node: Node, view: View) -> float | None:
    """Physical accelerators of a node: those listed by a host, else by labels, else by resources with sharing divided out,
    else by DRA slices. Slices of a card (MIG) count no card, unless nothing else tells of one. None when no source tells a number."""
    if node.gpus is not None:
        return len(node.gpus)
    labels = node.accelerators
    if labels is not None and labels.physical is not None:
        return labels.physical
    replicas = node.sharing.replicas if node.sharing is not None and node.sharing.replicas else 1
    whole = 0.0
    for name, amount in (node.capacity or {}).items():
        row = classify(name)
        if row is None:
            continue
        shared_whole = row.unit == "share" and row.vendor == "nvidia" and ".shared" in name and "mig-" not in name
        if row.unit in {"device", "passthrough"} or shared_whole:
            whole += amount / replicas
    if whole:
        return whole
    if node.gpu_count is not None:
        return node.gpu_count
    published = dra_devices(node, view)
    return published if published or node.capacity is not None else None


def at_least(node: Node, view: View) -> float:
    """Physical accelerators to count on: a node that is known to have some, and not how many, has one at least."""
    known = physical(node, view)
    return 1.0 if known is None else known


def dra_devices(node: Node, view: View) -> int:
    """Whole accelerators that DRA drivers publish for a node; partitions and channels count none."""
    slices = view.slices_by_node.get((node.cluster, node.name), ())
    newest = {item.pool: max(other.pool_generation or 0 for other in slices if other.pool == item.pool) for item in slices}
    return sum(
        str(device.attributes.get("type", "gpu")) not in _DEVICE_TYPES_THAT_ARE_NO_GPU
        for item in slices
        if (item.pool_generation or 0) == newest[item.pool]
        for device in item.devices
    )
