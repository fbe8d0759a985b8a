"""Every string of every object is a canary of its own: the secret ones never enter a snapshot, and none is in a redacted one."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gpuctl.cli.main import run
from gpuctl.model.compressed import gunzip
from gpuctl.sources.kubernetes.wanted import TABLE
from tests.e2e.planted import FAULTS, sound
from tests.rig.cluster import ControlPlane

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PLAIN, SECRET = "qzp", "qzs"
"""First letters of the canaries: of what may stand in a plain snapshot, and of what may not."""
FIXED = re.compile(
    r"[0-9][0-9.]*[a-zA-Z]{0,2}|\d{4}-\d\d-\d\dT.*|True|False|Unknown|Running|Pending|Succeeded|Failed|Exists|Equal|NoSchedule|NoExecute"
)
STRUCTURE = frozenset({"kind", "apiVersion", "type", "status", "phase", "operator", "effect", "restartPolicy", "policy", "renewTime"})
KEPT_ENVIRONMENT = ("NVIDIA_", "NV_", "CUDA_", "LD_LIBRARY_PATH", "TORCH_CUDA_ARCH_LIST")


class Canaries:
    """Makes canaries, each with its own number."""

    def __init__(self) -> None:
        self.made = 0

    def next(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made:06}"

    def mark(self, value: Any, key: str = "", *, whole: bool = False) -> Any:
        """The same with a canary after every string that is not of the API's own making, keys of labels included.

        `whole`: every string but kind and version, so that enumerations are outside strings too.
        """
        if isinstance(value, dict):
            marked = {name: self.mark(item, name, whole=whole) for name, item in value.items()}
            if key in {"labels", "annotations", "nodeSelector", "matchLabels"}:
                marked[f"example.com/{self.next(PLAIN)}"] = self.next(PLAIN)
            return marked
        if isinstance(value, list):
            return [self.mark(item, key, whole=whole) for item in value]
        if not isinstance(value, str) or key in {"kind", "apiVersion"}:
            return value
        if not whole and (key in STRUCTURE or FIXED.fullmatch(value)):
            return value
        return f"{value}-{self.next(PLAIN)}"

    def secrets_of(self, obj: dict[str, Any]) -> None:
        """Put secrets wherever people put them."""
        meta = obj["metadata"]
        meta["managedFields"] = [{"manager": self.next(SECRET), "fieldsV1": {f"f:{self.next(SECRET)}": {}}}]
        meta.setdefault("annotations", {}).update(
            {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"spec": self.next(SECRET)}),
                f"example.com/{self.next(SECRET)}": self.next(SECRET),
                "token": self.next(SECRET),
            }
        )
        for spec in _pod_specs(obj):
            spec["imagePullSecrets"] = [{"name": self.next(SECRET)}]
            spec["volumes"] = [{"name": self.next(SECRET), "secret": {"secretName": self.next(SECRET)}}]
            for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
                self._secrets_of_container(container)

    def _secrets_of_container(self, container: dict[str, Any]) -> None:
        container["command"] = ["sh", "-c", self.next(SECRET)]
        container["args"] = [f"--token={self.next(SECRET)}"]
        container.setdefault("env", []).extend(
            [
                {"name": "AWS_SECRET_ACCESS_KEY", "value": self.next(SECRET)},
                {"name": "XNVIDIA_TOKEN", "value": self.next(SECRET)},
                {"name": self.next(SECRET), "value": "x"},
                {"name": "NVIDIA_FROM_SECRET", "valueFrom": {"secretKeyRef": {"name": self.next(SECRET), "key": self.next(SECRET)}}},
                {"name": "NVIDIA_VISIBLE_DEVICES", "value": self.next(PLAIN)},
                {"name": "LD_LIBRARY_PATH", "value": self.next(PLAIN)},
            ]
        )
        container["envFrom"] = [{"secretRef": {"name": self.next(SECRET)}}]
        container["livenessProbe"] = {"httpGet": {"path": "/", "httpHeaders": [{"name": "Authorization", "value": self.next(SECRET)}]}}
        container["lifecycle"] = {"preStop": {"exec": {"command": [self.next(SECRET)]}}}
        container["volumeMounts"] = [{"name": "v", "mountPath": f"/{self.next(SECRET)}"}]


def _pod_specs(value: Any) -> Iterator[dict[str, Any]]:
    """Every spec that has containers, at any depth: of pods, templates, replicated jobs."""
    if isinstance(value, dict):
        if isinstance(value.get("containers"), list):
            yield value
        for item in value.values():
            yield from _pod_specs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _pod_specs(item)


def objects(canaries: Canaries, *, whole: bool) -> list[dict[str, Any]]:
    """Objects of every kind that is read, each string marked."""
    fleet = sound(NOW)
    for fault in FAULTS:
        fault.plant(fleet)
    found = copy.deepcopy([obj for obj in fleet.objects() if obj["kind"] != "Namespace"])
    seen = {(obj["apiVersion"].rpartition("/")[0], obj["kind"]) for obj in found}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "main", "image": "x",
                "resources": {"limits": {"nvidia.com/gpu": "1"}}}]}}  # fmt: skip
    for row in TABLE:
        if (row.group, row.kind) not in seen:
            spec = {
                "template": template,
                "queueName": "q",
                "replicatedJobs": [{"name": "r", "replicas": 1, "template": {"spec": {"template": template}}}],
                "leaderWorkerTemplate": {"workerTemplate": template, "size": 2},
                "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"},
                "selector": {"matchLabels": {"a": "b"}},
            }
            status = {"conditions": [{"type": "Ready", "status": "False", "reason": "r", "message": "m"}], "state": "s", "phase": "Pending"}
            version = f"{row.group}/{row.versions[0]}" if row.group else row.versions[0]
            found.append({"apiVersion": version, "kind": row.kind, "metadata": {"name": "n", "namespace": "ns", "labels": {"a": "b"},
                          "annotations": {"c": "d"}}, "spec": spec, "status": status})  # fmt: skip
    found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "ns"}, "data": {"a": "b"}})
    marked = [canaries.mark(obj, whole=whole) for obj in found]
    for obj in marked:
        canaries.secrets_of(obj)
    secret = canaries.next(SECRET)
    marked.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": canaries.next(SECRET), "namespace": canaries.next(SECRET)},
                   "type": "Opaque", "data": {"k": base64.b64encode(secret.encode()).decode()}, "stringData": {"k": secret}})  # fmt: skip
    return marked


def found_in(file: Path, kind: str) -> set[str]:
    return set(re.findall(rf"{kind}\d+", gunzip(file.read_bytes()).decode("utf-8")))


@pytest.mark.parametrize("whole", [False, True], ids=["as the API has it", "every string from outside"])
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_no_canary_flies(
    whole: bool, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    canaries = Canaries()
    given = objects(canaries, whole=whole)
    if form == "json":
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": given})
    else:
        few = {(obj["kind"], obj["apiVersion"]): obj for obj in given}
        text = yaml.dump_all(few.values(), Dumper=yaml.CSafeDumper)
    Path(f"dump.{form}").write_text(text, "utf-8")
    assert run(["snapshot", "save", "plain.gz", "--from", f"dump.{form}"]) == 0
    assert run(["snapshot", "save", "redacted.gz", "--redact", "--map", "map.json", "--from", f"dump.{form}"]) == 0
    assert run(["snapshot", "redact", "plain.gz", "again.gz"]) == 0
    capsys.readouterr()
    assert len(found_in(Path("plain.gz"), PLAIN)) > (200 if form == "json" else 50)
    assert found_in(Path("plain.gz"), SECRET) == set()
    for file in ("redacted.gz", "again.gz"):
        assert found_in(Path(file), PLAIN) == set()
        assert found_in(Path(file), SECRET) == set()
    for command in (["doctor", "--fail-on", "never"], ["snapshot", "show"]):
        for style in ("json", "table"):
            run([*command, "--from", "plain.gz", "-o", style])
            assert SECRET not in capsys.readouterr().out
            run([*command, "--from", "redacted.gz", "-o", style])
            out = capsys.readouterr().out
            assert not re.search(rf"(?:{PLAIN}|{SECRET})\d", out)


@pytest.mark.control_plane
def test_no_secret_of_a_live_cluster_enters(fresh_cluster: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as a live cluster is: pages of protobuf and JSON, by the role that may read all that gpuctl asks for."""
    monkeypatch.chdir(tmp_path)
    canaries = Canaries()
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x",
                "resources": {"limits": {"nvidia.com/gpu": "1"}}}]}}  # fmt: skip
    amounts = {"cpu": "64", "memory": "512Gi", "pods": "250", "nvidia.com/gpu": "8"}
    pod = copy.deepcopy(template) | {"apiVersion": "v1", "kind": "Pod"}
    pod["metadata"] |= {"name": "train", "namespace": "default"}
    found: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "gpu-0"}, "status": {"capacity": amounts, "allocatable": amounts}},
        pod,
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "j", "namespace": "default"},
            "spec": {"template": copy.deepcopy(template)},
        },
    ]
    for obj in found:
        canaries.secrets_of(obj)
        obj["metadata"].pop("managedFields")
        for spec in _pod_specs(obj):
            spec["volumes"] = [{"name": "v", "secret": {"secretName": canaries.next(SECRET)}}]
            for container in spec["containers"]:
                container["livenessProbe"]["httpGet"]["port"] = 80
    found.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"},
                  "stringData": {"k": canaries.next(SECRET)}})  # fmt: skip
    fresh_cluster.load(found)
    assert run(["snapshot", "save", "live.gz", "--kubeconfig", str(fresh_cluster.kubeconfig("admin"))]) == 0
    assert found_in(Path("live.gz"), SECRET) == set()
    assert "LD_LIBRARY_PATH" in gunzip(Path("live.gz").read_bytes()).decode()
    assert len(found_in(Path("live.gz"), PLAIN)) >= 2
