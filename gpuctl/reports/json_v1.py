"""`gpuctl.report/v1`: the published document, its types apart from the internal ones so that those may change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gpuctl.advice.item import Item, Step
from gpuctl.findings import Finding, Outcome
from gpuctl.model.subject import Subject
from gpuctl.reports.report import Report
from gpuctl.units import rfc3339, significant

SeverityName = Literal["critical", "high", "medium", "low", "info"]
ConfidenceName = Literal["certain", "likely", "possible"]
Number = float | int


class Tool(Struct, frozen=True, kw_only=True):
    """The program that wrote the document."""

    version: str


class AsOfV1(Struct, frozen=True, kw_only=True):
    """The moment of judgement."""

    time: str | None
    basis: Literal["clock", "snapshot", "newest_stamp", "flag"]


class SourceV1(Struct, frozen=True, kw_only=True):
    """One source of the run."""

    kind: str
    name: str
    state: Literal["ok", "partial", "failed"]
    reason: str | None
    asked: int | None
    answered: int | None


class SubjectV1(Struct, frozen=True, kw_only=True):
    """What a finding is about."""

    kind: str
    cluster: str | None
    name: str | None
    node: str | None
    gpu: str | None
    namespace: str | None


class SeverityCounts(Struct, frozen=True, kw_only=True):
    """Findings by severity."""

    critical: int
    high: int
    medium: int
    low: int
    info: int


class SummaryV1(Struct, frozen=True, kw_only=True):
    """The counts of the run; null where nobody could see the nodes."""

    nodes: int | None
    gpus: Number | None
    gpus_allocatable: Number | None
    gpus_allocated: Number | None
    gpus_recoverable: Number
    found: int
    waived: int
    by_severity: SeverityCounts
    unknown: dict[str, str]


class GainV1(Struct, frozen=True, kw_only=True):
    """What a remedy wins."""

    gpus: Number
    gpu_hours: Number
    horizon_hours: Number
    basis: Literal["demand", "capacity", "risk"]


class StepV1(Struct, frozen=True, kw_only=True):
    """One thing to do, and what it ends."""

    say: str
    command: str | None
    interrupts: tuple[str, ...]


class RollbackV1(Struct, frozen=True, kw_only=True):
    """How to undo it."""

    say: str
    command: str | None


class AdviceV1(Struct, frozen=True, kw_only=True):
    """One remedy of the ranked list."""

    id: str
    rank: int
    disposition: Literal["now", "wait"]
    wait_for: str | None
    title: str
    severity: SeverityName
    confidence: ConfidenceName
    priority: Number
    net_gpu_hours: Number
    gain: GainV1
    effort_minutes: Number
    disruption_gpu_hours: Number
    estimates: tuple[str, ...]
    owner: Literal["tenant", "platform", "vendor"]
    subjects: tuple[SubjectV1, ...]
    findings: tuple[str, ...]
    symptoms: tuple[str, ...]
    steps: tuple[StepV1, ...]
    rollback: tuple[RollbackV1, ...]
    after: tuple[str, ...]


class EvidenceV1(Struct, frozen=True, kw_only=True):
    """One observation."""

    observed: str
    expected: str
    how: str
    source: str | None
    at: str | None


class ImpactV1(Struct, frozen=True, kw_only=True):
    """Accelerators lost, stranded or at risk."""

    gpus: Number


class ActionV1(Struct, frozen=True, kw_only=True):
    """A remedy for one target."""

    kind: str
    target: SubjectV1
    args: dict[str, str]


class FindingV1(Struct, frozen=True, kw_only=True):
    """One fault of one subject."""

    id: str
    code: str
    severity: SeverityName
    confidence: ConfidenceName
    subject: SubjectV1
    message: str
    evidence: tuple[EvidenceV1, ...]
    impact: ImpactV1
    actions: tuple[ActionV1, ...]
    component: str
    nodes: tuple[str, ...]
    transitional: str | None


class MissingV1(Struct, frozen=True, kw_only=True):
    """A fact that kept subjects from being assessed."""

    fact: str
    reason: str
    count: int
    subjects: tuple[SubjectV1, ...]


class CrashV1(Struct, frozen=True, kw_only=True):
    """An audit that raised: a bug of gpuctl."""

    subject: SubjectV1
    error: str


class OutcomeV1(Struct, frozen=True, kw_only=True):
    """What became of every subject of one audit."""

    code: str
    subjects: int
    found: int
    clean: int
    not_assessed: int
    crashed: int
    missing: tuple[MissingV1, ...]
    crashes: tuple[CrashV1, ...]


class WaivedV1(Struct, frozen=True, kw_only=True):
    """A finding that is waived, or known from a baseline."""

    finding: str
    reason: str
    owner: str | None
    expires: str | None


class ReportV1(Struct, frozen=True, kw_only=True):
    """The document."""

    schema: Literal["gpuctl.report/v1"]
    tool: Tool
    taken_at: str | None
    as_of: AsOfV1
    complete: bool
    interrupted: bool
    sources: tuple[SourceV1, ...]
    knowledge: dict[str, str]
    summary: SummaryV1
    advice: tuple[AdviceV1, ...]
    findings: tuple[FindingV1, ...]
    outcomes: tuple[OutcomeV1, ...]
    deselected: tuple[str, ...]
    waived: tuple[WaivedV1, ...]
    skipped: dict[str, int]
    unrecognised: dict[str, str]
    notes: tuple[str, ...]


def document(report: Report) -> ReportV1:
    """The report in its published shape."""
    summary = report.summary
    return ReportV1(
        schema="gpuctl.report/v1",
        tool=Tool(version=report.version),
        taken_at=rfc3339(report.taken_at) if report.taken_at else None,
        as_of=AsOfV1(time=rfc3339(report.as_of.time) if report.as_of.time else None, basis=report.as_of.basis),
        complete=report.complete,
        interrupted=report.interrupted,
        sources=tuple(
            SourceV1(kind=item.kind, name=item.name, state=item.state, reason=item.reason, asked=item.asked, answered=item.answered)
            for item in report.sources
        ),
        knowledge=dict(sorted(report.knowledge.items())),
        summary=SummaryV1(
            nodes=summary.nodes,
            gpus=_number(summary.gpus),
            gpus_allocatable=_number(summary.gpus_allocatable),
            gpus_allocated=_number(summary.gpus_allocated),
            gpus_recoverable=significant(summary.gpus_recoverable),
            found=summary.found,
            waived=summary.waived,
            by_severity=SeverityCounts(**{name: summary.by_severity.get(name, 0) for name in SeverityCounts.__struct_fields__}),
            unknown=dict(sorted(summary.unknown.items())),
        ),
        advice=tuple(map(_advice, report.advice)),
        findings=tuple(map(_finding, report.findings)),
        outcomes=tuple(map(_outcome, report.outcomes)),
        deselected=report.deselected,
        waived=tuple(WaivedV1(finding=item.finding, reason=item.reason, owner=item.owner, expires=item.expires) for item in report.waived),
        skipped=dict(sorted(report.skipped.items())),
        unrecognised=dict(sorted(report.unrecognised.items())),
        notes=report.notes,
    )


def render(report: Report) -> str:
    """The document as indented JSON that is harmless on a terminal."""
    return to_json(document(report))


_INVISIBLE = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]")


def to_json(value: Any) -> str:
    """Any published document as indented JSON, newline at the end.

    Control, direction and invisible characters are written as escapes: the same values, and no effect on a terminal.
    """
    return harmless(msgspec.json.encode(value))


def harmless(raw: bytes) -> str:
    """Encoded JSON, indented, with what acts on a terminal written as escapes."""
    return _INVISIBLE.sub(_escaped, msgspec.json.format(raw, indent=2).decode()) + "\n"


def _escaped(match: re.Match[str]) -> str:
    raw = match.group().encode("utf-16-be")
    return "".join(f"\\u{raw[start : start + 2].hex()}" for start in range(0, len(raw), 2))


def schema() -> dict[str, Any]:
    """JSON Schema of the document."""
    return msgspec.json.schema(ReportV1)


def _number(value: float | None) -> Number | None:
    return None if value is None else significant(value)


def _subject(subject: Subject) -> SubjectV1:
    return SubjectV1(
        kind=subject.kind, cluster=subject.cluster, name=subject.name, node=subject.node, gpu=subject.gpu, namespace=subject.namespace
    )


def _subjects(subjects: Iterable[Subject]) -> tuple[SubjectV1, ...]:
    return tuple(map(_subject, subjects))


def _step(step: Step) -> StepV1:
    return StepV1(say=step.say, command=step.command, interrupts=step.interrupts)


def _advice(item: Item) -> AdviceV1:
    gain = item.gain
    return AdviceV1(
        id=item.id,
        rank=item.rank,
        disposition=item.disposition,
        wait_for=item.wait_for,
        title=item.title,
        severity=item.severity.value,
        confidence=item.confidence.value,
        priority=significant(item.priority),
        net_gpu_hours=significant(item.net_gpu_hours),
        gain=GainV1(
            gpus=significant(gain.gpus),
            gpu_hours=significant(gain.gpu_hours),
            horizon_hours=significant(gain.horizon_hours),
            basis=gain.basis,
        ),
        effort_minutes=significant(item.effort_minutes),
        disruption_gpu_hours=significant(item.disruption_gpu_hours),
        estimates=item.estimates,
        owner=item.owner,
        subjects=_subjects(item.subjects),
        findings=item.findings,
        symptoms=item.symptoms,
        steps=tuple(map(_step, item.steps)),
        rollback=tuple(RollbackV1(say=step.say, command=step.command) for step in item.rollback),
        after=item.after,
    )


def _finding(finding: Finding) -> FindingV1:
    return FindingV1(
        id=finding.id,
        code=finding.code,
        severity=finding.severity.value,
        confidence=finding.confidence.value,
        subject=_subject(finding.subject),
        message=finding.message,
        evidence=tuple(
            EvidenceV1(
                observed=item.observed, expected=item.expected, how=item.how, source=item.source, at=rfc3339(item.at) if item.at else None
            )
            for item in finding.evidence
        ),
        impact=ImpactV1(gpus=significant(finding.gpus)),
        actions=tuple(
            ActionV1(kind=action.kind.value, target=_subject(action.target), args=dict(sorted(action.args.items())))
            for action in finding.actions
        ),
        component=finding.component.value,
        nodes=finding.nodes,
        transitional=finding.transitional,
    )


def _outcome(outcome: Outcome) -> OutcomeV1:
    return OutcomeV1(
        code=outcome.code,
        subjects=outcome.subjects,
        found=outcome.found,
        clean=outcome.clean,
        not_assessed=outcome.not_assessed,
        crashed=outcome.crashed,
        missing=tuple(
            MissingV1(fact=item.fact, reason=item.reason, count=item.count, subjects=_subjects(item.subjects)) for item in outcome.missing
        ),
        crashes=tuple(CrashV1(subject=_subject(crash.subject), error=crash.error) for crash in outcome.crashes),
    )
