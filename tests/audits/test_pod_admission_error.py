"""pod-admission-error: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.events import K8sEvent
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Owner, Pod

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}
OLD = NOW - timedelta(hours=3)


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "pod-admission-error"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


MESSAGE = (
    "Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 1, Available: 0, which is unexpected"
)


def refused(name: str, **more: Any) -> Pod:
    return Pod(
        namespace="a",
        name=name,
        node="n1",
        phase="Failed",
        reason="UnexpectedAdmissionError",
        message=MESSAGE,
        requests=GPU,
        created=OLD,
        **more,
    )


def test_fires_on_a_refused_pod() -> None:
    (found,), _ = judge(pods=(refused("p"),))
    assert found.severity == "medium"
    assert found.gpus == 1
    assert found.nodes == ("n1",)
    assert "nvidia.com/gpu 1 requested, 0 available" in found.message


def test_a_replaced_pod_is_low() -> None:
    owner = Owner(kind="ReplicaSet", name="web")
    new = Pod(namespace="a", name="new", node="n2", phase="Running", requests=GPU, owner=owner, created=NOW)
    (found,), outcome = judge(pods=(refused("old", owner=owner), new))
    assert (found.severity, found.gpus, found.subject.name, outcome.clean) == ("low", 0, "old", 1)


def test_fires_on_an_event_alone() -> None:
    event = K8sEvent(kind="Pod", namespace="a", name="p", type="Warning", reason="UnexpectedAdmissionError", message=MESSAGE)
    (found,), _ = judge(k8s_events=(event,))
    assert (found.subject.name, found.confidence, found.gpus) == ("p", "likely", 1)


def test_silent_on_other_failures() -> None:
    found, outcome = judge(pods=(Pod(namespace="a", name="p", phase="Failed", reason="Evicted", requests=GPU),))
    assert (found, outcome.clean) == ((), 1)


def test_not_assessed_without_pods_and_events() -> None:
    assert judge()[1].not_assessed == 1
