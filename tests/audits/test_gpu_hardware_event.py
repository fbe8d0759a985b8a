from __future__ import annotations

from gpuctl.findings import Confidence, Severity
from gpuctl.model.events import K8sEvent
from tests.audits.judged import ago, gpu_node, judge

CODE = "gpu-hardware-event"


def test_fires_for_a_node_that_only_events_name() -> None:
    event = K8sEvent(kind="Node", name="node-a", type="Warning", reason="NvidiaXID46Error", message="detected")
    (finding,), outcome = judge(CODE, k8s_events=(event,))
    assert "Xid 46" in finding.message
    assert finding.subject.name == "node-a"
    assert finding.confidence is Confidence.POSSIBLE
    assert outcome.found == 1


def test_reads_the_check_from_the_type_of_nvsentinel_events() -> None:
    event = K8sEvent(kind="Node", name="gpu-1", type="GpuThermalWatch", reason="Warning", last_time=ago(minutes=5), count=3)
    (finding,), _ = judge(CODE, nodes=(gpu_node(),), k8s_events=(event,))
    assert finding.severity is Severity.MEDIUM
    assert "3 counted" in finding.evidence[0].how


def test_stays_silent_for_old_normal_and_undocumented_events() -> None:
    old = K8sEvent(kind="Node", name="gpu-1", type="Warning", reason="NvidiaFabricError", last_time=ago(hours=3))
    normal = K8sEvent(kind="Node", name="gpu-1", type="Normal", reason="NvidiaFabricError", last_time=ago(minutes=3))
    other = K8sEvent(kind="Node", name="gpu-1", type="Warning", reason="Rebooted", last_time=ago(minutes=3))
    findings, outcome = judge(CODE, nodes=(gpu_node(),), k8s_events=(old, normal, other))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_without_events() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(),), unknown={"k8s_events": "forbidden"})
    assert outcome.not_assessed == 1
