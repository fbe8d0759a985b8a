"""Metrics that fall when the load rises."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from gpuctl.knowledge.catalogue import Row, load

_AGGREGATED = re.compile(
    r"(?:(?:avg|sum|max|min)(?:_over_time)?\s*(?:by\s*\([^()]*\)\s*)?\(\s*)*([A-Za-z_:][A-Za-z0-9_:]*)\s*(?:\{[^{}]*\})?[\s)]*"
)
_LONGEST = 4096


class LoadMetricRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric (`pattern`, full match), what it measures, and the metric that rises with the load."""

    pattern: str
    meaning: str
    instead: str


@cache
def _rows() -> tuple[tuple[re.Pattern[str], LoadMetricRow], ...]:
    return tuple((re.compile(row.pattern), row) for row in load("load_metrics", LoadMetricRow).rows)


@lru_cache(maxsize=1024)
def falls_with_load(metric: str) -> LoadMetricRow | None:
    """The row of a metric's name, or of a query that only averages, adds or takes an extreme of one metric; a query with
    arithmetic may turn the direction round and is not judged."""
    if len(metric) > _LONGEST:
        return None
    query = _AGGREGATED.fullmatch(metric.strip())
    name = query.group(1) if query is not None else ""
    return next((row for pattern, row in _rows() if pattern.fullmatch(name)), None)
