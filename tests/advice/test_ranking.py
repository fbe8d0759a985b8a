"""The worked examples of docs/ranking.md: each term by hand.

Defaults in force: horizon 168 h, capacity weight 0.25, risk weight 0.1, likely 0.8, floor 5 minutes.
"""

from __future__ import annotations

import pytest
from msgspec import structs

from gpuctl.advice.advise import advise, recoverable
from gpuctl.findings import ActionKind, Component, Confidence, Severity
from gpuctl.model.workloads import Owner, Pod
from tests.advice.fleet import node, on_node, on_pod, pod, view

PLUGIN = Component.DEVICE_PLUGIN
RESTART = ActionKind.RESTART_DEVICE_PLUGIN


def test_1_gpus_that_somebody_waits_for():
    """8 GPUs won, 8 asked for: gain 8 x 168 = 1344. Restarting a plugin takes 10 minutes: 1344 / (10/60) = 8064 an hour."""
    (item,) = advise([on_node("gpu-1", PLUGIN, RESTART, gpus=8)], view([node("gpu-1", offered=0)], [pod("train-0", gpus=8)]))
    assert (item.gain.basis, item.gain.gpus, item.gain.gpu_hours, item.gain.horizon_hours) == ("demand", 8, 1344, 168)
    assert (item.net_gpu_hours, item.disruption_gpu_hours, item.effort_minutes) == (1344, 0, 10)
    assert item.priority == pytest.approx(8064)
    assert (item.disposition, item.wait_for) == ("now", None)
    assert item.estimates == ("confidence_certain", "effort_minutes.restart-device-plugin", "horizon_hours")


def test_2_gpus_that_nobody_waits_for():
    """8 x 168 x 0.25 = 336; 336 / (10/60) = 2016."""
    (item,) = advise([on_node("gpu-1", PLUGIN, RESTART, gpus=8)], view([node("gpu-1", offered=0)]))
    assert (item.gain.basis, item.gain.gpus, item.gain.gpu_hours) == ("capacity", 8, 336)
    assert item.priority == pytest.approx(2016)
    assert "capacity_weight" in item.estimates


def test_3_demand_bounds_the_gain():
    """8 GPUs won, one pod of 2 waits: min(8, 2) x 168 = 336."""
    (item,) = advise([on_node("gpu-1", PLUGIN, RESTART, gpus=8)], view([node("gpu-1", offered=0)], [pod("train-0", gpus=2)]))
    assert (item.gain.basis, item.gain.gpus, item.gain.gpu_hours) == ("demand", 2, 336)


def test_4_a_likely_cause_counts_less_and_running_work_costs():
    """1 of 8 GPUs lost, a pod waits for 1: gain 168, likely: 0.8 x 168 = 134.4. The reset ends a 7-GPU job of 10 hours: 70.
    Net 64.4; 30 minutes: 64.4 / 0.5 = 128.8."""
    busy = pod("train-0", gpus=7, on="gpu-1", hours=10)
    found = on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=1, confidence=Confidence.LIKELY)
    (item,) = advise([found], view([node("gpu-1", offered=7)], [busy, pod("wants-0", gpus=1)]))
    assert item.gain.gpu_hours == 168
    assert item.disruption_gpu_hours == pytest.approx(70)
    assert item.net_gpu_hours == pytest.approx(64.4)
    assert item.priority == pytest.approx(128.8)
    assert item.disposition == "now"


def test_5_a_reset_under_a_long_job_waits_for_its_end():
    """1 GPU back without demand: 168 x 0.25 = 42. The 7-GPU job has run for 100 hours: 700. Net -658: wait."""
    busy = pod("train-0", gpus=7, on="gpu-1", hours=100)
    found = on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=1)
    (item,) = advise([found], view([node("gpu-1", offered=7)], [busy]))
    assert item.net_gpu_hours == pytest.approx(-658)
    assert item.disposition == "wait"
    assert item.wait_for == "the end of the work that it would interrupt: team/train-0, Job team/train"


