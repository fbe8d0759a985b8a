"""What is found in clusters as they really are: nothing where all is well, and the fault where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.findings import Severity
from gpuctl.pipeline import Choice, examine
from tests.audits.real_clusters import GPU, GPU_TAINT, OLD, ago, daemon, labelled, node, pod, snapshot

Objects = list[Object]


def found(objects: Objects) -> set[str]:
    """`code subject` of every finding above info; facts are no faults. No audit may crash."""
    report = examine(snapshot(objects), Choice())
    assert not any(outcome.crashes for outcome in report.outcomes)
    return {f"{item.code} {item.subject.name}" for item in report.findings if item.severity is not Severity.INFO}


def gke() -> Objects:
    """No operator: GKE's own plugin and driver installer; labels of the cloud only."""
    labels = {"cloud.google.com/gke-accelerator": "nvidia-l4", "cloud.google.com/gke-nodepool": "l4", "cloud.google.com/gke-gpu": "true"}
    nodes = [node(f"gke-{n}", {GPU: 2}, labels, taints=[GPU_TAINT], provider=f"gce://p/z/gke-{n}") for n in range(2)]
    return [*nodes, *(daemon(name, on) for on in nodes for name in ("nvidia-gpu-device-plugin-small-cos", "gke-metadata-server"))]


def gke_time_slicing() -> Objects:
    """GKE's own way to share: labels name the clients, the resource is multiplied."""
    labels = {
        "cloud.google.com/gke-accelerator": "nvidia-l4",
        "cloud.google.com/gke-gpu-sharing-strategy": "time-sharing",
        "cloud.google.com/gke-max-shared-clients-per-gpu": "4",
    }
    return [node("gke-1", {GPU: 4}, labels, taints=[GPU_TAINT])]


def eks() -> Objects:
    """The accelerated AMI has the driver; only the plugin runs, without any label."""
    nodes = [node(f"ip-10-0-0-{n}", {GPU: 8}, {"node.kubernetes.io/instance-type": "p5.48xlarge"}, taints=[GPU_TAINT]) for n in range(2)]
    return [*nodes, *(daemon("nvidia-device-plugin-daemonset", on) for on in nodes)]


def aks() -> Objects:
    """AKS with its `sku` taint; the health agent's conditions say that all is well."""
    well = {"KubeletProblem": "False", "FrequentKubeletRestart": "False", "GPUMissing": "False"}
    taint = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}
    return [node("aks-gpu-0", {GPU: 8}, {"kubernetes.azure.com/accelerator": "nvidia"}, taints=[taint], conditions=well)]


def openshift() -> Objects:
    """The operator in nvidia-gpu-operator; NFD in its own namespace; the driver's DaemonSet carries the RHCOS version."""
    deploy = {f"nvidia.com/gpu.deploy.{part}": "true" for part in ("driver", "container-toolkit", "operator-validator", "device-plugin")}
    one = node("worker-gpu-0", {GPU: 4}, labelled("NVIDIA-A100-SXM4-40GB", 4, **deploy), taints=[GPU_TAINT])
    names = (
        "nvidia-driver-daemonset-418.94.202509100653-0",
        "nvidia-container-toolkit-daemonset",
        "nvidia-operator-validator",
        "nvidia-device-plugin-daemonset",
        "gpu-feature-discovery",
        "nvidia-dcgm-exporter",
        "nvidia-mig-manager",
    )
    return [one, *(daemon(name, one, "nvidia-gpu-operator") for name in names), daemon("nfd-worker", one, "openshift-nfd")]


def rke2() -> Objects:
    """The driver is on the host: the operator deploys none and labels the node with its version."""
    deploy = {"nvidia.com/gpu.deploy.driver": "pre-installed", "nvidia.com/gpu.deploy.device-plugin": "true"}
    one = node("rke2-gpu", {GPU: 2}, labelled("NVIDIA-L40S", 2, **deploy))
    return [one, daemon("nvidia-device-plugin-daemonset", one, "gpu-operator"), daemon("nvidia-operator-validator", one, "gpu-operator")]


