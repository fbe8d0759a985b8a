from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.nodes import NodeMig
from tests.audits.judged import gpu_node, judge

CODE = "mig-config-failed"


def test_fires_for_the_state_failed() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(mig=NodeMig(config="all-1g.10gb", config_state="failed"), allocatable={}),))
    assert finding.severity is Severity.HIGH
    assert finding.gpus == 8
    assert finding.actions[0].args == {"config": "all-1g.10gb"}


def test_stays_silent_otherwise() -> None:
    findings, outcome = judge(CODE, nodes=(gpu_node(mig=NodeMig(config_state="success")), gpu_node("b")))
    assert not findings
    assert outcome.clean == 2


def test_is_not_assessed_without_labels() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(labels={}),))
    assert outcome.not_assessed == 1
