"""Where pods may run, for many pods and many nodes: the answers of `placement`, for all nodes at once. Pure.

A set of nodes is a number: bit `i` stands for node `i`. Every criterion of a pod (an amount, an entry of its selector, an
expression of its affinity, its tolerations) is judged once against the values that nodes have of it, and not once against each
node; a pod's answer is then the intersection of a few numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import zip_longest
from math import inf

from gpuctl.analysis.placement import is_transient, meets, untolerated
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.workloads import Placement, Requirement, Toleration

NOT_A_BAR = frozenset({"cpu", "memory", "pods"})
"""Resources that keep no pod off a node that does not tell how much it has of them."""


class Amounts:
    """Nodes by how much they have of one thing."""

    def __init__(self, values: Sequence[float]) -> None:
        bits: dict[float, list[int]] = {}
        for number, value in enumerate(values):
            bits.setdefault(value, []).append(number)
        self._values = sorted(bits)
        self._from: list[int] = []
        """Nodes with the value at the same place or more."""
        seen = 0
        for value in reversed(self._values):
            seen |= as_set(bits[value])
            self._from.append(seen)
        self._from.reverse()

    def at_least(self, amount: float) -> int:
        """Nodes that have this much."""
        place = bisect_left(self._values, amount)
        return self._from[place] if place < len(self._values) else 0

    def most(self, among: int) -> float:
        """The most that one of these nodes has; 0 when there is none."""
        low, high = 0, len(self._values)
        while low < high:  # the sets shrink as the value grows
            middle = (low + high) // 2
            if self._from[middle] & among:
                low = middle + 1
            else:
                high = middle
        return self._values[low - 1] if low else 0.0


class NodeIndex:
    """Nodes with what each is taken to offer, by labels, taints and amounts."""

    def __init__(self, nodes: Sequence[Node], amounts: Sequence[Mapping[str, float]]) -> None:
        self.nodes = nodes
        self.all = (1 << len(nodes)) - 1
        self.taints_unknown = as_set(number for number, node in enumerate(nodes) if node.taints is None)
        self._offers = amounts
        self._amounts: dict[str, Amounts] = {}
        self._values: dict[str, dict[str, int]] = {}
        self._names: dict[str, int] = by_value(node.name or "" for node in nodes)
        self._requirements: dict[tuple[bool, str, str, tuple[str, ...]], int] = {}
        self._closed: dict[tuple[Toleration, ...], tuple[tuple[int, tuple[Taint, ...]], ...]] = {}
        groups: dict[tuple[tuple[str, str, str], ...], tuple[tuple[Taint, ...], list[int]]] = {}
        for number, node in enumerate(nodes):
            taints = tuple(item for item in node.taints or () if not is_transient(item))
            groups.setdefault(tuple((item.key, item.value, item.effect) for item in taints), (taints, []))[1].append(number)
        self._tainted = tuple((taints, as_set(numbers)) for taints, numbers in groups.values())

    @cached_property
    def resources(self) -> frozenset[str]:
        """Resources of which any node has some."""
        return frozenset(name for offer in self._offers for name, amount in offer.items() if amount)

    def of(self, resource: str) -> Amounts:
        """Nodes by their amount of a resource; what is not told is 0, but no bar for cpu, memory and pods."""
        if resource not in self._amounts:
            untold = inf if resource in NOT_A_BAR else 0.0
            self._amounts[resource] = Amounts([offer.get(resource, untold) for offer in self._offers])
        return self._amounts[resource]

    def with_room(self, wanted: Mapping[str, float]) -> int:
        """Nodes that have as much as this of everything: see `placement.wanted`."""
        found = self.all
        for name, amount in wanted.items():
            if amount > 0:
                found &= self.of(name).at_least(amount)
        return found

    def labelled(self, key: str, value: str) -> int:
        """Nodes with this label."""
        return self._by_label(key).get(value, 0)

    def selected(self, placement: Placement | None) -> int:
        """Nodes that have every label of the node selector."""
        found = self.all
        for key, value in placement.node_selector.items() if placement is not None else ():
            found &= self.labelled(key, value)
        return found

    def chosen(self, placement: Placement | None) -> int:
        """Nodes that selector and required affinity allow."""
        return self.selected(placement) & self.attracted(placement)

    def attracted(self, placement: Placement | None) -> int:
        """Nodes that required node affinity allows: see `placement.matches_affinity`."""
        if placement is None or (placement.terms is None and placement.fields is None):
            return self.all
        found = 0
        for expressions, named in zip_longest(placement.terms or (), placement.fields or (), fillvalue=()):
            if expressions or named:
                term = self.all
                for item in expressions:
                    term &= self._meeting(item, is_field=False)
                for item in named:
                    term &= self._meeting(item, is_field=True)
                found |= term
        return found

    def repelled(self, placement: Placement | None) -> Iterator[tuple[int, tuple[Taint, ...]]]:
        """Nodes whose taints the pod does not tolerate, were they well and not cordoned, with these taints."""
        tolerations = placement.tolerations if placement is not None else ()
        if tolerations not in self._closed:
            judged = ((numbers, untolerated(tolerations, taints)) for taints, numbers in self._tainted)
            self._closed[tolerations] = tuple(item for item in judged if item[1])
        yield from self._closed[tolerations]

    def open_to(self, placement: Placement | None) -> int:
        """Nodes whose lasting taints the pod tolerates; those whose taints nobody knows among them."""
        closed = 0
        for numbers, _ in self.repelled(placement):
            closed |= numbers
        return self.all & ~closed

    def _by_label(self, key: str) -> dict[str, int]:
        if key not in self._values:
            self._values[key] = by_value(node.labels.get(key) for node in self.nodes)
        return self._values[key]

    def _meeting(self, requirement: Requirement, *, is_field: bool) -> int:
        key = (is_field, requirement.key, requirement.operator, requirement.values)
        if key not in self._requirements:
            self._requirements[key] = self._meet(
                requirement, self._fields(requirement.key) if is_field else self._by_label(requirement.key)
            )
        return self._requirements[key]

    def _meet(self, requirement: Requirement, by_value: dict[str, int]) -> int:
        there = 0
        if requirement.operator in {"In", "NotIn"}:
            for value in requirement.values:
                there |= by_value.get(value, 0)
            return there if requirement.operator == "In" else self.all & ~there
        met = 0
        for value, numbers in by_value.items():
            there |= numbers
            if meets(requirement, {requirement.key: value}):
                met |= numbers
        return met | (self.all & ~there if meets(requirement, {}) else 0)

    def _fields(self, key: str) -> dict[str, int]:
        return self._names if key == "metadata.name" else {}


def by_value(values: Iterable[str | None]) -> dict[str, int]:
    """Places of each value, as sets; those of None are left out."""
    found: dict[str, list[int]] = {}
    for number, value in enumerate(values):
        if value is not None:
            found.setdefault(value, []).append(number)
    return {value: as_set(numbers) for value, numbers in found.items()}


def as_set(numbers: Iterable[int]) -> int:
    """The set that holds these numbers."""
    bits = bytearray()
    for number in numbers:
        place = number >> 3
        if place >= len(bits):
            bits.extend(bytes(place + 1 - len(bits)))
        bits[place] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


def members(numbers: int) -> Iterator[int]:
    """What a set holds, the least first."""
    while numbers:
        lowest = numbers & -numbers
        yield lowest.bit_length() - 1
        numbers ^= lowest
