"""Exact words that are everybody's: names of Kubernetes' and the vendors' own APIs, products, versions' parts. Whatever is not
listed here, or closed by a pattern without free letters, is somebody's own word and becomes an alias."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from gpuctl.knowledge.catalogue import Row, load
from gpuctl.parsers.nvidia_smi_names import KEYS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KINDS: Final = _words("""
    Pod Node Namespace Event Job CronJob Deployment ReplicaSet StatefulSet DaemonSet ReplicationController Service Secret ConfigMap Lease
    ServiceAccount PersistentVolume PersistentVolumeClaim PodDisruptionBudget PriorityClass ResourceQuota LimitRange Endpoints
    EndpointSlice HorizontalPodAutoscaler ScaledObject ScaledJob ClusterQueue LocalQueue ResourceFlavor Cohort Workload Queue PodGroup
    JobSet LeaderWorkerSet PyTorchJob TFJob MPIJob XGBoostJob PaddleJob MXJob JAXJob TrainJob RayCluster RayJob RayService InferencePool
    ResourceSlice ResourceClaim ResourceClaimTemplate DeviceClass DeviceTaintRule ClusterPolicy NVIDIADriver NodeFeature NodeFeatureRule
    CustomResourceDefinition Role RoleBinding ClusterRole ClusterRoleBinding Rollout Machine MachineSet MachineDeployment NodePool NodeClaim
    NodeGroup VirtualMachineInstance InferenceService LLMInferenceService DynamoGraphDeployment ComputeDomain Topology VCJob List
""")
"""Kinds of API objects."""

PHASES: Final = _words(
    "Pending Running Succeeded Failed Unknown Inqueue Completed Active Terminating Bound Unschedulable Scheduled Suspended"
)
"""Of pods and gangs."""

REASONS: Final = _words("""
    CrashLoopBackOff ImagePullBackOff ErrImagePull ErrImageNeverPull InvalidImageName ImageInspectError CreateContainerConfigError
    CreateContainerError RunContainerError ContainerCreating PodInitializing Completed Error OOMKilled ContainerCannotRun DeadlineExceeded
    StartError ContainerStatusUnknown Evicted NodeLost NodeShutdown Terminated Preempting Shutdown UnexpectedAdmissionError
    TopologyAffinityError NodeAffinity AdmissionError FailedScheduling Unschedulable Scheduled Bound SuccessfulAssigned TriggeredScaleUp
    NotTriggerScaleUp Nominated ProvisioningStarted TaintManagerEviction DeviceTaintManagerEviction FailedCreate FailedMount
    FailedAttachVolume FailedCreatePodSandBox SandboxChanged BackOff Failed Killing Pulled Pulling Created Started Unhealthy ProbeWarning
    NodeNotReady NodeReady NodeHasSufficientMemory NodeHasInsufficientMemory NodeHasNoDiskPressure NodeHasDiskPressure NodeHasSufficientPID
    NodeHasInsufficientPID NodeNotSchedulable NodeSchedulable Rebooted Starting RegisteredNode RemovingNode DeletingNode InvalidDiskCapacity
    NodeAllocatableEnforced SuccessfulCreate SuccessfulDelete SuccessfulRescale ScalingReplicaSet FailedGetResourceMetric Preempted
    KubeletReady KubeletNotReady KubeletHasSufficientMemory KubeletHasNoDiskPressure KubeletHasSufficientPID KubeletHasDiskPressure
    KubeletHasInsufficientMemory KubeletHasInsufficientPID NodeStatusUnknown NodeStatusNeverUpdated RouteCreated NoRouteCreated
    ContainersNotReady ContainersNotInitialized PodCompleted PodFailed SchedulingGated SchedulerError PreemptionByScheduler
    DeletionByTaintManager TerminationByKubelet MinimumReplicasAvailable MinimumReplicasUnavailable NewReplicaSetAvailable ReplicaSetUpdated
    ProgressDeadlineExceeded Ready NotReady Pending Inadmissible QuotaReserved Admitted NoReservation Waiting Stopped FlavorNotFound
    NotEnoughResources tasks gang BackoffLimitExceeded JobSuspended ScaleDown ScaleUp Drain Cordon Uncordon Evict PodEvicted
    InspectFailed NetworkNotReady ExceededGracePeriod FailedPostStartHook FailedPreStopHook FailedKillPod NodeSelectorMismatching
    AcceleratedHardwareIsReady AcceleratedHardwareIsNotReady NvidiaDriverReady Healthy OutOfpods OutOfcpu OutOfmemory
    NoMIGErrors PodMigrated Unknown
