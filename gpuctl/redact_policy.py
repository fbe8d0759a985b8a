"""What redaction does with each field of text, and which words are everybody's."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from gpuctl.knowledge.namespaces import is_system
from gpuctl.knowledge.stack import classify

WORD: Final = "word"
"""Kept when it is a word of the field (`is_known_word`), else an alias."""
TEXT: Final = "text"
"""Free text: known words, numbers and aliases stay."""
LABELS: Final = "labels"
DROP: Final = "drop"

ALIAS_KINDS: Final = (
    "node", "pod", "namespace", "cluster", "pool", "zone", "queue", "claim", "workload", "device", "object", "container", "class",
    "scheduler", "image", "uuid", "address", "file", "label", "value", "word",
)  # fmt: skip
"""Every other policy is a kind of alias; an original of several kinds gets the first."""
WIDTHS: Final = {"pod": 5, "node": 4, "namespace": 2, "pool": 2, "cluster": 2, "uuid": 5, "value": 4}

_BY_KIND: Final = {
    "node": """
        Node.name aliases ResourceSlice.node_name node nominated_node ResourceSlice.pool AllocatedDevice.pool DeviceTaintRule.pool
    """,
    "pod": """
        Pod.name ResourceClaim.pod ScaleVerdict.pod reserved_for pod_group PodGroup.name
    """,
    "namespace": """
        namespace Cluster.scope
    """,
    "cluster": """
        cluster context
    """,
    "pool": """
        Node.pool ScaleVerdict.group flavor cohort
    """,
    "zone": """
        zone
    """,
    "queue": """
        queue Queue.name parent Quota.name
    """,
    "claim": """
        ResourceClaim.name claims
    """,
    "workload": """
        Workload.name Owner.name generate_name Autoscaler.name InferencePool.name
    """,
    "device": """
        Device.name AllocatedDevice.device DeviceTaintRule.device
    """,
    "object": """
        K8sEvent.name Budget.name budgets ResourceSlice.name DeviceTaintRule.name ClusterPolicy.name NvidiaDriver.name SharingConfig.name
        SchedulerProfile.name device_plugin_config mig_manager_config DeviceClass.name device_class_name DeviceRequest.name
        AllocatedDevice.request sharing Conflict.subject ConflictValue.value
    """,
    "container": """
        Container.name PodDevices.container
    """,
    "class": """
        priority_class PriorityClass.name runtime_class
    """,
    "scheduler": """
        scheduler
    """,
    "image": """
        images ref digest
    """,
    "uuid": """
        machine_id system_uuid boot_id uuid serial cluster_uuid ids provider_id clique
    """,
    "address": """
        addresses remote
    """,
    "file": """
        SourceState.name ConflictValue.source
    """,
    LABELS: """
        labels node_selector match_labels
    """,
    TEXT: """
        unknown message SourceState.reason Container.message ScaleVerdict.reason selectors
    """,
    DROP: """
        Image.labels unrecognised platform inforom holder Process.name
    """,
    WORD: """
        env kernel_modules scheduling_gates driver_image version distribution fact provider instance_type ready capacity
        allocatable os kernel runtime kubelet key value effect type status reason flavour on_disk driver_max strategy config
        config_state manager mode gpu_operator toolkit device_plugin dcgm dcgm_exporter mig_manager dra_driver
        node_feature_discovery state vendor product family compute_capability host_driver driver_upgrade_state resources kind
        resource architecture pci pci_id bound_driver vbios thresholds clocks clocks_event_reasons utilization compute_mode
        recovery_action volatile aggregate banks profile role license phase requests preemption_policy operator values last_reason
        total_requests stop_policy hard used scopes min_available max_unavailable api metrics component outcome driver attributes
        consumes counters allocation_mode extended_resource_name enabled versions mig_strategy driver_type
        NvidiaDriver.kernel_modules renamed scoring weights scores filters skipped MigProfile.name Nic.name Switch.name errors
    """,
}  # fmt: skip
POLICIES: Final = {name: policy for policy, names in _BY_KIND.items() for name in names.split()}
"""By `Struct.field`, else by the field's name."""

_NUMBER = re.compile(r"[-+]?[0-9]{1,12}(?:[./][0-9]{1,9})?(?:[A-Za-z%]{0,2})")
_VERSION = re.compile(
    r"v?[0-9]{1,6}(?:\.[0-9]{1,8}){1,4}(?:[-+.~](?:[0-9]{1,6}|(?:ubuntu|ubi|rc|rhel|rke2r|k3s|eks|gke|aws|aks|alpha|beta|generic|lts|kubevirt|el|x86_64|aarch64|k)"
    r"[0-9]{0,4}))*"
)
_CAMEL = re.compile(r"(?:[A-Z]{1,4}[a-z]+){1,8}[A-Z]{0,4}")
_DOMAIN = re.compile(
    r"(?:[a-z0-9-]{1,40}\.){0,4}(?:nvidia\.com|amd\.com|intel\.com|habana\.ai|kubernetes\.io|k8s\.io|x-k8s\.io|volcano\.sh|google\.com|"
    r"amazonaws\.com|neuron\.amazonaws\.com|azure\.com|huawei\.com|kubeflow\.org|run\.ai|keda\.sh)(?:/[A-Za-z0-9_.-]{1,80})?"
)
_RUNTIME = re.compile(r"(?:containerd|cri-o|docker)(?:://| )[0-9]{1,3}(?:\.[0-9]{1,4}){1,3}(?:[-+][a-z0-9.]{1,12})?")
_MIG = re.compile(r"(?:mig-)?[0-9]g\.[0-9]{1,3}gb(?:\+me)?(?:@[0-9])?(?:\.shared)?")
_QUOTA = re.compile(r"(?:requests|limits|count)[./](.+)")
_ENVIRONMENT = re.compile(r"(?:NVIDIA|NV|CUDA|NCCL|HIP|ROCR)_[A-Z_]{1,40}")
_LABEL = re.compile(
    r"(?:(?:[a-z0-9-]{1,40}\.){0,4}(?:nvidia\.com|amd\.com|intel\.com|habana\.ai|aws\.amazon\.com|cloud\.google\.com)/[A-Za-z0-9_.-]{1,80}|"
    r"(?:topology|node|beta|node-role|feature\.node)?\.?(?:kubernetes\.io)/[A-Za-z0-9_.-]{1,80}|"
    r"(?:karpenter\.sh|eks\.amazonaws\.com|kubernetes\.azure\.com|kueue\.x-k8s\.io|batch\.kubernetes\.io)/[A-Za-z0-9_.-]{1,80})"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]{1,60}")

