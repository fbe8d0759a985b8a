"""Keeping what is right of an object in which something has the wrong type."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from gpuctl.parsers.k8s_dialect import JsonDialect

T = TypeVar("T")
_PATH = re.compile(r"`\$([^`]*)`")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MOST_REPAIRS = 20
_BROKEN = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)
_FACTS = {
    "nodeName": "node", "creationTimestamp": "created", "deletionTimestamp": "deleting_since", "startTime": "started", "nodeInfo": "kernel",
    "restartPolicy": "requests", "deletionGracePeriodSeconds": "grace_seconds", "priorityClassName": "priority_class",
    "schedulerName": "scheduler", "runtimeClassName": "runtime_class", "preemptionPolicy": "preemption_policy", "unschedulable": "cordoned",
    "nominatedNodeName": "nominated_node", "schedulingGates": "scheduling_gates", "resourceClaims": "claims", "providerID": "provider_id",
    "ownerReferences": "owner", "containerStatuses": "containers",
}  # fmt: skip
_ASKS = ("requests", "cpu", "memory_bytes")
_STEMS = ("spec.containers", "spec.initContainers")


def decode(dialect: JsonDialect, data: bytes | msgspec.Raw, kind: type[T]) -> tuple[T | None, dict[str, str]]:
    """The object without the parts that do not fit, and why each of those was left out, by path; None when nothing fits."""
    lost: dict[str, str] = {}
    try:
        return dialect.decode(data, kind), lost
    except _BROKEN as error:
        problem: Exception = error
    try:
        whole = msgspec.json.decode(data)
    except _BROKEN as error:
        return None, {"": str(error)}
    for _ in range(_MOST_REPAIRS):
        match = _PATH.search(str(problem))
        path = _drop(whole, match[1]) if match else ""
        if not path:
            break
        lost[path] = str(problem).partition(" - at ")[0]
        try:
            return dialect.decode(msgspec.json.encode(whole), kind), lost
        except _BROKEN as error:
            problem = error
    return None, {**lost, "": str(problem)}


def _drop(whole: Any, path: str) -> str:
    """Takes the part at a path out of the object; the path as far as it could be followed, empty when nothing was taken."""
    owner, last, followed, value = None, None, "", whole
    for match in _STEP.finditer(path):
        step: str | int | None = match[1]
        if match[2] is not None:
            step = int(match[2]) if match[2] != "..." else None
        if step is None:
            break
        inside = (isinstance(value, dict) and step in value) or (isinstance(value, list) and isinstance(step, int) and step < len(value))
        if not inside:
            break
        owner, last, value = value, step, value[step]
        followed += f"[{step}]" if isinstance(step, int) else f".{step}" if followed else str(step)
    if owner is None:
        return ""
    del owner[last]
    return followed


def facts_touched(path: str) -> tuple[str, ...]:
    """The facts of a Pod or Node that a part which cannot be read would have told."""
    name = re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
    if path.startswith(_STEMS) or path in {"spec", "resources", "quantities"}:
        return (*_ASKS, "claims", "images") if path == "spec" else _ASKS
    return (_FACTS.get(name, name),)
