"""`gpuctl.facts/v1`: what is known before any judgement, every key present, null with its reason where it is not known."""

from __future__ import annotations

import types
from datetime import datetime
from functools import cache
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, structs

from gpuctl.knowledge import catalogue
from gpuctl.model.codec import without_collection
from gpuctl.model.known import Facts
from gpuctl.model.snapshot import Snapshot
from gpuctl.reports import facts_dra
from gpuctl.reports.facts_ready import HEAD, ready
from gpuctl.reports.report import AsOf

SCHEMA: Final = "gpuctl.facts/v1"


class Tool(Struct, frozen=True, kw_only=True):
    """Who wrote the document."""

    version: str


def document(snapshot: Snapshot, as_of: AsOf, version: str) -> bytes:
    """The document as one line of UTF-8 with a newline at its end.

    Args:
        snapshot: everything known.
        as_of: the moment that ages refer to.
        version: gpuctl's own.
    """
    with without_collection():
        snapshot = ready(snapshot)
        plain = msgspec.json.encode(snapshot)
        body = msgspec.json.decode(plain, type=_twin(Snapshot))
        head = {
            "schema": SCHEMA, "tool": Tool(version=version), "taken_at": snapshot.taken_at, "as_of": as_of, "complete": snapshot.complete,
            "interrupted": snapshot.interrupted, "sources": body.sources, "knowledge": catalogue.dates(), "redacted": snapshot.redacted,
        }  # fmt: skip
        rest = {info.name: getattr(body, info.name) for info in structs.fields(Snapshot) if info.name not in HEAD}
        rest |= facts_dra.documents({name: getattr(snapshot, name) for name in facts_dra.TYPES})
        made = _document_type()(**head, slurm=None, **rest)
        encoded: bytes = msgspec.json.Encoder(order="deterministic").encode(made)
        return encoded + b"\n"


def json_schema() -> dict[str, Any]:
    """JSON Schema of the document."""
    return msgspec.json.schema(_document_type())


@cache
def _document_type() -> type[Struct]:
    twin = _twin(Snapshot)
    hints = get_type_hints(twin)
    head: list[Any] = [
        ("schema", str), ("tool", Tool), ("taken_at", datetime | None), ("as_of", AsOf), ("complete", bool), ("interrupted", bool),
        ("sources", hints["sources"]), ("knowledge", dict[str, str]), ("redacted", bool),
    ]  # fmt: skip
    hints |= facts_dra.TYPES
    rest = [(info.name, hints[info.name]) for info in structs.fields(Snapshot) if info.name not in {*HEAD, "unknown"}]
    return msgspec.defstruct("FactsV1", [*head, *rest, ("slurm", dict[str, Any] | None), ("unknown", dict[str, str])], kw_only=True)


@cache
def _twin(struct: type[Struct]) -> Any:
    """The same Struct, but written with every key."""
    hints = get_type_hints(struct)
    names = sorted((info.name for info in structs.fields(struct)), key=lambda name: name == "unknown")
    infos = {info.name: info for info in structs.fields(struct)}
    fields = [_twin_field(infos[name], hints[name], struct) for name in names]
    return msgspec.defstruct(struct.__name__, fields, kw_only=True, frozen=True, module=__name__)


@cache
def _leaf(struct: type[Struct]) -> Any:
    """The twin of a Struct inside one of its own kind, which holds no further one: alternatives have no alternatives."""
    hints = get_type_hints(struct)
    fields = [_twin_field(info, hints[info.name], struct) for info in structs.fields(struct) if struct not in get_args(hints[info.name])]
    return msgspec.defstruct(f"{struct.__name__}Leaf", fields, kw_only=True, frozen=True, module=__name__)


def _twin_field(info: structs.FieldInfo, hint: Any, owner: type[Struct]) -> Any:
    kind = _twin_hint(hint, owner)
    if issubclass(owner, Facts) and owner is not Snapshot and info.name != "unknown" and not info.required:
        kind = kind | None  # unknown
    if info.default is not msgspec.NODEFAULT:
        default = _twin(type(info.default))() if isinstance(info.default, Facts) else info.default
        return (info.name, kind, default)
    if info.default_factory is not msgspec.NODEFAULT:
        return (info.name, kind, msgspec.field(default_factory=info.default_factory))
    return (info.name, kind)


def _twin_hint(hint: Any, owner: type[Struct]) -> Any:
    if isinstance(hint, type) and issubclass(hint, Struct) and get_origin(hint) is None:
        return _leaf(hint) if hint is owner else _twin(hint)
    if hint is float:
        return int | float  # whole numbers are written without a point
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return Union[tuple(_twin_hint(arg, owner) for arg in args)]  # noqa: UP007
    if origin is tuple:
        return tuple[_twin_hint(args[0], owner), ...]  # type: ignore[misc]
    if origin is dict:
        return dict[args[0], _twin_hint(args[1], owner)]  # type: ignore[valid-type,misc]
    return hint