""")
"""Of pods, containers, conditions and events; further ones are in the catalogues of conditions and events."""

CONDITION_TYPES: Final = _words("""
    PodScheduled Initialized Ready ContainersReady PodReadyToStartContainers DisruptionTarget PodResizePending PodResizeInProgress Available
    Progressing ReplicaFailure Complete Failed Suspended FailureTarget SuccessCriteriaMet QuotaReserved Admitted Evicted Requeued Finished
    PodsReady Preempted Active Unschedulable Scheduled Running Succeeded Created Restarting UpdateInProgress AbleToScale ScalingActive
    ScalingLimited Completed StartupPolicyCompleted
    GpuThermalWatch GpuMemWatch GpuNvlinkWatch GpuPcieWatch GpuPowerWatch GpuSmWatch GpuInforomWatch GpuDriverWatch GpuMcuWatch GpuPmuWatch
    GpuCpusetWatch GpuNvswitchFatalWatch GpuNvswitchNonfatalWatch GpuAllWatch SysLogsXIDError SysLogsSXIDError SysLogsGPUFallenOff
""")
"""Beside those that a closed pattern of the catalogue of conditions spells out."""

COMPONENTS: Final = _words("""
    default-scheduler kube-scheduler kubelet kube-controller-manager node-controller taint-eviction-controller job-controller
    replicaset-controller deployment-controller statefulset-controller daemonset-controller cronjob-controller cluster-autoscaler karpenter
    horizontal-pod-autoscaler node-problem-detector nvsentinel eks-node-monitoring-agent kernel-monitor volcano vc-scheduler kai-scheduler
    binder kueue-admission jobset leaderworkerset gpu-operator nvidia-device-plugin attachdetach-controller persistentvolume-controller
    resource-claim-controller device-taint-eviction-controller run.ai-scheduler-name gpu-health-monitor syslog-health-monitor
    platform-connector nvsentinel-platform-connector controllermanager default-scheduler-plugins
""")

RESOURCES: Final = _words("""
    cpu memory pods ephemeral-storage storage hugepages-2Mi hugepages-1Gi hugepages-32Mi hugepages-64Ki hugepages-16Gi services secrets
    configmaps replicationcontrollers resourcequotas persistentvolumeclaims services.loadbalancers services.nodeports
    attachable-volumes-aws-ebs attachable-volumes-gce-pd attachable-volumes-azure-disk attachable-volumes-csi-ebs.csi.aws.com
    nvidia.com/gpu nvidia.com/gpu.shared nvidia.com/pgpu vpc.amazonaws.com/efa vpc.amazonaws.com/pod-eni rdma/hca rdma/ib
    rdma/rdma_shared_device_a rdma/rdma_shared_device_b rdma/hca_shared_devices_a nvidia.com/hostdev smarter-devices/fuse
    devices.kubevirt.io/kvm devices.kubevirt.io/tun devices.kubevirt.io/vhost-net deviceclass.resource.kubernetes.io/gpu.nvidia.com
    memory.max millicores tiles
    huawei.com/Ascend310 huawei.com/Ascend310P huawei.com/Ascend910 huawei.com/Ascend910A huawei.com/Ascend910B huawei.com/Ascend910B1
    huawei.com/Ascend910B2 huawei.com/Ascend910B3 huawei.com/Ascend910B4 huawei.com/Ascend910C rebellions.ai/ATOM tenstorrent.com/n150
    tenstorrent.com/n300 cloud-tpus.google.com/v2 cloud-tpus.google.com/v3 cloud-tpus.google.com/v4 cloud-tpus.google.com/v5
    cloud-tpus.google.com/preemptible-v2 cloud-tpus.google.com/preemptible-v3 cambricon.com/mlu cambricon.com/vmlu cambricon.com/mlunum
    cambricon.com/mlu370 cambricon.com/mlu590
