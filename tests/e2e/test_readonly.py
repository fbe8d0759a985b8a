"""What gpuctl does to a cluster, by the API server's own audit log, and what it says when rights are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gpuctl.demo.fleet import Fleet
from tests.e2e.command import doctor, gpuctl, printed_rules
from tests.rig.cluster import ControlPlane

CORE = ("nodes", "pods", "events")


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Sound nodes, a broken device, a job that waits, a bare pod, and objects of Kueue and DRA."""
    control_plane.clear()
    fleet = Fleet.healthy(datetime.now(UTC).replace(microsecond=0))
    fleet.break_device("h100-004")
    fleet.bare_pod("research", "debug", node="h100-004")
    fleet.pending("research", "waiting", "0/14 nodes are available: 14 Insufficient nvidia.com/gpu.", gpus=8, pool="h100")
    fleet.cluster_queue("research", nominal=64, used=16)
    fleet.device_class()
    fleet.slice("h100-001")
    control_plane.load(fleet.objects())
    yield control_plane
    control_plane.clear()


def without(rules: list[dict[str, Any]], resource: str) -> list[dict[str, Any]]:
    """The rules less one resource of the core group."""
    fewer = [{**rule, "resources": [name for name in rule["resources"] if rule["apiGroups"] != [""] or name != resource]} for rule in rules]
    return [rule for rule in fewer if rule["resources"]]


def reasons(report: dict[str, Any]) -> str:
    """Why audits could not assess something."""
    return "\n".join(gap["reason"] for row in report["outcomes"] for gap in row["missing"])


def test_get_and_list_are_all_that_is_asked(cluster: ControlPlane, tmp_path: Path) -> None:
    user, kubeconfig = cluster.as_user(printed_rules())
    start = cluster.audit_position()
    assert doctor("--kubeconfig", kubeconfig).code == 1
    assert gpuctl("doctor", "-v", "--kubeconfig", kubeconfig, "-n", "research", "h100-004").code == 1
    assert gpuctl("snapshot", "save", tmp_path / "plain.json.gz", "--kubeconfig", kubeconfig).code == 0
    redacted = ("--redact", "--map", tmp_path / "map.json")
    assert gpuctl("snapshot", "save", tmp_path / "redacted.json.gz", *redacted, "--kubeconfig", kubeconfig).code == 0
    asked = cluster.audit_events(user, start)
    assert len(asked) > 100
    assert {event["verb"] for event in asked} == {"get", "list"}
    assert {event["responseStatus"]["code"] for event in asked} == {200}
    assert {event["userAgent"].split("/")[0] for event in asked} == {"gpuctl"}
    objects = [event["objectRef"] for event in asked if "objectRef" in event]
    assert not [ref for ref in objects if ref["resource"] == "secrets" or "subresource" in ref]
    assert not [event for event in asked if "watch=" in event["requestURI"]]
    listed = {ref["resource"] for ref in objects}
    assert {"nodes", "pods", "events", "clusterpolicies", "clusterqueues", "resourceslices"} <= listed


def test_at_most_four_lists_are_in_flight(cluster: ControlPlane) -> None:
    user, kubeconfig = cluster.as_user(printed_rules())
    start = cluster.audit_position()
    doctor("--kubeconfig", kubeconfig)
    moments: list[tuple[datetime, int]] = []
    for event in cluster.audit_events(user, start):
        begin, end = (datetime.fromisoformat(event[key]) for key in ("requestReceivedTimestamp", "stageTimestamp"))
        # The log notes the end a moment after the answer has left, when the next request may be there already.
        moments += [(begin, 1), (max(begin, end - timedelta(milliseconds=5)), -1)]
    running = most = 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    assert 1 <= most <= 4


def test_each_missing_rule_is_named_and_the_rest_is_judged(cluster: ControlPlane) -> None:
    user, kubeconfig = cluster.as_user(printed_rules())
    found = {row["code"] for row in doctor("--kubeconfig", kubeconfig).report["findings"]}
    assert {"gpu-allocatable-below-capacity", "pod-pending-long", "pod-without-controller"} <= found
    lost = {"nodes": "gpu-allocatable-below-capacity", "pods": "pod-without-controller", "events": None}
    codes = {"nodes": 3, "pods": 1, "events": 1}
    for resource in CORE:
        cluster.set_rules(user, without(printed_rules(), resource))
        answer = doctor("--kubeconfig", kubeconfig)
        report = answer.report
        assert f'apiGroups [""], resources ["{resource}"], verbs ["get", "list"] is missing' in reasons(report)
        assert f'resources ["{resource}"]' in gpuctl("doctor", "--kubeconfig", kubeconfig).out
        assert report["sources"][0]["state"] == "partial"
        assert {row["crashed"] for row in report["outcomes"]} == {0}
        assert answer.code == codes[resource], resource
        kept = {row["code"] for row in report["findings"]}
        assert kept <= found
        assert kept & {"gpu-allocatable-below-capacity", "pod-without-controller"} == (
            {"gpu-allocatable-below-capacity", "pod-without-controller"} - {lost[resource]}
        )


