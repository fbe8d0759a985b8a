from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.nodes import GpuLabels
from tests.audits.judged import gpu_node, judge

CODE = "driver-upgrade-failed"


def test_fires_for_a_failed_upgrade() -> None:
    labels = GpuLabels(physical=8, present=True, driver_upgrade_state="upgrade-failed")
    (finding,), _ = judge(CODE, nodes=(gpu_node(cordoned=True, accelerators=labels),))
    assert finding.severity is Severity.HIGH
    assert finding.gpus == 8


def test_stays_silent_for_steps_under_way_and_done() -> None:
    nodes = tuple(
        gpu_node(state, accelerators=GpuLabels(present=True, driver_upgrade_state=state)) for state in ("upgrade-done", "drain-required")
    )
    findings, outcome = judge(CODE, nodes=nodes)
    assert not findings
    assert outcome.clean == 2


def test_is_not_assessed_without_labels() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(accelerators=None, labels={}),))
    assert outcome.not_assessed == 1
