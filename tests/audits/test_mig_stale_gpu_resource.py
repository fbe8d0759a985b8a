from __future__ import annotations

from gpuctl.findings import Severity
from tests.audits.judged import gpu_node, judge

CODE = "mig-stale-gpu-resource"


def test_fires_for_whole_gpus_left_beside_slices() -> None:
    node = gpu_node(
        capacity={"nvidia.com/gpu": 8, "nvidia.com/mig-1g.10gb": 56}, allocatable={"nvidia.com/gpu": 0, "nvidia.com/mig-1g.10gb": 56}
    )
    (finding,), _ = judge(CODE, nodes=(node,))
    assert finding.severity is Severity.LOW
    assert finding.hygiene
    findings, _ = judge("gpu-allocatable-below-capacity", nodes=(node,))
    assert not findings


def test_stays_silent_for_cards_without_mig_beside_cut_ones() -> None:
    node = gpu_node(
        capacity={"nvidia.com/gpu": 4, "nvidia.com/mig-1g.10gb": 28}, allocatable={"nvidia.com/gpu": 0, "nvidia.com/mig-1g.10gb": 28}
    )
    findings, outcome = judge(CODE, nodes=(node, gpu_node("b")))
    assert not findings
    assert outcome.clean == 2


def test_is_not_assessed_without_status() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(allocatable=None),))
    assert outcome.not_assessed == 1
