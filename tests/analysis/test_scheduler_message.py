"""Messages of schedulers, old and new, taken apart."""

from __future__ import annotations

import pytest

from gpuctl.analysis.scheduler_message import Reason, parse


def test_one_reason() -> None:
    verdict = parse("0/2 nodes are available: 2 Insufficient amd.com/gpu.")
    assert (verdict.nodes, verdict.reasons) == (2, (Reason(2, "Insufficient amd.com/gpu", "resource", "amd.com/gpu"),))


def test_named_taint_and_resource_with_preemption_tail() -> None:
    verdict = parse(
        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
        "2 Insufficient nvidia.com/gpu. "
        "preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod."
    )
    assert [(item.count, item.kind, item.detail) for item in verdict.reasons] == [
        (2, "resource", "nvidia.com/gpu"),
        (1, "taint", "node-role.kubernetes.io/control-plane"),
    ]


@pytest.mark.parametrize(
    "tail",
    [
        " preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
        " no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
        " still not schedulable, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
        "",
    ],
)
@pytest.mark.parametrize(("text", "kind"), [("node(s) had untolerated taint(s)", "taint"), ("cannot allocate all claims", "claim")])
def test_unnamed_taints_and_claims(text: str, kind: str, tail: str) -> None:
    verdict = parse(f"0/4 nodes are available: 4 {text}.{tail}")
    assert [(item.count, item.text, item.kind, item.detail) for item in verdict.reasons] == [(4, text, kind, "")]


def test_old_taint_with_a_comma_inside() -> None:
    verdict = parse(
        "0/5 nodes are available: 2 Insufficient nvidia.com/gpu, "
        "3 node(s) had taint {node.kubernetes.io/not-ready: }, that the pod didn't tolerate."
    )
    assert [(item.count, item.kind) for item in verdict.reasons] == [(3, "not_ready"), (2, "resource")]


def test_oldest_grammar() -> None:
    verdict = parse("No nodes are available that match all of the predicates: Insufficient nvidia.com/gpu (3), MatchNodeSelector (2).")
    assert [(item.count, item.kind, item.detail) for item in verdict.reasons] == [(3, "resource", "nvidia.com/gpu"), (2, "selector", "")]


def test_wrapped_text_folds_equal_reasons() -> None:
    verdict = parse("0/4 nodes are available: 1 node(s) were\n   unschedulable, 1 Too many pods, 2 node(s) were unschedulable.")
    assert str(verdict) == "0/4 nodes are available: 3 node(s) were unschedulable, 1 Too many pods."


def test_reason_without_count() -> None:
    verdict = parse("0/3 nodes are available: request gpu: device class gpu.example.com does not exist. no new claims to deallocate")
    assert [(item.count, item.kind) for item in verdict.reasons] == [(None, "claim")]


def test_volcano_gang() -> None:
    verdict = parse("0/3 tasks in gang unschedulable: pod group is not ready, 3 Binding, 3 minAvailable")
    assert [item.kind for item in verdict.reasons] == ["gang"]


@pytest.mark.parametrize(
    "text", ["", " ", "0/0 nodes are available", "{" * 5000, "1 " * 5000, "0/1 nodes are available: " + ", 1 x" * 5000]
)
def test_any_text_is_taken(text: str) -> None:
    parse(text)


def test_parsing_what_was_printed_changes_nothing() -> None:
    text = (
        "0/9 nodes are available: 3 Insufficient cpu, 4 Insufficient nvidia.com/gpu, 2 node(s) didn't match Pod's node affinity/selector."
    )
    verdict = parse(text)
    assert parse(str(verdict)) == verdict
