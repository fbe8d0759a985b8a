"""When a MIG configuration's state was written stands in managedFields, in both wire formats."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from gpuctl.model.nodes import Node
from gpuctl.parsers.k8s_assembly import Assembly
from gpuctl.parsers.k8s_protobuf import MAGIC, messages

STATE = "nvidia.com/mig.config.state"
FIELDS: dict[str, Any] = {"f:metadata": {"f:labels": {f"f:{STATE}": {}}}}
WRITTEN = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def only_node(assembly: Assembly) -> Node:
    (node,) = assembly.finish()["nodes"]
    assert isinstance(node, Node)
    return node


def as_json(managed: list[dict[str, Any]]) -> Node:
    meta = {"name": "a", "labels": {STATE: "pending"}, "managedFields": managed}
    assembly = Assembly()
    assembly.add_page("Node", json.dumps({"kind": "NodeList", "apiVersion": "v1", "items": [{"metadata": meta}]}).encode())
    return only_node(assembly)


def test_json_takes_the_newest_entry_that_names_the_label() -> None:
    older = {"time": "2026-11-20T00:00:00Z", "fieldsV1": FIELDS}
    newer = {"time": "2026-11-24T11:00:00Z", "fieldsV1": FIELDS}
    other = {"time": "2026-11-24T11:59:00Z", "fieldsV1": {"f:status": {}}}
    node = as_json([older, newer, other])
    assert node.mig is not None
    assert node.mig.config_time == WRITTEN


def test_no_entry_is_no_time() -> None:
    node = as_json([{"time": "2026-11-24T11:59:00Z", "fieldsV1": {"f:status": {}}}])
    assert node.mig is not None
    assert node.mig.config_time is None


def test_protobuf_tells_the_same() -> None:
    made = messages()
    entry = made["ManagedFields"](time=made["Time"](seconds=int(WRITTEN.timestamp())).SerializeToString())
    entry.fields.raw = json.dumps(FIELDS).encode()
    page = made["NodeList"]()
    meta = page.items.add().metadata
    meta.name = "a"
    meta.labels.append(made["TextEntry"](key=STATE, value="pending").SerializeToString())
    meta.managed_fields.append(entry.SerializeToString())
    envelope = made["Unknown"](raw=page.SerializeToString())
    envelope.type_meta.kind = "NodeList"
    assembly = Assembly()
    assembly.add_protobuf_page("Node", MAGIC + envelope.SerializeToString())
    node = only_node(assembly)
    assert node.mig is not None
    assert node.mig.config_time == WRITTEN
