"""The needed fields of Pods and Nodes as the API writes them in JSON.

Parts that repeat over thousands of objects (labels, resources, tolerations ...) stay raw bytes here, so that each distinct one is
read once; see `k8s_dialect.py`. Names follow https://kubernetes.io/docs/reference/kubernetes-api/.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

ABSENT = Raw(b"")


class Meta(Struct, rename="camel", gc=False):
    """metadata of any object."""

    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: Raw = ABSENT
    annotations: Raw = ABSENT
    owner_references: Raw = ABSENT


class Container(Struct, rename="camel", gc=False):
    """A container of a pod; command, arguments and mounts are not read."""

    name: str | None = None
    image: str | None = None
    restart_policy: str | None = None
    resources: Raw = ABSENT
    env: Raw = ABSENT


class ClaimSource(Struct, rename="camel", gc=False):
    """Where a pod's claim comes from, up to v1.30."""

    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


class PodClaim(Struct, rename="camel", gc=False):
    """An entry of spec.resourceClaims."""

    name: str | None = None
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None
    source: ClaimSource | None = None


class Named(Struct, rename="camel", gc=False):
    """An object of which only the name counts."""

    name: str | None = None


class SchedulingGroup(Struct, rename="camel", gc=False):
    """The gang of a pod in native gang scheduling."""

    pod_group_name: str | None = None


class PodSpec(Struct, rename="camel", gc=False):
    """spec of a Pod or of a pod template."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    node_name: str | None = None
    node_selector: Raw = ABSENT
    affinity: Raw = ABSENT
    tolerations: Raw = ABSENT
    overhead: Raw = ABSENT
    resources: Raw = ABSENT
    priority: int | None = None
    priority_class_name: str | None = None
    preemption_policy: str | None = None
    scheduler_name: str | None = None
    runtime_class_name: str | None = None
    scheduling_gates: list[Named] | None = None
    resource_claims: list[PodClaim] | None = None
    scheduling_group: SchedulingGroup | None = None


class ClaimStatus(Struct, rename="camel", gc=False):
    """A claim made for a pod."""

    name: str | None = None
    resource_claim_name: str | None = None


class PodStatus(Struct, rename="camel", gc=False):
    """status of a Pod."""

    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    nominated_node_name: str | None = None
    start_time: str | None = None
    conditions: Raw = ABSENT
    container_statuses: Raw = ABSENT
    init_container_statuses: Raw = ABSENT
    resource_claim_statuses: list[ClaimStatus] | None = None
    extended_resource_claim_status: ClaimStatus | None = None


class Pod(Struct, rename="camel", gc=False):
    """A Pod."""

    metadata: Meta | None = None
    spec: PodSpec | None = None
    status: PodStatus | None = None


class Waiting(Struct, rename="camel", gc=False):
    """state.waiting."""

    reason: str | None = None
    message: str | None = None


class Running(Struct, rename="camel", gc=False):
    """state.running."""

    started_at: str | None = None


class Terminated(Struct, rename="camel", gc=False):
    """state.terminated."""

    exit_code: int | None = None
    reason: str | None = None
    message: str | None = None
    started_at: str | None = None
    finished_at: str | None = None


class State(Struct, rename="camel", gc=False):
    """State of a container."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct, rename="camel", gc=False):
    """Status of a container."""

    name: str | None = None
    ready: bool | None = None
    restart_count: int | None = None
    state: State | None = None
    last_state: State | None = None


class RawCondition(Struct, rename="camel", gc=False):
    """A condition of any object."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None
    last_heartbeat_time: str | None = None


class EnvVar(Struct, rename="camel", gc=False):
    """An environment variable; those from elsewhere (valueFrom) have no value here."""

    name: str | None = None
    value: str | None = None


class RawToleration(Struct, rename="camel", gc=False):
    """A toleration."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None


