"""Counts of a fleet: what nobody told is a gap, never a zero."""

from __future__ import annotations

from gpuctl.facts.totals import totals
from gpuctl.facts.view import View
from gpuctl.model.nodes import Condition, Node
from gpuctl.model.snapshot import Snapshot

_COUNTED = Node(name="a", capacity={"nvidia.com/gpu": 8.0}, allocatable={"nvidia.com/gpu": 7.0})
_UNTOLD = Node(name="b", conditions=(Condition(type="SysLogsXIDError", status="True"),))


def test_a_node_that_does_not_tell_its_number_is_a_gap() -> None:
    some = totals(View(Snapshot(nodes=(_COUNTED, _UNTOLD)), None))
    assert some is not None
    assert (some.gpus, some.allocatable) == (8, 7)
    assert some.gaps == {"gpus": "1 of 2 GPU nodes do not tell it", "gpus_allocatable": "1 of 2 GPU nodes do not tell it"}


def test_where_no_node_tells_the_number_is_unknown() -> None:
    none = totals(View(Snapshot(nodes=(_UNTOLD,)), None))
    assert none is not None
    assert (none.gpus, none.allocatable, none.allocated) == (None, None, None)


def test_a_fleet_without_gpus_has_none() -> None:
    empty = totals(View(Snapshot(nodes=(Node(name="c", capacity={"cpu": 8.0}, allocatable={}),), pods=()), None))
    assert empty is not None
    assert (empty.nodes, empty.gpus, empty.allocatable, empty.allocated, empty.gaps) == (1, 0, 0, 0, {})
