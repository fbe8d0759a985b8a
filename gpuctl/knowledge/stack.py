"""Which pods are the GPU software of a node, and which link of its chain each one is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Literal

from gpuctl.knowledge.catalogue import Row, load

Part = Literal[
    "node-feature-discovery", "driver", "toolkit", "mig", "validator", "device-plugin", "dra-driver", "gpu-feature-discovery", "monitoring"
]
"""Links of the chain, named as `findings.Component` names them; monitoring hangs on the chain and carries nothing."""


_APP_LABELS = ("app", "app.kubernetes.io/name", "app.kubernetes.io/component")


class StackRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A family of pods: `pattern` is matched in full against the name of the owner, the pod or its app label."""

    pattern: str
    part: Part
    vendor: str
    serves_devices: bool


@cache
def _rows() -> tuple[tuple[re.Pattern[str], StackRow], ...]:
    return tuple((re.compile(row.pattern), row) for row in load("stack", StackRow).rows)


@cache
def _any() -> re.Pattern[str]:
    """All families in one expression: most names belong to none, and one look tells it."""
    return re.compile("|".join(f"(?:{row.pattern})" for _, row in _rows()))


@lru_cache(maxsize=4096)
def classify(name: str) -> StackRow | None:
    """The family that a DaemonSet's, pod's or app's name belongs to; None when it is none of the GPU software."""
    if _any().fullmatch(name) is None:
        return None
    return next((row for pattern, row in _rows() if pattern.fullmatch(name)), None)


def labelled(labels: Mapping[str, str]) -> StackRow | None:
    """The family that a pod's app labels name."""
    return next((row for key in _APP_LABELS if key in labels and (row := classify(labels[key])) is not None), None)
