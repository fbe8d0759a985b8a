"""The pipeline: moment of judgement, limits, exit codes, several sources."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from gpuctl import demo, pipeline
from gpuctl.errors import SourceError, UsageError
from gpuctl.findings import Outcome, Severity
from gpuctl.model.snapshot import Snapshot, SourceState
from gpuctl.pipeline import Choice, Request, examine, exit_code, moment
from gpuctl.reports.report import Report

TAKEN, STAMP, NOW = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3))


@pytest.fixture(scope="module")
def report() -> Report:
    return examine(demo.snapshot(), Choice())


@pytest.mark.parametrize(
    ("snapshot", "choice", "time", "basis"),
    [
        (Snapshot(taken_at=TAKEN, newest_stamp=STAMP), Choice(), TAKEN, "snapshot"),
        (Snapshot(taken_at=TAKEN, newest_stamp=STAMP), Choice(live=True), TAKEN, "clock"),
        (Snapshot(newest_stamp=STAMP), Choice(), STAMP, "newest_stamp"),
        (Snapshot(), Choice(), None, "newest_stamp"),
        (Snapshot(taken_at=TAKEN), Choice(live=True, as_of=NOW), NOW, "flag"),
    ],
)
def test_the_moment_of_judgement(snapshot: Snapshot, choice: Choice, time: datetime | None, basis: str) -> None:
    found = moment(snapshot, choice)
    assert (found.time, found.basis) == (time, basis)


def _with(report: Report, **changes: Any) -> Report:
    return structs.replace(report, **changes)


def test_the_first_exit_code_that_applies(report: Report) -> None:
    failed = (SourceState(kind="kubernetes", name="a", state="failed"),)
    mild = tuple(finding for finding in report.findings if finding.severity.rank < Severity.HIGH.rank)
    clean = tuple(Outcome(code=item.code, subjects=1, clean=1) for item in report.outcomes)
    gap = (*clean[1:], Outcome(code=clean[0].code, subjects=1, not_assessed=1))
    assert exit_code(_with(report, interrupted=True, sources=failed)) == 130
    assert exit_code(_with(report, sources=failed)) == 2
    assert exit_code(_with(report, too_little=True)) == 1
    assert exit_code(_with(report, findings=mild)) == 0
    assert exit_code(_with(report, findings=mild), Severity.LOW) == 1
    assert exit_code(_with(report, findings=mild, too_little=True)) == 3
    assert exit_code(_with(report, findings=(), outcomes=clean), None, True) == 0
    assert exit_code(_with(report, findings=(), outcomes=gap), None, True) == 3
    assert exit_code(_with(report, findings=(), outcomes=gap), None, False) == 0


def test_a_namespace_limits_what_is_reported_and_not_what_is_counted(report: Report) -> None:
    limited = examine(demo.snapshot(), Choice(namespace="speech"))
    namespaces = {finding.subject.namespace for finding in limited.findings}
    assert "speech" in namespaces
    assert namespaces <= {"speech", None}
    assert limited.summary.gpus == report.summary.gpus
    assert limited.outcomes == report.outcomes


def test_a_namespace_that_holds_nothing_may_be_misspelt() -> None:
    assert (
        "nothing that was read is in namespace speach; did you mean speech?" in examine(demo.snapshot(), Choice(namespace="speach")).notes
    )
    assert not any("nothing that was read" in note for note in examine(demo.snapshot(), Choice(namespace="speech")).notes)


def test_audits_that_were_not_selected_are_named(report: Report) -> None:
    code = report.outcomes[0].code
    only = examine(demo.snapshot(), Choice(only=(code,)))
    assert [outcome.code for outcome in only.outcomes] == [code]
    assert {code, *only.deselected} == {outcome.code for outcome in report.outcomes}
    assert examine(demo.snapshot(), Choice(skip=(code,))).deselected == (code,)
    with pytest.raises(UsageError, match="no audit is called"):
        examine(demo.snapshot(), Choice(only=(code + "x",)))


def test_a_cluster_that_fails_beside_a_file_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Request) -> Snapshot:
        raise SourceError("connection refused")

    monkeypatch.setattr(pipeline, "_kubernetes", refused)
    monkeypatch.setattr(pipeline, "_files", lambda _: demo.snapshot())
    joined = pipeline.collect(Request(files=("x",), context="prod"))
    assert {(source.kind, source.state) for source in joined.sources} >= {("kubernetes", "failed")}
    assert joined.nodes
    with pytest.raises(SourceError):
        pipeline.collect(Request(context="prod"))


def test_the_demo_alone() -> None:
    with pytest.raises(UsageError, match="nothing else"):
        pipeline.collect(Request(demo=True, files=("x",)))


def test_a_source_that_fails_beside_others_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Request) -> Snapshot:
        raise SourceError("the server does not answer", "check the VPN")

    monkeypatch.setattr(pipeline, "_kubernetes", refuse)
    monkeypatch.setattr(pipeline, "_files", lambda _: Snapshot(nodes=(), unknown={"pods": "no file given tells of pods"}))
    found = pipeline.collect(Request(files=("nodes.json",), context="prod"))
    assert found.unknown["pods"] == "the server does not answer"
    assert found.nodes == ()
    assert [source.reason for source in found.sources if source.state == "failed"] == ["the server does not answer; check the VPN"]
