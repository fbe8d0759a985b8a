"""Small clusters and findings for tests of the advice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Confidence, Finding, Severity
from gpuctl.knowledge.settings import Settings
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Cluster, Snapshot
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Container, Owner, Placement, Pod

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def node(
    name: str, *, cards: float = 8, offered: float | None = None, ready: str = "True", cordoned: bool = False, pool: str = "a"
) -> Node:
    return Node(
        name=name,
        ready=ready,
        cordoned=cordoned,
        pool=pool,
        taints=(),
        labels={"pool": pool},
        capacity={"nvidia.com/gpu": cards, "cpu": 64.0, "pods": 110.0},
        allocatable={"nvidia.com/gpu": cards if offered is None else offered, "cpu": 64.0, "pods": 110.0},
    )


def pod(
    name: str,
    *,
    gpus: float = 8,
    on: str | None = None,
    hours: float = 0,
    owner: Owner | None = None,
    namespace: str = "team",
    pool: str = "",
) -> Pod:
    """A pod that runs on a node since so many hours, or waits."""
    return Pod(
        namespace=namespace,
        name=name,
        node=on,
        phase="Running" if on else "Pending",
        owner=owner if owner is not None else Owner(kind="Job", name=name.rpartition("-")[0] or name),
        requests={"nvidia.com/gpu": gpus} if gpus else {},
        created=NOW - timedelta(hours=hours, minutes=1),
        started=NOW - timedelta(hours=hours) if on else None,
        placement=Placement(node_selector={"pool": pool}) if pool else None,
        containers=(Container(name="main", state="running"),) if on else (),
    )


def view(nodes: Iterable[Node], pods: Iterable[Pod] = (), *, context: str | None = None, settings: dict[str, float] | None = None) -> View:
    snapshot = Snapshot(cluster=Cluster(context=context), nodes=tuple(nodes), pods=tuple(pods))
    return View(snapshot, NOW, Settings(settings or {}))


def on_node(
    name: str,
    component: Component,
    kind: ActionKind | None,
    *,
    gpus: float = 0,
    severity: Severity = Severity.HIGH,
    confidence: Confidence = Confidence.CERTAIN,
    code: str = "",
    args: dict[str, str] | None = None,
    hygiene: bool = False,
    transitional: str | None = None,
    gpu: str | None = None,
) -> Finding:
    subject = Subject(kind="gpu" if gpu else "node", name=None if gpu else name, node=name, gpu=gpu)
    return Finding(
        subject=subject,
        severity=severity,
        confidence=confidence,
        message="a fault",
        evidence=(),
        gpus=gpus,
        component=component,
        nodes=(name,),
        actions=(Action(kind=kind, target=subject, args=args or {}),) if kind else (),
        hygiene=hygiene,
        transitional=transitional,
    ).named(code or f"{component.value}-broken")


def on_pod(
    item: Pod, kind: ActionKind, *, gpus: float = 0, code: str = "pod-broken", demand: bool = False, severity: Severity = Severity.HIGH
) -> Finding:
    subject = Subject(kind="pod", name=item.name, namespace=item.namespace, node=item.node)
    return Finding(
        subject=subject,
        severity=severity,
        message="a fault",
        evidence=(),
        gpus=gpus,
        component=Component.NONE if demand else Component.POD,
        nodes=(item.node,) if item.node else (),
        actions=(Action(kind=kind, target=subject),),
        demand=demand,
    ).named(code)
