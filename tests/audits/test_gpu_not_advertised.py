from __future__ import annotations

from gpuctl.findings import ActionKind, Component, Severity
from gpuctl.model.dra import Device, ResourceSlice
from gpuctl.model.workloads import Container
from tests.audits.judged import ago, gpu_node, judge, stack_pod

CODE = "gpu-not-advertised"
BARE = {"capacity": {}, "allocatable": {}}
CRASHING = (Container(name="driver", state="waiting", reason="CrashLoopBackOff", restarts=9, ready=False, last_exit_code=1),)


def test_names_the_first_broken_link() -> None:
    pods = (stack_pod("nvidia-driver-daemonset", containers=CRASHING), stack_pod("nvidia-device-plugin-daemonset", containers=CRASHING))
    (finding,), _ = judge(CODE, nodes=(gpu_node(**BARE),), pods=pods, resource_slices=())
    assert finding.component is Component.DRIVER
    assert finding.actions[0].kind is ActionKind.REPAIR_DRIVER
    assert finding.severity is Severity.HIGH
    assert finding.gpus == 8


def test_names_a_pod_that_its_label_wants_and_that_is_missing() -> None:
    labels = {"nvidia.com/gpu.deploy.container-toolkit": "true"}
    pods = (stack_pod("nvidia-driver-daemonset"),)
    (finding,), _ = judge(CODE, nodes=(gpu_node(labels=labels, **BARE),), pods=pods, resource_slices=())
    assert finding.component is Component.TOOLKIT


def test_still_fires_with_an_unknown_link_when_pods_are_unknown() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(**BARE),), unknown={"pods": "forbidden"})
    assert "unknown" in finding.message


def test_is_low_on_a_young_node() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(created=ago(minutes=1), **BARE),), pods=())
    assert finding.severity is Severity.LOW


def test_stays_silent_where_gpus_are_offered_by_dra_to_machines_or_switched_off() -> None:
    by_dra = ResourceSlice(driver="gpu.nvidia.com", node_name="dra", pool="dra", devices=(Device(name="gpu-0"),))
    nodes = (
        gpu_node(),
        gpu_node("dra", **BARE),
        gpu_node("vm", labels={"nvidia.com/gpu.workload.config": "vm-passthrough"}, **BARE),
        gpu_node("off", labels={"nvidia.com/gpu.deploy.operands": "false"}, **BARE),
    )
    findings, outcome = judge(CODE, nodes=nodes, pods=(), resource_slices=(by_dra,))
    assert not findings
    assert outcome.clean == 4


def test_is_not_assessed_without_status() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(capacity=None, allocatable=None),), pods=())
    assert outcome.not_assessed == 1


def test_names_feature_discovery_where_the_labels_went_with_it() -> None:
    unlabelled = {"capacity": {"nvidia.com/gpu": 0.0}, "allocatable": {"nvidia.com/gpu": 0.0}, "labels": {}, "accelerators": None}
    crashing = (Container(name="worker", state="waiting", reason="CrashLoopBackOff", restarts=9, ready=False, last_exit_code=1),)
    pods = (stack_pod("gpu-operator-node-feature-discovery-worker", containers=crashing),)
    (finding,), _ = judge(CODE, nodes=(gpu_node(**unlabelled),), pods=pods, resource_slices=())
    assert finding.actions[0].kind is ActionKind.REPAIR_DISCOVERY
    assert "nvidia.com/gpu 0 in capacity" in finding.evidence[0].observed
    assert judge(CODE, nodes=(gpu_node(**unlabelled),), pods=(), resource_slices=())[0] == ()
