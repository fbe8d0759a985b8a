from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.nodes import Cuda, Driver, Node
from tests.audits.judged import gpu_node, judge

CODE = "pool-cuda-mix"


def with_cuda(name: str, driver: str, cuda: str | None) -> Node:
    return gpu_node(name, pool="train", driver=Driver(version=driver), cuda=Cuda(driver_max=cuda))


def test_fires_for_two_versions_under_one_driver() -> None:
    (finding,), _ = judge(CODE, nodes=(with_cuda("a", "580.82.07", "13.0"), with_cuda("b", "580.82.07", "13.1")))
    assert finding.severity is Severity.LOW


def test_stays_silent_when_drivers_explain_it() -> None:
    findings, outcome = judge(CODE, nodes=(with_cuda("a", "580.82.07", "13.0"), with_cuda("b", "570.133.20", "12.8")))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_without_versions() -> None:
    _, outcome = judge(CODE, nodes=(with_cuda("a", "580.82.07", None),))
    assert outcome.not_assessed == 1
