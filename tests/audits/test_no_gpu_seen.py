from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.nodes import Node
from tests.audits.judged import judge

CODE = "no-gpu-seen"


def test_says_that_nothing_follows() -> None:
    (finding,), _ = judge(CODE, nodes=(Node(name="a", gpu_count=0, kernel_modules=("nvidia",)),))
    assert finding.severity is Severity.INFO
    assert "nothing can be said" in finding.message


def test_stays_silent_for_a_count() -> None:
    findings, outcome = judge(CODE, nodes=(Node(name="a", gpu_count=4), Node(name="b")))
    assert not findings
    assert outcome.clean == outcome.subjects == 1


def test_is_not_assessed_without_nodes() -> None:
    _, outcome = judge(CODE, unknown={"nodes": "forbidden"})
    assert outcome.not_assessed == 1
