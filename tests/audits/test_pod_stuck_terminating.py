"""pod-stuck-terminating: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Pod

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "pod-stuck-terminating"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


def ending(minutes: int, **more: Any) -> Pod:
    return Pod(
        namespace="a",
        name="p",
        node="n1",
        phase="Running",
        requests=GPU,
        deleting_since=NOW - timedelta(minutes=minutes),
        grace_seconds=30,
        **more,
    )


def test_fires_long_after_the_grace_period() -> None:
    (found,), _ = judge(pods=(ending(60),))
    assert found.gpus == 1
    assert found.actions[0].kind == "force-delete-pod"
    assert "1h after a grace period of 30s" in found.message


def test_silent_within_grace_and_slack() -> None:
    assert judge(pods=(ending(-2),))[0] == ()
    assert judge(pods=(ending(4),))[0] == ()


def test_not_assessed_without_pods_or_clock() -> None:
    assert judge()[1].not_assessed == 1
    _, outcomes = run(View(Snapshot(pods=(ending(60),)), None), [audit for audit in audits() if audit.code == "pod-stuck-terminating"])
    assert outcomes[0].not_assessed == 1
