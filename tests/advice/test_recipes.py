"""What single recipes owe the reader beside commands that run."""

from __future__ import annotations

import json
import shlex

import pytest
from msgspec import structs

from gpuctl.advice.advise import advise
from gpuctl.advice.item import Item
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Finding, Severity
from gpuctl.model.nodes import NodeMig
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Owner, Queue, QueueQuota, Quota
from tests.advice.fleet import node, on_node, pod, view

QUOTA = Subject(kind="queue", name="gpus", namespace="team")
CLUSTER_QUEUE = Subject(kind="queue", name="small")


def of_queue(target: Subject, kind: str, seen: View) -> Item:
    args = {"kind": kind, "resource": "requests.nvidia.com/gpu" if kind == "ResourceQuota" else "nvidia.com/gpu", "quantity": "12"}
    action = Action(kind=ActionKind.RAISE_QUOTA, target=target, args=args)
    finding = Finding(subject=target, severity=Severity.MEDIUM, message="m", evidence=(), gpus=4, demand=True, actions=(action,))
    (item,) = advise([finding.named("code")], seen)
    return item


def with_limits(**limits: object) -> View:
    seen = view([node("gpu-1")])
    return View(structs.replace(seen.snapshot, **limits), seen.as_of, seen.settings)


@pytest.mark.parametrize(("former", "written"), [(8.0, "8"), (1_250_000.0, "1250000")])
def test_a_quota_is_set_back_to_what_was_read(former: float, written: str) -> None:
    quota = Quota(namespace="team", name="gpus", hard={"requests.nvidia.com/gpu": former})
    (undo,) = of_queue(QUOTA, "ResourceQuota", with_limits(quotas=(quota,))).rollback
    words = shlex.split(undo.command or "")
    assert json.loads(words[words.index("-p") + 1]) == {"spec": {"hard": {"requests.nvidia.com/gpu": written}}}


def test_a_cluster_queue_names_its_former_quota_by_flavor() -> None:
    quotas = (QueueQuota(resource="nvidia.com/gpu", flavor="h100", nominal=8.0), QueueQuota(resource="cpu", nominal=64.0))
    queue = Queue(kind="ClusterQueue", name="small", quotas=quotas)
    (undo,) = of_queue(CLUSTER_QUEUE, "ClusterQueue", with_limits(queues=(queue,))).rollback
    assert "flavor h100 to 8 again" in undo.say
    assert undo.command == "kubectl edit clusterqueues.kueue.x-k8s.io 'small'"


def test_a_quota_that_was_not_read_gets_no_invented_value() -> None:
    (undo,) = of_queue(QUOTA, "ResourceQuota", with_limits(quotas=None)).rollback
    assert undo.command is None


def test_a_mig_layout_goes_away_and_comes_back_since_an_equal_label_does_nothing() -> None:
    cut = structs.replace(node("gpu-1", offered=0), mig=NodeMig(config="all-1g.10gb", config_state="failed"))
    manager = pod("m-1", gpus=0, on="gpu-1", namespace="ops", owner=Owner(kind="DaemonSet", name="nvidia-mig-manager"))
    finding = on_node("gpu-1", Component.MIG, ActionKind.RETRY_MIG_CONFIG, gpus=8, args={"config": "all-1g.10gb"})
    (item,) = advise([finding], view([cut], [manager]))
    labels = [step.command.split("=")[-1].strip("'") for step in item.steps if step.command and " label " in step.command]
    assert labels == ["all-disabled", "all-1g.10gb"]


def test_after_a_reset_the_device_plugin_is_restarted_and_named() -> None:
    plugin = pod("p-1", gpus=0, on="gpu-1", namespace="ops", owner=Owner(kind="DaemonSet", name="nvidia-device-plugin-daemonset"))
    (item,) = advise([on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=1)], view([node("gpu-1", offered=7)], [plugin]))
    (restart,) = [step for step in item.steps if step.command and " delete pods " in step.command]
    assert restart.interrupts == ("ops/p-1",)


def test_a_rule_of_device_taints_is_kept_before_it_is_deleted_and_drains_nothing() -> None:
    finding = on_node("gpu-1", Component.HARDWARE, ActionKind.LIFT_DEVICE_TAINT, gpus=1, args={"rule": "service", "taint": "a:NoSchedule"})
    (item,) = advise([finding], view([node("gpu-1")]))
    assert [step.command.split()[1] for step in item.steps if step.command] == ["get", "delete"]
    assert not any(step.interrupts for step in item.steps)


@pytest.mark.parametrize(("condition", "shows"), [("DiskPressure", "df"), ("MemoryPressure", "free"), ("Ready", "systemctl")])
def test_a_node_is_restored_by_what_ails_it(condition: str, shows: str) -> None:
    finding = on_node("gpu-1", Component.NODE, ActionKind.RESTORE_NODE, gpus=8, args={"condition": condition})
    (item,) = advise([finding], view([node("gpu-1", ready="False")]))
    assert any((step.command or "").startswith(shows) for step in item.steps)