""")
"""Beside those that a closed pattern of the catalogue of accelerators spells out."""

DRIVERS: Final = _words("""
    gpu.nvidia.com mig.nvidia.com vfio.gpu.nvidia.com compute-domain.nvidia.com compute-domain-daemon.nvidia.com
    compute-domain-default-channel.nvidia.com gpu.amd.com gpu.intel.com gaudi.intel.com tpu.google.com dra.net neuron.aws.com
    mrdma.google.com netdev.google.com gpu.resource.nvidia.com npu.huawei.com
""")
"""DRA drivers, and the device classes that they bring."""

WORDS: Final = (
    _words("""
    true false yes no on off none all void auto unknown default enabled disabled present absent shared exclusive compute graphics
    Equal Exists In NotIn DoesNotExist Gt Lt NoSchedule NoExecute PreferNoSchedule Never PreemptLowerPriority True False Unknown Normal
    Warning ok partial failed ready notReady NotReady ignored success pending rebooting single mixed time-slicing time-sharing mps open
    proprietary precompiled gpu vgpu vgpu-host-manager vm-passthrough vm-vgpu container pre-installed paused-for-mig-change
    paused-for-driver-upgrade paused-for-vm-passthrough upgrade-done upgrade-required upgrade-failed cordon-required drain-required
    pod-deletion-required pod-restart-required wait-for-jobs-required validation-required uncordon-required node-maintenance-required
    post-maintenance-required all-disabled all-enabled all-balanced kepler maxwell pascal volta turing ampere ada-lovelace ada hopper
    blackwell rubin nvidia amd intel google aws habana furiosa rebellions huawei cambricon hygon metax mthreads enflame qualcomm tenstorrent
    tpu npu hpu gaudi neuron nvlink xgmi ici linux windows amd64 arm64 x86_64 aarch64 eks gke aks aws gce azure kind k3s rke2 openstack
    vsphere openshift kubeadm oci digitalocean ibm microk8s talos kwok ExactCount All kubernetes bare-metal host guest licensed unlicensed
    None Hold HoldAndDrain BestEffort NotBestEffort Terminating NotTerminating PriorityClass CrossNamespacePodAffinity VolumeAttributesClass
    DEFAULT EXCLUSIVE_PROCESS PROHIBITED Active Idle Up Down up down active running stopped not-installed not-running in-progress completed
    waiting terminated healthy unhealthy Reset RESET_GPU NODE_REBOOT DRAIN_P2P DRAIN_RESET NONE ubuntu rhel rocky debian amzn cos
    sles fedora flatcar
    MostAllocated LeastAllocated RequestedToCapacityRatio BalancedAllocation can-not-schedule scale-up scale-down no-fit
    driver toolkit device_plugin dcgm dcgm_exporter gfd mig_manager node_status_exporter validator gdrcopy gds sandbox_workloads
    vgpu_manager vfio_manager sandbox_device_plugin vgpu_device_manager kata_manager cc_manager operator
    scheduling.k8s.io scheduling.x-k8s.io scheduling.volcano.sh scheduling.run.ai kueue.x-k8s.io
    nvidia nvidia_uvm nvidia_modeset nvidia_drm nvidia_peermem nvidia_fs gdrdrv nouveau amdgpu i915 xe habanalabs neuron vfio vfio-pci
    gpus utilization memory sm dec enc graphics_clock memory_clock idle hw_slowdown hw_thermal_slowdown sw_power_cap sw_thermal_slowdown
    sync_boost applications_clocks_setting hw_power_brake_slowdown display_clocks_setting gpu_idle
    spx_nps1 dpx_nps1 dpx_nps2 tpx_nps1 qpx_nps1 qpx_nps4 cpx_nps1 cpx_nps2 cpx_nps4 cpx_nps8 spx dpx tpx qpx cpx
    xid sxid fallen_off_bus init_failure gsp_timeout_banner device_plugin_xid dcgm_metric dcgm_policy row_remap ecc aer
    Kepler Maxwell Pascal Volta Turing Ampere Hopper Blackwell Rubin Default Exclusive_Process Exclusive_Thread Prohibited passthrough
    Reboot Completed Success Failure Healthy Unhealthy
