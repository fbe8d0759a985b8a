from __future__ import annotations

from gpuctl.findings import Component, Severity
from gpuctl.model.nodes import Condition
from gpuctl.model.workloads import Container, Workload
from tests.audits.judged import ago, gpu_node, judge, stack_pod

CODE = "gpu-operator-pod-failing"
CRASHING = (Container(name="main", state="waiting", reason="CrashLoopBackOff", restarts=9, ready=False),)
BARE = {"capacity": {"nvidia.com/gpu": 8}, "allocatable": {"nvidia.com/gpu": 0}}


def test_is_high_when_the_node_offers_nothing_for_it() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(**BARE),), pods=(stack_pod("nvidia-device-plugin-daemonset", containers=CRASHING),))
    assert finding.severity is Severity.HIGH
    assert finding.component is Component.DEVICE_PLUGIN
    assert finding.gpus == 8


def test_is_medium_while_devices_are_given_out_and_low_for_monitoring() -> None:
    pods = (stack_pod("nvidia-container-toolkit-daemonset", containers=CRASHING), stack_pod("nvidia-dcgm-exporter", containers=CRASHING))
    findings, _ = judge(CODE, nodes=(gpu_node(),), pods=pods)
    assert sorted(finding.severity for finding in findings) == [Severity.LOW, Severity.MEDIUM]


def test_a_pod_that_waits_for_long_is_told_when_none_fails() -> None:
    waiting = stack_pod(
        "nvidia-operator-validator", phase="Pending", conditions=(Condition(type="Ready", status="False", since=ago(hours=2)),)
    )
    (finding,), _ = judge(CODE, nodes=(gpu_node(),), pods=(waiting,))
    assert "not ready" in finding.message


def test_a_rolling_update_is_low() -> None:
    rolling = Workload(kind="DaemonSet", namespace="gpu-operator", name="nvidia-driver-daemonset", desired=4, updated=1)
    pods = (stack_pod("nvidia-driver-daemonset", containers=CRASHING),)
    (finding,), _ = judge(CODE, nodes=(gpu_node(**BARE),), pods=pods, workloads=(rolling,))
    assert finding.severity is Severity.LOW


def test_an_update_that_hangs_is_no_excuse() -> None:
    rolling = Workload(kind="DaemonSet", namespace="gpu-operator", name="nvidia-driver-daemonset", desired=4, updated=1)
    unready = [Condition(type="Ready", status="False", since=ago(minutes=minutes)) for minutes in (5, 90)]
    pods = [stack_pod("nvidia-driver-daemonset", containers=CRASHING, conditions=(condition,)) for condition in unready]
    severities = [judge(CODE, nodes=(gpu_node(**BARE),), pods=(pod,), workloads=(rolling,))[0][0].severity for pod in pods]
    assert severities == [Severity.LOW, Severity.HIGH]


def test_stays_silent_when_all_run() -> None:
    findings, outcome = judge(CODE, nodes=(gpu_node(),), pods=(stack_pod("nvidia-driver-daemonset"),))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_without_pods() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(),), unknown={"pods": "forbidden"})
    assert outcome.not_assessed == 1
