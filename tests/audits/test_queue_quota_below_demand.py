"""queue-quota-below-demand: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Queue, QueueQuota, Workload

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "queue-quota-below-demand"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


def queue(name: str = "cq", nominal: float | None = 10.0, **more: Any) -> Queue:
    quotas = () if nominal is None else (QueueQuota(resource="nvidia.com/gpu", flavor="f", nominal=nominal),)
    return Queue(kind="ClusterQueue", name=name, quotas=quotas, **more)


LOCAL = Queue(kind="LocalQueue", namespace="a", name="lq", parent="cq")


def job(gpus: float, name: str = "train") -> Workload:
    return Workload(kind="Job", namespace="a", name=name, queue="lq", suspended=True, total_requests={"nvidia.com/gpu": gpus})


def test_fires_on_a_job_larger_than_the_quota() -> None:
    (found,), outcome = judge(queues=(queue(), LOCAL), workloads=(job(16),))
    assert (found.subject.name, found.gpus, outcome.clean) == ("cq", 16, 1)


def test_fires_without_any_quota_for_the_resource() -> None:
    (found,), _ = judge(queues=(queue(nominal=None), LOCAL), workloads=(job(1),))
    assert "no quota for nvidia.com/gpu" in found.message


def test_silent_when_jobs_fit_in_turn_or_by_borrowing() -> None:
    assert judge(queues=(queue(), LOCAL), workloads=(job(6), job(6, "other")))[0] == ()
    lender = queue("lender", 8.0, cohort="all")
    assert judge(queues=(queue(cohort="all"), lender, LOCAL), workloads=(job(16),))[0] == ()


def test_not_assessed_without_queues_or_workloads() -> None:
    assert judge()[1].not_assessed == 1
    assert judge(queues=(queue(),))[1].not_assessed == 1
