"""Node taints with a documented meaning."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Literal

from gpuctl.knowledge.accelerators import is_accelerator
from gpuctl.knowledge.catalogue import Row, load

TaintKind = Literal["removal", "cordon", "state", "pool"]


class TaintRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A family of taint keys (`pattern`, full match), who sets it, and what it means."""

    pattern: str
    kind: TaintKind
    agent: str
    meaning: str


@cache
def _rows() -> tuple[tuple[re.Pattern[str], TaintRow], ...]:
    return tuple((re.compile(row.pattern), row) for row in load("taints", TaintRow).rows)


@lru_cache(maxsize=1024)
def classify(key: str) -> TaintRow | None:
    """The family of a taint key; None when it has no documented meaning."""
    return next((row for pattern, row in _rows() if pattern.fullmatch(key)), None)


def set_at(key: str, value: str) -> datetime | None:
    """When the autoscaler set its taint: the value is that moment in seconds since 1970 (taints.go, see the catalogue)."""
    row = classify(key)
    if row is None or row.agent != "cluster-autoscaler" or not (value.isascii() and value.isdigit() and 9 <= len(value) <= 10):
        return None
    return datetime.fromtimestamp(int(value), UTC)


def kind_of(key: str) -> TaintKind | None:
    """What a taint means; a key that is an accelerator resource marks a GPU pool."""
    row = classify(key)
    if row is not None:
        return row.kind
    return "pool" if is_accelerator(key) else None
