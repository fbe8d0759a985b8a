"""Kubernetes API objects in, facts of the model out: whole documents, decoded objects, and pages of live lists.

Everything is pure. Objects are turned into facts as they come; what needs several kinds together (budgets and pods, leases and
nodes, pods and the versions on their nodes) is done by `Assembly.finish`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec
from msgspec import Struct

from gpuctl.errors import InputError
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Budget, Pod
from gpuctl.parsers import k8s_nodes, k8s_raw, k8s_repair
from gpuctl.parsers.k8s_dialect import Dialect, JsonDialect, readable
from gpuctl.parsers.k8s_doc import Doc
from gpuctl.parsers.k8s_join import Extra, finished
from gpuctl.parsers.k8s_kinds import Kinds
from gpuctl.parsers.k8s_pods import PodParser

_BROKEN = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)
_MOST_LOSSES = 500
_HINT = "give the output of `kubectl get ... -o json` or `-o yaml`"
_NEVER_READ = frozenset({"Secret"})


class Page(Struct, frozen=True, kw_only=True):
    """What a page of a list says of itself. `remaining` is the server's estimate, None when it gives none."""

    continue_token: str = ""
    remaining: int | None = None
    resource_version: str = ""
    count: int = 0


class Assembly:
    """Collects objects of one cluster and turns them into facts.

    Args:
        cluster: written into every fact that names its cluster.
        keep: kinds of objects to use, all others count as skipped; None uses every kind that is known.

    Attributes:
        skipped: kinds that were given and not used, with their number.
        unrecognised: parts that could not be read, with the reason.
        newest_stamp: the newest time seen that tells of something past.
        config_map_data: (namespace, name, data) of each ConfigMap, for whoever knows the texts inside.
    """

    def __init__(self, cluster: str | None = None, keep: set[str] | None = None) -> None:
        self.cluster = cluster
        self.keep = keep
        self.skipped: dict[str, int] = {}
        self.unrecognised: dict[str, str] = {}
        self.newest_stamp: datetime | None = None
        self._lock = Lock()
        self._texts: dict[str, str] = {}
        self._subject = ""
        self._json = JsonDialect(self._lose)
        self._pods = PodParser(self._json, cluster, self._intern, self._stamp)
        self._protobuf: tuple[Dialect, PodParser] | None = None
        self._kinds = Kinds(self._pods, self._json, cluster)
        self._labels: list[dict[str, str]] = []
        self._facts: dict[str, list[Any]] = self._kinds.facts
        self._given_twice = False

    @property
    def config_map_data(self) -> list[tuple[str | None, str | None, dict[str, str]]]:
        """(namespace, name, data) of each ConfigMap given."""
        return self._kinds.extra.config_maps

    def _intern(self, text: str) -> str:
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = readable(text)
        return known

    def _stamp(self, moment: datetime | None) -> None:
        if moment is not None and (self.newest_stamp is None or moment > self.newest_stamp):
            self.newest_stamp = moment

    def _lose(self, part: str, why: str) -> None:
        if len(self.unrecognised) < _MOST_LOSSES:
            self.unrecognised[": ".join(text for text in (self._subject, part) if text) or "?"] = why[:300]

    def add_document(self, raw: bytes) -> None:
        """One JSON document: a single object, or a list of objects of one or several kinds.

        Raises:
            InputError: it is no JSON, or no Kubernetes object.
        """
        with self._lock:
            self._pods.thorough = True
            self._document(raw)

    def _document(self, raw: bytes) -> None:
        try:
            head = self._json.decode(raw, k8s_raw.Head)
        except _BROKEN as error:
            raise InputError(f"this is no Kubernetes object: {error}", _HINT) from error
        kind, api = head.kind or "", head.api_version or ""
        if head.items is not None:
            self._given_twice = True
            for item in head.items:
                self._item(item, kind.removesuffix("List"), api)
        elif kind.endswith("List"):
            self._facts_of(kind.removesuffix("List"))
        elif kind:
            self._given_twice = True
            self._object(kind, api, raw)
        else:
            raise InputError("this is no Kubernetes object: it has no kind", _HINT)

    def _facts_of(self, kind: str) -> None:
        """An empty list still tells that there is none."""
        if kind:
            self._facts.setdefault(self._kinds.field(kind, "") or {"Pod": "pods", "Node": "nodes"}.get(kind, "skipped"), [])

    def _item(self, raw: msgspec.Raw, kind: str, api: str) -> None:
        try:
            head = self._json.decode(raw, k8s_raw.Head)
        except _BROKEN as error:
            self._subject = kind
            self._lose("an item of a list", str(error))
            return
        found = head.kind or kind
        if not found:
            self._subject = ""
            self._lose("an item of a list", "it has no kind")
        elif head.items is not None and found.endswith("List"):
            self._document(bytes(raw))
        else:
            self._object(found, head.api_version or ("" if kind == "" else api), raw)

    def add_object(self, obj: dict[str, Any]) -> None:
        """One object already decoded (from YAML); also a list.

        Raises:
            InputError: it is no Kubernetes object.
        """
        try:
            raw = msgspec.json.encode(obj)
        except _BROKEN as error:
            raise InputError(f"this is no Kubernetes object: {error}", _HINT) from error
        self.add_document(raw)

    def add_page(self, kind: str, raw: bytes) -> Page:
        """One page of a live list in JSON.

        Args:
            kind: `Pod`, `v1/Event`, `ClusterQueue.kueue.x-k8s.io`.
            raw: the body of the answer.

        Raises:
            InputError: the body is no list.
        """
        with self._lock:
            name, api = _named(kind)
            self._pods.thorough = False
            self._facts_of(name)
            typed: type[Any] | None = {"Pod": k8s_raw.PodList, "Node": k8s_raw.NodeList}.get(name) if self._wanted(name) else None
            if typed is not None:
                try:
                    return self._typed_page(name, self._json.decode(raw, typed), self._json, self._pods)
                except msgspec.ValidationError:
                    pass  # one object is not as it should be: read them one by one
                except _BROKEN as error:
                    raise InputError(f"the list of {kind} is no JSON: {error}", "ask again") from error
            return self._untyped_page(kind, name, api, raw)

    def _untyped_page(self, kind: str, name: str, api: str, raw: bytes) -> Page:
        try:
            head = self._json.decode(raw, k8s_raw.Head)
            meta = self._json.decode(head.metadata, k8s_raw.ListMeta) if head.metadata else k8s_raw.ListMeta()
        except _BROKEN as error:
            raise InputError(f"the list of {kind} cannot be read: {error}", "ask again") from error
        items = head.items or []
        for item in items:
            self._object(name, head.api_version or api, item)
        return _page(meta, len(items))

    def add_protobuf_page(self, kind: str, raw: bytes) -> Page:
        """One page of a live list of Pods or Nodes in protobuf, with its envelope.

        Raises:
            InputError: the body is no such list.
        """
        from gpuctl.parsers.k8s_protobuf import ProtobufDialect, lists  # noqa: PLC0415 - costs start-up time that JSON need not pay

        if kind not in {"Pod", "Node"}:
            raise InputError(f"a list of {kind} in protobuf cannot be read", "ask for JSON instead")
        with self._lock:
            if self._protobuf is None:
                made = ProtobufDialect(self._lose)
                self._protobuf = made, PodParser(made, self.cluster, self._intern, self._stamp)
            self._facts_of(kind)
            dialect, pods = self._protobuf
            told = [self._typed_page(kind, portion, dialect, pods) for portion in lists(kind, raw)]
            return msgspec.structs.replace(told[0], count=sum(portion.count for portion in told))

    def _typed_page(self, kind: str, found: Any, dialect: Dialect, pods: PodParser) -> Page:
        items = found.items or ()
        for item in items:
            self._add(kind, item, dialect, pods, {})
        return _page(found.metadata or k8s_raw.ListMeta(), len(items))

    def _wanted(self, kind: str) -> bool:
        return (self.keep is None or kind in self.keep) and kind not in _NEVER_READ

    def _object(self, kind: str, api: str, raw: bytes | msgspec.Raw) -> None:
        self._subject = kind
        group = _group(api)
        handler = self._kinds.handler(kind, group)
        if not self._wanted(kind) or (handler is None and not (kind in {"Pod", "Node"} and not group)):
            self.skipped[kind] = self.skipped.get(kind, 0) + 1
        elif handler is None:
            shape: type[Any] = k8s_raw.Pod if kind == "Pod" else k8s_raw.Node
            item, lost = k8s_repair.decode(self._json, raw, shape)
            for path, why in lost.items():
                self._lose(path, why)
            if item is not None:
                self._add(kind, item, self._json, self._pods, lost)
        else:
            self._handle(kind, handler, raw)

    def _handle(self, kind: str, handler: Callable[[Doc], None], raw: bytes | msgspec.Raw) -> None:
        try:
            doc = Doc(msgspec.json.decode(raw), stamped=self._stamp)
            doc.value.setdefault("kind", kind)
            handler(doc)
        except _BROKEN as error:
            self._lose("", str(error))
            return
        self._subject = f"{kind} {'/'.join(part for part in (doc.namespace, doc.name) if part)}"
        for path, why in doc.unread.items():
            self._lose(path, why)

    def _add(self, kind: str, item: Any, dialect: Dialect, pods: PodParser, lost: dict[str, str]) -> None:
        dialect.recent.clear()
        self._subject = kind
        fact: Pod | Node
        labels: dict[str, str] = {}
        try:
            if kind == "Pod":
                fact, labels = pods.pod(item)
            else:
                fact = k8s_nodes.node(item, dialect, self.cluster, self._stamp)
        except _BROKEN as error:
            self._lose("", str(error))
            return
        if lost or dialect.recent:
            reasons = {name: f"{path}: {why}" for path, why in (*lost.items(), *dialect.recent) for name in k8s_repair.facts_touched(path)}
            fact = msgspec.structs.replace(fact, unknown={**fact.unknown, **reasons})
        if kind == "Pod":
            self._labels.append(labels)
        self._facts.setdefault("pods" if kind == "Pod" else "nodes", []).append(fact)

    def finish(self) -> dict[str, tuple[Any, ...]]:
        """Facts by field of the snapshot; only fields of which something was given, if only an empty list."""
        with self._lock:
            self._json.forget()
            self._texts.clear()
            if self._protobuf:
                self._protobuf[0].forget()
            pods: list[Pod] = self._facts.get("pods", [])
            nodes: list[Node] = self._facts.get("nodes", [])
            budgets: list[Budget] | None = self._facts.get("budgets")
            extra: Extra = self._kinds.extra
            facts = {name: tuple(found) for name, found in self._facts.items() if name not in {"pods", "nodes", "skipped"}}
            facts.update(finished(pods, self._labels, nodes, budgets, extra, self._given_twice))
            if "pods" not in self._facts and not facts["pods"]:
                del facts["pods"]
            if "nodes" not in self._facts and not facts["nodes"]:
                del facts["nodes"]
            return facts


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _named(kind: str) -> tuple[str, str]:
    """Kind and an apiVersion of the right group of `Pod`, `apps/v1/Deployment`, `ClusterQueue.kueue.x-k8s.io`."""
    if "/" in kind:
        api, _, name = kind.rpartition("/")
        return name, api
    name, _, group = kind.partition(".")
    return name, f"{group}/v1" if group else ""


def _page(meta: Any, count: int) -> Page:
    return Page(
        continue_token=meta.continue_ or "", remaining=meta.remaining or None, resource_version=meta.resource_version or "", count=count
    )
