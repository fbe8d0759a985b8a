"""Facts are known, or unknown with a reason.

A Struct of the model writes a fact that nobody knows as None and puts the reason into its `unknown` map, under the dotted
path of the fact: the same shape that the published documents have. `fact()` reads both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of everything that carries reasons for what it does not know."""

    unknown: dict[str, str] = {}


@dataclass(frozen=True)
class Unknown:
    """A fact that is not known, and why."""

    fact: str
    reason: str


NOT_COLLECTED: Final = "no source that was read tells it"


def why_unknown(owner: Facts, path: str) -> str:
    """The reason given for a path, else for the nearest part above it, else that no source tells it."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        reason = owner.unknown.get(".".join(parts[:end]))
        if reason is not None:
            return reason
    return NOT_COLLECTED


def fact(owner: Facts, path: str) -> Any:
    """The value at a dotted path, or `Unknown` with its reason. Lists and maps count as known even when empty."""
    value: Any = owner
    for name in path.split("."):
        value = getattr(value, name, None)
        if value is None:
            return Unknown(path, why_unknown(owner, path))
    return value
