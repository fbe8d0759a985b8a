"""Events about a node that tell of an accelerator fault, by the agent that writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from gpuctl.knowledge.catalogue import Row, load
from gpuctl.model.events import K8sEvent


class EventRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A family of events: `pattern` is matched in full against the event's `field`; `meaning` may name groups of the pattern."""

    pattern: str
    field: Literal["reason", "type"]
    agent: str
    severity: Literal["high", "medium", "low"]
    meaning: str
    remedy: str


@dataclass(frozen=True)
class HardwareStatement:
    """What an event says of the hardware: the check's own name, its row, and the meaning with the numbers filled in."""

    name: str
    row: EventRow
    meaning: str


@cache
def _rows() -> tuple[tuple[re.Pattern[str], EventRow], ...]:
    return tuple((re.compile(row.pattern), row) for row in load("events", EventRow).rows)


def hardware_statement(event: K8sEvent) -> HardwareStatement | None:
    """The accelerator fault that an event tells of; None for events of type Normal and for reasons that nobody documented."""
    if event.type == "Normal":
        return None
    for pattern, row in _rows():
        name = event.reason if row.field == "reason" else event.type
        match = pattern.fullmatch(name)
        if match is not None:
            return HardwareStatement(name, row, row.meaning.format(**match.groupdict()))
    return None
