"""What makes trouble on a node expected: it is young, being changed, or on its way out. One place decides it for every audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.view import View
from gpuctl.knowledge import taints
from gpuctl.model.nodes import Node
from gpuctl.units import duration

TransitionKind = Literal["deleting", "removal", "driver-upgrade", "mig-change", "young"]

UPGRADE_ENDED = frozenset({"upgrade-done", "upgrade-failed"})
"""Every other value of `nvidia.com/gpu-driver-upgrade-state` is a step of an upgrade under way (gpu-operator, to 2026-08)."""

MIG_CHANGING = frozenset({"pending", "rebooting"})
"""Values of `nvidia.com/mig.config.state` while mig-manager works (mig-parted, to 2026-08)."""


@dataclass(frozen=True)
class Transition:
    """Why trouble on this node is expected for now; both None when nothing excuses it."""

    kind: TransitionKind | None = None
    reason: str | None = None


@provides
def transition(node: GpuNode, view: View) -> Transition:
    """Needs nothing: what is not known excuses nothing."""
    return transition_of(node.node, view)


def transition_of(node: Node, view: View) -> Transition:
    """The strongest excuse: going away, then being changed, then being young."""
    if node.deleting_since is not None:
        return Transition("deleting", "the node is being deleted")
    for taint in node.taints or ():
        row = taints.classify(taint.key)
        if row is not None and row.kind == "removal":
            age = view.age_seconds(taint.time_added)
            since = "" if age is None else f", set {duration(age)} ago"
            return Transition("removal", f"{row.meaning} (taint {taint.key}{since})")
    state = node.accelerators.driver_upgrade_state if node.accelerators is not None else None
    if state and state not in UPGRADE_ENDED:
        return Transition("driver-upgrade", f"a driver upgrade is under way (state {state})")
    if node.mig is not None and node.mig.config_state in MIG_CHANGING:
        age = mig_change_seconds(node, view)
        if age is None or age < view.settings["mig_pending_seconds"]:
            since = "since when is not known" if age is None else f"for {duration(age)}"
            return Transition("mig-change", f"a MIG reconfiguration is {node.mig.config_state} ({since})")
    age = view.age_seconds(node.created)
    if age is not None and age < view.settings["young_node_seconds"]:
        return Transition("young", f"the node is {duration(age)} old")
    return Transition()


def mig_change_seconds(node: Node, view: View) -> float | None:
    """How long the MIG reconfiguration has been under way, from the time of the state label; None when nothing tells it.

    A young node or young labels bound the time from above, so they can show that it is short, never that it is long.
    """
    if node.mig is not None and node.mig.config_time is not None:
        return view.age_seconds(node.mig.config_time)
    bound = view.age_seconds(node.created)
    return bound if bound is not None and bound < view.settings["mig_pending_seconds"] else None
