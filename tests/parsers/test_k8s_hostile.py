"""Objects that are not as they should be: never anything but an InputError, never an invented number."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from typing import Any

import pytest

from gpuctl.errors import InputError
from gpuctl.parsers.k8s_assembly import Assembly
from tests.parsers.test_k8s_pods import NODE, POD, envelope

_ODD: tuple[Any, ...] = (None, 0, -1, 2**70, 1.5, "", "${X}", "\x1b[31m", True, [], {}, [None], [[]], {"a": {"b": []}}, ["x", 1], "9" * 80)
_TEMPLATE = {"spec": POD["spec"]}
_META = {"name": "x", "namespace": "n", "creationTimestamp": "2026-01-01T00:00:00Z"}
OBJECTS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "Pod", **POD},
    {"apiVersion": "v1", "kind": "Node", **NODE},
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _META,
        "spec": {"replicas": 2, "template": _TEMPLATE},
        "status": {"replicas": 1},
    },
    {"apiVersion": "batch/v1", "kind": "Job", "metadata": _META, "spec": {"parallelism": 2, "completions": 2, "template": _TEMPLATE}},
    {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": _META,
        "spec": {
            "driver": "d",
            "pool": {"name": "p", "generation": 1},
            "devices": [{"name": "g", "attributes": {"a": {"int": 1}}, "capacity": {"memory": {"value": "1Gi"}}}],
        },
    },
    {
        "apiVersion": "kueue.x-k8s.io/v1beta1",
        "kind": "ClusterQueue",
        "metadata": _META,
        "spec": {"resourceGroups": [{"flavors": [{"name": "f", "resources": [{"name": "nvidia.com/gpu", "nominalQuota": 4}]}]}]},
    },
    {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": _META,
        "involvedObject": {"kind": "Pod", "name": "p"},
        "count": 3,
        "series": {"count": 2},
    },
    {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": _META, "spec": {"hard": {"requests.nvidia.com/gpu": "4"}}},
    {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": _META, "spec": {"selector": {"matchLabels": {"a": "b"}}}},
]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, part in inside for place in ((*path, key), *_places(part, (*path, key)))]


def _changed(whole: dict[str, Any], place: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    found = copy.deepcopy(whole)
    part: Any = found
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = odd
    return found


def test_wrong_types_at_every_place() -> None:
    count = 0
    for whole in OBJECTS:
        for place in _places(whole):
            for odd in _ODD:
                assembly = Assembly()
                with contextlib.suppress(InputError):
                    assembly.add_document(json.dumps(_changed(whole, place, odd)).encode())
                    assembly.finish()
                count += 1
    assert count > 2500


def test_one_bad_object_does_not_lose_the_others() -> None:
    good = {"apiVersion": "v1", "kind": "Pod", **POD}
    bad = {**good, "metadata": {"name": "bad"}, "spec": 7}
    for read in ("document", "page"):
        assembly = Assembly()
        raw = json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [bad, good, 5]}).encode()
        if read == "document":
            assembly.add_document(raw)
        else:
            assembly.add_page("Pod", raw)
        pods = assembly.finish()["pods"]
        assert [pod.name for pod in pods] == ["bad", "train-0"]
        assert {"requests", "cpu", "memory_bytes"} <= pods[0].unknown.keys()
        assert assembly.unrecognised


def test_a_size_of_the_wrong_type_is_unknown() -> None:
    assembly = Assembly()
    assembly.add_object(
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"capacity": [], "allocatable": {"nvidia.com/gpu": "x"}}}
    )
    node = assembly.finish()["nodes"][0]
    assert node.capacity is None
    assert "capacity" in node.unknown
    assert node.allocatable == {}
    assert "allocatable.nvidia.com/gpu" in node.unknown


def test_random_bytes_and_deep_nesting() -> None:
    source = random.Random(7)
    texts = [source.randbytes(source.randrange(200)) for _ in range(2000)]
    texts += [b"[" * 200_000, b'{"kind":"Pod","spec":' * 50_000, b'{"kind":"List","items":' + b"[" * 100_000]
    whole = json.dumps(OBJECTS[0]).encode()
    for _ in range(2000):
        broken = bytearray(whole)
        for _ in range(3):
            broken[source.randrange(len(broken))] = source.randrange(256)
        texts.append(bytes(broken))
    for text in texts:
        assembly = Assembly()
        with contextlib.suppress(InputError):
            assembly.add_document(text)
            assembly.finish()
        with contextlib.suppress(InputError):
            assembly.add_page("Pod", text)


def test_broken_protobuf_bytes() -> None:
    source = random.Random(8)
    whole = envelope("Pod", POD)
    for _ in range(2000):
        broken = bytearray(whole)
        broken[source.randrange(4, len(broken))] = source.randrange(256)
        assembly = Assembly()
        with contextlib.suppress(InputError):
            assembly.add_protobuf_page("Pod", bytes(broken))
            assembly.finish()


def test_secrets_are_never_read() -> None:
    assembly = Assembly()
    assembly.add_object({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"k": "canary"}})
    assert assembly.finish() == {}
    assert assembly.skipped == {"Secret": 1}


@pytest.mark.parametrize("text", [b"5", b"[]", b"{}", b'{"kind": 3}', b'"Pod"'])
def test_no_object(text: bytes) -> None:
    with pytest.raises(InputError):
        Assembly().add_document(text)
