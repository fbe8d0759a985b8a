"""pod-pending-long: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.events import K8sEvent
from gpuctl.model.nodes import Condition, Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Pod

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}
OLD = NOW - timedelta(hours=3)


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "pod-pending-long"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


NODES = (Node(name="n1", capacity={"nvidia.com/gpu": 8}, allocatable={"nvidia.com/gpu": 8}, taints=()),)
TEXT = "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: 3 none."


def waiting(created: datetime | None = OLD, **more: Any) -> Pod:
    condition = Condition(type="PodScheduled", status="False", reason="Unschedulable", message=TEXT, since=created)
    return Pod(namespace="a", name="p", phase="Pending", requests=GPU, created=created, conditions=(condition,), **more)


def said(message: str = TEXT, **more: Any) -> K8sEvent:
    return K8sEvent(
        **{"kind": "Pod", "namespace": "a", "name": "p", "type": "Warning", "reason": "FailedScheduling", "message": message, **more}
    )


def test_fires_with_the_schedulers_reason_folded() -> None:
    (found,), _ = judge(nodes=NODES, pods=(waiting(),))
    assert found.severity == "medium"
    assert (found.demand, found.gpus) == (True, 1)
    assert "2 Insufficient nvidia.com/gpu, 1 node(s) were unschedulable." in found.message
    assert "preemption" not in found.message
    assert (found.actions[0].kind, found.actions[0].args) == ("add-capacity", {"resource": "nvidia.com/gpu"})


def test_silent_while_young_and_when_nothing_could_ever_help() -> None:
    assert judge(nodes=NODES, pods=(waiting(NOW - timedelta(minutes=5)),))[0] == ()
    assert judge(nodes=NODES, pods=(Pod(namespace="a", name="p", phase="Running", requests=GPU, created=OLD),))[1].subjects == 0
    assert judge(nodes=(Node(name="n1", capacity={"cpu": 8}, taints=()),), pods=(waiting(),))[0] == ()


def test_gated_nominated_and_helped_pods_are_low() -> None:
    scale = said("pod triggered scale-up", reason="TriggeredScaleUp", last_time=NOW - timedelta(minutes=2), component="cluster-autoscaler")
    for facts in (
        {"pods": (waiting(scheduling_gates=("kueue.x-k8s.io/admission",)),)},
        {"pods": (waiting(nominated_node="n1"),)},
        {"pods": (waiting(),), "k8s_events": (scale,)},
    ):
        (found,), _ = judge(nodes=NODES, **facts)
        assert found.severity == "low"


def test_events_alone_name_waiting_pods() -> None:
    (found,), _ = judge(k8s_events=(said(first_time=OLD, last_time=NOW),))
    assert (found.severity, found.confidence, found.subject.name) == ("medium", "certain", "p")
    (unsure,), _ = judge(k8s_events=(said(),))
    assert (unsure.severity, unsure.confidence) == ("low", "possible")


def test_events_about_other_things_and_placed_pods_are_silent() -> None:
    taint = said("0/1 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }.")
    assert judge(k8s_events=(taint,))[1].subjects == 1  # the cluster: its pods were not read
    placed = said("Successfully assigned", reason="Scheduled", type="Normal", last_time=NOW)
    assert judge(k8s_events=(placed, said(last_time=OLD)))[1].clean == 0


def test_a_gang_that_became_ready_is_silent() -> None:
    gang = {"kind": None, "namespace": None, "name": None, "component": "volcano"}
    wait = said(
        "0/3 tasks in gang unschedulable: pod group is not ready, 3 Insufficient nvidia.com/gpu",
        reason="Unschedulable",
        age_seconds=17.0,
        **gang,
    )
    ready = said("pod group is ready", reason="Scheduled", age_seconds=12.0, **gang)
    assert judge(k8s_events=(wait, ready))[0] == ()
    assert len(judge(k8s_events=(wait,))[0]) == 1


def test_not_assessed_without_pods_or_times() -> None:
    assert judge()[1].not_assessed == 1
    assert judge(pods=(waiting(None),))[1].not_assessed == 1
