"""What a file holds, told by its content; everything recognised is collected and becomes one snapshot."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

import msgspec
from msgspec import structs

from gpuctl.errors import InputError
from gpuctl.model import codec
from gpuctl.model.compressed import GZIP_MAGIC, ZSTD_MAGIC, gunzip, unzstd
from gpuctl.model.events import K8sEvent, ScaleVerdict
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Cluster, Snapshot, SourceState
from gpuctl.parsers import (
    aicr,
    autoscaler_log,
    describe_text,
    device_plugin_config,
    events_text,
    nvidia_smi_failure,
    nvidia_smi_xml,
    podresources,
    yaml_documents,
)
from gpuctl.parsers.k8s_assembly import Assembly
from gpuctl.sources.join import absent, collections, join

MAX_TEXT_BYTES: Final = 128 * 2**20
"""Most of a file that is no JSON: YAML of 10,000 nodes."""
MAX_DOCUMENTS: Final = 1_000_000

READ: Final = (
    "what can be read: a saved gpuctl snapshot; Kubernetes objects as JSON or YAML (plain, gzip or zstd); the text of `kubectl get events` "
    "and `kubectl describe`; cluster-autoscaler logs; kube-scheduler and device-plugin configurations; podresources JSON; "
    "AICR snapshots; the XML of `nvidia-smi -q -x`, and what a failing nvidia-smi prints; folders of these"
)

_OBJECT_MARK = re.compile(r"^[ \t-]{0,20}(?:apiVersion|kind|\"apiVersion\"|\"kind\")[ \t]*:", re.MULTILINE)
_HEREDOC = re.compile(
    r"^(?=\S)(?:[^\n<]{0,200}<<-?[ \t]{0,4}['\"]?\w{1,40}['\"]?[^\n]{0,200}|EOF|EOT|END|```\w{0,20})[ \t]{0,4}$", re.MULTILINE
)
"""First and last lines of here-documents and fences, as pages of documentation have them; inside a script they are indented."""
_CHATTER = re.compile(
    rb"\A(?:(?:[^\n]{0,200}[$#>%] ?(?:sudo )?(?:kubectl|oc) |Warning: |[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ warnings\.go:)"
    rb"[^\n]{0,2000}\n[ \t\r\n]{0,9}?(?=\S|[ ]))+"
)
"""The command's own line when a terminal was copied, and warnings that kubectl prints before its output."""
_LOGS_IN_DUMP = re.compile(r"==== START logs for .{0,500}? ====\n(?:.*?\n)?==== END logs for .{0,500}? ====\s*", re.DOTALL)
"""What `kubectl cluster-info dump` prints between its lists."""
_LINE_ENDS = b"\r\n\xef\xbb\xbf"
_SPACES = b" \t\r\n\xef\xbb\xbf"


def seen_and_read() -> str:
    """What would be read, for the end of an error."""
    return READ


class _Head(msgspec.Struct):
    kind: Any = None
    apiVersion: Any = None  # noqa: N815  (the API's spelling)
    schema: Any = None


class _Items(msgspec.Struct):
    items: list[msgspec.Raw] | None = None
    type: Any = None
    object: msgspec.Raw = msgspec.Raw(b"")


class NotRecognised(InputError):
    """Nothing in the file is of a kind that gpuctl reads."""


@dataclass
class Collected:
    """All that the files told so far. `sources` names the files that gave Kubernetes objects."""

    assembly: Assembly = field(default_factory=Assembly)
    sources: set[str] = field(default_factory=set)
    snapshots: list[tuple[str, Snapshot]] = field(default_factory=list)
    parts: list[Snapshot] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    unrecognised: dict[str, str] = field(default_factory=dict)
    local_times: list[datetime] = field(default_factory=list)
    """Times without a zone, taken for UTC: good for nothing but a file's age where nothing else has a stamp."""

    def add(self, raw: bytes, source: str, name: str, host: str | None) -> None:
        """Take one file in.

        Args:
            raw: its bytes.
            source: the path that the user named: the file, or the folder it is in.
            name: of the file, for messages.
            host: the node that it belongs to, where its folder says so.

        Raises:
            InputError: not recognised, damaged, or beyond the bounds.
        """
        _Reader(self, source, name, host).take(raw)

    def part(self, source: str, taken_at: datetime | None = None, cluster: Cluster | None = None, **facts: tuple[Any, ...]) -> None:
        """A piece of the snapshot that comes from one file."""
        unknown = {name: absent(name) for name in collections() if name not in facts}
        origin = (SourceState(kind="file", name=source),)
        piece = Snapshot(taken_at=taken_at, newest_stamp=taken_at, cluster=cluster or Cluster(), sources=origin, unknown=unknown)
        self.parts.append(structs.replace(piece, **facts))

    def finish(self) -> Snapshot:
        """One snapshot of everything."""
        pieces = [*(snapshot for _, snapshot in self.snapshots), *self.parts]
        if self.sources:
            facts = self.assembly.finish()
            unknown = {name: absent(name) for name in collections() if name not in facts}
            origin = tuple(SourceState(kind="file", name=name) for name in sorted(self.sources))
            piece = Snapshot(newest_stamp=self.assembly.newest_stamp, skipped=self.assembly.skipped, sources=origin, unknown=unknown)
            pieces.append(structs.replace(piece, unrecognised=dict(self.assembly.unrecognised), **facts))
        whole = pieces[0] if len(pieces) == 1 and self.snapshots else join(pieces)
        if self.local_times and whole.taken_at is None and whole.newest_stamp is None:
            whole = structs.replace(whole, newest_stamp=max(self.local_times))
        if not self.unrecognised:
            return whole
        return structs.replace(whole, unrecognised={**whole.unrecognised, **self.unrecognised})


