"""Redaction: names become aliases everywhere alike, and nothing from outside is left in clear."""

from __future__ import annotations

import stat
import types
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from gpuctl import demo
from gpuctl.audits import runner
from gpuctl.errors import InputError
from gpuctl.facts.view import View
from gpuctl.model import codec
from gpuctl.model.compressed import gunzip
from gpuctl.model.events import K8sEvent
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Placement, Pod, Toleration
from gpuctl.redact import RedactionMap, load_map, redact, save_map

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Filler:
    """Fills every field of every Struct; each text is a canary of its own."""

    def __init__(self, shape: str) -> None:
        self.count = 0
        self.shape = shape

    def make(self, hint: Any, depth: int = 0) -> Any:
        origin, args = get_origin(hint), get_args(hint)
        if origin is Literal:
            return args[0]
        if origin in {Union, types.UnionType}:
            return self.make(next(arg for arg in args if arg is not type(None)), depth)
        if origin is tuple:
            return () if depth > 12 else (self.make(args[0], depth + 1),)
        if origin is dict:
            return {self.make(args[0], depth): self.make(args[1], depth)}
        if hint is str:
            self.count += 1
            return self.shape.format(n=self.count)
        if hint in {int, float, bool}:
            return hint(1)
        if hint is datetime:
            return NOW
        assert issubclass(hint, msgspec.Struct), hint
        hints = get_type_hints(hint)
        return hint(**{info.name: self.make(hints[info.name], depth + 1) for info in msgspec.structs.fields(hint)})


SHAPES = (
    "zq-canary-{n:05}",
    "ZqCanary{n}Broken",
    "nvidia.com/ZqCanary{n}",
    "nvidia.com/ZqCanary_{n}",
    "nvidia.com/mig-1g.zqcanary{n}",
    "tenstorrent.com/zqcanary-{n}",
    "nvidia.com/gpu.deploy.zqcanary-{n}",
    "node.kubernetes.io/zqcanary-{n}",
    "zqcanary.example.com/x{n}",
    "nvidia-driver-daemonset-zqcanary-{n}",
    "GpuZqCanary{n}Watch",
    "GpuZqcanaryWatch",
    "SysLogsZqcanary",
    "OutOfzqcanary.example/gpu{n}",
    "kube-zqcanary-{n}",
    "cluster-autoscaler-zqcanary-{n}",
    "gpu.zqcanary.example.com",
    "NVIDIA-ZqCanary-{n}-MIG-1g.zqcanary-SHARED",
    "580.105.08-zqcanary{n}",
    "containerd 1.7.27-zqcanary{n}",
    "Ubuntu ZqCanary {n}",
    "GPU-5a8f3e10-77aa-4bcd-9eef-{n:012}",
    "4c4c4544-0042-3510-8052-{n:012}",
    "10.213.77.{n}",
    "fd00:77aa::{n:x}",
    "anna.{n}@zqcanary.example.com",
    "https://zqcanary-{n}.example.com:6443",
    "aws:///eu-zqcanary-1a/i-{n:017}",
    "registry.zqcanary.example/ml/k8s-device-plugin:v{n}",
    "two words of zqcanary {n}",
    'device.driver == "gpu.zqcanary.example" && device.attributes["x"].y == {n}',
    "0/3 nodes are available: 1 Insufficient nvidia.com/ZqCanary_{n}, 2 node(s) had untolerated taint {{zqcanary: x{n}}}.",
    "exceeded quota: zqcanary{n}, requested: requests.zqcanary/gpu=1, used: zqcanary=1, limited: zqcanary=1",
    "RBAC refuses list of zqcanary{n} in API group zqcanary.io at namespace zqcanary: the rule",
    'avg(DCGM_FI_DEV_FB_FREE{{zqcanary="{n}"}})',
    "ErrorCode:74 zqcanary{n} Recommended Action=zqcanary",
    "\x1b[31mzqcanary{n}\u202e",
)
MARKS = (b"canary", b"5a8f3e10", b"4c4c4544", b"10.213.77", b"77aa", b"anna", b"0000000000")


