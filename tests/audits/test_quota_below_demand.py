"""quota-below-demand: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.events import K8sEvent
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Quota, Workload

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD = NOW - timedelta(hours=3)


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "quota-below-demand"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


KEY = "requests.nvidia.com/gpu"
QUOTA = Quota(namespace="a", name="gpus", hard={KEY: 8.0}, used={KEY: 8.0})
TEXT = f'Error creating: pods "train-x" is forbidden: exceeded quota: gpus, requested: {KEY}=4, used: {KEY}=8, limited: {KEY}=8'


def refused(at: datetime) -> K8sEvent:
    return K8sEvent(kind="Job", namespace="a", name="train", type="Warning", reason="FailedCreate", message=TEXT, last_time=at)


def test_fires_on_failed_create() -> None:
    (found,), _ = judge(quotas=(QUOTA,), k8s_events=(refused(NOW),))
    assert (found.subject.kind, found.gpus, found.demand, found.confidence) == ("queue", 4, True, "certain")
    assert found.actions[0].args["quantity"] == "12"


def test_fires_on_a_controller_that_lacks_pods() -> None:
    job = Workload(kind="Job", namespace="a", name="train", desired=2, current=0, requests={"nvidia.com/gpu": 4.0})
    (found,), _ = judge(quotas=(QUOTA,), workloads=(job,), k8s_events=())
    assert (found.gpus, found.confidence) == (8, "likely")


def test_silent_when_full_and_nobody_asks() -> None:
    assert judge(quotas=(QUOTA,), k8s_events=(refused(OLD),))[0] == ()
    queued = Workload(kind="Job", namespace="a", name="t", desired=2, current=0, suspended=True, requests={"nvidia.com/gpu": 4.0})
    assert judge(quotas=(QUOTA,), workloads=(queued,), k8s_events=())[0] == ()


def test_not_assessed_without_quotas_or_events() -> None:
    assert judge()[1].not_assessed == 1
    assert judge(quotas=(QUOTA,))[1].not_assessed == 1
