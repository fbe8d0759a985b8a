"""Titles stay one line, however many nodes an item is about; the item itself names all of them."""

from __future__ import annotations

from gpuctl.advice.advise import advise
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Finding, Severity
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.subject import Subject
from tests.advice.fleet import NOW


def title(names: list[str]) -> str:
    findings = [
        Finding(
            subject=(subject := Subject(kind="node", name=name, node=name)),
            severity=Severity.MEDIUM,
            message="m",
            evidence=(),
            code="c",
            id=f"c-{number}",
            gpus=8,
            component=Component.DEVICE_PLUGIN,
            nodes=(name,),
            actions=(Action(kind=ActionKind.RESTART_DEVICE_PLUGIN, target=subject),),
        )
        for number, name in enumerate(names)
    ]
    nodes = tuple(Node(name=name, capacity={"nvidia.com/gpu": 8}, allocatable={"nvidia.com/gpu": 0}) for name in names)
    (item,) = advise(findings, View(Snapshot(nodes=nodes, pods=()), NOW))
    assert {subject.name for subject in item.subjects} == set(names)
    return item.title


def test_names_that_fold_stand_in_the_title() -> None:
    assert title([f"gpu-{number:03}" for number in range(1, 200)]) == "Restart the device plugin on 199 nodes: gpu-[001-199]"


def test_names_that_do_not_fold_are_counted() -> None:
    names = sorted(f"ip-10-{number * 37 % 251}-{number * 91 % 241}-{number}.eu-west-1.compute.internal" for number in range(1, 60))
    found = title(names)
    assert found == f"Restart the device plugin on 59 nodes: {names[0]}, {names[1]} and 57 more"
