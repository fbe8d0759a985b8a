"""Every sample of a real cluster through the public face: its facts, what has to be said of it, and what must not be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.face import SAMPLES, Seen, look

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")

GIB = 2**30
FOLDERS = ("k8s-nodes", "k8s-events", "k8s-workloads", "dra")
FILES = sorted(
    f"{folder}/{path.name}"
    for folder in FOLDERS
    for path in (SAMPLES / folder).glob("*")
    if path.name not in {"README.md", "expected.json"}
)
Check = Callable[[Seen], None]
CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Registers what is known of one file."""

    def register(function: Check) -> Check:
        assert name not in CHECKS
        CHECKS[name] = function
        return function

    return register


def holds(found: dict[str, Any], **wanted: Any) -> None:
    assert {key: found[key] for key in wanted} == wanted


def silent(seen: Seen) -> None:
    assert seen.codes == [], seen.report["findings"]
    assert seen.report["advice"] == []


def no_status(seen: Seen) -> None:
    for node in seen.facts["nodes"]:
        for name in ("capacity", "allocatable", "conditions", "ready"):
            assert node[name] is None
            assert node["unknown"][name]
    assert seen.report["summary"]["gpus_allocatable"] is None


@pytest.mark.parametrize("name", FILES)
def test_sample(name: str) -> None:
    seen = look(SAMPLES / name)
    assert name in CHECKS, "a sample without a check: write one"
    CHECKS[name](seen)


def test_every_expected_fact_has_a_check() -> None:
    for folder in FOLDERS:
        expected = json.loads((SAMPLES / folder / "expected.json").read_text())
        assert {f"{folder}/{name}" for name in expected if not name.startswith("_")} <= CHECKS.keys()


def test_a_whole_folder_at_once() -> None:
    seen = look(SAMPLES / "dra", SAMPLES / "k8s-events")
    assert len(seen.facts["resource_slices"]) == 4 + 2 + 8 + 3
    (source,) = [item for item in seen.report["sources"] if item["name"].endswith("dra")]
    assert source["state"] == "partial"
    assert "2 of 14" in source["reason"]


# -- nodes ------------------------------------------------------------------------------------------------------------------------


@check("k8s-nodes/a100-450-labels-mig-mixed-3g21gb.json")
def _(seen: Seen) -> None:
    node = seen.node
    holds(node["accelerators"], product="A100-SXM4-40GB", physical=1, count=1)
    assert (node["driver"]["version"], node["cuda"]["driver_max"], node["mig"]["strategy"]) == ("450.80.02", "11.0", "mixed")
    assert node["capacity"] == {"nvidia.com/mig-1g.5gb": 1, "nvidia.com/mig-2g.10gb": 1, "nvidia.com/mig-3g.20gb": 1}
    assert seen.report["summary"]["gpus"] == 1
    silent(seen)  # no missing resource mig-3g.21gb


@check("k8s-nodes/a100-450-labels-mig-none.json")
def _(seen: Seen) -> None:
    holds(seen.node["accelerators"], product="A100-SXM4-40GB", physical=1)
    assert seen.node["driver"]["version"] == "450.80.02"
    assert seen.report["summary"]["gpus_allocatable"] == seen.node["allocatable"]["nvidia.com/gpu"] == 1
    silent(seen)


@check("k8s-nodes/a100-450-labels-mig-single.json")
def _(seen: Seen) -> None:
    holds(seen.node["accelerators"], product="A100-SXM4-40GB-MIG-1g.5gb", count=7, physical=None)
    assert seen.node["mig"]["strategy"] == "single"
    assert seen.node["capacity"] == {"nvidia.com/gpu": 7}
    assert (seen.report["summary"]["gpus"], seen.report["summary"]["gpus_allocatable"]) == (1, 1)
    silent(seen)


@check("k8s-nodes/aicr-snapshot-b200.yaml")
def _(seen: Seen) -> None:
    node = seen.node
    holds(node, gpu_count=0, gpus=[], kernel="6.8.0-71-generic", provider="openstack", runtime="containerd 2.2.0", driver=None)
    holds(node, driver_image="580.105.08-ubuntu24.04")
    assert node["components"]["gpu_operator"] == "v25.10.1"
    assert node["unknown"]["driver"]
    assert seen.codes == ["no-gpu-seen"]  # and not a missing driver
    assert "gpu-count 0" in seen.said("no-gpu-seen")[0]
    assert "nothing can be said" in seen.said("no-gpu-seen")[0]


