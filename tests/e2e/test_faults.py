"""Faults in a real cluster, read under exactly the printed role: each is found, and nothing else is called a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gpuctl.audits.pages import codes
from gpuctl.demo.fleet import Fleet
from tests.e2e.command import doctor, gpuctl, printed_rules
from tests.e2e.planted import BESIDE_A_FILE, FAULTS, sound, under_way
from tests.rig.cluster import ControlPlane

WORTH_ACTING = {"critical", "high", "medium"}


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def found(report: dict[str, Any], severities: set[str] = WORTH_ACTING) -> set[tuple[str, str]]:
    """Code and subject of the findings of these severities."""
    return {(row["code"], row["subject"]["name"]) for row in report["findings"] if row["severity"] in severities}


def outcomes(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in report["outcomes"]}


@pytest.fixture(scope="module")
def reader(control_plane: ControlPlane) -> Path:
    """A kubeconfig with the rights that `gpuctl rbac` prints, and no other."""
    return control_plane.as_user(printed_rules())[1]


@pytest.fixture(scope="module")
def healthy(control_plane: ControlPlane, reader: Path) -> Iterator[dict[str, Any]]:
    """The report on a cluster without a fault, in which every audit that the API can feed has something to judge."""
    control_plane.clear()
    fleet = sound(now())
    fleet.cluster_queue("research", nominal=64, used=16)
    fleet.local_queue("research", "main", "research")
    fleet.quota("research", hard=64, used=48)
    fleet.device_class()
    fleet.slice("h100-001")
    fleet.queued("research", "next", pool="full", hours=0.1)
    control_plane.load(fleet.objects())
    answer = doctor("--kubeconfig", reader)
    assert answer.code == 0, answer.err
    yield answer.report
    control_plane.clear()


@pytest.fixture(scope="module")
def faulty(healthy: dict[str, Any], control_plane: ControlPlane, reader: Path) -> Iterator[tuple[list[tuple[str, str]], dict[str, Any]]]:
    """The subject of every fault, and the report."""
    control_plane.clear()
    fleet = sound(now())
    planted = [(fault.code, fault.plant(fleet)) for fault in FAULTS]
    control_plane.load(fleet.objects())
    answer = doctor("--kubeconfig", reader)
    assert answer.code == 1, answer.err
    yield planted, answer.report
    control_plane.clear()


def test_healthy_cluster_is_silent(healthy: dict[str, Any]) -> None:
    assert found(healthy, WORTH_ACTING | {"low"}) == set()
    assert healthy["advice"] == []
    assert healthy["sources"][0]["state"] == "ok"


def test_every_audit_is_clean_there(healthy: dict[str, Any]) -> None:
    for code, row in outcomes(healthy).items():
        assert (row["found"], row["not_assessed"], row["crashed"]) == (0, 0, 0), code
        assert row["clean"] == row["subjects"]
    without = {code for code, row in outcomes(healthy).items() if not row["subjects"]}
    assert without <= BESIDE_A_FILE.keys() | {"autoscaler-wrong-way-metric"}


def test_every_fault_is_found_and_nothing_else(
    faulty: tuple[list[tuple[str, str]], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    planted, report = faulty
    wanted = set(planted)
    assert len(wanted) == len(FAULTS)
    explained = {(code, name) for fault, (_, name) in zip(FAULTS, planted, strict=True) for code in fault.follows}
    seen = found(report, WORTH_ACTING | {"low"})
    missed = sorted(wanted - seen)
    alarms = sorted(found(report) - wanted - explained)
    recall = 1 - len(missed) / len(wanted)
    with capsys.disabled():
        print(f"\nfault injection: {len(wanted)} faults, recall {recall:.3f}, {len(alarms)} false alarms; {len(seen)} findings on "
              f"{report['summary']['nodes']} nodes")  # fmt: skip
    assert missed == []
    assert alarms == []
    assert {row["crashed"] for row in report["outcomes"]} == {0}


def test_follow_ups_really_follow(faulty: tuple[list[tuple[str, str]], dict[str, Any]]) -> None:
    """An explanation without its finding would hide a false alarm some day."""
    planted, report = faulty
    explained = {(code, name) for fault, (_, name) in zip(FAULTS, planted, strict=True) for code in fault.follows}
    assert explained <= found(report, WORTH_ACTING | {"low"})


def test_advice_covers_every_finding_and_is_ranked(faulty: tuple[list[tuple[str, str]], dict[str, Any]]) -> None:
    _, report = faulty
    covered = {identity for item in report["advice"] for identity in item["findings"]}
    assert {row["id"] for row in report["findings"] if row["severity"] in WORTH_ACTING} <= covered
    assert [item["rank"] for item in report["advice"]] == list(range(1, len(report["advice"]) + 1))
    lasting = [item["disposition"] for item in report["advice"]]
    assert lasting == sorted(lasting)  # now, then wait


def test_selection_limits_what_is_reported_and_never_what_is_counted(
    faulty: tuple[list[tuple[str, str]], dict[str, Any]], reader: Path
) -> None:
    _, report = faulty
    answer = doctor("--kubeconfig", reader, "-l", "pool=a100", "--now", report["as_of"]["time"])
    of_pool = {name for _, name in found(answer.report, WORTH_ACTING | {"low"})}
    assert {"a100-001", "a100-003", "a100-004"} <= of_pool
    assert not [name for name in of_pool if name.startswith("h100")]
    assert outcomes(answer.report) == outcomes(report)


def test_text_prints_the_titles_of_the_json_in_its_order(faulty: tuple[list[tuple[str, str]], dict[str, Any]], reader: Path) -> None:
    _, report = faulty
    answer = gpuctl("doctor", "--kubeconfig", reader, "--now", report["as_of"]["time"])
    places = [answer.out.index(f"] {item['title']}") for item in report["advice"]]
    assert answer.code == 1
    assert len(places) > 20
    assert places == sorted(places)


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_audit_is_provoked_on_the_real_cluster(code: str) -> None:
    assert code in {fault.code for fault in FAULTS} | BESIDE_A_FILE.keys(), (
        f"{code} is provoked by no fault: add a method to gpuctl/demo/node_faults.py or pod_faults.py that brings it about, and a line "
        f"`Fault({code!r}, ...)` to FAULTS in tests/e2e/planted.py"
    )


def test_no_provocation_is_left_over() -> None:
    assert {fault.code for fault in FAULTS} | BESIDE_A_FILE.keys() == set(codes())


def test_collector_that_saw_no_gpu_is_told_beside_the_cluster(control_plane: ControlPlane, reader: Path, tmp_path: Path) -> None:
    file = tmp_path / "aicr.json"
    file.write_text(json.dumps(_collected("h100-001", gpus=0)))
    control_plane.clear()
    fleet = Fleet.healthy(now())
    control_plane.load(fleet.objects())
    report = doctor("--kubeconfig", reader, "--from", file).report
    assert found(report, {"info"}) == {("no-gpu-seen", "h100-001")}
    assert {source["kind"] for source in report["sources"]} == {"kubernetes", "file"}
    file.write_text(json.dumps(_collected("h100-001", gpus=8)))
    assert found(doctor("--kubeconfig", reader, "--from", file).report, {"info"}) == set()
    control_plane.clear()


def _collected(node: str, gpus: int) -> dict[str, Any]:
    """A snapshot of NVIDIA's AICR, as far as it tells of one node's GPUs."""
    data = {"k8s": ("node", {"source-node": node}), "gpu": ("smi", {"gpu-count": gpus, "driver": "580.105.08"})}
    measurements = [{"type": kind, "subtypes": [{"subtype": part, "data": values}]} for kind, (part, values) in data.items()]
    header = {"kind": "Snapshot", "apiVersion": "aicr.nvidia.com/v1alpha1", "metadata": {"timestamp": now().isoformat()}}
    return {**header, "measurements": measurements}


@pytest.fixture(scope="module")
def changing(control_plane: ControlPlane) -> Iterator[datetime]:
    """A cluster in which much is under way and nothing is wrong, and the moment that it shows."""
    control_plane.clear()
    as_of = now()
    control_plane.load(under_way(as_of))
    yield as_of
    control_plane.clear()


def test_changes_under_way_are_at_most_low(changing: datetime, reader: Path) -> None:
    report = doctor("--kubeconfig", reader).report
    assert found(report) == set()
    assert {row["crashed"] for row in report["outcomes"]} == {0}
    low = found(report, {"low", "info"})
    assert {("gpu-not-advertised", "h100-099"), ("gpu-not-advertised", "a100-004"), ("pool-driver-mix", "drivers")} <= low


def test_the_same_is_a_fault_once_it_lasts(changing: datetime, reader: Path) -> None:
    """What keeps the test above silent is time and the declaration, not blindness."""
    later = (changing + timedelta(hours=2)).isoformat()
    lasting = found(doctor("--kubeconfig", reader, "--now", later).report)
    assert {("gpu-not-advertised", "h100-099"), ("mig-config-stuck", "a100-004")} <= lasting
    assert not {name for _, name in lasting} & {"drivers", "cuda", "products", "h100-012"}
