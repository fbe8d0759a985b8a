"""Reading a cluster from the first question to the snapshot. The order: who are you, what is served, nodes, pods, the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Cluster, Snapshot, SourceState
from gpuctl.parsers.k8s_assembly import Assembly
from gpuctl.sources.kubernetes.access import Access
from gpuctl.sources.kubernetes.client import Client
from gpuctl.sources.kubernetes.configmaps import sharing_configs
from gpuctl.sources.kubernetes.crew import Crew
from gpuctl.sources.kubernetes.discovery import Discovery, count_pods, discover, distribution
from gpuctl.sources.kubernetes.lists import Ask, Outcome, RawPage
from gpuctl.sources.kubernetes.options import Options
from gpuctl.sources.kubernetes.podplan import FEW_PODS, PodPlan, by_node, plan_pods
from gpuctl.sources.kubernetes.wanted import TABLE

NODES, PODS, SLICES = (next(row for row in TABLE if row.resource == name) for name in ("nodes", "pods", "resourceslices"))
_BEFORE_PODS: Final = (NODES, SLICES)
_FIRST, _LATER = 0, 10
_COUNT_SECONDS: Final = 3.0
"""How long the rest waits for the number of pods, which only chooses the cheaper way to ask for them."""


@dataclass
class Reading:
    """One run: what was asked, what came, what did not."""

    options: Options
    progress: Callable[[str, int], None]
    access: Access
    client: Client
    crew: Crew
    assembly: Assembly
    found: Discovery
    pods: int | None
    """How many the server counts; None when it did not tell in time."""
    outcomes: list[Outcome] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    """Rows (by their place in the table) of which a page came that could not be parsed, with the reason."""
    plan: PodPlan | None = None

    def run(self) -> None:
        """Read all lists; pods as soon as it is known how to ask for them cheapest."""
        waiting = {row.name for row in _BEFORE_PODS}
        for place, row in enumerate(TABLE):
            version = self.found.version_of(row)
            if row is PODS or version is None or row.group in self.found.failed:
                waiting.discard(row.name)
                continue
            for selector in row.selectors:
                self.crew.ask(Ask(row, version, selector), _FIRST if row in _BEFORE_PODS else _LATER + place)
        if self.pods is None or self.pods <= FEW_PODS:
            self._ask_for_pods(PodPlan())
        for result in self.crew.results():
            if isinstance(result, RawPage):
                self._take(result)
                continue
            self.outcomes.append(result)
            waiting.discard(result.ask.row.name)
            if self.plan is None and not waiting:
                self._ask_for_pods(plan_pods(self._nodes_with_gpus(), self.pods or 0))

    def _nodes_with_gpus(self) -> list[str] | None:
        """Names of the nodes that have or should have accelerators; None when not all nodes were read."""
        if any(outcome.reason for outcome in self.outcomes if outcome.ask.row in _BEFORE_PODS):
            return None
        return by_node(self.assembly.finish())

    def _ask_for_pods(self, plan: PodPlan) -> None:
        self.plan = plan
        for selector, labels in plan.selectors:
            self.crew.ask(Ask(PODS, PODS.versions[0], selector, labels), _FIRST + 1)

    def _take(self, page: RawPage) -> None:
        row = page.ask.row
        body, page.body = page.body, b""
        try:
            if page.protobuf:
                given = self.assembly.add_protobuf_page(row.kind, body)
            else:
                group_version = f"{row.group}/{page.ask.version}" if row.group else page.ask.version
                given = self.assembly.add_page(f"{group_version}/{row.kind}", body)
        except Exception as error:  # whatever one page holds, the others are read
            self.broken[TABLE.index(row)] = f"a page of {row.name} cannot be read ({len(body)} bytes): {error}"
            return
        self.counts[row.name] = self.counts.get(row.name, 0) + given.count
        self.progress(row.name, self.counts[row.name])

    def tell(self) -> None:
        """What was asked, and how many bytes came: a line for each resource."""
        for name, tally in sorted(self.client.tallies.items()):
            objects = self.counts.get(name, 0)
            self.options.verbose(f"{name}: {tally.requests} requests, {tally.retries} retries, {objects} objects, {tally.bytes} bytes")

    def reasons(self) -> dict[str, list[str]]:
        """Why each field of the snapshot is not known, or not in full."""
        found: dict[str, list[str]] = {}
        late = "interrupted before it was read" if self.options.stop.is_set() else "the deadline came before it was read"
        for place, row in enumerate(TABLE):
            told = [outcome.reason for outcome in self.outcomes if outcome.ask.row is row and outcome.reason]
            if row.group in self.found.failed and self.found.version_of(row) is None:
                told.append(self.found.failed[row.group])
            if place in self.broken:
                told.append(self.broken[place])
            if any(ask.row is row for ask in self.crew.unfinished()) or (row is PODS and self.plan is None):
                told.append(f"{row.name}: {late}")
            for reason in dict.fromkeys(told):
                found.setdefault(row.field, []).append(reason)
        return found


def read(options: Options, progress: Callable[[str, int], None]) -> Snapshot:
    """The cluster as it is. Raises SourceError when it cannot be asked at all, UsageError for options that contradict each other."""
    taken_at = datetime.now(UTC).replace(microsecond=0)
    access = Access(options)
    options.announce(access.describe())
    client = Client(access, options)
    crew = Crew(client, fallback=options.namespace or access.namespace)
    found = crew.call(lambda: discover(client))
    if found is None:
        return _nothing(access, options, taken_at)
    assembly = Assembly(cluster=access.context)
    pods = crew.call(lambda: count_pods(client), _COUNT_SECONDS)
    reading = Reading(options, progress, access, client, crew, assembly, found, pods)
    reading.run()
    reasons = reading.reasons()
    facts = assembly.finish()
    sharing, missing = sharing_configs(client, crew, facts)
    if sharing is not None:
        facts["sharing_configs"] = sharing
    if missing:
        reasons["sharing_configs"] = missing
    reading.tell()
    return _snapshot(reading, facts, reasons, taken_at)


def _snapshot(reading: Reading, facts: dict[str, tuple[Any, ...]], reasons: dict[str, list[str]], taken_at: datetime) -> Snapshot:
    fields: dict[str, Any] = {name: values for name, values in facts.items() if name in Snapshot.__struct_fields__}
    answered_fields = {outcome.ask.row.field for outcome in reading.outcomes if outcome.reason is None or outcome.namespace}
    for row in TABLE:
        if row.field not in reasons or row.field in answered_fields:
            fields.setdefault(row.field, ())
    fields.pop("nodes.heartbeat", None)
    if fields.get("pods") and reading.plan is not None and reading.plan.overlapping:
        fields["pods"] = _once(fields["pods"])
    repeated = {outcome.ask.row.field for outcome in reading.outcomes if outcome.repeated}
    for name in repeated & fields.keys():
        fields[name] = _once(fields[name])
    nodes: tuple[Node, ...] = fields.get("nodes") or ()
    return Snapshot(
        taken_at=taken_at,
        newest_stamp=reading.assembly.newest_stamp,
        complete=not (reading.crew.unfinished() or reading.plan is None or any(outcome.late for outcome in reading.outcomes)),
        interrupted=reading.options.stop.is_set(),
        sources=(_state(reading),),
        cluster=Cluster(
            context=reading.access.context,
            version=reading.found.version,
            distribution=distribution(reading.found, [node.provider_id for node in nodes if node.provider_id]),
            scope=next((outcome.namespace for outcome in reading.outcomes if outcome.ask.row is PODS and outcome.namespace), None),
        ),
        skipped=dict(sorted(reading.assembly.skipped.items())),
        unrecognised=dict(sorted(reading.assembly.unrecognised.items())),
        unknown={name: "; ".join(told) for name, told in reasons.items()},
        **fields,
    )


def _once(objects: Iterable[Any]) -> tuple[Any, ...]:
    """The last of each object that was given more than once, at its place."""
    last: dict[Any, Any] = {}
    for place, one in enumerate(objects):
        name = getattr(one, "name", None)
        key = (getattr(one, "namespace", None), name, getattr(one, "kind", None), getattr(one, "reason", None)) if name else place
        last[key] = one
    return tuple(last.values())


def _state(reading: Reading) -> SourceState:
    asked = len(reading.outcomes) + len(reading.crew.unfinished())
    answered = sum(outcome.reason is None for outcome in reading.outcomes)
    how = reading.plan.how if reading.plan else None
    failing = asked - answered
    reason = f"{failing} of {asked} lists could not be read in full" if failing or reading.broken else None
    refused = sorted({outcome.ask.row.name for outcome in reading.outcomes if outcome.refused})
    rules = f"RBAC refuses get and list of {', '.join(refused)}; `gpuctl rbac` prints the role" if refused else None
    # A server that answers and refuses all is a source that works, with too few rights: the report names the missing rules.
    heard = any(outcome.reason is None or outcome.namespace or outcome.refused for outcome in reading.outcomes)
    return SourceState(
        kind="kubernetes",
        name=reading.access.context,
        state="ok" if reason is None else "partial" if heard else "failed",
        reason="; ".join(part for part in (reason, rules, how) if part) or None,
        asked=asked,
        answered=answered,
    )


def _nothing(access: Access, options: Options, taken_at: datetime) -> Snapshot:
    """The run ended before the server had said what it serves."""
    interrupted = options.stop.is_set()
    reason = "interrupted before anything was read" if interrupted else f"{access.server} did not answer before the deadline"
    return Snapshot(
        taken_at=taken_at,
        complete=False,
        interrupted=interrupted,
        sources=(SourceState(kind="kubernetes", name=access.context, state="failed", reason=reason, asked=1, answered=0),),
        cluster=Cluster(context=access.context),
        unknown={row.field: reason for row in TABLE},
    )
