"""What the API server, or what stands before it, can do wrong while it is read."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from gpuctl.errors import SourceError
from gpuctl.sources import kubernetes
from gpuctl.sources.kubernetes.client import pause_seconds
from tests.patience import room
from tests.rig.fake_api import FakeApi, Reply, Request, listing, status
from tests.sources.kubernetes.conftest import Read, node, pod

PODS, NODES, EVENTS = "/api/v1/pods", "/api/v1/nodes", "/api/v1/events"


def in_turn(*replies: Reply):  # type: ignore[no-untyped-def]
    """The first reply first; the last one for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def names(objects: object) -> list[str]:
    return [one.name for one in objects]  # type: ignore[attr-defined]


def test_reads_what_is_there(api: FakeApi, read: Read) -> None:
    api.on(NODES, lambda _: listing("Node", [node("gpu-0"), node("gpu-1")]))
    api.on(PODS, lambda _: listing("Pod", [pod("train", "gpu-0")]))
    snapshot = read()
    assert names(snapshot.nodes) == ["gpu-0", "gpu-1"]
    assert names(snapshot.pods) == ["train"]
    assert set(snapshot.unknown) == {"sharing_configs"}  # no ClusterPolicy names one
    assert snapshot.complete
    assert snapshot.cluster.version == "v1.37.2"
    assert snapshot.cluster.scope is None
    assert snapshot.resource_slices == ()  # not served: known to be none
    assert snapshot.sources[0].state == "ok"
    assert snapshot.sources[0].asked == snapshot.sources[0].answered


def test_a_second_reading_in_one_process(api: FakeApi, tmp_path: Path) -> None:
    """No module of the package may take the name of its function."""
    for _ in range(2):
        assert kubernetes.collect(kubernetes.Options(kubeconfig=api.kubeconfig(tmp_path / "config"))).nodes == ()


def test_pages_are_followed(api: FakeApi, read: Read) -> None:
    pages = {"": listing("Node", [node("a")], "t1"), "t1": listing("Node", [node("b")], "t2"), "t2": listing("Node", [node("c")])}
    api.on(NODES, lambda request: pages[request.query.get("continue", "")])
    assert names(read().nodes) == ["a", "b", "c"]


def test_storm_of_429_is_waited_out_as_the_server_says(api: FakeApi, read: Read) -> None:
    storm = [Reply(429, b"slow down", {"Retry-After": "0"})] * 6
    api.on(NODES, in_turn(*storm, listing("Node", [node("a")])))
    assert names(read().nodes) == ["a"]
    assert len(api.asked(NODES)) == 7


def test_retry_after_beyond_the_deadline_is_not_waited_for(api: FakeApi, read: Read) -> None:
    api.on(NODES, lambda _: Reply(429, b"{}", {"Retry-After": "60"}))
    start = time.monotonic()
    snapshot = read(seconds=30)
    assert time.monotonic() - start < room(3)
    assert snapshot.nodes is None
    assert "429" in snapshot.unknown["nodes"]
    assert "deadline" in snapshot.unknown["nodes"]


