"""The snapshot: everything that was read, with where it came from. All judgement starts here."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from gpuctl.model.dra import DeviceClass, DeviceTaintRule, ResourceClaim, ResourceSlice
from gpuctl.model.events import HardwareEvent, K8sEvent, ScaleVerdict
from gpuctl.model.known import Facts
from gpuctl.model.nodes import Node
from gpuctl.model.stack import ClusterPolicy, NvidiaDriver, SchedulerProfile, SharingConfig
from gpuctl.model.workloads import (
    Autoscaler,
    Budget,
    Image,
    InferencePool,
    Pod,
    PodGroup,
    PriorityClass,
    Queue,
    Quota,
    Workload,
)

VERSION = 1
"""Of the snapshot file; a file with a higher one is refused."""


class SourceState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One source of the run: what was asked of it and what it answered."""

    kind: Literal["kubernetes", "ssh", "nvml", "slurm", "prometheus", "registry", "file"]
    name: str
    state: Literal["ok", "partial", "failed"] = "ok"
    reason: str | None = None
    asked: int | None = None
    answered: int | None = None


class ConflictValue(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of several values that sources give for the same fact."""

    value: str
    source: str
    at: datetime | None = None


class Conflict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Two sources disagree about a fact."""

    subject: str
    fact: str
    values: tuple[ConflictValue, ...]


class Cluster(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """The cluster as a whole."""

    context: str | None = None
    version: str | None = None
    distribution: str | None = None
    scope: str | None = None
    """Namespace to which the reader's rights are limited; None: the whole cluster."""


class Snapshot(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """Everything known. A collection that nobody could read is None, with its reason in `unknown`; one that was read in part
    holds what is known, and the reason stands in `unknown` all the same.

    `taken_at`: when reading began; None for files that say nothing of it (then `newest_stamp` counts).
    `skipped`: kinds of API objects that were given and are not used, with their number.
    `unrecognised`: parts of the input that could not be used, with the reason.
    """

    version: int = VERSION
    taken_at: datetime | None = None
    newest_stamp: datetime | None = None
    redacted: bool = False
    complete: bool = True
    interrupted: bool = False
    sources: tuple[SourceState, ...] = ()
    cluster: Cluster = Cluster()
    conflicts: tuple[Conflict, ...] = ()
    nodes: tuple[Node, ...] | None = None
    pods: tuple[Pod, ...] | None = None
    workloads: tuple[Workload, ...] | None = None
    queues: tuple[Queue, ...] | None = None
    quotas: tuple[Quota, ...] | None = None
    budgets: tuple[Budget, ...] | None = None
    pod_groups: tuple[PodGroup, ...] | None = None
    priority_classes: tuple[PriorityClass, ...] | None = None
    autoscalers: tuple[Autoscaler, ...] | None = None
    inference_pools: tuple[InferencePool, ...] | None = None
    k8s_events: tuple[K8sEvent, ...] | None = None
    scale_verdicts: tuple[ScaleVerdict, ...] | None = None
    hardware_events: tuple[HardwareEvent, ...] | None = None
    images: tuple[Image, ...] | None = None
    resource_slices: tuple[ResourceSlice, ...] | None = None
    resource_claims: tuple[ResourceClaim, ...] | None = None
    device_classes: tuple[DeviceClass, ...] | None = None
    device_taint_rules: tuple[DeviceTaintRule, ...] | None = None
    cluster_policies: tuple[ClusterPolicy, ...] | None = None
    nvidia_drivers: tuple[NvidiaDriver, ...] | None = None
    sharing_configs: tuple[SharingConfig, ...] | None = None
    scheduler_profiles: tuple[SchedulerProfile, ...] | None = None
    skipped: dict[str, int] = {}
    unrecognised: dict[str, str] = {}
