"""Inputs as other clouds, versions and habits of users make them, written by hand from published documentation."""

# ruff: noqa: E501 - tables stand as kubectl prints them

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
import zstandard

from gpuctl.cli.main import run
from tests.conformance.face import Seen, look

GIB = 2**30
Object = dict[str, Any]
READY = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": "2026-11-01T00:00:00Z"}


def node(name: str, labels: dict[str, str], capacity: dict[str, str] | None = None, **status: Any) -> Object:
    """A Node whose allocatable equals its capacity, unless told otherwise."""
    found: Object = {"conditions": [READY]}
    if capacity is not None:
        found |= {"capacity": capacity, "allocatable": capacity}
    provider = status.pop("provider_id", None)
    meta = {"name": name, "labels": labels, "creationTimestamp": "2026-10-01T00:00:00Z"}
    spec = {"providerID": provider} if provider else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": spec, "status": found | status}


def saved(folder: Path, *objects: Object) -> Path:
    """The objects as kubectl saves a list of them."""
    file = folder / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": list(objects)}))
    return file


def holds(found: Any, wanted: Any, where: str = "") -> None:
    """Whether what was found has all that is wanted, maps in part."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            assert key in found, f"{where}.{key}"
            holds(found[key], value, f"{where}.{key}")
    else:
        assert found == wanted, where


# -- nodes of clouds and vendors --------------------------------------------------------------------------------------------------

_GKE = {"cloud.google.com/gke-nodepool": "pool-1", "topology.kubernetes.io/zone": "us-central1-a"}
_NFD = {"feature.node.kubernetes.io/pci-10de.present": "true", "nvidia.com/gpu.present": "true"}

NODES: dict[str, tuple[Object, Object, float | None]] = {
    # name: the Node, what the facts have to say of it, accelerators in the summary
    "GKE, whole A100s": (
        node(
            "gke-1",
            {**_GKE, "cloud.google.com/gke-accelerator": "nvidia-tesla-a100", "cloud.google.com/gke-accelerator-count": "2"},
            {"nvidia.com/gpu": "2", "cpu": "24"},
            provider_id="gce://project/us-central1-a/gke-1",
        ),
        {
            "provider": "gke",
            "pool": "pool-1",
            "accelerators": {"vendor": "nvidia", "product": "nvidia-tesla-a100", "physical": 2},
            "mig": None,
        },
        2,
    ),
    "GKE, MIG partitions": (
        node(
            "gke-2",
            {
                **_GKE,
                "cloud.google.com/gke-accelerator": "nvidia-tesla-a100",
                "cloud.google.com/gke-accelerator-count": "1",
                "cloud.google.com/gke-gpu-partition-size": "1g.5gb",
            },
            {"nvidia.com/gpu": "7"},
        ),
        {"mig": {"strategy": "single", "config": "1g.5gb", "capable": True}, "accelerators": {"physical": 1}},
        1,
    ),
    "GKE, MIG partitions of an older version without a count": (
        node(
            "gke-3",
            {**_GKE, "cloud.google.com/gke-accelerator": "nvidia-tesla-a100", "cloud.google.com/gke-gpu-partition-size": "3g.20gb"},
            {"nvidia.com/gpu": "4"},
        ),
        {"mig": {"config": "3g.20gb"}, "accelerators": {"count": None, "physical": None}},
        2,
    ),
    "GKE, time-sharing": (
        node(
            "gke-4",
            {
                **_GKE,
                "cloud.google.com/gke-accelerator": "nvidia-l4",
                "cloud.google.com/gke-gpu-sharing-strategy": "time-sharing",
                "cloud.google.com/gke-max-shared-clients-per-gpu": "10",
            },
            {"nvidia.com/gpu": "20"},
        ),
        {"sharing": {"mode": "time-slicing", "replicas": 10}},
        2,
    ),
    "GKE, MPS": (
        node(
            "gke-5",
            {
                **_GKE,
                "cloud.google.com/gke-accelerator": "nvidia-l4",
                "cloud.google.com/gke-gpu-sharing-strategy": "mps",
                "cloud.google.com/gke-max-shared-clients-per-gpu": "4",
            },
            {"nvidia.com/gpu": "4"},
        ),
        {"sharing": {"mode": "mps", "replicas": 4}},
        1,
    ),
    "GKE, TPU v5e": (
        node(
            "gke-6",
            {
                **_GKE,
                "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                "cloud.google.com/gke-tpu-topology": "2x4",
                "cloud.google.com/gke-accelerator-count": "4",
            },
            {"google.com/tpu": "4"},
        ),
        {"provider": "gke", "accelerators": {"vendor": "google", "product": "tpu-v5-lite-podslice", "physical": 4}, "driver": None},
        4,
    ),
    "AKS with Node Problem Detector": (
        node(
            "aks-gpu-1",
            {
                "kubernetes.azure.com/agentpool": "gpunp",
                "agentpool": "gpunp",
                "accelerator": "nvidia",
                "kubernetes.azure.com/accelerator": "nvidia",
            },
            {"nvidia.com/gpu": "1"},
            provider_id="azure:///subscriptions/0/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/v/virtualMachines/0",
            conditions=[READY, {"type": "KernelDeadlock", "status": "False"}, {"type": "VMEventScheduled", "status": "False"}],
        ),
        {"provider": "aks", "pool": "gpunp", "capacity": {"nvidia.com/gpu": 1}},
        1,
    ),
    "EKS Auto Mode by Karpenter": (
        node(
            "i-0abc",
            {
                "karpenter.sh/nodepool": "gpu",
                "eks.amazonaws.com/compute-type": "auto",
                "node.kubernetes.io/instance-type": "g6e.12xlarge",
                "eks.amazonaws.com/instance-gpu-name": "l40s",
            },
            {"nvidia.com/gpu": "4"},
            provider_id="aws:///eu-west-1b/i-0abc",
            conditions=[READY, {"type": "AcceleratedHardwareReady", "status": "True", "reason": "NvidiaAcceleratedHardwareIsReady"}],
        ),
        {"provider": "eks", "pool": "gpu", "instance_type": "g6e.12xlarge"},
        4,
    ),
    "AWS Inferentia": (
        node(
            "inf-1",
            {"node.kubernetes.io/instance-type": "inf2.48xlarge"},
            {"aws.amazon.com/neuron": "12", "aws.amazon.com/neuroncore": "24"},
        ),
        {"accelerators": {"vendor": "aws", "present": True}},
        12,
    ),
    "MI300X in CPX mode": (
        node(
            "mi-1",
            {
                "amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM",
                "amd.com/gpu.vram": "24G",
                "amd.com/gpu.family": "AI",
                "amd.com/compute-partitioning-supported": "true",
                "amd.com/gpu.compute-memory-partition": "cpx_nps4",
                "amd.com/gpu.driver-version": "6.12.12",
            },
            {"amd.com/cpx_nps4": "64"},
        ),
        {
            "accelerators": {"vendor": "amd", "product": "AMD_Instinct_MI300X_OAM", "resources": {"amd.com/cpx_nps4": 64}},
            "driver": {"version": "6.12.12"},
        },
        8,
    ),
    "Gaudi 3": (
        node("hl-1", {"habana.ai/hpu.product": "HL-325L", "habana.ai/driver-version": "1.20.0"}, {"habana.ai/gaudi": "8"}),
        {"accelerators": {"vendor": "habana", "present": True}, "capacity": {"habana.ai/gaudi": 8}},
        8,
    ),
    "Intel Data Center GPU by xe": (
        node("xe-1", {"intel.feature.node.kubernetes.io/gpu": "true"}, {"gpu.intel.com/xe": "2", "gpu.intel.com/xe_monitoring": "1"}),
        {"accelerators": {"vendor": "intel", "resources": {"gpu.intel.com/xe": 2, "gpu.intel.com/xe_monitoring": 1}}},
        2,
    ),
    "MIG strategy mixed on H200": (
        node(
            "h200-1",
            {
                **_NFD,
                "nvidia.com/gpu.product": "NVIDIA-H200",
                "nvidia.com/gpu.count": "8",
                "nvidia.com/gpu.memory": "143771",
                "nvidia.com/mig.strategy": "mixed",
                "nvidia.com/mig.config": "all-balanced",
                "nvidia.com/mig.config.state": "success",
                "nvidia.com/mig.capable": "true",
            },
            {"nvidia.com/mig-1g.18gb": "16", "nvidia.com/mig-2g.35gb": "8", "nvidia.com/mig-3g.71gb": "8"},
        ),
        {
            "mig": {"strategy": "mixed", "config": "all-balanced", "config_state": "success", "capable": True},
            "accelerators": {"physical": 8, "memory_bytes": 143771 * 2**20},
        },
        8,
    ),
    "one card of eight cut, the labels of count left out": (
        node(
            "h20-1",
            {"nvidia.com/mig.strategy": "mixed", "nvidia.com/mig-1g.12gb.count": "4", "nvidia.com/mig.capable": "true"},
            {"nvidia.com/gpu": "7", "nvidia.com/mig-1g.12gb": "4", "nvidia.com/mig-3g.48gb": "1"},
        ),
        {"mig": {"strategy": "mixed"}, "capacity": {"nvidia.com/gpu": 7, "nvidia.com/mig-1g.12gb": 4}},
        8,
    ),
    "MIG devices and nothing that counts the cards": (
        node("h20-2", {}, {"nvidia.com/mig-1g.12gb": "14"}),
        {"capacity": {"nvidia.com/mig-1g.12gb": 14}},
        None,
    ),
    "time slices renamed": (
        node(
            "ts-1",
            {
                **_NFD,
                "nvidia.com/gpu.product": "NVIDIA-L40S-SHARED",
                "nvidia.com/gpu.count": "2",
                "nvidia.com/gpu.replicas": "10",
                "nvidia.com/gpu.sharing-strategy": "time-slicing",
            },
            {"nvidia.com/gpu.shared": "20"},
        ),
        {"sharing": {"mode": "time-slicing", "replicas": 10}, "accelerators": {"physical": 2}},
        2,
    ),
    "KubeVirt passthrough": (
        node(
            "vm-1",
            {"nvidia.com/gpu.workload.config": "vm-passthrough", **_NFD},
            {"nvidia.com/GA102GL_A10": "4", "devices.kubevirt.io/kvm": "1k"},
        ),
        {"accelerators": {"resources": {"nvidia.com/GA102GL_A10": 4}}},
        4,
    ),
    "HAMi virtual GPUs": (
        node("hami-1", {"gpu": "on"}, {"nvidia.com/gpu": "20", "nvidia.com/gpumem": "81920", "nvidia.com/gpucores": "200"}),
        {"capacity": {"nvidia.com/gpu": 20, "nvidia.com/gpumem": 81920}},
        20,
    ),
    "OpenShift worker": (
        node(
            "worker-0",
            {
                "node-role.kubernetes.io/worker": "",
                "node.openshift.io/os_id": "rhel",
                **_NFD,
                "nvidia.com/gpu.product": "Tesla-T4",
                "nvidia.com/gpu.count": "1",
            },
            {"nvidia.com/gpu": "1"},
            nodeInfo={
                "osImage": "Red Hat Enterprise Linux CoreOS 9.6",
                "kernelVersion": "5.14.0",
                "containerRuntimeVersion": "cri-o://1.33.5",
            },
        ),
        {"os": "Red Hat Enterprise Linux CoreOS 9.6", "runtime": "cri-o 1.33.5", "accelerators": {"product": "Tesla-T4"}},
        1,
    ),
}


@pytest.mark.parametrize("name", NODES)
def test_node(name: str, tmp_path: Path) -> None:
    given, wanted, gpus = NODES[name]
    seen = look(saved(tmp_path, given), now="2026-11-24T12:00:00Z")
    holds(seen.node, wanted)
    assert seen.node["gpus"] is None
    summary = seen.report["summary"]
    assert summary["gpus"] == gpus
    assert summary["gpus_allocatable"] == gpus
    assert seen.codes == []


FAULTS: dict[str, tuple[Object, str, str]] = {
    "AKS: the GPU driver is gone": (
        node(
            "aks-1",
            {"agentpool": "g"},
            {"nvidia.com/gpu": "1"},
            conditions=[READY, {"type": "GPUMissing", "status": "True", "reason": "GPUMissing"}],
        ),
        "gpu-node-condition-fault",
        "GPUMissing",
    ),
    "EKS: the accelerator is not ready": (
        node(
            "eks-1",
            {"eks.amazonaws.com/nodegroup": "g"},
            {"nvidia.com/gpu": "8"},
            conditions=[READY, {"type": "AcceleratedHardwareReady", "status": "False", "reason": "NvidiaXID79Error"}],
        ),
        "gpu-node-condition-fault",
        "NvidiaXID79Error",
    ),
    "three of eight devices are unhealthy": (
        node("n-1", _NFD, {"nvidia.com/gpu": "8"}, allocatable={"nvidia.com/gpu": "5"}),
        "gpu-allocatable-below-capacity",
        "5 of 8",
    ),
    "Gaudi cards are lost": (
        node("hl-2", {}, {"habana.ai/gaudi": "8"}, allocatable={"habana.ai/gaudi": "7"}),
        "gpu-allocatable-below-capacity",
        "habana.ai/gaudi: 7 of 8",
    ),
    "the kubelet is silent": (
        node("n-2", _NFD, {"nvidia.com/gpu": "8"}, conditions=[{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]),
        "gpu-node-not-ready",
        "lost the node",
    ),
    "MIG manager failed": (
        node("n-3", {**_NFD, "nvidia.com/mig.config": "all-1g.10gb", "nvidia.com/mig.config.state": "failed"}, {"nvidia.com/gpu": "8"}),
        "mig-config-failed",
        "all-1g.10gb",
    ),
    "the driver upgrade failed": (
        node("n-4", {**_NFD, "nvidia.com/gpu-driver-upgrade-state": "upgrade-failed"}, {"nvidia.com/gpu": "8"}),
        "driver-upgrade-failed",
        "upgrade",
    ),
    "labels and no resource": (
        node("n-5", {**_NFD, "nvidia.com/gpu.product": "NVIDIA-B200", "nvidia.com/gpu.count": "8"}, {"cpu": "128"}),
        "gpu-not-advertised",
        "B200",
    ),
}


SCREENS = ("0300_8086", "0300_1002", "0300_1d0f", "0300_1a03", "0200_15b3", "0302_1234")


@pytest.mark.parametrize("device", SCREENS)
def test_what_drives_a_screen_is_no_accelerator(device: str, tmp_path: Path) -> None:
    seen = look(saved(tmp_path, node("n", {f"feature.node.kubernetes.io/pci-{device}.present": "true"}, {"cpu": "8"})))
    assert seen.node["accelerators"] is None
    assert seen.report["summary"]["gpus"] == 0
    assert seen.codes == []


@pytest.mark.parametrize("device", ["0300_10de", "0302_10de", "1200_1002", "0380_8086", "1200_1da3"])
def test_an_accelerator_that_nobody_offers_is_no_zero(device: str, tmp_path: Path) -> None:
    seen = look(saved(tmp_path, node("n", {f"feature.node.kubernetes.io/pci-{device}.present": "true"}, {"cpu": "8"})))
    assert seen.node["accelerators"]["pci_present"] is True
    assert seen.report["summary"]["gpus"] is None
    assert seen.report["summary"]["gpus_allocatable"] == 0
    assert seen.codes == ["gpu-not-advertised"]


@pytest.mark.parametrize("name", FAULTS)
def test_fault(name: str, tmp_path: Path) -> None:
    given, code, words = FAULTS[name]
    seen = look(saved(tmp_path, given), now="2026-11-24T12:00:00Z")
    assert any(words in said for said in seen.said(code)), seen.report["findings"]
    assert seen.report["advice"]


# -- workloads, queues and claims -------------------------------------------------------------------------------------------------


def container(amount: str = "8", resource: str = "nvidia.com/gpu", **more: Any) -> Object:
    """A pod template that asks for accelerators."""
    return {
        "spec": {"containers": [{"name": "main", "image": "registry.example/train:1", "resources": {"limits": {resource: amount}}}], **more}
    }


META = {"name": "run", "namespace": "team"}
OBJECTS: dict[str, tuple[Object, str, Object]] = {
    # name: the object, the collection that it lands in, what its facts have to say
    "RayCluster with a head without GPUs": (
        {
            "apiVersion": "ray.io/v1",
            "kind": "RayCluster",
            "metadata": META,
            "spec": {
                "headGroupSpec": {"rayStartParams": {}, "template": {"spec": {"containers": [{"name": "head"}]}}},
                "workerGroupSpecs": [
                    {"groupName": "gpu", "replicas": 3, "minReplicas": 0, "maxReplicas": 8, "numOfHosts": 2, "template": container("4")}
                ],
            },
            "status": {"desiredWorkerReplicas": 3, "readyWorkerReplicas": 1},
        },
        "workloads",
        {
            "kind": "RayCluster",
            "pods": 7,
            "requests": {"nvidia.com/gpu": 4},
            "total_requests": {"nvidia.com/gpu": 24},
            "desired": 3,
            "ready": 1,
        },
    ),
    "RayJob": (
        {
            "apiVersion": "ray.io/v1",
            "kind": "RayJob",
            "metadata": META,
            "spec": {"suspend": True, "rayClusterSpec": {"headGroupSpec": {"template": container("1")}, "workerGroupSpecs": []}},
        },
        "workloads",
        {"kind": "RayJob", "pods": 1, "total_requests": {"nvidia.com/gpu": 1}, "suspended": True},
    ),
    "RayService": (
        {
            "apiVersion": "ray.io/v1alpha1",
            "kind": "RayService",
            "metadata": META,
            "spec": {"rayClusterConfig": {"workerGroupSpecs": [{"replicas": 2, "template": container("1")}]}},
        },
        "workloads",
        {"kind": "RayService", "pods": 2, "total_requests": {"nvidia.com/gpu": 2}},
    ),
    "JobSet of v1alpha2": (
        {
            "apiVersion": "jobset.x-k8s.io/v1alpha2",
            "kind": "JobSet",
            "metadata": {**META, "labels": {"kueue.x-k8s.io/queue-name": "lq"}},
            "spec": {
                "suspend": False,
                "replicatedJobs": [
                    {"name": "driver", "template": {"spec": {"template": {"spec": {"containers": [{"name": "d"}]}}}}},
                    {"name": "w", "replicas": 2, "template": {"spec": {"parallelism": 4, "completions": 4, "template": container("8")}}},
                ],
            },
        },
        "workloads",
        {"kind": "JobSet", "pods": 9, "total_requests": {"nvidia.com/gpu": 64}, "queue": "lq", "suspended": False},
    ),
    "TrainJob with resources of its own": (
        {
            "apiVersion": "trainer.kubeflow.org/v1alpha1",
            "kind": "TrainJob",
            "metadata": META,
            "spec": {"runtimeRef": {"name": "torch"}, "trainer": {"numNodes": 2, "resourcesPerNode": {"requests": {"nvidia.com/gpu": 8}}}},
        },
        "workloads",
        {"kind": "TrainJob", "pods": 2, "gang": 2, "requests": {"nvidia.com/gpu": 8}, "total_requests": {"nvidia.com/gpu": 16}},
    ),
    "MPIJob of v2beta1": (
        {
            "apiVersion": "kubeflow.org/v2beta1",
            "kind": "MPIJob",
            "metadata": META,
            "spec": {
                "mpiReplicaSpecs": {
                    "Launcher": {"replicas": 1, "template": {"spec": {"containers": [{"name": "l"}]}}},
                    "Worker": {"replicas": 2, "template": container("8")},
                },
                "runPolicy": {"schedulingPolicy": {"minAvailable": 3}},
            },
        },
        "workloads",
        {"kind": "MPIJob", "pods": 3, "gang": 3, "requests": {"nvidia.com/gpu": 8}, "total_requests": {"nvidia.com/gpu": 16}},
    ),
    "Volcano Job": (
        {
            "apiVersion": "batch.volcano.sh/v1alpha1",
            "kind": "Job",
            "metadata": META,
            "spec": {
                "minAvailable": 4,
                "queue": "research",
                "schedulerName": "volcano",
                "tasks": [{"name": "w", "replicas": 4, "template": container("2")}],
            },
            "status": {"state": {"phase": "Completed"}},
        },
        "workloads",
        {"gang": 4, "queue": "research", "scheduler": "volcano", "total_requests": {"nvidia.com/gpu": 8}, "finished": True},
    ),
    "CronJob": (
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": META,
            "spec": {
                "schedule": "0 3 * * *",
                "suspend": True,
                "jobTemplate": {"spec": {"parallelism": 2, "completions": 5, "template": container("1")}},
            },
        },
        "workloads",
        {"kind": "CronJob", "pods": 2, "total_requests": {"nvidia.com/gpu": 2}, "suspended": True},
    ),
    "Kueue Workload of v1beta1": (
        {
            "apiVersion": "kueue.x-k8s.io/v1beta1",
            "kind": "Workload",
            "metadata": META,
            "spec": {
                "active": True,
                "queueName": "lq",
                "priorityClassName": "high",
                "podSets": [{"name": "main", "count": 3, "template": container("8")}],
            },
            "status": {"conditions": [{"type": "QuotaReserved", "status": "False", "reason": "Pending"}]},
        },
        "workloads",
        {
            "kind": "Workload",
            "queue": "lq",
            "priority_class": "high",
            "pods": 3,
            "gang": 3,
            "total_requests": {"nvidia.com/gpu": 24},
            "suspended": False,
        },
    ),
    "Kueue Workload of v1beta2": (
        {
            "apiVersion": "kueue.x-k8s.io/v1beta2",
            "kind": "Workload",
            "metadata": META,
            "spec": {
                "active": False,
                "queueName": "lq",
                "priorityClassRef": {"group": "scheduling.k8s.io", "kind": "PriorityClass", "name": "high"},
                "podSets": [{"name": "main", "count": 1, "template": container("8")}],
            },
        },
        "workloads",
        {"priority_class": "high", "total_requests": {"nvidia.com/gpu": 8}, "suspended": True},
    ),
    "Kueue ClusterQueue of v1beta2": (
        {
            "apiVersion": "kueue.x-k8s.io/v1beta2",
            "kind": "ClusterQueue",
            "metadata": {"name": "cq"},
            "spec": {
                "cohortName": "all",
                "resourceGroups": [
                    {
                        "coveredResources": ["nvidia.com/gpu"],
                        "flavors": [
                            {"name": "h100", "resources": [{"name": "nvidia.com/gpu", "nominalQuota": "64", "borrowingLimit": "8"}]}
                        ],
                    }
                ],
            },
            "status": {
                "flavorsUsage": [{"name": "h100", "resources": [{"name": "nvidia.com/gpu", "total": "48", "borrowed": "0"}]}],
                "pendingWorkloads": 3,
            },
        },
        "queues",
        {
            "kind": "ClusterQueue",
            "cohort": "all",
            "pending": 3,
            "quotas": [
                {"resource": "nvidia.com/gpu", "flavor": "h100", "nominal": 64, "borrowing_limit": 8, "lending_limit": None, "used": 48}
            ],
        },
    ),
    "Kueue Cohort": (
        {
            "apiVersion": "kueue.x-k8s.io/v1beta2",
            "kind": "Cohort",
            "metadata": {"name": "all"},
            "spec": {
                "parentName": "root",
                "resourceGroups": [
                    {
                        "coveredResources": ["nvidia.com/gpu"],
                        "flavors": [{"name": "h100", "resources": [{"name": "nvidia.com/gpu", "nominalQuota": 16}]}],
                    }
                ],
            },
        },
        "queues",
        {"kind": "Cohort", "name": "all", "parent": "root"},
    ),
    "KAI Queue": (
        {
            "apiVersion": "scheduling.run.ai/v2",
            "kind": "Queue",
            "metadata": {"name": "q"},
            "spec": {"parentQueue": "top", "resources": {"gpu": {"quota": 4, "limit": 6}}},
        },
        "queues",
        {
            "parent": "top",
            "quotas": [
                {"resource": "nvidia.com/gpu", "flavor": None, "nominal": 4, "borrowing_limit": 2, "lending_limit": None, "used": None}
            ],
        },
    ),
    "PodGroup of KAI": (
        {"apiVersion": "scheduling.run.ai/v2alpha2", "kind": "PodGroup", "metadata": META, "spec": {"minMember": 4, "queue": "q"}},
        "pod_groups",
        {"api": "scheduling.run.ai", "min_member": 4, "queue": "q"},
    ),
    "Workload of the native scheduling API": (
        {
            "apiVersion": "scheduling.k8s.io/v1alpha1",
            "kind": "Workload",
            "metadata": META,
            "spec": {"podGroups": [{"name": "workers", "policy": {"gang": {"minCount": 4}}}]},
        },
        "pod_groups",
        {"api": "scheduling.k8s.io", "name": "run/workers", "min_member": 4},
    ),
    "PodGroup of the native scheduling API": (
        {
            "apiVersion": "scheduling.k8s.io/v1alpha3",
            "kind": "PodGroup",
            "metadata": META,
            "spec": {"schedulingPolicy": {"gang": {"minCount": 8}}, "priorityClassName": "high"},
            "status": {"conditions": [{"type": "PodGroupScheduled", "status": "False", "reason": "Unschedulable"}]},
        },
        "pod_groups",
        {"api": "scheduling.k8s.io", "name": "run", "min_member": 8},
    ),
    "Workload of groups of groups": (
        {
            "apiVersion": "scheduling.k8s.io/v1alpha3",
            "kind": "Workload",
            "metadata": META,
            "spec": {
                "compositePodGroupTemplates": [
                    {"name": "replica", "podGroupTemplates": [{"name": "decode", "schedulingPolicy": {"gang": {"minCount": 2}}}]}
                ]
            },
        },
        "pod_groups",
        {"name": "run/decode", "min_member": 2},
    ),
    "ScaledJob of KEDA": (
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledJob",
            "metadata": META,
            "spec": {"jobTargetRef": {"template": container("1")}, "maxReplicaCount": 10, "triggers": [{"type": "rabbitmq"}]},
        },
        "autoscalers",
        {"kind": "ScaledJob", "max_replicas": 10, "metrics": ["rabbitmq"]},
    ),
    "HorizontalPodAutoscaler of v2": (
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": META,
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "vllm"},
                "minReplicas": 1,
                "maxReplicas": 4,
                "metrics": [
                    {
                        "type": "Pods",
                        "pods": {"metric": {"name": "DCGM_FI_DEV_GPU_UTIL"}, "target": {"type": "AverageValue", "averageValue": "80"}},
                    },
                    {"type": "External", "external": {"metric": {"name": "queue_depth"}, "target": {"type": "Value", "value": "5"}}},
                    {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 70}}},
                ],
            },
        },
        "autoscalers",
        {"min_replicas": 1, "max_replicas": 4, "metrics": ["DCGM_FI_DEV_GPU_UTIL", "queue_depth", "memory"]},
    ),
    "ScaledObject of KEDA": (
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": META,
            "spec": {
                "scaleTargetRef": {"name": "vllm"},
                "minReplicaCount": 0,
                "maxReplicaCount": 6,
                "triggers": [
                    {"type": "prometheus", "metadata": {"metricName": "vllm:num_requests_waiting", "threshold": "5"}},
                    {"type": "cpu"},
                ],
            },
        },
        "autoscalers",
        {
            "kind": "ScaledObject",
            "min_replicas": 0,
            "max_replicas": 6,
            "metrics": ["vllm:num_requests_waiting", "cpu"],
            "target": {"kind": "Deployment", "name": "vllm"},
        },
    ),
    "HorizontalPodAutoscaler of v1": (
        {
            "apiVersion": "autoscaling/v1",
            "kind": "HorizontalPodAutoscaler",
            "metadata": META,
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "vllm"},
                "maxReplicas": 3,
                "targetCPUUtilizationPercentage": 80,
            },
        },
        "autoscalers",
        {"max_replicas": 3, "metrics": ["cpu"], "target": {"kind": "Deployment", "name": "vllm"}},
    ),
    "InferencePool of v1": (
        {
            "apiVersion": "inference.networking.k8s.io/v1",
            "kind": "InferencePool",
            "metadata": META,
            "spec": {"selector": {"matchLabels": {"app": "vllm"}}, "targetPorts": [{"number": 8000}]},
        },
        "inference_pools",
        {"match_labels": {"app": "vllm"}, "ports": [8000]},
    ),
    "InferencePool of v1alpha2": (
        {
            "apiVersion": "inference.networking.x-k8s.io/v1alpha2",
            "kind": "InferencePool",
            "metadata": META,
            "spec": {"selector": {"app": "vllm"}, "targetPortNumber": 8000},
        },
        "inference_pools",
        {"match_labels": {"app": "vllm"}, "ports": [8000]},
    ),
    "ResourceSlice of v1beta2 with taints and counters": (
        {
            "apiVersion": "resource.k8s.io/v1beta2",
            "kind": "ResourceSlice",
            "metadata": {"name": "s"},
            "spec": {
                "driver": "gpu.nvidia.com",
                "nodeName": "n",
                "pool": {"name": "n", "generation": 2, "resourceSliceCount": 1},
                "sharedCounters": [{"name": "gpu-0", "counters": {"memory": {"value": "80Gi"}}}],
                "devices": [
                    {
                        "name": "gpu-0",
                        "attributes": {"type": {"string": "gpu"}, "index": {"int": 0}, "ecc": {"bool": True}},
                        "capacity": {"memory": {"value": "80Gi"}},
                        "consumesCounters": [{"counterSet": "gpu-0", "counters": {"memory": {"value": "80Gi"}}}],
                        "taints": [{"key": "gpu.nvidia.com/xid", "value": "79", "effect": "NoSchedule"}],
                    }
                ],
            },
        },
        "resource_slices",
        {
            "driver": "gpu.nvidia.com",
            "pool": {"name": "n", "generation": 2, "resource_slice_count": 1},
            "shared_counters": [{"name": "gpu-0", "counters": {"memory": 80 * GIB}}],
        },
    ),
    "ResourceClaim of v1beta1": (
        {
            "apiVersion": "resource.k8s.io/v1beta1",
            "kind": "ResourceClaim",
            "metadata": META,
            "spec": {
                "devices": {"requests": [{"name": "gpu", "deviceClassName": "gpu.nvidia.com", "allocationMode": "ExactCount", "count": 2}]}
            },
        },
        "resource_claims",
        {"template": False, "allocation": None, "reserved_for": []},
    ),
    "ResourceClaim of v1alpha3, allocated": (
        {
            "apiVersion": "resource.k8s.io/v1alpha3",
            "kind": "ResourceClaim",
            "metadata": META,
            "spec": {"devices": {"requests": [{"name": "gpu", "deviceClassName": "gpu.nvidia.com"}]}},
            "status": {
                "allocation": {"devices": {"results": [{"request": "gpu", "driver": "gpu.nvidia.com", "pool": "n", "device": "gpu-3"}]}},
                "reservedFor": [{"resource": "pods", "name": "p", "uid": "u"}],
            },
        },
        "resource_claims",
        {
            "allocation": {
                "devices": {
                    "results": [{"request": "gpu", "driver": "gpu.nvidia.com", "pool": "n", "device": "gpu-3", "admin_access": False}]
                },
                "allocation_timestamp": None,
            },
            "reserved_for": ["p"],
        },
    ),
    "ResourceClaim of v1alpha2": (
        {
            "apiVersion": "resource.k8s.io/v1alpha2",
            "kind": "ResourceClaim",
            "metadata": META,
            "spec": {"resourceClassName": "gpu.nvidia.com"},
        },
        "resource_claims",
        {"template": False},
    ),
    "ResourceClaim of v1 with alternatives": (
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "metadata": META,
            "spec": {
                "devices": {
                    "requests": [
                        {
                            "name": "any",
                            "firstAvailable": [
                                {"name": "big", "deviceClassName": "h200"},
                                {"name": "two", "deviceClassName": "h100", "count": 2},
                            ],
                        }
                    ]
                }
            },
        },
        "resource_claims",
        {"template": False},
    ),
    "LeaderWorkerSet with a leader of its own": (
        {
            "apiVersion": "leaderworkerset.x-k8s.io/v1",
            "kind": "LeaderWorkerSet",
            "metadata": META,
            "spec": {
                "replicas": 3,
                "leaderWorkerTemplate": {"size": 4, "leaderTemplate": container("1"), "workerTemplate": container("8")},
            },
        },
        "workloads",
        {"pods": 12, "gang": 4, "total_requests": {"nvidia.com/gpu": 75}},
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_object(name: str, tmp_path: Path) -> None:
    given, collection, wanted = OBJECTS[name]
    seen = look(saved(tmp_path, given))
    (found,) = seen.facts[collection]
    holds(found, wanted)
    assert seen.facts["skipped"] == {}
    assert seen.facts["unrecognised"] == {}


def test_device_classes_of_claims(tmp_path: Path) -> None:
    names = ["ResourceClaim of v1beta1", "ResourceClaim of v1alpha2", "ResourceClaim of v1 with alternatives"]
    seen = [look(saved(tmp_path, OBJECTS[name][0])).facts["resource_claims"][0]["devices"]["requests"] for name in names]
    assert [(item["device_class_name"], item["count"]) for (item,) in seen] == [("gpu.nvidia.com", 2), ("gpu.nvidia.com", 1), (None, 1)]
    assert [(item["device_class_name"], item["count"]) for item in seen[2][0]["first_available"]] == [("h200", 1), ("h100", 2)]


def test_a_device_class_is_an_extended_resource_of_its_own(tmp_path: Path) -> None:
    item = OBJECTS["ResourceSlice of v1beta2 with taints and counters"][0]
    device_class = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": "gpu.nvidia.com"},
        "spec": {"selectors": [{"cel": {"expression": "device.driver == 'gpu.nvidia.com'"}}]},
    }
    resource = "deviceclass.resource.kubernetes.io/gpu.nvidia.com"
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "team", "creationTimestamp": "2026-11-24T00:00:00Z"},
            "spec": container(amount, resource)["spec"],
            "status": {"phase": "Pending"},
        }
        for name, amount in (("fits", "1"), ("never", "2"))
    ]
    seen = look(saved(tmp_path, node("n", {}, {"cpu": "8"}), item, device_class, *pods), now="2026-11-24T12:00:00Z")
    assert [pod["requests"] for pod in seen.facts["pods"]] == [{resource: 1}, {resource: 2}]
    assert [item["subject"]["name"] for item in seen.report["findings"] if item["code"] == "pod-request-unsatisfiable"] == ["never"]


def test_slices_that_say_for_each_device_where_it_is_prove_no_lack(tmp_path: Path) -> None:
    item = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": "s"},
        "spec": {
            "driver": "gpu.example.com",
            "perDeviceNodeSelection": True,
            "pool": {"name": "fabric", "generation": 1, "resourceSliceCount": 1},
            "devices": [{"name": "gpu-0", "nodeName": "n"}, {"name": "gpu-1", "allNodes": True}],
        },
    }
    claim = {**OBJECTS["ResourceClaim of v1beta1"][0], "metadata": {"name": "c", "namespace": "team"}}
    spec = {"containers": [{"name": "main"}], "resourceClaims": [{"name": "gpu", "resourceClaimName": "c"}]}
    meta = {"name": "p", "namespace": "team", "creationTimestamp": "2026-11-24T00:00:00Z"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": "Pending"}}
    seen = look(saved(tmp_path, node("n", {}, {"cpu": "8"}), item, claim, pod), now="2026-11-24T12:00:00Z")
    assert seen.facts["pods"][0]["claims"] == ["c"]
    assert seen.said("pod-request-unsatisfiable") == []


def test_a_tainted_device_is_told(tmp_path: Path) -> None:
    seen = look(saved(tmp_path, OBJECTS["ResourceSlice of v1beta2 with taints and counters"][0]))
    assert "gpu.nvidia.com/xid=79:NoSchedule" in seen.said("dra-device-tainted")[0]


def test_features_given_as_a_file_tell_of_a_node(tmp_path: Path) -> None:
    feature = {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeature",
        "metadata": {"name": "n", "namespace": "nfd", "labels": {"nfd.node.kubernetes.io/node-name": "n"}},
        "spec": {
            "features": {
                "flags": {"kernel.loadedmodule": {"elements": {"nvidia": {}, "nvidia_uvm": {}}}},
                "instances": {"pci.device": {"elements": [{"attributes": {"class": "0302", "vendor": "10de", "device": "2330"}}]}},
            },
            "labels": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.count": "8", "pci-10de.present": "true"},
        },
    }
    seen = look(saved(tmp_path, node("n", {}, {"nvidia.com/gpu": "8"}), feature))
    holds(seen.node, {"kernel_modules": ["nvidia", "nvidia_uvm"], "accelerators": {"pci_present": True, "vendor": "nvidia"}})
    holds(seen.node, {"accelerators": {"product": "NVIDIA-H100-80GB-HBM3", "physical": 8}})
    alone = look(saved(tmp_path, feature))
    holds(alone.node, {"name": "n", "capacity": None, "labels": {"feature.node.kubernetes.io/pci-10de.present": "true"}})
    holds(alone.node, {"accelerators": {"product": "NVIDIA-H100-80GB-HBM3", "physical": 8}})


# -- how users save things --------------------------------------------------------------------------------------------------------

_TWO = [node("a", _NFD, {"nvidia.com/gpu": "8"}), node("b", _NFD, {"nvidia.com/gpu": "4"})]
_LIST = {"apiVersion": "v1", "kind": "NodeList", "items": _TWO}
FORMS: dict[str, bytes] = {
    "a list in JSON": json.dumps(_LIST, indent=4).encode(),
    "a list in YAML": yaml.safe_dump(_LIST).encode(),
    "items without a kind": json.dumps(
        {**_LIST, "items": [{key: value for key, value in item.items() if key not in {"kind", "apiVersion"}} for item in _TWO]}
    ).encode(),
    "documents in YAML": "---\n".join(yaml.safe_dump(item) for item in _TWO).encode(),
    "documents in YAML with comments, end marks and an empty one": (
        "# saved\n---\n" + "...\n---\n---\n".join(yaml.safe_dump(item) for item in _TWO)
    ).encode(),
    "JSON lines": "\n".join(json.dumps(item) for item in _TWO).encode(),
    "an array of JSON": json.dumps(_TWO).encode(),
    "Windows line ends": json.dumps(_LIST, indent=1).replace("\n", "\r\n").encode(),
    "Windows line ends in YAML": yaml.safe_dump(_LIST).replace("\n", "\r\n").encode(),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(_LIST).encode(),
    "a byte order mark in YAML": b"\xef\xbb\xbf" + yaml.safe_dump(_LIST).encode(),
    "PowerShell's UTF-16": json.dumps(_LIST).encode("utf-16"),
    "YAML in PowerShell's UTF-16": yaml.safe_dump(_LIST).encode("utf-16"),
    "gzip": gzip.compress(yaml.safe_dump(_LIST).encode()),
    "zstd": zstandard.compress(json.dumps(_LIST).encode()),
    "the command's own line above": b"$ kubectl get nodes -o yaml\n" + yaml.safe_dump(_LIST).encode(),
    "a prompt with its host": b"admin@jump:~$ sudo kubectl get nodes -o json\n\n" + json.dumps(_LIST, indent=2).encode(),
    "warnings above JSON": b"Warning: v1 Node is deprecated\n" + json.dumps(_LIST).encode(),
    "warnings above YAML": b"W1124 10:00:00.000000   12345 warnings.go:70] deprecated\n" + yaml.safe_dump(_LIST).encode(),
    "prompts inside of JSON": json.dumps({"apiVersion": "v1", "kind": "List", "metadata": {"x": "a$ kubectl y"}, "items": _TWO}).encode(),
    "a watch": "\n".join(json.dumps({"type": "ADDED", "object": item}) for item in _TWO).encode(),
    "a fence in Markdown": b"As asked:\n```yaml\n" + yaml.safe_dump(_LIST).encode() + b"```\nThanks\n",
    "anchors": b"apiVersion: v1\nkind: List\nitems:\n- &n\n  apiVersion: v1\n  kind: Node\n  metadata: {name: a}\n  status: &s"
    b" {capacity: {nvidia.com/gpu: 8}}\n- apiVersion: v1\n  kind: Node\n  metadata: {name: b}\n  status: {capacity: {nvidia.com/gpu: 4}}\n",
    "a dump of the cluster": (
        json.dumps(_LIST, indent=4)
        + "\n==== START logs for container a of pod n/p ====\n{not json\n==== END logs for container a of pod n/p ====\n"
        + json.dumps({"apiVersion": "v1", "kind": "PodList", "items": []})
    ).encode(),
    "a list in a list": json.dumps({"apiVersion": "v1", "kind": "List", "items": [_LIST]}).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_form(form: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(FORMS[form])
    seen = look(file)
    assert {item["name"]: item["capacity"]["nvidia.com/gpu"] for item in seen.facts["nodes"]} == {"a": 8, "b": 4}
    assert seen.facts["unrecognised"] == {}
    assert seen.report["summary"]["gpus"] == 12


def test_machines_cloned_from_one_image_stay_apart(tmp_path: Path) -> None:
    """They have one machine id; two sources of one machine still meet by it."""
    info = {"nodeInfo": {"machineID": "4c4c4544", "bootID": "b", "systemUUID": "u"}}
    seen = look(saved(tmp_path, *(node(name, _NFD, {"nvidia.com/gpu": "8"}, **info) for name in "abc")))
    assert [(item["name"], item["aliases"]) for item in seen.facts["nodes"]] == [("a", []), ("b", []), ("c", [])]
    assert seen.facts["conflicts"] == []
    assert seen.report["summary"]["gpus"] == 24


def test_what_the_server_refused_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "nodes.json"
    refusal = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "nodes is forbidden: \x1b[31muser", "code": 403}
    file.write_text(json.dumps(refusal))
    assert run(["doctor", "--from", str(file)]) == 2
    said = capsys.readouterr().err
    assert "nodes is forbidden" in said
    assert "\x1b" not in said


def test_a_folder_as_must_gather_leaves_it(tmp_path: Path) -> None:
    nodes, pods = tmp_path / "cluster-scoped-resources/core/nodes", tmp_path / "namespaces/team/core"
    nodes.mkdir(parents=True)
    pods.mkdir(parents=True)
    for item in _TWO:
        (nodes / f"{item['metadata']['name']}.yaml").write_text("---\n" + yaml.safe_dump(item))
    pod = {"metadata": META, "spec": {**container("8")["spec"], "nodeName": "a"}, "status": {"phase": "Running"}}
    (pods / "pods.yaml").write_text("---\n" + yaml.safe_dump({"apiVersion": "v1", "kind": "PodList", "items": [pod]}))
    (tmp_path / "version").write_text("openshift/must-gather\n4.20\n")
    (tmp_path / "namespaces/team/team.yaml").write_text(
        yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    )
    seen = look(tmp_path)
    assert len(seen.facts["nodes"]) == 2
    assert [(item["node"], item["requests"]) for item in seen.facts["pods"]] == [("a", {"nvidia.com/gpu": 8})]
    assert seen.facts["skipped"] == {"Namespace": 1}
    assert seen.report["summary"]["gpus_allocated"] == 8


DESCRIBED = """\
Name:               gpu-7
Roles:              <none>
Labels:             agentpool=gpu
                    kubernetes.io/hostname=gpu-7
                    nvidia.com/gpu.count=8
                    nvidia.com/gpu.present=true
                    nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3
