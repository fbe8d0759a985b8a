"""Where kube-apiserver keeps each kind in etcd."""

from __future__ import annotations

from typing import Any

FOLDERS = {
    "Node": "minions",
    "Pod": "pods",
    "Namespace": "namespaces",
    "Event": "events",
    "ResourceQuota": "resourcequotas",
    "ConfigMap": "configmaps",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "PriorityClass": "priorityclasses",
    "Lease": "leases",
    "DaemonSet": "daemonsets",
    "Deployment": "deployments",
    "ReplicaSet": "replicasets",
    "StatefulSet": "statefulsets",
    "Job": "jobs",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "ResourceSlice": "resourceslices",
    "ResourceClaim": "resourceclaims",
    "ResourceClaimTemplate": "resourceclaimtemplates",
    "DeviceClass": "deviceclasses",
    "DeviceTaintRule": "devicetaintrules",
}
BUILT_IN_GROUPS = frozenset(
    {"v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2", "coordination.k8s.io/v1", "scheduling.k8s.io/v1", "resource.k8s.io/v1"},
)


def key_of(obj: dict[str, Any]) -> str | None:
    """The etcd key of a built-in object; None for custom resources, which go through the API."""
    if obj["apiVersion"] not in BUILT_IN_GROUPS or obj["kind"] not in FOLDERS:
        return None
    meta = obj["metadata"]
    return "/".join(["/registry", FOLDERS[obj["kind"]], *([meta["namespace"]] if "namespace" in meta else []), meta["name"]])
