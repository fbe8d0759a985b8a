"""How many accelerators a node has, offers and has given out, in physical devices."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from math import ceil

from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.subjects import GpuNode, is_finished
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators, classify
from gpuctl.model.known import Unknown, fact
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod

_LABELLED_PROFILE = re.compile(r"-MIG-(?:\dc\.)?([1-7])g\.")
_MIG_RESOURCE = re.compile(r"nvidia\.com/mig-(?:\dc\.)?([1-7])g\..+")
_GKE_PROFILE = re.compile(r"([1-7])g\.\d+gb")
_SLICES_OF_A_CARD = 7
"""Compute slices of a MIG card of the A100, H100, H200 and B200 (MIG user guide). Smaller cards have 4, and profiles with much
memory fit less often, so that the number of cards errs low."""
_MODES = {"spx": 1, "dpx": 2, "tpx": 3, "qpx": 4}
"""Compute partitions of a card by AMD's name of the mode."""
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
        if not (pod.requests or pod.claims) or is_finished(pod):
            continue
        wanted = accelerators(pod.requests)
        if not (wanted or pod.claims):
            continue
        holders.append(pod)
        for name, amount in wanted.items():
            amounts[name] += amount
    return Held(dict(amounts), tuple(holders))


def physical(node: Node, view: View) -> float | None:
    """Physical accelerators of a node: those listed by a host, else by labels, else by resources with sharing divided out,
    else by DRA slices. MIG devices beside whole ones stand for as many more cards as they need at least; alone they tell no number.
    None when no source does."""
    labels = node.accelerators
    if node.gpus is not None:
        # A GPU that left the bus is missing from the host's list, and one that is lost stands in it: both are there physically.
        counted = [number for number in (node.gpu_count, labels.physical if labels is not None else None) if number is not None]
        return None if "gpus" in node.unknown and not counted else max(len(node.gpus), *counted, 0)
    if labels is not None and labels.physical is not None:
        return labels.physical
    units = units_of_a_card(node)
    whole = slices = 0.0
    sliced = False
    for name, amount in (node.capacity or {}).items():
        row = classify(name)
        if row is None:
            continue
        if row.unit == "partition" and amount and (parts := _parts(name, node)) is not None:
            whole += amount / parts
        if match := _MIG_RESOURCE.fullmatch(name):
            slices += amount * int(match[1])
        sliced = sliced or (amount > 0 and row.unit in {"mig", "partition"})
        shared_whole = row.unit == "share" and row.vendor == "nvidia" and ".shared" in name and "mig-" not in name
        if row.unit in {"device", "passthrough"} or shared_whole:
            whole += amount / units
    if whole:
        cut = ceil(slices / _SLICES_OF_A_CARD)
        return ceil(whole - 1e-9) if _single_profile(node) is not None else whole + cut
    if node.gpu_count is not None:
        return node.gpu_count
    published = dra_devices(node, view)
    claimed = sliced or (labels is not None and bool(labels.present or labels.pci_present or labels.product))
    return published if published or (node.capacity is not None and not claimed) else None


def units_of_a_card(node: Node) -> float:
    """How many units of a whole device's resource one card is: replicas of sharing, times the slices under MIG strategy `single`,
    where every card is cut alike and each slice counts as a device."""
    replicas = node.sharing.replicas if node.sharing is not None and node.sharing.replicas else 1
    profile = _single_profile(node)
    if profile is None:
        partition = node.labels.get("amd.com/gpu.compute-memory-partition", "")
        return replicas * (_parts(f"amd.com/{partition}", node) or 1)
    amount, cards = (node.capacity or {}).get("nvidia.com/gpu"), node.accelerators.physical if node.accelerators is not None else None
    return amount / cards if amount and cards else replicas * max(_SLICES_OF_A_CARD // profile, 1)


def _parts(resource: str, node: Node) -> int | None:
    """Partitions of a card of AMD's in the compute mode that a resource or label names (`amd.com/cpx_nps4`); None when unknown.

    CPX makes one partition of each compute die: 8 on an MI300X and its successors, 6 on an MI300A.
    Source: https://instinct.docs.amd.com/projects/amdgpu-docs/en/latest/gpu-partitioning/mi300x/overview.html (2026-11-24)
    """
    mode = resource.removeprefix("amd.com/").partition("_")[0]
    product = node.accelerators.product if node.accelerators is not None else None
    if mode == "cpx":
        return 6 if "MI300A" in (product or "") else 8 if product else None
    return _MODES.get(mode)


def _single_profile(node: Node) -> int | None:
    """Compute slices of the profile into which all cards of a node are cut under strategy `single`; None under any other."""
    if node.mig is None or node.mig.strategy != "single":
        return None
    product = node.accelerators.product if node.accelerators is not None else None
    match = _LABELLED_PROFILE.search(product or "") or _GKE_PROFILE.fullmatch(node.mig.config or "")
    return int(match[1]) if match is not None else None


def at_least(node: Node, view: View) -> float:
    """Physical accelerators to count on: a node that is known to have some, and not how many, has one at least."""
    known = physical(node, view)
    return max(1.0, len(node.gpus or ())) if known is None else known


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
