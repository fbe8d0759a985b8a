"""Where few nodes have GPUs, pods are asked for node by node: the same report from a fraction of the bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.fleet import Fleet
from gpuctl.sources.kubernetes.podplan import PodPlan, plan_pods
from tests.e2e.command import Answer, gpuctl, printed_rules
from tests.rig.cluster import ControlPlane
from tests.rig.many import AS_OF, many

NODES, WITH_GPUS, PODS = 1000, 100, 6000
_TOLD = re.compile(r"^pods: (\d+) requests, \d+ retries, (\d+) objects, (\d+) bytes", re.MULTILINE)


def troubled() -> list[dict[str, Any]]:
    """Pods with troubles of their own, on GPU nodes of the many and nowhere."""
    fleet = Fleet(AS_OF, operator=False)
    made = []
    for number, name in enumerate(("ends-never", "sound", "loops")):
        amounts = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}
        spec = {"containers": [{"name": "main", "image": "x", "resources": {"limits": amounts, "requests": amounts}}]}
        owner = k8s.make("batch/v1", "Job", "family", fleet.ago(hours=30))
        pod = k8s.pod(name, "team-00", fleet.ago(hours=30), spec, owner=None if name == "sound" else owner)
        k8s.run(pod, {"metadata": {"name": f"gpu-{number:05d}"}, "status": {"addresses": [{"address": "10.0.0.1"}]}}, fleet.ago(hours=29))
        made.append(fleet.add(pod))
    made[0]["metadata"] |= {"deletionTimestamp": k8s.stamp(fleet.ago(hours=9)), "deletionGracePeriodSeconds": 30}
    fleet.crash(made[2], hours=3)
    fleet.asks_too_much("team-01")
    return [obj for obj in fleet.objects() if obj["kind"] not in {"Namespace", "Job"}]


@pytest.fixture(scope="module")
def reader(control_plane: ControlPlane) -> Iterator[Path]:
    control_plane.clear()
    control_plane.seed_lines(many(NODES, PODS, gpu_nodes=WITH_GPUS, pending=3))
    control_plane.seed(troubled())
    yield control_plane.as_user(printed_rules())[1]
    control_plane.clear()


def read(reader: Path, monkeypatch: pytest.MonkeyPatch, cheap: bool) -> tuple[dict[str, Any], int, int]:
    """Report, requests and bytes for pods; node by node when `cheap`."""
    asked = []

    def plan(with_gpus: list[str] | None, pods: int) -> PodPlan:
        asked.append((with_gpus, pods))
        return plan_pods(with_gpus, 10**9 if cheap else 0)

    monkeypatch.setattr("gpuctl.sources.kubernetes.reading.plan_pods", plan)
    answer: Answer = gpuctl("doctor", "-v", "-o", "json", "--kubeconfig", reader, "--now", AS_OF.isoformat())
    ((with_gpus, pods),) = asked
    assert with_gpus is not None
    assert (len(with_gpus), pods) == (WITH_GPUS, PODS + 3 + 4)
    told = _TOLD.search(answer.err)
    assert told is not None, answer.err
    return answer.report, int(told[1]), int(told[3])


def test_the_report_is_the_same_either_way(reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, requests, everything = read(reader, monkeypatch, cheap=False)
    by_node, many_requests, some = read(reader, monkeypatch, cheap=True)
    assert requests < 10 < WITH_GPUS < many_requests
    assert some < everything / 5
    for key in ("findings", "advice", "outcomes", "summary"):
        assert json.dumps(by_node[key]) == json.dumps(whole[key]), key
    codes = {row["code"] for row in whole["findings"]}
    assert {"pod-stuck-terminating", "pod-without-controller", "pod-pending-long", "pod-request-unsatisfiable"} <= codes
    assert "100 nodes with GPUs" in by_node["sources"][0]["reason"]
    assert whole["sources"][0]["state"] == by_node["sources"][0]["state"] == "ok"
