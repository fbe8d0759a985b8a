"""What each remedy wins and costs, and so its place in the list.

    net      = confidence x gain - disruption                 [GPU-hours over the horizon]
    priority = net / max(effort, floor)                       [GPU-hours per person-hour]

Gain and demand hang together: a waiting pod counts for one item only. So every remedy is first priced as if it were the only
one; in the order that this gives, waiting pods are then given out, and each remedy is priced again with what it got.
Worked examples: docs/ranking.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from gpuctl.advice.actions import REMEDIES
from gpuctl.advice.demand import Demand, Waiting
from gpuctl.advice.grouping import Cause, Group, subject_order
from gpuctl.advice.item import Gain
from gpuctl.advice.job import Ends, Job
from gpuctl.advice.work import Place, Work, interrupts, is_working
from gpuctl.facts.view import View
from gpuctl.findings import ActionKind, Component, Severity
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Pod
from gpuctl.nodeset import fold


@dataclass(frozen=True)
class Priced:
    """A remedy with every term of its rank. `wait_for` is None when it is to be done now."""

    group: Group
    job: Job
    gain: Gain
    effort_minutes: float
    disruption_gpu_hours: float
    net_gpu_hours: float
    priority: float
    estimates: tuple[str, ...]
    wait_for: str | None
    after: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[bool, bool, float, int, str, tuple[str, ...], str]:
        """Critical first, *wait* last, else by priority; severity, kind and target decide ties, so that aliases change none."""
        critical = self.group.severity == Severity.CRITICAL
        first = subject_order(self.group.targets[0])
        return (
            not critical,
            self.wait_for is not None,
            -self.priority,
            -self.group.severity.rank,
            self.group.kind.value,
            first,
            self.group.id,
        )


def rank(groups: Sequence[Group], work: Work) -> tuple[Priced, ...]:
    """All remedies with their prices, in the order of the list (dependencies not yet looked at)."""
    if not groups:
        return ()
    waiting = Waiting.of(work)
    alone = [_Pricing(group, work, Demand(waiting)).priced() for group in groups]
    demand = Demand(waiting)
    shared = [_Pricing(priced.group, work, demand).priced() for priced in sorted(alone, key=lambda priced: priced.order)]
    return tuple(sorted(shared, key=lambda priced: priced.order))


def job_of(group: Group, work: Work) -> Job:
    """The targets of a remedy as the recipes want them."""
    returns = {
        (action.target.node or action.target.name or "", action.args.get("taint"))
        for cause in group.causes
        for action in cause.returns_node
    }
    ordered = tuple(sorted(returns, key=lambda pair: (pair[0], pair[1] or "")))
    return Job(work, group.targets[0].cluster, group.targets, group.places, group.args, ordered, _named(group, work))


def _named(group: Group, work: Work) -> tuple[Pod, ...]:
    """The pods that the causing findings name as what this remedy is for."""
    actions = [action for finding in group.roots for action in finding.actions if action.kind == group.kind and "pod" in action.args]
    subjects = {
        Subject(kind="pod", cluster=item.target.cluster, namespace=item.args.get("namespace") or None, name=item.args["pod"])
        for item in actions
    }
    return tuple(pod for subject in sorted(subjects, key=subject_order) if (pod := work.pod(subject)) is not None)


class _Pricing:
    """One remedy's terms."""

    def __init__(self, group: Group, work: Work, demand: Demand) -> None:
        self.group = group
        self.work = work
        self.view: View = work.view
        self.demand = demand
        self.remedy = REMEDIES[group.kind]
        self.job = job_of(group, work)
        self.settings_used: dict[str, None] = {}

    def _setting(self, name: str) -> float:
        self.settings_used.setdefault(name)
        return self.view.settings[name]

    def priced(self) -> Priced:
        gain = self._gain()
        confidence = self._setting(f"confidence_{self.group.confidence}")
        working = [pod for pod in self._ended() if is_working(pod)]
        disruption = math.fsum(self.work.hours(pod) for pod in working)
        net = confidence * gain.gpu_hours - disruption
        effort, floor = self._effort(), self.view.settings["effort_floor_minutes"]
        if effort < floor:
            self._setting("effort_floor_minutes")
        waits = net <= 0 and self.group.severity != Severity.CRITICAL
        estimates = tuple(sorted(name for name in self.settings_used if self.view.settings.is_estimate(name)))
        priority = net / (max(effort, floor) / 60)
        return Priced(
            self.group, self.job, gain, effort, disruption, net, priority, estimates, self._wait_for(gain, working) if waits else None
        )

    def _effort(self) -> float:
        first = self._setting(f"effort_minutes.{self.group.kind}")
        further = len(self.group.targets) - 1
        return first * (1 + further * self._setting("effort_further_target_share")) if further else first

    def _ended(self) -> tuple[Pod, ...]:
        """Pods that the commands end; a MIG layout needs only the busy nodes emptied, and a driver that nobody can start ends none."""
        unique = {(pod.cluster, pod.namespace, pod.name): pod for pod in self.job.ended(self.remedy.ends)}
        return tuple(unique.values())

    def _gain(self) -> Gain:
        horizon = self._setting("horizon_hours")
        won, at_risk = self._won()
        if self._is_demand():
            usable = self._unblocked()
            return Gain(gpus=usable, gpu_hours=usable * horizon, horizon_hours=horizon, basis="demand")
        total = math.fsum(won.values())
        if not total and at_risk:
            weight = 1.0 if self.group.severity == Severity.CRITICAL else self._setting("risk_weight")
            return Gain(gpus=at_risk, gpu_hours=at_risk * horizon * weight, horizon_hours=horizon, basis="risk")
        freed = self.job.pods if self.remedy.ends == Ends.TARGETS else ()
        usable = math.fsum(
            self.demand.take(place, amount, freed, self._lifted()) for place, amount in sorted(won.items(), key=_by_place) if amount
        )
        if usable:
            return Gain(gpus=usable, gpu_hours=usable * horizon, horizon_hours=horizon, basis="demand")
        weight = self._setting("capacity_weight") if total else 0.0
        basis: Literal["capacity"] = "capacity"
        return Gain(gpus=total, gpu_hours=total * horizon * weight, horizon_hours=horizon, basis=basis)

    def _is_demand(self) -> bool:
        return self.remedy.unblocks or self.remedy.makes or all(finding.demand for finding in self.group.roots)

    def _unblocked(self) -> float:
        if self.remedy.makes:
            return 0.0
        waits = [finding for finding in self.group.roots if finding.subject.kind == "pod"]
        pods = tuple(pod for finding in waits if (pod := self.work.pod(finding.subject)) is not None)
        others = math.fsum(
            finding.gpus for finding in self.group.roots if finding.subject.kind != "pod" or self.work.pod(finding.subject) is None
        )
        return self.demand.unblock(pods, others, self.job.cluster)

    def _won(self) -> tuple[dict[Place, float], float]:
        """GPUs won on each node, each at most once; and those that work now and are protected."""
        won: dict[Place, list[float]] = {}
        risk: list[float] = []
        for cause in self.group.causes:
            if all(finding.hygiene or finding.transitional for finding in cause.roots):
                continue
            places = cause.places or ((self.job.cluster, ""),)
            amount = _gpus(cause)
            weights = [self.work.cards(place) or 1.0 for place in places]
            for place, weight in zip(places, weights, strict=True):
                share = amount * weight / math.fsum(weights)
                lost = min(share, self._out_of_service(place)) if self.remedy.protects else share
                won.setdefault(place, []).append(lost)
                risk.append(share - lost)
        return {place: self._at_most_all(place, math.fsum(amounts)) for place, amounts in won.items()}, math.fsum(risk)

    def _at_most_all(self, place: Place, amount: float) -> float:
        cards = self.work.cards(place)
        return min(amount, cards) if cards else amount

    def _out_of_service(self, place: Place) -> float:
        """Accelerators of a node that no new pod can get now."""
        node = self.view.nodes.get(place)
        if node is None:
            return 0.0
        cards = self.work.cards(place)
        if node.cordoned or node.ready not in {None, "True"}:
            return cards
        return max(cards - self.work.offered(place), 0.0)

    def _lifted(self) -> frozenset[str]:
        """Keys of the taints that the remedy's steps lift."""
        named = [taint for _, taint in self.job.returns if taint]
        if self.group.kind == ActionKind.RETURN_NODE and "taint" in self.group.args:
            named.append(self.group.args["taint"])
        return frozenset(taint.partition(":")[0].partition("=")[0] for taint in named)

    def _wait_for(self, gain: Gain, working: Iterable[Pod]) -> str:
        """The event that makes a remedy worth doing that is not worth it now."""
        reasons = sorted({finding.transitional for finding in self.group.roots if finding.transitional})
        if reasons and all(finding.transitional for finding in self.group.roots):
            return "the end of what is under way: " + "; ".join(reasons)
        if gain.gpu_hours and (names := interrupts(pod for pod in working if self.work.gpus(pod))):
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            return f"the end of the work that it would interrupt: {shown}"
        if self.remedy.makes or any(finding.demand for finding in self.group.roots):
            return "accelerators to come free or be added: none that these pods could use lies idle"
        nodes = self.job.nodes
        return f"the next maintenance of {fold(nodes)}" if nodes else "the next maintenance"


def _gpus(cause: Cause) -> float:
    """GPUs of a cause: its findings tell of the same ones, except that pods hold different ones."""
    pods = math.fsum(finding.gpus for finding in cause.symptoms if finding.component == Component.POD)
    return max(pods, *(finding.gpus for finding in cause.findings if finding.component != Component.POD or finding in cause.roots))


def _by_place(item: tuple[Place, float]) -> tuple[str, str]:
    return item[0][0] or "", item[0][1]
