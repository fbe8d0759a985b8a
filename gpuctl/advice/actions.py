"""Every remedy: its title, who does it, what it ends, whether it wins GPUs back or protects those that work, and its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gpuctl.advice import node_recipes, pod_recipes, stack_recipes
from gpuctl.advice.item import Step
from gpuctl.advice.job import Ends, Job
from gpuctl.findings import ActionKind as Kind

Recipe = Callable[[Job], tuple[Step, ...]]


@dataclass(frozen=True)
class Remedy:
    """One kind of remedy.

    `title` takes `{targets}` and `{nodes}` (folded) and `{resource}`. `ends` says whose work its commands end.
    `protects`: where the GPUs work now, it keeps them working and wins none. `unblocks`: it lets waiting pods onto GPUs that
    are free already. `makes`: its GPUs do not exist yet or are not free, so that it wins none of those that are there.
    """

    title: str
    owner: Literal["tenant", "platform", "vendor"]
    steps: Recipe
    rollback: Recipe
    ends: Ends = Ends.NOTHING
    protects: bool = False
    unblocks: bool = False
    makes: bool = False


_P: Literal["platform"] = "platform"
_T: Literal["tenant"] = "tenant"
_node, _pod, _stack = node_recipes, pod_recipes, stack_recipes

REMEDIES: dict[Kind, Remedy] = {
    Kind.RESTORE_NODE: Remedy("Bring {targets} back to Ready", _P, _node.restore, _node.not_undone, Ends.EVICTED),
    Kind.RETURN_NODE: Remedy("Return {targets} to service", _P, _node.give_back, _node.take_out),
    Kind.RESET_GPU: Remedy("Reset the GPUs of {targets}", _P, _node.reset, _node.uncordon_back, Ends.EVICTED, protects=True),
    Kind.REPLACE_GPU: Remedy(
        "Have the GPUs of {targets} replaced", "vendor", _node.replace, _node.uncordon_back, Ends.EVICTED, protects=True
    ),
    Kind.FOLLOW_AGENT: Remedy(
        "Do what the health agent recommends on {targets}", _P, _node.follow_agent, _node.uncordon_back, Ends.EVICTED, protects=True
    ),
    Kind.LIFT_DEVICE_TAINT: Remedy(
        "Lift the device taint that a rule sets on {targets}", _P, _node.lift_device_taint, _node.device_taint_back
    ),
    Kind.REPAIR_DISCOVERY: Remedy("Repair Node Feature Discovery on {targets}", _P, _stack.discovery, _stack.made_anew),
    Kind.REPAIR_DRIVER: Remedy("Repair the GPU driver on {targets}", _P, _stack.driver, _stack.made_anew, Ends.GPU_PODS),
    Kind.REPAIR_TOOLKIT: Remedy("Repair the container toolkit on {targets}", _P, _stack.toolkit, _stack.made_anew),
    Kind.REPAIR_VALIDATOR: Remedy("Repair what the operator's validator waits for on {targets}", _P, _stack.validator, _stack.made_anew),
    Kind.RESTART_DEVICE_PLUGIN: Remedy("Restart the device plugin on {targets}", _P, _stack.device_plugin, _stack.made_anew),
    Kind.RESTART_FEATURE_DISCOVERY: Remedy("Restart GPU Feature Discovery on {targets}", _P, _stack.feature_discovery, _stack.made_anew),
    Kind.REPAIR_OPERATOR_POD: Remedy("Repair the GPU Operator's pods on {nodes}", _P, _stack.operator_pod, _stack.made_anew),
    Kind.RESTART_DRA_DRIVER: Remedy("Restart the DRA driver on {targets}", _P, _stack.dra_driver, _stack.made_anew),
    Kind.RETRY_MIG_CONFIG: Remedy("Apply the MIG layout of {targets} again", _P, _stack.mig_config, _stack.mig_back, Ends.EVICTED),
    Kind.ALIGN_MIG_STRATEGY: Remedy(
        "Align the MIG strategy with the layout of {targets}", _P, _stack.mig_strategy, _stack.set_back, protects=True
    ),
    Kind.ALIGN_POOL: Remedy(
        "Make the nodes of {targets} alike", _P, _stack.align_pool, _node.uncordon_back, Ends.EVICTED, protects=True
    ),
    Kind.FORCE_DELETE_POD: Remedy("Remove what is left of {targets}", _P, _pod.force_delete, _pod.made_by_controller, Ends.TARGETS),
    Kind.DELETE_FAILED_POD: Remedy(
        "Delete {targets}, which failed at admission", _T, _pod.delete_failed, _pod.made_by_controller, Ends.TARGETS
    ),
    Kind.RECREATE_POD: Remedy("Create {targets} anew", _T, _pod.recreate, _pod.made_by_controller, Ends.TARGETS),
    Kind.MOVE_POD_OFF_NODE: Remedy("Move {targets} off {nodes}", _P, _pod.move, _pod.moved_back, Ends.TARGETS),
    Kind.CHANGE_REQUEST: Remedy("Change what {targets} asks for", _T, _pod.change_request, _pod.edit_back, unblocks=True),
    Kind.ADD_CAPACITY: Remedy("Free or add {resource}", _P, _pod.add_capacity, _pod.nothing_to_undo, makes=True),
    Kind.RAISE_QUOTA: Remedy("Raise the quota {targets}", _P, _pod.raise_quota, _pod.quota_back, unblocks=True),
    Kind.ADD_CONTROLLER: Remedy("Put {targets} under a controller", _T, _pod.add_controller, _pod.nothing_to_undo, protects=True),
    Kind.TAINT_NODES: Remedy("Taint {targets}, so that only GPU pods go there", _P, _node.taint, _node.untaint, protects=True),
    Kind.FIX_QUEUE: Remedy("Mend the queue {targets}", _P, _pod.fix_queue, _pod.edit_back, unblocks=True),
    Kind.FIX_AUTOSCALER: Remedy("Mend the autoscaling of {targets}", _P, _pod.fix_autoscaler, _pod.edit_back, unblocks=True),
    Kind.RETRY_DRIVER_UPGRADE: Remedy(
        "Retry the driver upgrade on {targets}", _P, _stack.driver_upgrade, _node.uncordon_back, Ends.EVICTED
    ),
    Kind.INVESTIGATE: Remedy("Look closer at {targets}", _P, _pod.investigate, _pod.nothing_to_undo),
}  # fmt: skip
