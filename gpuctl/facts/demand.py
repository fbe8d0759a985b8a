"""What pods ask for, in accelerators and in devices of claims, and what a node could offer them once it is well."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gpuctl.analysis.placement import could_run
from gpuctl.facts.devices import dra_devices
from gpuctl.facts.occupancy import in_devices
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators, classify
from gpuctl.model.dra import DeviceRequest
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod

_CEL_DRIVER = re.compile(r"""device\.driver\s*==\s*["']([^"']+)["']""")
_IMPLICIT_RESOURCE = "deviceclass.resource.kubernetes.io/"
"""Domain under which every device class is an extended resource (KEP-5004, Kubernetes 1.34 and later)."""
_WHOLE = {
    "nvidia": ("nvidia.com/gpu",), "amd": ("amd.com/gpu",), "google": ("google.com/tpu",), "habana": ("habana.ai/gaudi",),
    "intel": ("gpu.intel.com/i915", "gpu.intel.com/xe"), "aws": ("aws.amazon.com/neuron",),
}  # fmt: skip
"""Resources of whole devices by the vendor that labels name (see the catalogue of accelerators)."""
_GPU_CLASSES = ("gpu.", "mig.", "tpu.", "npu.", "vfio.gpu.")
_OTHER_CLASSES = ("compute-domain", "dra.net", "rdma", "nic", "vf.")


def device_requests(pod: Pod, view: View) -> tuple[DeviceRequest, ...]:
    """Requests of the pod's claims for accelerators, as far as the claims are known; of a prioritized list, the first choice."""
    found = []
    for name in pod.claims:
        claim = view.claims.get((pod.namespace, name))
        for request in claim.requests if claim is not None else ():
            best = request.alternatives[0] if request.alternatives else request
            if not best.admin_access and asks_for_accelerator(best, view):
                found.append(best)
    return tuple(found)


def asks_for_accelerator(request: DeviceRequest, view: View) -> bool:
    """Whether a device request is for accelerators, by its class's driver, else by the class's name."""
    driver = class_driver(request.device_class_name or "", view) or request.device_class_name or ""
    return driver.startswith(_GPU_CLASSES) or not driver.startswith(_OTHER_CLASSES)


def class_driver(name: str, view: View) -> str | None:
    """The DRA driver that a device class selects by name; None when its expressions do not say it, or nobody knows the class."""
    for item in view.snapshot.device_classes or ():
        if item.name == name:
            return next((found.group(1) for text in item.selectors if (found := _CEL_DRIVER.search(text))), None)
    return None


def gpus_wanted(requests: dict[str, float], view: View, node: Node | None = None) -> float:
    """Physical accelerators that resource requests stand for: as the given node cuts them, else as a node that offers the
    resource does; shares count their part of a device, parts and duplicates none."""
    total = 0.0
    for name, amount in requests.items():
        like = node or next((item for item in view.gpu_nodes if (item.capacity or {}).get(name)), None) or Node()
        total += in_devices(like, name, amount, view)
    return total


def pod_gpus(pod: Pod, view: View) -> float:
    """Physical accelerators that one pod asks for, by resources and by claims."""
    node = view.nodes.get((pod.cluster, pod.node)) if pod.node else None
    return gpus_wanted(pod.requests, view, node) + sum(request.count for request in device_requests(pod, view))


def wanted_text(pod: Pod, view: View) -> str:
    """What the pod asks for, for people: `nvidia.com/gpu 8`."""
    parts = [f"{name} {amount:g}" for name, amount in sorted(accelerators(pod.requests).items())]
    parts += [f"{item.count} of device class {item.device_class_name}" for item in device_requests(pod, view)]
    return ", ".join(parts) or ", ".join(f"claim {name}" for name in pod.claims) or "no accelerator"


def asks(pod: Pod, view: View) -> bool:
    """Whether the pod asks for accelerators: by resource, or by a claim that is not known to be for something else."""
    if accelerators(pod.requests):
        return True
    return any((pod.namespace, name) not in view.claims for name in pod.claims) or bool(device_requests(pod, view))


def potential(node: Node, view: View) -> dict[str, float] | None:
    """What the node offers once every part of it works: accelerators by capacity, by labels where neither a resource nor a DRA
    driver offers any, and by DRA slices where a device class lends them a resource name; cpu, memory and pods as allocatable.
    None when unknown."""
    if node.capacity is None and node.allocatable is None:
        return None
    capacity, allocatable = node.capacity or {}, node.allocatable or {}
    amounts = {**capacity, **allocatable}
    offered = accelerators(capacity)
    cut = any(amount and (row := classify(name)) and row.unit == "mig" for name, amount in accelerators(allocatable).items())
    for name, amount in offered.items():
        row = classify(name)
        stale = cut and row is not None and row.unit == "device" and not allocatable.get(name)
        amounts[name] = 0.0 if stale else max(amount, allocatable.get(name, 0.0))
    labels = node.accelerators
    by_claims_only = not offered and bool(dra_devices(node, view))
    if labels is not None and labels.physical and labels.vendor and not any(offered.values()) and not by_claims_only:
        for whole in _WHOLE.get(labels.vendor, ()):
            amounts[whole] = max(amounts.get(whole, 0.0), float(labels.physical))
    devices = float(dra_devices(node, view)) if view.snapshot.device_classes else 0.0
    for item in (view.snapshot.device_classes or ()) if devices else ():
        driver = class_driver(item.name, view)
        if driver is not None and not devices_of(node, driver, view):
            continue
        for resource in (item.extended_resource_name, _IMPLICIT_RESOURCE + item.name):
            if resource:
                amounts[resource] = max(amounts.get(resource, 0.0), devices)
    return amounts


def devices_of(node: Node, driver: str | None, view: View) -> int:
    """Devices that a DRA driver (any, when None) publishes for one node."""
    slices = view.slices_by_node.get((node.cluster, node.name), ())
    return sum(len(item.devices) for item in slices if driver is None or item.driver == driver)


def devices_wanted(requests: Iterable[DeviceRequest], view: View) -> dict[str | None, int]:
    """Devices that requests of claims ask for, by driver; None for a class that names none."""
    found: dict[str | None, int] = {}
    for request in requests:
        driver = class_driver(request.device_class_name or "", view)
        found[driver] = found.get(driver, 0) + request.count
    return found


def lacks_devices(requests: Iterable[DeviceRequest], node: Node, view: View) -> bool:
    """Whether the node publishes fewer devices than the claims ask for, by driver."""
    return any(devices_of(node, driver, view) < count for driver, count in devices_wanted(requests, view).items())


def could_use(pod: Pod, node: Node, view: View, *, ignore_taints: frozenset[str] = frozenset(), as_if_healthy: bool = True) -> bool:
    """Whether a waiting pod could run on the node were it empty and well: placement, what the node offers, devices of claims.

    Args:
        ignore_taints: keys of taints that a remedy would lift.
        as_if_healthy: see `analysis.placement.could_run`.
    """
    amounts = potential(node, view)
    if not could_run(pod, node, amounts=amounts, ignore_taints=ignore_taints, as_if_healthy=as_if_healthy):
        return False
    return not lacks_devices(device_requests(pod, view), node, view)
