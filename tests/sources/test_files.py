# ruff: noqa: E501  (texts as tools print them)
"""Files told apart by content, folders, bombs, and joining that does not depend on order."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from gpuctl.errors import InputError
from gpuctl.model import codec
from gpuctl.model.nodes import Driver, Node
from gpuctl.model.snapshot import Snapshot, SourceState
from gpuctl.parsers import autoscaler_log, describe_text, events_text, yaml_documents
from gpuctl.sources import files
from gpuctl.sources.join import join

SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples"
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n1", "labels": {"a": "b"}},
    "status": {"capacity": {"nvidia.com/gpu": "8"}},
}
EVENTS = "LAST SEEN   TYPE      REASON   OBJECT     MESSAGE\n5m10s       Warning   Failed   pod/web    it broke\n   and went on\n"
DESCRIBED = """Name:               n9
Labels:             nvidia.com/gpu.product=NVIDIA-L4
                    pool=x
Taints:             nvidia.com/gpu=present:NoSchedule
Unschedulable:      true
Conditions:
  Type    Status  LastHeartbeatTime                 LastTransitionTime                Reason        Message
  ----    ------  -----------------                 ------------------                ------        -------
  Ready   False   Thu, 01 Jan 2026 10:00:00 +0000   Thu, 01 Jan 2026 09:00:00 +0000   KubeletDown   gone
Capacity:
  nvidia.com/gpu:  4
Allocatable:
  nvidia.com/gpu:  3
System Info:
  Kernel Version:  6.1
Events:
  Type     Reason    Age                From     Message
  ----     ------    ----               ----     -------
  Warning  NotReady  2m (x3 over 1h5m)  kubelet  down
