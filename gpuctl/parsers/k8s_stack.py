"""The GPU software of a cluster: which image is which part, the operator's objects, feature discovery, scheduler profiles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from gpuctl.model.stack import ClusterPolicy, NvidiaDriver, SchedulerProfile
from gpuctl.parsers.k8s_doc import Doc
from gpuctl.units import quantity

_PCI_VENDORS = {"10de": "nvidia", "1002": "amd", "8086": "intel", "1da3": "habana", "1d0f": "aws"}
_PCI_CLASSES = ("03", "12")
"""Display controllers and processing accelerators, https://pci-ids.ucw.cz/read/PD"""
_SCREEN = "0300"
"""Class of graphics that can drive a screen: a processor's own graphics and the console of a virtual machine or BMC are of it."""
# Names of images as NVIDIA's, AMD's, Intel's and the cloud providers' charts have them, most specific first.
_PARTS = tuple(
    (re.compile(pattern), part)
    for pattern, part in (
        (r"gpu-operator-validator|nvidia/gpu-operator|/gpu-operator$", "gpu_operator"),
        (r"container-toolkit", "toolkit"),
        (r"k8s-dra-driver-gpu|dra-driver", "dra_driver"),
        (r"mig-manager", "mig_manager"),
        (r"dcgm-exporter", "dcgm_exporter"),
        (r"/dcgm$|nvidia/cloud-native/dcgm", "dcgm"),
        (r"device-plugin|nvidia-gpu-device-plugin|habana.*plugin|gpu-feature-discovery", "device_plugin"),
        (r"node-feature-discovery", "node_feature_discovery"),
        (r"nvidia/driver|/driver$|nvidia/vgpu.*driver", "driver"),
    )
)
_STACK = re.compile(
    r"gpu-operator|container-toolkit|dra-driver|mig-manager|dcgm|device-plugin|feature-discovery|nvidia/(?:\S*/)?driver|fabricmanager|vfio-manager"
)
_CHART = re.compile(r"gpu-operator-(v?\d\S*)")


@lru_cache(maxsize=8192)
def part_of(image: str) -> tuple[str, str] | None:
    """Which part of the GPU stack an image is, and its tag; None for any other image."""
    path, _, _ = image.partition("@")
    head, colon, tag = path.rpartition(":")
    name, tag = (head, tag) if colon and "/" not in tag else (path, "")
    return next(((part, tag) for pattern, part in _PARTS if pattern.search(name)), None)


@lru_cache(maxsize=8192)
def is_stack_image(image: str) -> bool:
    """Whether an image belongs to the GPU stack, so that the state of its pods is of interest."""
    return _STACK.search(image.partition("@")[0]) is not None


def components(images: Iterable[str], labels: dict[str, str]) -> dict[str, str]:
    """Versions of the parts that a pod runs, by part."""
    images = tuple(images)
    found: dict[str, str] = {}
    for image in images:
        part = part_of(image)
        if part is not None and part[1]:
            found.setdefault(*part)
    chart = _CHART.fullmatch(labels.get("helm.sh/chart", ""))
    if chart:
        found["gpu_operator"] = chart[1]
    return found


_POLICY_PARTS = {
    "driver": "driver", "toolkit": "toolkit", "devicePlugin": "device_plugin", "dcgm": "dcgm", "dcgmExporter": "dcgm_exporter",
    "gfd": "gfd", "migManager": "mig_manager", "nodeStatusExporter": "node_status_exporter", "validator": "validator",
    "gdrcopy": "gdrcopy", "gds": "gds", "sandboxWorkloads": "sandbox_workloads", "vgpuManager": "vgpu_manager",
    "vfioManager": "vfio_manager", "sandboxDevicePlugin": "sandbox_device_plugin", "vgpuDeviceManager": "vgpu_device_manager",
    "kataManager": "kata_manager", "ccManager": "cc_manager", "operator": "operator",
}  # fmt: skip


def cluster_policy(doc: Doc) -> ClusterPolicy:
    """The GPU Operator's ClusterPolicy.

    Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/getting-started.html
    """
    spec = doc.doc("spec")
    parts = {part: spec.doc(key) for key, part in _POLICY_PARTS.items() if isinstance(spec.get(key), dict)}
    return ClusterPolicy(
        name=doc.name,
        state=doc.text("status", "state"),
        enabled={part: enabled for part, item in sorted(parts.items()) if (enabled := item.boolean("enabled")) is not None},
        versions={part: version for part, item in sorted(parts.items()) if (version := item.text("version"))},
        mig_strategy=spec.text("mig", "strategy"),
        device_plugin_config=spec.text("devicePlugin", "config", "name"),
        mig_manager_config=spec.text("migManager", "config", "name"),
        cdi=spec.boolean("cdi", "enabled"),
        unknown=doc.unread,
    )