class RawRequirement(Struct, rename="camel", gc=False):
    """A requirement of a selector."""

    key: str | None = None
    operator: str | None = None
    values: list[str] | None = None


class Term(Struct, rename="camel", gc=False):
    """A term of a node selector."""

    match_expressions: list[RawRequirement] | None = None
    match_fields: list[RawRequirement] | None = None


class NodeSelector(Struct, rename="camel", gc=False):
    """Terms of a node selector, alternatives."""

    node_selector_terms: list[Term] | None = None


class NodeAffinity(Struct, gc=False):
    """nodeAffinity; preferences are not read."""

    required: NodeSelector | None = msgspec.field(default=None, name="requiredDuringSchedulingIgnoredDuringExecution")


class Affinity(Struct, rename="camel", gc=False):
    """affinity of a pod; that towards other pods is not read."""

    node_affinity: NodeAffinity | None = None


class OwnerReference(Struct, rename="camel", gc=False):
    """An owner."""

    kind: str | None = None
    name: str | None = None
    controller: bool | None = None


class Resources(Struct, rename="camel", gc=False):
    """Requests and limits."""

    limits: Raw = ABSENT
    requests: Raw = ABSENT


class RawTaint(Struct, rename="camel", gc=False):
    """A taint."""

    key: str | None = None
    value: str | None = None
    effect: str | None = None
    time_added: str | None = None


class NodeSpec(Struct, gc=False):
    """spec of a Node."""

    provider_id: str | None = msgspec.field(default=None, name="providerID")
    unschedulable: bool | None = None
    taints: Raw = ABSENT


class SystemInfo(Struct, gc=False):
    """status.nodeInfo."""

    machine_id: str | None = msgspec.field(default=None, name="machineID")
    system_uuid: str | None = msgspec.field(default=None, name="systemUUID")
    boot_id: str | None = msgspec.field(default=None, name="bootID")
    kernel_version: str | None = msgspec.field(default=None, name="kernelVersion")
    os_image: str | None = msgspec.field(default=None, name="osImage")
    container_runtime_version: str | None = msgspec.field(default=None, name="containerRuntimeVersion")
    kubelet_version: str | None = msgspec.field(default=None, name="kubeletVersion")


class Address(Struct, gc=False):
    """An address of a node."""

    type: str | None = None
    address: str | None = None


class NodeStatus(Struct, rename="camel", gc=False):
    """status of a Node."""

    capacity: Raw = ABSENT
    allocatable: Raw = ABSENT
    conditions: Raw = ABSENT
    addresses: list[Address] | None = None
    node_info: SystemInfo | None = None


class ManagedFields(Struct, rename="camel", gc=False):
    """Which fields a manager last set, and when."""

    time: Raw = ABSENT
    fields: Raw = msgspec.field(default=ABSENT, name="fieldsV1")


class NodeMeta(Meta, rename="camel", gc=False):
    """metadata of a Node."""

    managed_fields: Raw = ABSENT


class Node(Struct, rename="camel", gc=False):
    """A Node."""

    metadata: NodeMeta | None = None
    spec: NodeSpec | None = None
    status: NodeStatus | None = None


class ListMeta(Struct, gc=False):
    """metadata of a list."""

    continue_: str | None = msgspec.field(default=None, name="continue")
    remaining: int | None = msgspec.field(default=None, name="remainingItemCount")
    resource_version: str | None = msgspec.field(default=None, name="resourceVersion")


class PodList(Struct, gc=False):
    """A page of Pods."""

    metadata: ListMeta | None = None
    items: list[Pod] | None = None


class NodeList(Struct, gc=False):
    """A page of Nodes."""

    metadata: ListMeta | None = None
    items: list[Node] | None = None


class Head(Struct, rename="camel", gc=False):
    """What tells of which kind a document is; items unread."""

    kind: str | None = None
    api_version: str | None = None
    metadata: Raw = ABSENT
    items: list[Raw] | None = None