def kubevirt() -> Objects:
    """GPUs for machines: passed through under the name of the model, and vGPUs."""
    through = labelled("NVIDIA-A100-PCIE-40GB", 2, **{"nvidia.com/gpu.workload.config": "vm-passthrough"})
    vgpu = labelled("NVIDIA-A40", 1, **{"nvidia.com/gpu.workload.config": "vm-vgpu"})
    return [
        (one := node("virt-1", {"nvidia.com/GA100_A100_PCIE_40GB": 2}, through)),
        node("virt-2", {"nvidia.com/NVIDIA_A40-12Q": 4}, vgpu),
        node("virt-3", {}, through),
        pod("virt-launcher-vm-1", one, {"nvidia.com/GA100_A100_PCIE_40GB": 1}, owner=("VirtualMachineInstance", "vm-1")),
    ]


def time_slicing() -> Objects:
    """Ten replicas for each of four cards."""
    shared = labelled("NVIDIA-L4-SHARED", 4, **{"nvidia.com/gpu.replicas": "10", "nvidia.com/gpu.sharing-strategy": "time-slicing"})
    one = node("shared-1", {GPU: 40}, shared, taints=[GPU_TAINT])
    return [one, *(pod(f"notebook-{n}", one, {GPU: 1}, owner=("StatefulSet", "notebook")) for n in range(40))]


def renamed_shares() -> Objects:
    """Time slicing with renameByDefault, after the plugin ran without it: the old name stands at 0."""
    shared = labelled("NVIDIA-L4", 4, **{"nvidia.com/gpu.replicas": "10", "nvidia.com/gpu.sharing-strategy": "time-slicing"})
    return [node("shared-1", {"nvidia.com/gpu.shared": 40, GPU: 0}, shared, taints=[GPU_TAINT])]


def mps() -> Objects:
    """MPS of the plugin: its control daemon beside it."""
    shared = labelled("NVIDIA-L4-SHARED", 1, **{"nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.sharing-strategy": "mps"})
    one = node("mps-1", {GPU: 4}, shared, taints=[GPU_TAINT])
    daemons = ("nvidia-device-plugin-daemonset", "nvidia-device-plugin-mps-control-daemon")
    return [one, *(daemon(name, one, "gpu-operator") for name in daemons)]


def mig_single() -> Objects:
    """Strategy single: all cards cut alike, given out as GPUs."""
    cut = {"nvidia.com/mig.config": "all-1g.10gb", "nvidia.com/mig.config.state": "success", "nvidia.com/mig.capable": "true"}
    return [node("mig-1", {GPU: 56}, labelled("NVIDIA-H100-80GB-HBM3-MIG-1g.10gb", 56, **cut), taints=[GPU_TAINT])]


def mig_mixed() -> Objects:
    """Strategy mixed: some cards cut, some whole; the name of a profile that went stands at 0."""
    cut = {
        "nvidia.com/mig.strategy": "mixed",
        "nvidia.com/mig.config": "half",
        "nvidia.com/mig.config.state": "success",
        "nvidia.com/mig-1g.10gb.count": "28",
    }
    amounts = {GPU: 4, "nvidia.com/mig-1g.10gb": 28, "nvidia.com/mig-3g.40gb": 0}
    return [node("mig-1", amounts, labelled(count=4, **cut), taints=[GPU_TAINT])]


def amd() -> Objects:
    """AMD's labeller and plugin."""
    labels = {
        "amd.com/gpu.device-id": "74a1",
        "amd.com/gpu.vram": "192G",
        "feature.node.kubernetes.io/pci-1002.present": "true",
        "beta.amd.com/gpu.family.AI": "8",
    }
    return [one := node("mi300-1", {"amd.com/gpu": 8}, labels), daemon("amdgpu-device-plugin-daemonset", one)]


def amd_partitioned() -> Objects:
    """MI300X in CPX mode: partitions under their own name."""
    labels = {"amd.com/gpu.device-id": "74a1", "amd.com/gpu.compute-partitioning-supported": "true"}
    return [node("mi300-1", {"amd.com/cpx_nps4": 64}, labels)]


