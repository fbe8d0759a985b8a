"""Namespaces whose pods are parts of the cluster and no tenant's."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from gpuctl.knowledge.catalogue import Row, load


class NamespaceRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A family of namespaces (`pattern`, full match) and whose they are."""

    pattern: str
    agent: str


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(row.pattern) for row in load("namespaces", NamespaceRow).rows)


@lru_cache(maxsize=4096)
def is_system(namespace: str) -> bool:
    """Whether the namespace holds parts of the cluster."""
    return any(pattern.fullmatch(namespace) for pattern in _patterns())
