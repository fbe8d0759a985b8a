"""Which findings become one item."""

from __future__ import annotations

from gpuctl.advice.advise import advise
from gpuctl.findings import Action, ActionKind, Component, Finding, Severity
from gpuctl.model.subject import Subject
from tests.advice.fleet import node, on_node, on_pod, pod, view

PLUGIN, DRIVER, CAPACITY = Component.DEVICE_PLUGIN, Component.DRIVER, Component.CAPACITY


def test_a_broken_driver_explains_all_that_stands_on_it():
    stuck = pod("train-0", on="gpu-1", gpus=4)
    findings = [
        on_node("gpu-1", CAPACITY, ActionKind.RESET_GPU, gpus=8),
        on_node("gpu-1", DRIVER, ActionKind.REPAIR_DRIVER, gpus=8),
        on_node("gpu-1", Component.VALIDATOR, ActionKind.REPAIR_VALIDATOR),
        on_node("gpu-1", PLUGIN, ActionKind.RESTART_DEVICE_PLUGIN),
        on_node("gpu-1", Component.FEATURE_DISCOVERY, ActionKind.RESTART_FEATURE_DISCOVERY),
        on_pod(stuck, ActionKind.RECREATE_POD, gpus=4),
    ]
    (item,) = advise(findings, view([node("gpu-1", offered=0)], [stuck]))
    assert item.title == "Repair the GPU driver on node gpu-1"
    assert len(item.findings) == 6
    assert set(item.symptoms) == set(item.findings) - {findings[1].id}
    assert item.gain.gpus == 8


def test_one_remedy_of_twelve_nodes_is_one_item():
    names = [f"gpu-{number:03}" for number in range(1, 13)]
    findings = [on_node(name, PLUGIN, ActionKind.RESTART_DEVICE_PLUGIN, gpus=8) for name in names]
    (item,) = advise(findings, view([node(name, offered=0) for name in names]))
    assert item.title == "Restart the device plugin on 12 nodes: gpu-[001-012]"
    assert [subject.name for subject in item.subjects] == names


def test_two_unrelated_faults_of_one_node_are_two_items():
    bare = pod("notebook", on="gpu-1", gpus=1)
    findings = [on_node("gpu-1", DRIVER, ActionKind.REPAIR_DRIVER, gpus=8), on_pod(bare, ActionKind.ADD_CONTROLLER, demand=True)]
    items = advise(findings, view([node("gpu-1", offered=0)], [bare]))
    assert sorted(len(item.findings) for item in items) == [1, 1]


def test_what_a_part_does_not_carry_is_no_symptom_of_it():
    """Feature discovery labels only: it takes no capacity. A node that is not ready breaks no GPU."""
    labels = on_node("gpu-1", Component.FEATURE_DISCOVERY, ActionKind.RESTART_FEATURE_DISCOVERY)
    capacity = on_node("gpu-1", CAPACITY, ActionKind.RESET_GPU, gpus=1)
    assert len(advise([labels, capacity], view([node("gpu-1", offered=7)]))) == 2
    lost = on_node("gpu-2", Component.NODE, ActionKind.RESTORE_NODE, gpus=8)
    ecc = on_node("gpu-2", Component.HARDWARE, ActionKind.REPLACE_GPU, gpus=1, gpu="GPU-1")
    items = advise([ecc, lost], view([node("gpu-2", ready="Unknown")]))
    by_kind = {item.title.split()[0]: item for item in items}
    assert by_kind["Have"].after == (by_kind["Bring"].id,)
    assert by_kind["Have"].rank > by_kind["Bring"].rank


def test_a_cordon_beside_a_fault_is_its_consequence_and_is_lifted_last():
    findings = [
        on_node("gpu-1", CAPACITY, ActionKind.RETURN_NODE, gpus=8, severity=Severity.MEDIUM, code="out"),
        on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=1, gpu="GPU-1"),
    ]
    (item,) = advise(findings, view([node("gpu-1", cordoned=True)]))
    assert item.title == "Reset the GPUs of node gpu-1"
    assert item.symptoms == (findings[0].id,)
    assert item.steps[-1].command == "kubectl uncordon 'gpu-1'"
    assert item.gain.gpus == 8


