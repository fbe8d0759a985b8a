"""Snapshots that no cluster would give: every field filled by lot from small pools, so that names meet and catalogues match."""

from __future__ import annotations

import random
import types
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from gpuctl.model.snapshot import Snapshot

AS_OF = datetime(2026, 10, 14, 9, 30, tzinfo=UTC)

NAMES = ("acme-1", "acme-2", "node-0001", "gpu-operator", "kube-system", "kube-acme", "nvidia-driver-daemonset",
"nvidia-driver-daemonset-acme",
         "nfd-worker-acme", "karpenter-acme", "dcgm-exporter", "acme")  # fmt: skip
RESOURCES = ("nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.10gb", "nvidia.com/mig-2g.acme", "nvidia.com/Acme_X",
"amd.com/gpu",
             "tenstorrent.com/acme", "acme.example/fpga", "cpu", "memory", "pods", "nvidia.com/gpumem")  # fmt: skip
KEYS = ("nvidia.com/gpu", "acme.example/rack", "nvidia.com/gpu.product", "node.kubernetes.io/unschedulable", "node.kubernetes.io/acme",
        "ToBeDeletedByClusterAutoscaler", "nvidia.com/gpu.deploy.driver", "nvidia.com/gpu.deploy.acme", "nvidia.com/Acme_X",
        "kubernetes.io/hostname",
        "karpenter.sh/nodepool", "app", "nvidia.com/gpu.workload.config", "metadata.name")  # fmt: skip
VALUES = ("true", "false", "", "5", "7", "acme-1", "r9", "vm-passthrough", "paused-for-acme", "NVIDIA-H100-80GB-HBM3", "nvidia-driver-acme")
MESSAGES = (
    "",
    "something broke on acme-1",
    "0/4 nodes are available: 2 Insufficient nvidia.com/Acme_X, 1 node(s) had untolerated taint {acme.example/rack: r9}, 1 odd acme.",
    "0/4 nodes are available: 4 node(s) had taint {acme.example/rack: }, that the pod didn't tolerate.",
    "0/9 nodes are available: 9 node(s) didn't match acme node selector, 3 Insufficient cpu, 2 Too many pods.",
    "No nodes are available that match all of the predicates: Insufficient nvidia.com/gpu (3), MatchNodeSelector (2).",
    "3/3 tasks in gang unschedulable: pod group is not ready, 3 Pending, 3 minAvailable for acme-1.",
    "cannot allocate all claims of acme-1",
    "exceeded quota: acme-1, requested: requests.nvidia.com/gpu=4, used: requests.nvidia.com/gpu=8, limited: requests.nvidia.com/gpu=8",
    "Allocate failed due to requested number of devices unavailable for nvidia.com/Acme_X. Requested: 2, Available: 0, which is unexpected",
    "Pod was rejected: Node didn't have enough resource: nvidia.com/gpu, requested: 1, used: 8, capacity: 8",
    "no healthy devices present; cannot allocate unhealthy devices amd.com/gpu, which is unexpected",
)
_ACTION = ("UnexpectedAdmissionError", "OutOfnvidia.com/gpu", "OutOfacme.example/fpga", "FailedScheduling", "Unschedulable", "FailedCreate",
           "FailedMount", "AcmeReason", "CrashLoopBackOff", "ImagePullBackOff", "NvidiaXID79Error", "GpuAcmeWatch",
           "TriggeredScaleUp")  # fmt: skip
