"""The doctor's report as text: what was looked at, ranked advice, counts, and what more could be shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from gpuctl.advice.item import Item, Step
from gpuctl.findings import Evidence, Finding, Outcome, Severity
from gpuctl.model.subject import Subject
from gpuctl.nodeset import fold
from gpuctl.reports.report import Report
from gpuctl.reports.text import Style, columns, paint, safe, safe_block, wrap
from gpuctl.units import plural, rfc3339, significant

_COLORS = {Severity.CRITICAL: "red", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}
_BASES = {
    "demand": "pods wait for them",
    "capacity": "nobody waits for them now",
    "risk": "what is expected to be lost otherwise",
}
_LABEL = 9
_NAMES_SHOWN = 12
_EVIDENCE_SHOWN = 2
_OVERVIEW_FROM, _OVERVIEW_ROWS = 4, 15
_LONG_LIST = 600
"""Characters of folded names that are shown whole."""
_LONGEST_REASON = 4000
"""Characters of what a source could not show: with no right at all it names some fifty rules."""
_ROUNDING = 1e-6


def render(report: Report, style: Style) -> str:
    """The whole text. With `style.verbose`, every finding and the outcome of every audit too."""
    now = [item for item in report.advice if item.disposition == "now"]
    later = [item for item in report.advice if item.disposition == "wait"]
    findings = {finding.id: finding for finding in report.findings}
    parts = [
        _looked_at(report, style),
        _overview(now, later, report, style),
        _advice("Advice", now, report, findings, style),
        _advice("Wait for the right moment", later, report, findings, style),
        _estimates(report, style),
        _counts(report, style),
        _waived(report, style),
        _notes(report, style),
    ]
    if style.verbose:
        parts += [_findings(report, style), _outcomes(report, style), _leftovers(report, style)]
    else:
        parts.append(_more(report, style))
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _looked_at(report: Report, style: Style) -> Iterator[str]:
    summary = report.summary
    seen = []
    for source in report.sources:
        answered = (
            f" ({source.answered} of {source.asked} answered)" if source.asked is not None and source.answered != source.asked else ""
        )
        seen.append(f"{source.kind} {safe(source.name, 80)}{answered}")
    line = f"Looked at {', '.join(seen) or 'nothing'}"
    if summary.nodes is not None:
        few = "at least " if summary.gpus is not None and "gpus" in summary.unknown else ""
        number = few + _gpus(summary.gpus) if summary.gpus is not None else "a number of GPUs that no source tells"
        line += f": {plural(summary.nodes, 'node')}, {number}"
        if summary.gpus_allocatable is not None:
            line += f" ({_round(summary.gpus_allocatable)} allocatable"
            line += f", {_round(summary.gpus_allocated)} allocated)" if summary.gpus_allocated is not None else ")"
    else:
        line += f": no nodes ({safe(summary.unknown.get('nodes', 'unknown'))})"
    line += f"; as of {_moment(report)}"
    gaps = [
        f"{source.kind} {safe(source.name, 80)} {source.state}: {safe(source.reason or '?', _LONGEST_REASON)}"
        for source in report.sources
        if source.state != "ok"
    ]
    line += f". Could not see: {'; '.join(gaps)}" if gaps else ". Nothing that was asked for stayed unseen" if report.complete else ""
    yield from wrap(line + ".", style, rest="  ")
    if report.interrupted:
        yield paint(style, "yellow", "Interrupted: this is what was known by then.")
    elif not report.complete and not gaps:
        yield paint(style, "yellow", "Incomplete: not everything could be read.")


def _moment(report: Report) -> str:
    if report.as_of.time is None:
        return "an unknown time"
    basis = {"clock": "now", "snapshot": "when it was saved", "newest_stamp": "its newest stamp", "flag": "--now"}[report.as_of.basis]
    return f"{rfc3339(report.as_of.time.replace(microsecond=0))} ({basis})"


def _overview(now: Sequence[Item], later: Sequence[Item], report: Report, style: Style) -> Iterator[str]:
    """The list at a glance, so that the first screen says what to do; the title stands last, where it may be as long as it is."""
    if len(now) + len(later) < _OVERVIEW_FROM or not now:
        return
    won = f", {_gpus(report.summary.gpus_recoverable)} to win back" if report.summary.gpus_recoverable else ""
    yield paint(style, "bold", f"What to do, best first ({plural(len(now), 'item')} now, {len(later)} can wait{won})")
    rows = [
        (
            f"{item.rank:>2}.",
            item.severity,
            f"{_round(item.gain.gpus):>4}" if item.gain.gpu_hours else "   -",
            _minutes(item.effort_minutes),
            safe(item.title, 1000),
        )
        for item in now[:_OVERVIEW_ROWS]
    ]
    yield columns(("", "SEVERITY", "GPUS", "TAKES", "WHAT"), rows, style).rstrip("\n")
    if len(now) > _OVERVIEW_ROWS:
        yield f"    and {len(now) - _OVERVIEW_ROWS} more below"


def _advice(title: str, items: Sequence[Item], report: Report, findings: dict[str, Finding], style: Style) -> Iterator[str]:
    if not items:
        if title == "Advice":
            judged = any(outcome.found + outcome.clean for outcome in report.outcomes)
            yield paint(style, "bold", "Advice: nothing to do now." if judged else "Advice: none, since nothing could be judged.")
        return
    extra = ""
    if title == "Advice" and report.summary.gpus_recoverable and len(report.advice) < _OVERVIEW_FROM:
        extra = f", {_gpus(report.summary.gpus_recoverable)} to win back"
    yield paint(style, "bold", f"{title} ({plural(len(items), 'item')}{extra})")
    places = {item.id: item.rank for item in report.advice}
    for item in items:
        yield ""
        yield from _item(item, places, findings, style)


def _item(item: Item, places: dict[str, int], findings: dict[str, Finding], style: Style) -> Iterator[str]:
    mark = paint(style, _COLORS[item.severity], f"[{item.severity}]")
    yield f"{item.rank:>2}. {mark} {paint(style, 'bold', safe(item.title, 1000))}"
    mine = [findings[name] for name in item.findings if name in findings]
    causes = [finding for finding in mine if finding.id not in item.symptoms] or mine
    where = subjects(item.subjects)
    if where not in item.title:
        yield from _labelled("where", where, style)
    yield from chain.from_iterable(_labelled("why" if not place else "", text, style) for place, text in enumerate(_why(causes)))
    if item.symptoms:
        yield from _labelled("", f"explains {plural(len(item.symptoms), 'more finding')}: {_codes(mine, item.symptoms)}", style)
    yield from _terms(item, style)
    if item.wait_for is not None:
        yield from _labelled("wait for", safe(item.wait_for), style)
    if item.after:
        yield from _labelled("after", ", ".join(f"item {places[name]}" if name in places else name for name in item.after), style)
    yield from _steps("do", item.steps, style)
    yield from _steps("undo", item.rollback, style)


def _terms(item: Item, style: Style) -> Iterator[str]:
    """Every term of the rank, so that it can be worked out again: gain, cost, then net and priority. A star marks our estimates."""

    def star(*families: str) -> str:
        return "*" if any(name.startswith(families) for name in item.estimates) else ""

    gain, lost, net = item.gain, item.disruption_gpu_hours, item.net_gpu_hours
    if gain.gpu_hours and gain.gpus:
        weight = gain.gpu_hours / (gain.gpus * gain.horizon_hours)
        times = f" x {weight:.3g}{star('capacity_weight', 'risk_weight')}" if abs(weight - 1) > _ROUNDING else ""
        hours = f"{significant(gain.horizon_hours)} h{star('horizon_hours')}"
        yield from _labelled(
            "gain", f"{plural(float(f'{gain.gpus:.3g}'), 'GPU')} for {hours}{times} = {_hours(gain.gpu_hours)}; {_BASES[gain.basis]}", style
        )
    else:
        yield from _labelled("gain", "no GPU now", style)
    ends = f"interrupts {_hours(lost)} of running work" if lost else "interrupts no GPU work"
    yield from _labelled("cost", f"{_minutes(item.effort_minutes)}{star('effort_')} for the {item.owner}; {ends}", style)
    terms = ""
    if gain.gpu_hours:
        factor = (net + lost) / gain.gpu_hours
        sure = f"{factor:.3g} x " if abs(factor - 1) > _ROUNDING else ""
        minus = f" - {lost:,.0f}" if lost else ""
        terms = f"{sure}{gain.gpu_hours:,.0f}{minus} = " if sure or minus else ""
    each = f"; {_figure(item.priority)} for an hour of work" if item.priority else ""
    yield from _labelled("rank", f"{item.confidence}{star('confidence_')}; net {terms}{_hours(net)}{each}", style)


def _labelled(label: str, text: str, style: Style) -> Iterator[str]:
    hang = "  " if text.startswith("- ") else ""
    lines = wrap(text, style, first=f"    {label:<{_LABEL}}", rest=" " * (4 + _LABEL) + hang)
    head = lines[0][: 4 + _LABEL]
    yield paint(style, "dim", head) + lines[0][len(head) :]
    yield from lines[1:]


def _steps(label: str, steps: Sequence[Step], style: Style) -> Iterator[str]:
    """Commands stand on lines of their own, never wrapped, so that they can be pasted."""
    told: tuple[str, ...] = ()
    for place, step in enumerate(steps):
        yield from _labelled(label if not place else "", safe(step.say, 1000), style)
        if step.command is not None:
            yield from (" " * (6 + _LABEL) + paint(style, "green", line) for line in safe_block(step.command).split("\n"))
        if step.interrupts:
            names = "the same" if step.interrupts == told else _few([safe(name, 120) for name in step.interrupts])
            yield from _labelled("", f"interrupts {names}", style)
            told = step.interrupts


def _why(causes: Sequence[Finding]) -> Iterator[str]:
    """One line for each different message, with its first evidence; findings that say the same fold."""
    alike: dict[tuple[str, tuple[Evidence, ...]], list[Finding]] = defaultdict(list)
    for finding in causes:
        alike[finding.code, tuple(item for item in finding.evidence if len(causes) == 1)].append(finding)
    for (code, _), group in alike.items():
        first = group[0]
        if len(group) > 1:
            yield f"{plural(len(group), 'finding')} of {code}, for example {safe(str(first.subject), 120)}: {safe(first.message)}"
        else:
            yield f"{safe(first.message)} ({code})"
        yield from (_evidence(item) for item in first.evidence[:_EVIDENCE_SHOWN])


def _evidence(item: Evidence) -> str:
    at = f", at {rfc3339(item.at)}" if item.at is not None else ""
    source = f" ({safe(item.source, 120)})" if item.source else ""
    return f"- observed {safe(item.observed)}; expected {safe(item.expected)}; measured by {safe(item.how)}{source}{at}"


def _codes(findings: Iterable[Finding], ids: Iterable[str]) -> str:
    """`7 gpu-operator-pod-failing, 1 gpu-not-advertised`."""
    wanted = set(ids)
    counts = Counter(finding.code for finding in findings if finding.id in wanted)
    return ", ".join(f"{number} {code}" for code, number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def subjects(subjects: Iterable[Subject]) -> str:
    """Subjects by kind, names that differ only in a number folded: `node gpu[001-004,009]`; of a long list the first ones."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for subject in subjects:
        kinds[subject.kind].append(safe(str(subject).removeprefix(f"{subject.kind} "), 120))
    return "; ".join(f"{kind.replace('_', ' ')} {_folded(names)}" for kind, names in kinds.items())


