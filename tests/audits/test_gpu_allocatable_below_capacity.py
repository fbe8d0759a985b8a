from __future__ import annotations

from gpuctl.findings import ActionKind, Severity
from gpuctl.model.nodes import Condition, NodeMig
from gpuctl.model.workloads import Workload
from tests.audits.judged import ago, gpu_node, judge, stack_pod

CODE = "gpu-allocatable-below-capacity"


def test_fires_for_one_unhealthy_device() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(allocatable={"nvidia.com/gpu": 7}),))
    assert finding.severity is Severity.HIGH
    assert finding.gpus == 1
    assert finding.actions[0].kind is ActionKind.RESET_GPU


def test_points_to_the_plugin_when_every_device_is_gone() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(allocatable={"nvidia.com/gpu": 0}),))
    assert finding.actions[0].kind is ActionKind.RESTART_DEVICE_PLUGIN


def test_is_low_on_a_young_node() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(allocatable={"nvidia.com/gpu": 7}, created=ago(minutes=2)),))
    assert finding.severity is Severity.LOW
    assert finding.transitional


def test_stays_silent_when_equal_and_while_mig_changes() -> None:
    changing = gpu_node("gpu-2", allocatable={}, mig=NodeMig(config_state="pending", config_time=ago(minutes=3)))
    findings, outcome = judge(CODE, nodes=(gpu_node(), changing))
    assert not findings
    assert outcome.clean == 2


def test_counts_one_card_once_where_two_resources_stand_for_it() -> None:
    amounts = {"aws.amazon.com/neuron": 16.0, "aws.amazon.com/neuroncore": 32.0}
    less = {"aws.amazon.com/neuron": 15.0, "aws.amazon.com/neuroncore": 30.0}
    findings, _ = judge(CODE, nodes=(gpu_node(capacity=amounts, allocatable=less),))
    assert len(findings) == 1


def test_is_not_assessed_without_status() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(capacity=None, allocatable=None),))
    assert outcome.not_assessed == 1


def test_is_low_while_the_device_plugin_is_updated() -> None:
    node = gpu_node(allocatable={"nvidia.com/gpu": 0})
    update = Workload(kind="DaemonSet", namespace="gpu-operator", name="nvidia-device-plugin-daemonset", desired=4, updated=3)
    starting = stack_pod(update.name, conditions=(Condition(type="Ready", status="False"),))
    severities = [
        judge(CODE, nodes=(node,), pods=(pod,), workloads=(item,))[0][0].severity
        for pod, item in ((starting, update), (stack_pod(update.name), update), (starting, Workload(kind="DaemonSet", name="other")))
    ]
    assert severities == [Severity.LOW, Severity.HIGH, Severity.HIGH]