Annotations:        node.alpha.kubernetes.io/ttl: 0
CreationTimestamp:  Thu, 01 Oct 2026 08:00:00 +0000
Taints:             nvidia.com/gpu=present:NoSchedule
                    node.kubernetes.io/unschedulable:NoSchedule
Unschedulable:      true
Lease:
  HolderIdentity:  gpu-7
  RenewTime:       Tue, 24 Nov 2026 11:59:50 +0000
Conditions:
  Type             Status  LastHeartbeatTime                 LastTransitionTime                Reason                       Message
  ----             ------  -----------------                 ------------------                ------                       -------
  MemoryPressure   False   Tue, 24 Nov 2026 11:58:00 +0000   Thu, 01 Oct 2026 08:00:00 +0000   KubeletHasSufficientMemory   kubelet has sufficient memory available
  Ready            True    Tue, 24 Nov 2026 11:58:00 +0000   Thu, 01 Oct 2026 08:01:00 +0000   KubeletReady                 kubelet is posting ready status
Addresses:
  InternalIP:  10.1.2.3
  Hostname:    gpu-7
Capacity:
  cpu:                192
  ephemeral-storage:  1843269236Ki
  memory:             2113431708Ki
  nvidia.com/gpu:     8
  pods:               110
Allocatable:
  cpu:                191450m
  memory:             2110180508Ki
  nvidia.com/gpu:     6
  pods:               110
