from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.nodes import Condition
from tests.audits.judged import ago, gpu_node, gpu_pod, judge

CODE = "gpu-node-not-ready"
LOST = (Condition(type="Ready", status="Unknown", reason="NodeStatusUnknown", since=ago(hours=1)),)


def test_is_critical_when_a_lost_node_holds_gpu_pods() -> None:
    node = gpu_node(ready="Unknown", conditions=LOST, heartbeat=ago(hours=1))
    (finding,), _ = judge(CODE, nodes=(node,), pods=(gpu_pod(),))
    assert finding.severity is Severity.CRITICAL
    assert any("heartbeat 1h" in item.observed for item in finding.evidence)


def test_still_fires_when_pods_are_unknown() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(ready="False"),), unknown={"pods": "forbidden"})
    assert finding.severity is Severity.HIGH


def test_tells_pressure_apart() -> None:
    pressed = (Condition(type="Ready", status="True"), Condition(type="DiskPressure", status="True"))
    (finding,), _ = judge(CODE, nodes=(gpu_node(conditions=pressed),), pods=())
    assert finding.severity is Severity.MEDIUM
    assert finding.detail == "DiskPressure"


def test_is_low_on_a_node_that_is_being_deleted() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(ready="False", deleting_since=ago(minutes=1)),), pods=())
    assert finding.severity is Severity.LOW


def test_stays_silent_on_a_ready_node() -> None:
    findings, outcome = judge(CODE, nodes=(gpu_node(),), pods=())
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_without_conditions() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(ready=None, conditions=None),), pods=())
    assert outcome.not_assessed == 1