@check("k8s-nodes/aicr-snapshot-gb200.yaml")
def _(seen: Seen) -> None:
    node = seen.node
    holds(node, gpu_count=4, kernel="6.14.0-1018-aws-64k", provider="eks", capacity=None)
    assert [gpu["product"] for gpu in node["gpus"]] == ["NVIDIA GB200"] * 4
    assert [gpu["persistence"] for gpu in node["gpus"]] == [False] * 4
    assert (node["driver"]["version"], node["cuda"]["driver_max"]) == ("580.82.07", "13.1")
    holds(node["components"], gpu_operator="v25.3.3", device_plugin="v0.17.4", toolkit="v1.17.8-ubuntu20.04", dcgm="4.3.1-1-ubuntu22.04")
    assert seen.report["summary"]["gpus"] == 4
    silent(seen)  # CUDA 13.1 beside driver 580 comes from a compat library


@check("k8s-nodes/aicr-snapshot-h100.yaml")
def _(seen: Seen) -> None:
    node = seen.node
    holds(node, gpu_count=8, provider="eks", kernel="6.8.0-1024-aws", os="Ubuntu 22.04.5 LTS", runtime="containerd 1.7.24")
    assert node["driver"]["version"] == "570.133.20"
    assert {gpu["product"] for gpu in node["gpus"]} == {"NVIDIA H100 80GB HBM3"}
    assert {gpu["vbios"] for gpu in node["gpus"]} == {"96.00.BC.00.01"}
    assert {gpu["uuid"] for gpu in node["gpus"]} == {None}
    assert seen.facts["cluster"]["version"] == "v1.30.14-eks-3025e55"
    assert seen.report["summary"]["gpus"] == 8
    assert seen.report["summary"]["gpus_allocatable"] is None
    silent(seen)


@check("k8s-nodes/aks-2021-no-gpu.json")
def _(seen: Seen) -> None:
    holds(seen.node, provider="aks", pool="agentpool", driver=None, mig=None, accelerators=None)
    assert not any(name.endswith("/gpu") for name in seen.node["capacity"])
    assert seen.report["summary"]["gpus"] == 0
    silent(seen)


@check("k8s-nodes/amd-mi300x-labels.yaml")
def _(seen: Seen) -> None:
    holds(seen.node["accelerators"], vendor="amd", product="AMD_Instinct_MI300X_OAM", family="AI", memory_bytes=192 * GIB)
    assert seen.node["capacity"] == seen.node["allocatable"] == {"amd.com/gpu": 8}
    assert seen.report["summary"]["gpus"] == 8
    silent(seen)


@check("k8s-nodes/amd-vega-beta-labels.yaml")
def _(seen: Seen) -> None:
    holds(seen.node["accelerators"], vendor="amd", family="AI", memory_bytes=16 * GIB, count=1, physical=1)
    no_status(seen)
    silent(seen)


@check("k8s-nodes/eks-nma-fabric-error.yaml")
def _(seen: Seen) -> None:
    holds(seen.node, ready="True", instance_type="p5.48xlarge", capacity={"nvidia.com/gpu": 8})
    assert seen.codes == ["gpu-node-condition-fault"]  # although Ready and 8 of 8 allocatable
    (said,) = seen.said("gpu-node-condition-fault")
    assert "AcceleratedHardwareReady is False" in said
    assert "NvidiaFabricError" in said
    assert "0x11" in said
    assert seen.report["findings"][0]["severity"] == "high"
    assert seen.report["advice"]


@check("k8s-nodes/eks-trn1-neuron.yaml")
def _(seen: Seen) -> None:
    holds(seen.node, provider="eks", pool="neuron-trn1-2x", zone="us-west-2a", instance_type="trn1.2xlarge", ready="True")
    holds(seen.node, kernel="6.12.103-127.188.amzn2023.x86_64", kubelet="v1.33.13-eks-cb19647", runtime="containerd 2.2.5+unknown")
    assert (seen.node["capacity"]["aws.amazon.com/neuron"], seen.node["capacity"]["aws.amazon.com/neuroncore"]) == (1, 2)
    assert (seen.report["summary"]["gpus"], seen.report["summary"]["gpus_allocatable"]) == (1, 1)  # not 3
    silent(seen)