"""


def written(folder: Path, name: str, raw: str | bytes) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return str(path)


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(NODE), json.dumps([NODE]), json.dumps(NODE) + "\n" + json.dumps({**NODE, "kind": "Service"}), gzip.compress(json.dumps(NODE).encode()),
        zstandard.compress(json.dumps(NODE).encode()), ("\ufeff" + json.dumps(NODE)).encode("utf-16"), json.dumps({"items": [NODE]}),
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {a: b}}\nstatus: {capacity: {nvidia.com/gpu: '8'}}\n---\nx: {{ .Values }}\n",
        "cat <<EOF | kubectl apply -f -\napiVersion: v1\nkind: Node\nmetadata:\n  name: n1\n  labels: {a: b}\nstatus: {capacity: {nvidia.com/gpu: 8}}\nEOF\n",
    ],
)  # fmt: skip
def test_kubernetes_objects_in_every_wrapping(tmp_path: Path, raw: str | bytes) -> None:
    snapshot = files.read([written(tmp_path, "misleading.png", raw)])
    assert [(node.name, node.capacity) for node in snapshot.nodes or ()] == [("n1", {"nvidia.com/gpu": 8.0})]
    assert snapshot.taken_at is None
    assert snapshot.pods is None
    assert snapshot.unknown["pods"] == "no file given tells of pods"
    assert [(source.kind, source.state) for source in snapshot.sources] == [("file", "ok")]


def test_event_table_with_a_wrapped_message(tmp_path: Path) -> None:
    (event,) = files.read([written(tmp_path, "e", EVENTS)]).k8s_events or ()
    assert (event.kind, event.name, event.message, event.age_seconds) == ("Pod", "web", "it broke and went on", 310.0)


def test_event_table_wide_and_in_all_namespaces() -> None:
    line = "team-a   3s   Normal   Pulled   pod/web   spec.containers{main}   kubelet, node-1   pulled it   9m   12   web.17a\n"
    (event,) = events_text.parse(line) or ()
    assert (event.namespace, event.node, event.message, event.count, event.first_age_seconds) == (
        "team-a",
        "node-1",
        "pulled it",
        12,
        540.0,
    )
    assert events_text.parse("Events:  <none>\n") == ()
    assert events_text.parse("nothing of the kind\n") is None


def test_description_of_a_node(tmp_path: Path) -> None:
    snapshot = files.read([written(tmp_path, "d", DESCRIBED)])
    (node,) = snapshot.nodes or ()
    assert (node.name, node.cordoned, node.ready, node.kernel) == ("n9", True, "False", "6.1")
    assert node.capacity == {"nvidia.com/gpu": 4.0}
    assert node.allocatable == {"nvidia.com/gpu": 3.0}
    assert [(taint.key, taint.value, taint.effect) for taint in node.taints or ()] == [("nvidia.com/gpu", "present", "NoSchedule")]
    (event,) = snapshot.k8s_events or ()
    assert (event.kind, event.name, event.count, event.first_age_seconds) == ("Node", "n9", 3, 3900.0)


@pytest.mark.parametrize("raw", [b"", b"hello world", b"\0\1\2\3", b'{"a": 1}', b"PK\x03\x04zip", b"[1, 2]", b'{"a": ', b"\x1b[31mred"])
def test_what_is_not_recognised_is_a_usage_error(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(InputError) as caught:
        files.read([written(tmp_path, "x.json", raw)])
    assert caught.value.exit_code == 2
    assert caught.value.hint
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    "raw",
    [
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)) + "kind: Node\n",
        "kind: Node\na: " + "[" * 5000, "{" * 3 + '"a":' + '{"a":' * 200_000, "[" * 200_000, gzip.compress(b" " * 2**27),
    ],
)  # fmt: skip
def test_bombs_are_refused_soon(tmp_path: Path, raw: str | bytes) -> None:
    start = time.process_time()
    with pytest.raises(InputError):
        files.read([written(tmp_path, "bomb", raw)])
    assert time.process_time() - start < 10


def test_of_two_dumps_the_later_one_counts_whatever_their_names(tmp_path: Path) -> None:
    def dump(name: str, kernel: str, minute: int) -> str:
        beat = {"type": "Ready", "status": "True", "lastHeartbeatTime": f"2026-01-01T00:{minute}:00Z"}
        status = {"nodeInfo": {"kernelVersion": kernel}, "conditions": [beat]}
        return written(tmp_path, name, json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": status}))

    for first, second in (("a.json", "b.json"), ("b.json", "a.json")):
        (node,) = files.read([dump(first, "old", 10), dump(second, "new", 40)]).nodes or ()
        assert node.kernel == "new"


def test_a_dump_of_nodes_is_as_old_as_its_newest_heartbeat(tmp_path: Path) -> None:
    beats = [
        {"type": kind, "status": "True", "lastHeartbeatTime": beat, "lastTransitionTime": "2026-01-01T00:00:45Z"}
        for kind, beat in (("Ready", "2026-03-01T00:00:00Z"), ("Other", "2026-03-01T00:02:00Z"), ("Odd", 7))
    ]
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"conditions": beats}}
    read = files.read([written(tmp_path, "node.json", json.dumps(node))])
    (found,) = read.nodes or ()
    assert read.newest_stamp == found.heartbeat == datetime(2026, 3, 1, 0, 2, tzinfo=UTC)


def test_folder_reports_what_it_leaves_out(tmp_path: Path) -> None:
    written(tmp_path, "in/a.json", json.dumps(NODE))
    written(tmp_path, "in/.hidden", "x")
    written(tmp_path, "in/notes.txt", "hello")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "in" / "a.json")
    snapshot = files.read([str(tmp_path / "in")])
    assert sorted(Path(name).name for name in snapshot.unrecognised) == ["link", "notes.txt"]
    (source,) = snapshot.sources
    assert (source.state, source.asked, source.answered) == ("partial", 3, 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        files.read([str(tmp_path / "empty")])


def test_hosts_folder_names_the_node(tmp_path: Path) -> None:
    document = {
        "pod_resources": [
            {
                "name": "p",
                "namespace": "n",
                "containers": [{"name": "c", "devices": [{"resource_name": "nvidia.com/gpu", "device_ids": ["GPU-1"]}]}],
            }
        ]
    }
    written(tmp_path, "hosts/gpu-7/podresources", json.dumps(document))
    (pod,) = files.read([str(tmp_path)]).pods or ()
    assert (pod.node, pod.requests, pod.devices[0].ids) == ("gpu-7", {"nvidia.com/gpu": 1.0}, ("GPU-1",))  # type: ignore[index]


def part(source: str, /, **facts: object) -> Snapshot:
    return Snapshot(sources=(SourceState(kind="file", name=source),), nodes=(Node(**facts),))  # type: ignore[arg-type]


def test_join_merges_nodes_and_keeps_disagreement_whatever_the_order() -> None:
    parts = [
        part("api", name="n1", cluster="c", machine_id="m", kernel="6.1"), part("ssh", name="n1.example", machine_id="m", driver=Driver(version="570.1"), kernel="6.2"),
        part("other", name="n2", cluster="c"),
    ]  # fmt: skip
    results = {codec.encode(join(order)) for order in itertools.permutations(parts)}
    assert len(results) == 1
    merged = join(parts)
    assert len(merged.nodes or ()) == 2
    node = next(node for node in merged.nodes or () if node.machine_id)
    assert node.driver == Driver(version="570.1")
    (conflict,) = merged.conflicts
    assert (conflict.fact, {value.value for value in conflict.values}) == ("kernel", {"6.1", "6.2"})


def test_text_parsers_take_anything() -> None:
    chance = random.Random(7)
    seeds = [
        EVENTS,
        DESCRIBED,
        "Pod a/b can't be scheduled on g, predicate checking error: x; y\nFinal scale-up plan: [{g 1->2 (max: 3)}]\n",
        "a: [1, {b: c}]\n---\n- &x y\n- *x\n",
    ]
    start = time.process_time()
    for _ in range(20_000):
        text = list(chance.choice(seeds)[:400])
        for _ in range(chance.randrange(1, 6)):
            text[chance.randrange(len(text))] = chance.choice(
                [" ", "\n", "\t", ":", "(", "x2", "9" * 30, "\x00", "{", "\u202e", "<unknown>", "²"]
            )
        made = "".join(text)
        events_text.parse(made)
        describe_text.parse(made)
        autoscaler_log.parse(made)
        if _ % 5 == 0:
            list(yaml_documents.documents(made))
    assert time.process_time() - start < 60


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared samples are not beside this checkout")
class TestConformance:
    def test_every_kubernetes_sample_is_recognised(self) -> None:
        for folder in ("k8s-nodes", "k8s-events", "k8s-workloads", "dra"):
            for path in sorted((SAMPLES / folder).iterdir()):
                if path.name not in {"README.md", "expected.json"}:
                    files.read([str(path)])

    def test_aicr(self) -> None:
        (node,) = files.read([str(SAMPLES / "k8s-nodes" / "aicr-snapshot-gb200.yaml")]).nodes or ()
        gpu = (node.gpus or ())[0]
        assert node.components is not None
        assert (node.gpu_count, gpu.product, gpu.persistence, node.provider) == (4, "NVIDIA GB200", False, "eks")
        assert (node.driver and node.driver.version, node.cuda and node.cuda.driver_max) == ("580.82.07", "13.1")
        assert (node.components.gpu_operator, node.components.device_plugin, node.components.toolkit) == (
            "v25.3.3",
            "v0.17.4",
            "v1.17.8-ubuntu20.04",
        )
        (empty,) = files.read([str(SAMPLES / "k8s-nodes" / "aicr-snapshot-b200.yaml")]).nodes or ()
        assert (empty.gpu_count, empty.gpus, empty.driver, empty.driver_image) == (0, (), None, "580.105.08-ubuntu24.04")

    def test_scheduler_profile_in_a_file_of_variables(self) -> None:
        path = SAMPLES / "k8s-workloads" / "scheduler-profile-mostallocated-kubespray.yaml"
        (profile,) = files.read([str(path)]).scheduler_profiles or ()
        assert profile.scoring == "MostAllocated"
        assert profile.weights["nvidia.com/gpu"] == 10

    def test_autoscaler_log(self) -> None:
        verdicts = files.read([str(SAMPLES / "k8s-events" / "cluster-autoscaler-insufficient-gpu.log")]).scale_verdicts or ()
        assert [verdict.outcome for verdict in verdicts] == ["can-not-schedule", "no-fit", "scale-up"]
        assert (verdicts[2].before, verdicts[2].after, verdicts[2].maximum) == (1, 2, 120)