""")
    | KEYS
    | frozenset({"Ada Lovelace", "Drain P2P", "Drain and Reset", "Not Started", "In Progress", "Limited Capacity"})
)
"""Values of fields that have a published set of them, with what labels say by single words."""

ENVIRONMENT: Final = _words("""
    NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES NVIDIA_DISABLE_REQUIRE NVIDIA_REQUIRE_CUDA NVIDIA_REQUIRE_DRIVER
    NVIDIA_MIG_CONFIG_DEVICES
    NVIDIA_MIG_MONITOR_DEVICES NVIDIA_IMEX_CHANNELS NVIDIA_PRODUCT_NAME NVIDIA_PYTORCH_VERSION NVIDIA_BUILD_ID NVIDIA_CUDA_END_OF_LIFE
    CUDA_VISIBLE_DEVICES CUDA_VERSION CUDA_DEVICE_ORDER CUDA_LAUNCH_BLOCKING CUDA_MPS_PIPE_DIRECTORY CUDA_MPS_LOG_DIRECTORY
    CUDA_MPS_ACTIVE_THREAD_PERCENTAGE CUDA_MODULE_LOADING CUDA_CACHE_PATH CUDA_HOME CUDA_DRIVER_VERSION CUDA_DEVICE_MAX_CONNECTIONS
    NV_CUDA_LIB_VERSION NV_LIBNCCL_PACKAGE_VERSION NV_CUDNN_VERSION LD_LIBRARY_PATH TORCH_CUDA_ARCH_LIST
""")

ATTRIBUTES: Final = _words("""
    type productName brand architecture cudaComputeCapability driverVersion cudaDriverVersion index minor profile memory multiprocessors
    copyEngines decoders encoders jpegEngines ofaEngines parentIndex addressingMode cores family sriov health tile millicores
""") | frozenset(f"memorySlice{number}" for number in range(16))  # fmt: skip
"""Of devices, by the published DRA drivers."""

_PRODUCTS = _words("""
    nvidia amd intel google aws habana grid tesla quadro geforce instinct radeon arc data center flex max gaudi gaudi2 gaudi3 hl-205 hl-225
    titan jetson orin agx graphics gpu accelerator server workstation edition laptop super ti ada generation blackwell hopper pro
    a2 a10 a10g a10m a16 a30 a40 a100 a100x a800 a2000 a4000 a4500 a5000 a5500 a6000 b40 b100 b200 b300 h20 h100 h200 h800 gh200 gb10 gb200
    gb300 l2 l4 l20 l40 l40s l40g t4 t4g p4 p40 p100 v100 v100s k80 k520 m4 m6 m10 m40 m60 rtx gtx rtx4000 rtx5000 rtx6000 rtx8000
    mi25 mi50 mi60 mi100 mi210 mi250 mi250x mi300a mi300x mi308x mi325x mi350x mi355x sxm sxm2 sxm3 sxm4 sxm5 sxm6 pcie nvl hbm2 hbm2e hbm3
    hbm3e oam xm mig shared dgx hgx cx vgpu compute c q b x v2 v3 v4 v5 v5e v5p v6e tpu tpu-v4-podslice tpu-v5-lite-podslice tpu-v5p-slice
    tpu-v6e-slice podslice lite slice trainium inferentia neuron 80g ultra mega 141gb
