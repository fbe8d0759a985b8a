"""The GPU software of a node as its pods show it: which link of the chain fails, waits or is missing."""

from __future__ import annotations

from dataclasses import dataclass

from gpuctl.facts.devices import NodePods
from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.view import View
from gpuctl.knowledge.stack import Part, StackRow, classify, labelled
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Container, Pod, Workload
from gpuctl.units import duration

CHAIN: tuple[Part, ...] = ("driver", "toolkit", "validator", "device-plugin")
"""Links that must work, each on the one before, until a node offers accelerators. Feature discovery only labels."""

_DEPLOY_LABELS: dict[Part, str] = {
    "driver": "nvidia.com/gpu.deploy.driver",
    "toolkit": "nvidia.com/gpu.deploy.container-toolkit",
    "validator": "nvidia.com/gpu.deploy.operator-validator",
    "device-plugin": "nvidia.com/gpu.deploy.device-plugin",
}
_FAILING = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)
"""Reasons of waiting containers that do not end by themselves (kubelet's names)."""


@dataclass(frozen=True)
class StackPod:
    """A pod of the GPU software. `failing` says how it fails itself; `waiting` that it is not ready for long, most often because
    it waits for an earlier link; `rolling` that its DaemonSet is being updated."""

    pod: Pod
    row: StackRow
    failing: str | None = None
    waiting: str | None = None
    rolling: str | None = None


@dataclass(frozen=True)
class StackPods:
    """The pods of the GPU software on one node."""

    pods: tuple[StackPod, ...]


@dataclass(frozen=True)
class BrokenLink:
    """The first link of the chain that does not work on a node: its part, what was seen, and the pod if there is one.
    `part` None: nothing tells which one, and `seen` says why."""

    part: Part | None
    seen: str
    pod: StackPod | None = None


@dataclass(frozen=True)
class PluginUpdate:
    """Why a node may offer no device for a moment: a link that serves them is being replaced there. None: nothing is."""

    reason: str | None = None


@dataclass(frozen=True)
class DaemonSets:
    """DaemonSets by cluster, namespace and name; empty when workloads were not read."""

    by_name: dict[tuple[str | None, str | None, str | None], Workload]


@provides
def daemon_sets(view: View) -> DaemonSets:
    """Made once for a view."""
    sets = (item for item in view.snapshot.workloads or () if item.kind == "DaemonSet")
    return DaemonSets({(item.cluster, item.namespace, item.name): item for item in sets})


@dataclass(frozen=True)
class StackIndex:
    """Pods of the GPU software with their families, by cluster and name of their node; and which parts each cluster runs."""

    by_node: dict[tuple[str | None, str | None], tuple[tuple[Pod, StackRow], ...]]
    parts: frozenset[tuple[str | None, Part]]

    def on(self, node: Node) -> tuple[tuple[Pod, StackRow], ...]:
        """Those bound to one node."""
        return self.by_node.get((node.cluster, node.name), ())


@provides
def stack_index(view: View) -> StackIndex:
    """Made once for a view."""
    found: dict[tuple[str | None, str | None], list[tuple[Pod, StackRow]]] = {}
    for pod in view.snapshot.pods or ():
        if pod.node and (row := stack_row(pod)) is not None:
            found.setdefault((pod.cluster, pod.node), []).append((pod, row))
    parts = frozenset((cluster, row.part) for (cluster, _), pods in found.items() for _, row in pods)
    return StackIndex({key: tuple(pods) for key, pods in found.items()}, parts)


@provides
def stack_pods(node: GpuNode, pods: NodePods, index: StackIndex, sets: DaemonSets, view: View) -> StackPods:  # noqa: ARG001
    """Pods being deleted and completed ones (validators) are left out. Unknown, or partial, as the node's pods are."""
    return StackPods(_stack_pods(node.node, index, sets, view))


def _stack_pods(node: Node, index: StackIndex, sets: DaemonSets, view: View) -> tuple[StackPod, ...]:
    found = []
    for pod, row in index.on(node):
        if pod.deleting_since is None and pod.phase != "Succeeded":
            failing = _failing(pod, view)
            found.append(StackPod(pod, row, failing, None if failing else _waiting(pod, view), _rolling(pod, sets, view)))
    return tuple(found)


def stack_row(pod: Pod) -> StackRow | None:
    """The family of a pod by its owner, its app labels, else its own name."""
    if pod.owner is not None and (row := classify(pod.owner.name)) is not None:
        return row
    if pod.labels and (row := labelled(pod.labels)) is not None:
        return row
    return classify(pod.name or "")


@provides
def plugin_update(node: GpuNode, index: StackIndex, sets: DaemonSets, view: View) -> PluginUpdate:
    """Needs nothing: what is not known excuses nothing."""
    for pod, row in index.on(node.node):
        ready = any(condition.type == "Ready" and condition.status == "True" for condition in pod.conditions)
        if row.serves_devices and not ready and (reason := _rolling(pod, sets, view)) is not None:
            return PluginUpdate(reason)
    return PluginUpdate()