POOLS: dict[str, tuple[str, ...]] = {
    "Condition.type": ("Ready", "PodScheduled", "GpuNvlinkWatch", "GpuAcmeWatch", "SysLogsAcme", "AcmeHealth", "DiskPressure", "Active"),
    "status": ("True", "False", "Unknown", "Acme"),
    "ready": ("True", "False", "Unknown"),
    "phase": ("Pending", "Running", "Failed", "Succeeded"),
    "reason": _ACTION,
    "last_reason": _ACTION,
    "K8sEvent.type": ("Normal", "Warning", "GpuMemWatch", "GpuAcmeWatch"),
    "message": MESSAGES,
    "effect": ("NoSchedule", "NoExecute", "PreferNoSchedule", ""),
    "operator": ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Equal"),
    "Taint.key": KEYS,
    "Toleration.key": (*KEYS, ""),
    "Requirement.key": KEYS,
    "value": VALUES,
    "values": VALUES,
    "Owner.kind": ("Job", "DaemonSet", "Node", "ReplicaSet", "AcmeJob"),
    "Workload.kind": ("Job", "DaemonSet", "Deployment", "Workload", "AcmeJob"),
    "Queue.kind": ("ClusterQueue", "LocalQueue", "Queue", "Cohort"),
    "K8sEvent.kind": ("Pod", "Node", "node", "PodGroup", "Job", "Acme"),
    "Container.state": ("waiting", "running", "terminated"),
    "component": ("kubelet", "karpenter", "cluster-autoscaler-acme", "acme"),
    "driver": ("gpu.nvidia.com", "gpu.acme.example", "gpu.nvidia.acme", "dra.net", "acme.example"),
    "resource": RESOURCES,
    "device_class_name": ("gpu.nvidia.com", "gpu.acme", "nic-acme", "acme"),
    "DeviceClass.name": ("gpu.nvidia.com", "gpu.acme", "nic-acme", "acme"),
    "selectors": ('device.driver == "gpu.nvidia.com"', "device.driver == 'gpu.acme.example' && true", "device.attributes['x'].y"),
    "config_state": ("success", "failed", "pending", "acme"),
    "strategy": ("none", "single", "mixed"),
    "driver_upgrade_state": ("upgrade-done", "acme"),
    "product": ("NVIDIA-H100-80GB-HBM3", "NVIDIA-Acme-X", "NVIDIA-Acme-X-MIG-1g.5gb", "Tesla-Acme-X-SHARED", "A100-SXM4-40GB-MIG-1g.acme"),
    "vendor": ("nvidia", "amd", "acme"),
    "version": ("580.105.08", "580.105.8", "580.105.08-acme", "acme-580"),
    "driver_max": ("13.0", "12.8", "acme"),
    "extended_resource_name": RESOURCES,
    "metrics": ("DCGM_FI_DEV_FB_FREE", 'avg(DCGM_FI_DEV_FB_FREE{a="acme"})', "acme_rps"),
    "stop_policy": ("None", "Hold", "Acme"),
    "mode": ("time-slicing", "mps"),
    "outcome": ("no-fit", "scale-up"),
    "priority_class": ("system-node-critical", "acme"),
    "cluster": ("prod-acme",),
    "context": ("prod-acme",),
}
MAPS: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "labels": (KEYS, VALUES),
    "node_selector": (KEYS, VALUES),
    "match_labels": (KEYS, VALUES),
    "hard": (("requests.nvidia.com/gpu", "pods"), (2.0, 8.0)),
    "used": (("requests.nvidia.com/gpu", "pods"), (2.0, 8.0)),
    "unknown": (("pods", "taints", "acme"), ("RBAC says acme",)),
    "attributes": (("type", "acme.example/x"), ("gpu", "mig", "acme", 3, True)),
}
AMOUNTS = (0.0, 1.0, 2.0, 4.0, 8.0)


def strange(seed: int) -> Snapshot:
    """The same snapshot for the same seed; it holds everything that audits read, in any combination."""
    dice = random.Random(seed)
    made: Snapshot = _struct(Snapshot, dice, 0)
    return msgspec.structs.replace(made, version=1, taken_at=AS_OF, redacted=False, conflicts=(), unrecognised={}, skipped={})


def _struct(kind: Any, dice: random.Random, depth: int) -> Any:
    hints = get_type_hints(kind)
    values = {}
    for info in msgspec.structs.fields(kind):
        optional = info.default is not msgspec.NODEFAULT or info.default_factory is not msgspec.NODEFAULT
        if optional and dice.random() < (0.1 if depth == 0 else 0.4):
            continue
        values[info.name] = _value(hints[info.name], f"{kind.__name__}.{info.name}", dice, depth + 1)
    return kind(**values)


def _value(hint: Any, field: str, dice: random.Random, depth: int) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    name = field.partition(".")[2]
    if origin is Literal:
        return args[0]
    if origin in {Union, types.UnionType}:
        return _value(next(arg for arg in args if arg is not type(None)), field, dice, depth)
    if origin is tuple:
        most = 4 if depth == 1 else 2 if depth < 8 else 0
        return tuple(_value(args[0], field, dice, depth + 1) for _ in range(dice.randint(0, most)))
    if origin is dict:
        keys, amounts = MAPS.get(name, (RESOURCES, AMOUNTS))
        if get_origin(args[1]) is dict:
            return {"set": {"memory": 1.0}}
        chosen = dice.sample(keys, k=dice.randint(0, min(3, len(keys))))
        return {key: args[1](dice.choice(amounts)) if args[1] in {int, bool, float, str} else dice.choice(amounts) for key in chosen}
    if hint is str:
        return dice.choice(POOLS.get(field, POOLS.get(name, NAMES)))
    if hint is bool:
        return dice.random() < 0.5
    if hint in {int, float}:
        return hint(dice.choice((0, 1, 2, 5, 8)))
    if hint is datetime:
        return AS_OF - timedelta(hours=dice.choice((0, 1, 30, 400)))
    return _struct(hint, dice, depth)