def test_server_errors_are_retried_and_given_up(api: FakeApi, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuctl.sources.kubernetes.client.pause_seconds", lambda *_: 0.01)
    api.on(NODES, in_turn(Reply(503, b"starting"), listing("Node", [node("a")])))
    api.on(EVENTS, lambda _: status(500, "etcd is gone"))
    snapshot = read()
    assert names(snapshot.nodes) == ["a"]
    assert "etcd is gone" in snapshot.unknown["k8s_events"]
    assert snapshot.k8s_events is None
    assert snapshot.sources[0].state == "partial"


def test_pauses_grow_and_are_the_same_each_time() -> None:
    pauses = [pause_seconds("/api/v1/pods", attempt) for attempt in range(1, 9)]
    assert pauses == [pause_seconds("/api/v1/pods", attempt) for attempt in range(1, 9)]
    assert 0.3 < pauses[0] < 0.7
    assert 5 < pauses[-1] < 11
    assert pause_seconds("/a", 1) != pause_seconds("/b", 1)


def test_expired_token_goes_on_where_the_server_offers(api: FakeApi, read: Read) -> None:
    def serve(request: Request) -> Reply:
        token = request.query.get("continue", "")
        if token == "old":
            return status(410, "The provided continue parameter is too old", "Expired", **{"continue": "new"})
        return listing("Pod", [pod("b", "x")]) if token == "new" else listing("Pod", [pod("a", "x")], "old")

    api.on(PODS, serve)
    snapshot = read()
    assert names(snapshot.pods) == ["a", "b"]
    assert "pods" not in snapshot.unknown


def test_expired_token_without_another_starts_over_and_counts_nothing_twice(api: FakeApi, read: Read) -> None:
    expired: list[int] = []

    def serve(request: Request) -> Reply:
        if not request.query.get("continue"):
            return listing("Pod", [pod("a", "x")], "more") if request.query["limit"] != "1" else listing("Pod", [pod("a", "x")])
        if not expired:
            expired.append(1)
            return status(410, "too old", "Expired")
        return listing("Pod", [pod("b", "x")])

    api.on(PODS, serve)
    assert names(read().pods) == ["a", "b"]


def test_tokens_that_expire_for_ever_leave_a_part_that_is_called_one(api: FakeApi, read: Read) -> None:
    gone = status(410, "too old", "Expired", **{"continue": "x"})
    api.on(PODS, lambda request: gone if request.query.get("continue") else listing("Pod", [pod("a", "x")], "x"))
    snapshot = read()
    assert names(snapshot.pods) == ["a"]
    assert "410" in snapshot.unknown["pods"]


def test_cut_connection_is_tried_again(api: FakeApi, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuctl.sources.kubernetes.client.pause_seconds", lambda *_: 0.01)
    whole = listing("Node", [node("a")])
    api.on(NODES, in_turn(Reply(body=whole.body, cut=40), whole))
    api.on(EVENTS, lambda _: Reply(body=whole.body, cut=40))
    snapshot = read()
    assert names(snapshot.nodes) == ["a"]
    assert "broke" in snapshot.unknown["k8s_events"]


def test_stalled_connection_costs_its_timeout_and_no_more(api: FakeApi, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuctl.sources.kubernetes.client.pause_seconds", lambda *_: 0.01)
    api.on(NODES, in_turn(Reply(stall=60), listing("Node", [node("a")])))
    start = time.monotonic()
    assert names(read(request_timeout_seconds=0.3).nodes) == ["a"]
    assert time.monotonic() - start < room(3)


@pytest.mark.parametrize(
    "body",
    [b"<html>login</html>", b"", b"\xff\xfe\x00", b'{"items": 7, "metadata": []}', b"k8s\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"],
)
def test_garbage_is_unknown_with_its_reason(api: FakeApi, read: Read, body: bytes) -> None:
    api.on(NODES, lambda _: Reply(body=body))
    snapshot = read()
    assert snapshot.nodes is None
    assert "nodes" in snapshot.unknown
    assert snapshot.pods == ()


def test_slow_server_ends_at_the_deadline(api: FakeApi, read: Read) -> None:
    api.on(NODES, lambda _: listing("Node", [node("a")]))
    api.on(EVENTS, lambda _: Reply(stall=60))
    start = time.monotonic()
    snapshot = read(seconds=room(1.5))
    assert time.monotonic() - start < room(2.5)
    assert names(snapshot.nodes) == ["a"]
    assert "deadline" in snapshot.unknown["k8s_events"]
    assert not snapshot.complete
    assert not snapshot.interrupted


def test_stop_ends_within_a_second_with_what_is_known(api: FakeApi, read: Read) -> None:
    api.on(NODES, lambda _: listing("Node", [node("a")]))
    api.on(EVENTS, lambda _: Reply(stall=60))
    stop = threading.Event()
    threading.Timer(room(1.0), stop.set).start()
    start = time.monotonic()
    snapshot = read(stop=stop)
    assert time.monotonic() - start < room(2)
    assert snapshot.interrupted
    assert names(snapshot.nodes) == ["a"]
    assert "interrupted" in snapshot.unknown["k8s_events"]


def test_stop_before_the_first_answer(api: FakeApi, read: Read) -> None:
    api.on("/version", lambda _: Reply(stall=60))
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    start = time.monotonic()
    snapshot = read(stop=stop)
    assert time.monotonic() - start < room(1.3)
    assert snapshot.interrupted
    assert "interrupted" in snapshot.unknown["nodes"]


@pytest.mark.parametrize("code", [406, 415])
def test_refused_protobuf_is_asked_for_as_json(api: FakeApi, read: Read, code: int) -> None:
    def serve(request: Request) -> Reply:
        refused = any("protobuf" in value for value in request.header("Accept"))
        return status(code, "only JSON") if refused else listing("Node", [node("a")])

    api.on(NODES, serve)
    assert names(read().nodes) == ["a"]


def refuse(resource: str) -> Reply:
    return status(
        403, f'{resource} is forbidden: User "reader" cannot list resource "{resource}" in API group "" at the cluster scope', "Forbidden"
    )


def test_refusal_names_the_missing_rule_and_the_command(api: FakeApi, read: Read) -> None:
    api.on(EVENTS, lambda _: refuse("events"))
    api.on("/api/v1/namespaces/team-a/events", lambda _: refuse("events"))
    snapshot = read()
    reason = snapshot.unknown["k8s_events"]
    assert 'resources ["events"]' in reason
    assert 'verbs ["get", "list"]' in reason
    assert "gpuctl rbac" in reason
    assert 'User "reader"' in reason
    assert snapshot.k8s_events is None
    assert snapshot.cluster.scope is None


def test_rights_in_one_namespace_read_that_namespace(api: FakeApi, read: Read) -> None:
    api.on(NODES, lambda _: refuse("nodes"))
    api.on(PODS, lambda _: refuse("pods"))
    api.on("/api/v1/namespaces/team-a/pods", lambda _: listing("Pod", [pod("mine")]))
    snapshot = read()
    assert names(snapshot.pods) == ["mine"]
    assert snapshot.cluster.scope == "team-a"
    assert "only namespace team-a was read" in snapshot.unknown["pods"]
    assert snapshot.nodes is None
    assert 'resources ["nodes"]' in snapshot.unknown["nodes"]


def test_namespace_option_goes_before_the_contexts(api: FakeApi, read: Read) -> None:
    api.on(PODS, lambda _: refuse("pods"))
    api.on("/api/v1/namespaces/team-b/pods", lambda _: listing("Pod", [pod("mine", namespace="team-b")]))
    assert read(namespace="team-b").cluster.scope == "team-b"


def test_login_that_expires_in_mid_run_is_renewed_once(api: FakeApi, read: Read) -> None:
    api.on(NODES, in_turn(status(401, "Unauthorized"), listing("Node", [node("a")])))
    assert names(read().nodes) == ["a"]
    api.on(NODES, lambda _: status(401, "Unauthorized"))
    api.requests.clear()
    assert "401" in read().unknown["nodes"]
    assert len(api.asked(NODES)) == 2


def test_rejected_login_is_an_error_that_names_the_user(api: FakeApi, read: Read) -> None:
    api.on("/version", lambda _: status(401, "Unauthorized"))
    with pytest.raises(SourceError, match="someone") as caught:
        read()
    assert "kubectl --context fake" in caught.value.hint


def test_huge_page_is_read(api: FakeApi, read: Read) -> None:
    many = [pod(f"p{number:05}", "a") for number in range(20_000)]
    api.on(PODS, lambda _: listing("Pod", many))
    assert len(read().pods or ()) == 20_000


def test_few_gpu_nodes_among_many_pods_are_asked_one_by_one(api: FakeApi, read: Read) -> None:
    plain = {"metadata": {"name": "cpu"}, "status": {"capacity": {"cpu": "8"}, "allocatable": {"cpu": "8"}}}
    api.on(NODES, lambda _: listing("Node", [node("gpu-0"), plain]))

    def serve(request: Request) -> Reply:
        if request.query["limit"] == "1":
            return Reply(body=b'{"kind": "PodList", "apiVersion": "v1", "metadata": {"remainingItemCount": 99999}, "items": [{}]}')
        waiting = {**pod("both", "gpu-0"), "status": {"phase": "Pending"}}
        return listing(
            "Pod",
            {"spec.nodeName=gpu-0": [pod("on", "gpu-0"), waiting], "status.phase=Pending": [waiting, pod("waits")]}.get(
                request.query.get("fieldSelector", ""), []
            ),
        )

    api.on(PODS, serve)
    snapshot = read()
    assert sorted(names(snapshot.pods)) == ["both", "on", "waits"]
    assert "1 nodes with GPUs" in (snapshot.sources[0].reason or "")
    assert snapshot.sources[0].state == "ok"
    assert all(
        request.query.get("fieldSelector") or request.query.get("labelSelector") or request.query["limit"] == "1"
        for request in api.asked(PODS)
    )


def _protobuf_status(message: bytes, token: bytes = b"") -> bytes:
    """A Status as the API server writes it in protobuf; all parts shorter than 128 bytes."""
    meta = b"\x1a" + bytes([len(token)]) + token if token else b""
    raw = b"\x0a" + bytes([len(meta)]) + meta + b"\x1a" + bytes([len(message)]) + message
    return b"k8s\x00\x0a\x00\x12" + bytes([len(raw)]) + raw


def test_failures_in_protobuf_are_read(api: FakeApi, read: Read) -> None:
    api.on(NODES, lambda _: Reply(403, _protobuf_status(b"nodes is forbidden")))
    gone = Reply(410, _protobuf_status(b"too old", b"new"))
    pages = {"": listing("Pod", [pod("a", "x")], "old"), "old": gone, "new": listing("Pod", [pod("b", "x")])}
    api.on(PODS, lambda request: pages[request.query.get("continue", "")])
    snapshot = read()
    assert snapshot.unknown["nodes"].endswith("(nodes is forbidden)")
    assert names(snapshot.pods) == ["a", "b"]
    api.on(NODES, lambda _: Reply(403, b"k8s\x00\x0a\x00\x12\x7fcut"))
    assert "RBAC refuses" in read().unknown["nodes"]