NOT_SERVED = {"podgroups.scheduling.k8s.io", "workloads.scheduling.k8s.io"}
"""Off by default in the API server, so never asked for."""


@pytest.mark.parametrize("kept", [("nodes", "pods"), ("nodes",), ()])
def test_each_of_many_missing_rules_is_named_by_its_resource(cluster: ControlPlane, kept: tuple[str, ...]) -> None:
    rule = {"apiGroups": [""], "resources": list(kept), "verbs": ["get", "list"]}
    _, kubeconfig = cluster.as_user([rule] if kept else [])
    answer = doctor("--kubeconfig", kubeconfig, "--fail-on", "never")
    missing = {
        f"{resource}.{group}" if group else resource
        for row in printed_rules()
        for group in row["apiGroups"]
        for resource in row["resources"]
        if "list" in row["verbs"]
    }
    missing -= {*kept, *NOT_SERVED}
    said = answer.report["sources"][0]["reason"].partition("get and list of ")[2].partition(";")[0].split(", ")
    assert set(said) == missing
    assert len(missing) > 40
    text = gpuctl("doctor", "--kubeconfig", kubeconfig).out
    assert [name for name in missing if name not in text] == []
    assert "\\x00" not in text
    assert answer.code == (0 if "nodes" in kept else 3)
    assert doctor("--kubeconfig", kubeconfig, "--fail-on", "never", "--fail-on-unknown").code == 3


def test_unknown_is_null_and_never_zero(cluster: ControlPlane) -> None:
    _, kubeconfig = cluster.as_user(without(printed_rules(), "nodes"))
    report = doctor("--kubeconfig", kubeconfig).report
    assert [report["summary"][key] for key in ("nodes", "gpus", "gpus_allocatable", "gpus_allocated")] == [None] * 4
    assert 'resources ["nodes"]' in report["summary"]["unknown"]["gpus"]
    of_nodes = next(row for row in report["outcomes"] if row["code"] == "gpu-node-not-ready")
    assert (of_nodes["clean"], of_nodes["not_assessed"]) == (0, 1)


def test_too_little_is_left_without_any_right(cluster: ControlPlane) -> None:
    _, kubeconfig = cluster.as_user([])
    answer = doctor("--kubeconfig", kubeconfig)
    assert answer.code == 3
    assert answer.report["findings"] == []
    assert {row["clean"] for row in answer.report["outcomes"]} == {0}
    assert all(f'resources ["{resource}"]' in reasons(answer.report) for resource in CORE)


def test_unknown_user_is_told_to_log_in(cluster: ControlPlane, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "stranger.conf"
    kubeconfig.write_text(cluster.kubeconfig("admin").read_text().replace("admintoken", "nonsense"))
    answer = gpuctl("doctor", "-o", "json", "--kubeconfig", kubeconfig)
    assert answer.code == 2
    assert "401" in answer.err
    assert "nonsense" not in answer.err


def test_impersonation_has_the_rights_of_the_other_user_and_no_more(cluster: ControlPlane) -> None:
    user, _ = cluster.as_user(without(printed_rules(), "nodes"))
    start = cluster.audit_position()
    answer = doctor("--kubeconfig", cluster.kubeconfig("admin"), "--as", user)
    assert answer.code == 3
    assert 'resources ["nodes"]' in reasons(answer.report)
    asked = cluster.audit_events("admin", start)
    assert {event["impersonatedUser"]["username"] for event in asked} == {user}


def test_role_in_one_namespace_judges_that_namespace(cluster: ControlPlane) -> None:
    user, kubeconfig = cluster.as_user(printed_rules("research"), namespace="research")
    start = cluster.audit_position()
    answer = doctor("--kubeconfig", kubeconfig)
    rows = {(row["code"], row["subject"]["namespace"]) for row in answer.report["findings"]}
    assert ("pod-without-controller", "research") in rows
    assert ("pod-pending-long", "research") in rows
    assert {namespace for _, namespace in rows} == {"research"}
    assert 'resources ["nodes"]' in reasons(answer.report)
    assert {event["verb"] for event in cluster.audit_events(user, start)} <= {"get", "list"}
    assert answer.code == 3
