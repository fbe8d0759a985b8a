"""What a Node object tells beside what it says outright."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gpuctl.model.nodes import Node
from gpuctl.parsers.k8s_assembly import Assembly


def node_of(**parts: Any) -> Node:
    assembly = Assembly()
    assembly.add_object({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", **parts.pop("metadata", {})}, **parts})
    found: Node = assembly.finish()["nodes"][0]
    return found


@pytest.mark.parametrize(
    ("taint", "since"),
    [
        ({"key": "ToBeDeletedByClusterAutoscaler", "value": "1790000000"}, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        ({"key": "DeletionCandidateOfClusterAutoscaler", "value": "1790000000"}, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        ({"key": "ToBeDeletedByClusterAutoscaler", "value": "soon"}, None),
        ({"key": "ToBeDeletedByClusterAutoscaler"}, None),
        ({"key": "ToBeDeletedByClusterAutoscaler", "value": "99999999999999999999"}, None),
        ({"key": "example.com/ticket", "value": "1790000000"}, None),
        (
            {"key": "ToBeDeletedByClusterAutoscaler", "value": "1790000000", "timeAdded": "2026-09-21T14:00:00Z"},
            datetime(2026, 9, 21, 14, tzinfo=UTC),
        ),
    ],
)
def test_the_autoscalers_taint_carries_its_time_as_its_value(taint: dict[str, str], since: datetime | None) -> None:
    (found,) = node_of(spec={"taints": [{"effect": "NoSchedule", **taint}]}).taints or ()
    assert found.time_added == since


def test_an_amd_node_is_known_by_its_device_id_alone() -> None:
    labels = node_of(metadata={"labels": {"amd.com/gpu.device-id": "74a1"}}).accelerators
    assert labels is not None
    assert (labels.vendor, labels.present, labels.product, labels.count) == ("amd", True, None, None)
    assert node_of(metadata={"labels": {"amd.com/gpu.driver-version": "6.8"}}).accelerators is None
