"""The whole story: collect, audit, waive, rank, and hand over a report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from gpuctl import __version__, waivers
from gpuctl.audits import runner
from gpuctl.errors import GpuctlError, InputError, UsageError
from gpuctl.facts.subjects import GpuNode, Pool
from gpuctl.facts.totals import totals
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome, Severity
from gpuctl.knowledge.catalogue import dates
from gpuctl.knowledge.settings import Settings
from gpuctl.model.codec import without_collection
from gpuctl.model.known import why_unknown
from gpuctl.model.snapshot import Snapshot, SourceState
from gpuctl.reports.report import AsOf, Report, Summary, Waived
from gpuctl.units import plural


def _nothing(*_: object) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Request:
    """What to read: the sources that the user named, or, when none is named, the cluster that kubectl would ask.

    `request_timeout_seconds` is of one request, `deadline_seconds` of the whole collection. `stop` is set by Ctrl-C.
    `announce` gets whom is about to be asked, `progress` what is read and how many so far, `verbose` each request.
    """

    files: tuple[str, ...] = ()
    demo: bool = False
    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    impersonate_user: str | None = None
    impersonate_groups: tuple[str, ...] = ()
    impersonate_uid: str | None = None
    request_timeout_seconds: float = 20.0
    deadline_seconds: float = 60.0
    stop: threading.Event = field(default_factory=threading.Event)
    announce: Callable[[str], None] = _nothing
    progress: Callable[[str, int], None] = _nothing
    verbose: Callable[[str], None] = _nothing

    @property
    def asks_cluster(self) -> bool:
        """Whether a live cluster is among the sources."""
        return bool(self.kubeconfig or self.context) or not (self.files or self.demo)


@dataclass(frozen=True)
class Choice:
    """How to judge: which audits, against what, and what of it to report.

    `as_of`: the moment of judgement when the user set it. `nodes` and `namespace` limit what is reported, never what is counted.
    `known`: ids of findings that a baseline holds already, and `baseline` its name.
    """

    live: bool = False
    as_of: datetime | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    waivers: tuple[waivers.Waiver, ...] = ()
    baseline: str | None = None
    known: frozenset[str] = frozenset()
    thresholds: dict[str, float] = field(default_factory=dict)
    nodes: frozenset[str] | None = None
    namespace: str | None = None


@without_collection()
def collect(request: Request) -> Snapshot:
    """Read every source of the request and join what they say.

    Raises:
        UsageError: the request contradicts itself, or a file is unreadable.
        SourceError: the only source could not be used at all.
    """
    if request.demo and (request.files or request.kubeconfig or request.context):
        raise UsageError(
            "--demo reads the embedded sample and nothing else", "leave out --from, --context and --kubeconfig, or leave out --demo"
        )
    readers: list[tuple[SourceState, Callable[[], Snapshot]]] = []
    if request.demo:
        readers.append((SourceState(kind="file", name="demo"), _demo))
    if request.files:
        readers.append((SourceState(kind="file", name=" ".join(request.files)), lambda: _files(request.files)))
    if request.asks_cluster:
        name = request.context or request.kubeconfig or "current context"
        readers.append((SourceState(kind="kubernetes", name=name), lambda: _kubernetes(request)))
    if len(readers) == 1:
        return readers[0][1]()
    from gpuctl.sources.join import join  # noqa: PLC0415

    return join([_tolerant(state, read) for state, read in readers])


def _demo() -> Snapshot:
    from gpuctl.demo import snapshot  # noqa: PLC0415

    return snapshot()


def _files(paths: Sequence[str]) -> Snapshot:
    from gpuctl.sources.files import read  # noqa: PLC0415

    return read(paths)


def _kubernetes(request: Request) -> Snapshot:
    from gpuctl.sources.kubernetes import Options, collect  # noqa: PLC0415

    return collect(
        Options(
            kubeconfig=request.kubeconfig,
            context=request.context,
            namespace=request.namespace,
            impersonate_user=request.impersonate_user,
            impersonate_groups=request.impersonate_groups,
            impersonate_uid=request.impersonate_uid,
            request_timeout_seconds=request.request_timeout_seconds,
            deadline=time.monotonic() + request.deadline_seconds,
            stop=request.stop,
            announce=request.announce,
            verbose=request.verbose,
        ),
        request.progress,
    )


def _tolerant(state: SourceState, read: Callable[[], Snapshot]) -> Snapshot:
    """One of several sources: when it fails the others still count. A file that the user named must be readable all the same."""
    try:
        return read()
    except InputError:
        raise
    except GpuctlError as error:
        from gpuctl.sources.join import collections  # noqa: PLC0415

        failed = SourceState(kind=state.kind, name=state.name, state="failed", reason="; ".join(filter(None, (error.message, error.hint))))
        return Snapshot(complete=False, sources=(failed,), unknown=dict.fromkeys(collections(), error.message))


def rbac(namespace: str | None, name: str) -> tuple[dict[str, Any], str]:
    """The role for all that is read from a cluster, as an object of the API and as commented YAML; a Role when a namespace is given."""
    from gpuctl.sources.kubernetes.rbac import role, text  # noqa: PLC0415

    return role(namespace, name), text(namespace, name)


def check(choice: Choice) -> None:
    """Refuse what no snapshot could mend, before anything is read.

    Raises:
        UsageError: a code in `only` or `skip` does not exist.
    """
    if choice.only or choice.skip:
        _selected(choice.only, choice.skip)


@without_collection()
def examine(snapshot: Snapshot, choice: Choice, progress: Callable[[str, int], None] = _nothing) -> Report:
    """Judge a snapshot. Pure: the same snapshot and choice give the same report.

    Raises:
        UsageError: a code in `only` or `skip` does not exist.
    """
    from gpuctl.advice.advise import advise, recoverable  # noqa: PLC0415

    as_of = moment(snapshot, choice)
    view = View(snapshot, as_of.time, Settings(choice.thresholds))
    selected = _selected(choice.only, choice.skip)
    findings, outcomes = runner.run(view, selected, progress)
    findings = tuple(finding for finding in findings if _is_wanted(finding, choice))
    waived, notes = _waive(findings, choice, as_of.time)
    kept = tuple(finding for finding in findings if finding.id not in {item.finding for item in waived})
    advice = advise(kept, view)
    return Report(
        **_head(snapshot, as_of),
        summary=_summary(view, kept, len(waived), recoverable(advice, view)),
        advice=advice,
        findings=findings,
        outcomes=outcomes,
        deselected=tuple(audit.code for audit in runner.audits() if audit not in selected),
        waived=waived,
        too_little=_too_little(selected, outcomes),
        notes=(
            *_limits(choice),
            *_unseen_namespace(snapshot, choice),
            *notes,
            *(f"threshold {name} set to {value:g}" for name, value in sorted(choice.thresholds.items())),
        ),
    )


def sketch(snapshot: Snapshot, choice: Choice) -> Report:
    """What can be said of an interrupted run at once: sources and counts, no audit."""
    as_of = moment(snapshot, choice)
    view = View(snapshot, as_of.time, Settings(choice.thresholds))
    return Report(
        **_head(snapshot, as_of),
        summary=_summary(view, (), 0, 0.0),
        advice=(),
        findings=(),
        outcomes=(),
        deselected=(),
        waived=(),
        too_little=True,
        notes=("interrupted before anything was judged",),
    )


def _head(snapshot: Snapshot, as_of: AsOf) -> dict[str, Any]:
    """What a report says of its snapshot."""
    return {
        "version": __version__,
        "taken_at": snapshot.taken_at,
        "as_of": as_of,
        "complete": snapshot.complete,
        "interrupted": snapshot.interrupted,
        "sources": snapshot.sources,
        "knowledge": dates(),
        "skipped": snapshot.skipped,
        "unrecognised": snapshot.unrecognised,
    }


def _summary(view: View, kept: Sequence[Finding], waived: int, recoverable: float) -> Summary:
    count = totals(view)
    unknown: dict[str, str] = {}
    if count is None:
        unknown = {name: why_unknown(view.snapshot, "nodes") for name in ("nodes", "gpus", "gpus_allocatable", "gpus_allocated")}
    else:
        unknown |= count.gaps
        if count.allocated is None:
            unknown["gpus_allocated"] = why_unknown(view.snapshot, "pods")
    return Summary(
        nodes=count.nodes if count is not None else None,
        gpus=count.gpus if count is not None else None,
        gpus_allocatable=count.allocatable if count is not None else None,
        gpus_allocated=count.allocated if count is not None else None,
        gpus_recoverable=recoverable,
        found=len(kept),
        waived=waived,
        by_severity={severity: sum(finding.severity is severity for finding in kept) for severity in Severity},
        unknown=unknown,
    )


def moment(snapshot: Snapshot, choice: Choice) -> AsOf:
    """The moment of judgement: set by the user, else the start of a live run, else the snapshot's, else the newest stamp of the past."""
    if choice.as_of is not None:
        return AsOf(time=choice.as_of.astimezone(UTC), basis="flag")
    if choice.live:
        return AsOf(time=snapshot.taken_at, basis="clock")
    if snapshot.taken_at is not None:
        return AsOf(time=snapshot.taken_at, basis="snapshot")
    return AsOf(time=snapshot.newest_stamp, basis="newest_stamp")


