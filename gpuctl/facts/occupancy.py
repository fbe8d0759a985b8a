"""Who uses a node's accelerators, and how many devices an amount of a resource stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gpuctl.facts.devices import Held, Offered, at_least, dra_devices, physical, units_of_a_card
from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import GpuNode, holds_accelerators, is_finished
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators, classify
from gpuctl.model.known import Unknown, fact
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod

_COMPUTE_SLICES = re.compile(r"mig-(?:\dc\.)?(\d)g\.")
_SLICES_OF_A_CARD = 7
"""Compute slices of a MIG card of the A100, H100, H200 and B200 (MIG user guide); smaller cards have 4, so this errs low."""


@dataclass(frozen=True)
class Physical:
    """Physical accelerators of a node; 1, a lower bound, when it has some and nothing tells how many."""

    devices: float


@dataclass(frozen=True)
class Occupants:
    """Pods that hold accelerators on a node; None, with the reason, when nobody could read the pods."""

    pods: tuple[Pod, ...] | None
    reason: str | None = None


@dataclass(frozen=True)
class Idle:
    """Devices that a node offers and that no pod holds, as a share of cards for slices and shares."""

    devices: float


@dataclass(frozen=True)
class ServedByDra:
    """Whole accelerators that DRA drivers publish for a node; None, with the reason, when the slices were not read."""

    devices: int | None
    reason: str | None = None


@dataclass(frozen=True)
class Supply:
    """What a node gives out: extended resources by name, whole devices by DRA (None: not known), and its physical devices."""

    offered: Offered
    dra: ServedByDra
    devices: float

    @property
    def serves(self) -> bool:
        """Whether pods can get any accelerator here."""
        return any(self.offered.allocatable.values()) or bool(self.dra.devices)


@provides
def supply(offered: Offered, dra: ServedByDra, physical: Physical) -> Supply:
    """Needs capacity and allocatable of the Node; slices and labels as far as they are known."""
    return Supply(offered, dra, physical.devices)


@provides
def physical_devices(node: GpuNode, view: View) -> Physical:
    """From labels, resources or DRA slices, in this order."""
    return Physical(at_least(node.node, view))


@provides
def occupants(node: GpuNode, view: View) -> Occupants:
    """For audits that judge a node even when its pods are not known."""
    gap = view.gap("pods")
    if view.snapshot.pods is None:
        return Occupants(None, gap.reason if gap is not None else None)
    pods = view.pods_by_node.get((node.node.cluster, node.node.name), ())
    return Occupants(tuple(pod for pod in pods if holds_accelerators(pod) and not is_finished(pod)))


@provides
def served_by_dra(node: GpuNode, view: View) -> ServedByDra:
    """Counts devices of the newest pool generation."""
    gap = view.gap("resource_slices")
    if view.snapshot.resource_slices is None:
        return ServedByDra(None, gap.reason if gap is not None else None)
    return ServedByDra(dra_devices(node.node, view))


@dataclass(frozen=True)
class Allocations:
    """Devices that claims hold, admin access left out, by driver and pool."""

    by_pool: dict[tuple[str, str], frozenset[str]]


@provides
def allocations(view: View) -> Allocations:
    """Made once for a view."""
    found: dict[tuple[str, str], set[str]] = {}
    for claim in view.claims.values():
        for device in claim.allocation or ():
            if not device.admin_access:
                found.setdefault((device.driver, device.pool), set()).add(device.device)
    return Allocations({key: frozenset(names) for key, names in found.items()})


@provides
def idle(node: GpuNode, held: Held, taken: Allocations, view: View) -> Idle | Unknown:
    """Offered less held: extended resources in devices; for a node that only DRA serves, slices less allocated claims."""
    item = node.node
    offered = accelerators(item.allocatable or {})
    if any(offered.values()):
        free = {name: amount - held.amounts.get(name, 0) for name, amount in offered.items()}
        return Idle(sum(in_devices(item, name, amount, view) for name, amount in free.items() if amount > 0))
    if item.allocatable is None and not dra_devices(item, view):
        return fact(item, "allocatable")  # type: ignore[no-any-return]
    pools = {(piece.driver, piece.pool or "") for piece in view.slices_by_node.get((item.cluster, item.name), ())}
    return Idle(max(dra_devices(item, view) - sum(len(taken.by_pool.get(pool, ())) for pool in pools), 0))


def in_devices(node: Node, resource: str, amount: float, view: View) -> float:
    """How many physical accelerators an amount of a node's resource stands for.

    Replicas of shared devices are divided out. MIG devices count their share of compute slices, or of the cards where the node
    has one profile only. Parts and duplicates of a device count none.
    """
    row = classify(resource)
    if row is None or row.unit in {"part", "duplicate", "monitor"}:
        return 0
    if row.unit == "passthrough":
        return amount
    if row.unit in {"device", "share"}:
        replicas = node.sharing.replicas if node.sharing is not None else None
        if row.unit == "share" and (not replicas or "mig-" in resource):
            return 0
        return amount / units_of_a_card(node)
    return amount * _slice_share(node, resource, view)


def _slice_share(node: Node, resource: str, view: View) -> float:
    """The share of a card that one MIG device or partition is."""
    slices = {name: amount for name, amount in (node.capacity or {}).items() if amount and _is_slice(name)}
    cards = physical(node, view)
    if set(slices) == {resource} and cards:
        return min(cards / slices[resource], 1)
    match = _COMPUTE_SLICES.search(resource)
    return int(match.group(1)) / _SLICES_OF_A_CARD if match is not None else 0


def _is_slice(resource: str) -> bool:
    row = classify(resource)
    return row is not None and row.unit in {"mig", "partition"}
