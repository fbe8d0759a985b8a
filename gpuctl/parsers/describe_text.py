"""`kubectl describe pod` and `kubectl describe node` as text, turned back into the API's objects.

Only what the facts need is taken; annotations, environment and arguments never are. Layout: kubectl's describe.go,
https://github.com/kubernetes/kubectl/blob/master/pkg/describe/describe.go
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from gpuctl.model.events import K8sEvent
from gpuctl.parsers import events_text

_TOP = re.compile(r"([A-Z][A-Za-z /-]{0,60}):(?:\s+(.*))?")
_SPLIT = re.compile(r"\s{2,}")
_TAINT = re.compile(r"([^=:\s]+)(?:=([^:\s]*))?:(\w+)")
_TOLERATION = re.compile(r"([^=:\s]*)(?:=([^:\s]*))?(?::(\w+))?(?:\s+op=(\w+))?(?:\s+for .*)?")
_LONGEST_LINE = 20_000
_KIND_BY_KEY = (
    ("Strategy Type", "Deployment"), ("StrategyType", "Deployment"), ("Desired Number of Nodes Scheduled", "DaemonSet"),
    ("Parallelism", "Job"), ("Replicas", "ReplicaSet"),
)  # fmt: skip


@dataclass
class Section:
    """One top-level key of a description: its value and the indented lines below it."""

    value: str = ""
    lines: list[str] = field(default_factory=list)


@dataclass
class Description:
    """One described object: `object` has the API's shape where the kind is Pod or Node, else None."""

    kind: str | None
    namespace: str | None
    name: str
    object: dict[str, Any] | None
    events: tuple[K8sEvent, ...] | None


def parse(text: str) -> tuple[Description, ...]:
    """Every description in a text; empty when it holds none."""
    return tuple(found for part in _split(text) if (found := _describe(part)) is not None)


def _split(text: str) -> list[dict[str, Section]]:
    """Sections of each description; each begins with `Name:`."""
    parts: list[dict[str, Section]] = []
    current: Section | None = None
    for whole in textwrap.dedent(text.replace("\r\n", "\n")).split("\n"):
        line = whole[:_LONGEST_LINE].expandtabs(8).rstrip()
        match = _TOP.fullmatch(line)
        if match is not None and match[1] == "Name":
            parts.append({})
        if not parts:
            continue
        if match is not None:
            current = parts[-1][match[1]] = Section(match[2] or "")
        elif current is not None and line:
            current.lines.append(line)
    return parts


def _describe(part: dict[str, Section]) -> Description | None:
    name = _value(part, "Name")
    if not name or len(part) < 2 or re.search(r"\s", name):
        return None
    kind = _kind(part)
    namespace = _value(part, "Namespace") if kind != "Node" else None
    events = None
    if "Events" in part:
        lines = "\n".join(["Events: " + part["Events"].value, *part["Events"].lines])
        events = events_text.parse(lines, kind, namespace, name)
    made = _node(part, name) if kind == "Node" else _pod(part, name, namespace) if kind == "Pod" else None
    return Description(kind, namespace, name, made, events)


def _kind(part: dict[str, Section]) -> str | None:
    if _value(part, "Kind"):
        return _value(part, "Kind")
    if "Capacity" in part or "System Info" in part or ("Unschedulable" in part and "Taints" in part):
        return "Node"
    if "Containers" in part or ("Node" in part and "Status" in part):
        return "Pod"
    return next((kind for key, kind in _KIND_BY_KEY if key in part), None)


def _value(part: dict[str, Section], key: str) -> str | None:
    value = part[key].value.strip() if key in part else ""
    return value if value and value not in {"<none>", "<unset>", "<unknown>"} else None


def _items(part: dict[str, Section], key: str) -> list[str]:
    """First value and those below it, one a line."""
    if key not in part:
        return []
    values = [part[key].value, *part[key].lines]
    return [value.strip() for value in values if value.strip() and value.strip() not in {"<none>", "<unset>"}]


def _pairs(part: dict[str, Section], key: str) -> dict[str, str]:
    return dict((*item.partition("=")[::2],) for item in _items(part, key) if "=" in item)


def _fields(lines: list[str]) -> dict[str, str]:
    """`key:  value` lines."""
    pairs = (line.strip().partition(":") for line in lines)
    return {key.strip(): value.strip() for key, mark, value in pairs if mark and value.strip()}


def _time(text: str | None) -> str | None:
    """kubectl's RFC 1123 time (`Mon, 02 Jan 2006 15:04:05 +0000`) as RFC 3339."""
    try:
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _node(part: dict[str, Section], name: str) -> dict[str, Any]:
    info = _fields(part["System Info"].lines) if "System Info" in part else {}
    taints = [_taint(match) for item in _items(part, "Taints") if (match := _TAINT.fullmatch(item))]
    spec: dict[str, Any] = {"taints": taints} if "Taints" in part else {}
    if _value(part, "Unschedulable"):
        spec["unschedulable"] = _value(part, "Unschedulable") == "true"
    if _value(part, "ProviderID"):
        spec["providerID"] = _value(part, "ProviderID")
    addresses = _fields(part["Addresses"].lines) if "Addresses" in part else {}
    status: dict[str, Any] = {
        "nodeInfo": {
            "machineID": info.get("Machine ID", ""), "systemUUID": info.get("System UUID", ""),
            "bootID": info.get("Boot ID", ""),
            "kernelVersion": info.get("Kernel Version", ""), "osImage": info.get("OS Image", ""),
            "kubeletVersion": info.get("Kubelet Version", ""),
            "containerRuntimeVersion": info.get("Container Runtime Version", ""),
        },
        "addresses": [{"type": kind, "address": address} for kind, address in addresses.items()],
    }  # fmt: skip
    for key, field_name in (("Capacity", "capacity"), ("Allocatable", "allocatable")):
        if key in part:
            status[field_name] = _fields(part[key].lines)
    if "Conditions" in part:
        status["conditions"] = [made for line in part["Conditions"].lines if (made := _node_condition(line)) is not None]
    return {"apiVersion": "v1", "kind": "Node", "metadata": _metadata(part, name, None), "spec": spec, "status": status}