@pytest.mark.parametrize("shape", SHAPES)
def test_no_canary_of_any_field_is_left(shape: str) -> None:
    filler = Filler(shape)
    snapshot = msgspec.structs.replace(filler.make(Snapshot), version=1)
    assert filler.count > 300
    redacted, _ = redact(snapshot)
    assert redacted.redacted
    plain, shown = (gunzip(codec.encode(item)).lower() for item in (snapshot, redacted))
    assert any(mark in plain for mark in MARKS)
    assert not [shown[at - 60 : at + 60] for mark in MARKS if (at := shown.find(mark)) >= 0]


def small() -> Snapshot:
    taint = Taint(key="acme.example/team", value="alpha", effect="NoSchedule")
    node = Node(
        name="gpu-acme-1",
        cluster="prod-acme",
        labels={"acme.example/rack": "r1", "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
        taints=(taint,),
    )
    placement = Placement(node_selector={"acme.example/rack": "r1"}, tolerations=(Toleration(key="acme.example/team", value="alpha"),))
    message = "0/3 nodes are available: 1 node(s) had untolerated taint {acme.example/team: alpha}, 2 Insufficient nvidia.com/gpu."
    event = K8sEvent(kind="Pod", namespace="team-acme", name="train-0", type="Warning", reason="FailedScheduling", message=message)
    pod = Pod(
        cluster="prod-acme",
        namespace="team-acme",
        name="train-0",
        node="gpu-acme-1",
        placement=placement,
        scheduling_gates=("acme.example/wait",),
    )
    return Snapshot(nodes=(node,), pods=(pod,), k8s_events=(event,), taken_at=NOW)


def test_equal_names_get_equal_aliases_and_decide_alike() -> None:
    redacted, _ = redact(small())
    node, pod, event = redacted.nodes[0], redacted.pods[0], redacted.k8s_events[0]  # type: ignore[index]
    assert pod.node == node.name == "node-0001"
    assert (event.namespace, event.name) == (pod.namespace, pod.name) == ("namespace-01", "pod-00001")
    ((key, value),) = pod.placement.node_selector.items()
    assert node.labels[key] == value
    assert pod.placement.tolerations[0].key == node.taints[0].key
    assert node.labels["nvidia.com/gpu.product"] == "NVIDIA-H100-80GB-HBM3"
    assert "2 Insufficient nvidia.com/gpu," in event.message
    assert node.taints[0].key in event.message
    assert len(pod.scheduling_gates) == 1
    assert b"acme" not in gunzip(codec.encode(redacted))


def test_map_restores_longest_first_on_word_boundaries(tmp_path: Path) -> None:
    redaction = RedactionMap(originals={"node-1": "short", "node-1-x": "long"})
    assert redaction.restore("drain node-1-x, node-1 and node-10") == "drain long, short and node-10"
    save_map(redaction, tmp_path / "map")
    assert stat.S_IMODE((tmp_path / "map").stat().st_mode) == 0o600
    assert load_map(tmp_path / "map") == redaction
    (tmp_path / "map").write_text("{}x")
    with pytest.raises(InputError):
        load_map(tmp_path / "map")


def test_restoring_gives_the_names_back() -> None:
    redacted, redaction = redact(small())
    assert redaction.restore(f"kubectl uncordon {redacted.nodes[0].name}") == "kubectl uncordon gpu-acme-1"  # type: ignore[index]


def test_findings_are_the_same_but_for_names() -> None:
    plain = demo.snapshot()
    redacted, _ = redact(plain)

    def judged(snapshot: Snapshot) -> Counter[tuple[str, str, float]]:
        findings, _ = runner.run(View(snapshot, snapshot.taken_at), runner.audits())
        return Counter((finding.code, finding.severity.value, finding.gpus) for finding in findings)

    assert sum(judged(plain).values()) > 10
    assert judged(redacted) == judged(plain)