def _folded(names: Sequence[str]) -> str:
    folded = fold(names).replace(",", ", ")
    return safe(folded if len(folded) <= _LONG_LIST else _few(names), 2000)


def _few(names: Sequence[str]) -> str:
    left = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {left} more" if left > 0 else "")


def _hours(hours: float) -> str:
    return f"{_figure(hours)} GPU-hours"


def _figure(number: float) -> str:
    """Whole from 10 on, with two digits below."""
    return f"{number:,.0f}" if abs(number) >= 10 else f"{float(f'{number:.2g}'):g}"


def _round(number: float) -> float | int:
    """At most one digit behind the point: parts of cards add up to long fractions."""
    return significant(round(number, 1))


def _gpus(number: float) -> str:
    return plural(_round(number), "GPU")


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.3g} h"


def _estimates(report: Report, style: Style) -> Iterator[str]:
    """Settings of one family are told as one: `effort_minutes.(add-capacity, reset-gpu)`."""
    families: dict[str, list[str]] = defaultdict(list)
    for name in sorted({name for item in report.advice for name in item.estimates}):
        family, dot, member = name.partition(".")
        families[family + dot].append(member)
    names = [
        f"{family}* ({len(members)} of them)" if family.endswith(".") and len(members) > 1 else family + members[0]
        for family, members in families.items()
    ]
    if names:
        where = "`gpuctl config print` shows them; yours go under [thresholds] in gpuctl.toml"
        yield from wrap(f"* rests on estimates of ours: {', '.join(names)}. {where}.", style, rest="  ")


