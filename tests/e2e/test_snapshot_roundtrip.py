"""The same report from the cluster, from its snapshot and from its redacted snapshot; and one that comes in time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import doctor, gpuctl, printed_rules
from tests.e2e.planted import FAULTS, sound
from tests.patience import room
from tests.rig.cluster import ControlPlane
from tests.rig.fake_api import FakeApi, Reply, fake_api, listing

OF_THE_READING = {"sources", "taken_at"}
RANK_TERMS = (
    "disposition",
    "severity",
    "confidence",
    "priority",
    "net_gpu_hours",
    "gain",
    "effort_minutes",
    "disruption_gpu_hours",
    "owner",
)


@dataclass(frozen=True)
class Saved:
    """A cluster with every fault: the report made of it live, and the files saved of it."""

    live: dict[str, Any]
    kubeconfig: Path
    now: str
    plain: Path
    redacted: Path
    names: Path


@pytest.fixture(scope="module")
def saved(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    folder = tmp_path_factory.mktemp("snapshots")
    control_plane.clear()
    as_of = datetime.now(UTC).replace(microsecond=0)
    fleet = sound(as_of)
    for fault in FAULTS:
        fault.plant(fleet)
    control_plane.load(fleet.objects())
    _, kubeconfig = control_plane.as_user(printed_rules())
    now = as_of.isoformat()
    live = doctor("--kubeconfig", kubeconfig, "--now", now)
    plain, redacted, names = folder / "plain.json.gz", folder / "redacted.json.gz", folder / "map.json"
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("save", plain, "--kubeconfig", kubeconfig),
        ("redact", plain, redacted, "--map", names),
    )
    for command in commands:
        answer = gpuctl("snapshot", *command)
        assert answer.code == 0, answer.err
    yield Saved(live.report, kubeconfig, now, plain, redacted, names)
    control_plane.clear()


def judged(report: dict[str, Any]) -> str:
    """The report but for what tells of the reading."""
    return json.dumps({key: value for key, value in report.items() if key not in OF_THE_READING}, indent=1)


def test_saved_snapshot_gives_the_same_bytes(saved: Saved) -> None:
    again = doctor("--from", saved.plain, "--now", saved.now)
    assert again.code == 1
    assert judged(again.report) == judged(saved.live)
    assert len(saved.live["findings"]) >= len(FAULTS)


def test_pages_and_their_order_change_no_byte(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four lists are in flight, so that each reading gets its pages in another order."""
    monkeypatch.setattr("gpuctl.sources.kubernetes.lists.PAGE_PROTOBUF", 23)
    monkeypatch.setattr("gpuctl.sources.kubernetes.lists.PAGE_JSON", 7)
    assert judged(doctor("--kubeconfig", saved.kubeconfig, "--now", saved.now).report) == judged(saved.live)


def test_snapshot_is_judged_at_the_time_it_was_taken(saved: Saved) -> None:
    report = doctor("--from", saved.plain).report
    assert report["as_of"] == {"time": report["taken_at"], "basis": "snapshot"}
    assert {(row["code"], row["id"]) for row in report["findings"]} == {(row["code"], row["id"]) for row in saved.live["findings"]}


def test_redacted_snapshot_gives_the_same_but_for_names(saved: Saved) -> None:
    report = doctor("--from", saved.redacted, "--now", saved.now).report

    def found(document: dict[str, Any]) -> list[Any]:
        return sorted([row["code"], row["severity"], row["confidence"], row["subject"]["kind"], row["impact"]["gpus"]]
                      for row in document["findings"])  # fmt: skip

    def ranked(document: dict[str, Any]) -> list[str]:
        return sorted(json.dumps([item[term] for term in RANK_TERMS] + [len(item["findings"])]) for item in document["advice"])

    def counted(document: dict[str, Any]) -> list[Any]:
        return [[row[key] for key in ("code", "subjects", "found", "clean", "not_assessed", "crashed")] for row in document["outcomes"]]

    assert found(report) == found(saved.live)
    assert ranked(report) == ranked(saved.live)
    assert counted(report) == counted(saved.live)
    assert report["summary"] == saved.live["summary"]
    text = json.dumps(report)
    assert [name for name in ("h100-001", "inference", "research", "sixteen", "rejected") if name in text] == []


