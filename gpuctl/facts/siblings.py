"""Pods of one controller, and which of them crash-loop."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import holds_accelerators, is_finished
from gpuctl.facts.view import View
from gpuctl.model.workloads import Pod

Family = tuple[str | None, str | None, str, str]


@dataclass(frozen=True)
class Families:
    """GPU pods by cluster, namespace, kind and name of their controller; empty where no pods were read."""

    pods: dict[Family, tuple[Pod, ...]]

    def of(self, pod: Pod) -> tuple[Pod, ...]:
        """The other pods of the pod's controller."""
        family = family_of(pod)
        return tuple(other for other in self.pods.get(family, ()) if other is not pod) if family is not None else ()

    def replaced(self, pod: Pod) -> bool:
        """Whether the controller made another pod after this one, or another one of it runs its course."""
        return any(
            not (is_finished(other) and other.phase == "Failed")
            and (pod.created is None or other.created is None or other.created >= pod.created)
            for other in self.of(pod)
        )


@provides
def families(view: View) -> Families:
    """Only pods that ask for accelerators; bare pods have no family."""
    found: dict[Family, list[Pod]] = defaultdict(list)
    for pod in view.snapshot.pods or ():
        if holds_accelerators(pod) and (family := family_of(pod)) is not None:
            found[family].append(pod)
    return Families({family: tuple(pods) for family, pods in found.items()})


def family_of(pod: Pod) -> Family | None:
    """The pod's controller; None for a bare pod."""
    return (pod.cluster, pod.namespace, pod.owner.kind, pod.owner.name) if pod.owner is not None else None


def crash_loops(pod: Pod, view: View) -> bool:
    """Whether a container keeps ending: kubelet backs off, or it restarted often and its last end is recent.

    Restarts add up over a pod's whole life, so without a recent end (`recent_event_seconds`) they say nothing.
    """
    if is_finished(pod) or pod.deleting_since is not None:
        return False
    for container in pod.containers:
        if container.reason == "CrashLoopBackOff":
            return True
        if container.restarts >= view.settings["crash_restarts"]:
            age = view.age_seconds(container.last_finished)
            if container.state != "running" or (age is not None and age <= view.settings["recent_event_seconds"]):
                return True
    return False


def runs_well(pod: Pod, view: View) -> bool:
    """Whether the pod runs and does not crash-loop."""
    return pod.phase == "Running" and pod.deleting_since is None and not crash_loops(pod, view)
