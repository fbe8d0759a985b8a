"""An item of advice: one remedy, what it wins and costs, and how to do it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gpuctl.findings import Confidence, Severity
from gpuctl.model.subject import Subject


class Step(Struct, frozen=True, kw_only=True):
    """One thing to do: `say` for the person, `command` to paste (None where no command can do it), and what it ends."""

    say: str
    command: str | None = None
    interrupts: tuple[str, ...] = ()


class Gain(Struct, frozen=True, kw_only=True):
    """What the remedy wins over the horizon, and on which basis that is counted."""

    gpus: float
    gpu_hours: float
    horizon_hours: float
    basis: Literal["demand", "capacity", "risk"]


class Item(Struct, frozen=True, kw_only=True):
    """One item of the ranked list; the terms of its rank are shown as they were used. `symptoms` are the findings that the
    same broken part explains; they are among `findings` too."""

    id: str
    rank: int
    disposition: Literal["now", "wait"]
    wait_for: str | None
    title: str
    severity: Severity
    confidence: Confidence
    priority: float
    net_gpu_hours: float
    gain: Gain
    effort_minutes: float
    disruption_gpu_hours: float
    estimates: tuple[str, ...]
    owner: Literal["tenant", "platform", "vendor"]
    subjects: tuple[Subject, ...]
    findings: tuple[str, ...]
    symptoms: tuple[str, ...]
    steps: tuple[Step, ...]
    rollback: tuple[Step, ...]
    after: tuple[str, ...]
