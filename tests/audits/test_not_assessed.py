"""Whatever could not be read: no audit crashes, and no subject that was found faulty or left open counts as clean for it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from gpuctl.audits.runner import Audit, audits, run
from gpuctl.demo import ASKED
from gpuctl.demo.sample import AS_OF
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.subject import Subject
from gpuctl.parsers.k8s_assembly import Assembly
from tests.e2e.planted import FAULTS, sound

REASON = "rights to read it are missing"
_FACTS_OF_A_NODE = (
    "capacity",
    "allocatable",
    "taints",
    "conditions",
    "accelerators",
    "mig",
    "ready",
    "cordoned",
    "created",
    "driver",
    "cuda",
)
_EMPTY_LABELS = ("accelerators", "mig", "driver", "cuda")
"""Facts read from labels: where nobody read them the labels are not known either."""


@cache
def everything() -> Snapshot:
    """One cluster with every fault planted."""
    fleet = sound(AS_OF)
    for fault in FAULTS:
        fault.plant(fleet)
    assembly = Assembly("planted")
    wanted = [obj for obj in fleet.objects() if obj["kind"] not in {"Namespace", "ReplicaSet"}]
    assembly.add_document(json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted}).encode())
    return Snapshot(taken_at=AS_OF, **{**dict.fromkeys(ASKED, ()), **assembly.finish()})


def judge(audit: Audit, snapshot: Snapshot) -> tuple[tuple[Finding, ...], Outcome]:
    """One audit on a snapshot; it must not crash, and must count every subject."""
    findings, (outcome,) = run(View(snapshot, AS_OF), [audit])
    assert not outcome.crashes
    assert outcome.subjects == outcome.found + outcome.clean + outcome.not_assessed
    return findings, outcome


@cache
def before(audit: Audit) -> tuple[frozenset[Subject], int]:
    """Subjects with a finding when everything is known, and how many are clean."""
    findings, outcome = judge(audit, everything())
    return frozenset(finding.subject for finding in findings), outcome.clean


def check(audit: Audit, snapshot: Snapshot) -> None:
    faulty, clean = before(audit)
    findings, outcome = judge(audit, snapshot)
    left = {finding.subject for finding in findings} | {subject for item in outcome.missing for subject in item.subjects}
    assert outcome.clean <= clean
    if not any(subject.kind == "cluster" for subject in left):
        assert faulty <= left


def test_the_cluster_has_every_fault_that_is_planted() -> None:
    """The tests below would prove little on a cluster without faults."""
    assert {fault.code for fault in FAULTS} == {audit.code for audit in audits() if before(audit)[0]}


@pytest.mark.parametrize("collection", ASKED)
@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_a_collection_that_nobody_could_read(audit: Audit, collection: str) -> None:
    check(audit, structs.replace(everything(), **{collection: None, "unknown": {collection: REASON}}))


@pytest.mark.parametrize("collection", [name for name in ASKED if getattr(everything(), name)])
@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_a_collection_whose_list_broke_off_at_once(audit: Audit, collection: str) -> None:
    """Nothing of it is known, and the reason says so: an empty list is not an empty cluster."""
    faulty, _ = before(audit)
    findings, outcome = judge(audit, structs.replace(everything(), **{collection: (), "unknown": {collection: REASON}}))
    left = {finding.subject for finding in findings} | {subject for item in outcome.missing for subject in item.subjects}
    known = {subject for subject in faulty if collection not in _listing(audit)}
    assert known <= left


def _listing(audit: Audit) -> frozenset[str]:
    """Collections from which an audit's subjects come: what was not listed is no subject."""
    own: dict[str, Any] = {
        "AdmittedPod": {"pods", "k8s_events"},
        "AutoscalerScope": {"autoscalers"},
        "DevicePool": {"resource_slices"},
        "EventedNode": {"nodes", "k8s_events"},
        "GpuNode": {"nodes", "resource_slices"},
        "GpuPod": {"pods"},
        "Pool": {"nodes", "resource_slices"},
        "QueueReference": {"workloads", "pods", "queues"},
        "QueueScope": {"queues"},
        "QuotaScope": {"quotas"},
        "Waiter": {"pods", "k8s_events"},
        "WaitingPod": {"pods"},
    }
    return frozenset(own.get(audit.subject_type.__name__, {"nodes"}))


@pytest.mark.parametrize("fact", _FACTS_OF_A_NODE)
@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_a_fact_that_no_node_tells(audit: Audit, fact: str) -> None:
    if fact in _EMPTY_LABELS and "pod" in audit.code:
        pytest.skip("selectors of pods are judged by labels, which a Node always tells")
    bare: dict[str, Any] = {fact: None, "unknown": {fact: REASON}} | ({"labels": {}} if fact in _EMPTY_LABELS else {})
    nodes = tuple(structs.replace(node, **bare) for node in everything().nodes or ())
    _, outcome = judge(audit, structs.replace(everything(), nodes=nodes))
    assert outcome.clean <= before(audit)[1]


@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_no_time_of_judgement(audit: Audit) -> None:
    """Ages are unknown then, and whatever needs one is left open."""
    faulty, _ = before(audit)
    findings, (outcome,) = run(View(everything(), None), [audit])
    assert not outcome.crashes
    left = {finding.subject for finding in findings} | {subject for item in outcome.missing for subject in item.subjects}
    assert faulty <= left
