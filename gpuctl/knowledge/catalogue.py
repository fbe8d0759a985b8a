"""Reading a catalogue: JSON with `catalogue`, `date` and `rows`, each row with its source and date."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Generic, TypeVar

import msgspec

from gpuctl.errors import KnowledgeError

R = TypeVar("R", bound="Row")


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows: where the fact was read, and when."""

    source: str
    date: str


class Catalogue(msgspec.Struct, Generic[R], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the package's knowledge."""

    about: str
    catalogue: str
    date: str
    rows: tuple[R, ...]


def load(name: str, row: type[R]) -> Catalogue[R]:
    """The catalogue NAME.json of this package.

    Raises:
        KnowledgeError: the file does not have the shape that its rows declare.
    """
    raw = resources.files("gpuctl.knowledge").joinpath(f"{name}.json").read_bytes()
    try:
        return msgspec.json.decode(raw, type=Catalogue[row])  # type: ignore[valid-type]
    except msgspec.MsgspecError as error:
        raise KnowledgeError(f"catalogue {name}: {error}") from error


class _Dated(msgspec.Struct):
    catalogue: str
    date: str


@cache
def dates() -> dict[str, str]:
    """Date of every catalogue by name, sorted."""
    folder = resources.files("gpuctl.knowledge")
    raw = (entry.read_bytes() for entry in folder.iterdir() if entry.name.endswith(".json"))
    heads = [msgspec.json.decode(text, type=_Dated) for text in raw]
    return {head.catalogue: head.date for head in sorted(heads, key=lambda head: head.catalogue)}
