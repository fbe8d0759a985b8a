"""Thousands of broken objects and pages: facts or an InputError, nothing else, and never a negative amount."""

from __future__ import annotations

import json
import random
from typing import Any

from gpuctl.errors import InputError
from gpuctl.parsers.k8s_assembly import Assembly
from tests.conformance import test_variants
from tests.parsers import test_k8s_hostile
from tests.parsers.test_k8s_pods import NODE, POD, envelope

OBJECTS: list[dict[str, Any]] = [*test_k8s_hostile.OBJECTS, *(item for item, _, _ in test_variants.OBJECTS.values())]
MUTATIONS = 20_000
BATCH = 50
"""Objects in one assembly: what is broken in one must not lose the others."""
_ODD: tuple[Any, ...] = (
    None,
    -1,
    2**70,
    1.5,
    "",
    "${X}",
    True,
    [],
    {},
    [None],
    [[]],
    {"a": {"b": []}},
    ["x", 1],
    "1e999",
    "9" * 80,
)
_SPLICES = (b"\xff", b"\x00", b'"', b"{", b"}", b"[", b"]", b",", b"-", b"e9", b"null", b"\\u0000", b"\\ud800", b"1" * 40)


def _mutated(value: Any, source: random.Random, depth: int = 0) -> Any:
    """A copy in which one place is another: walks down at random and changes where it stops."""
    if depth and (source.random() < 0.15 or not value or not isinstance(value, (dict, list))):
        return source.choice(_ODD)
    if isinstance(value, dict):
        key = source.choice(list(value))
        found = dict(value)
        if depth and source.random() < 0.05:
            found[source.choice(("", "x" * 300, "\u202e", "items", "kind"))] = found.pop(key)
        else:
            found[key] = _mutated(value[key], source, depth + 1)
        return found
    place = source.randrange(len(value))
    return [*value[:place], _mutated(value[place], source, depth + 1), *value[place + 1 :]]


def _sound(facts: dict[str, tuple[Any, ...]]) -> None:
    for pod in facts.get("pods", ()):
        assert all(amount > 0 for amount in pod.requests.values())
        assert pod.cpu >= 0
    for node in facts.get("nodes", ()):
        assert all(amount >= 0 for amount in (node.capacity or {}).values())


def test_objects_with_one_place_changed() -> None:
    source = random.Random(11)
    kept = 0
    for _ in range(MUTATIONS // BATCH):
        items = [_mutated(source.choice(OBJECTS), source) for _ in range(BATCH)]
        assembly = Assembly()
        try:
            assembly.add_document(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}).encode())
            facts = assembly.finish()
        except InputError:
            continue
        _sound(facts)
        kept += sum(map(len, facts.values()))
    assert kept > MUTATIONS / 3


def test_documents_with_bytes_changed() -> None:
    source = random.Random(12)
    texts = [json.dumps(item).encode() for item in OBJECTS]
    read = 0
    for _ in range(MUTATIONS):
        broken = bytearray(source.choice(texts))
        for _ in range(source.randrange(1, 4)):
            place = source.randrange(len(broken))
            broken[place : place + source.randrange(0, 3)] = source.choice(_SPLICES)
        assembly = Assembly()
        try:
            assembly.add_document(bytes(broken))
            _sound(assembly.finish())
            read += 1
        except InputError:
            pass
    assert 0 < read < MUTATIONS


def test_protobuf_pages_with_bytes_changed() -> None:
    source = random.Random(13)
    pages = [("Pod", envelope("Pod", POD)), ("Node", envelope("Node", NODE))]
    read = 0
    assembly = Assembly()
    for number in range(MUTATIONS):
        kind, whole = source.choice(pages)
        broken = bytearray(whole)
        for _ in range(source.randrange(1, 4)):
            place = source.randrange(4, len(broken))
            if source.random() < 0.3:
                del broken[place : place + source.randrange(1, 9)]
            else:
                broken[place] = source.randrange(256)
        try:
            assembly.add_protobuf_page(kind, bytes(broken))
            read += 1
        except InputError:
            pass
        if number % BATCH == 0:
            _sound(assembly.finish())
            assembly = Assembly()
    assert 0 < read < MUTATIONS


def test_pages_cut_off_anywhere() -> None:
    whole = envelope("Pod", POD)
    for end in range(len(whole)):
        try:
            Assembly().add_protobuf_page("Pod", whole[:end])
        except InputError:
            continue
