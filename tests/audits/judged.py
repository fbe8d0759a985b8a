"""Runs one audit on facts that a test writes down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.nodes import Condition, GpuLabels, Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Owner, Pod

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=30)


def ago(**how_long: float) -> datetime:
    """A moment before the judgement."""
    return NOW - timedelta(**how_long)


def gpu_node(name: str = "gpu-1", gpus: float = 8, **facts: Any) -> Node:
    """A healthy, old node with eight GPUs, unless told otherwise."""
    healthy: dict[str, Any] = {
        "created": OLD,
        "ready": "True",
        "cordoned": False,
        "taints": (),
        "conditions": (Condition(type="Ready", status="True"),),
        "capacity": {"nvidia.com/gpu": gpus},
        "allocatable": {"nvidia.com/gpu": gpus},
        "labels": {"nvidia.com/gpu.present": "true"},
        "accelerators": GpuLabels(vendor="nvidia", product="NVIDIA-H100-80GB-HBM3", count=8, physical=8, present=True, pci_present=True),
    }
    return Node(name=name, **{**healthy, **facts})


def gpu_pod(name: str = "train-0", node: str = "gpu-1", gpus: float = 1, **facts: Any) -> Pod:
    """A running pod that holds GPUs."""
    held: dict[str, Any] = {"namespace": "team-a", "phase": "Running", "requests": {"nvidia.com/gpu": gpus}}
    return Pod(name=name, node=node, **{**held, **facts})


def stack_pod(app: str, node: str = "gpu-1", **facts: Any) -> Pod:
    """A running pod of the GPU Operator."""
    running: dict[str, Any] = {
        "namespace": "gpu-operator",
        "phase": "Running",
        "created": OLD,
        "labels": {"app": app},
        "owner": Owner(kind="DaemonSet", name=app),
        "conditions": (Condition(type="Ready", status="True"),),
    }
    return Pod(name=f"{app}-x7k2p", node=node, **{**running, **facts})


def judge(code: str, **collections: Any) -> tuple[tuple[Finding, ...], Outcome]:
    """Findings and outcome of one audit on a snapshot with these collections; `unknown` gives the reasons for others."""
    audit = next(item for item in audits() if item.code == code)
    findings, (outcome,) = run(View(Snapshot(taken_at=NOW, **collections), NOW), [audit])
    assert outcome.crashed == 0, outcome.crashes
    assert outcome.subjects == outcome.found + outcome.clean + outcome.not_assessed
    return findings, outcome
