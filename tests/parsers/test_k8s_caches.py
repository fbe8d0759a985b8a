"""What is remembered of earlier objects never shows: facts are the same whether an object is read alone or among hundreds."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from gpuctl.parsers.k8s_assembly import Assembly
from gpuctl.parsers.k8s_envelope import parts, portions
from gpuctl.parsers.k8s_protobuf import ProtobufDialect, messages
from tests.parsers.test_k8s_pods import NODE, envelope

PODS = 250
_MOMENTS = ("2026-01-02T03:04:05Z", "2026-01-02T04:04:05Z", "1970-01-01T00:02:03Z", "2250-01-01T00:00:00Z")


def _pod(source: random.Random, number: int) -> dict[str, Any]:
    """A pod put together from few parts, so that most of them repeat, each beside different others."""
    amounts = source.choice(({"cpu": "1"}, {"cpu": "1", "nvidia.com/gpu": "2"}, {"cpu": "250m", "memory": "1Gi"}, {}))
    image = source.choice(("registry.example.com/train:1", "nvcr.io/nvidia/k8s-device-plugin:v0.17.0", "registry.example.com/web:2"))
    container = {"name": "main", "image": image, "resources": {"requests": amounts}}
    spec: dict[str, Any] = {
        "containers": [container] * source.choice((1, 1, 2)),
        "nodeName": source.choice(("node-a", "node-b")),
        "nodeSelector": source.choice(({}, {"pool": "gpu"})),
        "tolerations": source.choice(([], [{"key": "nvidia.com/gpu", "operator": "Exists"}])),
        "priority": source.choice((0, 1000)),
    }
    if source.random() < 0.3:
        policy = source.choice(({}, {"restartPolicy": "Always"}))
        spec["initContainers"] = [
            {"name": "init", "image": image, "resources": {"requests": source.choice(({"cpu": "3"}, amounts))}, **policy}
        ]
    if source.random() < 0.2:
        spec["overhead"] = {"cpu": "500m"}
    started = source.choice(_MOMENTS)
    return {
        "metadata": {
            "name": f"pod-{number}",
            "namespace": source.choice(("a", "b")),
            "creationTimestamp": source.choice(_MOMENTS),
            "labels": source.choice(({"app": "x"}, {"app": "x", "kueue.x-k8s.io/queue-name": "q"}, {})),
            "ownerReferences": source.choice(([], [{"kind": "Job", "name": "train", "controller": True}])),
        },
        "spec": spec,
        "status": {
            "phase": source.choice(("Running", "Pending", "Failed")),
            "startTime": started,
            "conditions": [{"type": "Ready", "status": source.choice(("True", "False")), "lastTransitionTime": started}],
        },
    }


@pytest.mark.parametrize("seed", range(3))
def test_pods_do_not_depend_on_those_before(seed: int) -> None:
    source = random.Random(seed)
    pods = [_pod(source, number) for number in range(PODS)]
    together, by_json, alone = Assembly("c"), Assembly("c"), []
    page = together.add_protobuf_page("Pod", envelope("Pod", *pods))
    assert (page.count, page.continue_token, page.remaining) == (PODS, "more", 7)
    by_json.add_page("Pod", json.dumps({"kind": "PodList", "items": pods}).encode())
    for pod in pods:
        single = Assembly("c")
        single.add_protobuf_page("Pod", envelope("Pod", pod))
        alone += single.finish()["pods"]
    found = together.finish()["pods"]
    assert list(found) == alone
    assert found == by_json.finish()["pods"]
    assert together.newest_stamp == by_json.newest_stamp


def test_nodes_do_not_depend_on_those_before() -> None:
    nodes = [{**NODE, "metadata": {**NODE["metadata"], "name": f"n{number}"}} for number in range(PODS)]
    together, single = Assembly("c"), Assembly("c")
    together.add_protobuf_page("Node", envelope("Node", *nodes))
    single.add_protobuf_page("Node", envelope("Node", nodes[-1]))
    assert together.finish()["nodes"][-1] == single.finish()["nodes"][0]


@pytest.mark.parametrize("seconds", [1, 127, 128, 2**27, 2**28 - 1, 2**28, 2**28 + 1, 1_790_000_000, 2**33 - 1, 2**35 - 1, 2**35, 2**36])
@pytest.mark.parametrize("nanos", [None, 0, 5000])
def test_times_as_protobuf_reads_them(seconds: int, nanos: int | None) -> None:
    time = messages()["Time"](seconds=seconds, **({} if nanos is None else {"nanos": nanos}))
    lost: list[str] = []
    found = ProtobufDialect(lambda part, why: lost.append(why)).moment(time.SerializeToString())
    assert found == datetime.fromtimestamp(seconds, UTC).replace(microsecond=(nanos or 0) // 1000)
    assert not lost


@pytest.mark.parametrize("most", [1, 2, 7, 1000])
def test_portions_hold_each_byte_once(most: int) -> None:
    _, raw = parts(envelope("Node", *[NODE] * 9))
    cut = portions(raw, most)
    assert b"".join(cut) == bytes(raw)
    assert sum(len(messages()["NodeList"].FromString(portion).items) for portion in cut) == 9
    assert all(len(messages()["NodeList"].FromString(portion).items) <= most for portion in cut)


def test_a_page_that_is_cut_off_gives_no_portion() -> None:
    _, raw = parts(envelope("Node", *[NODE] * 9))
    with pytest.raises(IndexError):
        portions(raw[: len(raw) - 3], 2)
