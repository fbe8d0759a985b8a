"""Which extended resources are accelerators, and what one unit of each stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Literal

from gpuctl.knowledge.catalogue import Catalogue, Row, load


class AcceleratorResource(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One family of extended resources; `pattern` is a full-match regular expression. Units: see the catalogue's `about`."""

    pattern: str
    vendor: str
    kind: Literal["gpu", "npu", "tpu", "hpu"]
    unit: Literal["device", "mig", "partition", "share", "part", "passthrough", "duplicate", "monitor"]


@cache
def _catalogue() -> Catalogue[AcceleratorResource]:
    return load("accelerators", AcceleratorResource)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], AcceleratorResource], ...]:
    return tuple((re.compile(row.pattern), row) for row in _catalogue().rows)


@lru_cache(maxsize=4096)
def classify(resource: str) -> AcceleratorResource | None:
    """What a resource name stands for; None when it is no accelerator (cpu, memory, rdma/hca ...)."""
    if "/" not in resource:
        return None
    return next((row for pattern, row in _patterns() if pattern.fullmatch(resource)), None)


def is_accelerator(resource: str) -> bool:
    """Whether holding one of it means holding (part of) an accelerator; monitoring access does not."""
    row = classify(resource)
    return row is not None and row.unit != "monitor"


def accelerators(amounts: Mapping[str, float]) -> dict[str, float]:
    """The accelerator resources among the amounts, monitoring left out."""
    return {name: amount for name, amount in amounts.items() if is_accelerator(name)}


def whole_devices(amounts: Mapping[str, float]) -> float:
    """Devices among the amounts: whole ones and passed-through ones. Slices, shares, parts and duplicates count none."""
    return sum(amount for name, amount in amounts.items() if (row := classify(name)) and row.unit in {"device", "passthrough"})


def vendors(resources: Iterable[str]) -> tuple[str, ...]:
    """Vendors of the accelerator resources, sorted."""
    return tuple(sorted({row.vendor for name in resources if (row := classify(name)) is not None}))