def _counts(report: Report, style: Style) -> Iterator[str]:
    outcomes = report.outcomes
    found, clean, unknown, crashed = (
        sum(getattr(item, name) for item in outcomes) for name in ("found", "clean", "not_assessed", "crashed")
    )
    idle = [item.code for item in outcomes if not item.subjects]
    yield paint(
        style,
        "bold",
        f"{plural(len(outcomes), 'audit')}, counts of subjects: {found} found, {clean} clean, {unknown} not assessed, {crashed} crashed",
    )
    severities = ", ".join(f"{number} {name}" for name, number in report.summary.by_severity.items() if number)
    yield f"  {plural(report.summary.found, 'finding')}" + (f": {severities}" if severities else "")
    yield from chain.from_iterable(wrap(text, style, first="  not assessed: ", rest="    ") for text in _gaps(outcomes))
    for outcome in outcomes:
        for crash in outcome.crashes[:1]:
            text = f"{outcome.code} on {plural(outcome.crashed, 'subject')}, first {safe(str(crash.subject), 120)}: {safe(crash.error)}"
            yield from wrap(text, style, first="  crashed (a bug of gpuctl): ", rest="    ")
    if idle:
        yield from wrap(f"nothing to check: {', '.join(idle)}", style, first="  ", rest="    ")
    if report.deselected:
        yield from wrap(f"not selected: {', '.join(report.deselected)}", style, first="  ", rest="    ")
    if report.too_little:
        yield paint(style, "yellow", "  Too little could be assessed: no GPU node was judged by any audit.")