System Info:
  Machine ID:                 0c1f6a2f
  Kernel Version:             5.15.0-1071-nvidia
  OS Image:                   Ubuntu 22.04.5 LTS
  Container Runtime Version:  containerd://1.7.27
  Kubelet Version:            v1.33.5
ProviderID:                   metal://gpu-7
Non-terminated Pods:          (1 in total)
  Namespace                   Name      CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age
  ---------                   ----      ------------  ----------  ---------------  -------------  ---
  team                        train-0   8 (4%)        0 (0%)      64Gi (3%)        0 (0%)         2d
Allocated resources:
  (Total limits may be over 100 percent, i.e., overcommitted.)
  Resource           Requests    Limits
  --------           --------    ------
  cpu                8 (4%)      0 (0%)
  nvidia.com/gpu     4           4
Events:
  Type     Reason        Age                  From     Message
  ----     ------        ----                 ----     -------
  Warning  NodeNotReady  5m (x3 over 3h10m)   kubelet  Node gpu-7 status is now: NodeNotReady
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\n    "])
def test_a_described_node(ends: str, tmp_path: Path) -> None:
    file = tmp_path / "describe.txt"
    file.write_bytes((ends.strip("\r\n") + DESCRIBED.replace("\n", ends)).encode())
    seen = look(file, now="2026-11-24T12:00:00Z")
    holds(
        seen.node,
        {
            "name": "gpu-7", "pool": "gpu", "cordoned": True, "ready": "True", "kernel": "5.15.0-1071-nvidia", "os": "Ubuntu 22.04.5 LTS",
            "runtime": "containerd 1.7.27", "kubelet": "v1.33.5", "provider_id": "metal://gpu-7", "addresses": ["10.1.2.3", "gpu-7"],
            "capacity": {"nvidia.com/gpu": 8, "cpu": 192}, "allocatable": {"nvidia.com/gpu": 6, "cpu": 191.45},
            "accelerators": {"product": "NVIDIA-H100-80GB-HBM3", "physical": 8},
        },
    )  # fmt: skip
    assert [taint["key"] for taint in seen.node["taints"]] == ["nvidia.com/gpu", "node.kubernetes.io/unschedulable"]
    (event,) = seen.facts["k8s_events"]
    holds(event, {"reason": "NodeNotReady", "name": "gpu-7", "count": 3, "age_seconds": 300, "first_age_seconds": 11400})
    assert "6 of 8" in seen.said("gpu-allocatable-below-capacity")[0]