@check("k8s-nodes/gaudi-8-capacity.yaml")
def _(seen: Seen) -> None:
    assert seen.node["capacity"]["habana.ai/gaudi"] == seen.report["summary"]["gpus"] == 8
    assert seen.node["allocatable"]["cpu"] == 192
    assert seen.node["ready"] is None
    silent(seen)


@check("k8s-nodes/h100-labels-mig-all-disabled.json")
def _(seen: Seen) -> None:
    holds(seen.node["mig"], strategy="single", config="all-disabled", config_state="success", config_time=None)
    holds(seen.node["accelerators"], physical=1, compute_capability="9.0", product="NVIDIA-H100-80GB-HBM3")
    assert seen.node["driver"]["version"] == "550.54.15"
    no_status(seen)
    silent(seen)  # strategy single with MIG off is no contradiction


@check("k8s-nodes/intel-i915-talos.yaml")
def _(seen: Seen) -> None:
    holds(seen.node["accelerators"], vendor="intel", count=1, physical=1)
    assert seen.report["summary"]["gpus"] == seen.report["summary"]["gpus_allocatable"] == 1  # monitoring is no second GPU
    silent(seen)


@check("k8s-nodes/kurl-ec2-g4dn-t4-550.json")
def _(seen: Seen) -> None:
    holds(seen.node, ready="True", cordoned=False)
    assert seen.node["accelerators"]["product"] == "Tesla-T4"
    assert seen.node["driver"]["version"] == "550.127.08"
    assert seen.node["capacity"]["nvidia.com/gpu"] == 1
    assert seen.report["summary"]["gpus"] == 1
    silent(seen)


@check("k8s-nodes/nvsentinel-healthy.yaml")
def _(seen: Seen) -> None:
    holds(seen.node, ready="True", cordoned=False, capacity=None)
    assert {item["status"] for item in seen.node["conditions"] if item["reason"] == "HealthCheckPassed"} == {"False"}
    silent(seen)


@check("k8s-nodes/nvsentinel-xid-cordoned.yaml")
def _(seen: Seen) -> None:
    holds(seen.node, ready="False", cordoned=True, capacity=None)
    (taint,) = seen.node["taints"]
    assert (taint["key"], taint["effect"]) == ("nvidia.com/gpu-xid-error", "NoSchedule")
    (said,) = seen.said("gpu-node-condition-fault")
    assert "SysLogsXIDError is True" in said
    assert "RESTART_VM" in said
    assert "gpu-node-not-ready" in seen.codes


@check("k8s-nodes/rke2-vgpu-a16-4q-550.json")
def _(seen: Seen) -> None:
    node = seen.node
    holds(node["accelerators"], product="NVIDIA-A16-4Q", host_driver="550.54.16", memory_bytes=4 * GIB)
    assert (node["driver"]["version"], node["mig"]["capable"], node["ready"]) == ("550.90.07", False, "True")
    assert node["capacity"]["nvidia.com/gpu"] == 1
    assert node["labels"]["nvidia.com/vgpu.present"] == "true"
    silent(seen)  # neither EtcdIsVoter nor strategy single without MIG


@check("k8s-nodes/vks-vgpu-a100-10c-nodelist.json")
def _(seen: Seen) -> None:
    node = seen.node
    holds(node["accelerators"], product="GRID-A100-10C", host_driver="595.71.03", physical=1, memory_bytes=10 * GIB)
    assert (node["driver"]["version"], node["cuda"]["driver_max"]) == ("580.126.09", "13.0")
    assert node["labels"]["nvidia.com/vgpu.present"] == "true"
    no_status(seen)
    silent(seen)


@check("k8s-nodes/vks-vgpu-a100-40c-nodelist.json")
def _(seen: Seen) -> None:
    assert len(seen.facts["nodes"]) == 4
    assert {node["driver"]["version"] for node in seen.facts["nodes"]} == {"580.126.09"}
    no_status(seen)
    silent(seen)


# -- events -----------------------------------------------------------------------------------------------------------------------