def _gaps(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Missing facts, most subjects first; one line a reason, whichever audits it stopped."""
    by_reason: dict[tuple[str, str], list[str]] = defaultdict(list)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for outcome in outcomes:
        for missing in outcome.missing:
            by_reason[missing.fact, missing.reason].append(outcome.code)
            counts[missing.fact, missing.reason] += missing.count
    for key, stopped in sorted(by_reason.items(), key=lambda pair: (-counts[pair[0]], pair[0])):
        fact, reason = key
        codes = _few(sorted(set(stopped))) if len(stopped) <= 3 else plural(len(set(stopped)), "audit")
        yield f"{plural(counts[key], 'subject')} for want of {safe(fact, 80)}: {safe(reason)} ({codes})"


def _waived(report: Report, style: Style) -> Iterator[str]:
    if report.waived:
        yield paint(style, "bold", f"Waived ({plural(len(report.waived), 'finding')}; not counted)")
    for item in report.waived:
        owner = f", {safe(item.owner, 80)}" if item.owner else ""
        until = f", until {item.expires}" if item.expires else ""
        yield from wrap(f"{item.finding}: {safe(item.reason)}{owner}{until}", style, first="  ", rest="    ")


def _notes(report: Report, style: Style) -> Iterator[str]:
    yield from chain.from_iterable(wrap(safe(note), style, first="Note: ", rest="  ") for note in report.notes)


def _findings(report: Report, style: Style) -> Iterator[str]:
    if not report.findings:
        return
    yield paint(style, "bold", "Findings")
    for finding in sorted(report.findings, key=lambda item: -item.severity.rank):
        mark = paint(style, _COLORS[finding.severity], f"[{finding.severity}]")
        yield f"  {mark} {safe(str(finding.subject), 160)}  {paint(style, 'dim', finding.id)}"
        impact = f" ({_gpus(finding.gpus)}, {finding.confidence})" if finding.gpus else f" ({finding.confidence})"
        yield from wrap(safe(finding.message) + impact, style, first="    ")
        if finding.transitional is not None:
            yield from wrap(f"perhaps no fault: {safe(finding.transitional)}", style, first="    ")
        yield from chain.from_iterable(wrap(_evidence(item), style, first="    ", rest="      ") for item in finding.evidence)


def _outcomes(report: Report, style: Style) -> Iterator[str]:
    if not report.outcomes:
        return
    yield paint(style, "bold", "Audits")
    header = ("AUDIT", "SUBJECTS", "FOUND", "CLEAN", "NOT ASSESSED", "CRASHED")
    rows = [(o.code, *map(str, (o.subjects, o.found, o.clean, o.not_assessed, o.crashed))) for o in report.outcomes]
    yield columns(header, rows, style, indent="  ").rstrip("\n")


def _leftovers(report: Report, style: Style) -> Iterator[str]:
    if report.skipped:
        kinds = ", ".join(f"{safe(kind, 80)} {number}" for kind, number in sorted(report.skipped.items()))
        yield from wrap(f"Objects of kinds that are not used: {kinds}", style, rest="  ")
    for what, why in sorted(report.unrecognised.items()):
        yield from wrap(f"Not recognised: {safe(what, 120)}: {safe(why)}", style, rest="  ")
    dates = ", ".join(f"{name} {date}" for name, date in sorted(report.knowledge.items()))
    yield from wrap(f"Knowledge of {dates}; gpuctl {report.version}", style, rest="  ")


def _more(report: Report, style: Style) -> Iterator[str]:
    each = "each finding" if len(report.findings) < _OVERVIEW_FROM else f"each of the {len(report.findings)} findings"
    extra = [f"{each} with its evidence"] if report.findings else []
    extra.append("the count of each audit")
    if report.skipped or report.unrecognised:
        extra.append(f"{plural(sum(report.skipped.values()) + len(report.unrecognised), 'object')} that were not used")
    listed = ", ".join(extra[:-1]) + (" and " if extra[1:] else "") + extra[-1]
    yield from wrap(f"-v adds {listed}. `gpuctl explain CODE` says what a code means.", style, rest="  ")
