"""What several kinds of objects tell together: budgets of pods, heartbeats and software of nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from gpuctl.model.nodes import Components, GpuLabels, Node
from gpuctl.model.workloads import Budget, Pod
from gpuctl.parsers.k8s_nodes import told_by_labels
from gpuctl.parsers.k8s_queues import covers
from gpuctl.parsers.k8s_stack import components

_NEVER = datetime.min.replace(tzinfo=UTC)
_PARTS = frozenset(Components.__struct_fields__)


@dataclass
class Extra:
    """Objects that are no facts of their own: node leases by node, features by node, ConfigMaps."""

    heartbeats: dict[str, datetime] = field(default_factory=dict)
    features: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    config_maps: list[tuple[str | None, str | None, dict[str, str]]] = field(default_factory=list)


def finished(
    pods: list[Pod], labels: list[dict[str, str]], nodes: list[Node], budgets: list[Budget] | None, extra: Extra, dedupe: bool
) -> dict[str, tuple[Any, ...]]:
    """Pods with the budgets that cover them and nodes with heartbeats and software; an object given twice counts once, as it was
    when it told of the latest moment.

    `labels` are those of `pods`, in their order.
    """
    if budgets is not None:
        _match(pods, labels, budgets)
    software = _software(pods, labels)
    given = _once(nodes) if dedupe else nodes
    joined = tuple([_node(node, software, extra) for node in given or _discovered(extra)])
    return {"pods": _once(pods) if dedupe else tuple(pods), "nodes": joined}


def _discovered(extra: Extra) -> list[Node]:
    """Nodes of which features alone tell; with their labels, which the Node itself would have."""
    return [
        Node(name=name, labels={key: value for item in found for key, value in sorted(item["labels"].items())})
        for name, found in sorted(extra.features.items())
    ]


def _once(found: list[Any]) -> tuple[Any, ...]:
    by_name: dict[Any, Any] = {}
    for index, item in enumerate(found):
        key = (getattr(item, "namespace", None), item.name) if item.name else index
        before = by_name.get(key)
        if before is None or _latest(item) >= _latest(before):
            by_name[key] = item
    return tuple(by_name.values())


def _latest(item: Node | Pod) -> datetime:
    """The latest moment that an object tells of: of two dumps, the later one has the later heartbeats and changes."""
    stamps = [condition.since for condition in item.conditions or ()]
    stamps += [item.heartbeat, item.created] if isinstance(item, Node) else [item.created, item.started, item.finished, item.deleting_since]
    return max((stamp for stamp in stamps if stamp is not None), default=_NEVER)


def _match(pods: list[Pod], labels: list[dict[str, str]], budgets: list[Budget]) -> None:
    by_namespace: dict[str | None, list[Budget]] = {}
    for item in budgets:
        by_namespace.setdefault(item.namespace, []).append(item)
    for pod, own in zip(pods, labels, strict=True):
        here = by_namespace.get(pod.namespace)
        names = tuple(item.name or "" for item in here if covers(item, own)) if here else ()
        # The pod was made here and nobody else has seen it yet: filling the field in place spares a copy of every pod.
        msgspec.structs.force_setattr(pod, "budgets", names)


def _software(pods: list[Pod], labels: list[dict[str, str]]) -> dict[str | None, dict[str, str]]:
    found: dict[str | None, dict[str, str]] = {}
    for pod, own in zip(pods, labels, strict=True):
        if pod.images and (parts := components(pod.images, own)):
            for part, version in parts.items():
                found.setdefault(pod.node, {}).setdefault(part, version)
    operators = {parts["gpu_operator"] for parts in found.values() if "gpu_operator" in parts}
    if len(operators) == 1:
        for parts in found.values():
            if parts.keys() & {"device_plugin", "toolkit", "dcgm_exporter", "mig_manager"}:
                parts.setdefault("gpu_operator", next(iter(operators)))
    return found


def _node(node: Node, software: dict[str | None, dict[str, str]], extra: Extra) -> Node:
    changes: dict[str, Any] = {}
    parts = software.get(node.name)
    if parts and node.name:
        changes["components"] = Components(**{part: version for part, version in parts.items() if part in _PARTS})
        changes["driver_image"] = parts.get("driver", node.driver_image)
    heartbeat = extra.heartbeats.get(node.name or "")
    if heartbeat:
        changes["heartbeat"] = heartbeat
    wanted = {key: value for found in extra.features.get(node.name or "", ()) for key, value in found["labels"].items()}
    if wanted:
        changes |= {
            name: fact for name, fact in told_by_labels({**wanted, **node.labels}, node.capacity or {}).items() if not getattr(node, name)
        }
    for found in extra.features.get(node.name or "", ()):
        if found["kernel_modules"] is not None:
            changes["kernel_modules"] = found["kernel_modules"]
        if found["pci_vendors"]:
            known = changes.get("accelerators", node.accelerators) or GpuLabels()
            vendor = known.vendor or min(found["pci_vendors"], key=lambda name: (name != "nvidia", name))
            changes["accelerators"] = msgspec.structs.replace(known, pci_present=True, vendor=vendor)
    return msgspec.structs.replace(node, **changes) if changes else node
