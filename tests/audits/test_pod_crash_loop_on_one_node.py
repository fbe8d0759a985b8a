"""pod-crash-loop-on-one-node: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Container, Owner, Pod

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}
OLD = NOW - timedelta(hours=3)


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "pod-crash-loop-on-one-node"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


NODES = tuple(
    Node(name=name, capacity={"nvidia.com/gpu": 8}, allocatable={"nvidia.com/gpu": 8}, taints=(), created=OLD)
    for name in ("n1", "n2", "n3")
)


def pod(name: str, node: str, *, crashing: bool = False, restarts: int = 0, last: datetime | None = None) -> Pod:
    state = (
        Container(name="c", state="waiting", reason="CrashLoopBackOff", restarts=9, last_reason="Error")
        if crashing
        else Container(name="c", state="running", restarts=restarts, last_finished=last)
    )
    return Pod(
        namespace="a",
        name=name,
        node=node,
        phase="Running",
        requests=GPU,
        owner=Owner(kind="Job", name="train"),
        containers=(state,),
        created=OLD,
    )


def test_fires_on_the_node_where_siblings_crash() -> None:
    (found,), outcome = judge(nodes=NODES, pods=(pod("p1", "n1", crashing=True), pod("p2", "n2"), pod("p3", "n3")))
    assert (found.subject.name, found.severity, found.gpus, outcome.clean) == ("n1", "high", 1, 2)


def test_silent_when_it_crashes_everywhere_or_alone() -> None:
    assert judge(nodes=NODES, pods=(pod("p1", "n1", crashing=True), pod("p2", "n2", crashing=True), pod("p3", "n3")))[0] == ()
    assert judge(nodes=NODES, pods=(pod("p1", "n1", crashing=True),))[0] == ()


def test_old_restarts_are_no_crash_loop() -> None:
    pods = (pod("p1", "n1", restarts=50, last=NOW - timedelta(days=9)), pod("p2", "n2"), pod("p3", "n3"))
    assert judge(nodes=NODES, pods=pods)[0] == ()
    assert len(judge(nodes=NODES, pods=(pod("p1", "n1", restarts=50, last=NOW - timedelta(minutes=9)), *pods[1:]))[0]) == 1


def test_not_assessed_without_pods() -> None:
    assert judge(nodes=NODES)[1].not_assessed == 3
    assert judge()[1].not_assessed == 1
