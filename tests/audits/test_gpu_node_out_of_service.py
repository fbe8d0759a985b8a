from __future__ import annotations

from gpuctl.findings import ActionKind, Severity
from gpuctl.model.nodes import Taint
from gpuctl.model.workloads import Placement, Toleration
from tests.audits.judged import ago, gpu_node, gpu_pod, judge

CODE = "gpu-node-out-of-service"
CORDON = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule", time_added=ago(days=3))


def test_fires_for_a_cordoned_node_with_idle_gpus() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(cordoned=True, taints=(CORDON,)),), pods=(gpu_pod(gpus=2),))
    assert finding.severity is Severity.MEDIUM
    assert finding.gpus == 6
    assert "3d" in finding.message
    assert finding.actions[0].kind is ActionKind.RETURN_NODE


def test_is_low_for_a_short_while_and_medium_when_nobody_knows() -> None:
    young = Taint(key="maintenance", value="yes", effect="NoSchedule", time_added=ago(minutes=5))
    (short,), _ = judge(CODE, nodes=(gpu_node(taints=(young,)),), pods=())
    assert short.severity is Severity.LOW
    assert short.actions[0].args == {"taint": "maintenance=yes:NoSchedule"}
    (unknown,), _ = judge(CODE, nodes=(gpu_node(cordoned=True),), pods=())
    assert unknown.severity is Severity.MEDIUM
    assert "not known" in unknown.message


def test_is_low_when_the_autoscaler_removes_the_node() -> None:
    going = Taint(key="ToBeDeletedByClusterAutoscaler", effect="NoSchedule")
    (finding,), _ = judge(CODE, nodes=(gpu_node(taints=(going,)),), pods=())
    assert finding.severity is Severity.LOW


def test_stays_silent_for_pool_taints_tolerated_taints_and_busy_nodes() -> None:
    own = Taint(key="nvidia.com/gpu", value="present", effect="NoSchedule")
    team = Taint(key="team", value="a", effect="NoSchedule")
    tolerating = Placement(tolerations=(Toleration(key="team", value="a"),))
    nodes = (gpu_node("a", taints=(own,)), gpu_node("b", taints=(team,)), gpu_node("c", cordoned=True))
    pods = (gpu_pod(node="b", placement=tolerating), gpu_pod("big", node="c", gpus=8))
    findings, outcome = judge(CODE, nodes=nodes, pods=pods)
    assert not findings
    assert outcome.clean == 3


def test_is_not_assessed_without_pods() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(cordoned=True),), unknown={"pods": "forbidden"})
    assert outcome.not_assessed == 1
