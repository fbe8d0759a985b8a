"""The counts of a whole fleet, in physical devices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gpuctl.facts.devices import physical, units_of_a_card
from gpuctl.facts.subjects import is_finished
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators, classify
from gpuctl.model.nodes import Node
from gpuctl.units import plural

_SLICES = re.compile(r"mig-(\d+)g\.")


@dataclass(frozen=True)
class Totals:
    """Nodes and physical accelerators; allocatable and allocated count sharing replicas and slices as the part of a card that they are.

    None where no GPU node tells. Where only some tell, the number is a lower bound, and `gaps` says how many do not.
    """

    nodes: int
    gpus: float | None
    allocatable: float | None
    allocated: float | None
    gaps: dict[str, str] = field(default_factory=dict)


def totals(view: View) -> Totals | None:
    """The fleet's counts; None where no nodes are known. `allocated` is None where no pods are known."""
    if view.snapshot.nodes is None:
        return None
    gpus = allocatable = allocated = 0.0
    untold = {"gpus": 0, "gpus_allocatable": 0}
    for node in view.gpu_nodes:
        known = physical(node, view)
        untold["gpus"] += known is None
        offered = accelerators(node.allocatable or {})
        untold["gpus_allocatable"] += node.allocatable is None or (known is None and any(offered.values()))
        cards = known or 0.0
        gpus += cards
        allocatable += _cards(node, cards, node.allocatable or {})
        for pod in view.pods_by_node.get((node.cluster, node.name), ()):
            if pod.requests and not is_finished(pod):
                allocated += _cards(node, cards, pod.requests)
    some = len(view.gpu_nodes)
    gaps = {name: f"{number} of {plural(some, 'GPU node')} do not tell it" for name, number in untold.items() if number}
    return Totals(
        len(view.snapshot.nodes),
        None if some and untold["gpus"] == some else gpus,
        None if some and untold["gpus_allocatable"] == some else allocatable,
        None if view.snapshot.pods is None else allocated,
        gaps,
    )


def _cards(node: Node, cards: float, amounts: Mapping[str, float]) -> float:
    """How many of a node's cards the amounts are."""
    offered = accelerators(node.capacity or {})
    units = units_of_a_card(node)
    whole = taken = sliced = sliced_taken = 0.0
    for name in {*offered, *accelerators(amounts)}:
        row = classify(name)
        if row is None or row.unit in {"monitor", "duplicate", "part"}:
            continue
        if row.unit in {"device", "passthrough", "share"}:
            whole += offered.get(name, 0) / units
            taken += amounts.get(name, 0) / units
        else:
            match = _SLICES.search(name)
            weight = float(match[1]) if match else 1.0
            sliced += weight * offered.get(name, 0)
            sliced_taken += weight * amounts.get(name, 0)
    if sliced:
        left = max(cards - whole, 0) or cards
        taken += left * sliced_taken / sliced
    return min(taken, cards) if cards else taken
