"""What redaction does with each field of text: a table by `Struct.field`, else by the field's name. A field without a row is an error."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, get_args, get_type_hints

from msgspec import Struct, structs

from gpuctl.model.snapshot import Snapshot

DROP: Final = "drop"

_BY_POLICY: Final = {
    "node": "Node.name aliases ResourceSlice.node_name node nominated_node ResourceSlice.pool AllocatedDevice.pool DeviceTaintRule.pool",
    "pod": "Pod.name ResourceClaim.pod ScaleVerdict.pod reserved_for pod_group PodGroup.name K8sEvent.name Conflict.subject",
    "namespace": "namespace Cluster.scope",
    "cluster": "cluster context SourceState.name",
    "pool": "Node.pool ScaleVerdict.group flavor cohort",
    "zone": "zone",
    "queue": "queue Queue.name parent Quota.name",
    "claim": "ResourceClaim.name claims",
    "workload": "Workload.name Owner.name generate_name Autoscaler.name InferencePool.name",
    "device": "Device.name AllocatedDevice.device DeviceTaintRule.device",
    "object": """
        Budget.name budgets ResourceSlice.name DeviceTaintRule.name ClusterPolicy.name NvidiaDriver.name SharingConfig.name runtime_class
        SchedulerProfile.name device_plugin_config mig_manager_config DeviceRequest.name AllocatedDevice.request sharing ConflictValue.value
        scheduling_gates Nic.name Switch.name
    """,
    "container": "Container.name PodDevices.container",
    "class": "DeviceClass.name device_class_name",
    "driver": "ResourceSlice.driver AllocatedDevice.driver DeviceTaintRule.driver",
    "priority": "priority_class PriorityClass.name",
    "scheduler": "scheduler",
    "image": "images ref driver_image",
    "uuid": "machine_id system_uuid boot_id uuid serial cluster_uuid ids provider_id clique digest",
    "address": "addresses remote",
    "file": "ConflictValue.source",
    "resource": "QueueQuota.resource PodDevices.resource SharingRule.resource Gpu.resource renamed extended_resource_name",
    "kind": "Owner.kind Workload.kind Queue.kind Autoscaler.kind K8sEvent.kind",
    "phase": "phase",
    "reason": "reason last_reason",
    "condition": "Condition.type",
    "event": "K8sEvent.type",
    "component": "component",
    "product": "GpuLabels.product Gpu.product",
    "profile": "MigInstance.profile ComputeInstance.profile Partition.profile Vgpu.profile MigProfile.name mig_strategy MigCard.profile",
    "version": """
        Cluster.version kernel kubelet Driver.version on_disk driver_max gpu_operator toolkit device_plugin dcgm dcgm_exporter mig_manager
        dra_driver node_feature_discovery FabricManager.version compute_capability host_driver NvidiaDriver.version min_available
        max_unavailable
    """,
    "firmware": "vbios",
    "os": "os",
    "runtime": "runtime",
    "instance_type": "instance_type",
    "pci": "pci pci_id",
    "key": "Taint.key Toleration.key Requirement.key",
    "metric": "metrics",
    "cel": "selectors",
    "own": "SourceState.reason",
    "word": """
        kernel_modules distribution provider ready effect status flavour strategy config config_state manager mode state vendor family
        driver_upgrade_state architecture bound_driver health clocks_event_reasons compute_mode recovery_action role license operator
        preemption_policy stop_policy scopes api outcome allocation_mode driver_type fact scoring filters Gpu.kind Partition.kind
        HardwareEvent.kind Link.type SourceState.kind Fabric.health
    """,
    DROP: "unrecognised platform holder Process.name",
}  # fmt: skip

POLICIES: Final = {field: policy for policy, fields in _BY_POLICY.items() for field in fields.split()}
"""Policy of a text, or of each text in a tuple."""

MAPS: Final[dict[str, tuple[str, str | None]]] = {
    "unknown": ("unknown", "pair"), "labels": ("label", "pair"), "node_selector": ("selected", "pair"),
    "match_labels": ("selected", "pair"),
    "attributes": ("attribute", "pair"), "env": ("environment", "setting"), "versions": ("word", "version"), "capacity": ("resource", None),
    "allocatable": ("resource", None), "requests": ("resource", None), "total_requests": ("resource", None),
    "resources": ("resource", None),
    "hard": ("quota_key", None), "used": ("quota_key", None), "Device.capacity": ("attribute_key", None), "skipped": ("kind", None),
    "consumes": ("object", "attribute_key"), "counters": ("object", "attribute_key"), "weights": ("resource", None),
    "scores": ("word", None), "thresholds": ("word", None), "clocks": ("word", None), "utilization": ("word", None),
    "volatile": ("word", None), "aggregate": ("word", None), "banks": ("word", None), "errors": ("word", None), "enabled": ("word",
    None),
    "inforom": ("word", "firmware"),
}  # fmt: skip
"""Policy of a map's keys, and of its texts (or of the keys of inner maps); `pair`: one policy for key and value together."""

BESIDE: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "Condition.message": ("message", ("type",)), "K8sEvent.message": ("message", ("reason",)), "Pod.message": ("message", ("reason",)),
    "Container.message": ("message", ("reason",)), "HardwareEvent.message": ("message", ("kind",)),
    "ScaleVerdict.reason": ("message", ("outcome",)), "Taint.value": ("compared", ("key", "effect")),
    "Toleration.value": ("compared", ("key", "operator")), "Requirement.values": ("compared", ("key", "operator")),
}  # fmt: skip
"""Texts that are read beside other fields of their object."""


class PolicyMissing(LookupError):
    """A field of text that no policy covers."""


def policy_of(owner: type[Struct], field: str, table: dict[str, Any]) -> Any:
    """The row of a field; None when there is none."""
    return table.get(f"{owner.__name__}.{field}", table.get(field))


def leaves(hint: Any) -> Iterator[type]:
    """The types that a hint is made of; the values of a Literal are ours and are none."""
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for arg in get_args(hint):
        if not isinstance(arg, str):
            yield from leaves(arg)


@cache
def fact_names() -> frozenset[str]:
    """Names of all fields of the model: paths of unknown facts are made of them."""
    found: set[str] = {"slurm"}
    seen: set[type] = set()
    left: list[type] = [Snapshot]
    while left:
        struct = left.pop()
        if struct in seen:
            continue
        seen.add(struct)
        found.update(info.name for info in structs.fields(struct))
        left += [kind for hint in get_type_hints(struct).values() for kind in leaves(hint) if issubclass(kind, Struct)]
    return frozenset(found)