_WORDS = frozenset(
    """
    s t setup affinity/selector mountvolume.setup mount exit
    a about access admission after again all allocatable allocate allocated already an and any are as assigned at available
    back-off backoff be because been before being binding bound but by can cannot cap capacity cause claim claims class cluster
    condition conditions config container containers cordoned could count created creating cpu crash crashed cuda daemonset
    default deleted deleting denied deployment device devices did didn't disk do does doesn't driver due during enough error event
    exceeded exceeds exist exit failed failing false feature file files for forbidden found free from gang gpu gpus group had has
    have healthy help helpful host image images in incoming init insufficient is it its job kernel kubelet label labels lack left
    limit limited list lost manager match matched matches matching max maximum memory message mig minavailable minmember missing
    module more namespace network no node nodes none not object of off on one only or out over pending permission persistent
    plugin pod pods port ports pool posting preemption pressure pull pulling queue quota ready reason redacted refused rejected
    request requested required requests resource resources restarting role rule rules running scheduled scheduling selector server
    service slice started stopped status stopping storage system taint tainted taints task tasks tell tells that the there these
    they this those time timed timeout to told toleration tolerate toomany topology true tried type unavailable unexpected
    unhealthy unknown unschedulable unschedulability untolerated use used user using validation validator version victims volume
    volumes wait waiting was were when which while will with without workload would affinity anti-affinity didn node(s) unbound
    immediate persistentvolumeclaims nominated api asked given read nobody source get watch tpu npu open proprietary time-slicing
    mps single mixed success rebooting up date amd intel nvidia ok partial equal exists notin doesnotexist gt lt noschedule
    noexecute prefernoschedule linux amd64 arm64 pass fail nvlink xgmi ici os-image yes nvidia-smi all-disabled all-enabled
    all-balanced hopper ampere ada blackwell volta turing pascal maxwell kepler ubuntu rhel kubernetes ephemeral-storage
    hugepages-2mi hugepages-1gi default-scheduler kube-scheduler daemonset-controller eks gke aks openstack rke2 k3s kubeadm
    openshift upgrade-done upgrade-required upgrade-failed cordon-required drain-required pod-restart-required
    wait-for-jobs-required validation-required uncordon-required node-maintenance-required node-problem-detector
    cluster-autoscaler karpenter kube-system gpu-operator nvidia-gpu-operator pre-installed deployed
    """.split()  # noqa: SIM905  (as one text it can be read)
)


@cache
def _catalogue_words() -> frozenset[str]:
    """Words that the package's own catalogues use: conditions, resources, products."""
    folder = resources.files("gpuctl.knowledge")
    text = " ".join(entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".json"))
    return frozenset(_WORD.findall(text))


@cache
def _products() -> re.Pattern[str]:
    return re.compile(
        r"(?:NVIDIA|AMD|Intel|GRID|Tesla|Quadro|GeForce|RTX|Instinct|Gaudi)?[ -]?"
        r"(?:[ABHLTVPM][0-9]{1,4}|GB[0-9]{3}|GH[0-9]{3}|MI[0-9]{3}|RTX|Instinct)"
        r"(?:[ _-](?:SXM[0-9]?|PCIe|PCIE|NVL|HBM[0-9]e?|[0-9]{1,3}(?:GB|C|Q|G)?|MIG|SHARED|X|Ada|[0-9]g\.[0-9]{1,3}gb|OAM)){0,6}"
    )


@lru_cache(maxsize=65536)
def is_known_word(value: str) -> bool:
    """Whether the text is a number, a version, a name of Kubernetes' or a vendor's API, a product, or a word of the field."""
    if len(value) > 120:
        return False
    quota = _QUOTA.fullmatch(value)
    if quota is not None:
        value = quota[1]
    return (
        not value
        or value.lower() in _WORDS
        or value in _catalogue_words()
        or any(pattern.fullmatch(value) for pattern in (_NUMBER, _VERSION, _CAMEL, _DOMAIN, _RUNTIME, _MIG, _ENVIRONMENT, _products()))
    )


APP_LABELS: Final = ("app", "app.kubernetes.io/name", "app.kubernetes.io/component")


@lru_cache(maxsize=65536)
def public_role(name: str, kind: str) -> str | None:
    """The published name of GPU software or of a cluster's own namespace that a name begins with: audits know them by it."""
    if kind not in {"workload", "namespace"}:
        return None
    wanted = classify(name) if kind == "workload" else is_system(name) or None
    parts = name.split("-")
    for end in range(1, len(parts) + 1 if wanted else 0):
        root = "-".join(parts[:end])
        numbered = f"{root}-001"
        if (classify(numbered) if kind == "workload" else is_system(numbered)) == wanted:
            return root
    return None


def is_label_kept(key: str) -> bool:
    """Whether the key belongs to Kubernetes, a vendor or a cloud, so that it names nobody."""
    return _LABEL.fullmatch(key) is not None
