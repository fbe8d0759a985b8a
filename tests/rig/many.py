"""Lines for `ControlPlane.seed_lines`: thousands of nodes and pods of the size that real ones have, made fast.

Each pod is made from one of a few templates by replacing its name and its times, so that 100,000 of 8 kB take seconds. About half of
it is what real pods carry and gpuctl does not need: managedFields, volumes, environment, annotations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.fleet import DRIVER, H100, Fleet
from tests.rig.keys import key_of

AS_OF = datetime(2026, 10, 14, 9, 30, tzinfo=UTC)
POD_BYTES = 8100
NODE_BYTES = 23700
NAMESPACES = 50
SAMPLE = "bench=sample"
"""Label selector of three pods in ten, spread evenly: for clients that would not bear all of them."""
_SPREAD = timedelta(days=7)
"""Pods started at different moments of that long: nothing that reads them can live on times that repeat."""
_FIELD: dict[str, Any] = {"f:type": {}, "f:status": {}, "f:lastProbeTime": {}}
_UNIT = len(json.dumps({"k:field-0000": _FIELD}, separators=(",", ":"))) - 1


def many(nodes: int, pods: int, gpu_nodes: int | None = None, pending: int = 0) -> Iterator[bytes]:
    """Lines of key, tab, JSON: `gpu_nodes` (by default all) with eight GPUs each; pods spread evenly over nodes and 50 namespaces.
    On GPU nodes the first seven pods hold one GPU each, the rest none; `pending` more pods wait for a GPU."""
    with_gpus = nodes if gpu_nodes is None else gpu_nodes
    fleet = Fleet(AS_OF, operator=False)
    fleet.pool("gpu", nodes=1, product=H100, gpus=8, driver=DRIVER)
    fleet.cpu_pool("cpu", nodes=1)
    for number in range(NAMESPACES):
        fleet.namespace(f"team-{number:02d}")
    for obj in fleet.objects():
        if obj["kind"] == "Namespace":
            yield _line(obj)
    bodies = {pool: _ballast(fleet.node(f"{pool}-001"), NODE_BYTES) for pool in ("gpu", "cpu")}
    for number in range(nodes):
        pool = "gpu" if number < with_gpus else "cpu"
        name = _node(number, with_gpus)
        yield b"/registry/minions/%s\t%s\n" % (name, bodies[pool].replace(f"{pool}-001".encode(), name))
    created, started = (k8s.stamp(fleet.ago(hours=hours)).encode() for hours in (30, 29))
    templates = {kind: _pod_template(fleet, kind) for kind in ("gpu", "plain", "pending")}
    moments = [(k8s.stamp(fleet.ago(hours=30) - ago).encode(), k8s.stamp(fleet.ago(hours=29) - ago).encode()) for ago in _moments(pods)]
    each = max(1, pods // nodes) if nodes else pods
    for number in range(pods):
        node = number // each % nodes
        kind = "gpu" if node < with_gpus and number % each < 7 else "plain"
        body = templates[kind].replace(created, moments[number][0]).replace(started, moments[number][1])
        yield _pod(body, number, _node(node, with_gpus))
    for number in range(pods, pods + pending):
        yield _pod(templates["pending"], number, b"")


def _moments(number: int) -> list[timedelta]:
    """So many different times before the fleet's own, in no order."""
    return [timedelta(seconds=index * 7919 % int(_SPREAD.total_seconds())) for index in range(number)]


def _node(number: int, with_gpus: int) -> bytes:
    return b"%s-%05d" % (b"gpu" if number < with_gpus else b"cpu", number)


def _pod(template: bytes, number: int, node: bytes) -> bytes:
    name, namespace = b"worker-%06d" % number, b"team-%02d" % (number % NAMESPACES)
    identity = b"%08x-0000-4000-8000-%012x" % (number, number)
    sample = b"sample" if number % 10 < 3 else b"rest"
    body = template.replace(b"@name@", name).replace(b"@ns@", namespace).replace(b"@uid@", identity).replace(b"@node@", node)
    body = body.replace(b"@sample@", sample)
    return b"/registry/pods/%s/%s\t%s\n" % (namespace, name, body)


def _pod_template(fleet: Fleet, kind: str) -> bytes:
    amounts = {"cpu": "1", "memory": "8Gi"} | ({"nvidia.com/gpu": "1"} if kind != "plain" else {})
    spec: dict[str, Any] = {
        "containers": [
            {"name": "main", "image": "registry.example.com/team/worker:1.0", "resources": {"limits": amounts, "requests": amounts}},
        ],
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    }
    owner = k8s.make("batch/v1", "Job", "worker", fleet.ago(hours=30))
    made = k8s.pod("@name@", "@ns@", fleet.ago(hours=30), spec, labels={"app": "worker", "bench": "@sample@"}, owner=owner)
    if kind == "pending":
        text = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
        made["status"]["conditions"] = [k8s.condition("PodScheduled", "False", fleet.ago(hours=2), "Unschedulable", text)]
    else:
        k8s.run(made, fleet.node("gpu-001"), fleet.ago(hours=29))
        made["spec"]["nodeName"] = "@node@"
    made["metadata"]["uid"] = "@uid@"
    return _ballast(made, POD_BYTES)


def _ballast(obj: dict[str, Any], size: int) -> bytes:
    """The object with managedFields such that its JSON has about `size` bytes."""
    fields: dict[str, Any] = {}
    entry = {"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": obj["metadata"]["creationTimestamp"],
             "fieldsType": "FieldsV1", "fieldsV1": fields, "subresource": "status"}  # fmt: skip
    full = {**obj, "metadata": {**obj["metadata"], "managedFields": [entry]}}
    missing = size - len(json.dumps(full, separators=(",", ":")))
    number = 0
    while missing > 0:
        fields[f"k:field-{number:04d}"] = _FIELD
        missing -= _UNIT
        number += 1
    return json.dumps(full, separators=(",", ":")).encode()


def _line(obj: dict[str, Any]) -> bytes:
    return f"{key_of(obj)}\t{json.dumps(obj)}\n".encode()
