"""Placement of many pods on many nodes at once gives what the plain double loop gives, to the letter."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gpuctl.analysis.node_index import Amounts, as_set, members
from gpuctl.analysis.placement import could_run
from gpuctl.facts.demand import potential
from gpuctl.facts.feasibility import Unmet, fleet
from gpuctl.facts.view import View
from gpuctl.model.dra import Device, DeviceClass, DeviceRequest, ResourceClaim, ResourceSlice
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Placement, Pod, Requirement, Toleration
from tests.facts.plain_placement import first_obstacle

_KEYS = ("zone", "pool", "level")
_VALUES = ("a", "b", "3", "12")
_TAINTS = ("team", "node.kubernetes.io/not-ready", "nvidia.com/gpu")
_RESOURCES = ("nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "amd.com/gpu", "example.com/nic")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Unheard")


def _requirement(dice: random.Random, key: str | None = None) -> Requirement:
    values = tuple(dice.choices((*_VALUES, "n0", "n1"), k=dice.randint(0, 2)))
    return Requirement(key=key or dice.choice(_KEYS), operator=dice.choice(_OPERATORS), values=values)


def _terms(dice: random.Random, key: str | None = None) -> tuple[tuple[Requirement, ...], ...] | None:
    if dice.random() < 0.6:
        return None
    return tuple(tuple(_requirement(dice, key) for _ in range(dice.randint(0, 2))) for _ in range(dice.randint(0, 2)))


def _node(dice: random.Random, number: int) -> Node:
    amounts: dict[str, float] = {name: float(dice.choice((0, 1, 4, 8))) for name in _RESOURCES if dice.random() < 0.6}
    amounts |= {name: float(dice.choice((2, 4))) for name in ("cpu", "memory", "pods") if dice.random() < 0.8}
    taints = tuple(
        Taint(key=dice.choice(_TAINTS), value=dice.choice(("", "x")), effect=dice.choice(("NoSchedule", "NoExecute", "PreferNoSchedule")))
        for _ in range(dice.choice((0, 0, 1, 2)))
    )
    return Node(
        name=f"n{number}",
        labels={key: dice.choice(_VALUES) for key in _KEYS if dice.random() < 0.7},
        taints=None if dice.random() < 0.1 else taints,
        cordoned=dice.random() < 0.2,
        capacity=amounts,
        allocatable=amounts,
    )


def _pod(dice: random.Random, number: int) -> Pod:
    tolerations = tuple(
        Toleration(key=dice.choice((*_TAINTS, "")), operator=dice.choice(("Equal", "Exists")), value=dice.choice(("", "x")))
        for _ in range(dice.choice((0, 0, 1, 2)))
    )
    selector = {dice.choice(_KEYS): dice.choice(_VALUES) for _ in range(dice.choice((0, 0, 1, 2)))}
    placement = Placement(node_selector=selector, terms=_terms(dice), fields=_terms(dice, "metadata.name"), tolerations=tolerations)
    return Pod(
        namespace="a",
        name=f"p{number}",
        phase="Pending",
        requests={name: float(dice.choice((0, 1, 4, 9))) for name in _RESOURCES if dice.random() < 0.3},
        cpu=dice.choice((0, 1, 3, 5)),
        memory_bytes=dice.choice((0, 1, 5)),
        placement=None if dice.random() < 0.1 else placement,
        claims=(dice.choice(("one", "two", "odd")),) if dice.random() < 0.3 else (),
    )


def _cluster(dice: random.Random) -> Snapshot:
    nodes = tuple(_node(dice, number) for number in range(dice.randint(1, 7)))
    slices = tuple(
        ResourceSlice(driver="gpu.nvidia.com", node_name=f"n{number}", pool=f"n{number}", devices=(Device(name="g0"),) * dice.randint(0, 3))
        for number in range(3)
    )
    classes = (DeviceClass(name="gpu.nvidia.com", selectors=('device.driver == "gpu.nvidia.com"',)),)
    wanted = {"one": ("gpu.nvidia.com", 1), "two": ("gpu.nvidia.com", 2), "odd": ("none.example.com", 1)}
    claims = tuple(
        ResourceClaim(namespace="a", name=name, requests=(DeviceRequest(name="r", device_class_name=kind, count=count),))
        for name, (kind, count) in wanted.items()
    )
    facts: dict[str, Any] = {"resource_slices": slices, "device_classes": classes, "resource_claims": claims}
    return Snapshot(nodes=nodes, pods=tuple(_pod(dice, number) for number in range(12)), **(facts if dice.random() < 0.7 else {}))


@pytest.mark.parametrize("seed", range(60))
def test_the_index_says_what_the_plain_loop_says(seed: int) -> None:
    snapshot = _cluster(random.Random(seed))
    view = View(snapshot, None)
    known = fleet(view)
    nodes = [(node, potential(node, view) or {}) for node in snapshot.nodes or ()]
    for pod in snapshot.pods or ():
        fast, slow = known.unmet(pod), first_obstacle(pod, nodes, view)
        if slow is None:
            assert not isinstance(fast, Unmet), pod
        else:
            assert fast == slow, pod


@pytest.mark.parametrize("seed", range(20))
def test_nodes_that_suit_a_pod_are_those_that_it_could_run_on(seed: int) -> None:
    snapshot = _cluster(random.Random(1000 + seed))
    index = fleet(View(snapshot, None)).sites[None].index
    for pod in snapshot.pods or ():
        suited = index.chosen(pod.placement) & index.open_to(pod.placement)
        plain = {number for number, node in enumerate(index.nodes) if could_run(Pod(placement=pod.placement), node, amounts={})}
        assert set(members(suited)) == plain, pod


def test_obstacles_of_every_kind_occur_in_these_clusters() -> None:
    """The test above would prove little if its clusters were all alike."""
    kinds = set()
    for seed in range(60):
        snapshot = _cluster(random.Random(seed))
        known = fleet(View(snapshot, None))
        kinds |= {unmet.kind for pod in snapshot.pods or () if isinstance(unmet := known.unmet(pod), Unmet)}
    assert kinds == {"resource", "amount", "class", "devices", "selector", "affinity", "toleration", "room"}


def test_amounts_know_the_most_among_some() -> None:
    amounts = Amounts([4.0, 8.0, 0.0, 8.0])
    assert set(members(amounts.at_least(4))) == {0, 1, 3}
    assert amounts.at_least(9) == 0
    assert amounts.most(as_set([0, 2])) == 4
    assert amounts.most(as_set([2])) == 0
    assert amounts.most(as_set([1, 2])) == 8
