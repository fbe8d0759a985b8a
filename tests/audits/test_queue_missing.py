"""queue-missing: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Queue, Workload

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "queue-missing"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


CLUSTER = Queue(kind="ClusterQueue", name="cq", active=True)
LOCAL = Queue(kind="LocalQueue", namespace="a", name="lq", parent="cq")


def job(namespace: str = "a", queue: str | None = "lq") -> Workload:
    return Workload(kind="Job", namespace=namespace, name="train", queue=queue, suspended=True, total_requests={"nvidia.com/gpu": 4.0})


def test_fires_on_the_wrong_namespace() -> None:
    (found,), _ = judge(queues=(CLUSTER, LOCAL), workloads=(job("b"),))
    assert (found.subject.name, found.gpus, found.severity) == ("train", 4, "medium")
    assert "a queue of that name is in a" in found.message


def test_fires_on_a_missing_or_stopped_cluster_queue() -> None:
    (found,), _ = judge(queues=(LOCAL,))
    assert found.subject.kind == "queue"
    (stopped,), _ = judge(queues=(Queue(kind="ClusterQueue", name="cq", stop_policy="Hold"), LOCAL))
    assert "stopPolicy Hold" in stopped.message


def test_silent_when_all_lead_somewhere() -> None:
    found, outcome = judge(queues=(CLUSTER, LOCAL), workloads=(job(), job(queue=None)))
    assert (found, outcome.clean) == ((), 2)


def test_not_assessed_without_queues() -> None:
    assert judge(workloads=(job(),))[1].not_assessed == 1
    assert judge(queues=(), workloads=(job(),), unknown={"queues": "forbidden"})[1].not_assessed == 2  # the job, and what else may wait
