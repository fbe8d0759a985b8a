"""Which part and which remedy a link of the GPU software's chain stands for."""

from __future__ import annotations

from gpuctl.facts.stack import StackPod
from gpuctl.findings import Action, ActionKind, Component
from gpuctl.knowledge.stack import Part
from gpuctl.model.subject import Subject

_REMEDIES: dict[Part, tuple[Component, ActionKind]] = {
    "node-feature-discovery": (Component.DISCOVERY, ActionKind.REPAIR_DISCOVERY),
    "driver": (Component.DRIVER, ActionKind.REPAIR_DRIVER),
    "toolkit": (Component.TOOLKIT, ActionKind.REPAIR_TOOLKIT),
    "mig": (Component.MIG, ActionKind.REPAIR_OPERATOR_POD),
    "validator": (Component.VALIDATOR, ActionKind.REPAIR_VALIDATOR),
    "device-plugin": (Component.DEVICE_PLUGIN, ActionKind.RESTART_DEVICE_PLUGIN),
    "dra-driver": (Component.DRA_DRIVER, ActionKind.RESTART_DRA_DRIVER),
    "gpu-feature-discovery": (Component.FEATURE_DISCOVERY, ActionKind.RESTART_FEATURE_DISCOVERY),
    "monitoring": (Component.NONE, ActionKind.REPAIR_OPERATOR_POD),
}


def component(part: Part) -> Component:
    """The part in the order of what stands on what; monitoring carries nothing."""
    return _REMEDIES[part][0]


def remedy(part: Part, target: Subject, pod: StackPod | None) -> Action:
    """The remedy for a link, with the names of its pod and DaemonSet where there is one."""
    args: dict[str, str] = {}
    if pod is not None:
        args = {"namespace": pod.pod.namespace or "", "pod": pod.pod.name or ""}
        if pod.pod.owner is not None and pod.pod.owner.kind == "DaemonSet":
            args["daemonset"] = pod.pod.owner.name
    return Action(kind=_REMEDIES[part][1], target=target, args=args)
