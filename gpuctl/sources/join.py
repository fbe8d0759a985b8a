"""Several snapshots made one: the same thing told twice becomes one entry, and what sources disagree about is kept as a conflict.

The result does not depend on the order of the inputs: they are put in an order of their own first (newest first, then by content).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, structs

from gpuctl.model.hardware import Gpu
from gpuctl.model.known import Unknown, fact
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Cluster, Conflict, ConflictValue, Snapshot

ABSENT: Final = "no file given tells of {what}"
"""Reason of a collection that no file has; a snapshot that has it, or that says why not, overrules it."""

_CHRONICLES = ("k8s_events", "scale_verdicts", "hardware_events")
"""Kept in the order of their source: they have no names, and what comes twice within one source happened twice."""
_ENCODER = msgspec.json.Encoder(order="deterministic")
_OLDEST = datetime.min.replace(tzinfo=UTC)
_LEADING_ZERO = re.compile(r"(?<=\.)0+(?=[0-9])")


def absent(collection: str) -> str:
    """Why a collection is unknown when no file tells of it."""
    return ABSENT.format(what=collection.replace("_", " "))


@cache
def collections() -> tuple[str, ...]:
    """Fields of the snapshot that are lists of facts, None when unknown."""
    hints = get_type_hints(Snapshot)
    return tuple(
        name for name, hint in hints.items() if type(None) in get_args(hint) and any(get_origin(arg) is tuple for arg in get_args(hint))
    )


def join(snapshots: Sequence[Snapshot]) -> Snapshot:
    """One snapshot of all.

    Nodes are one by cluster and name, by an alias, by machine id or boot id; other objects by cluster, kind, namespace and name.
    Field by field, a known value beats an unknown one, a newer snapshot an older one, and of equal age a host's own word what the
    API's labels say of it.
    """
    if not snapshots:
        return Snapshot(unknown={name: absent(name) for name in collections()})
    ordered = _one_cluster(sorted(snapshots, key=_precedence))
    conflicts = _Conflicts(ordered)
    found: dict[str, tuple[Any, ...] | None] = {}
    for name in collections():
        entries = [(index, item) for index, part in enumerate(ordered) for item in getattr(part, name) or ()]
        if all(getattr(part, name) is None for part in ordered):
            found[name] = None
        elif name in _CHRONICLES:
            found[name] = tuple(_unnamed(entries))
        else:
            groups = _node_groups(entries) if name == "nodes" else _named_groups(entries)
            merged = [_merge_group(group, conflicts) for group in groups]
            found[name] = tuple(sorted(merged, key=_order))
    taken_at, newest_stamp = _times(ordered)
    first = ordered[0]
    return structs.replace(
        first,
        taken_at=taken_at,
        newest_stamp=newest_stamp,
        redacted=any(part.redacted for part in ordered),
        complete=all(part.complete for part in ordered),
        interrupted=any(part.interrupted for part in ordered),
        sources=_distinct(source for part in ordered for source in part.sources),
        cluster=_merge([(index, part.cluster) for index, part in enumerate(ordered)], None),
        conflicts=_distinct([*(old for part in ordered for old in part.conflicts), *conflicts.found()]),
        skipped=dict(sum((Counter(part.skipped) for part in ordered), Counter())),
        unrecognised={name: reason for part in reversed(ordered) for name, reason in part.unrecognised.items()},
        unknown=_unknown(ordered, found),
        **found,
    )


def _precedence(part: Snapshot) -> tuple[float, bool, bytes]:
    return -(part.taken_at or _OLDEST).timestamp(), not _is_of_hosts(part), _digest(part)


def _is_of_hosts(part: Snapshot) -> bool:
    """Whether hosts tell of themselves: only the API knows what a node offers."""
    return bool(part.nodes) and all(node.capacity is None for node in part.nodes or ())


def _digest(part: Snapshot) -> bytes:
    return hashlib.sha256(_ENCODER.encode(part)).digest()


def _distinct(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(item for _, item in sorted({_ENCODER.encode(item): item for item in items}.items()))


def _one_cluster(parts: list[Snapshot]) -> list[Snapshot]:
    """With one cluster named in all, things without a cluster belong to it."""
    clusters = {getattr(item, "cluster", None) for part in parts for name in collections() for item in getattr(part, name) or ()} - {None}
    if len(clusters) != 1 or len(parts) < 2:
        return parts
    (cluster,) = clusters
    return [
        structs.replace(
            part,
            **{
                name: tuple(structs.replace(item, cluster=cluster) if getattr(item, "cluster", cluster) is None else item for item in items)
                for name in collections()
                if (items := getattr(part, name)) is not None and any(getattr(item, "cluster", cluster) is None for item in items)
            },
        )
        for part in parts
    ]


def _times(parts: list[Snapshot]) -> tuple[datetime | None, datetime | None]:
    """A moment of reading holds for all only when nothing without one is newer."""
    taken = max((part.taken_at for part in parts if part.taken_at), default=None)
    stamps = [part.newest_stamp for part in parts if part.newest_stamp]
    undated = [part.newest_stamp for part in parts if part.newest_stamp and part.taken_at is None]
    newest = max([*stamps, *([taken] if taken else [])], default=None)
    return (None if taken and any(stamp > taken for stamp in undated) else taken), newest


def _unknown(parts: list[Snapshot], found: dict[str, tuple[Any, ...] | None]) -> dict[str, str]:
    """Reasons that still hold: of collections that nobody has, and of those that somebody has in part."""
    reasons: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        for path, reason in part.unknown.items():
            collection = path.split(".", 1)[0]
            if found.get(collection) is None or getattr(part, collection, None) is not None:
                reasons[path].add(reason)
    return {path: _best(path, texts) for path, texts in sorted(reasons.items())}


def _best(path: str, texts: set[str]) -> str:
    told = sorted(texts - {absent(path)})
    return "; ".join(told) if told else absent(path)


def _identity(item: Any) -> tuple[Any, ...] | None:
    """What names an object among those of its collection; None when it has no name."""
    name = getattr(item, "name", None) or getattr(item, "ref", None)
    if name is None:
        return None
    return (*(getattr(item, part, None) for part in ("cluster", "kind", "api", "namespace", "template", "driver")), name)


def _order(item: Any) -> tuple[tuple[str, ...], bytes]:
    parts = tuple(getattr(item, part, None) or "" for part in ("cluster", "namespace", "name", "kind"))
    return parts, b"" if getattr(item, "name", None) else _ENCODER.encode(item)


def _unnamed(entries: list[tuple[int, Any]]) -> list[Any]:
    """Equal entries of several sources once; of one source as often as it has them."""
    by_source: dict[int, Counter[bytes]] = defaultdict(Counter)
    kept: Counter[bytes] = Counter()
    result = []
    for index, item in entries:
        key = _ENCODER.encode(item)
        by_source[index][key] += 1
        if by_source[index][key] > kept[key]:
            kept[key] += 1
            result.append(item)
    return result


def _named_groups(entries: list[tuple[int, Any]]) -> list[list[tuple[int, Any]]]:
    groups: dict[tuple[Any, ...], list[tuple[int, Any]]] = defaultdict(list)
    nameless = []
    for index, item in entries:
        key = _identity(item)
        if key is None:
            nameless.append((index, item))
        else:
            groups[key].append((index, item))
    return [*groups.values(), *([(0, item)] for item in _unnamed(nameless))]


def _node_groups(entries: list[tuple[int, Any]]) -> list[list[tuple[int, Any]]]:
    """Nodes that share a name within a cluster, an alias, a machine id or a boot id. An id that several nodes of one source have
    tells nothing: machines cloned from one image often share theirs."""
    parent = list(range(len(entries)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    seen: dict[tuple[str, Any, Any], int] = {}
    cloned = _cloned(entries)
    for place, (_, node) in enumerate(entries):
        names = [("name", node.cluster, name) for name in (node.name, *node.aliases) if name]
        for key in (*names, *(item for item in _ids(node) if item not in cloned)):
            other = seen.setdefault(key, place)
            parent[root(place)] = root(other)
    groups: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    for place, entry in enumerate(entries):
        groups[root(place)].append(entry)
    return list(groups.values())


def _ids(node: Node) -> list[tuple[str, Any, Any]]:
    return [(kind, None, value) for kind, value in (("machine", node.machine_id), ("boot", node.boot_id)) if value]


def _cloned(entries: list[tuple[int, Any]]) -> set[tuple[str, Any, Any]]:
    """Ids that nodes of different names have in one source."""
    names: dict[tuple[int, tuple[str, Any, Any]], set[Any]] = defaultdict(set)
    for index, node in entries:
        for key in _ids(node):
            names[index, key].add((node.cluster, node.name))
    return {key for (_, key), found in names.items() if len(found) > 1}


@dataclass
class _Conflicts:
    """What sources disagree about, by subject and fact."""

    parts: list[Snapshot]
    values: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)

    def add(self, subject: str, path: str, index: int, value: Any) -> None:
        self.values.setdefault((subject, path), {}).setdefault(index, str(value))

    def found(self) -> list[Conflict]:
        return [
            Conflict(subject=subject, fact=path, values=self._values(values)) for (subject, path), values in sorted(self.values.items())
        ]

    def _values(self, values: dict[int, str]) -> tuple[ConflictValue, ...]:
        return tuple(
            ConflictValue(
                value=value, source=", ".join(source.name for source in self.parts[index].sources) or "?", at=self.parts[index].taken_at
            )
            for index, value in sorted(values.items())
        )


def _merge_group(group: list[tuple[int, Any]], conflicts: _Conflicts) -> Any:
    if len(group) == 1:
        return group[0][1]
    ordered = sorted(group, key=lambda entry: (entry[0], _ENCODER.encode(entry[1])))
    merged = _merge(ordered, conflicts)
    if isinstance(merged, Node):
        names = {name for _, node in ordered for name in (node.name, *node.aliases) if name} - {merged.name}
        return structs.replace(merged, aliases=tuple(sorted(names)))
    return merged


def _merge(entries: list[tuple[int, Any]], conflicts: _Conflicts | None, subject: str = "", above: str = "") -> Any:
    """One Struct of several of one type, best first."""
    first = entries[0][1]
    subject = subject or _subject(first)
    changes: dict[str, Any] = {}
    for info in structs.fields(type(first)):
        path = f"{above}.{info.name}" if above else info.name
        known = [(index, value) for index, item in entries if not _is_default(info, value := getattr(item, info.name))]
        if info.name == "unknown" or not known:
            continue
        changes[info.name] = _merge_values(known, conflicts, subject, path)
    merged = structs.replace(first, **changes)
    return _with_reasons(merged, entries) if hasattr(merged, "unknown") else merged


def _is_default(info: structs.FieldInfo, value: Any) -> bool:
    if value is None:
        return True
    default = (
        info.default_factory() if info.default is msgspec.NODEFAULT and info.default_factory is not msgspec.NODEFAULT else info.default
    )
    return bool(value == default and not isinstance(value, bool))


def _merge_values(known: list[tuple[int, Any]], conflicts: _Conflicts | None, subject: str, path: str) -> Any:
    best = known[0][1]
    if isinstance(best, Struct):
        return _merge([entry for entry in known if type(entry[1]) is type(best)], conflicts, subject, path)
    if isinstance(best, dict):
        return _merge_maps(known, conflicts, subject, path)
    if isinstance(best, tuple):
        return _merge_gpus(known, conflicts, subject, path) if best and isinstance(best[0], Gpu) else best
    if conflicts is not None and not isinstance(best, datetime) and path not in {"name", "cluster"}:
        for index, value in known[1:]:
            if index != known[0][0] and _comparable(value) != _comparable(best):
                conflicts.add(subject, path, known[0][0], best)
                conflicts.add(subject, path, index, value)
    return best


def _merge_maps(known: list[tuple[int, Any]], conflicts: _Conflicts | None, subject: str, path: str) -> dict[str, Any]:
    keys = sorted({key for _, value in known for key in value})
    return {
        key: _merge_values([(i, value[key]) for i, value in known if key in value], conflicts, subject, f"{path}.{key}") for key in keys
    }


def _merge_gpus(known: list[tuple[int, Any]], conflicts: _Conflicts | None, subject: str, path: str) -> tuple[Gpu, ...]:
    """GPUs one by UUID, else by PCI address, else by index; a list whose GPUs cannot be told apart does not take part."""
    for name in ("uuid", "pci", "index"):
        usable = [(i, gpus) for i, gpus in known if gpus and all(getattr(gpu, name) is not None for gpu in gpus)]
        if len(usable) < len(known):
            continue
        groups: dict[Any, list[tuple[int, Any]]] = defaultdict(list)
        for i, gpus in usable:
            for gpu in gpus:
                groups[getattr(gpu, name)].append((i, gpu))
        return tuple(_merge(group, conflicts, subject, f"{path}.{key}") for key, group in groups.items())
    best: tuple[Gpu, ...] = known[0][1]
    return best


def _comparable(value: Any) -> Any:
    """Spellings of one fact made equal: `containerd://1.7` and `containerd 1.7`, `580.105.08` and `580.105.8`."""
    return _LEADING_ZERO.sub("", value.replace("://", " ")) if isinstance(value, str) else value


def _with_reasons(merged: Any, entries: list[tuple[int, Any]]) -> Any:
    """The reasons of all, for what is still unknown."""
    reasons: dict[str, str] = {}
    for _, item in entries:
        for path, reason in item.unknown.items():
            reasons.setdefault(path, reason)
    open_paths = {
        path: reason for path, reason in sorted(reasons.items()) if isinstance(value := fact(merged, path), Unknown) or value == {}
    }
    return structs.replace(merged, unknown=open_paths)


def _subject(item: Any) -> str:
    if isinstance(item, Cluster):
        return "cluster"
    kind = getattr(item, "kind", None) or type(item).__name__
    namespace = getattr(item, "namespace", None)
    name = getattr(item, "name", None) or getattr(item, "ref", None) or "?"
    return f"{kind.lower()} {namespace}/{name}" if namespace else f"{kind.lower()} {name}"
