"""What the API server says when a ResourceQuota refuses a pod. Pure.

Source (2026-11-24): kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go:
`exceeded quota: NAME, requested: KEY=AMOUNT,..., used: KEY=AMOUNT,..., limited: KEY=AMOUNT,...`
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gpuctl.units import quantity

_EXCEEDED = re.compile(r"exceeded quota: ([^\s,]+), requested: (\S+), used: (\S+), limited: (\S+)")
_LONGEST = 65536


@dataclass(frozen=True)
class Exceeded:
    """A refusal: the quota's name, and what was requested, used and limited by key, in base units."""

    quota: str
    requested: dict[str, float]
    used: dict[str, float]
    limited: dict[str, float]


def parse(message: str) -> Exceeded | None:
    """A refusal taken apart; None when the message is not one."""
    found = _EXCEEDED.search(" ".join(message[:_LONGEST].split()))
    if found is None:
        return None
    return Exceeded(found.group(1), *(_amounts(found.group(index)) for index in (2, 3, 4)))


def _amounts(text: str) -> dict[str, float]:
    amounts = {}
    for part in text.rstrip(".,").split(","):
        key, _, value = part.partition("=")
        number = quantity(value) if value else None
        if number is not None:
            amounts[key] = number
    return amounts