def _selected(only: Collection[str], skip: Collection[str]) -> tuple[runner.Audit, ...]:
    known = [audit.code for audit in runner.audits()]
    for code in (*only, *skip):
        if code not in known:
            near = get_close_matches(code, known, 1)
            raise UsageError(f"no audit is called {code!r}", f"did you mean {near[0]}?" if near else "`gpuctl audits` lists them")
    return tuple(audit for audit in runner.audits() if (not only or audit.code in only) and audit.code not in skip)


def _is_wanted(finding: Finding, choice: Choice) -> bool:
    """Whether the finding lies within what the user asked to see; what belongs to no namespace or node is of the whole cluster."""
    subject = finding.subject
    if choice.namespace is not None and subject.namespace not in {None, choice.namespace}:
        return False
    nodes = {name for name in (*finding.nodes, subject.node) if name}
    return choice.nodes is None or bool(nodes & choice.nodes)


def _limits(choice: Choice) -> tuple[str, ...]:
    """What of the cluster is reported; all of it is judged and counted."""
    limits = []
    if choice.nodes is not None:
        limits.append(f"on {plural(len(choice.nodes), 'chosen node')}")
    if choice.namespace is not None:
        limits.append(f"on namespace {choice.namespace}")
    return (f"reported {' and '.join(limits)} only; the whole cluster is judged and counted",) if limits else ()


