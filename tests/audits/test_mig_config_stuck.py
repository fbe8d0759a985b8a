from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.nodes import NodeMig
from tests.audits.judged import ago, gpu_node, judge

CODE = "mig-config-stuck"


def test_fires_when_pending_for_long() -> None:
    node = gpu_node(mig=NodeMig(config="all-1g.10gb", config_state="pending", config_time=ago(minutes=45)))
    (finding,), _ = judge(CODE, nodes=(node,))
    assert finding.severity is Severity.HIGH
    assert "45m" in finding.message


def test_stays_silent_for_a_short_while_and_on_a_young_node() -> None:
    nodes = (
        gpu_node("a", mig=NodeMig(config_state="rebooting", config_time=ago(minutes=5))),
        gpu_node("b", mig=NodeMig(config_state="pending"), created=ago(minutes=5)),
        gpu_node("c", mig=NodeMig(config_state="success", config_time=ago(days=5))),
    )
    findings, outcome = judge(CODE, nodes=nodes)
    assert not findings
    assert outcome.clean == 3


def test_is_not_assessed_when_the_start_is_unknown() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(mig=NodeMig(config_state="pending")),))
    assert outcome.not_assessed == 1
