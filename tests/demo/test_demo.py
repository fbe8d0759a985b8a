"""The embedded sample cluster: its size, its faults, and that it is the same everywhere."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from gpuctl import demo
from gpuctl.demo.fleet import A100, DRIVER, H100, Fleet
from gpuctl.model.codec import encode
from gpuctl.sources.kubernetes.wanted import TABLE

AS_OF = datetime(2026, 10, 14, 9, 30, tzinfo=UTC)
PRINT_DIGESTS = (
    "import hashlib, json; from gpuctl import demo; from gpuctl.model.codec import encode; "
    "print(hashlib.sha256(json.dumps(demo.objects()).encode()).hexdigest(), hashlib.sha256(encode(demo.snapshot())).hexdigest())"
)


def test_sample_has_three_pools_and_forty_gpu_nodes() -> None:
    snapshot = demo.snapshot()
    pools = Counter(node.labels["pool"] for node in snapshot.nodes or ())
    assert pools == {"h100": 16, "a100": 12, "l40s": 12, "cpu": 3}
    assert snapshot.taken_at == demo.AS_OF
    assert snapshot.unrecognised == {}
    assert snapshot.skipped == {}


def test_the_sample_answers_all_that_a_cluster_is_asked_for() -> None:
    assert {row.field for row in TABLE if "." not in row.field} == set(demo.ASKED)
    assert all(getattr(demo.snapshot(), name) is not None for name in demo.ASKED)


def test_most_gpus_of_the_sample_are_busy() -> None:
    snapshot = demo.snapshot()
    capacity = sum((node.capacity or {}).get("nvidia.com/gpu", 0) for node in snapshot.nodes or ())
    busy = sum(pod.requests.get("nvidia.com/gpu", 0) for pod in snapshot.pods or () if pod.node and pod.phase == "Running")
    assert 0.7 < busy / capacity < 0.95


@pytest.mark.parametrize("environment", [{"PYTHONHASHSEED": "0", "TZ": "Asia/Kolkata"}, {"PYTHONHASHSEED": "1", "LC_ALL": "C"}])
def test_same_bytes_in_every_process(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", PRINT_DIGESTS]
    printed = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True).stdout.split()
    parts = (json.dumps(demo.objects()).encode(), encode(demo.snapshot()))
    assert printed == [hashlib.sha256(part).hexdigest() for part in parts]


def test_sample_is_built_fast() -> None:
    started = time.process_time()
    demo.objects()
    assert time.process_time() - started < 3


def test_faults_change_only_what_they_say() -> None:
    sound, broken = Fleet.healthy(AS_OF), Fleet.healthy(AS_OF)
    broken.break_device("h100-001", gpus=2)
    differing = [a["metadata"]["name"] for a, b in zip(sound.objects(), broken.objects(), strict=True) if a != b]
    assert differing == ["h100-001"]
    assert broken.node("h100-001")["status"]["allocatable"]["nvidia.com/gpu"] == "6"


def test_broken_driver_leaves_later_links_waiting() -> None:
    fleet = Fleet.healthy(AS_OF)
    fleet.break_driver("h100-002")
    assert fleet.operator_pod("h100-002", "driver")["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    for part in ("toolkit", "device-plugin", "gfd", "validator"):
        assert fleet.operator_pod("h100-002", part)["status"]["phase"] == "Pending"
    assert fleet.node("h100-002")["status"]["allocatable"]["nvidia.com/gpu"] == "0"
    assert fleet.user_pods("h100-002") == []


def test_nothing_is_placed_where_there_is_no_room() -> None:
    fleet = Fleet(AS_OF)
    fleet.pool("h100", nodes=1, product=H100, gpus=8, driver=DRIVER)
    fleet.job("team", "first", pods=1, gpus=6, pool="h100")
    with pytest.raises(ValueError, match="has room"):
        fleet.job("team", "second", pods=1, gpus=4, pool="h100")


def test_mig_pool_offers_slices_beside_whole_cards() -> None:
    fleet = Fleet(AS_OF)
    fleet.pool("a100", nodes=1, product=A100, gpus=8, driver=DRIVER, mig_cards=4, strategy="mixed")
    offered = {k: v for k, v in fleet.node("a100-001")["status"]["capacity"].items() if k.startswith("nvidia.com/")}
    assert offered == {"nvidia.com/gpu": "4", "nvidia.com/mig-1g.10gb": "8", "nvidia.com/mig-2g.20gb": "4", "nvidia.com/mig-3g.40gb": "4"}


def test_healthy_fleet_is_busy_and_sound() -> None:
    fleet = Fleet.healthy(AS_OF)
    assert {p["status"]["phase"] for p in fleet.pods()} == {"Running"}
    conditions = [c for name in fleet.nodes() for c in fleet.node(name)["status"]["conditions"]]
    assert {(c["type"], c["status"]) for c in conditions} == {
        ("Ready", "True"), ("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False"),
    }  # fmt: skip
