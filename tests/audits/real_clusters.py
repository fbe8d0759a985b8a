"""Clusters as clouds, distributions and vendors build them, in the API's own objects."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.demo import ASKED
from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.model.snapshot import Snapshot
from gpuctl.parsers.k8s_assembly import Assembly

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=20)
GPU = "nvidia.com/gpu"
IMAGES = {
    "nvidia-driver": "nvcr.io/nvidia/driver:580.95.05",
    "nvidia-container-toolkit": "nvcr.io/nvidia/k8s/container-toolkit:v1.18.0",
    "nvidia-device-plugin": "nvcr.io/nvidia/k8s-device-plugin:v0.18.0",
    "nvidia-operator-validator": "nvcr.io/nvidia/cloud-native/gpu-operator-validator:v25.10.0",
    "nvidia-gpu-device-plugin-small-cos": "gke.gcr.io/nvidia-gpu-device-plugin:1.0.25",
}
GPU_TAINT = {"key": GPU, "value": "present", "effect": "NoSchedule"}


def ago(**how_long: float) -> datetime:
    """A moment before the judgement."""
    return NOW - timedelta(**how_long)


def node(name: str, amounts: dict[str, int], labels: dict[str, str] | None = None, *, age: datetime = OLD, **more: Any) -> Object:
    """A ready node; `more`: taints, cordoned, allocatable (where it differs), conditions beside Ready."""
    machine = {"cpu": "96", "memory": "1Ti", "pods": "110", **{key: str(amount) for key, amount in amounts.items()}}
    spec: Object = {"providerID": more.get("provider", f"test:///{name}")}
    if more.get("taints"):
        spec["taints"] = list(more["taints"])
    if more.get("cordoned"):
        spec["unschedulable"] = True
        mark = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": k8s.stamp(more["cordoned"])}
        spec.setdefault("taints", []).append(mark)
    conditions = [k8s.condition("Ready", more.get("ready", "True"), more.get("since", age), "KubeletReady", heartbeat=ago(seconds=20))]
    conditions += [k8s.condition(kind, "False", age) for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")]
    conditions += [k8s.condition(kind, status, ago(hours=2), "Reason") for kind, status in more.get("conditions", {}).items()]
    status = {
        "capacity": machine,
        "allocatable": {**machine, **{key: str(amount) for key, amount in more.get("allocatable", {}).items()}},
        "conditions": conditions,
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "nodeInfo": {"kubeletVersion": "v1.34.1", "operatingSystem": "linux"},
    }
    named = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **(labels or {})}
    return k8s.make("v1", "Node", name, age, labels=named, spec=spec, status=status)


def labelled(product: str = "NVIDIA-H100-80GB-HBM3", count: int = 8, **more: str) -> dict[str, str]:
    """Labels of NFD, GPU feature discovery and the GPU Operator."""
    return {
        "feature.node.kubernetes.io/pci-10de.present": "true",
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.product": product,
        "nvidia.com/gpu.count": str(count),
        "nvidia.com/gpu.memory": "81559",
        "nvidia.com/gpu.replicas": "1",
        "nvidia.com/mig.strategy": "single",
        "nvidia.com/cuda.driver-version.full": "580.95.05",
        **more,
    }


def owned(kind: str, name: str, namespace: str) -> Object:
    """What a pod's ownerReference leads to."""
    group = {"Job": "batch/v1", "Node": "v1"}.get(kind, "apps/v1")
    return k8s.make(group, kind, name, OLD, namespace)


def pod(name: str, on: Object | None, amounts: dict[str, int] | None = None, *, namespace: str = "team", **more: Any) -> Object:
    """A pod that runs, or waits when it is on no node; `more`: owner (kind, name), spec, labels, age, phase, waits (a reason)."""
    limits = {"cpu": "1", "memory": "4Gi", **{key: str(amount) for key, amount in (amounts or {}).items()}}
    spec = {"containers": [{"name": "main", "image": "img:1", "resources": {"requests": limits, "limits": limits}}], **more.get("spec", {})}
    spec["tolerations"] = [{"key": key, "operator": "Exists"} for key in amounts or ()]
    kind, owner_name = more.get("owner", ("Job", "job"))
    owner = {"owner": owned(kind, owner_name, namespace)} if kind else {}
    age = more.get("age", ago(hours=5))
    made = k8s.pod(name, namespace, age, spec, labels=more.get("labels"), **owner)
    if on is not None:
        k8s.run(made, on, age)
        if (phase := more.get("phase")) is not None:
            made["status"]["phase"] = phase
            made["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 0 if phase == "Succeeded" else 1}}
            made["status"]["containerStatuses"][0]["ready"] = False
    elif "waits" in more:
        made["status"]["conditions"] = [k8s.condition("PodScheduled", "False", age, "Unschedulable", more["waits"])]
    return made


def daemon(name: str, on: Object, namespace: str = "kube-system", **more: Any) -> Object:
    """A pod of a DaemonSet."""
    made = pod(f"{name}-{on['metadata']['name']}", on, namespace=namespace, owner=("DaemonSet", name), age=OLD, **more)
    made["spec"]["containers"][0]["image"] = IMAGES.get(name.partition("-daemonset")[0], f"registry.example.com/{name}:1")
    return made


def snapshot(objects: list[Object]) -> Snapshot:
    """As it would be read from an API server with every right."""
    assembly = Assembly("real")
    assembly.add_document(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode())
    return Snapshot(taken_at=NOW, **{**dict.fromkeys(ASKED, ()), **assembly.finish()})
