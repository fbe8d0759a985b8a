"""Finds the audits, injects their facts, counts what became of every subject.

An audit is the function `audit` of a module `audits/<family>/<code with underscores>.py`. Its first parameter is the kind of
subject that it judges; the others are the facts that it needs. It returns nothing for a clean subject, a finding or several,
or `Unknown` where it cannot decide.
"""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gpuctl.audits
from gpuctl.facts.resolve import Resolver, opened, parameter_types
from gpuctl.facts.subjects import ClusterScope
from gpuctl.facts.view import View
from gpuctl.findings import Crash, Finding, Missing, Outcome
from gpuctl.model.known import Unknown
from gpuctl.model.subject import Subject


@dataclass(frozen=True)
class Audit:
    """One audit: its code, its family, the kind of subject it judges and the facts it needs."""

    code: str
    family: str
    function: Callable[..., Any]
    subject_type: type
    needs: tuple[type, ...]


@cache
def audits() -> tuple[Audit, ...]:
    """Every audit, sorted by code."""
    found = []
    for family in pkgutil.iter_modules(gpuctl.audits.__path__):
        if not family.ispkg:
            continue
        package = importlib.import_module(f"gpuctl.audits.{family.name}")
        for module in pkgutil.iter_modules(package.__path__):
            if module.name.startswith("_"):
                continue
            function = importlib.import_module(f"{package.__name__}.{module.name}").audit
            subject_type, *needs = parameter_types(function)
            found.append(Audit(module.name.replace("_", "-"), family.name, function, subject_type, tuple(needs)))
    return tuple(sorted(found, key=lambda audit: audit.code))


def _silent(_what: str, _count: int) -> None:
    """Say nothing."""


def run(
    view: View, selected: Sequence[Audit], progress: Callable[[str, int], None] = _silent
) -> tuple[tuple[Finding, ...], tuple[Outcome, ...]]:
    """Judge every subject by every selected audit. `progress` gets how many audits are done.

    Returns:
        The findings, sorted by code and subject, with codes and ids; and one outcome for each audit, in the given order.
    """
    resolver = Resolver(view)
    findings: list[Finding] = []
    outcomes = []
    for audit in selected:
        tally = _Tally(audit)
        findings += tally.judge(view, resolver)
        outcomes.append(tally.outcome())
        progress("audits", len(outcomes))
    return tuple(sorted(findings, key=lambda item: (item.code, _order(item.subject), item.id))), tuple(outcomes)


def _order(subject: Subject) -> tuple[str, ...]:
    return tuple(str(part or "") for part in (subject.kind, subject.cluster, subject.namespace, subject.node, subject.name, subject.gpu))


class _Tally:
    """The count of one audit."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.found = self.clean = self.total = 0
        self.missing: dict[tuple[str, str], list[Subject]] = defaultdict(list)
        self.crashes: list[Crash] = []

    def judge(self, view: View, resolver: Resolver) -> Iterator[Finding]:
        subjects: Any = view.subjects(self.audit.subject_type)
        if isinstance(subjects, Unknown):
            self.total = 1
            self._not_assessed(subjects, ClusterScope(view.snapshot.cluster.context).subject)
            return
        for subject in subjects:
            self.total += 1
            try:
                yield from self._judge_one(subject, resolver)
            except Exception as error:  # an audit's bug must not cost the rest of the report; it is counted and shown
                self.crashes.append(Crash(subject=subject.subject, error=_where(error)))
        if (gap := view.unlisted(self.audit.subject_type)) is not None:
            self.total += 1
            self._not_assessed(gap, ClusterScope(view.snapshot.cluster.context).subject)

    def _judge_one(self, subject: Any, resolver: Resolver) -> Iterable[Finding]:
        values, gap = opened([resolver.get(need, subject) for need in self.audit.needs])
        said = gap if values is None else self.audit.function(subject, *values)
        if isinstance(said, Unknown):
            self._not_assessed(said, subject.subject)
            return ()
        found = [said] if isinstance(said, Finding) else said or ()
        named = [finding.named(self.audit.code) for finding in found]
        if named:
            self.found += 1
        elif gap is not None:
            self._not_assessed(gap, subject.subject)
        else:
            self.clean += 1
        return named

    def _not_assessed(self, unknown: Unknown, subject: Subject) -> None:
        self.missing[unknown.fact, unknown.reason].append(subject)

    def outcome(self) -> Outcome:
        rows = sorted(self.missing.items())
        return Outcome(
            code=self.audit.code,
            subjects=self.total,
            found=self.found,
            clean=self.clean,
            not_assessed=sum(len(subjects) for _, subjects in rows),
            crashed=len(self.crashes),
            missing=tuple(Missing(fact=fact, reason=reason, subjects=tuple(subjects)) for (fact, reason), subjects in rows),
            crashes=tuple(self.crashes),
        )


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
