"""pod-stuck-creating: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.events import K8sEvent
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Container, Pod

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}
OLD = NOW - timedelta(hours=3)


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "pod-stuck-creating"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


def creating(started: datetime | None, state: str = "ContainerCreating") -> Pod:
    main = Container(name="main", state="waiting", reason=state)
    return Pod(namespace="a", name="p", node="n1", phase="Pending", requests=GPU, created=started, containers=(main,))


def test_fires_with_the_reason_from_events() -> None:
    event = K8sEvent(kind="Pod", namespace="a", name="p", type="Warning", reason="FailedMount", message="no such secret")
    (found,), _ = judge(pods=(creating(OLD),), k8s_events=(event,))
    assert "FailedMount: no such secret" in found.message
    assert found.gpus == 1


def test_an_image_is_the_tenants() -> None:
    (found,), _ = judge(pods=(creating(OLD, "ImagePullBackOff"),))
    assert found.actions[0].kind == "change-request"


def test_silent_while_young_or_once_begun() -> None:
    assert judge(pods=(creating(NOW - timedelta(minutes=5)),))[0] == ()
    begun = Container(name="init", state="running", init=True)
    assert judge(pods=(Pod(namespace="a", name="p", node="n1", phase="Pending", requests=GPU, created=OLD, containers=(begun,)),))[0] == ()


def test_not_assessed_without_pods_or_times() -> None:
    assert judge()[1].not_assessed == 1
    assert judge(pods=(creating(None),))[1].not_assessed == 1
