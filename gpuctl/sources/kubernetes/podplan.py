"""How to ask for pods: all of them, or, when few nodes have GPUs, node by node. Both give the same report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gpuctl.knowledge.accelerators import accelerators
from gpuctl.knowledge.settings import rows
from gpuctl.model.nodes import Node

FEW_PODS: Final = 2000
"""Up to here one page holds all pods: nothing is won by asking by node, so the list need not wait for the nodes."""


@dataclass(frozen=True)
class PodPlan:
    """Field and label selectors, one list each. `how`: said in the report when not all pods are read."""

    selectors: tuple[tuple[str, str], ...] = (("", ""),)
    how: str | None = None

    @property
    def overlapping(self) -> bool:
        """Whether a pod may come from more than one of the lists."""
        return len(self.selectors) > 1


def plan_pods(with_gpus: list[str] | None, pods: int) -> PodPlan:
    """The cheaper way by the CPU time that server and client spend on it. `with_gpus`: names of nodes; None: not all are known."""
    settings = rows()
    if with_gpus is None or len(with_gpus) > settings["pods_by_node_limit"].value:
        return PodPlan()
    all_seconds = pods * settings["pod_list_microseconds"].value / 1e6
    by_node_seconds = len(with_gpus) * settings["pods_of_node_milliseconds"].value / 1e3
    if by_node_seconds >= all_seconds:
        return PodPlan()
    # Pods that no node holds wait as Pending; the operator's own pod may run on a node without GPUs.
    rest = (("status.phase=Pending", ""), ("", "app=gpu-operator"))
    return PodPlan(
        (*((f"spec.nodeName={name}", "") for name in with_gpus), *rest),
        f"pods were asked for on the {len(with_gpus)} nodes with GPUs and where they are pending, not all {pods}",
    )


def by_node(facts: dict[str, tuple[Any, ...]]) -> list[str]:
    """Names of the nodes whose pods matter: those that have, should have or publish accelerators."""
    published = {found.node_name for found in facts.get("resource_slices", ()) if found.node_name}
    names = {node.name for node in facts.get("nodes", ()) if node.name and (node.name in published or _accelerated(node))}
    return sorted(names)


def _accelerated(node: Node) -> bool:
    """Whether resources or labels speak of accelerators; a count of zero speaks of them too."""
    if accelerators(node.capacity or {}) or accelerators(node.allocatable or {}):
        return True
    labels = node.accelerators
    return labels is not None and bool(
        labels.product or labels.vendor or labels.present or labels.pci_present or labels.count is not None or labels.resources
    )