@check("k8s-events/a10g-insufficient-gpu__describe.txt")
def _(seen: Seen) -> None:
    (event,) = seen.facts["k8s_events"]
    holds(event, reason="FailedScheduling", type="Warning", count=2, age_seconds=111, first_age_seconds=418)
    assert seen.codes == ["pod-pending-long"]
    assert "2 Insufficient nvidia.com/gpu" in seen.said("pod-pending-long")[0]
    assert "node-role.kubernetes.io/control-plane" in seen.said("pod-pending-long")[0]
    assert "preemption" not in seen.report["findings"][0]["message"]


@check("k8s-events/cluster-autoscaler-insufficient-gpu.log")
def _(seen: Seen) -> None:
    verdicts = {item["outcome"]: item for item in seen.facts["scale_verdicts"]}
    holds(verdicts["scale-up"], before=1, after=2, maximum=120)
    assert verdicts["can-not-schedule"]["reason"] == "Insufficient nvidia.com/gpu"
    silent(seen)


@check("k8s-events/eks-nma-gpu-conditions-as-events.json")
def _(seen: Seen) -> None:
    reasons = [event["reason"] for event in seen.facts["k8s_events"]]
    assert reasons == ["NvidiaXID46Error", "NvidiaDoubleBitError", "NvidiaNVLinkError", "NvidiaFabricError"]
    said = "\n".join(seen.said("gpu-hardware-event"))
    assert len(seen.said("gpu-hardware-event")) == 4
    for words in ("Xid 46", "double-bit ECC", "NVLink errors", "a route"):
        assert words in said
    assert {item["severity"] for item in seen.report["findings"]} == {"high"}


@check("k8s-events/eks-nma-gpu-events.json")
def _(seen: Seen) -> None:
    assert len(seen.said("gpu-hardware-event")) == 3
    severities = {item["severity"] for item in seen.report["findings"]}
    assert severities == {"medium", "low"}  # the agent itself does not call them conditions
    assert all(event["first_time"] is None for event in seen.facts["k8s_events"])


@check("k8s-events/failedscheduling-vendors.json")
def _(seen: Seen) -> None:
    told = {item["subject"]["name"]: item["message"] for item in seen.report["findings"]}
    assert told.keys() == {"pod-a", "pod-b", "pod-c"}  # the last pod waits for no accelerator
    assert len(seen.facts["k8s_events"]) == len(told) + 1
    for pod, resource in (("pod-a", "amd.com/gpu"), ("pod-b", "nvidia.com/mig-1g.5gb"), ("pod-c", "habana.ai/gaudi")):
        assert resource in told[pod]


@check("k8s-events/gpu-operator-reconfigure__get-events.txt")
def _(seen: Seen) -> None:
    assert {event["type"] for event in seen.facts["k8s_events"]} == {"Normal"}
    assert len(seen.facts["k8s_events"]) == 24
    silent(seen)


@check("k8s-events/nvsentinel-thermal-event.yaml")
def _(seen: Seen) -> None:
    (event,) = seen.facts["k8s_events"]
    holds(event, type="GpuThermalWatch", reason="Warning")
    (said,) = seen.said("gpu-hardware-event")
    assert "thermal" in said
    assert seen.report["findings"][0]["subject"]["name"] == "gpu-node-01"


@check("k8s-events/unexpectedadmission-single-gpu-node.json")
def _(seen: Seen) -> None:
    (said,) = seen.said("pod-admission-error")
    assert "UnexpectedAdmissionError" in said
    assert "nvidia.com/gpu" in said


@check("k8s-events/volcano-gang-unschedulable__describe.txt")
def _(seen: Seen) -> None:
    assert [event["reason"] for event in seen.facts["k8s_events"]] == ["Unschedulable", "Unschedulable", "Scheduled"]
    silent(seen)  # the gang got its place


# -- workloads --------------------------------------------------------------------------------------------------------------------


@check("k8s-workloads/deployment-gpu-shared-2-cpu-hpa-upcloud.yaml")
def _(seen: Seen) -> None:
    (workload,) = seen.facts["workloads"]
    holds(workload, kind="Deployment", requests={"nvidia.com/gpu.shared": 2}, pods=1)
    (autoscaler,) = seen.facts["autoscalers"]
    holds(autoscaler, max_replicas=5, metrics=["cpu"])
    silent(seen)


