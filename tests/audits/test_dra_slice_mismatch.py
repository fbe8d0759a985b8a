from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.dra import Device, ResourceSlice
from tests.audits.judged import gpu_node, judge

CODE = "dra-slice-mismatch"


def piece(count: int, slices: int | None = 1, generation: int = 1) -> ResourceSlice:
    devices = tuple(Device(name=f"gpu-{index}", attributes={"type": "gpu"}) for index in range(count))
    return ResourceSlice(
        driver="gpu.nvidia.com", node_name="gpu-1", pool="gpu-1", pool_generation=generation, pool_slice_count=slices, devices=devices
    )


def test_fires_for_an_incomplete_pool() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(capacity={}, allocatable={}),), resource_slices=(piece(4, slices=2),))
    assert finding.severity is Severity.HIGH
    assert finding.gpus == 4


def test_fires_when_the_device_plugin_counts_otherwise() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(),), resource_slices=(piece(7),))
    assert finding.severity is Severity.MEDIUM
    assert finding.gpus == 1


def test_stays_silent_when_complete_equal_or_served_by_dra_alone() -> None:
    void = piece(2, slices=5, generation=1)
    findings, outcome = judge(CODE, nodes=(gpu_node(),), resource_slices=(void, piece(8, generation=2)))
    assert not findings
    assert outcome.clean == 1
    findings, _ = judge(CODE, nodes=(gpu_node(capacity={}, allocatable={}),), resource_slices=(piece(8, slices=None),))
    assert not findings


def test_is_not_assessed_without_slices() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(),), unknown={"resource_slices": "forbidden"})
    assert outcome.not_assessed == 1
