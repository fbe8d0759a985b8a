"""The facts document: every key, null with its reason, whole numbers as integers, valid against its schema."""

from __future__ import annotations

import json

import jsonschema

from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Pod, Workload
from gpuctl.reports import facts_v1
from gpuctl.reports.report import AsOf


def test_document() -> None:
    node = Node(name='n":1.0,', capacity={"nvidia.com/gpu": 8.0, "cpu": 7.91}, unknown={"driver": "ssh: refused"})
    raw = facts_v1.document(Snapshot(nodes=(node,)), AsOf(time=None, basis="newest_stamp"), "9")
    document = json.loads(raw)
    assert raw.startswith(b'{"schema":"gpuctl.facts/v1","tool":{"version":"9"},"taken_at":null,"as_of":')
    assert raw.endswith(b"}\n")
    assert b'"nvidia.com/gpu":8}' in raw
    (shown,) = document["nodes"]
    assert (shown["name"], shown["capacity"]) == ('n":1.0,', {"cpu": 7.91, "nvidia.com/gpu": 8})
    assert shown["driver"] is None
    assert shown["unknown"]["driver"] == "ssh: refused"
    assert shown["gpus"] is None
    assert shown["unknown"]["gpus"]
    for key in ("pods", "workloads", "queues", "quotas", "k8s_events", "hardware_events", "images", "resource_slices", "slurm"):
        assert document[key] is None
        assert document["unknown"][key]
    jsonschema.validate(document, facts_v1.json_schema())


def test_a_number_that_nobody_measured_is_null() -> None:
    reasons = {"cpu": "not told", "requests": "no quantity"}
    pods = (Pod(name="a", unknown=reasons), Pod(name="b", cpu=0.0, requests={"nvidia.com/gpu": 2.0}, unknown={"requests.amd.com/gpu": "?"}))
    raw = facts_v1.document(Snapshot(pods=pods), AsOf(time=None, basis="newest_stamp"), "9")
    document = json.loads(raw)
    first, second = document["pods"]
    assert (first["cpu"], first["requests"], first["memory_bytes"]) == (None, None, 0)
    assert first["unknown"].items() >= reasons.items()
    assert (second["cpu"], second["requests"]) == (0, {"nvidia.com/gpu": 2})
    jsonschema.validate(document, facts_v1.json_schema())


def test_nulls_of_pods_and_workloads_have_reasons() -> None:
    pods = (Pod(name="waits", namespace="a", phase="Pending"), Pod(name="told-of", unknown={"owner": "an event names it"}))
    snapshot = Snapshot(pods=pods, workloads=(Workload(kind="Job", name="j", namespace="a"),))
    document = json.loads(facts_v1.document(snapshot, AsOf(time=None, basis="newest_stamp"), "9"))
    waits, told = document["pods"]
    assert waits["unknown"]["node"] == "it is bound to no node"
    assert waits["unknown"]["owner"] == "no controller owns it"
    assert (told["unknown"]["owner"], told["unknown"]["node"]) == ("an event names it", "no source that was read tells it")
    for pod in document["pods"]:
        for key in ("namespace", "name", "node", "phase", "owner", "devices"):
            assert pod[key] is not None or pod["unknown"][key]
    (job,) = document["workloads"]
    assert [key for key, value in job.items() if value is None and not job["unknown"].get(key)] == []