def test_a_waiting_pod_is_demand_and_no_symptom():
    waiting = pod("train-0", gpus=8)
    findings = [on_node("gpu-1", DRIVER, ActionKind.REPAIR_DRIVER, gpus=8), on_pod(waiting, ActionKind.ADD_CAPACITY, gpus=8, demand=True)]
    repair, add = advise(findings, view([node("gpu-1", offered=0)], [waiting]))
    assert (repair.gain.basis, repair.gain.gpus) == ("demand", 8)
    assert not repair.symptoms
    assert add.disposition == "wait"


def test_condition_and_event_about_the_same_hardware_are_one_item():
    condition = on_node("gpu-1", Component.HARDWARE, ActionKind.FOLLOW_AGENT, gpus=1, code="condition")
    event = on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=1, gpu="GPU-1", code="event")
    (item,) = advise([event, condition], view([node("gpu-1", offered=7)]))
    assert len(item.findings) == 2
    assert not item.symptoms


def test_faults_of_two_gpus_with_different_remedies_are_two_items():
    reset = on_node("gpu-1", Component.HARDWARE, ActionKind.RESET_GPU, gpus=1, gpu="GPU-1")
    replace = on_node("gpu-1", Component.HARDWARE, ActionKind.REPLACE_GPU, gpus=1, gpu="GPU-2")
    assert len(advise([reset, replace], view([node("gpu-1", offered=6)]))) == 2


def test_arguments_tell_remedies_apart_unless_they_name_the_target():
    nodes = [node("gpu-1", offered=0), node("gpu-2", offered=0)]
    named = [
        on_node(name, PLUGIN, ActionKind.RESTART_DEVICE_PLUGIN, gpus=8, args={"pod": f"plugin-{name}", "namespace": "ops"})
        for name in ("gpu-1", "gpu-2")
    ]
    assert len(advise(named, view(nodes))) == 1
    other = [on_node(name, CAPACITY, ActionKind.RESET_GPU, gpus=8, args={"resource": name}) for name in ("gpu-1", "gpu-2")]
    assert len(advise(other, view(nodes))) == 2


def test_tenants_get_items_of_their_own():
    pods = [pod("one", namespace="a"), pod("two", namespace="b")]
    findings = [on_pod(item, ActionKind.CHANGE_REQUEST, gpus=8, demand=True) for item in pods]
    assert len(advise(findings, view([node("gpu-1")], pods))) == 2


def test_hygiene_explains_nothing():
    stale = on_node("gpu-1", PLUGIN, ActionKind.RESTART_DEVICE_PLUGIN, severity=Severity.LOW, hygiene=True)
    crash = on_pod(pod("train-0", on="gpu-1"), ActionKind.RECREATE_POD, gpus=8)
    assert len(advise([stale, crash], view([node("gpu-1")]))) == 2


def test_a_fact_needs_no_item_and_a_fault_without_remedy_is_looked_into():
    subject = Subject(kind="node", name="gpu-1", node="gpu-1")
    fact = Finding(subject=subject, severity=Severity.INFO, message="m", evidence=()).named("fact")
    fault = Finding(subject=subject, severity=Severity.LOW, message="m", evidence=()).named("fault")
    (item,) = advise([fact, fault], view([node("gpu-1")]))
    assert item.findings == (fault.id,)
    assert item.title == "Look closer at node gpu-1"


def test_all_ways_in_which_a_node_is_closed_are_undone_in_one_item():
    subject = Subject(kind="node", name="gpu-1", node="gpu-1")
    closed = Finding(
        subject=subject,
        severity=Severity.MEDIUM,
        message="m",
        evidence=(),
        gpus=8,
        component=CAPACITY,
        nodes=("gpu-1",),
        actions=(
            Action(kind=ActionKind.RETURN_NODE, target=subject),
            Action(kind=ActionKind.RETURN_NODE, target=subject, args={"taint": "team=x:NoSchedule"}),
        ),
    ).named("out")
    (item,) = advise([closed], view([node("gpu-1", cordoned=True)]))
    assert [step.command for step in item.steps[1:]] == ["kubectl uncordon 'gpu-1'", "kubectl taint nodes 'gpu-1' 'team=x:NoSchedule-'"]