def test_6_gpus_at_risk():
    """All 8 GPUs work, one may fail: 1 x 168 x 0.1 = 16.8 for 120 minutes of work: 8.4 an hour."""
    found = on_node("gpu-1", Component.HARDWARE, ActionKind.REPLACE_GPU, gpus=1)
    (item,) = advise([found], view([node("gpu-1")]))
    assert (item.gain.basis, item.gain.gpus) == ("risk", 1)
    assert item.gain.gpu_hours == pytest.approx(16.8)
    assert item.priority == pytest.approx(8.4)
    assert item.owner == "vendor"


def test_7_a_waiting_pod_counts_for_one_item_only():
    """Two broken nodes, one pod of 8. Alone, both gain 1344; restarting (10 minutes) comes before repairing a driver (40), so it
    gets the pod. The driver then counts as capacity: 8 x 168 x 0.25 = 336; 336 / (40/60) = 504."""
    findings = [on_node("gpu-1", Component.DRIVER, ActionKind.REPAIR_DRIVER, gpus=8), on_node("gpu-2", PLUGIN, RESTART, gpus=8)]
    seen = view([node("gpu-1", offered=0), node("gpu-2", offered=0)], [pod("train-0", gpus=8)])
    first, second = advise(findings, seen)
    assert (first.gain.basis, first.subjects[0].name) == ("demand", "gpu-2")
    assert (second.gain.basis, second.gain.gpu_hours) == ("capacity", 336)
    assert second.priority == pytest.approx(504)
    assert recoverable((first, second), seen) == 16


def test_8_critical_comes_first_and_never_waits():
    """Net 8 x 168 x 0.25 - 8 x 1000 = -7664, yet now and first."""
    busy = pod("train-0", gpus=8, on="gpu-1", hours=1000)
    wrong = on_node("gpu-1", Component.NODE, ActionKind.RESTORE_NODE, gpus=8, severity=Severity.CRITICAL)
    cheap = on_node("gpu-2", PLUGIN, RESTART, gpus=8)
    first, second = advise([cheap, wrong], view([node("gpu-1"), node("gpu-2", offered=0)], [busy]))
    assert (first.severity, first.disposition, first.net_gpu_hours) == (Severity.CRITICAL, "now", pytest.approx(-7664))
    assert second.priority > first.priority


def test_9_many_targets_cost_a_tenth_each():
    """12 nodes: 10 minutes x (1 + 11 x 0.1) = 21 minutes. 96 x 168 x 0.25 = 4032; 4032 / (21/60) = 11520."""
    names = [f"gpu-{number}" for number in range(12)]
    (item,) = advise([on_node(name, PLUGIN, RESTART, gpus=8) for name in names], view([node(name, offered=0) for name in names]))
    assert item.effort_minutes == pytest.approx(21)
    assert item.priority == pytest.approx(11520)


def test_10_effort_has_a_floor():
    """A setting of 1 minute counts as 5: 336 / (5/60) = 4032. The user's own figure is no estimate."""
    seen = view([node("gpu-1", offered=0)], settings={"effort_minutes.restart-device-plugin": 1})
    (item,) = advise([on_node("gpu-1", PLUGIN, RESTART, gpus=8)], seen)
    assert (item.effort_minutes, item.priority) == (1, pytest.approx(4032))
    assert "effort_floor_minutes" in item.estimates
    assert "effort_minutes.restart-device-plugin" not in item.estimates


def test_hygiene_waits_for_the_next_maintenance():
    found = [on_node(name, PLUGIN, RESTART, gpus=8, severity=Severity.LOW, hygiene=True) for name in ("gpu-1", "gpu-2")]
    (item,) = advise(found, view([node("gpu-1"), node("gpu-2")]))
    assert (item.disposition, item.wait_for) == ("wait", "the next maintenance of gpu-[1-2]")
    assert item.gain.gpus == 0


