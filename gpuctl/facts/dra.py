"""Pools of accelerators that DRA drivers publish, and the taints on their devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.view import View, is_accelerator_slice
from gpuctl.model.dra import ResourceSlice
from gpuctl.model.known import Unknown, fact
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.subject import Subject


@dataclass(frozen=True, eq=False)
class DevicePool:
    """All slices of one accelerator driver's pool: most often the devices of one node, named after it."""

    cluster: str | None
    driver: str
    name: str | None
    node_name: str | None
    slices: tuple[ResourceSlice, ...]
    read_from: ClassVar[tuple[str, ...]] = ("resource_slices",)

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        if view.snapshot.resource_slices is None:
            return view.gap("resource_slices") or Unknown("resource_slices", "no slices were read")
        found: dict[tuple[str | None, str, str | None, str | None], list[ResourceSlice]] = {}
        for item in view.snapshot.resource_slices:
            if is_accelerator_slice(item):
                found.setdefault((item.cluster, item.driver, item.pool or item.node_name or item.name, item.node_name), []).append(item)
        return tuple(cls(*key, tuple(items)) for key, items in found.items())

    @property
    def subject(self) -> Subject:
        if self.node_name is not None:
            return Subject(kind="node", cluster=self.cluster, name=self.node_name, node=self.node_name)
        return Subject(kind="pool", cluster=self.cluster, name=self.name)

    @property
    def generation(self) -> int:
        """The newest generation; older slices of the pool are void (resource.k8s.io, ResourcePool.generation)."""
        return max(item.pool_generation or 0 for item in self.slices)

    @property
    def current(self) -> tuple[ResourceSlice, ...]:
        """Slices of the newest generation."""
        return tuple(item for item in self.slices if (item.pool_generation or 0) == self.generation)


@dataclass(frozen=True)
class TaintedDevice:
    """One device, one taint on it, and who set it: the driver's slice, or a DeviceTaintRule by name."""

    device: str
    taint: Taint
    rule: str | None = None


@dataclass(frozen=True)
class DeviceTaints:
    """All taints on the devices of one pool."""

    devices: tuple[TaintedDevice, ...]


@dataclass(frozen=True)
class PoolNode:
    """The node that a pool belongs to; None for a pool of several nodes, or when nodes were not read."""

    node: Node | None


@provides
def device_taints(pool: DevicePool, view: View) -> DeviceTaints | Partial[DeviceTaints]:
    """Partial when DeviceTaintRules were asked for and could not be read; a server without that API has none."""
    rules = view.snapshot.device_taint_rules or ()
    found = []
    for item in pool.current:
        for device in item.devices:
            found += [TaintedDevice(device.name, taint) for taint in device.taints]
            found += [
                TaintedDevice(device.name, rule.taint, rule.name)
                for rule in rules
                if rule.driver in {None, pool.driver} and rule.pool in {None, pool.name} and rule.device in {None, device.name}
            ]
    taints = DeviceTaints(tuple(found))
    if "device_taint_rules" in view.snapshot.unknown:
        gap = view.gap("device_taint_rules")
        return taints if gap is None else Partial(taints, gap)
    return taints


@provides
def pool_node(pool: DevicePool, view: View) -> PoolNode | Partial[PoolNode]:
    """By name; partial for one that is not among the nodes read, where these are not all, or whose resources are not known."""
    if pool.node_name is None:
        return PoolNode(None)
    node = view.nodes.get((pool.cluster, pool.node_name))
    gap = view.gap("nodes") if node is None else fact(node, "allocatable")
    return Partial(PoolNode(node), gap) if isinstance(gap, Unknown) else PoolNode(node)
