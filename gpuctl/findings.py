"""What an audit says: findings with evidence, and outcomes that count every subject."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, structs

from gpuctl.model.subject import Subject


class Severity(StrEnum):
    """How bad. `rank` grows with severity."""

    CRITICAL = "critical"
    """Work is being lost, or results may be wrong, now."""
    HIGH = "high"
    """GPUs are unusable now, or failure is expected by a cited rule."""
    MEDIUM = "medium"
    """Capacity is stranded or degraded."""
    LOW = "low"
    """Hygiene."""
    INFO = "info"
    """A fact."""

    @property
    def rank(self) -> int:
        return _SEVERITIES[::-1].index(self)


_SEVERITIES = list(Severity)


class Confidence(StrEnum):
    """How sure."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Component(StrEnum):
    """The part that a finding says is broken, in the order in which one thing stands on another on a node.

    `grouping` uses the order: on one node, whatever stands on a broken part is its symptom.
    """

    NODE = "node"
    HARDWARE = "hardware"
    DISCOVERY = "node-feature-discovery"
    DRIVER = "driver"
    TOOLKIT = "toolkit"
    MIG = "mig"
    VALIDATOR = "validator"
    DEVICE_PLUGIN = "device-plugin"
    DRA_DRIVER = "dra-driver"
    FEATURE_DISCOVERY = "gpu-feature-discovery"
    CAPACITY = "capacity"
    POD = "pod"
    NONE = "none"
    """Stands on nothing and carries nothing: quotas, hygiene, settings."""


class ActionKind(StrEnum):
    """Every remedy that gpuctl knows. What each means, costs and prints stands in `advice/actions.py`."""

    RESTORE_NODE = "restore-node"
    RETURN_NODE = "return-node"
    """Uncordon, or take a taint off, a node whose GPUs idle."""
    RESET_GPU = "reset-gpu"
    """Drain, then reset the GPU or reboot the node."""
    REPLACE_GPU = "replace-gpu"
    FOLLOW_AGENT = "follow-agent"
    """Do what the node's health agent recommends."""
    LIFT_DEVICE_TAINT = "lift-device-taint"
    """Delete a DeviceTaintRule, once what it was set for is over."""
    REPAIR_DISCOVERY = "repair-discovery"
    REPAIR_DRIVER = "repair-driver"
    REPAIR_TOOLKIT = "repair-toolkit"
    REPAIR_VALIDATOR = "repair-validator"
    RESTART_DEVICE_PLUGIN = "restart-device-plugin"
    RESTART_FEATURE_DISCOVERY = "restart-feature-discovery"
    REPAIR_OPERATOR_POD = "repair-operator-pod"
    RESTART_DRA_DRIVER = "restart-dra-driver"
    RETRY_MIG_CONFIG = "retry-mig-config"
    ALIGN_MIG_STRATEGY = "align-mig-strategy"
    ALIGN_POOL = "align-pool"
    """Bring the nodes of a pool to one driver, CUDA or product."""
    FORCE_DELETE_POD = "force-delete-pod"
    DELETE_FAILED_POD = "delete-failed-pod"
    RECREATE_POD = "recreate-pod"
    MOVE_POD_OFF_NODE = "move-pod-off-node"
    CHANGE_REQUEST = "change-request"
    """The tenant edits what the pod asks for."""
    ADD_CAPACITY = "add-capacity"
    """Free, add or share more of what is asked for."""
    RAISE_QUOTA = "raise-quota"
    ADD_CONTROLLER = "add-controller"
    TAINT_NODES = "taint-nodes"
    FIX_QUEUE = "fix-queue"
    FIX_AUTOSCALER = "fix-autoscaler"
    RETRY_DRIVER_UPGRADE = "retry-driver-upgrade"
    INVESTIGATE = "investigate"
    """Look closer: the commands only read."""


class Evidence(Struct, frozen=True, kw_only=True):
    """One observation: what was seen, what a healthy subject shows, how it was measured, where, and when."""

    observed: str
    expected: str
    how: str
    source: str | None = None
    at: datetime | None = None


class Action(Struct, frozen=True, kw_only=True):
    """A remedy for one target. `args` are raw strings from outside (quoted when printed), for example
    `{"resource": "nvidia.com/gpu", "taint": "key=value:NoSchedule"}`; remedies with equal kind and args are one item."""

    kind: ActionKind
    target: Subject
    args: dict[str, str] = {}


class Finding(Struct, frozen=True, kw_only=True):
    """One fault of one subject. `code` and `id` are set by the runner.

    `gpus` is the impact: accelerators (of any vendor) lost, stranded or at risk. `component` says which part is broken.
    `nodes` are all nodes concerned. `detail` tells several findings of one code about one subject apart (goes into the id:
    keep it free of counts and times). `demand` marks a finding whose GPUs are *asked for* (a pending pod) and not lost.
    `hygiene` marks one that is worth doing at the next maintenance although it wins no GPU.
    `transitional` says why this is no fault yet (young node, upgrade under way): its severity is at most low.
    """

    subject: Subject
    severity: Severity
    message: str
    evidence: tuple[Evidence, ...]
    code: str = ""
    id: str = ""
    confidence: Confidence = Confidence.CERTAIN
    gpus: float = 0
    component: Component = Component.NONE
    nodes: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    detail: str = ""
    demand: bool = False
    hygiene: bool = False
    transitional: str | None = None

    def named(self, code: str) -> Finding:
        """The finding as the runner publishes it: with its code, an id that is stable over time, and severity capped."""
        what = self.subject
        parts = (code, what.kind, what.cluster, what.namespace, what.name, what.node, what.gpu, self.detail)
        digest = hashlib.sha256("\x00".join(part or "" for part in parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        severity = self.severity
        if self.transitional is not None and severity.rank > Severity.LOW.rank:
            severity = Severity.LOW
        return structs.replace(self, code=code, id=f"{code}-{digest}", severity=severity)


class Missing(Struct, frozen=True, kw_only=True):
    """A fact that kept subjects from being assessed, and why."""

    fact: str
    reason: str
    subjects: tuple[Subject, ...] = ()

    @property
    def count(self) -> int:
        return len(self.subjects)


class Crash(Struct, frozen=True, kw_only=True):
    """An audit that raised: a bug of ours, shown and counted."""

    subject: Subject
    error: str


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of every subject of one audit; the four counts sum to `subjects`."""

    code: str
    subjects: int = 0
    found: int = 0
    clean: int = 0
    not_assessed: int = 0
    crashed: int = 0
    missing: tuple[Missing, ...] = ()
    crashes: tuple[Crash, ...] = ()
