from __future__ import annotations

import pytest

from gpuctl.findings import Severity
from gpuctl.model.nodes import Condition
from tests.audits.judged import gpu_node, judge

CODE = "gpu-node-condition-fault"


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        ("AcceleratedHardwareReady", "False"),
        ("GpuMemWatch", "True"),
        ("SysLogsXIDError", "True"),
        ("GPUMissing", "True"),
        ("GpuEcc", "True"),
    ],
)
def test_knows_both_polarities(condition: str, fault: str) -> None:
    healthy = "True" if fault == "False" else "False"
    (finding,), _ = judge(CODE, nodes=(gpu_node(conditions=(Condition(type=condition, status=fault),)),))
    assert finding.severity is Severity.HIGH
    findings, _ = judge(CODE, nodes=(gpu_node(conditions=(Condition(type=condition, status=healthy),)),))
    assert not findings


def test_a_fault_of_another_part_is_medium() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(conditions=(Condition(type="KernelDeadlock", status="True"),)),))
    assert finding.severity is Severity.MEDIUM


def test_stays_silent_for_undocumented_types() -> None:
    findings, outcome = judge(CODE, nodes=(gpu_node(conditions=(Condition(type="EtcdIsVoter", status="True"),)),))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_when_the_agent_does_not_know() -> None:
    _, outcome = judge(
        CODE, nodes=(gpu_node(conditions=(Condition(type="GpuMemWatch", status="Unknown"),)), gpu_node("b", conditions=None))
    )
    assert outcome.not_assessed == 2