def test_a_described_pod(tmp_path: Path) -> None:
    file = tmp_path / "describe.txt"
    file.write_text(
        "Name:             train-0\nNamespace:        team\nPriority:         0\nNode:             <none>\nLabels:           app=train\n"
        "Status:           Pending\nIP:               \nControlled By:    Job/train\nContainers:\n  main:\n    Image:      registry.example/train:1\n"
        "    Limits:\n      nvidia.com/gpu:  8\n    Requests:\n      nvidia.com/gpu:  8\n    Environment:      <none>\n"
        "Conditions:\n  Type           Status\n  PodScheduled   False \n"
        "Node-Selectors:              gpu=h100\nTolerations:                 nvidia.com/gpu:NoSchedule op=Exists\n"
        "Events:\n  Type     Reason            Age   From               Message\n  ----     ------            ----  ----               -------\n"
        "  Warning  FailedScheduling  3h    default-scheduler  0/4 nodes are available: 4 Insufficient nvidia.com/gpu.\n"
    )
    seen = look(file)
    (pod,) = seen.facts["pods"]
    holds(pod, {"phase": "Pending", "node": None, "requests": {"nvidia.com/gpu": 8}, "owner": {"kind": "Job", "name": "train"}})
    holds(pod, {"placement": {"node_selector": {"gpu": "h100"}}})
    assert "4 Insufficient nvidia.com/gpu" in seen.said("pod-pending-long")[0]


