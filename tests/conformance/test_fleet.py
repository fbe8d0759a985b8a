"""Faults of a whole fleet, from Kubernetes objects as the API server writes them to what is said of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gpuctl.cli.main import run
from gpuctl.demo.fleet import Fleet
from tests.conformance.face import Seen, look

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def seen(fleet: Fleet, folder: Path) -> Seen:
    file = folder / "objects.json"
    file.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": fleet.objects()}))
    return look(file, now="2026-11-24T12:00:00Z")


@pytest.mark.parametrize(("minutes", "stuck"), [(19, False), (21, True), (90, True)])
def test_a_mig_configuration_is_stuck_after_twenty_minutes(minutes: float, stuck: bool, tmp_path: Path) -> None:
    fleet = Fleet.healthy(NOW)
    fleet.mig_pending("a100-001", minutes=minutes)
    found = seen(fleet, tmp_path)
    assert ("mig-config-stuck" in found.codes) == stuck
    severities = {item["severity"] for item in found.report["findings"]}
    assert ("high" in severities) == stuck
    (node,) = [item for item in found.facts["nodes"] if item["name"] == "a100-001"]
    assert node["mig"]["config_time"] == f"2026-11-24T{'11:41' if minutes == 19 else '11:39' if minutes == 21 else '10:30'}:00Z"


def test_the_time_is_read_only_while_a_configuration_is_not_done(tmp_path: Path) -> None:
    fleet = Fleet.healthy(NOW)
    fleet.mig_state("a100-001", "success", minutes=90)
    found = seen(fleet, tmp_path)
    assert found.codes == []
    assert {node["mig"]["config_time"] for node in found.facts["nodes"] if node["mig"]} == {None}


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("nvidia.com/gpus", "nvidia.com/gpu"),
        ("nvidia.com/GPU", "nvidia.com/gpu"),
        ("amd.com/gpus", None),
        ("nvidia.com/mig-3g.41gb", "nvidia.com/mig-3g.40gb"),
        ("nvidia.com/MIG-1g.10gb", "nvidia.com/mig-1g.10gb"),
        ("alpha.kubernetes.io/nvidia-gpu", None),
    ],
)
def test_a_misspelt_resource_is_named_with_the_nearest_that_exists(asked: str, nearest: str | None, tmp_path: Path) -> None:
    fleet = Fleet.healthy(NOW)
    fleet.pending("research", "typo", f"0/14 nodes are available: 14 Insufficient {asked}.", gpus=1, resource=asked, hours=5)
    found = seen(fleet, tmp_path)
    (said,) = found.said("pod-request-unsatisfiable")
    assert f"no node has any {asked}" in said
    assert (f"the nearest that nodes have is {nearest}" in said) == (nearest is not None)
    assert ("nearest" in said) == (nearest is not None)


@pytest.mark.parametrize("asked", ["nvidia.com/hostdev", "rdma/hca_shared_devices_a", "nvidia.com/mlnxnics", "hugepages-2Mi"])
def test_what_is_no_accelerator_is_no_ask(asked: str, tmp_path: Path) -> None:
    fleet = Fleet.healthy(NOW)
    fleet.pending("research", "net", f"0/14 nodes are available: 14 Insufficient {asked}.", gpus=1, resource=asked, hours=5)
    found = seen(fleet, tmp_path)
    assert found.said("pod-request-unsatisfiable") == []
    assert not [pod for pod in found.facts["pods"] if asked in (pod["requests"] or {})]


def test_a_node_that_feature_discovery_lost_tells_its_cause(tmp_path: Path) -> None:
    fleet = Fleet.healthy(NOW)
    fleet.break_chain("h100-001", "nfd")
    found = seen(fleet, tmp_path)
    (said,) = found.said("gpu-not-advertised")
    assert "node-feature-discovery" in said
    assert "nvidia.com/gpu 0 in capacity" in said
    (first,) = found.report["advice"]
    assert "Node Feature Discovery" in first["title"]
    assert len(first["findings"]) == 2


@pytest.mark.parametrize(
    "asked", ["nvidia.com/gpus", "nvidia.com/GPU", "nvidia.com/gpu-a100", "nvidia.com/MIG-1g.10gb", "amd.com/gpu-mi300"]
)
def test_a_misspelt_resource_is_found_in_a_redacted_snapshot_too(asked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fleet = Fleet.healthy(NOW)
    fleet.pending("research", "typo", f"0/14 nodes are available: 14 Insufficient {asked}.", gpus=1, resource=asked, hours=5)
    plain = seen(fleet, tmp_path)
    redacted = tmp_path / "redacted.json.gz"
    assert run(["snapshot", "save", str(redacted), "--redact", "--from", str(tmp_path / "objects.json")]) == 0
    capsys.readouterr()
    assert look(redacted, now="2026-11-24T12:00:00Z").codes == plain.codes == ["pod-request-unsatisfiable"]