""")
_PRODUCT_PART = re.compile(r"[0-9]{1,4}(?:gb|g|c|q|b)?|sm_[0-9]{2,3}")
_PRODUCT_SPLIT = re.compile(r"[-_ /()]+")
_MIG = re.compile(r"(?:[0-9]c\.)?[0-9]g\.[0-9]{1,3}gb(?:\+(?:me|gfx|me\.all)|-me)?(?:@[0-9]{1,2})?(?:\.shared)?")
_MIG_RESOURCE = re.compile(
    r"(?:nvidia\.com/mig-|mig\.das\.com/mig-|mig\.das\.com/)(?:[0-9]c\.)?[0-9]g\.[0-9]{1,3}gb(?:\.me|\.gfx|\.me\.all)?(?:\.shared)?"
)
_NUMBER = re.compile(r"[-+]?[0-9]{1,9}(?:\.[0-9]{1,6})?%?")
_VERSION_HEAD = re.compile(r"v?[0-9]{1,6}(?:\.[0-9]{1,8}){0,4}")
_IP = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])")
_VERSION_PARTS = re.compile(
    r"(?:[-+.~_](?:[0-9]{1,6}|(?:ubuntu|ubi|rc|rhel|rhcos|rocky|coreos|cos|amzn|al|rke2r|k3s|eks|gke|aws|aks|azure|gcp|gke|nvidia|alpha|beta|generic|lts|"
    r"kubevirt|el|fc|linuxkit|lowlatency|x86_64|aarch64|amd64|k|tegra|vmware|vkr|fips|hwe|open|distroless|devel|base|runtime)[0-9]{0,4}))*"
)  # fmt: skip
_OS = _words("ubuntu lts linux enterprise red hat rhel coreos cos container-optimized os from google amazon bottlerocket flatcar debian "
             "gnu talos rocky alma centos stream oracle server suse sles fedora photon vmware kwok aws eks mariner azure cbl alpine "
             "sp1 sp2 sp3 sp4 sp5 sp6 sp7")  # fmt: skip
_INSTANCE = re.compile(
    r"(?:p[2345]|p4de?|p5en?|p6-b[23]00|g[3456]|g[456]d?n?|g6ef?|trn[123]n?|inf[12]|[cmrt][3-8][agi]?[bden]{0,3}|x[12][a-z]{0,3}|hpc[67][ag])\."
    r"(?:nano|micro|small|medium|large|metal|[0-9]{0,3}xlarge|metal-[0-9]{1,3}xl)|"
    r"(?:a2|a3|a4|a4x|g2|n1|n2|n2d|n4|e2|c2|c2d|c3|c4|m1|m3|ct[456][a-z]{0,3})-(?:highgpu|ultragpu|megagpu|edgegpu|maxgpu|standard|highmem|highcpu|hightpu)-[0-9]{1,3}[gt]?|"
    r"Standard_(?:N[CDVG]|[ABDEF])[0-9]{1,3}[a-z]{0,4}(?:_(?:A10|A100|H100|H200|MI300X|GB200|T4|V620|xlpn))?(?:_v[1-9])?|"
    r"BM\.GPU[0-9]?\.(?:A10|A100|H100|H200|B200|GB200|L40S|MI300X|GM4)?(?:-v[0-9]\.)?\.?[0-9]{1,2}"
)
_PCI = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_PCI_ID = re.compile(r"(?:0x)?[0-9a-fA-F]{4,8}|[0-9a-f]{4}:[0-9a-f]{4}")
_FIRMWARE = re.compile(r"[0-9A-F]{2}(?:\.[0-9A-F]{2}){4}|[A-Z][0-9]{3}\.[0-9]{4}\.[0-9]{2}\.[0-9]{2}|[0-9]{1,2}\.[0-9]{1,2}", re.IGNORECASE)
_FREE = re.compile(r"[*+]")


class Patterned(Row, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What every row of a catalogue of names has."""

    pattern: str