def gaudi() -> Objects:
    """Intel Gaudi."""
    return [one := node("hls-1", {"habana.ai/gaudi": 8}), daemon("habanalabs-device-plugin-daemonset", one, "habana-system")]


def neuron() -> Objects:
    """Trainium: the same chips under three names."""
    amounts = {"aws.amazon.com/neuron": 16, "aws.amazon.com/neuroncore": 32, "aws.amazon.com/neurondevice": 16}
    one = node("trn1-1", amounts, {"node.kubernetes.io/instance-type": "trn1.32xlarge"})
    return [one, daemon("neuron-device-plugin-daemonset", one), pod("train-0", one, {"aws.amazon.com/neuroncore": 32})]


def tpu_slice() -> Objects:
    """A slice of four hosts: a pod on each, of one Job."""
    labels = {
        "cloud.google.com/gke-tpu-accelerator": "tpu-v5p-slice",
        "cloud.google.com/gke-tpu-topology": "2x2x4",
        "cloud.google.com/gke-nodepool": "v5p",
    }
    taint = {"key": "google.com/tpu", "value": "present", "effect": "NoSchedule"}
    nodes = [node(f"tpu-{n}", {"google.com/tpu": 4}, labels, taints=[taint]) for n in range(4)]
    return [*nodes, *(pod(f"slice-{n}", on, {"google.com/tpu": 4}) for n, on in enumerate(nodes))]


def _slice(name: str, devices: int) -> Object:
    spec = {
        "driver": "gpu.nvidia.com",
        "nodeName": name,
        "pool": {"name": name, "generation": 1, "resourceSliceCount": 1},
        "devices": [{"name": f"gpu-{n}", "attributes": {"type": {"string": "gpu"}}} for n in range(devices)],
    }
    return k8s.make("resource.k8s.io/v1", "ResourceSlice", f"{name}-gpu", OLD, spec=spec)


def dra_only() -> Objects:
    """No plugin: the DRA driver publishes all, and the resource that was there before stands at 0."""
    nodes = [node("dra-1", {}, labelled()), node("dra-2", {GPU: 0}, labelled())]
    return [
        *nodes,
        *(_slice(on["metadata"]["name"], 8) for on in nodes),
        *(daemon("nvidia-dra-driver-gpu-kubelet-plugin", on) for on in nodes),
    ]


