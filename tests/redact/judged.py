"""What doctor says of a snapshot, with names mapped back, in a form that two runs can be compared by."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import structs

from gpuctl.advice.advise import advise, recoverable
from gpuctl.audits import runner
from gpuctl.facts.view import View
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.subject import Subject
from gpuctl.redact import RedactionMap

Names = RedactionMap | None


def _name(text: str | None, names: Names) -> str | None:
    return names.restore(text) if names is not None and text else text


def subject(item: Subject, names: Names) -> tuple[Any, ...]:
    """The subject's fields, names mapped back."""
    return tuple(_name(value, names) for value in structs.astuple(item))


def judged(snapshot: Snapshot, names: Names = None) -> dict[str, Any]:
    """Findings, outcomes and advice without texts."""
    view = View(snapshot, snapshot.taken_at)
    findings, outcomes = runner.run(view, runner.audits())
    items = advise(findings, view)
    assert not [crash for outcome in outcomes for crash in outcome.crashes]
    return {
        "findings": Counter(
            (
                item.code,
                item.severity.value,
                item.confidence.value,
                round(item.gpus, 6),
                item.component.value,
                item.demand,
                item.hygiene,
                item.transitional is None,
                subject(item.subject, names),
                tuple(action.kind.value for action in item.actions),
                tuple(sorted(_name(node, names) or "" for node in item.nodes)),
            )
            for item in findings
        ),
        "outcomes": [(item.code, item.subjects, item.found, item.clean, item.not_assessed, item.crashed) for item in outcomes],
        "advice": Counter(
            (
                item.id.rpartition("-")[0],
                item.disposition,
                item.severity.value,
                item.confidence.value,
                round(item.priority, 6),
                round(item.gain.gpus, 6),
                round(item.gain.gpu_hours, 6),
                item.gain.basis,
                round(item.disruption_gpu_hours, 6),
                round(item.effort_minutes, 6),
                len(item.findings),
                len(item.steps),
                tuple(sorted(str(subject(one, names)) for one in item.subjects)),
            )
            for item in items
        ),
        "recoverable": round(recoverable(items, view), 6),
    }
