"""What is read from a cluster, and why: the one table that reading, RBAC rules and the documentation share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

VERBS = ["get", "list"]

CONFIG_MAPS: tuple[str, ...] = ("device-plugin-config", "time-slicing-config", "time-slicing-config-all")
"""ConfigMaps read by name when the ClusterPolicy names them: the names that the GPU Operator's documentation uses.

Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/gpu-sharing.html (2026-11-24)
"""


@dataclass(frozen=True)
class Wanted:
    """One kind of object. `versions`: those that can be read, best first. `field`: the part of the snapshot that it feeds,
    as a dotted path.

    `selectors`: field selectors, each asked for by a request of its own, so that only what matters crosses the wire.
    `within`: the one namespace that is asked; only for objects that stand nowhere else.
    """

    group: str
    versions: tuple[str, ...]
    resource: str
    kind: str
    field: str
    why: str
    namespaced: bool = True
    need: Literal["required", "useful"] = "useful"
    selectors: tuple[str, ...] = ("",)
    within: str | None = None

    @property
    def name(self) -> str:
        """`pods`, `clusterqueues.kueue.x-k8s.io`: the way RBAC and kubectl write it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


EVENT_SELECTORS = (
    "type!=Normal",
    "type=Normal,involvedObject.kind=Node",
    "type=Normal,involvedObject.kind=Pod,reason=TriggeredScaleUp",
    "type=Normal,involvedObject.kind=Pod,reason=NotTriggerScaleUp",
    "type=Normal,involvedObject.kind=Pod,reason=TaintManagerEviction",
    "type=Normal,involvedObject.kind=Pod,reason=DeviceTaintManagerEviction",
)
"""Warnings, all of nodes, and what autoscaler and eviction say of pods; the rest (Pulled, Started ...) is most of all events."""

_DRA = ("v1", "v1beta2", "v1beta1", "v1alpha3")
_POLICY = "which GPU workload an operation would interrupt, and which queue lets it in"
_KUBEFLOW = (("PyTorchJob", "v1"), ("TFJob", "v1"), ("XGBoostJob", "v1"), ("PaddleJob", "v1"), ("JAXJob", "v1"), ("MPIJob", "v2beta1"))
_RAY = ("RayCluster", "RayJob", "RayService")