def _unseen_namespace(snapshot: Snapshot, choice: Choice) -> tuple[str, ...]:
    """That the namespace may be misspelt: nothing that was read lies in it."""
    if choice.namespace is None or snapshot.pods is None:
        return ()
    seen = {
        item.namespace
        for items in (snapshot.pods, snapshot.workloads, snapshot.quotas, snapshot.queues, snapshot.resource_claims)
        for item in items or ()
        if item.namespace
    }
    if choice.namespace in seen:
        return ()
    near = get_close_matches(choice.namespace, sorted(seen), 1)
    return (f"nothing that was read is in namespace {choice.namespace}" + (f"; did you mean {near[0]}?" if near else ""),)


def _waive(findings: Sequence[Finding], choice: Choice, as_of: datetime | None) -> tuple[tuple[Waived, ...], tuple[str, ...]]:
    covered, notes = waivers.apply(findings, choice.waivers, as_of)
    waived = []
    for finding in findings:
        waiver = covered.get(finding.id)
        if waiver is not None:
            expires = waiver.expires.isoformat() if waiver.expires else None
            waived.append(Waived(finding=finding.id, reason=waiver.reason, owner=waiver.owner, expires=expires))
        elif finding.id in choice.known:
            waived.append(Waived(finding=finding.id, reason=f"known: in the baseline {choice.baseline}"))
    return tuple(waived), notes


def _too_little(selected: Sequence[runner.Audit], outcomes: Sequence[Outcome]) -> bool:
    """Whether no audit could judge any GPU node. Where the user selected no audit of nodes, those selected count."""
    of_nodes = {audit.code for audit in selected if issubclass(audit.subject_type, GpuNode | Pool)}
    counted = [outcome for outcome in outcomes if outcome.code in of_nodes or not of_nodes]
    return not any(outcome.found + outcome.clean for outcome in counted)


def exit_code(report: Report, fail_on: Severity | None = Severity.HIGH, fail_on_unknown: bool = False) -> int:
    """The contract's exit code of a report: the first that applies of 130, 2, 1, 3, 0. `fail_on` None: no finding is a failure."""
    if report.interrupted:
        return 130
    if report.sources and all(source.state == "failed" for source in report.sources):
        return 2
    waived = {item.finding for item in report.waived}
    if fail_on is not None and any(finding.severity.rank >= fail_on.rank for finding in report.findings if finding.id not in waived):
        return 1
    unknown = fail_on_unknown and any(outcome.not_assessed or outcome.crashed for outcome in report.outcomes)
    return 3 if report.too_little or unknown else 0
