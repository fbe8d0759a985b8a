from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.nodes import Driver, GpuLabels, Node
from gpuctl.model.stack import NvidiaDriver
from tests.audits.judged import gpu_node, judge

CODE = "pool-driver-mix"


def with_driver(name: str, version: str | None, **facts: object) -> Node:
    return gpu_node(name, pool="train", driver=Driver(version=version), **facts)


def test_fires_for_two_versions_and_names_the_fewer() -> None:
    (finding,), _ = judge(CODE, nodes=(with_driver("a", "580.105.08"), with_driver("b", "580.105.08"), with_driver("c", "570.133.20")))
    assert finding.severity is Severity.MEDIUM
    assert finding.nodes == ("c",)
    assert finding.actions[0].args == {"fact": "driver", "value": "580.105.08"}


def test_a_declared_version_is_a_fact() -> None:
    declared = tuple(
        NvidiaDriver(name=zone, version=version, node_selector={"zone": zone})
        for zone, version in (("x", "580.105.08"), ("y", "570.133.20"))
    )
    nodes = (with_driver("a", "580.105.08", labels={"zone": "x"}), with_driver("b", "570.133.20", labels={"zone": "y"}))
    (finding,), _ = judge(CODE, nodes=nodes, nvidia_drivers=declared)
    assert finding.severity is Severity.INFO


def test_an_upgrade_under_way_is_low() -> None:
    changing = GpuLabels(present=True, driver_upgrade_state="drain-required")
    (finding,), _ = judge(CODE, nodes=(with_driver("a", "580.105.08"), with_driver("b", "570.133.20", accelerators=changing)))
    assert finding.severity is Severity.LOW


def test_stays_silent_for_one_version_in_two_spellings() -> None:
    findings, outcome = judge(CODE, nodes=(with_driver("a", "580.105.08"), with_driver("b", "580.105.8")))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_while_a_version_is_unknown() -> None:
    _, outcome = judge(CODE, nodes=(with_driver("a", "580.105.08"), with_driver("b", None)))
    assert outcome.not_assessed == 1