def test_advice_is_translated_back(saved: Saved, tmp_path: Path) -> None:
    advice = tmp_path / "advice.json"
    advice.write_text(gpuctl("doctor", "-o", "json", "--from", saved.redacted, "--now", saved.now).out)
    answer = gpuctl("snapshot", "unredact", advice, "--map", saved.names)
    assert answer.code == 0, answer.err
    subjects = {(row["code"], row["subject"]["namespace"], row["subject"]["name"]) for row in answer.report["findings"]}
    assert subjects == {(row["code"], row["subject"]["namespace"], row["subject"]["name"]) for row in saved.live["findings"]}
    assert {item["title"] for item in answer.report["advice"]} == {item["title"] for item in saved.live["advice"]}

    def commands(document: dict[str, Any]) -> set[str]:
        return {step["command"] for item in document["advice"] for step in item["steps"] if step["command"]}

    same = commands(answer.report) & commands(saved.live)
    assert len(same) > 0.9 * len(commands(saved.live))


def test_files_are_private(saved: Saved) -> None:
    assert {path.stat().st_mode & 0o777 for path in (saved.plain, saved.redacted, saved.names)} == {0o600}


# -- in time -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[FakeApi, str]]:
    """A server that has one GPU node, and never gets its pods out."""
    amounts = {"cpu": "64", "memory": "512Gi", "pods": "110", "nvidia.com/gpu": "8"}
    less = amounts | {"nvidia.com/gpu": "7"}
    node = {
        "metadata": {"name": "gpu-0", "labels": {"nvidia.com/gpu.present": "true"}, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": {"capacity": amounts, "allocatable": less, "conditions": [{"type": "Ready", "status": "True"}]},
    }
    with fake_api() as api:
        api.on("/api/v1/nodes", lambda _: listing("Node", [node]))
        api.on("/api/v1/pods", lambda _: Reply(stall=60))
        yield api, api.kubeconfig(tmp_path / "config")


def test_ctrl_c_ends_a_slow_reading_with_what_is_known(slow: tuple[FakeApi, str]) -> None:
    for _ in range(3):  # on a busy machine the reading may not hand over in the moment that it has; it does not fail to for ever
        report = interrupted(*slow)
        if report["summary"]["nodes"] is not None:
            break
    assert (report["interrupted"], report["complete"]) == (True, False)
    assert report["summary"]["nodes"] == 1
    judged_in_time = [row["code"] for row in report["findings"]] == ["gpu-allocatable-below-capacity"]
    assert judged_in_time or "interrupted before anything was judged" in report["notes"]
    assert "interrupted" in json.dumps([report["outcomes"], report["notes"]])


def interrupted(api: FakeApi, kubeconfig: str) -> dict[str, Any]:
    """The report of a reading that Ctrl-C ends while pods are waited for."""
    before = len(api.asked("/api/v1/pods"))
    command = [sys.executable, "-m", "gpuctl", "doctor", "-o", "json", "--kubeconfig", kubeconfig]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        give_up = time.monotonic() + 60
        while len(api.asked("/api/v1/pods")) < before + 2 and time.monotonic() < give_up:
            time.sleep(0.05)
        time.sleep(room(0.5))
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=50)
    seconds = time.monotonic() - start
    assert process.returncode == 130, err.decode()
    assert seconds < room(2)
    report: dict[str, Any] = json.loads(out)
    return report


def test_deadline_brings_the_report_in_time(slow: tuple[FakeApi, str]) -> None:
    _, kubeconfig = slow
    start = time.monotonic()
    answer = doctor("--kubeconfig", kubeconfig, "--deadline", "5s")
    assert time.monotonic() - start < room(7)
    report = answer.report
    assert answer.code == 1
    assert (report["interrupted"], report["complete"]) == (False, False)
    assert [row["code"] for row in report["findings"]] == ["gpu-allocatable-below-capacity"]
    of_pods = next(row for row in report["outcomes"] if row["code"] == "pod-without-controller")
    assert "deadline" in of_pods["missing"][0]["reason"]
