"""What holds of every list of advice."""

from __future__ import annotations

import math
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuctl.advice.advise import advise, recoverable
from gpuctl.facts.view import View
from gpuctl.findings import ActionKind, Component, Confidence, Finding, Severity
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod
from tests.advice.fleet import node, on_node, on_pod, pod, view

NAMES = [f"gpu-{number}" for number in range(5)]
ABOUT_NODES = [kind for kind in ActionKind if kind not in {ActionKind.CHANGE_REQUEST, ActionKind.RAISE_QUOTA, ActionKind.FIX_QUEUE}]

nodes = st.lists(
    st.builds(
        node,
        st.sampled_from(NAMES),
        offered=st.sampled_from([0.0, 4.0, 8.0]),
        ready=st.sampled_from(["True", "False", "Unknown"]),
        cordoned=st.booleans(),
        pool=st.sampled_from(["a", "b"]),
    ),
    unique_by=lambda item: item.name,
    max_size=5,
)
pods = st.lists(
    st.builds(
        pod,
        st.sampled_from([f"train-{number}" for number in range(8)]),
        gpus=st.sampled_from([0.0, 1.0, 3.0, 8.0]),
        on=st.sampled_from([None, *NAMES]),
        hours=st.floats(0, 400, allow_nan=False),
        pool=st.sampled_from(["", "a", "b"]),
    ),
    unique_by=lambda item: item.name,
    max_size=8,
)
on_nodes = st.builds(
    on_node,
    st.sampled_from(NAMES),
    st.sampled_from(list(Component)),
    st.sampled_from([None, *ABOUT_NODES]),
    gpus=st.sampled_from([0.0, 0.5, 1.0, 8.0]),
    severity=st.sampled_from(list(Severity)),
    confidence=st.sampled_from(list(Confidence)),
    code=st.sampled_from(["a", "b", "c"]),
    args=st.sampled_from([None, {"resource": "nvidia.com/gpu"}]),
    hygiene=st.booleans(),
    transitional=st.sampled_from([None, "young"]),
    gpu=st.sampled_from([None, "GPU-1", "GPU-2"]),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Finding], list[Node], list[Pod]]:
    fleet, work = draw(nodes), draw(pods)
    findings = draw(st.lists(on_nodes, max_size=8))
    for item in work:
        if draw(st.booleans()):
            kind = draw(st.sampled_from([ActionKind.CHANGE_REQUEST, ActionKind.ADD_CAPACITY, ActionKind.FORCE_DELETE_POD]))
            findings.append(on_pod(item, kind, gpus=item.requests.get("nvidia.com/gpu", 0), demand=item.node is None))
    return list({finding.id: finding for finding in findings}.values()), fleet, work


def encoded(findings: list[Finding], seen: View) -> bytes:
    return msgspec.json.encode(advise(findings, seen))


@settings(max_examples=150, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_no_byte(case, shuffle):
    findings, fleet, work = case
    before = encoded(findings, view(fleet, work))
    for part in (findings, fleet, work):
        shuffle.shuffle(part)
    assert encoded(findings, view(fleet, work)) == before


@settings(max_examples=150, deadline=None)
@given(cases())
def test_every_finding_is_in_one_item_and_every_item_keeps_the_rules(case):
    findings, fleet, work = case
    items = advise(findings, view(fleet, work))
    held = Counter(id_ for item in items for id_ in item.findings)
    assert set(held.values()) <= {1}
    assert set(held) == {finding.id for finding in findings if finding.actions or finding.severity != Severity.INFO}
    assert len({item.id for item in items}) == len(items)
    severities = {finding.id: finding.severity for finding in findings}
    for place, item in enumerate(items):
        assert item.rank == place + 1
        assert set(item.symptoms) < set(item.findings)
        assert item.severity.rank == max(severities[id_].rank for id_ in item.findings)
        assert (item.wait_for is None) == (item.disposition == "now")
        assert item.steps
        assert item.rollback
        assert set(item.after) <= {other.id for other in items[:place]}
        assert all(map(math.isfinite, (item.priority, item.net_gpu_hours, item.effort_minutes, item.disruption_gpu_hours)))
        if item.severity == Severity.CRITICAL:
            assert item.disposition == "now"
        else:
            assert (item.disposition == "now") == (item.net_gpu_hours > 0)
    parts = [(item.severity != Severity.CRITICAL, item.disposition == "wait") for item in items]
    assert parts == sorted(parts)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_what_can_be_recovered_is_bounded(case):
    findings, fleet, work = case
    seen = view(fleet, work)
    known = [finding for finding in findings if set(finding.nodes) <= {item.name for item in fleet}]
    items = advise(known, seen)
    total = recoverable(items, seen)
    assert total <= 8 * len(fleet) + 1e-9
    assert total >= max((item.gain.gpus for item in items), default=0) - 1e-9


@settings(max_examples=50, deadline=None)
@given(cases(), st.floats(0, 1000, allow_nan=False))
def test_the_same_faults_have_the_same_ids_tomorrow(case, hours):
    findings, fleet, work = case
    today = {item.id for item in advise(findings, view(fleet, work))}
    later = view(fleet, [pod("other-0", gpus=1, on="gpu-0", hours=hours), *work])
    assert {item.id for item in advise(findings, later)} == today
