"""What must happen before what, and the order of the list that respects it.

A remedy comes after another one that mends a lower part on one of its nodes: a GPU is reset once the node is back, a pool is
aligned once its driver works. The list keeps its three parts (critical, now, wait); within a part, what must come first is
pulled up to just before what needs it. Where a critical item would need one that is not, or one that is due now would need one
that waits, urgency wins and the dependency is dropped: the later one is not named in `after`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from gpuctl.advice.grouping import ORDER
from gpuctl.advice.ranking import Priced
from gpuctl.advice.work import Place
from gpuctl.findings import Component, Severity

_SIDE_BY_SIDE = frozenset({Component.DEVICE_PLUGIN, Component.DRA_DRIVER, Component.FEATURE_DISCOVERY})


def plan(ranked: Sequence[Priced]) -> tuple[Priced, ...]:
    """The list in its final order; `after` names only items that stand before."""
    on_place: dict[Place, list[int]] = defaultdict(list)
    for number, priced in enumerate(ranked):
        for place in priced.group.places:
            on_place[place].append(number)
    needs = {}
    for priced in ranked:
        beside = sorted({number for place in priced.group.places for number in on_place[place]})
        needs[priced.group.id] = [ranked[number] for number in beside if _comes_before(ranked[number], priced)]
    done: dict[str, Priced] = {}

    def put(priced: Priced, part: int) -> None:
        if priced.group.id in done:
            return
        first = [other for other in needs[priced.group.id] if _part(other) <= part]
        for other in first:
            put(other, part)
        done[priced.group.id] = replace(priced, after=tuple(other.group.id for other in first))

    for priced in ranked:
        put(priced, _part(priced))
    return tuple(done.values())


def _part(priced: Priced) -> int:
    if priced.group.severity == Severity.CRITICAL:
        return 0
    return 1 if priced.wait_for is None else 2


def _comes_before(one: Priced, other: Priced) -> bool:
    """Whether the first mends a part below that of the second (both on one node). Parts are in a strict order: there is no circle."""
    lower, upper = _component(one), _component(other)
    if lower is None or upper is None or {lower, upper} <= _SIDE_BY_SIDE:
        return False
    return ORDER.index(lower) < ORDER.index(upper)


def _component(priced: Priced) -> Component | None:
    """The lowest part that the remedy mends; None for what stands on nothing."""
    parts = [finding.component for finding in priced.group.roots if finding.component != Component.NONE and not finding.hygiene]
    return min(parts, key=ORDER.index, default=None)
