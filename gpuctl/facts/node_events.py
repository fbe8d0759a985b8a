"""Events that speak of a node's accelerators, also of nodes that nobody listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from gpuctl.facts.resolve import Partial, provides
from gpuctl.facts.view import View
from gpuctl.knowledge.events import HardwareStatement, hardware_statement
from gpuctl.model.events import K8sEvent
from gpuctl.model.known import Unknown
from gpuctl.model.nodes import Node
from gpuctl.model.subject import Subject


@dataclass(frozen=True, eq=False)
class EventedNode:
    """A node that events may speak of: every accelerator node, and every node that an event of an accelerator fault names.
    `node` is None where only events name it."""

    name: str
    cluster: str | None
    node: Node | None

    @classmethod
    def enumerate(cls, view: View) -> Sequence[Self] | Unknown:
        if view.snapshot.k8s_events is None:
            return view.gap("k8s_events") or Unknown("k8s_events", "no events were read")
        listed: dict[tuple[str | None, str], Node | None] = {
            (node.cluster, node.name): node for node in view.gpu_nodes if node.name is not None
        }
        for key in event_index(view).by_node:
            listed.setdefault(key, view.nodes.get(key))
        return tuple(cls(name, cluster, node) for (cluster, name), node in listed.items())

    @property
    def subject(self) -> Subject:
        return Subject(kind="node", cluster=self.cluster, name=self.name, node=self.name)


@dataclass(frozen=True)
class Statement:
    """One kind of accelerator fault on one node: the newest event of it, how often it was counted, and its age in seconds
    (None when no stamp tells it)."""

    told: HardwareStatement
    event: K8sEvent
    count: int
    age_seconds: float | None


@dataclass(frozen=True)
class NodeStatements:
    """Accelerator faults that events of a node tell of and that are not older than events are kept."""

    recent: tuple[Statement, ...]


def is_about_node(event: K8sEvent) -> bool:
    """Whether the involved object is a node; tables of kubectl print the kind in lower case."""
    return (event.kind or "").lower() == "node"


def event_age_seconds(event: K8sEvent, view: View) -> float | None:
    """Seconds since the event was last seen; None when neither a stamp nor a printed age tells it."""
    stamped = view.age_seconds(event.last_time or event.first_time)
    return stamped if stamped is not None else event.age_seconds


@dataclass(frozen=True)
class EventIndex:
    """Events of accelerator faults by cluster and name of the node that they are about."""

    by_node: dict[tuple[str | None, str], tuple[tuple[K8sEvent, HardwareStatement], ...]]


@provides
def event_index(view: View) -> EventIndex:
    """Made once for a view."""
    found: dict[tuple[str | None, str], list[tuple[K8sEvent, HardwareStatement]]] = {}
    for event in view.snapshot.k8s_events or ():
        if event.name and is_about_node(event) and (told := hardware_statement(event)) is not None:
            found.setdefault((event.cluster, event.name), []).append((event, told))
    return EventIndex({key: tuple(items) for key, items in found.items()})


@provides
def node_statements(node: EventedNode, index: EventIndex, view: View) -> NodeStatements | Partial[NodeStatements]:
    """Equal checks are one statement; events without any stamp count as recent, since nobody can say that they are old."""
    found: dict[str, list[tuple[K8sEvent, HardwareStatement]]] = {}
    for event, told in index.by_node.get((node.cluster, node.name), ()):
        age = event_age_seconds(event, view)
        if age is None or age <= view.settings["recent_event_seconds"]:
            found.setdefault(told.name, []).append((event, told))
    statements = NodeStatements(tuple(_statement(items, view) for _, items in sorted(found.items())))
    gap = view.gap("k8s_events")
    return statements if gap is None else Partial(statements, gap)


def _statement(items: list[tuple[K8sEvent, HardwareStatement]], view: View) -> Statement:
    def age(item: tuple[K8sEvent, HardwareStatement]) -> float:
        seconds = event_age_seconds(item[0], view)
        return float("inf") if seconds is None else seconds

    event, told = min(items, key=age)
    return Statement(told, event, sum(item.count or 1 for item, _ in items), event_age_seconds(event, view))
