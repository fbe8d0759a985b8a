"""Events as kubectl prints them: the table of `kubectl get events` and the Events part of `kubectl describe`.

Formats: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_get/ and kubectl_events/, as printed by 1.18 to 1.34. Tables
carry ages instead of times: `age_seconds` is the last, `first_age_seconds` the first occurrence, seen from when it was printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import structs

from gpuctl.model.events import K8sEvent

_AGE = r"(?:<unknown>|<invalid>|(?:[0-9]{1,9}[smhdy]){1,4})"
_AGES = rf"(?P<age>{_AGE})(?:\s+\(x(?P<count>[0-9]{{1,9}}) over (?P<first>{_AGE})\))?"
_DESCRIBED = re.compile(
    rf"\s*(?P<type>[A-Za-z]{{1,40}})\s+(?P<reason>[^\s:]{{1,200}})\s+{_AGES}\s+"
    r"(?P<source>[^\s,]{1,253}(?:, [^\s]{1,253})?)(?:\s+(?P<message>\S.*))?"
)
_LISTED = re.compile(
    rf"\s*(?:(?P<namespace>[a-z0-9][a-z0-9-]{{0,62}})\s+)??{_AGES}\s+(?P<type>[A-Za-z]{{1,40}})\s+(?P<reason>[^\s]{{1,200}})"
    r"\s+(?P<kind>[A-Za-z][A-Za-z0-9.-]{0,80})/(?P<name>[^\s]{1,253})(?:\s+(?P<message>\S.*))?"
)
_SUBOBJECT = re.compile(r"(?:spec|metadata|status)\.[^\s]{1,253}")
_SOURCE = re.compile(r"[A-Za-z0-9._/-]{1,253}(?:, [^\s]{1,253})?")
_ONE_AGE = re.compile(_AGE)
_CELLS = re.compile(r"\s{2,}")
_HEADER = re.compile(r"\s*(?:(?:NAMESPACE\s+)?LAST SEEN\s+TYPE\s+REASON\s+(?:OBJECT|KIND)\b.*|Type\s+Reason\s+Age\s+From\s+Message)")
_RULER = re.compile(r"[\s-]+")
_SECTION = re.compile(r"\s*Events:\s*(?:<none>)?")
_END = re.compile(r"(?:Name|Namespace|Kind|API Version):\s.*|[$#>] .*|\s*```.*")
_PART = re.compile(r"([0-9]+)([smhdy])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 365 * 86400}
_LONGEST_LINE = 20_000
_KINDS = {
    kind.lower(): kind
    for kind in (
        "Pod", "Node", "Job", "CronJob", "ReplicaSet", "DaemonSet", "Deployment", "StatefulSet", "ReplicationController", "PodGroup",
        "Workload", "JobSet", "LeaderWorkerSet", "HorizontalPodAutoscaler", "PodDisruptionBudget", "PersistentVolumeClaim", "Service",
        "Namespace", "ConfigMap", "ClusterQueue", "LocalQueue", "Queue", "ResourceClaim", "ClusterPolicy", "NVIDIADriver", "ScaledObject",
        "PyTorchJob", "TrainJob", "RayCluster", "RayJob", "ResourceQuota", "Endpoints", "Lease", "ResourceSlice", "DeviceTaintRule",
    )
}  # fmt: skip


def seconds(age: str | None) -> float | None:
    """`6m58s` in seconds; None for `<unknown>` and `<invalid>`."""
    parts = _PART.findall(age or "")
    return float(sum(int(number) * _SECONDS[unit] for number, unit in parts)) if parts else None


def parse(text: str, kind: str | None = None, namespace: str | None = None, name: str | None = None) -> tuple[K8sEvent, ...] | None:
    """Events in a text, in its order; None when the text shows no events at all (an empty table gives an empty tuple).

    Args:
        text: a table, an Events part, or just its lines; indented and wrapped lines are accepted.
        kind, namespace, name: the object that a description is about.
    """
    events: list[K8sEvent] = []
    seen = False
    open_event = False
    for line in _lines(text):
        if _HEADER.fullmatch(line) or _SECTION.fullmatch(line):
            seen, open_event = True, False
        elif not line.strip() or _END.fullmatch(line):
            open_event = False
        elif _RULER.fullmatch(line):
            continue
        elif (event := _row(line, kind, namespace, name)) is not None:
            events.append(event)
            seen = open_event = True
        elif open_event and len(events[-1].message) < _LONGEST_LINE:
            last = events[-1]
            events[-1] = structs.replace(last, message=f"{last.message} {line.strip()}".strip())
    return tuple(events) if seen else None


def _lines(text: str) -> Iterable[str]:
    return (line[:_LONGEST_LINE].expandtabs(8).rstrip() for line in text.split("\n"))


def _row(line: str, kind: str | None, namespace: str | None, name: str | None) -> K8sEvent | None:
    match = _DESCRIBED.fullmatch(line)
    if match is not None:
        component, _, host = match["source"].partition(", ")
        return K8sEvent(
            kind=kind, namespace=namespace, name=name, type=match["type"], reason=match["reason"], message=(match["message"] or "").strip(),
            component=component, node=host or (name if kind == "Node" else None), count=int(match["count"] or 1),
            age_seconds=seconds(match["age"]), first_age_seconds=seconds(match["first"]) if match["first"] else None,
        )  # fmt: skip
    match = _LISTED.fullmatch(line)
    if match is None:
        return None
    message, component, host, first, times = (match["message"] or "").strip(), "", "", match["first"], match["count"]
    cells = _CELLS.split(message)
    if len(cells) >= 4 and _ONE_AGE.fullmatch(cells[-3]) and cells[-2].isascii() and cells[-2].isdigit():  # the columns of -o wide
        first, times = cells[-3], cells[-2][:9]
        cells = cells[1 if _SUBOBJECT.fullmatch(cells[0]) else 0 : -3]
        if len(cells) > 1 and _SOURCE.fullmatch(cells[0]):
            component, _, host = cells.pop(0).partition(", ")
        message = "  ".join(cells)
    about = _KINDS.get(match["kind"].lower(), match["kind"])
    return K8sEvent(
        kind=about, namespace=match["namespace"] or namespace, name=match["name"], type=match["type"], reason=match["reason"],
        message=message,
        component=component or None, node=host or (match["name"] if about == "Node" else None), count=int(times) if times else None,
        age_seconds=seconds(match["age"]), first_age_seconds=seconds(first) if first else None,
    )  # fmt: skip
