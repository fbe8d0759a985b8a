"""What schedulers say of a pod that they cannot place, taken apart: counts of nodes with reasons. Pure.

Grammars: kube-scheduler's `0/3 nodes are available: 1 node(s) had untolerated taint {key: value}, 2 Insufficient nvidia.com/gpu.`
with or without a tail about preemption and claims (the tail says nothing of the first obstacle and is dropped); 1.37 no longer
names the taint; before 1.22 it wrote `node(s) had taint {...}, that the pod didn't tolerate`; before 1.9 `No nodes are available
that match all of the predicates: Insufficient nvidia.com/gpu (3)`. Whatever fits none is one reason without a count.

Sources (2026-11-24): kubernetes/kubernetes pkg/scheduler/framework/types.go (FitError) and plugins/*/ of releases 1.8 to 1.37.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["resource", "taint", "selector", "cordon", "not_ready", "claim", "volume", "spread", "port", "gate", "gang", "other"]

_HEAD = re.compile(r"(\d+)/(\d+) nodes are available(?:: ?|$)")
_OLD_HEAD = re.compile(r"No nodes are available that match all of the (?:following )?predicates:+ ?")
_OLD_PART = re.compile(r"(.+?) \((\d+)\)")
_TAIL = re.compile(
    r"[.,]? ?(?:(?:no new claims to deallocate|still not schedulable),? )?preemption: .*$|[.,]? ?no new claims to deallocate.*$",
)
_NEXT = re.compile(r",\s+(?=\d+\s)")
_COUNTED = re.compile(r"(\d+) (.+)")
_RESOURCE = re.compile(r"Insufficient (\S+)|Too many pods", re.IGNORECASE)
_TAINT = re.compile(r"\{\s*([^:{}\s]+)\s*(?::\s*([^{}]*?)\s*)?\}")
_LONGEST = 65536

_KINDS: tuple[tuple[str, Kind], ...] = (
    ("insufficient ", "resource"),
    ("too many pods", "resource"),
    ("gang", "gang"),
    ("pod group", "gang"),
    ("pods in the podgroup", "gang"),
    ("mincount", "gang"),
    ("cannot allocate all claims", "claim"),
    ("resourceclaim", "claim"),
    ("device class", "claim"),
    ("deviceclass", "claim"),
    ("deallocated", "claim"),
    ("taint", "taint"),
    ("were unschedulable", "cordon"),
    ("unschedulable node", "cordon"),
    ("nodeunschedulable", "cordon"),
    ("not ready", "not_ready"),
    ("nodenotready", "not_ready"),
    ("unreachable", "not_ready"),
    ("topology spread", "spread"),
    ("anti-affinity", "spread"),
    ("pod affinity", "spread"),
    ("volume", "volume"),
    ("persistentvolume", "volume"),
    ("node affinity", "selector"),
    ("node selector", "selector"),
    ("matchnodeselector", "selector"),
    ("free ports", "port"),
    ("scheduling gates", "gate"),
)
_LIFECYCLE: dict[str, Kind] = {
    "node.kubernetes.io/unschedulable": "cordon",
    "node.kubernetes.io/not-ready": "not_ready",
    "node.kubernetes.io/unreachable": "not_ready",
}


@dataclass(frozen=True)
class Reason:
    """One reason: how many nodes it rules out (None when the scheduler gives no number), in the scheduler's words, and what
    it is about: `detail` is the resource that is short, or the taint's key, where the message names it."""

    count: int | None
    text: str
    kind: Kind
    detail: str = ""

    def __str__(self) -> str:
        return self.text if self.count is None else f"{self.count} {self.text}"


@dataclass(frozen=True)
class Verdict:
    """A message taken apart. `nodes`: how many nodes the scheduler looked at; None when it does not say."""

    nodes: int | None
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        """The message again, folded: the same grammar, without its tail."""
        said = ", ".join(map(str, self.reasons))
        if self.nodes is None:
            return said
        return f"0/{self.nodes} nodes are available" + (f": {said}." if said else "")


def parse(message: str) -> Verdict:
    """Take a message of a scheduler apart: reasons with equal text folded, the most nodes first, those without number last."""
    text = " ".join(message[:_LONGEST].split())
    if (head := _HEAD.search(text)) is not None:
        body = _TAIL.sub("", text[head.end() :]).strip(" .,")
        return Verdict(int(head.group(2)), _fold(_reasons(body)))
    if (old := _OLD_HEAD.match(text)) is not None:
        parts = [part.strip(" .") for part in text[old.end() :].split(", ")]
        pairs = [_OLD_PART.fullmatch(part) for part in parts]
        return Verdict(None, _fold(_reason(int(pair.group(2)), pair.group(1)) for pair in pairs if pair is not None))
    body = _TAIL.sub("", text).strip(" .,")
    return Verdict(None, (_reason(None, body),) if body else ())


def _reasons(body: str) -> Iterable[Reason]:
    for part in _NEXT.split(body):
        counted = _COUNTED.fullmatch(part)
        if counted is not None:
            yield _reason(int(counted.group(1)), counted.group(2).strip(" .,"))
        elif part:
            yield _reason(None, part)


def _reason(count: int | None, text: str) -> Reason:
    lower = text.lower()
    kind: Kind = next((kind for word, kind in _KINDS if word in lower), "other")
    detail = ""
    if kind == "resource" and (named := _RESOURCE.search(text)) is not None:
        detail = (named.group(1) or "pods").rstrip(".,;)")
    if kind == "taint" and (named := _TAINT.search(text)) is not None:
        detail = named.group(1)
        kind = _LIFECYCLE.get(detail, kind)
    return Reason(count, text, kind, detail)


def _fold(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    totals: dict[tuple[str, Kind, str], int | None] = {}
    for reason in reasons:
        key = (reason.text, reason.kind, reason.detail)
        before = totals.get(key)
        totals[key] = reason.count if before is None else before + (reason.count or 0)
    folded = [Reason(count, *key) for key, count in totals.items()]
    return tuple(sorted(folded, key=lambda item: (item.count is None, -(item.count or 0), item.text)))
