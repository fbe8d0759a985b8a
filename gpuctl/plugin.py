"""The public Python API: what a module that adds audits or facts may import. All else may change without notice.

An audit is a function `audit` in a module named after its code; its first parameter is the kind of subject that it judges, the
others are the facts that it needs. See `gpuctl.audits.runner`.

Audits are found in the package `gpuctl.audits` alone: nothing else that is installed beside gpuctl, and nothing in the folder where
it is started, is ever loaded.
"""

from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.subjects import ClusterScope, GpuNode, GpuPod, Pool, QueueScope, QuotaScope, WaitingPod, WorkloadScope
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Confidence, Evidence, Finding, Severity
from gpuctl.model.known import Unknown
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.subject import Subject

__all__ = [
    "Action",
    "ActionKind",
    "ClusterScope",
    "Component",
    "Confidence",
    "Evidence",
    "Finding",
    "GpuNode",
    "GpuPod",
    "Partial",
    "Pool",
    "QueueScope",
    "QuotaScope",
    "Severity",
    "Snapshot",
    "Subject",
    "Unknown",
    "View",
    "WaitingPod",
    "WorkloadScope",
    "provides",
]
