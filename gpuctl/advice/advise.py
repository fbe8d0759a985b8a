"""From findings to the ranked list: group, price, order, write out. Pure: same findings and view, same items."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from gpuctl.advice.actions import REMEDIES
from gpuctl.advice.grouping import group, subject_order
from gpuctl.advice.item import Item
from gpuctl.advice.plan import plan
from gpuctl.advice.ranking import Priced, rank
from gpuctl.advice.work import Place, Work
from gpuctl.facts.view import View
from gpuctl.findings import Finding
from gpuctl.model.subject import Subject
from gpuctl.nodeset import fold

_LONG_LIST = 80
"""Characters of folded names that a title holds."""


def advise(findings: Sequence[Finding], view: View) -> tuple[Item, ...]:
    """The advice, ranked.

    Every finding belongs to exactly one item, except facts (severity info) without an action, which need no remedy.
    """
    work = Work(view)
    ordered = plan(rank(group(findings, work), work))
    return tuple(_item(priced, place) for place, priced in enumerate(ordered, 1))


def recoverable(items: Sequence[Item], view: View) -> float:
    """Physical accelerators that all items together win or protect, each counted once: on no node more than it has, and over
    all no more than there are."""
    work = Work(view)
    by_node: dict[Place, list[float]] = defaultdict(list)
    elsewhere: list[float] = []
    for item in items:
        places = sorted(
            {place for subject in item.subjects if (place := _place(subject)) is not None}, key=lambda place: (place[0] or "", place[1])
        )
        weights = [work.cards(place) for place in places]
        total = math.fsum(weights)
        if not total:
            elsewhere.append(item.gain.gpus)
            continue
        for place, weight in zip(places, weights, strict=True):
            by_node[place].append(item.gain.gpus * weight / total)
    on_nodes = math.fsum(min(work.cards(place), math.fsum(shares)) for place, shares in by_node.items())
    largest = max((item.gain.gpus for item in items), default=0.0)
    fleet = math.fsum(work.cards((node.cluster, node.name or "")) for node in view.gpu_nodes)
    everything = on_nodes + math.fsum(elsewhere)
    return max(min(everything, fleet), largest) if view.snapshot.nodes is not None else max(everything, largest)


def _place(subject: Subject) -> Place | None:
    node = subject.node or (subject.name if subject.kind == "node" else None)
    return (subject.cluster, node) if node else None


def _item(priced: Priced, place: int) -> Item:
    remedy, job, found = REMEDIES[priced.group.kind], priced.job, priced.group
    return Item(
        id=found.id,
        rank=place,
        disposition="now" if priced.wait_for is None else "wait",
        wait_for=priced.wait_for,
        title=_title(priced),
        severity=found.severity,
        confidence=found.confidence,
        priority=priced.priority,
        net_gpu_hours=priced.net_gpu_hours,
        gain=priced.gain,
        effort_minutes=priced.effort_minutes,
        disruption_gpu_hours=priced.disruption_gpu_hours,
        estimates=priced.estimates,
        owner=remedy.owner,
        subjects=tuple(sorted({finding.subject for finding in found.roots}, key=subject_order)),
        findings=tuple(finding.id for finding in sorted(found.findings, key=_finding_order)),
        symptoms=tuple(finding.id for finding in sorted(found.symptoms, key=_finding_order)),
        steps=remedy.steps(job),
        rollback=remedy.rollback(job),
        after=priced.after,
    )


def _finding_order(finding: Finding) -> tuple[str, tuple[str, ...], str, str]:
    return finding.code, subject_order(finding.subject), finding.detail, finding.id


def _title(priced: Priced) -> str:
    """The remedy and its targets in one line: lists of names are folded, and cut where they stay long; `subjects` has them all."""
    targets, nodes = priced.group.targets, priced.job.nodes
    resource = priced.group.args.get("resource") or "accelerators"
    return REMEDIES[priced.group.kind].title.format(targets=_named(targets), nodes=_nodes(nodes) or "their nodes", resource=resource)


def _nodes(nodes: Sequence[str]) -> str:
    return f"node {nodes[0]}" if len(nodes) == 1 else f"{len(nodes)} nodes: {_folded(nodes)}" if nodes else ""


def _named(targets: Sequence[Subject]) -> str:
    kinds = {target.kind for target in targets}
    if kinds <= {"node", "gpu", "mig_device", "link", "nic"}:
        return _nodes(sorted({target.node or target.name or "?" for target in targets}))
    names = sorted({f"{target.namespace}/{target.name}" if target.namespace else target.name or "?" for target in targets})
    if kinds == {"queue"}:
        return _folded(names)
    kind = next(iter(kinds)) if len(kinds) == 1 else "object"
    if len(names) == 1:
        return f"{kind} {names[0]}"
    return f"{len(names)} {kind}s: {_folded(names)}"


def _folded(names: Sequence[str]) -> str:
    folded = fold(names)
    return folded if len(folded) <= _LONG_LIST or len(names) < 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more"
