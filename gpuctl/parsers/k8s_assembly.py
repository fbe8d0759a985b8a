"""Kubernetes API objects in, facts of the model out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct


class Page(Struct, frozen=True, kw_only=True):
    """What a page of a list says of itself."""

    continue_token: str = ""
    remaining: int | None = None
    resource_version: str = ""
    count: int = 0


class Assembly:
    """Collects objects of one cluster and turns them into facts."""

    def __init__(self, cluster: str | None = None, keep: set[str] | None = None) -> None:
        self.cluster = cluster
        self.keep = keep
        self.skipped: dict[str, int] = {}
        self.unrecognised: dict[str, str] = {}
        self.newest_stamp: datetime | None = None

    def add_document(self, raw: bytes) -> None:
        """One JSON document: a single object or a list."""
        raise NotImplementedError

    def add_object(self, obj: dict[str, Any]) -> None:
        """One object already decoded; also a list."""
        raise NotImplementedError

    def add_page(self, kind: str, raw: bytes) -> Page:
        """One page of a live list, JSON."""
        raise NotImplementedError

    def add_protobuf_page(self, kind: str, raw: bytes) -> Page:
        """One page of a live list of Pods or Nodes, protobuf."""
        raise NotImplementedError

    def recognises(self, obj_kind: str, api_version: str) -> bool:
        """Whether objects of this kind become facts."""
        raise NotImplementedError

    def finish(self) -> dict[str, tuple[Any, ...]]:
        """Facts by field of the snapshot."""
        raise NotImplementedError
