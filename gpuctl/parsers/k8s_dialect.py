"""Reading the repeating parts of Pods and Nodes, each distinct one once.

A dialect turns a slot (bytes of JSON, or protobuf entries as bytes) into facts. `Dialect` holds the caches and what both wire
formats share, `JsonDialect` reads JSON; the protobuf one stands in `k8s_protobuf.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from sys import intern
from typing import Any, NamedTuple, TypeVar

import msgspec

from gpuctl.model.nodes import Condition, Taint
from gpuctl.model.workloads import Owner, Placement, Requirement, Toleration
from gpuctl.parsers import k8s_raw as raw
from gpuctl.units import instant, quantity

T = TypeVar("T")
MOST_CACHED = 20_000
_MISSING: Any = object()
Terms = tuple[tuple[Requirement, ...], ...]


def readable(text: Any) -> str:
    """The text; protobuf hands over bytes where they are no UTF-8 (a container's last words can be anything)."""
    return text if type(text) is str else text.decode("utf-8", "replace") if isinstance(text, bytes) else ""


class Amounts(NamedTuple):
    """Amounts in base units by resource, and the resources whose amount cannot be read."""

    values: dict[str, float]
    unread: tuple[str, ...]


NOTHING = Amounts({}, ())


def scalar(value: Any) -> str | None:
    """A scalar as the API would write it in a string field; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def amounts(pairs: Iterable[tuple[str, Any]]) -> Amounts:
    """Quantities by name; what is no quantity, or negative, is unread and never zero."""
    values: dict[str, float] = {}
    unread: list[str] = []
    for name, value in sorted(pairs):
        number = quantity(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        if number is None or number < 0:
            unread.append(name)
        else:
            values[name] = number
    return Amounts(values, tuple(unread)) if values or unread else NOTHING


class Dialect:
    """Caches of one assembly. `lose` is told of every part that cannot be read; `recent` gathers those until it is cleared."""

    def __init__(self, lose: Callable[[str, str], None]) -> None:
        self.lose = lose
        self._cache: dict[str, dict[Hashable, Any]] = {}
        self.losses = 0
        self.recent: list[tuple[str, str]] = []

    def lost(self, part: str, why: str) -> None:
        """Notes a part that cannot be read."""
        self.losses += 1
        self.recent.append((part, why))
        self.lose(part, why)

    def cache(self, part: str) -> dict[Hashable, Any]:
        """What `once` remembers of a part, for callers that look first: it stays the same dict."""
        return self._cache.setdefault(part, {})

    def once(self, part: str, slot: Hashable, read: Callable[[Any], T]) -> T:
        """What `read` makes of a slot, remembered as long as there is room and nothing was lost over it."""
        known = self.cache(part)
        found = known.get(slot, _MISSING)
        if found is _MISSING:
            before = self.losses
            found = read(slot)
            if len(known) >= MOST_CACHED:
                known.clear()
            if self.losses == before:
                known[slot] = found
        return found  # type: ignore[no-any-return]

    def forget(self) -> None:
        """Empties the caches."""
        for known in self._cache.values():
            known.clear()

    @staticmethod
    def frozen(slot: Any) -> Any:
        """A slot of a list or a map as something to look up by; a slot of one message is turned into bytes instead."""
        raise NotImplementedError

    def has(self, owner: Any, name: str) -> bool:
        """Whether an optional part is there."""
        raise NotImplementedError

    def moment(self, slot: Any) -> datetime | None:
        """A time."""
        raise NotImplementedError

    def texts(self, slot: Any) -> dict[str, str]:
        """A map of text to text, sorted."""
        raise NotImplementedError

    def amounts(self, slot: Any) -> Amounts:
        """A map of quantities."""
        raise NotImplementedError

    def resources(self, slot: Any) -> Amounts:
        """Requests of a container; a limit stands in for a request that is missing."""
        raise NotImplementedError

    def mentions(self, slot: Any, marks: Sequence[bytes]) -> bool:
        """Whether a key in the slot may hold one of the texts: a cheap look before reading."""
        raise NotImplementedError

    def owner(self, slot: Any) -> Owner | None:
        """The controlling owner."""
        raise NotImplementedError

    def conditions(self, slot: Any) -> Sequence[Any]:
        """Conditions as the wire has them."""
        raise NotImplementedError

    def heartbeat(self, slot: Any) -> datetime | None:  # noqa: ARG002  of a live cluster, the Leases tell it
        """The newest heartbeat that a node's conditions tell of; it is the nearest thing to a date that a dump of nodes has."""
        return None

    def set_at(self, slot: Any, field: str) -> datetime | None:
        """When a manager last set a field, by the object's managedFields; None when none of them names it."""
        raise NotImplementedError

    def statuses(self, slot: Any) -> Sequence[Any]:
        """Container statuses as the wire has them."""
        raise NotImplementedError

    def env(self, slot: Any) -> Sequence[Any]:
        """Environment variables as the wire has them."""
        raise NotImplementedError

    def taints(self, slot: Any) -> tuple[Taint, ...]:
        """Taints of a node."""
        raise NotImplementedError

    def placement(self, spec: Any) -> Placement | None:
        """Where a pod may go."""
        raise NotImplementedError

    def facts_of_conditions(self, slot: Any) -> tuple[Condition, ...]:
        """Conditions as facts; one without a type is left out."""
        return tuple(
            [
                Condition(
                    type=intern(readable(c.type)),
                    status=intern(readable(c.status)) or "Unknown",
                    reason=intern(readable(c.reason)),
                    message=readable(c.message),
                    since=self.moment(c.last_transition_time),
                )
                for c in self.conditions(slot)
                if c.type
            ]
        )


def with_limits(requests: Amounts, limits: Amounts) -> Amounts:
    """The requests, filled up from the limits as the API server would."""
    values = {**limits.values, **requests.values}
    unread = (*requests.unread, *(name for name in limits.unread if name not in requests.values))
    values = {name: value for name, value in values.items() if name not in unread}
    return Amounts(dict(sorted(values.items())), tuple(sorted(set(unread)))) if values or unread else NOTHING


def requirements(found: Iterable[Any] | None) -> tuple[Requirement, ...]:
    """Requirements of a selector as facts."""
    return tuple(
        Requirement(key=readable(r.key), operator=readable(r.operator), values=tuple(map(readable, r.values or ()))) for r in found or ()
    )


def tolerations(found: Iterable[Any]) -> tuple[Toleration, ...]:
    """Tolerations as facts."""
    return tuple(
        Toleration(key=readable(t.key), operator=readable(t.operator) or "Equal", value=readable(t.value), effect=readable(t.effect))
        for t in found
    )


def place(selector: dict[str, str], terms: Sequence[Any] | None, tolerated: tuple[Toleration, ...]) -> Placement | None:
    """A placement; None where nothing limits it and nothing is tolerated."""
    if not selector and terms is None and not tolerated:
        return None
    expressions: Terms | None = None
    fields: Terms | None = None
    if terms is not None:
        expressions = tuple(requirements(term.match_expressions) for term in terms)
        fields = tuple(requirements(term.match_fields) for term in terms)
        fields = fields if any(fields) else None
    return Placement(node_selector=selector, terms=expressions, fields=fields, tolerations=tolerated)


class JsonDialect(Dialect):
    """Slots are `msgspec.Raw`."""

    @staticmethod
    def frozen(slot: Any) -> bytes:
        return bytes(slot)

    def __init__(self, lose: Callable[[str, str], None]) -> None:
        super().__init__(lose)
        self._decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

    def decode(self, data: bytes | msgspec.Raw, kind: type[T]) -> T:
        """Strict about shape, lenient about numbers in strings."""
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = msgspec.json.Decoder(kind, strict=False)
        return decoder.decode(data)  # type: ignore[no-any-return]

    def has(self, owner: Any, name: str) -> bool:
        return getattr(owner, name) is not None

    def moment(self, slot: Any) -> datetime | None:
        return self.once("time", slot, instant) if slot else None

    def mentions(self, slot: Any, marks: Sequence[bytes]) -> bool:
        data = bytes(slot)
        return any(mark in data for mark in marks)

    def _one(self, slot: Any, part: str, kind: type[T]) -> T | None:
        data = bytes(slot)
        if not data or data == b"null":
            return None
        try:
            return self.decode(data, kind)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            self.lost(part, str(error))
            return None

    def many(self, slot: Any, part: str, kind: type[T]) -> list[T]:
        """A list read item by item: one that cannot be read is lost alone."""
        data = bytes(slot)
        if not data or data == b"null":
            return []
        try:
            return self.decode(data, list[kind])  # type: ignore[valid-type]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            items = self._one(data, part, list[msgspec.Raw]) or ()
            return [found for item in items if (found := self._one(item, part, kind)) is not None]

    def _mapping(self, data: bytes, part: str) -> dict[str, Any]:
        return self._one(data, part, dict[str, Any]) or {}

    def texts(self, slot: Any) -> dict[str, str]:
        return self.once("texts", bytes(slot), self._texts)

    def _texts(self, data: bytes) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in sorted(self._mapping(data, "labels").items()):
            text = scalar(value)
            if text is None and value is not None:
                self.lost(f"labels.{key}", "not a text")
            else:
                found[key] = text or ""
        return found

    def amounts(self, slot: Any) -> Amounts:
        return self.once("amounts", bytes(slot), lambda data: amounts(self._mapping(data, "quantities").items()))

    def resources(self, slot: Any) -> Amounts:
        return self.once("resources", bytes(slot), self._resources)

    def _resources(self, data: bytes) -> Amounts:
        found = self._one(data, "resources", raw.Resources)
        return NOTHING if found is None else with_limits(self.amounts(found.requests), self.amounts(found.limits))

    def owner(self, slot: Any) -> Owner | None:
        return self.once("owner", bytes(slot), self._owner)

    def _owner(self, data: bytes) -> Owner | None:
        owners = self.many(data, "ownerReferences", raw.OwnerReference)
        return next((Owner(kind=o.kind, name=o.name) for o in owners if o.controller and o.kind and o.name), None)

    def conditions(self, slot: Any) -> Sequence[Any]:
        return self.many(slot, "conditions", raw.RawCondition)

    def heartbeat(self, slot: Any) -> datetime | None:
        beats = (self.moment(condition.last_heartbeat_time) for condition in self.conditions(slot))
        return max((beat for beat in beats if beat is not None), default=None)

    def set_at(self, slot: Any, field: str) -> datetime | None:
        mark = f'"f:{field}"'.encode()
        entries = self.many(slot, "managedFields", raw.ManagedFields)
        stamps = (instant(self._one(entry.time, "time", str)) for entry in entries if mark in bytes(entry.fields))
        return max((stamp for stamp in stamps if stamp is not None), default=None)

    def statuses(self, slot: Any) -> Sequence[Any]:
        return self.many(slot, "containerStatuses", raw.ContainerStatus)

    def env(self, slot: Any) -> Sequence[Any]:
        return self.many(slot, "env", raw.EnvVar)

    def taints(self, slot: Any) -> tuple[Taint, ...]:
        return tuple(
            Taint(key=readable(t.key), value=readable(t.value), effect=readable(t.effect), time_added=self.moment(t.time_added))
            for t in self.many(slot, "taints", raw.RawTaint)
        )

    def placement(self, spec: Any) -> Placement | None:
        key = (bytes(spec.node_selector), bytes(spec.affinity), bytes(spec.tolerations))
        return self.once("placement", key, self._placement)

    def _placement(self, key: tuple[bytes, bytes, bytes]) -> Placement | None:
        selector, affinity, tolerated = key
        wanted = self._one(affinity, "affinity", raw.Affinity)
        required = wanted.node_affinity.required if wanted and wanted.node_affinity else None
        terms = required.node_selector_terms or () if required else None
        found = tolerations(self.many(tolerated, "tolerations", raw.RawToleration))
        return place(self.texts(selector), terms, found)
