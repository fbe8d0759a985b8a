"""cpu-pods-on-gpu-nodes: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Owner, Pod

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "cpu-pods-on-gpu-nodes"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


ROOM = {"nvidia.com/gpu": 8.0, "cpu": 64.0, "pods": 110.0}
OTHER = Node(name="c1", capacity={"cpu": 64}, allocatable={"cpu": 64}, taints=())
WEB = Pod(namespace="shop", name="web", node="g1", phase="Running", cpu=60.0, owner=Owner(kind="ReplicaSet", name="web"))


def gpu_node(*taints: Taint) -> Node:
    return Node(name="g1", pool="gpu", ready="True", capacity=ROOM, allocatable=ROOM, taints=taints)


def test_low_when_nobody_is_kept_out() -> None:
    (found,), _ = judge(nodes=(gpu_node(), OTHER), pods=(WEB,))
    assert (found.severity, found.subject.name, found.nodes) == ("low", "gpu", ("g1",))
    assert found.actions[0].args == {"taint": "nvidia.com/gpu=present:NoSchedule"}


def test_medium_when_a_gpu_pod_is_kept_out() -> None:
    hungry = Pod(namespace="a", name="p", phase="Pending", requests=GPU, cpu=32.0)
    (found,), _ = judge(nodes=(gpu_node(), OTHER), pods=(WEB, hungry))
    assert (found.severity, found.gpus, found.demand) == ("medium", 1, True)


def test_silent_with_a_taint_with_system_pods_and_in_a_cluster_of_gpu_nodes() -> None:
    assert judge(nodes=(gpu_node(Taint(key="nvidia.com/gpu", effect="NoSchedule")), OTHER), pods=(WEB,))[0] == ()
    system = Pod(namespace="kube-system", name="dns", node="g1", phase="Running", cpu=1.0)
    daemon = Pod(namespace="shop", name="log", node="g1", phase="Running", cpu=1.0, owner=Owner(kind="DaemonSet", name="log"))
    assert judge(nodes=(gpu_node(), OTHER), pods=(system, daemon))[0] == ()
    assert judge(nodes=(gpu_node(),), pods=(WEB,))[0] == ()


def test_not_assessed_without_pods_or_taints() -> None:
    assert judge(nodes=(gpu_node(), OTHER))[1].not_assessed == 1
    blind = Node(name="g1", pool="gpu", capacity=ROOM, unknown={"taints": "not told"})
    assert judge(nodes=(blind, OTHER), pods=(WEB,))[1].not_assessed == 1