@check("k8s-workloads/gke-gpu-operator-quota.yaml")
def _(seen: Seen) -> None:
    (quota,) = seen.facts["quotas"]
    holds(quota, hard={"pods": 100}, used=None)
    assert any("PriorityClass" in scope for scope in quota["scopes"])
    silent(seen)


@check("k8s-workloads/hpa-dcgm-fb-free-vks.yaml")
def _(seen: Seen) -> None:
    assert [item["metrics"] for item in seen.facts["autoscalers"]] == [["DCGM_FI_DEV_FB_FREE"]]
    assert seen.codes == ["autoscaler-wrong-way-metric"]
    assert "DCGM_FI_DEV_FB_FREE" in seen.said("autoscaler-wrong-way-metric")[0]


@check("k8s-workloads/instaslice-pod-mig-1g5gb.yaml")
def _(seen: Seen) -> None:
    (pod,) = seen.facts["pods"]
    holds(pod, requests={"nvidia.com/mig-1g.5gb": 1}, node=None, phase=None)
    silent(seen)  # a manifest: nobody knows whether it runs


@check("k8s-workloads/instaslice-resourcequota.yaml")
def _(seen: Seen) -> None:
    (quota,) = seen.facts["quotas"]
    assert quota["hard"] == {"requests.instaslice.redhat.com/accelerator-memory-quota": 5 * GIB}
    silent(seen)


@check("k8s-workloads/job-gpu-1.yaml")
def _(seen: Seen) -> None:
    (job,) = seen.facts["workloads"]
    holds(job, kind="Job", requests={"nvidia.com/gpu": 1}, total_requests={"nvidia.com/gpu": 1}, pods=1)
    silent(seen)


@check("k8s-workloads/kueue-rafay-clusterqueue-job.yaml")
def _(seen: Seen) -> None:
    queues = {item["kind"]: item for item in seen.facts["queues"]}
    assert not any(item["resource"].endswith("/gpu") for item in queues["ClusterQueue"]["quotas"])
    assert queues["LocalQueue"]["namespace"] == "gang-scheduling-test"
    assert seen.codes == ["queue-missing"]
    (said,) = seen.said("queue-missing")
    assert "gang-test-lq" in said
    assert "gang-scheduling-test" in said


@check("k8s-workloads/kueue-vks-gpu-quota-jobs.yaml")
def _(seen: Seen) -> None:
    jobs = seen.facts["workloads"]
    assert [job["queue"] for job in jobs] == ["lq-team-a", "lq-team-b"]
    assert {job["suspended"] for job in jobs} == {True}
    assert [job["total_requests"] for job in jobs] == [{"nvidia.com/gpu": 3}] * 2
    assert {job["placement"]["node_selector"]["nvidia.com/gpu.product"] for job in jobs} == {"GRID-A100-8C"}
    quotas = {item["resource"]: item["nominal"] for queue in seen.facts["queues"] for item in queue["quotas"]}
    assert quotas["nvidia.com/gpu"] == 10
    silent(seen)  # suspended jobs are queued, and the annotation names their queue


@check("k8s-workloads/lws-vllm-gpu.yaml")
def _(seen: Seen) -> None:
    (workload,) = seen.facts["workloads"]
    holds(workload, kind="LeaderWorkerSet", pods=4, gang=2, requests={"nvidia.com/gpu": 8}, total_requests={"nvidia.com/gpu": 32})
    silent(seen)


@check("k8s-workloads/neuron-vllm-init-container.yaml")
def _(seen: Seen) -> None:
    (workload,) = seen.facts["workloads"]
    holds(workload, requests={"aws.amazon.com/neuron": 1}, scheduler="my-scheduler")
    silent(seen)


@check("k8s-workloads/podresources-nvidia.json")
def _(seen: Seen) -> None:
    pods = {pod["name"]: pod for pod in seen.facts["pods"] if pod["namespace"] in {"ns1", "ns3"}}
    assert pods["pod11"]["requests"] == {"nvidia.com/gpu": 2, "nvidia.com/mig-1g.5gb": 1}
    assert pods["pod11"]["cpu"] is None
    shared = [name for pod in seen.facts["pods"] for device in pod["devices"] for name in device["ids"] if "::" in name]
    assert "MIG-4894e267-46d0-557e-b826-500e978d88d1::0" in shared
    silent(seen)