def karpenter() -> Objects:
    """A node that is consolidated away, and one that has just come."""
    gone = {"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}
    labels = labelled(**{"karpenter.sh/nodepool": "gpu"})
    bare = {"karpenter.sh/nodepool": "gpu", "karpenter.k8s.aws/instance-gpu-name": "h100"}
    return [
        node("spot-1", {GPU: 8}, labels, taints=[GPU_TAINT, gone]),
        node("spot-2", {}, bare, age=ago(minutes=2), taints=[GPU_TAINT, {"key": "karpenter.sh/unregistered", "effect": "NoExecute"}]),
    ]


def spot_reclaim() -> Objects:
    """AWS takes a spot instance back: the termination handler has cordoned and tainted it minutes ago."""
    taint = {"key": "aws-node-termination-handler/spot-itn", "value": "x", "effect": "NoSchedule", "timeAdded": k8s.stamp(ago(minutes=1))}
    return [node("spot-1", {GPU: 8}, labelled(), taints=[GPU_TAINT, taint], cordoned=ago(minutes=1))]


def plugin_removed() -> Objects:
    """The plugin was taken away for good: kubelet still lists the resource at 0, and nothing says that there is a GPU."""
    return [node("was-gpu", {GPU: 0})]


def suspended() -> Objects:
    """Jobs that Kueue holds: no pods, and a queue with room for them in time."""
    job = k8s.make(
        "batch/v1", "Job", "later", ago(hours=9), "team",
        labels={"kueue.x-k8s.io/queue-name": "main"},
        spec={"suspend": True, "parallelism": 2, "completions": 2, "template": {"spec": {"containers": [
            {"name": "main", "image": "img:1", "resources": {"limits": {GPU: "8"}}}]}}},
    )  # fmt: skip
    flavor = {"name": "h100", "resources": [{"name": GPU, "nominalQuota": "16"}]}
    queue = k8s.make("kueue.x-k8s.io/v1beta1", "ClusterQueue", "all", OLD, spec={"resourceGroups": [{"flavors": [flavor]}]})
    local = k8s.make("kueue.x-k8s.io/v1beta1", "LocalQueue", "main", OLD, "team", spec={"clusterQueue": "all"})
    gated = pod("gated", None, {GPU: 8}, age=ago(minutes=9), spec={"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]})
    return [node("gpu-1", {GPU: 8}, labelled(), taints=[GPU_TAINT]), job, queue, local, gated]


def finished() -> Objects:
    """Completed and failed pods that are kept for their logs hold nothing, and are no fault."""
    one = node("gpu-1", {GPU: 8}, labelled(), taints=[GPU_TAINT])
    done = [pod(f"done-{n}", one, {GPU: 8}, phase="Succeeded", age=ago(days=2)) for n in range(3)]
    return [one, *done, pod("debug", one, {GPU: 8}, phase="Succeeded", owner=("", "")), pod("failed", one, {GPU: 8}, phase="Failed")]


def static_pod() -> Objects:
    """A mirror pod is owned by its Node."""
    one = node("gpu-1", {GPU: 8}, labelled(), taints=[GPU_TAINT])
    return [one, pod("dcgm-gpu-1", one, {GPU: 1}, namespace="kube-system", owner=("Node", "gpu-1"))]


def backoff() -> Objects:
    """A Job whose pods fail everywhere: each try is a new pod, and no node is to blame."""
    nodes = [node(f"gpu-{n}", {GPU: 8}, labelled(), taints=[GPU_TAINT]) for n in range(2)]
    return [*nodes, *(pod(f"try-{n}", nodes[n % 2], {GPU: 8}, phase="Failed") for n in range(4)), pod("try-4", nodes[0], {GPU: 8})]


def stateful_set() -> Objects:
    """A StatefulSet that runs, one of its pods young and starting."""
    nodes = [node(f"gpu-{n}", {GPU: 8}, labelled(), taints=[GPU_TAINT]) for n in range(2)]
    young = pod("db-1", nodes[1], {GPU: 1}, owner=("StatefulSet", "db"), age=ago(minutes=3))
    young["status"] |= {"phase": "Pending", "containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "ContainerCreating"}}}]}
    return [*nodes, pod("db-0", nodes[0], {GPU: 1}, owner=("StatefulSet", "db")), young]


def volcano() -> Objects:
    """A gang that Volcano has not let in yet: its group is Pending, its pods do not exist."""
    group = k8s.make(
        "scheduling.volcano.sh/v1beta1", "PodGroup", "gang", ago(hours=3), "team", spec={"minMember": 4, "queue": "default"},
        status={"phase": "Pending"},
    )  # fmt: skip
    queue = k8s.make("scheduling.volcano.sh/v1beta1", "Queue", "default", OLD, spec={"weight": 1}, status={"state": "Open"})
    return [node("gpu-1", {GPU: 8}, labelled(), taints=[GPU_TAINT]), group, queue]


SILENT: tuple[Callable[[], Objects], ...] = (
    gke, gke_time_slicing, eks, aks, openshift, rke2, kubevirt, time_slicing, renamed_shares, mps, mig_single, mig_mixed, amd,
    amd_partitioned, gaudi, neuron, tpu_slice, dra_only, plugin_removed, suspended, finished, static_pod, backoff, stateful_set, volcano,
)  # fmt: skip


@pytest.mark.parametrize("cluster", SILENT, ids=lambda cluster: cluster.__name__)
def test_a_sound_cluster_is_silent(cluster: Callable[[], Objects]) -> None:
    assert found(cluster()) == set()


@pytest.mark.parametrize("cluster", [karpenter, spot_reclaim], ids=lambda cluster: cluster.__name__)
def test_nodes_that_come_and_go_are_low_at_most(cluster: Callable[[], Objects]) -> None:
    findings = examine(snapshot(cluster()), Choice()).findings
    assert all(item.severity in {Severity.LOW, Severity.INFO} for item in findings), [(item.code, item.severity) for item in findings]


def _failing(made: Object, reason: str = "CrashLoopBackOff", restarts: int = 40) -> Object:
    made["status"]["containerStatuses"][0] |= {
        "ready": False,
        "restartCount": restarts,
        "state": {"waiting": {"reason": reason}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": k8s.stamp(ago(minutes=2))}},
    }
    k8s.set_condition(made, k8s.condition("Ready", "False", ago(hours=3)))
    return made


def gke_without_driver() -> Objects:
    """The plugin's init container waits for a driver that was never installed."""
    one = node("gke-1", {}, {"cloud.google.com/gke-accelerator": "nvidia-l4"}, taints=[GPU_TAINT], provider="gce://p/z/gke-1")
    plugin = daemon("nvidia-gpu-device-plugin-small-cos", one)
    plugin["status"]["phase"] = "Pending"
    plugin["status"]["initContainerStatuses"] = [{"name": "nvidia-driver-installer", "ready": False, "state": {"running": {}}}]
    k8s.set_condition(plugin, k8s.condition("Ready", "False", ago(hours=3)))
    return [one, plugin]


def eks_plugin_crashes() -> Objects:
    one = node("ip-1", {GPU: 8}, allocatable={GPU: 0}, taints=[GPU_TAINT])
    return [one, _failing(daemon("nvidia-device-plugin-daemonset", one))]


def aks_gpu_missing() -> Objects:
    return [node("aks-1", {GPU: 8}, {"kubernetes.azure.com/accelerator": "nvidia"}, conditions={"GPUMissing": "True"})]


def openshift_driver_fails() -> Objects:
    deploy = {f"nvidia.com/gpu.deploy.{part}": "true" for part in ("driver", "container-toolkit", "operator-validator", "device-plugin")}
    one = node("worker-1", {}, labelled(**deploy), taints=[GPU_TAINT])
    return [one, _failing(daemon("nvidia-driver-daemonset-418.94.202509100653-0", one, "nvidia-gpu-operator"))]


def a_shared_card_is_sick() -> Objects:
    shared = labelled("NVIDIA-L4-SHARED", 4, **{"nvidia.com/gpu.replicas": "10", "nvidia.com/gpu.sharing-strategy": "time-slicing"})
    return [node("shared-1", {GPU: 40}, shared, allocatable={GPU: 30}, taints=[GPU_TAINT])]


def a_neuron_chip_is_sick() -> Objects:
    """One fault, though three resources tell it."""
    amounts = {"aws.amazon.com/neuron": 16, "aws.amazon.com/neuroncore": 32, "aws.amazon.com/neurondevice": 16}
    left = {"aws.amazon.com/neuron": 15, "aws.amazon.com/neuroncore": 30, "aws.amazon.com/neurondevice": 15}
    return [node("trn1-1", amounts, allocatable=left)]


def amd_not_advertised() -> Objects:
    return [node("mi300-1", {}, {"feature.node.kubernetes.io/pci-1200_1002.present": "true", "amd.com/gpu.device-id": "74a1"})]


def a_machine_gpu_is_sick() -> Objects:
    labels = labelled("NVIDIA-A100-PCIE-40GB", 2, **{"nvidia.com/gpu.workload.config": "vm-passthrough"})
    name = "nvidia.com/GA100_A100_PCIE_40GB"
    return [node("virt-1", {name: 2}, labels, allocatable={name: 1})]


def a_tpu_host_is_lost() -> Objects:
    nodes = tpu_slice()
    nodes[1]["status"]["conditions"][0] |= {"status": "Unknown", "reason": "NodeStatusUnknown"}
    return nodes


def dra_driver_gone() -> Objects:
    """DRA only, and one node publishes nothing any more."""
    objects = dra_only()
    return [item for item in objects if item["metadata"]["name"] not in {"dra-1-gpu", "nvidia-dra-driver-gpu-kubelet-plugin-dra-1"}]


def forgotten_cordon() -> Objects:
    return [node("gpu-1", {GPU: 8}, labelled(), taints=[GPU_TAINT], cordoned=ago(days=3))]


def plugin_deleted_by_mistake() -> Objects:
    """Labels still tell of the GPUs; kubelet lists the resource at 0."""
    return [node("gpu-1", {GPU: 0}, labelled(), taints=[GPU_TAINT])]


def one_node_crashes() -> Objects:
    nodes = [node(f"gpu-{n}", {GPU: 8}, labelled(), taints=[GPU_TAINT]) for n in range(3)]
    pods = [pod(f"db-{n}", on, {GPU: 1}, owner=("StatefulSet", "db")) for n, on in enumerate(nodes)]
    _failing(pods[1])
    return [*nodes, *pods]


def karpenter_cannot_help() -> Objects:
    """A pod that asks for more than any node has, where nodes may be added: a possibility."""
    labels = labelled(**{"karpenter.sh/nodepool": "gpu"})
    return [
        node("gpu-1", {GPU: 8}, labels, taints=[GPU_TAINT]),
        pod("big", None, {GPU: 16}, waits="0/1 nodes are available: 1 Insufficient nvidia.com/gpu."),
    ]


def volcano_gang_waits() -> Objects:
    said = "3/4 tasks in gang unschedulable: pod group is not ready, 4 Pending, 4 minAvailable; Pending: 4 Unschedulable"
    full = node("gpu-1", {GPU: 8}, labelled(), taints=[GPU_TAINT])
    gang = [pod(f"gang-{n}", None, {GPU: 8}, spec={"schedulerName": "volcano"}, waits=said) for n in range(4)]
    return [full, pod("holds", full, {GPU: 8}), *gang]


FAULTY: dict[Callable[[], Objects], set[str]] = {
    gke_without_driver: {"gpu-not-advertised gke-1", "gpu-operator-pod-failing gke-1"},
    eks_plugin_crashes: {"gpu-allocatable-below-capacity ip-1", "gpu-operator-pod-failing ip-1"},
    aks_gpu_missing: {"gpu-node-condition-fault aks-1"},
    openshift_driver_fails: {"gpu-not-advertised worker-1", "gpu-operator-pod-failing worker-1"},
    a_shared_card_is_sick: {"gpu-allocatable-below-capacity shared-1"},
    a_neuron_chip_is_sick: {"gpu-allocatable-below-capacity trn1-1"},
    amd_not_advertised: {"gpu-not-advertised mi300-1"},
    a_machine_gpu_is_sick: {"gpu-allocatable-below-capacity virt-1"},
    a_tpu_host_is_lost: {"gpu-node-not-ready tpu-1"},
    dra_driver_gone: {"gpu-not-advertised dra-1"},
    forgotten_cordon: {"gpu-node-out-of-service gpu-1"},
    plugin_deleted_by_mistake: {"gpu-not-advertised gpu-1"},
    one_node_crashes: {"pod-crash-loop-on-one-node gpu-1"},
    karpenter_cannot_help: {"pod-request-unsatisfiable big"},
    volcano_gang_waits: {f"pod-pending-long gang-{n}" for n in range(4)},
}


@pytest.mark.parametrize("cluster", FAULTY, ids=lambda cluster: cluster.__name__)
def test_a_fault_is_found_and_nothing_else(cluster: Callable[[], Objects]) -> None:
    assert found(cluster()) == FAULTY[cluster]


def _only(objects: Objects) -> Any:
    (finding,) = examine(snapshot(objects), Choice()).findings
    return finding


def test_what_is_lost_is_counted_in_cards() -> None:
    assert _only(a_shared_card_is_sick()).gpus == 1
    assert _only(a_neuron_chip_is_sick()).gpus == 1
    assert _only(a_machine_gpu_is_sick()).gpus == 1
    assert _only(a_tpu_host_is_lost()).gpus == 4


def test_a_node_that_only_dra_served_lacks_its_dra_driver() -> None:
    assert "dra-driver" in _only(dra_driver_gone()).message
