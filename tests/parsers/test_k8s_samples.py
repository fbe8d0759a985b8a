"""Conformance: what the sample objects of real clusters say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gpuctl.parsers.k8s_assembly import Assembly
from gpuctl.parsers.yaml_documents import documents

SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")


def read(name: str) -> dict[str, tuple[Any, ...]]:
    assembly, path = Assembly(), SAMPLES / name
    if path.suffix == ".json":
        assembly.add_document(path.read_bytes())
    else:
        for document in documents(path.read_text()):
            if isinstance(document, dict):
                assembly.add_object(document)
    assert not [part for part in assembly.unrecognised if not part.startswith("Train")]
    return assembly.finish()


NODES: list[tuple[str, dict[str, Any]]] = [
    (
        "a100-450-labels-mig-mixed-3g21gb.json",
        {"driver": "450.80.02", "cuda": "11.0", "product": "A100-SXM4-40GB", "physical": 1, "strategy": "mixed"},
    ),
    ("a100-450-labels-mig-none.json", {"driver": "450.80.02", "physical": 1, "strategy": None}),
    ("a100-450-labels-mig-single.json", {"product": "A100-SXM4-40GB-MIG-1g.5gb", "count": 7, "physical": None, "strategy": "single"}),
    ("aks-2021-no-gpu.json", {"product": None, "pool": "agentpool", "provider": "aks"}),
    ("amd-mi300x-labels.yaml", {"vendor": "amd", "product": "AMD_Instinct_MI300X_OAM", "family": "AI", "count": None}),
    ("amd-vega-beta-labels.yaml", {"vendor": "amd", "family": "AI", "count": 1, "memory": 16 * 2**30}),
    ("eks-nma-fabric-error.yaml", {"ready": "True", "instance_type": "p5.48xlarge"}),
    ("eks-trn1-neuron.yaml", {"vendor": "aws", "pool": "neuron-trn1-2x", "zone": "us-west-2a"}),
    ("gaudi-8-capacity.yaml", {"product": None, "ready": None}),
    (
        "h100-labels-mig-all-disabled.json",
        {"strategy": "single", "config": "all-disabled", "state": "success", "physical": 1, "capability": "9.0"},
    ),
    ("intel-i915-talos.yaml", {"vendor": "intel", "count": 1}),
    ("kurl-ec2-g4dn-t4-550.json", {"driver": "550.127.08", "product": "Tesla-T4", "ready": "True"}),
    ("nvsentinel-healthy.yaml", {"ready": "True", "cordoned": False}),
    ("nvsentinel-xid-cordoned.yaml", {"ready": "False", "cordoned": True}),
    (
        "rke2-vgpu-a16-4q-550.json",
        {"product": "NVIDIA-A16-4Q", "driver": "550.90.07", "host_driver": "550.54.16", "memory": 4096 * 2**20, "capable": False},
    ),
    (
        "vks-vgpu-a100-10c-nodelist.json",
        {"driver": "580.126.09", "host_driver": "595.71.03", "cuda": "13.0", "physical": 1, "memory": 10240 * 2**20},
    ),
    ("vks-vgpu-a100-40c-nodelist.json", {"driver": "580.126.09"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NODES, ids=[name for name, _ in NODES])
def test_node(name: str, expected: dict[str, Any]) -> None:
    node = read(f"k8s-nodes/{name}")["nodes"][0]
    labels, mig = node.accelerators, node.mig
    found = {
        "driver": node.driver and node.driver.version,
        "cuda": node.cuda and node.cuda.driver_max,
        "product": labels and labels.product,
        "vendor": labels and labels.vendor,
        "family": labels and labels.family,
        "count": labels and labels.count,
        "physical": labels and labels.physical,
        "memory": labels and labels.memory_bytes,
        "capability": labels and labels.compute_capability,
        "host_driver": labels and labels.host_driver,
        "strategy": mig and mig.strategy,
        "config": mig and mig.config,
        "state": mig and mig.config_state,
        "capable": mig and mig.capable,
        **{key: getattr(node, key) for key in ("ready", "cordoned", "pool", "provider", "instance_type", "zone", "kernel")},
    }
    assert {key: found[key] for key in expected} == expected
    assert node.gpus is None
    assert node.unknown["gpus"]


def test_resources_of_nodes() -> None:
    assert read("k8s-nodes/eks-trn1-neuron.yaml")["nodes"][0].kernel == "6.12.103-127.188.amzn2023.x86_64"
    assert read("k8s-nodes/eks-nma-fabric-error.yaml")["nodes"][0].capacity == {"nvidia.com/gpu": 8}
    assert read("k8s-nodes/a100-450-labels-mig-mixed-3g21gb.json")["nodes"][0].capacity["nvidia.com/mig-3g.20gb"] == 1
    assert read("k8s-nodes/h100-labels-mig-all-disabled.json")["nodes"][0].capacity is None
    assert len(read("k8s-nodes/vks-vgpu-a100-40c-nodelist.json")["nodes"]) == 4


WORKLOADS: list[tuple[str, str, int | None, dict[str, float]]] = [
    ("deployment-gpu-shared-2-cpu-hpa-upcloud.yaml", "Deployment", 1, {"nvidia.com/gpu.shared": 2}),
    ("hpa-dcgm-fb-free-vks.yaml", "Deployment", 1, {"nvidia.com/gpu": 1}),
    ("job-gpu-1.yaml", "Job", 1, {"nvidia.com/gpu": 1}),
    ("kueue-vks-gpu-quota-jobs.yaml", "Job", 3, {"nvidia.com/gpu": 3}),
    ("lws-vllm-gpu.yaml", "LeaderWorkerSet", 4, {"nvidia.com/gpu": 32}),
    ("neuron-vllm-init-container.yaml", "Deployment", 1, {"aws.amazon.com/neuron": 1}),
    ("pytorchjob-mnist-nccl.yaml", "PyTorchJob", 2, {"nvidia.com/gpu": 2}),
    ("trainer-trainjob.yaml", "TrainJob", None, {}),
]


@pytest.mark.parametrize(("name", "kind", "pods", "total"), WORKLOADS)
def test_workload(name: str, kind: str, pods: int | None, total: dict[str, float]) -> None:
    found = read(f"k8s-workloads/{name}")["workloads"][0]
    assert (found.kind, found.pods, found.total_requests) == (kind, pods, total)


def test_placeholders_are_unknown() -> None:
    for name in ("trainer-runtime-h100-gke.yaml", "trainer-trainjob.yaml"):
        found = read(f"k8s-workloads/{name}")["workloads"][0]
        assert "total_requests" in found.unknown


def test_kueue_jobs_by_annotation() -> None:
    facts = read("k8s-workloads/kueue-vks-gpu-quota-jobs.yaml")
    assert [(job.queue, job.suspended, job.name, job.generate_name) for job in facts["workloads"]] == [
        ("lq-team-a", True, None, "sample-job-team-a-"),
        ("lq-team-b", True, None, "sample-job-team-b-"),
    ]
    quotas = {quota.resource: quota.nominal for queue in facts["queues"] for quota in queue.quotas}
    assert quotas["nvidia.com/gpu"] == 10
    assert facts["workloads"][0].placement.node_selector == {"nvidia.com/gpu.product": "GRID-A100-8C"}


def test_rest_of_the_workloads() -> None:
    assert read("k8s-workloads/hpa-dcgm-fb-free-vks.yaml")["autoscalers"][0].metrics == ("DCGM_FI_DEV_FB_FREE",)
    assert read("k8s-workloads/gke-gpu-operator-quota.yaml")["quotas"][0].hard == {"pods": 100}
    assert read("k8s-workloads/instaslice-pod-mig-1g5gb.yaml")["pods"][0].requests == {"nvidia.com/mig-1g.5gb": 1}
    assert read("k8s-workloads/scheduler-config-fgd.yaml")["scheduler_profiles"][0].scores == {"FGDScore": 1000}
    pods = read("k8s-workloads/pods-metadata-ceems.json")["pods"]
    assert pods[0].requests == {"nvidia.com/gpu": 2, "nvidia.com/mig-1g.5gb": 1}


def test_slices() -> None:
    slices = read("dra/eks-h100x8-resourceslices-v1.yaml")["resource_slices"]
    gpus = {s.node_name: len(s.devices) for s in slices if s.driver == "gpu.nvidia.com"}
    assert (len(slices), gpus) == (4, {"gpu-node-1": 8, "gpu-node-2": 8})
    device = next(s for s in slices if s.driver == "gpu.nvidia.com").devices[0]
    assert (device.attributes["driverVersion"], device.capacity["memory"]) == ("580.105.8", 81559 * 2**20)
    old = read("dra/intel-a770-resourceslice-v1alpha3.yaml")["resource_slices"][0].devices[0]
    assert (old.attributes["model"], old.capacity["memory"]) == ("A770", 16288 * 2**20)
    assert read("dra/amd-mi300x-spx-resourceslice-v1.yaml")["resource_slices"][0].pool is None
    assert len(read("dra/vks-gpu.nvidia.com-resourceslices-v1.yaml")["resource_slices"]) == 8
    assert len(read("dra/ocp-t4x2-resourceslice-v1-condensed.yaml")["resource_slices"][0].devices) == 2
    assert len(read("dra/vks-a100-10c-resourceslices-v1.yaml")["resource_slices"]) == 2


def test_claims_and_rules() -> None:
    claim = read("dra/vks-a100-10c-resourceclaims-allocated-v1.yaml")["resource_claims"][0]
    assert (claim.allocation[0].device, claim.allocation[0].pool, len(claim.reserved_for)) == ("gpu-0", "node-b", 1)
    template = read("dra/nvidia-gpu-test4-mig-v1beta1.yaml")["resource_claims"][0]
    assert (template.template, len(template.requests)) == (True, 4)
    assert read("dra/nvidia-gpu-test-mps-v1.yaml")["resource_claims"][0].sharing == "MPS"
    assert read("dra/nvidia-gpu-test1-v1.yaml")["resource_claims"][0].requests[0].device_class_name == "gpu.nvidia.com"
    rule = read("dra/devicetaintrule-v1alpha3.yaml")["device_taint_rules"][0]
    assert (rule.driver, rule.pool, rule.taint.effect) == ("dra.example.com", None, "NoExecute")
    assert read("dra/nvidia-extended-resource-gpu-full.yaml")["pods"][0].requests == {"nvidia.com/gpu": 1}


def test_events() -> None:
    events = read("k8s-events/eks-nma-gpu-conditions-as-events.json")["k8s_events"]
    assert [e.reason for e in events] == ["NvidiaXID46Error", "NvidiaDoubleBitError", "NvidiaNVLinkError", "NvidiaFabricError"]
    thermal = read("k8s-events/nvsentinel-thermal-event.yaml")["k8s_events"][0]
    assert (thermal.type, thermal.reason, thermal.node) == ("GpuThermalWatch", "Warning", "gpu-node-01")
    for name in ("failedscheduling-vendors.json", "unexpectedadmission-single-gpu-node.json", "eks-nma-gpu-events.json"):
        assert all(e.first_time is None for e in read(f"k8s-events/{name}")["k8s_events"])
