"""Snapshots that NVIDIA's AICR takes of one node: operating system, images of the GPU stack, nvidia-smi's summary.

Shape: https://github.com/NVIDIA/aicr (kind Snapshot, `aicr.nvidia.com`); measurements by type and subtype.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gpuctl.model.hardware import Gpu
from gpuctl.model.nodes import Components, Cuda, Driver, Node
from gpuctl.units import count, instant

_SUMMARY = "an AICR snapshot sums up nvidia-smi for the whole node"
_NOT_TOLD = "an AICR snapshot does not tell it"
_UNKNOWN_COLLECTIONS = ("taints", "ready", "cordoned", "conditions", "capacity", "allocatable", "nics", "switches")

_MOST_GPUS = 256
"""No machine has more; a larger count in a file makes no larger list."""


def is_aicr(document: dict[str, Any]) -> bool:
    """Whether an object is one of AICR's snapshots."""
    return document.get("kind") == "Snapshot" and str(document.get("apiVersion", "")).startswith("aicr.nvidia.com/")


def parse(document: dict[str, Any]) -> tuple[Node, datetime | None, str | None]:
    """The node, when the snapshot was taken, and the cluster's Kubernetes version."""
    data = _measurements(document)
    node, smi, image = data.get("k8s/node", {}), data.get("gpu/smi", {}), data.get("k8s/image", {})
    release, kmod, server = data.get("os/release", {}), data.get("os/kmod", {}), data.get("k8s/server", {})
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    runtime = " ".join(filter(None, (_text(node, "container-runtime-name"), _text(node, "container-runtime-version"))))
    gpus = count(smi.get("gpu-count"))
    unknown = dict.fromkeys(_UNKNOWN_COLLECTIONS, _NOT_TOLD)
    if gpus is None:
        unknown["gpus"] = _NOT_TOLD
    version = _text(smi, "driver")
    if version is None:
        unknown["driver"] = "nvidia-smi found no GPU when the snapshot was taken" if gpus == 0 else _NOT_TOLD
    parsed = Node(
        name=_text(node, "source-node") or _text(metadata, "source") or _text(metadata, "source-node"),
        provider_id=_text(node, "provider-id"),
        provider=_text(node, "provider"),
        os=_text(node, "os-image") or _text(release, "PRETTY_NAME"),
        kernel=_text(node, "kernel-version"),
        runtime=runtime or None,
        kernel_modules=tuple(sorted(str(name) for name, loaded in kmod.items() if loaded is True)) if kmod else None,
        driver=Driver(version=version, loaded=True) if version else None,
        driver_image=_text(image, "driver"),
        cuda=Cuda(driver_max=_text(smi, "cuda-version")) if _text(smi, "cuda-version") else None,
        components=_components(image) if image else None,
        gpu_count=gpus,
        gpus=None if gpus is None else tuple(_gpu(index, smi) for index in range(min(gpus, _MOST_GPUS))),
        unknown=unknown,
    )
    return parsed, instant(_text(metadata, "timestamp")), _text(server, "version")


def _measurements(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Data by `type/subtype`, lower case."""
    found: dict[str, dict[str, Any]] = {}
    measurements = document.get("measurements")
    for measurement in measurements if isinstance(measurements, list) else ():
        subtypes = measurement.get("subtypes") if isinstance(measurement, dict) else None
        for part in subtypes if isinstance(subtypes, list) else ():
            if isinstance(part, dict) and isinstance(part.get("data"), dict):
                found[f"{measurement.get('type')}/{part.get('subtype')}".lower()] = part["data"]
    return found


def _gpu(index: int, smi: dict[str, Any]) -> Gpu:
    return Gpu(
        index=index,
        vendor="nvidia",
        product=_text(smi, "gpu.model"),
        architecture=_text(smi, "gpu.product-architecture"),
        vbios=_text(smi, "gpu.vbios-version"),
        persistence={"enabled": True, "disabled": False}.get((_text(smi, "gpu.persistence-mode") or "").lower()),
        unknown={"uuid": _SUMMARY, "mig": _SUMMARY, "ecc": _SUMMARY, "pci": _SUMMARY},
    )


def _components(image: dict[str, Any]) -> Components:
    return Components(
        gpu_operator=_text(image, "gpu-operator"),
        toolkit=_text(image, "container-toolkit"),
        device_plugin=_text(image, "k8s-device-plugin"),
        dcgm=_text(image, "dcgm"),
        dcgm_exporter=_text(image, "dcgm-exporter"),
        mig_manager=_text(image, "k8s-mig-manager"),
        dra_driver=_text(image, "k8s-dra-driver-gpu") or _text(image, "k8s-dra-driver"),
        node_feature_discovery=_text(image, "node-feature-discovery"),
    )


def _text(data: dict[str, Any], key: str) -> str | None:
    value = data.get(key)
    if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
        return None
    return str(value) or None
