"""pod-without-controller: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Owner, Pod

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "pod-without-controller"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


def test_fires_on_a_bare_pod() -> None:
    (found,), _ = judge(pods=(Pod(namespace="a", name="p", node="n1", phase="Running", requests=GPU),))
    assert (found.severity, found.hygiene) == ("low", True)


def test_silent_on_owned_and_static_pods() -> None:
    pods = tuple(
        Pod(namespace="a", name=kind, node="n1", phase="Running", requests=GPU, owner=Owner(kind=kind, name="x"))
        for kind in ("Job", "Node")
    )
    assert judge(pods=pods)[0] == ()


def test_silent_on_reservation_pods() -> None:
    assert judge(pods=(Pod(namespace="kai-resource-reservation", name="p", phase="Running", requests=GPU),))[0] == ()


def test_not_assessed_without_pods_or_owners() -> None:
    assert judge()[1].not_assessed == 1
    assert judge(pods=(Pod(namespace="a", name="p", requests=GPU, unknown={"owner": "the kubelet does not tell it"}),))[1].not_assessed == 1
