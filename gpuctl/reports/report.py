"""What a run knows at its end: the input of every renderer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from gpuctl.advice.item import Item
from gpuctl.findings import Finding, Outcome
from gpuctl.model.snapshot import SourceState


class AsOf(Struct, frozen=True, kw_only=True):
    """The moment of judgement and where it came from; `time` is None when no source tells any time."""

    time: datetime | None
    basis: Literal["clock", "snapshot", "newest_stamp", "flag"]


class Summary(Struct, frozen=True, kw_only=True):
    """The counts of the first line. None where the cluster's nodes are not known; `unknown` then says why."""

    nodes: int | None
    gpus: float | None
    gpus_allocatable: float | None
    gpus_allocated: float | None
    gpus_recoverable: float
    found: int
    waived: int
    by_severity: dict[str, int]
    unknown: dict[str, str] = {}


class Waived(Struct, frozen=True, kw_only=True):
    """A finding that a waiver covers: not counted, always printed."""

    finding: str
    reason: str
    owner: str | None = None
    expires: str | None = None


class Report(Struct, frozen=True, kw_only=True):
    """One run. `findings` hold the waived ones too; `too_little` is True when no audit could judge any GPU node.
    `notes` say what else shaped the run: waivers out of date, thresholds and limits set by the user."""

    version: str
    taken_at: datetime | None
    as_of: AsOf
    complete: bool
    interrupted: bool
    sources: tuple[SourceState, ...]
    knowledge: dict[str, str]
    summary: Summary
    advice: tuple[Item, ...]
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    deselected: tuple[str, ...]
    waived: tuple[Waived, ...]
    skipped: dict[str, int]
    unrecognised: dict[str, str]
    too_little: bool
    notes: tuple[str, ...] = ()