@provides
def broken_link(node: GpuNode, index: StackIndex, sets: DaemonSets, view: View) -> BrokenLink:
    """Looks at pods and deployment labels; where pods were not read it says so instead."""
    if (missing := view.gap("pods")) is not None and view.snapshot.pods is None:
        return BrokenLink(None, f"pods are not known: {missing.reason}")
    item = node.node
    known = _stack_pods(item, index, sets, view)
    by_part = {part: [pod for pod in known if pod.row.part == part] for part in CHAIN}
    for part in CHAIN:
        failing = next((pod for pod in by_part[part] if pod.failing), None)
        if failing is not None:
            return BrokenLink(part, failing.failing or "", failing)
        label = item.labels.get(_DEPLOY_LABELS[part], "")
        if not by_part[part] and label == "true" and missing is None:
            return BrokenLink(part, f"no {part} pod is on the node although its label {_DEPLOY_LABELS[part]} is true")
        if label.startswith("paused-for-"):
            return BrokenLink("mig" if label == "paused-for-mig-change" else part, f"{_DEPLOY_LABELS[part]} is {label}")
    waiting = next((pod for part in CHAIN for pod in by_part[part] if pod.waiting), None)
    if waiting is not None:
        return BrokenLink(waiting.row.part, waiting.waiting or "", waiting)
    discovery = next((pod for pod in known if pod.row.part == "node-feature-discovery" and pod.failing), None)
    if discovery is not None and not _is_discovered(item):
        return BrokenLink("node-feature-discovery", discovery.failing or "", discovery)
    if not by_part["device-plugin"] and missing is None and (link := _dra_link(item, known, index, view)) is not None:
        return link
    return _without_failing_pod(item, bool(by_part["device-plugin"]), partial=missing is not None)


def _dra_link(node: Node, known: tuple[StackPod, ...], index: StackIndex, view: View) -> BrokenLink | None:
    """For a node without a device plugin whose devices a DRA driver serves, or should: none in the cluster is served otherwise."""
    driver = next((pod for pod in known if pod.row.part == "dra-driver"), None)
    if driver is not None:
        return BrokenLink("dra-driver", driver.failing or driver.waiting or "its pod is ready, yet it publishes no device", driver)
    served = any(cluster == node.cluster for cluster, _ in view.slices_by_node)
    if served and (node.cluster, "device-plugin") not in index.parts:
        return BrokenLink("dra-driver", "no pod of the DRA driver is on the node, and the cluster has no device plugin")
    return None


def _is_discovered(node: Node) -> bool:
    labels = node.accelerators
    return labels is not None and bool(labels.pci_present or labels.present)


def _without_failing_pod(node: Node, plugin_runs: bool, partial: bool) -> BrokenLink:
    """What labels alone tell when every pod that is there works."""
    labels = node.accelerators
    if plugin_runs:
        return BrokenLink("device-plugin", "its pod is ready, yet it registers no device")
    if partial:
        return BrokenLink(None, "pods are known in part only")
    if labels is not None and labels.present and not any(key.startswith("nvidia.com/gpu.deploy.") for key in node.labels):
        return BrokenLink("device-plugin", "no device plugin pod is on the node")
    if labels is not None and labels.pci_present is False:
        return BrokenLink("node-feature-discovery", "the PCI vendor label says that no accelerator is there")
    if labels is not None and not labels.pci_present and not labels.present and node.provider is None:
        return BrokenLink("node-feature-discovery", "neither the PCI vendor label nor nvidia.com/gpu.present is set")
    return BrokenLink("device-plugin", "no device plugin pod is on the node")


def _failing(pod: Pod, view: View) -> str | None:
    if pod.phase == "Failed":
        return f"failed: {pod.reason or 'no reason given'}"
    for container in pod.containers:
        if container.reason in _FAILING:
            return _told(container)
        crashed = container.restarts >= view.settings["crash_restarts"] and container.ready is not True
        if crashed and container.state != "running" and container.last_exit_code not in {None, 0}:
            return _told(container)
    return None


def _told(container: Container) -> str:
    code = container.last_exit_code if container.last_exit_code is not None else container.exit_code
    kind = "init container" if container.init else "container"
    parts = [f"{kind} {container.name}: {container.reason or container.last_reason or 'crashes'}"]
    if container.restarts:
        parts.append(f"{container.restarts} restarts")
    if code:
        parts.append(f"exit code {code}")
    return ", ".join(parts)


def _waiting(pod: Pod, view: View) -> str | None:
    """Not ready for longer than a setting; a readiness that nobody reported is no fault."""
    ready = next((condition for condition in pod.conditions if condition.type == "Ready"), None)
    if ready is not None:
        is_ready, since = ready.status == "True", ready.since or pod.created
    else:
        lagging = [item for item in pod.containers if item.ready is False and not item.init]
        is_ready, since = not lagging and pod.phase != "Pending", pod.started or pod.created
    age = view.age_seconds(since)
    if is_ready or age is None or age < view.settings["creating_long_seconds"]:
        return None
    held_up = next((item.name for item in pod.containers if item.init and item.state != "terminated"), None)
    return f"not ready for {duration(age)}" + (f", init container {held_up} has not ended" if held_up else "")


def _rolling(pod: Pod, sets: DaemonSets, view: View) -> str | None:
    """A pod that has not been ready for long holds the update up, and the update no longer explains it."""
    if pod.owner is None or pod.owner.kind != "DaemonSet":
        return None
    unready = next((condition for condition in pod.conditions if condition.type == "Ready" and condition.status != "True"), None)
    age = view.age_seconds(unready.since) if unready is not None else None
    if age is not None and age > view.settings["creating_long_seconds"]:
        return None
    item = sets.by_name.get((pod.cluster, pod.namespace, pod.owner.name))
    if item is None:
        return None
    behind = item.updated is not None and item.desired is not None and item.updated < item.desired
    unseen = item.generation is not None and item.observed_generation is not None and item.observed_generation < item.generation
    return f"DaemonSet {item.name} is being updated" if behind or unseen else None
