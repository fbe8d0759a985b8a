"""One snapshot with its indexes, its clock and its settings: what all facts are made from. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar

from gpuctl.knowledge import accelerators, conditions
from gpuctl.knowledge.settings import Settings
from gpuctl.model.dra import ResourceClaim, ResourceSlice
from gpuctl.model.events import K8sEvent
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Pod

S = TypeVar("S", bound="Listed")

_GPU_DRA_DRIVERS = ("gpu.", "tpu.", "npu.")
"""DRA drivers of accelerators are named `gpu.nvidia.com`, `gpu.amd.com`, `gpu.intel.com`, `tpu.google.com`; channel and NIC drivers
(`compute-domain.nvidia.com`, `dra.net`) are not."""


class Listed(Protocol):
    """A kind of subject that can list itself."""

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Any] | Unknown: ...


def is_accelerator_slice(resource_slice: ResourceSlice) -> bool:
    """Whether the slice publishes accelerators (and not channels, NICs or the like)."""
    return resource_slice.driver.startswith(_GPU_DRA_DRIVERS)


class View:
    """Indexes over a snapshot, built on first use.

    Args:
        snapshot: everything known.
        as_of: the moment of judgement; None when no source tells any time (ages are then unknown).
        settings: thresholds in force.
    """

    def __init__(self, snapshot: Snapshot, as_of: datetime | None, settings: Settings | None = None) -> None:
        self.snapshot = snapshot
        self.as_of = as_of
        self.settings = settings or Settings()
        self._subjects: dict[type, Sequence[Any] | Unknown] = {}

    def subjects(self, kind: type[S]) -> Sequence[S] | Unknown:
        """All subjects of a kind, or why nobody knows them; the same objects at every call."""
        if kind not in self._subjects:
            self._subjects[kind] = kind.enumerate(self)
        return self._subjects[kind]

    def age_seconds(self, moment: datetime | None) -> float | None:
        """Seconds from a moment to `as_of`; None when either is unknown."""
        return None if moment is None or self.as_of is None else (self.as_of - moment).total_seconds()

    def gap(self, collection: str) -> Unknown | None:
        """Why a collection of the snapshot is unknown or known only in part; None when it is complete."""
        if getattr(self.snapshot, collection) is None or collection in self.snapshot.unknown:
            return Unknown(collection, why_unknown(self.snapshot, collection))
        return None

    def unlisted(self, kind: type) -> Unknown | None:
        """Why there may be subjects of a kind beside those that `subjects` gives; None when these are all.

        A kind names the collections that it is listed from in `read_from`.
        """
        names: tuple[str, ...] = getattr(kind, "read_from", ())
        return next((gap for name in names if (gap := self.gap(name)) is not None), None)

    @cached_property
    def nodes(self) -> dict[tuple[str | None, str | None], Node]:
        """Nodes by cluster and name."""
        return {(node.cluster, node.name): node for node in self.snapshot.nodes or ()}

    @cached_property
    def gpu_nodes(self) -> tuple[Node, ...]:
        """Nodes that have, or say that they should have, accelerators; in the snapshot's order."""
        return tuple(node for node in self.snapshot.nodes or () if self._has_accelerators(node))

    def _has_accelerators(self, node: Node) -> bool:
        amounts = {**(node.capacity or {}), **(node.allocatable or {})}
        labels = node.accelerators
        return bool(
            any(accelerators.is_accelerator(name) for name in amounts)
            or node.gpus
            or (labels is not None and (labels.present or labels.pci_present or labels.count or labels.product))
            or node.gpu_count
            or (node.cluster, node.name) in self.slices_by_node
            or any(conditions.is_accelerator_condition(condition) for condition in node.conditions or ())
        )

    @cached_property
    def pods_by_node(self) -> dict[tuple[str | None, str | None], tuple[Pod, ...]]:
        """Pods bound to each node by cluster and node name, finished ones included."""
        found: dict[tuple[str | None, str | None], list[Pod]] = defaultdict(list)
        for pod in self.snapshot.pods or ():
            if pod.node:
                found[pod.cluster, pod.node].append(pod)
        return {key: tuple(pods) for key, pods in found.items()}

    @cached_property
    def slices_by_node(self) -> dict[tuple[str | None, str | None], tuple[ResourceSlice, ...]]:
        """Accelerator slices published for one node each."""
        found: dict[tuple[str | None, str | None], list[ResourceSlice]] = defaultdict(list)
        for item in self.snapshot.resource_slices or ():
            if item.node_name and is_accelerator_slice(item):
                found[item.cluster, item.node_name].append(item)
        return {key: tuple(items) for key, items in found.items()}

    @cached_property
    def events_by_object(self) -> dict[tuple[str | None, str | None, str | None], tuple[K8sEvent, ...]]:
        """Events by kind, namespace and name of the object that they are about, oldest first as far as stamped."""
        found: dict[tuple[str | None, str | None, str | None], list[K8sEvent]] = defaultdict(list)
        for event in self.snapshot.k8s_events or ():
            found[event.kind, event.namespace, event.name].append(event)
        return {key: tuple(events) for key, events in found.items()}

    @cached_property
    def claims(self) -> dict[tuple[str | None, str | None], ResourceClaim]:
        """Claims (templates left out) by namespace and name."""
        return {(claim.namespace, claim.name): claim for claim in self.snapshot.resource_claims or () if not claim.template}