EVENTS: dict[str, str] = {
    "wide": (
        "LAST SEEN   TYPE      REASON             OBJECT        SUBOBJECT   SOURCE              MESSAGE                                        FIRST SEEN   COUNT   NAME\n"
        "2m          Warning   FailedScheduling   pod/train-0               default-scheduler   0/2 nodes are available: 2 Insufficient amd.com/gpu.   3h           12      train-0.17f\n"
    ),
    "of all namespaces": (
        "NAMESPACE   LAST SEEN   TYPE      REASON             OBJECT        MESSAGE\n"
        "team        2m          Warning   FailedScheduling   pod/train-0   0/2 nodes are available: 2 Insufficient amd.com/gpu.\n"
    ),
    "of kubectl events": (
        "NAMESPACE   LAST SEEN             TYPE      REASON             OBJECT        MESSAGE\n"
        "team        2m (x12 over 3h)      Warning   FailedScheduling   Pod/train-0   0/2 nodes are available: 2 Insufficient amd.com/gpu.\n"
    ),
    "without a header": "2m          Warning   FailedScheduling   pod/train-0   0/2 nodes are available: 2 Insufficient amd.com/gpu.\n",
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("form", EVENTS)
def test_events_as_text(form: str, ends: str, tmp_path: Path) -> None:
    file = tmp_path / "events.txt"
    file.write_bytes(EVENTS[form].replace("\n", ends).encode())
    seen = look(file)
    (event,) = seen.facts["k8s_events"]
    holds(event, {"type": "Warning", "reason": "FailedScheduling", "name": "train-0", "age_seconds": 120})
    assert event["message"] == "0/2 nodes are available: 2 Insufficient amd.com/gpu."
    assert event["namespace"] == ("team" if form in {"of all namespaces", "of kubectl events"} else None)
    if form in {"wide", "of kubectl events"}:
        holds(event, {"count": 12, "first_age_seconds": 10800})
    assert "2 Insufficient amd.com/gpu" in seen.said("pod-pending-long")[0]


def test_values_that_are_no_numbers_are_null_with_a_reason(tmp_path: Path) -> None:
    odd = node("n", {"nvidia.com/gpu.count": "${COUNT}"}, {"nvidia.com/gpu": "${GPUS}", "cpu": "8"})
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": META, "spec": container("${N}")["spec"]}
    seen: Seen = look(saved(tmp_path, odd, pod))
    assert "nvidia.com/gpu" not in seen.node["capacity"]
    assert seen.node["unknown"]["capacity.nvidia.com/gpu"]
    (found,) = seen.facts["pods"]
    assert found["unknown"]["requests.nvidia.com/gpu"]
    assert seen.codes == []