def test_what_is_under_way_is_waited_for():
    found = on_node("gpu-1", Component.DRIVER, ActionKind.REPAIR_DRIVER, gpus=8, severity=Severity.LOW, transitional="node is 4m old")
    (item,) = advise([found], view([node("gpu-1", offered=0)]))
    assert item.wait_for == "the end of what is under way: node is 4m old"


def test_a_pod_that_may_not_go_there_is_no_demand():
    (item,) = advise([on_node("gpu-1", PLUGIN, RESTART, gpus=8)], view([node("gpu-1", offered=0)], [pod("train-0", gpus=8, pool="b")]))
    assert item.gain.basis == "capacity"


def test_a_pod_too_large_for_what_is_free_after_the_remedy_is_no_demand():
    busy = pod("other-0", gpus=4, on="gpu-1", hours=1)
    (item,) = advise([on_node("gpu-1", PLUGIN, RESTART, gpus=4)], view([node("gpu-1", offered=4)], [busy, pod("train-0", gpus=8)]))
    assert item.gain.basis == "capacity"


def test_a_quota_wins_no_more_than_lies_free():
    """16 GPUs asked for, 8 free: 8 x 168."""
    waiting = pod("train-0", gpus=16)
    (item,) = advise([on_pod(waiting, ActionKind.CHANGE_REQUEST, gpus=16, demand=True)], view([node("gpu-1")], [waiting]))
    assert (item.gain.basis, item.gain.gpus, item.gain.gpu_hours) == ("demand", 8, 1344)


def test_the_start_of_a_pod_that_is_not_known_counts_the_whole_horizon():
    busy = pod("train-0", gpus=1, on="gpu-1")
    unknown = structs.replace(busy, started=None, created=None)
    found = on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=1)
    (item,) = advise([found], view([node("gpu-1", offered=7)], [unknown]))
    assert item.disruption_gpu_hours == 168


def test_pods_of_daemonsets_and_mirrors_are_not_interrupted():
    agent = pod("agent", gpus=0, on="gpu-1", owner=Owner(kind="DaemonSet", name="agent"))
    mirror = pod("proxy", gpus=0, on="gpu-1", owner=Owner(kind="Node", name="gpu-1"))
    bare = Pod(namespace="team", name="bare", node="gpu-1", phase="Running")
    found = on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=1)
    (item,) = advise([found], view([node("gpu-1", offered=7)], [agent, mirror, bare]))
    drain = item.steps[0]
    assert drain.interrupts == ("team/bare",)
    assert drain.command == "kubectl drain --ignore-daemonsets --delete-emptydir-data --force 'gpu-1'"
    assert "--force" in drain.say


def test_a_pod_behind_a_scheduling_gate_waits_for_something_else():
    gated = structs.replace(pod("train-0", gpus=8), scheduling_gates=("kueue.x-k8s.io/admission",))
    (item,) = advise([on_node("gpu-1", PLUGIN, RESTART, gpus=8)], view([node("gpu-1", offered=0)], [gated]))
    assert item.gain.basis == "capacity"


def test_urgency_goes_before_order():
    """The GPU's fault is critical, the node's is not: the GPU comes first, and does not name what stands after it."""
    findings = [
        on_node("gpu-1", Component.NODE, ActionKind.RESTORE_NODE, gpus=8),
        on_node("gpu-1", Component.HARDWARE, ActionKind.REPLACE_GPU, gpus=1, severity=Severity.CRITICAL),
    ]
    first, second = advise(findings, view([node("gpu-1", ready="False")]))
    assert (first.severity, first.after) == (Severity.CRITICAL, ())
    assert second.severity == Severity.HIGH


def test_two_faults_of_a_node_win_no_more_gpus_than_it_has():
    findings = [
        on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=4, gpu="GPU-1"),
        on_node("gpu-1", Component.HARDWARE, ActionKind.REPLACE_GPU, gpus=6, gpu="GPU-2"),
    ]
    seen = view([node("gpu-1", offered=0)])
    assert recoverable(advise(findings, seen), seen) == 8
