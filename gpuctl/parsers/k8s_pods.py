"""Pods and pod templates: what they ask for, where they may go, how they are doing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gpuctl.knowledge.accelerators import is_accelerator
from gpuctl.knowledge.stack import classify, labelled
from gpuctl.model.nodes import Condition
from gpuctl.model.workloads import Container, Placement, Pod
from gpuctl.parsers import k8s_raw as raw
from gpuctl.parsers.k8s_dialect import NOTHING, Amounts, Dialect, readable
from gpuctl.parsers.k8s_stack import is_stack_image

QUEUE_NAME = "kueue.x-k8s.io/queue-name"
QUEUES = (QUEUE_NAME, "kai.scheduler/queue", "runai/queue", "volcano.sh/queue-name")
GROUPS = ("scheduling.x-k8s.io/pod-group", "pod-group.scheduling.sigs.k8s.io", "kueue.x-k8s.io/pod-group-name", "volcano.sh/group-name")
SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
DO_NOT_DISRUPT = ("karpenter.sh/do-not-disrupt", "karpenter.sh/do-not-evict")
POD_ANNOTATIONS = frozenset(
    {SAFE_TO_EVICT, *DO_NOT_DISRUPT, QUEUE_NAME, "scheduling.k8s.io/group-name", "scheduling.volcano.sh/queue-name", "pod-group-name",
     "scheduling.volcano.sh/group-min-member"}
)  # fmt: skip
"""Annotations of pods and workloads that are read; all others are left where they are."""
_MARKS = (b"safe-to-evict", b"do-not-", b"queue-name", b"group-name")
_ENV = ("NVIDIA_", "NV_", "CUDA_")
_ENV_NAMES = frozenset({"LD_LIBRARY_PATH", "TORCH_CUDA_ARCH_LIST"})
_POD_LEVEL = ("cpu", "memory", "hugepages-")
_NOTHING: dict[str, str] = {}
"""Shared by all pods that have none of something: facts are never changed."""
_UNREAD: Any = object()
_EMPTY_META = raw.Meta()
_EMPTY_SPEC = raw.PodSpec()
_EMPTY_STATUS = raw.PodStatus()


class Ask(NamedTuple):
    """What one pod asks for: all resources, then the same split into accelerators, cores and bytes."""

    everything: dict[str, float]
    accelerators: dict[str, float]
    cpu: float
    memory_bytes: float
    unread: tuple[str, ...]


class _Content(NamedTuple):
    """What a pod is made of: what it asks for, its images, and whether one of them belongs to the GPU software."""

    ask: Ask
    images: tuple[str, ...]
    is_stack: bool


def effective(containers: Iterable[Amounts], inits: Iterable[tuple[Amounts, bool]], overhead: Amounts, pod_level: Amounts) -> Ask:
    """What the scheduler counts for a pod.

    Containers and native sidecars add up; an init container needs its own plus the sidecars started before it, and the
    largest such need counts where it exceeds the sum; overhead comes on top; requests of the pod as a whole replace the sum.
    Sources: KEP-753 and KEP-2837, https://github.com/kubernetes/enhancements/tree/master/keps/sig-node.

    Args:
        containers: requests of each container.
        inits: requests of each init container in order, and whether it is a native sidecar.
        overhead: of the runtime class.
        pod_level: spec.resources of the pod.
    """
    unread = {*overhead.unread, *pod_level.unread}
    total: dict[str, float] = {}
    for part in containers:
        unread.update(part.unread)
        _add(total, part.values)
    peak: dict[str, float] = {}
    sidecars: dict[str, float] = {}
    for part, sidecar in inits:
        unread.update(part.unread)
        if sidecar:
            _add(sidecars, part.values)
        for name in {*sidecars, *part.values}:
            need = sidecars.get(name, 0.0) + (0.0 if sidecar else part.values.get(name, 0.0))
            peak[name] = max(peak.get(name, 0.0), need)
    _add(total, sidecars)
    for name, need in peak.items():
        total[name] = max(total.get(name, 0.0), need)
    total.update((name, value) for name, value in pod_level.values.items() if name.startswith(_POD_LEVEL))
    _add(total, overhead.values)
    total = {name: total[name] for name in sorted(total) if name not in unread}
    accelerators = {name: value for name, value in total.items() if value and is_accelerator(name)}
    return Ask(total, accelerators, total.get("cpu", 0.0), total.get("memory", 0.0), tuple(sorted(unread)))


def _add(total: dict[str, float], part: dict[str, float]) -> None:
    for name, value in part.items():
        total[name] = total.get(name, 0.0) + value


class PodParser:
    """Turns wire Pods of one dialect into facts.

    `intern` keeps one copy of each repeated text; `stamped` is told of every time that speaks of the past, and `thorough`
    says whether to look for those also where no fact is kept.
    """

    def __init__(
        self, dialect: Dialect, cluster: str | None, intern: Callable[[str], str], stamped: Callable[[datetime | None], None]
    ) -> None:
        self.dialect = dialect
        self.cluster = cluster
        self.intern = intern
        self.stamped = stamped
        self.thorough = False
        self._newest = datetime.min.replace(tzinfo=UTC)
        # Looked into before anything is called: a cluster has a hundred thousand pods, and few different ones.
        self._times, self._texts, self._tags = dialect.cache("time"), dialect.cache("text"), dialect.cache("tags")
        self._contents, self._owners, self._places = dialect.cache("contents"), dialect.cache("owner"), dialect.cache("place")

    def ask(self, spec: Any) -> Ask:
        """What a pod of this spec asks for."""
        return self._content(spec).ask

    def _content(self, spec: Any) -> _Content:
        key: tuple[Any, ...] = (bytes(spec.resources), *[(bytes(c.resources), c.image) for c in spec.containers or ()])
        if spec.init_containers or spec.overhead:
            inits = [(bytes(c.resources), c.image, c.restart_policy) for c in spec.init_containers or ()]
            key = (key, self.dialect.frozen(spec.overhead), *inits)
        found: _Content = self._contents.get(key) or self.dialect.once("contents", key, lambda _: self._read_content(spec))
        return found

    def _read_content(self, spec: Any) -> _Content:
        names = (c.image for c in (*(spec.containers or ()), *(spec.init_containers or ())))
        images = tuple(dict.fromkeys(self.intern(image) for image in names if image))
        return _Content(self._ask(spec), images, any(map(is_stack_image, images)))

    def _ask(self, spec: Any) -> Ask:
        read = self.dialect.resources
        return effective(
            [read(c.resources) for c in spec.containers or ()],
            [(read(c.resources), c.restart_policy == "Always") for c in spec.init_containers or ()],
            self.dialect.amounts(spec.overhead) if spec.overhead else NOTHING,
            read(spec.resources) if spec.resources else NOTHING,
        )

    def images(self, spec: Any) -> tuple[str, ...]:
        """Images of all containers, each once, init containers last."""
        return self._content(spec).images

    def annotations(self, meta: Any) -> dict[str, str]:
        """Of the annotations only those that are used."""
        if not meta.annotations or not self.dialect.mentions(meta.annotations, _MARKS):
            return {}
        return {key: value for key, value in self.dialect.texts(meta.annotations).items() if key in POD_ANNOTATIONS}

    def pod(self, item: Any) -> tuple[Pod, dict[str, str]]:
        """A pod and its labels (which the fact holds only where the pod matters to accelerators)."""
        dialect, frozen = self.dialect, self.dialect.frozen
        meta, spec, status = item.metadata or _EMPTY_META, item.spec or _EMPTY_SPEC, item.status or _EMPTY_STATUS
        content = self._content(spec)
        ask = content.ask
        slot = frozen(meta.labels)
        labels, queue, group, named = self._tags.get(slot) or dialect.once("tags", slot, self._read_tags)
        annotations = self.annotations(meta) if meta.annotations else _NOTHING
        unknown = _NOTHING
        claims: tuple[str, ...] = ()
        extended = dialect.has(status, "extended_resource_claim_status")
        if extended or spec.resource_claims or ask.unread or not spec.containers:
            unknown = {}
            claims = self._claims(spec, status, unknown)
            if spec.containers is None or (not spec.containers and not item.spec):
                for name in ("requests", "cpu", "memory_bytes"):
                    unknown[name] = "the containers of this pod are not given"
            for name in ask.unread:
                unknown[_fact_of(name)] = f"the amount asked of {name} is no quantity"
        slot = frozen(meta.owner_references)
        owner = self._owners.get(slot) or dialect.owner(slot) if slot else None
        # Images may be mirrored under other names: then the app's label or the DaemonSet's name tells the GPU software.
        is_stack = content.is_stack or named or (owner is not None and owner.kind == "DaemonSet" and classify(owner.name) is not None)
        detailed = bool(is_stack or ask.accelerators or claims or ask.unread or unknown)
        conditions: tuple[Condition, ...] = ()
        containers: tuple[Container, ...] = ()
        if detailed or self.thorough:
            conditions = dialect.facts_of_conditions(status.conditions) if status.conditions else ()
            containers = self._containers(status)
            for condition in conditions:
                self._past(condition.since)
        created = self._moment(meta.creation_timestamp)
        started = self._moment(status.start_time)
        self._past(created)
        self._past(started)
        deleting = self._moment(meta.deletion_timestamp)
        if dialect.has(spec, "scheduling_group"):
            group = group or readable(getattr(spec.scheduling_group, "pod_group_name", None)) or None
        known, text = self._texts.get, self._text
        place = (frozen(spec.node_selector) if spec.node_selector else None, bytes(spec.affinity), frozen(spec.tolerations))
        placement = self._places.get(place, _UNREAD)
        fact = Pod(
            cluster=self.cluster,
            namespace=known(value) or text(value) if (value := meta.namespace) else None,
            name=readable(meta.name) or None,
            node=known(value) or text(value) if (value := spec.node_name) else None,
            phase=known(value) or text(value) if (value := status.phase) else None,
            reason=self.intern(status.reason) if status.reason else "",
            message=readable(status.message) if detailed else "",
            owner=owner,
            requests=ask.accelerators,
            cpu=ask.cpu,
            memory_bytes=ask.memory_bytes,
            images=content.images if detailed else (),
            created=created,
            started=started if detailed else None,
            finished=_end(containers) if detailed and status.phase in {"Succeeded", "Failed"} else None,
            deleting_since=deleting,
            grace_seconds=meta.deletion_grace_period_seconds if deleting and dialect.has(meta, "deletion_grace_period_seconds") else None,
            priority=spec.priority if dialect.has(spec, "priority") else None,
            priority_class=known(value) or text(value) if (value := spec.priority_class_name) else None,
            preemption_policy=known(value) or text(value) if (value := spec.preemption_policy) else None,
            scheduler=known(value) or text(value) if (value := spec.scheduler_name) else None,
            runtime_class=known(value) or text(value) if (value := spec.runtime_class_name) else None,
            nominated_node=known(value) or text(value) if (value := status.nominated_node_name) else None,
            placement=self._placement(place, spec) if placement is _UNREAD else placement,
            conditions=conditions if detailed else (),
            containers=containers if detailed else (),
            claims=claims,
            scheduling_gates=tuple([self.intern(g.name) for g in spec.scheduling_gates if g.name]) if spec.scheduling_gates else (),
            labels=labels if detailed else _NOTHING,
            safe_to_evict=safe_to_evict(annotations) if annotations else None,
            queue=queue_of(labels, annotations) if annotations else queue,
            pod_group=(group_of(labels, annotations) if annotations else None) or group,
            env=self.env(spec) if ask.accelerators or claims else _NOTHING,
            unknown=unknown,
        )
        return fact, labels

    def _placement(self, place: Hashable, spec: Any) -> Placement | None:
        return self.dialect.once("place", place, lambda _: self.dialect.placement(spec))

    def _read_tags(self, slot: Any) -> tuple[dict[str, str], str | None, str | None, bool]:
        labels = self.dialect.texts(slot) if slot else _NOTHING
        return labels, queue_of(labels, {}), group_of(labels, {}), labelled(labels) is not None

    def _moment(self, slot: Any) -> datetime | None:
        return self._times.get(slot) or self.dialect.moment(slot) if slot else None

    def _past(self, moment: datetime | None) -> None:
        if moment is not None and moment > self._newest:
            self._newest = moment
            self.stamped(moment)

    def _text(self, value: str) -> str:
        return self.dialect.once("text", value, self.intern)

    def _claims(self, spec: Any, status: Any, unknown: dict[str, str]) -> tuple[str, ...]:
        names: list[str] = []
        if spec.resource_claims:
            made = {c.name: c.resource_claim_name for c in status.resource_claim_statuses or () if c.resource_claim_name}
            for claim in spec.resource_claims:
                source = claim.source if self.dialect.has(claim, "source") else None
                name = made.get(claim.name) or claim.resource_claim_name or (source and source.resource_claim_name)
                if name:
                    names.append(name)
                else:
                    unknown["claims"] = f"claim {claim.name or '?'} is not made from its template yet"
        if self.dialect.has(status, "extended_resource_claim_status"):
            extended = status.extended_resource_claim_status.resource_claim_name
            names.extend([extended] if extended else [])
        return tuple(map(readable, names))

    def _containers(self, status: Any) -> tuple[Container, ...]:
        found = [self._container(s, False) for s in self.dialect.statuses(status.container_statuses)]
        found += [self._container(s, True) for s in self.dialect.statuses(status.init_container_statuses)]
        return tuple(found)

    def _container(self, status: Any, init: bool) -> Container:
        dialect = self.dialect
        state, reason, message, exit_code, since = None, "", "", None, None
        if dialect.has(status, "state"):
            now = status.state
            if dialect.has(now, "waiting"):
                state, reason, message = "waiting", readable(now.waiting.reason), readable(now.waiting.message)
            elif dialect.has(now, "running"):
                state, since = "running", dialect.moment(now.running.started_at)
            elif dialect.has(now, "terminated"):
                end = now.terminated
                state, reason, message = "terminated", readable(end.reason), readable(end.message)
                exit_code = end.exit_code if dialect.has(end, "exit_code") else None
                since = dialect.moment(end.finished_at)
        last_reason, last_exit_code, last_finished = "", None, None
        if dialect.has(status, "last_state") and dialect.has(status.last_state, "terminated"):
            last = status.last_state.terminated
            last_reason, last_finished = readable(last.reason), dialect.moment(last.finished_at)
            last_exit_code = last.exit_code if dialect.has(last, "exit_code") else None
        self._past(since)
        self._past(last_finished)
        return Container(
            name=self.intern(status.name or ""),
            state=state,
            reason=self.intern(reason),
            message=message,
            exit_code=exit_code,
            restarts=max(status.restart_count or 0, 0),
            ready=status.ready if dialect.has(status, "ready") else None,
            since=since,
            last_reason=self.intern(last_reason),
            last_exit_code=last_exit_code,
            last_finished=last_finished,
            init=init,
        )

    def env(self, spec: Any) -> dict[str, str]:
        """Literal values of the variables that steer GPU software; the first container that sets one wins."""
        found: dict[str, str] = {}
        for container in (*(spec.containers or ()), *(spec.init_containers or ())):
            for variable in self.dialect.env(container.env) if container.env else ():
                name, value = readable(variable.name), readable(variable.value)
                if value and "$(" not in value and (name.startswith(_ENV) or name in _ENV_NAMES):
                    found.setdefault(name, value)
        return dict(sorted(found.items())) if found else _NOTHING

    def template(self, spec: Any) -> tuple[Ask, Placement | None, tuple[str, ...]]:
        """What a pod of this template asks for, where it may go, its images."""
        return self.ask(spec), self.dialect.placement(spec), self.images(spec)


def _end(containers: Iterable[Container]) -> datetime | None:
    """When the last of a pod's own containers ended."""
    return max((c.since for c in containers if c.state == "terminated" and not c.init and c.since), default=None)


def _fact_of(resource: str) -> str:
    return {"cpu": "cpu", "memory": "memory_bytes"}.get(resource, f"requests.{resource}")


def queue_of(labels: dict[str, str], annotations: dict[str, str]) -> str | None:
    """The queue that a pod or workload names: by label, else by the annotation that older Kueue reads, else Volcano's."""
    return (
        next((labels[key] for key in QUEUES if labels.get(key)), None)
        or annotations.get(QUEUE_NAME)
        or annotations.get("scheduling.volcano.sh/queue-name")
        or None
    )


def group_of(labels: dict[str, str], annotations: dict[str, str]) -> str | None:
    """The gang that a pod names."""
    return (
        next((labels[key] for key in GROUPS if labels.get(key)), None)
        or annotations.get("scheduling.k8s.io/group-name")
        or annotations.get("pod-group-name")
        or None
    )


def safe_to_evict(annotations: dict[str, str]) -> bool | None:
    """What the pod says of being moved: Cluster Autoscaler's annotation, else Karpenter's."""
    said = annotations.get(SAFE_TO_EVICT)
    if said in {"true", "false"}:
        return said == "true"
    return False if any(annotations.get(key) == "true" for key in DO_NOT_DISRUPT) else None
