"""autoscaler-wrong-way-metric: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Autoscaler

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "autoscaler-wrong-way-metric"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


def scaler(*metrics: str) -> Autoscaler:
    return Autoscaler(kind="HorizontalPodAutoscaler", namespace="a", name="cuda", max_replicas=3, metrics=metrics)


def test_fires_on_free_memory() -> None:
    (found,), _ = judge(autoscalers=(scaler("DCGM_FI_DEV_FB_FREE"),))
    assert found.actions[0].args["instead"] == "DCGM_FI_DEV_FB_USED"
    assert len(judge(autoscalers=(scaler('avg(DCGM_FI_DEV_FB_FREE{pod="x"})'),))[0]) == 1


def test_silent_on_rising_metrics_and_on_arithmetic() -> None:
    assert judge(autoscalers=(scaler("cpu", "DCGM_FI_DEV_GPU_UTIL", "100 - DCGM_FI_DEV_FB_FREE"),))[0] == ()


def test_not_assessed_without_autoscalers() -> None:
    assert judge()[1].not_assessed == 1
    assert judge(autoscalers=())[1].subjects == 0