TABLE: tuple[Wanted, ...] = (
    Wanted("", ("v1",), "nodes", "Node", "nodes", "GPUs of each node, conditions, taints, labels of the GPU software", False, "required"),
    Wanted("", ("v1",), "pods", "Pod", "pods", "who holds or waits for GPUs, and how the GPU software's own pods do", True, "required"),
    Wanted("resource.k8s.io", _DRA, "resourceslices", "ResourceSlice", "resource_slices", "devices that DRA drivers publish", False),
    Wanted("resource.k8s.io", _DRA, "resourceclaims", "ResourceClaim", "resource_claims", "who holds or waits for which DRA device"),
    Wanted("resource.k8s.io", _DRA, "resourceclaimtemplates", "ResourceClaimTemplate", "resource_claims", "what pods with claims ask for"),
    Wanted("resource.k8s.io", _DRA, "deviceclasses", "DeviceClass", "device_classes", "which devices a claim can be met from", False),
    Wanted("resource.k8s.io", ("v1", "v1beta2", "v1alpha3"), "devicetaintrules", "DeviceTaintRule", "device_taint_rules",
           "devices taken out of service by a rule", False),
    Wanted("", ("v1",), "events", "Event", "k8s_events", "reasons of scheduler, kubelet and autoscaler", selectors=EVENT_SELECTORS),
    Wanted("nvidia.com", ("v1",), "clusterpolicies", "ClusterPolicy", "cluster_policies", "what the GPU Operator is told to deploy", False),
    Wanted("nvidia.com", ("v1alpha1",), "nvidiadrivers", "NVIDIADriver", "nvidia_drivers", "driver versions declared by node", False),
    Wanted("apps", ("v1",), "daemonsets", "DaemonSet", "workloads", "whether the GPU software is rolled out everywhere"),
    Wanted("apps", ("v1",), "deployments", "Deployment", "workloads", "replicas that wait, rolling updates in progress"),
    Wanted("apps", ("v1",), "statefulsets", "StatefulSet", "workloads", "replicas that wait, rolling updates in progress"),
    Wanted("batch", ("v1",), "jobs", "Job", "workloads", "jobs that wait or fail, suspended ones"),
    Wanted("", ("v1",), "resourcequotas", "ResourceQuota", "quotas", "quotas that hold back GPU pods"),
    Wanted("policy", ("v1",), "poddisruptionbudgets", "PodDisruptionBudget", "budgets", "whether a drain would be refused"),
    Wanted("scheduling.k8s.io", ("v1",), "priorityclasses", "PriorityClass", "priority_classes", "who may preempt whom", False),
    Wanted("coordination.k8s.io", ("v1",), "leases", "Lease", "nodes.heartbeat", "when a kubelet last reported", within="kube-node-lease"),
    Wanted("autoscaling", ("v2",), "horizontalpodautoscalers", "HorizontalPodAutoscaler", "autoscalers", "replicas asked for"),
    Wanted("keda.sh", ("v1alpha1",), "scaledjobs", "ScaledJob", "autoscalers", "jobs that scaling starts"),
    Wanted("keda.sh", ("v1alpha1",), "scaledobjects", "ScaledObject", "autoscalers", "replicas that scaling asks for"),
    Wanted("kueue.x-k8s.io", ("v1beta2", "v1beta1"), "clusterqueues", "ClusterQueue", "queues", "quotas of Kueue below what waits", False),
    Wanted("kueue.x-k8s.io", ("v1beta2", "v1beta1", "v1alpha1"), "cohorts", "Cohort", "queues", "quotas that queues of Kueue share", False),
    Wanted("kueue.x-k8s.io", ("v1beta2", "v1beta1"), "resourceflavors", "ResourceFlavor", "queues", "nodes behind a quota of Kueue", False),
    Wanted("kueue.x-k8s.io", ("v1beta2", "v1beta1"), "localqueues", "LocalQueue", "queues", "which namespace uses which queue"),
    Wanted("kueue.x-k8s.io", ("v1beta2", "v1beta1"), "workloads", "Workload", "workloads", "what waits for admission, and why"),
    Wanted("scheduling.volcano.sh", ("v1beta1",), "queues", "Queue", "queues", "quotas of Volcano below what waits", False),
    Wanted("scheduling.volcano.sh", ("v1beta1",), "podgroups", "PodGroup", "pod_groups", "gangs that wait for their pods"),
    Wanted("batch.volcano.sh", ("v1alpha1",), "jobs", "Job", "workloads", "jobs of Volcano that wait"),
    Wanted("scheduling.run.ai", ("v2",), "queues", "Queue", "queues", "quotas of KAI below what waits", False),
    Wanted("scheduling.run.ai", ("v2alpha2",), "podgroups", "PodGroup", "pod_groups", "gangs that wait for their pods"),
    Wanted("scheduling.k8s.io", ("v1beta1", "v1alpha2"), "podgroups", "PodGroup", "pod_groups", "gangs that wait for their pods"),
    Wanted("scheduling.k8s.io", ("v1beta1", "v1alpha2", "v1alpha1"), "workloads", "Workload", "pod_groups", "gangs and their policy"),
    Wanted("scheduling.x-k8s.io", ("v1alpha1",), "podgroups", "PodGroup", "pod_groups", "gangs that wait for their pods"),
    Wanted("jobset.x-k8s.io", ("v1alpha2",), "jobsets", "JobSet", "workloads", _POLICY),
    Wanted("leaderworkerset.x-k8s.io", ("v1",), "leaderworkersets", "LeaderWorkerSet", "workloads", _POLICY),
    Wanted("trainer.kubeflow.org", ("v1alpha1",), "trainjobs", "TrainJob", "workloads", _POLICY),
    *(Wanted("kubeflow.org", (version,), f"{kind.lower()}s", kind, "workloads", _POLICY) for kind, version in _KUBEFLOW),
    *(Wanted("ray.io", ("v1", "v1alpha1"), f"{kind.lower()}s", kind, "workloads", _POLICY) for kind in _RAY),
    Wanted("inference.networking.k8s.io", ("v1",), "inferencepools", "InferencePool", "inference_pools", "what serves requests"),
    Wanted("inference.networking.x-k8s.io", ("v1alpha2",), "inferencepools", "InferencePool", "inference_pools", "what serves requests"),
)  # fmt: skip


def rules(namespace: str | None = None) -> list[dict[str, Any]]:
    """RBAC rules for all that is read: of a ClusterRole, or of a Role when `namespace` is given. Verbs are get and list alone."""
    by_group: dict[str, list[str]] = {}
    for row in TABLE:
        if namespace is None or (row.namespaced and row.within in {None, namespace}):
            by_group.setdefault(row.group, []).append(row.resource)
    found: list[dict[str, Any]] = [
        {"apiGroups": [group], "resources": sorted(set(resources)), "verbs": VERBS} for group, resources in sorted(by_group.items())
    ]
    found.append({"apiGroups": [""], "resources": ["configmaps"], "resourceNames": list(CONFIG_MAPS), "verbs": ["get"]})
    return found
