"""The real control plane: starts, takes a fleet, refuses whom it should, and tells who asked for what."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from gpuctl import demo
from gpuctl.demo.fleet import DRIVER, H100, Fleet
from tests.rig.cluster import ControlPlane
from tests.rig.keys import FOLDERS, key_of

AS_OF = datetime(2026, 10, 14, 9, 30, tzinfo=UTC)


def _served(plane: ControlPlane, kind: str) -> list[dict[str, Any]]:
    listed = plane.kubectl("get", kind, "-A", "-o", "json").stdout
    items: list[dict[str, Any]] = json.loads(listed)["items"]
    return items


def test_fleet_is_served_as_it_was_described(fresh_cluster: ControlPlane) -> None:
    objects = demo.objects()
    fresh_cluster.load(objects)
    for kind, resource in (("Node", "nodes"), ("Pod", "pods"), ("Event", "events"), ("DaemonSet", "daemonsets"), ("Job", "jobs"),
                           ("ResourceQuota", "resourcequotas"), ("PodDisruptionBudget", "pdb"), ("Lease", "leases")):  # fmt: skip
        wanted = {(o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in objects if o["kind"] == kind}
        got = {(o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in _served(fresh_cluster, resource)}
        assert wanted.keys() <= got.keys(), kind
        for name, obj in wanted.items():
            assert got[name]["metadata"]["creationTimestamp"] == obj["metadata"]["creationTimestamp"]
            assert got[name]["metadata"]["uid"] == obj["metadata"]["uid"]
    node = next(o for o in _served(fresh_cluster, "nodes") if o["metadata"]["name"] == "h100-003")
    assert (node["status"]["capacity"]["nvidia.com/gpu"], node["status"]["allocatable"]["nvidia.com/gpu"]) == ("8", "7")


def test_custom_kinds_and_devices_are_served(fresh_cluster: ControlPlane) -> None:
    fleet = Fleet.healthy(AS_OF)
    fleet.cluster_queue("research", nominal=32, used=32, pending=1)
    fleet.local_queue("research", "main", "research", pending=1)
    fleet.queued_workload("research", "later", "main", pods=2, gpus=8)
    fleet.declare_driver("h100", "580.105.08", {"pool": "h100"})
    fleet.device_class()
    fleet.slice("h100-004")
    fleet.dra_taint("h100-004", device=3)
    fleet.device_taint_rule("service", "h100-004", "gpu-1")
    fleet.claim("research", "one", node="h100-004")
    fresh_cluster.load(fleet.objects())
    assert _served(fresh_cluster, "clusterqueues")[0]["status"]["pendingWorkloads"] == 1
    assert _served(fresh_cluster, "workloads.kueue.x-k8s.io")[0]["status"]["conditions"][0]["type"] == "QuotaReserved"
    assert _served(fresh_cluster, "nvidiadrivers")[0]["spec"]["version"] == "580.105.08"
    assert _served(fresh_cluster, "clusterpolicies")[0]["status"]["state"] == "ready"
    devices = _served(fresh_cluster, "resourceslices")[0]["spec"]["devices"]
    assert [d["name"] for d in devices if d.get("taints")] == ["gpu-3"]
    assert _served(fresh_cluster, "resourceclaims")[0]["status"]["allocation"]["devices"]["results"][0]["device"] == "gpu-0"
    assert _served(fresh_cluster, "devicetaintrules")[0]["spec"]["deviceSelector"]["device"] == "gpu-1"


def test_cluster_is_empty_between_tests(fresh_cluster: ControlPlane) -> None:
    assert _served(fresh_cluster, "pods") == []
    assert _served(fresh_cluster, "clusterqueues") == []


@pytest.mark.parametrize("kind", sorted(FOLDERS))
def test_key_is_where_the_api_server_looks(fresh_cluster: ControlPlane, kind: str) -> None:
    """Objects made through the API stand at the key that `seed` would write."""
    fleet = Fleet.healthy(AS_OF, nodes=1)
    fleet.quota("research", 8, 8)
    fleet.budget("inference", "chat", 1)
    fleet.priority_class("high", 5)
    fleet.device_class()
    fleet.slice("h100-001")
    fleet.device_taint_rule("service", "h100-001")
    fleet.claim("research", "one")
    fleet.workload("StatefulSet", "search", "index", 1, 0, "cpu", 30)
    fleet.asks_too_much("research")
    made = next((o for o in fleet.objects() if o["kind"] == kind), None) or _bare(kind)
    fresh_cluster.kubectl("create", "namespace", made["metadata"].get("namespace", "default"), check=False)
    meta = {k: v for k, v in made["metadata"].items() if k in {"name", "namespace", "labels"}}
    key = key_of(made)
    assert key is not None
    fresh_cluster.api("POST", fresh_cluster.path_of(made), {**made, "metadata": meta}, check=False)
    assert key in fresh_cluster.etcd_keys(f"/registry/{FOLDERS[kind]}/")


def _bare(kind: str) -> dict[str, Any]:
    specs: dict[str, tuple[str, dict[str, Any]]] = {
        "ConfigMap": ("v1", {"data": {"a": "b"}}),
        "HorizontalPodAutoscaler": ("autoscaling/v2", {"spec": {
            "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"}}}),
        "ResourceClaimTemplate": ("resource.k8s.io/v1", {"spec": {"spec": {"devices": {"requests": [
            {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com"}}]}}}}),
    }  # fmt: skip
    version, more = specs[kind]
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "one", "namespace": "default"}, **more}


def test_user_without_rights_is_refused_and_seen(fresh_cluster: ControlPlane) -> None:
    user, _ = fresh_cluster.as_user([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}])
    start = fresh_cluster.audit_position()
    assert fresh_cluster.kubectl("get", "nodes", user=user).returncode == 0
    refused = fresh_cluster.kubectl("get", "pods", "-A", user=user, check=False)
    assert 'cannot list resource "pods"' in refused.stderr
    seen = {(e["objectRef"]["resource"], e["responseStatus"]["code"]) for e in fresh_cluster.audit_events(user, start) if "objectRef" in e}
    assert {("nodes", 200), ("pods", 403)} <= seen
    fresh_cluster.set_rules(user, [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])
    assert fresh_cluster.kubectl("get", "pods", "-A", user=user).returncode == 0
    assert fresh_cluster.kubectl("get", "nodes", user=user, check=False).returncode != 0


def test_scheduler_binds_and_kwok_runs(scheduling_cluster: ControlPlane) -> None:
    fleet = Fleet(AS_OF, operator=False)
    fleet.pool("h100", nodes=2, product=H100, gpus=8, driver=DRIVER)
    scheduling_cluster.apply(fleet.node(name) for name in fleet.nodes())
    fleet.workload("Deployment", "team-a", "train", 3, 4, "h100", 1, bound=False)
    deployment = fleet.get("Deployment", "train", "team-a")
    scheduling_cluster.kubectl("create", "namespace", "team-a")
    meta = {k: deployment["metadata"][k] for k in ("name", "namespace", "labels")}
    scheduling_cluster.apply([{**deployment, "metadata": meta, "status": {}}])
    deadline = time.monotonic() + 30
    while True:
        pods = _served(scheduling_cluster, "pods")
        if len(pods) == 3 and all(p["status"]["phase"] == "Running" for p in pods):
            break
        assert time.monotonic() < deadline, scheduling_cluster.logs()
        time.sleep(0.2)
    assert {p["spec"]["nodeName"] for p in pods} == set(fleet.nodes())
