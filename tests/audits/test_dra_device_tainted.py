from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.dra import Device, DeviceTaintRule, ResourceSlice
from gpuctl.model.nodes import Taint
from tests.audits.judged import judge

CODE = "dra-device-tainted"
SICK = Taint(key="gpu.nvidia.com/unhealthy", effect="NoExecute")


def pieces(*devices: Device) -> tuple[ResourceSlice, ...]:
    return (ResourceSlice(driver="gpu.nvidia.com", node_name="gpu-1", pool="gpu-1", pool_generation=1, devices=devices),)


def test_fires_for_a_taint_of_the_driver() -> None:
    (finding,), _ = judge(CODE, resource_slices=pieces(Device(name="gpu-0", taints=(SICK,)), Device(name="gpu-1")))
    assert finding.severity is Severity.HIGH
    assert finding.gpus == 1


def test_fires_for_a_rule_and_names_it() -> None:
    rule = DeviceTaintRule(name="broken", driver="gpu.nvidia.com", device="gpu-1", taint=Taint(key="a", effect="NoSchedule"))
    (finding,), _ = judge(CODE, resource_slices=pieces(Device(name="gpu-0"), Device(name="gpu-1")), device_taint_rules=(rule,))
    assert finding.severity is Severity.MEDIUM
    assert "broken" in finding.message


def test_stays_silent_without_taints_that_match() -> None:
    rule = DeviceTaintRule(name="other", driver="dra.example.com", taint=SICK)
    findings, outcome = judge(CODE, resource_slices=pieces(Device(name="gpu-0")), device_taint_rules=(rule,))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_without_slices_or_rules() -> None:
    _, outcome = judge(CODE, unknown={"resource_slices": "forbidden"})
    assert outcome.not_assessed == 1
    _, outcome = judge(CODE, resource_slices=pieces(Device(name="gpu-0")), unknown={"device_taint_rules": "forbidden"})
    assert outcome.not_assessed == 1
