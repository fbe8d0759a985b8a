"""Cluster-autoscaler's log: which pod fits no group, what was scaled to what.

Messages: https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler (core/scaleup/orchestrator, core/scaledown).
"""

from __future__ import annotations

import re

from gpuctl.model.events import ScaleVerdict

_CANNOT = re.compile(
    r"Pod (?P<pod>[^\s]{1,320}) can(?:'t|not) be scheduled on (?P<group>[^\s,]{1,300})[,.]"
    r"(?: predicate checking error: (?P<reason>[^;]{1,500}))?"
)
_NO_FIT = re.compile(r"No pod can fit to (?P<group>[^\s,]{1,300})")
_FULL = re.compile(r"Skipping node group (?P<group>[^\s,]{1,300}) - (?P<reason>max size reached)")
_PLAN = re.compile(r"\{(?P<group>[^\s{}]{1,300}) (?P<before>[0-9]{1,9})->(?P<after>[0-9]{1,9}) \(max: (?P<maximum>[0-9]{1,9})\)\}")
_SET = re.compile(r"Scale-up: setting group (?P<group>[^\s,]{1,300}) size to (?P<after>[0-9]{1,9})")
_DOWN = re.compile(r"Scale-down: removing (?:empty )?node (?P<group>[^\s,]{1,300})")
_LOGGER = re.compile(
    r"(?:orchestrator|static_autoscaler|scale_up|scale_down|actuator|executor|klogx|eligibility|planner|legacy)\.go:[0-9]{1,6}\]"
)
_LONGEST_LINE = 20_000


def parse(text: str) -> tuple[ScaleVerdict, ...] | None:
    """Verdicts in the log's order, each once; None when no line is an autoscaler's."""
    verdicts: dict[ScaleVerdict, None] = {}
    planned: set[tuple[str, int]] = set()
    seen = False
    for whole in text.split("\n"):
        line = whole[:_LONGEST_LINE]
        found = _line(line)
        seen = seen or bool(found) or _LOGGER.search(line) is not None
        for verdict in found:
            step = (verdict.group or "", verdict.after or 0)
            if verdict.outcome == "scale-up":
                if verdict.before is None and step in planned:
                    continue
                planned.add(step)
            verdicts[verdict] = None
    return tuple(verdicts) if seen else None


def _line(line: str) -> list[ScaleVerdict]:
    if match := _CANNOT.search(line):
        return [ScaleVerdict(outcome="can-not-schedule", pod=match["pod"], group=match["group"], reason=(match["reason"] or "").strip())]
    if match := _NO_FIT.search(line):
        return [ScaleVerdict(outcome="no-fit", group=match["group"])]
    if match := _FULL.search(line):
        return [ScaleVerdict(outcome="no-fit", group=match["group"], reason=match["reason"])]
    if "scale-up plan" in line:
        return [
            ScaleVerdict(
                outcome="scale-up", group=plan["group"], before=int(plan["before"]), after=int(plan["after"]), maximum=int(plan["maximum"])
            )
            for plan in _PLAN.finditer(line)
        ]
    if match := _SET.search(line):
        return [ScaleVerdict(outcome="scale-up", group=match["group"], after=int(match["after"]))]
    if match := _DOWN.search(line):
        return [ScaleVerdict(outcome="scale-down", group=match["group"])]
    return []
