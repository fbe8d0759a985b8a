"""Pods that a real scheduler cannot place and controllers that cannot go on: their own words, folded, on the right finding."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gpuctl.demo.fleet import DRIVER, H100, Fleet
from tests.e2e.command import doctor, printed_rules
from tests.rig.cluster import ControlPlane

TOLERATIONS = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
LONG = timedelta(minutes=45)
"""Longer than pods may wait, shorter than events are believed."""


def eventually(holds: Callable[[], Any], what: str, plane: ControlPlane, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}\n{plane.logs()}"
        time.sleep(0.1)


def body(gpus: int = 0, **spec: Any) -> dict[str, Any]:
    """A pod's spec; by default it tolerates the GPU taint."""
    amounts = {"cpu": "1", "memory": "1Gi"} | ({"nvidia.com/gpu": str(gpus)} if gpus else {})
    container = {"name": "main", "image": "registry.example.com/worker:1", "resources": {"limits": amounts, "requests": amounts}}
    return {"containers": [container], "tolerations": TOLERATIONS, **spec}


def pod(name: str, spec: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "research", **meta}, "spec": spec}


def deployment(name: str, replicas: int, spec: dict[str, Any]) -> dict[str, Any]:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "research"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def job(name: str, namespace: str, pods: int, spec: dict[str, Any]) -> dict[str, Any]:
    template = {"spec": {**spec, "restartPolicy": "Never"}}
    work = {"parallelism": pods, "completions": pods, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": namespace}, "spec": work}


def claim(name: str, devices: int) -> list[dict[str, Any]]:
    """A claim for devices and the pod that uses it."""
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "allocationMode": "ExactCount", "count": devices}}
    meta = {"name": name, "namespace": "research"}
    spec = body(resourceClaims=[{"name": "gpu", "resourceClaimName": name}])
    spec["containers"][0]["resources"]["claims"] = [{"name": "gpu"}]
    return [
        {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": meta, "spec": {"devices": {"requests": [request]}}},
        pod(name, spec),
    ]


def slice_of(node: str, tainted: bool = False) -> dict[str, Any]:
    """Two GPUs of a node that DRA alone serves."""
    devices: list[dict[str, Any]] = [{"name": f"gpu-{number}", "attributes": {"type": {"string": "gpu"}}} for number in range(2)]
    if tainted:
        for device in devices:
            device["taints"] = [{"key": "gpu.nvidia.com/xid", "value": "79", "effect": "NoSchedule"}]
    pool = {"name": node, "generation": 1, "resourceSliceCount": 1}
    spec = {"driver": "gpu.nvidia.com", "nodeName": node, "devices": devices, "pool": pool}
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": node}, "spec": spec}


def nodes() -> list[dict[str, Any]]:
    """Four nodes with a device plugin, two that DRA serves, one without GPUs."""
    fleet = Fleet(datetime.now(UTC), operator=False)
    fleet.pool("h100", nodes=4, product=H100, gpus=8, driver=DRIVER)
    fleet.pool("dra", nodes=2, product=H100, gpus=2, driver=DRIVER)
    fleet.cpu_pool("cpu", nodes=1)
    for name in fleet.nodes("dra"):
        for amounts in fleet.node(name)["status"]["capacity"], fleet.node(name)["status"]["allocatable"]:
            del amounts["nvidia.com/gpu"]
        fleet.node(name)["metadata"]["labels"]["nvidia.com/gpu.deploy.device-plugin"] = "false"
    return [fleet.node(name) for name in fleet.nodes()]


@pytest.fixture(scope="module")
def cluster(scheduling_cluster: ControlPlane) -> Iterator[ControlPlane]:
    """GPUs full of a Deployment's pods; then everything that cannot be placed or made, each for a reason of its own."""
    plane = scheduling_cluster
    plane.clear()
    for name in ("research", "students"):
        plane.kubectl("create", "namespace", name)
    plane.apply(nodes())
    plane.kubectl("cordon", "h100-004")
    device_class = {"selectors": [{"cel": {"expression": "device.driver == 'gpu.nvidia.com'"}}]}
    plane.apply([
        {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu.nvidia.com"}, "spec": device_class},
        slice_of("dra-001"),
        slice_of("dra-002", tainted=True),
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus", "namespace": "students"},
         "spec": {"hard": {"requests.nvidia.com/gpu": "4"}}},
        deployment("serve", 3, body(8, nodeSelector={"pool": "h100"})),
        *claim("holds-two", 2),
    ])  # fmt: skip
    running = "status.phase=Running"
    eventually(lambda: len(plane.kubectl("get", "pods", "-A", "-o", "name", "--field-selector", running).stdout.split()) == 4,
               "three pods of the Deployment and one with a claim run", plane)  # fmt: skip
    eventually(lambda: _quota(plane).get("status", {}).get("hard"), "the quota is counted", plane)
    plane.apply([
        job("next", "research", 1, body(8, nodeSelector={"pool": "h100"})),
        pod("sixteen", body(16)),
        pod("elsewhere", body(1, nodeSelector={"pool": "b200"})),
        pod("intolerant", body(1, nodeSelector={"pool": "h100"}, tolerations=[])),
        *claim("wants-one", 1),
        *claim("wants-three", 3),
        job("thesis", "students", 2, body(4)),
    ])  # fmt: skip
    holder = plane.api("GET", "/api/v1/namespaces/research/pods?labelSelector=app%3Dserve")["items"][0]["metadata"]
    kept = {"metadata": {"finalizers": ["example.com/never"]}}
    plane.kubectl("patch", "pod", "-n", "research", holder["name"], "--type=merge", "-p", json.dumps(kept))
    plane.kubectl("delete", "pod", "-n", "research", holder["name"], "--wait=false")
    eventually(lambda: _unschedulable(plane) >= {"sixteen", "elsewhere", "intolerant", "wants-one", "wants-three"},
               "the scheduler has judged all pods", plane)  # fmt: skip
    eventually(lambda: "FailedCreate" in plane.kubectl("get", "events", "-n", "students").stdout, "the job lacks a pod", plane)
    yield plane
    plane.kubectl("patch", "pod", "-n", "research", holder["name"], "--type=merge", "-p", json.dumps({"metadata": {"finalizers": None}}))
    plane.kubectl("delete", "deployments,jobs,pods", "-A", "--all", "--timeout=30s")
    plane.clear()


def _quota(plane: ControlPlane) -> dict[str, Any]:
    quota: dict[str, Any] = plane.api("GET", "/api/v1/namespaces/students/resourcequotas/gpus")
    return quota


def _unschedulable(plane: ControlPlane) -> set[str]:
    """Names of the pods of which the scheduler has said that they fit nowhere."""
    pods = plane.api("GET", "/api/v1/namespaces/research/pods")["items"]
    return {
        item["metadata"]["name"]
        for item in pods
        if any(c["type"] == "PodScheduled" and c["status"] == "False" for c in item["status"].get("conditions", []))
    }


@pytest.fixture(scope="module")
def reader(cluster: ControlPlane) -> Path:
    return cluster.as_user(printed_rules())[1]


@pytest.fixture(scope="module")
def report(cluster: ControlPlane, reader: Path) -> dict[str, Any]:
    """As the cluster would be judged after some time like this."""
    return doctor("--kubeconfig", reader, "--now", (datetime.now(UTC) + LONG).isoformat()).report


def about(report: dict[str, Any], code: str, name: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        row for row in report["findings"] if row["code"] == code and (row["subject"]["name"] or "").startswith(name)
    ]
    assert len(rows) == 1, [(row["code"], row["subject"]["name"], row["message"]) for row in report["findings"]]
    return rows[0]


def said_by_scheduler(plane: ControlPlane, namespace: str, name: str) -> str:
    """The scheduler's own message about a pod."""
    pods = plane.api("GET", f"/api/v1/namespaces/{namespace}/pods")["items"]
    item = next(item for item in pods if item["metadata"]["name"].startswith(name))
    return next(str(c["message"]) for c in item["status"]["conditions"] if c["type"] == "PodScheduled")


def parts(message: str) -> set[str]:
    """The counted reasons of a scheduler's message, without its tail."""
    return set(message.partition(" available: ")[2].partition(". preemption:")[0].split(", "))


@pytest.mark.parametrize("name", ["sixteen", "elsewhere", "intolerant", "wants-three"])
def test_request_that_no_node_meets_is_told_with_the_schedulers_words(cluster: ControlPlane, report: dict[str, Any], name: str) -> None:
    found = about(report, "pod-request-unsatisfiable", name)
    why = {
        "sixteen": "asks for nvidia.com/gpu 16, and no node has more than 8",
        "elsewhere": "node selector pool=b200 matches no node",
        "intolerant": "nvidia.com/gpu",
        "wants-three": "claims 3 of device class gpu.nvidia.com",
    }
    assert why[name] in found["message"]
    told = found["evidence"][0]["source"]
    assert parts(told.rstrip(".")) == parts(said_by_scheduler(cluster, "research", name))
    assert "preemption" not in told
    assert not [row for row in report["findings"] if row["code"] == "pod-pending-long" and row["subject"]["name"] == name]


@pytest.mark.parametrize(
    ("namespace", "name", "reason"),
    [
        ("research", "next", "3 Insufficient nvidia.com/gpu"),
        ("research", "wants-one", "6 cannot allocate all claims"),
        ("students", "thesis", "6 Insufficient nvidia.com/gpu"),
    ],
)
def test_long_wait_folds_the_schedulers_reasons(
    cluster: ControlPlane, report: dict[str, Any], namespace: str, name: str, reason: str
) -> None:
    message = about(report, "pod-pending-long", name)["message"]
    assert reason in message
    assert "waits for 45m" in message
    assert parts(message.rstrip(".")) == parts(said_by_scheduler(cluster, namespace, name))


def test_quota_tells_of_pods_that_the_controller_could_not_make(report: dict[str, Any]) -> None:
    found = about(report, "quota-below-demand", "gpus")
    assert (found["subject"]["kind"], found["subject"]["namespace"]) == ("queue", "students")
    assert "4 used, 4 more refused for Job thesis" in found["message"]
    item = next(item for item in report["advice"] if found["id"] in item["findings"])
    assert any("requests.nvidia.com/gpu" in (step["command"] or "") and "8" in step["command"] for step in item["steps"])


def test_pod_that_never_ends_blocks_its_successor(report: dict[str, Any]) -> None:
    assert "holds nvidia.com/gpu 8" in about(report, "pod-stuck-terminating", "serve-")["message"]
    assert about(report, "pod-pending-long", "serve-")["severity"] == "medium"


def test_device_taint_and_cordon_are_told(report: dict[str, Any]) -> None:
    assert "gpu-0, gpu-1" in about(report, "dra-device-tainted", "dra-002")["message"]
    assert "8 idle GPUs behind a cordon" in about(report, "gpu-node-out-of-service", "h100-004")["message"]


def test_nothing_else_is_called_a_fault(report: dict[str, Any]) -> None:
    codes = sorted(row["code"] for row in report["findings"] if row["severity"] not in {"low", "info"})
    assert codes == sorted([
        *["pod-request-unsatisfiable"] * 4, *["pod-pending-long"] * 4, "pod-stuck-terminating", "quota-below-demand",
        "dra-device-tainted", "gpu-node-out-of-service",
    ])  # fmt: skip
    assert {row["crashed"] for row in report["outcomes"]} == {0}


def test_waits_are_silent_while_they_are_short(reader: Path) -> None:
    """The same cluster at its own time: what waits has waited for seconds, and nothing terminates late."""
    codes = {row["code"] for row in doctor("--kubeconfig", reader).report["findings"] if row["severity"] not in {"low", "info"}}
    assert codes == {"pod-request-unsatisfiable", "quota-below-demand", "dra-device-tainted"}


def test_finished_rollout_leaves_no_trace(cluster: ControlPlane, reader: Path) -> None:
    """A Deployment of the real controller, updated: old and new pods side by side are no finding."""
    spec = body(nodeSelector={"pool": "cpu"})
    cluster.apply([deployment("web", 4, spec)])
    eventually(lambda: _ready(cluster, "web") == 4, "the Deployment is ready", cluster)
    cluster.kubectl("set", "env", "-n", "research", "deployment/web", "VERSION=2")
    during = doctor("--kubeconfig", reader).report
    eventually(lambda: _ready(cluster, "web") == 4, "the update is through", cluster)
    after = doctor("--kubeconfig", reader).report
    for told in (during, after):
        assert not [row for row in told["findings"] if (row["subject"]["name"] or "").startswith("web")]


def _ready(plane: ControlPlane, name: str) -> int:
    """Updated pods of a Deployment that are ready, once its controller has seen the newest template."""
    item = plane.api("GET", f"/apis/apps/v1/namespaces/research/deployments/{name}")
    status = item.get("status", {})
    if status.get("observedGeneration") != item["metadata"]["generation"] or status.get("replicas") != status.get("updatedReplicas"):
        return 0
    return int(status.get("readyReplicas", 0))