@check("k8s-workloads/pods-metadata-ceems.json")
def _(seen: Seen) -> None:
    pods = {pod["name"]: pod for pod in seen.facts["pods"]}
    assert pods["pod11"]["requests"] == {"nvidia.com/gpu": 2, "nvidia.com/mig-1g.5gb": 1}
    assert {name for name, pod in pods.items() if pod["phase"] == "Running"} == {"pod11", "pod21"}
    assert "pod22" not in {item["subject"]["name"] for item in seen.report["findings"]}  # it has ended


@check("k8s-workloads/pytorchjob-mnist-nccl.yaml")
def _(seen: Seen) -> None:
    (workload,) = seen.facts["workloads"]
    holds(workload, kind="PyTorchJob", pods=2, requests={"nvidia.com/gpu": 1}, total_requests={"nvidia.com/gpu": 2})
    silent(seen)


@check("k8s-workloads/scheduler-config-fgd.yaml")
def _(seen: Seen) -> None:
    (profile,) = seen.facts["scheduler_profiles"]
    holds(profile, name="simon-scheduler", scores={"FGDScore": 1000}, filters=["Open-Gpu-Share"])
    silent(seen)


@check("k8s-workloads/scheduler-profile-mostallocated-kubespray.yaml")
def _(seen: Seen) -> None:
    (profile,) = seen.facts["scheduler_profiles"]
    assert profile["scoring"] == "MostAllocated"
    assert profile["weights"]["nvidia.com/gpu"] == 10
    silent(seen)


@check("k8s-workloads/time-slicing-config-rename-10.yaml")
def _(seen: Seen) -> None:
    (config,) = seen.facts["sharing_configs"]
    (rule,) = config["rules"]
    holds(rule, resource="nvidia.com/gpu", replicas=10, mode="time-slicing", renamed="nvidia.com/gpu.shared")
    silent(seen)


@check("k8s-workloads/trainer-runtime-h100-gke.yaml")
def _(seen: Seen) -> None:
    (workload,) = seen.facts["workloads"]
    holds(workload, kind="TrainingRuntime", pods=0, requests=None, total_requests=None)
    assert workload["unknown"]["requests"]
    silent(seen)


@check("k8s-workloads/trainer-trainjob.yaml")
def _(seen: Seen) -> None:
    (workload,) = seen.facts["workloads"]
    holds(workload, kind="TrainJob", pods=None, requests=None, total_requests=None)
    silent(seen)


# -- dynamic resource allocation --------------------------------------------------------------------------------------------------


def gpus(seen: Seen) -> list[dict[str, Any]]:
    return [device for item in seen.facts["resource_slices"] if item["driver"].startswith("gpu.") for device in item["devices"]]


@check("dra/amd-mi300x-spx-resourceslice-v1.yaml")
def _(seen: Seen) -> None:
    (item,) = seen.facts["resource_slices"]
    holds(item, driver="gpu.amd.com", pool=None, node_name="gpu-worker-2")
    (device,) = item["devices"]
    assert device["attributes"]["productName"] == "AMD_Instinct_MI300X_OAM"
    assert device["attributes"]["partitionProfile"] == "spx_nps1"
    silent(seen)


@check("dra/devicetaintrule-v1alpha3.yaml")
def _(seen: Seen) -> None:
    (rule,) = seen.facts["device_taint_rules"]
    holds(rule["device_selector"], driver="dra.example.com", pool=None, device=None)
    assert (rule["taint"]["key"], rule["taint"]["effect"]) == ("dra.example.com/unhealthy", "NoExecute")
    silent(seen)


@check("dra/eks-h100x8-resourceslices-v1.yaml")
def _(seen: Seen) -> None:
    assert len(seen.facts["resource_slices"]) == 4
    by_node = {item["node_name"]: len(item["devices"]) for item in seen.facts["resource_slices"] if item["driver"] == "gpu.nvidia.com"}
    assert by_node == {"gpu-node-1": 8, "gpu-node-2": 8}
    assert len(gpus(seen)) == 16  # channels and daemons of compute domains are no GPUs
    assert {device["attributes"]["driverVersion"] for device in gpus(seen)} == {"580.105.8"}
    assert {device["attributes"]["productName"] for device in gpus(seen)} == {"NVIDIA H100 80GB HBM3"}
    assert {device["capacity"]["memory"] for device in gpus(seen)} == {81559 * 2**20}
    silent(seen)  # and 580.105.8 is no other driver than 580.105.08


