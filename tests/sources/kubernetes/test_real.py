"""A real API server: under exactly the printed role, with rules taken away, and in one namespace alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gpuctl.sources.kubernetes import Options, collect
from gpuctl.sources.kubernetes.podplan import PodPlan
from gpuctl.sources.kubernetes.wanted import TABLE, Wanted, rules
from tests.rig.cluster import ControlPlane

pytestmark = pytest.mark.control_plane
NO_CLUSTER_POLICY = {"sharing_configs"}
OFF_BY_DEFAULT = {"podgroups.scheduling.k8s.io", "workloads.scheduling.k8s.io"}
SERVED = [row for row in TABLE if row.name not in OFF_BY_DEFAULT]


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Three GPU nodes, each with a pod that runs, and three pods that wait."""
    control_plane.clear()
    amounts = {"cpu": "64", "memory": "512Gi", "pods": "250", "nvidia.com/gpu": "8"}
    container = {"name": "main", "image": "x", "resources": {"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "1"}}}
    objects: list[dict[str, Any]] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}}]
    for number in range(3):
        status = {"capacity": amounts, "allocatable": amounts}
        objects.append({"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"gpu-{number}"}, "status": status})
        for name, where, phase in ((f"on-{number}", {"nodeName": f"gpu-{number}"}, "Running"), (f"waits-{number}", {}, "Pending")):
            meta = {"name": name, "namespace": "team-a"}
            spec = {"containers": [container], **where}
            objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": phase}})
    control_plane.load(objects)
    yield control_plane
    control_plane.clear()


@pytest.fixture(scope="module")
def limited(cluster: ControlPlane) -> tuple[str, Path]:
    """A user whose rules a test may change."""
    return cluster.as_user(rules())


def read(kubeconfig: Path, **options: Any) -> Any:
    return collect(Options(kubeconfig=str(kubeconfig), deadline=time.monotonic() + 30, **options))


def test_printed_role_is_enough_and_only_get_and_list_are_used(cluster: ControlPlane) -> None:
    user, kubeconfig = cluster.as_user(rules())
    start = cluster.audit_position()
    snapshot = read(kubeconfig)
    assert set(snapshot.unknown) == NO_CLUSTER_POLICY
    assert [node.name for node in snapshot.nodes] == ["gpu-0", "gpu-1", "gpu-2"]
    assert {pod.name for pod in snapshot.pods} == {f"{word}-{number}" for word in ("on", "waits") for number in range(3)}
    asked = cluster.audit_events(user, start)
    assert {event["verb"] for event in asked} == {"get", "list"}
    assert {event["responseStatus"]["code"] for event in asked} == {200}
    assert {event["userAgent"].split("/")[0] for event in asked} == {"gpuctl"}
    listed = {(event["objectRef"].get("apiGroup", ""), event["objectRef"]["resource"]) for event in asked if event["verb"] == "list"}
    assert listed == {(row.group, row.resource) for row in SERVED}


@pytest.mark.parametrize("row", SERVED, ids=lambda row: row.name)
def test_each_missing_rule_is_named(cluster: ControlPlane, limited: tuple[str, Path], row: Wanted) -> None:
    user, kubeconfig = limited
    fewer = rules()
    for rule in fewer:
        if rule["apiGroups"] == [row.group] and row.resource in rule["resources"]:
            rule["resources"] = [name for name in rule["resources"] if name != row.resource]
    cluster.set_rules(user, [rule for rule in fewer if rule["resources"]])
    snapshot = read(kubeconfig)
    assert f'apiGroups ["{row.group}"], resources ["{row.resource}"]' in snapshot.unknown[row.field]
    assert set(snapshot.unknown) - NO_CLUSTER_POLICY == {row.field}
    assert snapshot.sources[0].state == "partial"


def test_nothing_allowed_is_a_snapshot_that_knows_nothing(cluster: ControlPlane) -> None:
    _, kubeconfig = cluster.as_user([])
    snapshot = read(kubeconfig)
    assert snapshot.nodes is None
    assert snapshot.pods is None
    assert (snapshot.sources[0].state, snapshot.sources[0].answered) == ("partial", 0)
    assert {row.field for row in SERVED} <= set(snapshot.unknown)


def test_role_in_one_namespace_reads_that_namespace(cluster: ControlPlane) -> None:
    _, kubeconfig = cluster.as_user(rules("team-a"), namespace="team-a")
    snapshot = read(kubeconfig)
    assert snapshot.cluster.scope == "team-a"
    assert len(snapshot.pods) == 6
    assert snapshot.quotas == ()
    assert snapshot.nodes is None
    assert 'resources ["nodes"]' in snapshot.unknown["nodes"]


def test_asking_node_by_node_gives_the_same_pods(cluster: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfig = cluster.kubeconfig("admin")
    everything = read(kubeconfig)

    def plan(with_gpus: list[str] | None, pods: int) -> PodPlan:
        assert with_gpus == ["gpu-0", "gpu-1", "gpu-2"]
        assert pods == 6
        return PodPlan((*((f"spec.nodeName={name}", "") for name in with_gpus), ("status.phase=Pending", ""), ("", "app=gpu-operator")))

    monkeypatch.setattr("gpuctl.sources.kubernetes.reading.FEW_PODS", -1)
    monkeypatch.setattr("gpuctl.sources.kubernetes.reading.plan_pods", plan)
    assert {pod.name: pod for pod in read(kubeconfig).pods} == {pod.name: pod for pod in everything.pods}


def test_protobuf_and_json_give_the_same_facts(cluster: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfig = cluster.kubeconfig("admin")
    protobuf = read(kubeconfig)
    monkeypatch.setattr("gpuctl.sources.kubernetes.lists._PROTOBUF_KINDS", frozenset())
    plain = read(kubeconfig)
    assert protobuf.nodes == plain.nodes
    assert protobuf.pods == plain.pods


def test_real_pages_are_followed(cluster: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuctl.sources.kubernetes.lists.PAGE_PROTOBUF", 2)
    start = cluster.audit_position()
    snapshot = read(cluster.kubeconfig("admin"))
    assert len(snapshot.pods) == 6
    assert sum("continue=" in event["requestURI"] for event in cluster.audit_events("admin", start)) == 3


def test_impersonation_is_what_the_server_sees(cluster: ControlPlane) -> None:
    start = cluster.audit_position()
    read(cluster.kubeconfig("admin"), impersonate_user="jane", impersonate_groups=("system:masters", "ops"))
    seen = [event["impersonatedUser"] for event in cluster.audit_events("admin", start) if "impersonatedUser" in event]
    assert seen
    assert {one["username"] for one in seen} == {"jane"}
    assert all({"system:masters", "ops"} <= set(one["groups"]) for one in seen)