@cache
def closed(catalogue: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of a catalogue that leave no letter free (digits may be): what matches one of them is a published name."""
    rows = load(catalogue, Patterned).rows
    return tuple(re.compile(row.pattern) for row in rows if not _FREE.search(row.pattern.replace(r"\d+", "")))


@cache
def any_of(catalogue: str) -> re.Pattern[str]:
    """One pattern for all rows of a catalogue: a cheap look before asking which row it is."""
    return re.compile("|".join(f"(?:{re.sub('[(][?]P<[a-z_]+>', '(?:', row.pattern)})" for row in load(catalogue, Patterned).rows))


def _in_catalogue(value: str, *catalogues: str) -> bool:
    return len(value) <= 64 and any(pattern.fullmatch(value) for name in catalogues for pattern in closed(name))


def is_number(value: str) -> bool:
    """A number or a percentage."""
    return _NUMBER.fullmatch(value) is not None


def is_firmware(value: str) -> bool:
    """A version of a VBIOS (`92.00.45.00.03`) or of an inforom object (`G506.0200.00.04`, `6.16`)."""
    return _FIRMWARE.fullmatch(value) is not None


def is_resource(value: str) -> bool:
    """A published resource name."""
    return value in RESOURCES or _MIG_RESOURCE.fullmatch(value) is not None or _in_catalogue(value, "accelerators")


def is_mig_profile(value: str) -> bool:
    """A MIG profile by its grammar, which holds numbers only."""
    return _MIG.fullmatch(value.removeprefix("MIG ").removeprefix("mig-")) is not None


def is_condition(value: str) -> bool:
    """A published condition type."""
    return value in CONDITION_TYPES or _in_catalogue(value, "conditions", "events")


def is_reason(value: str) -> bool:
    """A published reason of a condition, container or event; agents write `<type>IsHealthy` too."""
    stem = value.removesuffix("IsNotHealthy").removesuffix("IsHealthy")
    return (
        value in REASONS
        or value in CONDITION_TYPES
        or _in_catalogue(stem, "conditions", "events")
        or (stem != value and is_condition(stem))
    )


def is_taint(value: str) -> bool:
    """A published taint key."""
    return _in_catalogue(value, "taints")


def is_product(value: str) -> bool:
    """A product made of known words only."""
    parts = [part for part in _PRODUCT_SPLIT.split(value.lower()) if part]
    known = any(part in _PRODUCTS for part in parts)
    return known and len(value) <= 96 and all(part in _PRODUCTS or _PRODUCT_PART.fullmatch(part) for part in parts)


def is_instance_type(value: str) -> bool:
    """A machine type of a public cloud."""
    return _INSTANCE.fullmatch(value) is not None


def is_pci(value: str) -> bool:
    """A PCI address or id."""
    return _PCI.fullmatch(value) is not None or _PCI_ID.fullmatch(value) is not None


def version_head(value: str) -> str | None:
    """The longest known beginning of a version (all of it, where it is known in full); None when it does not begin as one."""
    head = _VERSION_HEAD.match(value)
    if head is None or _IP.match(value):
        return None
    rest = _VERSION_PARTS.match(value, head.end())
    end = rest.end() if rest is not None else head.end()
    if end == len(value):
        return value
    return value[:end] if value[end] in "-+.~_" else head[0] if value[head.end()] in "-+.~_" else None


def is_os(value: str) -> bool:
    """A distribution's name and version, of known words only."""
    parts = re.split(r"[ ()/]+", value)
    return len(value) <= 96 and all(not part or part.lower() in _OS or version_head(part) == part for part in parts)