def nvidia_driver(doc: Doc) -> NvidiaDriver:
    """An NVIDIADriver. A kernel module type left to the operator (`auto`) is given as written."""
    spec = doc.doc("spec")
    modules = spec.text("kernelModuleType")
    if modules is None and (use_open := spec.boolean("useOpenKernelModules")) is not None:
        modules = "open" if use_open else "proprietary"
    return NvidiaDriver(
        name=doc.name,
        version=spec.text("version"),
        driver_type=spec.text("driverType"),
        kernel_modules=modules,
        node_selector=spec.texts("nodeSelector"),
        state=doc.text("status", "state"),
        unknown=doc.unread,
    )


def node_feature(doc: Doc) -> dict[str, Any]:
    """What Node Feature Discovery found on a node: loaded kernel modules and PCI vendors, each None when it did not look, and the
    labels that it wants the node to have.

    Source: https://kubernetes-sigs.github.io/node-feature-discovery/stable/usage/custom-resources.html
    """
    features = doc.doc("spec", "features")
    modules = features.doc("flags", "kernel.loadedmodule")
    pci = features.doc("instances", "pci.device")
    return {
        "node": doc.text("metadata", "labels", "nfd.node.kubernetes.io/node-name") or doc.name,
        "kernel_modules": tuple(sorted(str(name) for name in modules.doc("elements").value)) if "elements" in modules else None,
        "pci_vendors": {vendor for item in pci.docs("elements") if (vendor := _gpu_vendor(item.doc("attributes")))}
        if "elements" in pci
        else None,
        "labels": {
            name if "/" in name else f"feature.node.kubernetes.io/{name}": value for name, value in doc.texts("spec", "labels").items()
        },
    }


def _gpu_vendor(doc: Doc) -> str | None:
    return accelerator_vendor(doc.text("class") or "", doc.text("vendor") or "")


def accelerator_vendor(device_class: str, vendor: str) -> str | None:
    """The maker of a PCI device that is an accelerator, by its class and vendor id; of what drives screens only NVIDIA's are."""
    name = _PCI_VENDORS.get(vendor)
    if not device_class.startswith(_PCI_CLASSES) or (device_class.startswith(_SCREEN) and name != "nvidia"):
        return None
    return name


def scheduler_profiles(doc: Doc) -> list[SchedulerProfile]:
    """Profiles of a KubeSchedulerConfiguration of any version, or of a bare list of profiles under another key.

    Source: https://kubernetes.io/docs/reference/scheduling/config/
    """
    return [_profile(profile) for profile in doc.docs("profiles")]


def _profile(doc: Doc) -> SchedulerProfile:
    score = doc.doc("plugins", "score")
    multi = doc.doc("plugins", "multiPoint")
    scores: dict[str, float] = {}
    for item in (*multi.docs("enabled"), *score.docs("enabled")):
        name, weight = item.text("name"), item.amount("weight")
        if name and name != "*":
            scores[name] = weight or 1.0  # an absent or zero weight means one: the API's default
    scoring, weights = None, {}
    for config in doc.docs("pluginConfig"):
        args = config.doc("args")
        name = config.text("name") or ""
        strategy = args.doc("scoringStrategy")
        if name == "NodeResourcesFit" and "type" in strategy:
            scoring, weights = strategy.text("type"), _weights(strategy)
        elif name in {"NodeResourcesMostAllocated", "NodeResourcesLeastAllocated", "RequestedToCapacityRatio"}:
            scoring, weights = name.removeprefix("NodeResources"), _weights(args)
    for name in ("NodeResourcesMostAllocated", "NodeResourcesLeastAllocated", "RequestedToCapacityRatio"):
        if scoring is None and name in scores:
            scoring = name.removeprefix("NodeResources")
    return SchedulerProfile(
        name=doc.text("schedulerName"),
        scoring=scoring,
        weights=dict(sorted(weights.items())),
        scores=dict(sorted(scores.items())),
        filters=tuple(name for item in doc.docs("plugins", "filter", "enabled") if (name := item.text("name"))),
        unknown=dict(doc.unread),
    )


def _weights(doc: Doc) -> dict[str, float]:
    return {
        name: 1.0 if item.get("weight") is None else quantity(str(item.get("weight"))) or 0.0
        for item in doc.docs("resources")
        if (name := item.text("name")) and (item.get("weight") is None or quantity(str(item.get("weight"))) is not None)
    }  # fmt: skip
