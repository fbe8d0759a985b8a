"""MIG as labels and resources of a node show it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gpuctl.facts.devices import Offered
from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import GpuNode
from gpuctl.knowledge.accelerators import classify

PRODUCT_SUFFIX = re.compile(r"-MIG-(?P<profile>[0-9a-z.+-]+|INVALID)")
"""What feature discovery adds to the product under strategy single (k8s-device-plugin, to 2026-08)."""


@dataclass(frozen=True)
class StaleWhole:
    """Whole devices left in a node's capacity under a resource that its plugin has replaced, by MIG devices or by renamed
    shares; amount 0 when there are none."""

    resource: str
    amount: float
    replaced_by: dict[str, float]


@provides
def stale_whole(node: GpuNode, offered: Offered) -> StaleWhole:
    """Fewer whole devices than the node has cards are no leftover: cards with MIG off lie beside cut ones, and are unhealthy."""
    resource = "nvidia.com/gpu"
    left = offered.capacity.get(resource, 0)
    successors = {
        name: amount
        for name, amount in offered.allocatable.items()
        if amount and name.startswith("nvidia.com/") and (row := classify(name)) is not None and row.unit in {"mig", "share"}
    }
    labels = node.node.accelerators
    cards = labels.physical if labels is not None else None
    if not successors or not left or offered.allocatable.get(resource, 0) or (cards is not None and left < cards):
        return StaleWhole(resource, 0, {})
    return StaleWhole(resource, left, successors)


def mig_resources(offered: Offered) -> dict[str, float]:
    """NVIDIA MIG devices that pods can ask for now, by resource name."""
    return {
        name: amount
        for name, amount in offered.allocatable.items()
        if amount and name.startswith("nvidia.com/mig-") and classify(name) is not None
    }
