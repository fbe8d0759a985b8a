"""Facts made ready to print: a reason for whatever is null, null for what nobody measured, numbers of nine digits."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from msgspec import Struct, structs

from gpuctl.model.hardware import Gpu
from gpuctl.model.known import NOT_COLLECTED, Facts, why_unknown
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Cluster, Snapshot
from gpuctl.model.workloads import Pod, Workload
from gpuctl.units import significant

HEAD: Final = ("version", "taken_at", "newest_stamp", "redacted", "complete", "interrupted", "sources")
"""Fields of the snapshot that stand in the document's head."""

_NO_SLURM: Final = "Slurm was not asked"
_NO_CONTROLLER: Final = "no controller owns it"
_EXPLAINED: Final[dict[type[Struct], dict[str, str] | None]] = {
    Node: None, Gpu: None, Cluster: None, Workload: {"owner": _NO_CONTROLLER, "finished": "its status does not say that it ended"},
    Pod: {
        "namespace": NOT_COLLECTED, "name": NOT_COLLECTED, "node": "it is bound to no node", "phase": NOT_COLLECTED,
        "owner": _NO_CONTROLLER,
        "devices": "the API tells no devices of a pod",
    },
}  # fmt: skip
"""Types whose nulls all have a reason, with those that say more than that nobody told; of a pod only the published fields."""
_NOT_A_GAP: Final = frozenset({"deleting_since", "scope"})
"""None says that it is not so, and not that nobody knows."""


def ready(snapshot: Snapshot) -> Snapshot:
    """The snapshot with a reason for each collection and each fact that nobody knows."""
    unread = [info.name for info in structs.fields(Snapshot) if getattr(snapshot, info.name) is None and info.name not in HEAD]
    unknown = {**snapshot.unknown, "slurm": _NO_SLURM, **{name: why_unknown(snapshot, name) for name in unread}}
    made: Snapshot = _ready(structs.replace(snapshot, unknown=unknown))
    return made


def _ready(item: Any) -> Any:
    struct: type[Struct] = type(item)
    numbers, gaps = _plan(struct)
    changes = {}
    for name, make in numbers:
        before = getattr(item, name)
        if before:
            after = make(before)
            if after is not before:
                changes[name] = after
    reasons: dict[str, str] = getattr(item, "unknown", None) or {}
    if reasons and not isinstance(item, Snapshot):
        changes.update((name, None) for name in reasons if name in item.__struct_fields__ and not getattr(item, name))
    missing = {name: reason for name, reason in gaps if getattr(item, name) is None and name not in reasons}
    for name, parts in _inner(struct):
        part = getattr(item, name)
        if part is not None and name not in reasons:
            paths = (f"{name}.{inner}" for inner in parts if getattr(part, inner) is None)
            missing.update((path, NOT_COLLECTED) for path in paths if path not in reasons)
    if missing and isinstance(item, Pod) and item.phase is None:  # its status was not seen, so nothing follows from what is missing
        missing = dict.fromkeys(missing, NOT_COLLECTED)
    if missing:
        changes["unknown"] = {**reasons, **missing}
    return structs.replace(item, **changes) if changes else item


@cache
def _plan(struct: type[Struct]) -> tuple[tuple[tuple[str, Callable[[Any], Any]], ...], tuple[tuple[str, str], ...]]:
    """Fields that hold numbers or facts, with what makes them ready; and fields whose null needs a reason, with it."""
    hints = get_type_hints(struct)
    numbers = [(name, make) for name, hint in hints.items() if name in struct.__struct_fields__ and (make := _maker(hint)) is not None]
    gaps: list[tuple[str, str]] = []
    if struct in _EXPLAINED:
        told = _EXPLAINED[struct] or {}
        names = told if struct is Pod else struct.__struct_fields__
        gaps = [(name, told.get(name, NOT_COLLECTED)) for name in names if name not in _NOT_A_GAP]
    return tuple(numbers), tuple(gaps)


@cache
def _inner(struct: type[Struct]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Fields of an explained type that hold a plain Struct, with that one's fields: their reasons stand in the outer one, dotted."""
    if struct not in _EXPLAINED or struct is Pod:
        return ()
    found = []
    for name, hint in get_type_hints(struct).items():
        part = next(iter(get_args(hint)), None) if get_origin(hint) in {Union, UnionType} else None
        if isinstance(part, type) and issubclass(part, Struct) and not issubclass(part, Facts):
            found.append((name, part.__struct_fields__))
    return tuple(found)


@cache
def _maker(hint: Any) -> Callable[[Any], Any] | None:
    """What makes a value of a type ready; None for types that hold neither floats nor facts."""
    args = [arg for arg in get_args(hint) if arg is not type(None)]
    origin = get_origin(hint)
    if hint is float:
        return _number
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _ready if _matters(hint) else None
    if origin is tuple:
        inner = _maker(args[0])
        return None if inner is None else lambda values: tuple([inner(value) for value in values])
    if origin is dict:
        of_value = _maker(args[1])
        return None if of_value is None else lambda values: {key: of_value(value) for key, value in values.items()}
    return _maker(args[0]) if origin is not None and len(args) == 1 else None


@cache
def _matters(struct: type[Struct], within: tuple[type[Struct], ...] = ()) -> bool:
    """Whether a Struct holds floats or facts at any depth."""
    if issubclass(struct, Facts):
        return True
    left = [hint for name, hint in get_type_hints(struct).items() if name in struct.__struct_fields__]
    while left:
        hint = left.pop()
        if hint is float:
            return True
        is_new = isinstance(hint, type) and issubclass(hint, Struct) and hint is not struct and hint not in within
        if is_new and _matters(hint, (*within, struct)):
            return True
        left += get_args(hint)
    return False


@lru_cache(maxsize=65536)
def _number(value: float) -> float | int:
    return significant(value)
