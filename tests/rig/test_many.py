"""The big fleet for measurements has the size and shape that it says."""

from __future__ import annotations

import json

from tests.rig.cluster import ControlPlane
from tests.rig.many import NODE_BYTES, POD_BYTES, many


def test_objects_have_the_size_of_real_ones() -> None:
    lines = [line.partition(b"\t") for line in many(nodes=10, pods=200, gpu_nodes=2, pending=3)]
    pods = [(key, json.loads(body), len(body)) for key, _, body in lines if key.startswith(b"/registry/pods/")]
    nodes = [(json.loads(body), len(body)) for key, _, body in lines if key.startswith(b"/registry/minions/")]
    assert (len(nodes), len(pods), len({key for key, _, _ in pods})) == (10, 203, 203)
    assert all(abs(size - POD_BYTES) < 200 for _, _, size in pods)
    assert all(abs(size - NODE_BYTES) < 200 for _, size in nodes)
    assert sum("nvidia.com/gpu" in node["status"]["capacity"] for node, _ in nodes) == 2
    bound = [p for _, p, _ in pods if p["spec"].get("nodeName")]
    holders = [p for p in bound if "nvidia.com/gpu" in p["spec"]["containers"][0]["resources"]["requests"]]
    assert {p["spec"]["nodeName"] for p in holders} == {"gpu-00000", "gpu-00001"}
    assert len(holders) == 14
    assert sum(p["status"]["phase"] == "Pending" for _, p, _ in pods) == 3


def test_api_server_serves_them(fresh_cluster: ControlPlane) -> None:
    fresh_cluster.seed_lines(many(nodes=20, pods=400))
    pods = json.loads(fresh_cluster.kubectl("get", "pods", "-A", "-o", "json", "--show-managed-fields").stdout)["items"]
    assert len(pods) == 400
    assert {p["spec"]["nodeName"] for p in pods} == {f"gpu-{i:05d}" for i in range(20)}
    assert pods[0]["metadata"]["managedFields"]
