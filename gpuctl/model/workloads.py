"""Pods, what creates them, and who limits them: quotas, queues, gangs, budgets."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gpuctl.model.known import Facts
from gpuctl.model.nodes import Condition


class Owner(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The controlling owner of a pod or workload."""

    kind: str
    name: str


class Requirement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One expression of a node or label selector: In, NotIn, Exists, DoesNotExist, Gt, Lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class Toleration(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A toleration; empty key with Exists tolerates everything, empty effect every effect."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class Placement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a pod may go. `terms`: alternatives (OR) of requirements (AND) of the required node affinity;
    `fields` holds the same for matchFields (metadata.name)."""

    node_selector: dict[str, str] = {}
    terms: tuple[tuple[Requirement, ...], ...] | None = None
    fields: tuple[tuple[Requirement, ...], ...] | None = None
    tolerations: tuple[Toleration, ...] = ()


class Container(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """State of one container. `state`: waiting, running, terminated; `reason` and `exit_code` of the current state,
    `last_*` of the previous end; `init` for init containers and native sidecars."""

    name: str
    state: str | None = None
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    restarts: int = 0
    ready: bool | None = None
    since: datetime | None = None
    last_reason: str = ""
    last_exit_code: int | None = None
    last_finished: datetime | None = None
    init: bool = False


class PodDevices(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Devices that a container holds, as kubelet's PodResources API or a claim's allocation names them."""

    container: str | None = None
    resource: str
    ids: tuple[str, ...] = ()


class Pod(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """One pod. `requests` holds accelerators by resource name, as the scheduler counts them (the largest init container,
    sidecars and overhead included); `cpu` in cores. `deleting_since` is `metadata.deletionTimestamp`: the moment of the deletion
    plus `grace_seconds`, so by then the pod should be gone."""

    cluster: str | None = None
    namespace: str | None = None
    name: str | None = None
    node: str | None = None
    phase: str | None = None
    reason: str = ""
    message: str = ""
    owner: Owner | None = None
    requests: dict[str, float] = {}
    cpu: float = 0
    memory_bytes: float = 0
    devices: tuple[PodDevices, ...] | None = None
    images: tuple[str, ...] = ()
    created: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    deleting_since: datetime | None = None
    grace_seconds: int | None = None
    priority: int | None = None
    priority_class: str | None = None
    preemption_policy: str | None = None
    scheduler: str | None = None
    runtime_class: str | None = None
    nominated_node: str | None = None
    placement: Placement | None = None
    conditions: tuple[Condition, ...] = ()
    containers: tuple[Container, ...] = ()
    claims: tuple[str, ...] = ()
    scheduling_gates: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    safe_to_evict: bool | None = None
    queue: str | None = None
    pod_group: str | None = None
    budgets: tuple[str, ...] | None = None
    env: dict[str, str] = {}


class Workload(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """An object that creates pods, of any kind. `requests` is of one pod, `pods` how many it wants (all replicas of all
    roles), `total_requests` of all of them; `gang`: how many must start together."""

    cluster: str | None = None
    kind: str
    namespace: str | None = None
    name: str | None = None
    generate_name: str | None = None
    owner: Owner | None = None
    pods: int | None = None
    requests: dict[str, float] = {}
    total_requests: dict[str, float] = {}
    gang: int | None = None
    queue: str | None = None
    suspended: bool | None = None
    placement: Placement | None = None
    priority_class: str | None = None
    scheduler: str | None = None
    images: tuple[str, ...] = ()
    created: datetime | None = None
    generation: int | None = None
    observed_generation: int | None = None
    desired: int | None = None
    current: int | None = None
    updated: int | None = None
    ready: int | None = None
    unavailable: int | None = None
    conditions: tuple[Condition, ...] = ()
    finished: bool | None = None


class Quota(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A ResourceQuota; keys as written (`requests.nvidia.com/gpu`), values in base units."""

    cluster: str | None = None
    namespace: str | None = None
    name: str | None = None
    hard: dict[str, float] = {}
    used: dict[str, float] | None = None
    scopes: tuple[str, ...] = ()


class QueueQuota(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a queue may use of one resource in one flavour."""

    resource: str
    flavor: str | None = None
    nominal: float | None = None
    borrowing_limit: float | None = None
    lending_limit: float | None = None
    used: float | None = None


class Queue(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A queue of Kueue, Volcano or KAI. `parent`: a LocalQueue's ClusterQueue, a queue's parent; `cohort` as Kueue has it."""

    cluster: str | None = None
    kind: str
    namespace: str | None = None
    name: str | None = None
    parent: str | None = None
    cohort: str | None = None
    active: bool | None = None
    stop_policy: str | None = None
    pending: int | None = None
    admitted: int | None = None
    quotas: tuple[QueueQuota, ...] = ()
    conditions: tuple[Condition, ...] = ()


class PodGroup(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A gang: its pods start together or not at all. `api` is the group that defines it."""

    cluster: str | None = None
    api: str
    namespace: str | None = None
    name: str | None = None
    min_member: int | None = None
    phase: str | None = None
    queue: str | None = None
    conditions: tuple[Condition, ...] = ()


class Budget(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A PodDisruptionBudget. `selector` is None for a budget that covers nothing."""

    cluster: str | None = None
    namespace: str | None = None
    name: str | None = None
    match_labels: dict[str, str] | None = None
    match_expressions: tuple[Requirement, ...] = ()
    min_available: str | None = None
    max_unavailable: str | None = None
    disruptions_allowed: int | None = None


class PriorityClass(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A PriorityClass: its value, whether it is the default, and whether it may preempt."""

    name: str
    value: int = 0
    is_default: bool = False
    preemption_policy: str | None = None


class Autoscaler(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """What scales a workload: a HorizontalPodAutoscaler, KEDA ScaledObject; metrics by name."""

    cluster: str | None = None
    kind: str
    namespace: str | None = None
    name: str | None = None
    target: Owner | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    metrics: tuple[str, ...] = ()


class InferencePool(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A Gateway API inference pool: the pods it routes to."""

    cluster: str | None = None
    namespace: str | None = None
    name: str | None = None
    match_labels: dict[str, str] = {}
    ports: tuple[int, ...] = ()


class Image(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """What an image's configuration says; filled only when a registry was asked or a file was given."""

    ref: str
    digest: str | None = None
    env: dict[str, str] = {}
    labels: dict[str, str] = {}