def _metadata(part: dict[str, Section], name: str, namespace: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "labels": _pairs(part, "Labels")}
    if namespace:
        made["namespace"] = namespace
    created = _time(_value(part, "CreationTimestamp"))
    if created:
        made["creationTimestamp"] = created
    return made


def _taint(match: re.Match[str]) -> dict[str, str]:
    return {"key": match[1], "value": match[2] or "", "effect": match[3]}


def _node_condition(line: str) -> dict[str, str] | None:
    cells = _SPLIT.split(line.strip(), 5)
    if len(cells) < 5 or cells[1] not in {"True", "False", "Unknown"}:
        return None
    made = {"type": cells[0], "status": cells[1], "reason": cells[4], "message": cells[5] if len(cells) > 5 else ""}
    for key, cell in (("lastHeartbeatTime", cells[2]), ("lastTransitionTime", cells[3])):
        if moment := _time(cell):
            made[key] = moment
    return made


def _pod(part: dict[str, Section], name: str, namespace: str | None) -> dict[str, Any]:
    node = (_value(part, "Node") or "").partition("/")[0]
    spec: dict[str, Any] = {
        "containers": _containers(part, "Containers")[0],
        "initContainers": _containers(part, "Init Containers")[0],
        "nodeSelector": _pairs(part, "Node-Selectors"),
        "tolerations": [_toleration(match) for item in _items(part, "Tolerations") if (match := _TOLERATION.fullmatch(item))],
    }
    for key, field_name in (("Priority Class Name", "priorityClassName"), ("Runtime Class Name", "runtimeClassName")):
        if _value(part, key):
            spec[field_name] = _value(part, key)
    if (_value(part, "Priority") or "").lstrip("-").isascii() and (_value(part, "Priority") or "").lstrip("-").isdigit():
        spec["priority"] = int((_value(part, "Priority") or "0")[:12])
    if node:
        spec["nodeName"] = node
    phase = (_value(part, "Status") or "").split(" ")[0]
    status: dict[str, Any] = {
        "containerStatuses": _containers(part, "Containers")[1],
        "initContainerStatuses": _containers(part, "Init Containers")[1],
    }
    metadata = _metadata(part, name, namespace)
    if phase and phase != "Terminating":
        status["phase"] = phase
    for key, field_name in (("Reason", "reason"), ("Message", "message")):
        if _value(part, key):
            status[field_name] = _value(part, key)
    if started := _time(_value(part, "Start Time")):
        status["startTime"] = started
    if "Conditions" in part:
        rows = (line.split() for line in part["Conditions"].lines)
        status["conditions"] = [
            {"type": row[0], "status": row[1]} for row in rows if len(row) == 2 and row[1] in {"True", "False", "Unknown"}
        ]
    kind, _, owner = (_value(part, "Controlled By") or "").partition("/")
    if owner:
        metadata["ownerReferences"] = [{"kind": kind, "name": owner, "controller": True, "apiVersion": "", "uid": ""}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def _toleration(match: re.Match[str]) -> dict[str, str]:
    operator = match[4] or ("Equal" if match[2] is not None else "Exists")
    made = {"key": match[1], "operator": operator, "effect": match[3] or ""}
    return made | {"value": match[2]} if match[2] else made


def _containers(part: dict[str, Section], key: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Containers and their states, from `  name:` with fields four and lists six columns deep."""
    specs: list[dict[str, Any]] = []
    states: list[dict[str, Any]] = []
    under = ""
    for line in part[key].lines if key in part else []:
        depth = len(line) - len(line.lstrip(" "))
        label, mark, value = line.strip().partition(":")
        value = value.strip()
        if depth == 2 and mark and not value:
            specs.append({"name": label, "resources": {"limits": {}, "requests": {}}})
            states.append({"name": label, "state": {}, "lastState": {}})
            under = ""
        elif specs and mark and depth == 4:
            under = label
            _container_field(specs[-1], states[-1], label, value)
        elif specs and mark and depth >= 6 and value:
            _container_detail(specs[-1], states[-1], under, label, value)
    return specs, states


def _container_field(spec: dict[str, Any], state: dict[str, Any], label: str, value: str) -> None:
    if label == "Image":
        spec["image"] = value
    elif label == "Ready":
        state["ready"] = value == "True"
    elif label == "Restart Count" and value.isascii() and value.isdigit():
        state["restartCount"] = int(value[:9])
    elif label in {"State", "Last State"} and value in {"Waiting", "Running", "Terminated"}:
        state["state" if label == "State" else "lastState"] = {value.lower(): {}}


def _container_detail(spec: dict[str, Any], state: dict[str, Any], under: str, label: str, value: str) -> None:
    if under in {"Limits", "Requests"}:
        spec["resources"][under.lower()][label] = value
        return
    holder = state["state" if under == "State" else "lastState"] if under in {"State", "Last State"} else {}
    for detail in holder.values():
        if label in {"Reason", "Message"}:
            detail[label.lower()] = value
        elif label == "Exit Code" and value.isascii() and value.lstrip("-").isdigit():
            detail["exitCode"] = int(value[:9])
        elif label in {"Started", "Finished"} and (moment := _time(value)):
            detail["startedAt" if label == "Started" else "finishedAt"] = moment