@check("dra/intel-a770-resourceslice-v1alpha3.yaml")
def _(seen: Seen) -> None:
    (item,) = seen.facts["resource_slices"]
    device = item["devices"][0]
    assert device["attributes"]["model"] == "A770"
    assert device["capacity"]["memory"] == 16288 * 2**20
    silent(seen)


@check("dra/nvidia-extended-resource-gpu-full.yaml")
def _(seen: Seen) -> None:
    assert {name: amount for pod in seen.facts["pods"] for name, amount in pod["requests"].items()} == {"nvidia.com/gpu": 1}
    silent(seen)


@check("dra/nvidia-gpu-test-mps-v1.yaml")
def _(seen: Seen) -> None:
    assert {item["sharing"] for item in seen.facts["resource_claims"]} == {"MPS"}
    silent(seen)


@check("dra/nvidia-gpu-test1-v1.yaml")
def _(seen: Seen) -> None:
    (template,) = seen.facts["resource_claims"]
    holds(template, template=True)
    assert [item["device_class_name"] for item in template["devices"]["requests"]] == ["gpu.nvidia.com"]
    assert len(seen.facts["pods"]) == 2
    assert all(pod["unknown"]["claims"] for pod in seen.facts["pods"])
    silent(seen)


@check("dra/nvidia-gpu-test4-mig-v1beta1.yaml")
def _(seen: Seen) -> None:
    (template,) = [item for item in seen.facts["resource_claims"] if item["template"]]
    assert len(template["devices"]["requests"]) == 4
    assert {item["device_class_name"] for item in template["devices"]["requests"]} == {"mig.nvidia.com"}
    silent(seen)


@check("dra/ocp-t4x2-resourceslice-v1-condensed.yaml")
def _(seen: Seen) -> None:
    assert len(gpus(seen)) == 2
    assert {device["attributes"]["productName"] for device in gpus(seen)} == {"Tesla T4"}
    assert {device["capacity"]["memory"] for device in gpus(seen)} == {15 * GIB}
    silent(seen)


@check("dra/vks-a100-10c-resourceclaims-allocated-v1.yaml")
def _(seen: Seen) -> None:
    (claim,) = seen.facts["resource_claims"]
    (device,) = claim["allocation"]["devices"]["results"]
    holds(device, device="gpu-0", pool="node-b", driver="gpu.nvidia.com")
    assert len(claim["reserved_for"]) == 1
    silent(seen)


@check("dra/vks-a100-10c-resourceslices-v1.yaml")
def _(seen: Seen) -> None:
    assert len(seen.facts["resource_slices"]) == 2
    assert len(gpus(seen)) == 2
    assert {device["attributes"]["productName"] for device in gpus(seen)} == {"GRID A100-10C"}
    assert {device["attributes"]["driverVersion"] for device in gpus(seen)} == {"580.126.9"}
    assert {device["capacity"]["memory"] for device in gpus(seen)} == {10 * GIB}
    silent(seen)


def test_claims_and_slices_together_tell_which_device_is_taken() -> None:
    seen = look(SAMPLES / "dra/vks-a100-10c-resourceslices-v1.yaml", SAMPLES / "dra/vks-a100-10c-resourceclaims-allocated-v1.yaml")
    taken = {
        (item["pool"], item["device"]) for claim in seen.facts["resource_claims"] for item in claim["allocation"]["devices"]["results"]
    }
    there = {(item["pool"]["name"], device["name"]) for item in seen.facts["resource_slices"] for device in item["devices"]}
    assert there - taken == {("node-a", "gpu-0")}


@check("dra/vks-gpu.nvidia.com-resourceslices-v1.yaml")
def _(seen: Seen) -> None:
    assert len(seen.facts["resource_slices"]) == 8
    assert len({item["node_name"] for item in seen.facts["resource_slices"]}) == 4
    assert len(gpus(seen)) == 4
    silent(seen)
