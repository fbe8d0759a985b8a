"""Findings put together: first the symptoms of one cause on a node, then the causes that one remedy cures.

On a node, one part stands on another. A finding about a lower part explains those about the parts that stand on it; what the
lower part does not carry stays a fault of its own. A waiting pod is demand and never a symptom.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gpuctl.advice.work import Place, Work
from gpuctl.findings import Action, ActionKind, Component, Confidence, Finding, Severity
from gpuctl.model.subject import Subject

_C = Component
ORDER = tuple(Component)
_OPERANDS = frozenset({_C.DEVICE_PLUGIN, _C.DRA_DRIVER, _C.FEATURE_DISCOVERY, _C.CAPACITY, _C.POD})
_ABOVE_TOOLKIT = _OPERANDS | {_C.MIG, _C.VALIDATOR}
_ABOVE_DRIVER = _ABOVE_TOOLKIT | {_C.TOOLKIT}

CARRIES: dict[Component, frozenset[Component]] = {
    _C.NODE: _ABOVE_DRIVER | {_C.DISCOVERY, _C.DRIVER},
    _C.HARDWARE: _ABOVE_DRIVER | {_C.DRIVER},
    _C.DISCOVERY: _ABOVE_DRIVER | {_C.DRIVER},
    _C.DRIVER: _ABOVE_DRIVER,
    _C.TOOLKIT: _ABOVE_TOOLKIT,
    _C.MIG: _OPERANDS | {_C.VALIDATOR},
    _C.VALIDATOR: _OPERANDS,
    _C.DEVICE_PLUGIN: frozenset({_C.CAPACITY, _C.POD}),
    _C.DRA_DRIVER: frozenset({_C.CAPACITY, _C.POD}),
    _C.FEATURE_DISCOVERY: frozenset(),
    _C.CAPACITY: frozenset({_C.POD}),
    _C.POD: frozenset(),
    _C.NONE: frozenset(),
}
"""What a broken part explains. A node that is not ready breaks no GPU; labels that are missing (feature discovery) take no
capacity; device plugin, DRA driver and feature discovery stand side by side."""

_OF_ONE_TENANT = frozenset({ActionKind.CHANGE_REQUEST, ActionKind.ADD_CONTROLLER, ActionKind.RECREATE_POD, ActionKind.DELETE_FAILED_POD})
_OF_ONE_POOL = frozenset({ActionKind.ALIGN_POOL, ActionKind.TAINT_NODES, ActionKind.ALIGN_MIG_STRATEGY})
_NAMES_THE_TARGET = frozenset({"namespace", "pod", "node", "daemonset"})
_OF_ONE_TARGET = frozenset({ActionKind.RAISE_QUOTA, ActionKind.FIX_QUEUE, ActionKind.FIX_AUTOSCALER})


@dataclass(frozen=True)
class Cause:
    """One fault and what it explains. `action` is the remedy; `places` the nodes that it is on."""

    roots: tuple[Finding, ...]
    action: Action
    places: tuple[Place, ...]
    symptoms: tuple[Finding, ...] = ()

    @property
    def component(self) -> Component:
        return self.roots[0].component

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.roots + self.symptoms

    @property
    def targets(self) -> tuple[Subject, ...]:
        """All targets that the causing findings name for this remedy."""
        wanted = (self.action.kind, _distinguishing(self.action))
        same = (action.target for item in self.roots for action in item.actions if (action.kind, _distinguishing(action)) == wanted)
        return tuple(dict.fromkeys((self.action.target, *same)))

    @property
    def returns_node(self) -> tuple[Action, ...]:
        """Further actions that give a node back to service, to be done after the remedy: those of symptoms, and of a cause that
        keeps pods off in several ways."""
        return tuple(
            action for item in self.findings for action in item.actions if action.kind == ActionKind.RETURN_NODE and action != self.action
        )


@dataclass
class Group:
    """Causes with one remedy. `key` tells it from all others."""

    key: tuple[str, ...]
    causes: list[Cause] = field(default_factory=list)

    @property
    def kind(self) -> ActionKind:
        return self.causes[0].action.kind

    @property
    def args(self) -> dict[str, str]:
        return self.causes[0].action.args

    @property
    def roots(self) -> tuple[Finding, ...]:
        return tuple(finding for cause in self.causes for finding in cause.roots)

    @property
    def symptoms(self) -> tuple[Finding, ...]:
        return tuple(finding for cause in self.causes for finding in cause.symptoms)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.roots + self.symptoms

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(sorted({place for cause in self.causes for place in cause.places}, key=lambda place: (place[0] or "", place[1])))

    @property
    def targets(self) -> tuple[Subject, ...]:
        return tuple(sorted({target for cause in self.causes for target in cause.targets}, key=subject_order))

    @property
    def severity(self) -> Severity:
        return max((finding.severity for finding in self.findings), key=lambda severity: severity.rank)

    @property
    def confidence(self) -> Confidence:
        """That of the least sure cause; each cause is as sure as its surest finding."""
        order = list(Confidence)
        return order[max(min(order.index(finding.confidence) for finding in cause.roots) for cause in self.causes)]

    @property
    def id(self) -> str:
        """The same for the same remedy of the same faults, whatever their symptoms are today."""
        parts = (*self.key, *sorted(finding.id for finding in self.roots))
        digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        return f"{self.kind}-{digest}"


def subject_order(subject: Subject) -> tuple[str, ...]:
    """A total order of subjects that have None in places."""
    return tuple(part or "" for part in (subject.kind, subject.cluster, subject.namespace, subject.node, subject.name, subject.gpu))


def group(findings: Iterable[Finding], work: Work) -> tuple[Group, ...]:
    """Every finding in exactly one group, but facts (severity info) that need no remedy: those are in none."""
    ordered = sorted(findings, key=lambda item: (item.code, subject_order(item.subject), item.id))
    by_node: dict[Place, list[Finding]] = defaultdict(list)
    causes: list[Cause] = []
    for finding in ordered:
        if finding.severity == Severity.INFO and not finding.actions:
            continue
        place = _place(finding)
        if place is None:
            causes.append(_cause((finding,), ()))
        else:
            by_node[place].append(finding)
    for place in sorted(by_node, key=lambda place: (place[0] or "", place[1])):
        causes += _causes_on_node(by_node[place])
    groups: dict[tuple[str, ...], Group] = {}
    for cause in causes:
        key = _remedy_key(cause, work)
        groups.setdefault(key, Group(key)).causes.append(cause)
    return tuple(groups[key] for key in sorted(groups))


def _place(finding: Finding) -> Place | None:
    """The one node that a finding is on; None for findings about several, about none, or about waiting pods."""
    subject = finding.subject
    if finding.demand or finding.component == Component.NONE or len(set(finding.nodes)) > 1:
        return None
    node = finding.nodes[0] if finding.nodes else subject.node or (subject.name if subject.kind == "node" else None)
    return (subject.cluster, node) if node else None


def _causes_on_node(findings: Sequence[Finding]) -> list[Cause]:
    """Roots with their symptoms, lowest part first."""
    faults: dict[tuple[int, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        faults[_fault_key(finding, findings)].append(finding)
    roots: list[list[Finding]] = []
    symptoms: list[list[Finding]] = []
    for _, fault in sorted(faults.items()):
        home = next((place for place, root in enumerate(roots) if _explains(root, fault)), None)
        if home is None:
            roots.append(fault)
            symptoms.append([])
        else:
            symptoms[home] += fault
    return [_cause(tuple(root), tuple(explained)) for root, explained in zip(roots, symptoms, strict=True)]


def _fault_key(finding: Finding, beside: Sequence[Finding]) -> tuple[int, str]:
    """Findings with equal keys tell of one fault: those about one part, but each GPU and each pod stands for itself.

    A finding about the node's hardware as a whole joins that of the one GPU that is told of, if there is exactly one.
    """
    subject = finding.subject
    if _only_returns(finding):
        return len(ORDER), "return"
    place = ORDER.index(finding.component)
    if finding.hygiene:
        return place, f"hygiene {finding.id}"
    if finding.component == Component.POD:
        return place, f"{subject.namespace}/{subject.name}"
    if finding.component == Component.HARDWARE:
        gpus = {item.subject.gpu for item in beside if item.component == Component.HARDWARE and item.subject.gpu}
        return place, subject.gpu or (next(iter(gpus)) if len(gpus) == 1 else "")
    return place, ""


def _only_returns(finding: Finding) -> bool:
    """Whether the finding says no more than that the node is out of service: what is broken there is then the cause of that."""
    return bool(finding.actions) and finding.actions[0].kind == ActionKind.RETURN_NODE


def _explains(root: Sequence[Finding], fault: Sequence[Finding]) -> bool:
    lower, upper = root[0], fault[0]
    if lower.hygiene or _only_returns(lower):
        return False
    if _only_returns(upper):
        return lower.component in CARRIES and lower.component != Component.POD
    return upper.component in CARRIES[lower.component]


def _cause(roots: Sequence[Finding], symptoms: Sequence[Finding]) -> Cause:
    confidences = list(Confidence)
    ranked = tuple(
        sorted(
            roots, key=lambda item: (-item.severity.rank, confidences.index(item.confidence), item.code, -item.gpus, item.detail, item.id)
        )
    )
    acting = next((item for item in (*ranked, *symptoms) if item.actions), None)
    action = acting.actions[0] if acting is not None else Action(kind=ActionKind.INVESTIGATE, target=ranked[0].subject)
    places = {
        (item.subject.cluster, node)
        for item in ranked
        for node in (item.nodes or filter(None, (item.subject.node or (item.subject.name if item.subject.kind == "node" else None),)))
        if node
    }
    return Cause(ranked, action, tuple(sorted(places, key=lambda place: (place[0] or "", place[1]))), tuple(symptoms))


def _remedy_key(cause: Cause, work: Work) -> tuple[str, ...]:
    """Equal for causes that one remedy cures: kind, arguments and cluster; the pool, tenant or object where those matter."""
    action, first = cause.action, cause.roots[0]
    target = action.target
    key = [action.kind.value, target.cluster or "", *_distinguishing(action)]
    if action.kind in _OF_ONE_POOL:
        key.append("pool " + _pool(cause, work))
    if action.kind in _OF_ONE_TENANT:
        pod = work.pod(target)
        owner = f"{pod.owner.kind} {pod.owner.name}" if pod is not None and pod.owner is not None else target.kind
        key.append(f"tenant {target.namespace} {owner}")
    if action.kind in _OF_ONE_TARGET:
        key.append("target " + "\x01".join(subject_order(target)))
    if action.kind == ActionKind.INVESTIGATE:
        key.append("code " + first.code)
    all_of = (
        ("demand", lambda item: item.demand),
        ("hygiene", lambda item: item.hygiene),
        ("transitional", lambda item: bool(item.transitional)),
    )
    key += [name for name, holds in all_of if all(holds(item) for item in cause.roots)]
    return tuple(key)


def _distinguishing(action: Action) -> tuple[str, ...]:
    """Arguments that make one remedy another; those that only name the target do not."""
    return tuple(f"{name}={value}" for name, value in sorted(action.args.items()) if name not in _NAMES_THE_TARGET)


def _pool(cause: Cause, work: Work) -> str:
    target = cause.action.target
    if target.kind == "pool":
        return target.name or ""
    nodes = (work.view.nodes.get(place) for place in cause.places)
    return next((node.pool for node in nodes if node is not None and node.pool), "")
