"""Node condition types and their polarity: which status means that all is well."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal

from gpuctl.knowledge.catalogue import Row, load
from gpuctl.model.nodes import Condition


class ConditionRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A family of condition types (`pattern`, full match), who writes it, and the status that means healthy."""

    pattern: str
    healthy: Literal["True", "False"]
    agent: str
    accelerator: bool
    meaning: str


@cache
def _rows() -> tuple[tuple[re.Pattern[str], ConditionRow], ...]:
    return tuple((re.compile(row.pattern), row) for row in load("conditions", ConditionRow).rows)


@lru_cache(maxsize=1024)
def classify(condition_type: str) -> ConditionRow | None:
    """The family of a condition type; None when nobody documented it (it is then not judged)."""
    return next((row for pattern, row in _rows() if pattern.fullmatch(condition_type)), None)


def is_accelerator_condition(condition: Condition) -> bool:
    """Whether a condition speaks of accelerators."""
    row = classify(condition.type)
    return row is not None and row.accelerator