class _Reader:
    """One file on its way into a collection."""

    def __init__(self, into: Collected, source: str, name: str, host: str | None) -> None:
        self.into = into
        self.source = source
        self.name = name
        self.host = host

    def take(self, raw: bytes) -> None:
        if raw.startswith(GZIP_MAGIC):
            raw = gunzip(raw)
        elif raw.startswith(ZSTD_MAGIC):
            raw = unzstd(raw)
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):  # what PowerShell's `>` writes
            raw = raw.decode("utf-16", "replace").encode("utf-8", "replace")
        if raw[:1] and raw[:1] in _SPACES:
            bare = raw.lstrip(_SPACES)
            # The indentation of a text's first line is that of all its lines.
            raw = bare if bare[:1] in {b"{", b"["} else raw.lstrip(_LINE_ENDS)
        raw = raw if raw[:1] in {b"{", b"["} else _CHATTER.sub(b"", raw, count=1)
        if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")) or raw[257:262] == b"ustar":
            what = "a zip archive" if raw.startswith(b"PK") else "a tar archive"
            raise NotRecognised(f"this is {what}, and archives are not read yet", "unpack it and name the folder")
        if codec.is_snapshot(raw):
            self.into.snapshots.append((self.source, codec.decode(raw)))
        elif raw[:1] in {b"{", b"["} and not raw.startswith(b"{{"):
            self._json(raw)
        else:
            self._text(raw)

    def _json(self, raw: bytes) -> None:
        try:
            try:
                used = self._json_document(raw)
            except msgspec.DecodeError:
                used = 0
                for document in _concatenated(raw):
                    used += self._json_document(document)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            raise InputError(f"damaged JSON: {error}", "write the file again") from error
        except RecursionError as error:
            raise InputError("JSON nested too deep", "give the objects as kubectl prints them") from error
        if not used:
            raise NotRecognised(f"JSON, but of no kind that is read: it begins with {_start(raw)}", READ)

    def _json_document(self, raw: bytes) -> int:
        """The number of documents of a known kind in one JSON value."""
        if raw.lstrip()[:1] == b"[":
            return sum(self._json_document(bytes(item)) for item in msgspec.json.decode(raw, type=list[msgspec.Raw]))
        if raw.lstrip()[:1] != b"{":
            return 0
        head = msgspec.json.decode(raw, type=_Head)
        if head.kind == "Status" and head.apiVersion == "v1":
            raise NotRecognised(f"this is an answer of the API server and no object: {_said(raw)}", "read again what was refused")
        if (
            isinstance(head.kind, str)
            and isinstance(head.apiVersion, str)
            and head.kind
            and not head.apiVersion.startswith("aicr.nvidia.com/")
        ):
            self.into.assembly.add_document(raw)
            self.into.sources.add(self.source)
            return 1
        if isinstance(head.schema, str) and head.schema.startswith("gpuctl."):
            what = (
                "a snapshot that is not packed as gpuctl does it"
                if "snapshot" in head.schema
                else f"a document of gpuctl ({head.schema[:40]!a})"
            )
            raise NotRecognised(f"this is {what}", "give the file that `gpuctl snapshot save` wrote")
        if head.kind is None:
            parts = msgspec.json.decode(raw, type=_Items)
            if parts.items is not None:
                return sum(self._json_document(bytes(item)) for item in parts.items)
            if parts.type in {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"} and bytes(parts.object):  # --output-watch-events
                return self._json_document(bytes(parts.object)) if parts.type in {"ADDED", "MODIFIED"} else 1
        return self._document(msgspec.json.decode(raw))

    def _document(self, document: Any) -> int:
        """One value of JSON or YAML: 1 when it is of a known kind."""
        if not isinstance(document, dict):
            return 0
        into, source = self.into, self.source
        if aicr.is_aicr(document):
            self._aicr(document)
        elif podresources.is_podresources(document):
            into.part(source, pods=podresources.parse(document, self.host))
        elif device_plugin_config.is_device_plugin_config(document):
            into.part(source, sharing_configs=(device_plugin_config.parse(document, PurePath(self.name).name),))
        elif isinstance(document.get("kind"), str) and document["kind"] and isinstance(document.get("apiVersion"), str):
            into.assembly.add_object(document)
            into.sources.add(source)
        elif profiles := _embedded_profiles(document):
            into.assembly.add_object(
                {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", "profiles": profiles}
            )
            into.sources.add(source)
        else:
            return 0
        return 1

    def _aicr(self, document: dict[str, Any]) -> None:
        node, taken_at, version = aicr.parse(document)
        if self.host and self.host != node.name:
            node = structs.replace(node, name=self.host, aliases=tuple(filter(None, (node.name,))))
        self.into.part(self.source, taken_at, Cluster(version=version), nodes=(node,))

    def _text(self, raw: bytes) -> None:
        if len(raw) > MAX_TEXT_BYTES:
            raise InputError(f"text of more than {MAX_TEXT_BYTES // 2**20} MiB", "give Kubernetes objects as JSON")
        if not raw.strip():
            raise NotRecognised("the file is empty", READ)
        if b"\0" in raw[:4096]:
            raise NotRecognised(f"binary data that begin with the bytes {raw[:8].hex(' ')}", READ)
        text = raw.decode("utf-8", "replace")
        if nvidia_smi_xml.is_nvidia_smi_xml(text):
            node, local_time = nvidia_smi_xml.parse(text)
            if (gap := node.unknown.get("gpus")) is not None:
                self.into.unrecognised[self.name] = gap
            self._nvidia_smi(node, local_time)
            return
        broken = None
        if _OBJECT_MARK.search(text):
            used, broken = self._yaml(text)
            if used:
                return
        if self._described(text) or self._logged(text):
            return
        if broken is None:
            used, broken = self._yaml(text)
            if used:
                return
        if (failed := nvidia_smi_failure.parse(text)) is not None:
            self._nvidia_smi(failed, None)
            return
        detail = f"; as YAML: {broken}" if broken and _OBJECT_MARK.search(text) else ""
        raise NotRecognised(f"text of no kind that is read: it begins with {_start(raw)}{detail}", READ)

    def _nvidia_smi(self, node: Node, local_time: datetime | None) -> None:
        """One host's own answer; it is known by the folder that it lies in."""
        if self.host is not None:
            node = structs.replace(node, name=self.host, unknown={path: why for path, why in node.unknown.items() if path != "name"})
        if local_time is not None:
            self.into.local_times.append(local_time)
        self.into.part(self.source, nodes=(node,))

    def _described(self, text: str) -> bool:
        described = describe_text.parse(text)
        events: list[K8sEvent] = []
        for one in described:
            if one.object is not None:
                self.into.assembly.add_object(one.object)
                self.into.sources.add(self.source)
            events.extend(one.events or ())
        useful = any(one.object is not None or one.events is not None for one in described)
        if not useful:
            plain = events_text.parse(text)
            if plain is None:
                return False
            events.extend(plain)
        if events or not any(one.object is not None for one in described):
            self.into.part(self.source, k8s_events=tuple(events))
        return True

    def _logged(self, text: str) -> bool:
        verdicts: tuple[ScaleVerdict, ...] | None = autoscaler_log.parse(text)
        if verdicts is None:
            return False
        self.into.part(self.source, scale_verdicts=verdicts)
        return True

    def _yaml(self, text: str) -> tuple[int, str | None]:
        """Documents of a known kind, and what was wrong with the first one that is no YAML."""
        used = 0
        broken: list[yaml_documents.Broken] = []
        for document in yaml_documents.documents(_HEREDOC.sub("---", text)):
            if isinstance(document, yaml_documents.Broken):
                broken.append(document)
            elif isinstance(document, list):
                used += sum(self._document(item) for item in document)
            else:
                used += self._document(document)
        if used and broken:
            self.into.unrecognised[self.name] = f"{len(broken)} parts of the file are no YAML ({broken[0].reason}); the rest was read"
        return used, broken[0].reason if broken else ""


def _embedded_profiles(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Profiles of kube-scheduler inside a file of variables, under whatever name."""
    for value in document.values():
        if (
            isinstance(value, list)
            and value
            and all(isinstance(item, dict) and ("pluginConfig" in item or "plugins" in item) for item in value)
        ):
            return value
    return []


def _concatenated(raw: bytes) -> Iterator[bytes]:
    """JSON values one after the other, as `kubectl get -o json` of several calls, JSON lines or YAML's `---` have them."""
    text = raw.decode("utf-8")
    decoder = json.JSONDecoder()
    place = 0
    for _ in range(MAX_DOCUMENTS):
        while place < len(text) and (text[place] in " \t\r\n," or text.startswith("---\n", place)):
            place += 4 if text[place] == "-" else 1
        if place >= len(text):
            return
        if text.startswith("==== START logs", place) and (logs := _LOGS_IN_DUMP.match(text, place)) is not None:
            place = logs.end()
            continue
        _, end = decoder.raw_decode(text, place)
        yield text[place:end].encode("utf-8", "surrogatepass")
        place = end
    raise InputError(f"more than {MAX_DOCUMENTS} JSON documents", "split the file")


def _said(raw: bytes) -> str:
    """What a Status tells, escaped."""
    message = msgspec.json.decode(raw).get("message")
    return ascii(message)[1:200] if isinstance(message, str) else "no message"


def _start(raw: bytes) -> str:
    """The first characters, escaped."""
    return ascii(raw[:48].decode("utf-8", "replace"))
