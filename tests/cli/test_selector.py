"""Label selectors as kubectl reads them, and what `-l` does and does not limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuctl.cli.hosts import chosen
from gpuctl.cli.main import run
from gpuctl.cli.selector import parse
from gpuctl.errors import UsageError
from gpuctl.model.snapshot import Snapshot
from tests.rig.fake_api import fake_api, listing

NODES = {
    "a": {"pool": "h100", "zone": "1", "example.com/rack": "r-1"},
    "b": {"pool": "a100", "zone": "2", "empty": ""},
    "c": {"zone": "12"},
}


def matching(selector: str) -> str:
    return "".join(name for name, labels in NODES.items() if all(term.holds(labels) for term in parse(selector)))


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("", "abc"),
        ("pool=h100", "a"),
        ("pool==h100", "a"),
        ("pool = h100 , zone=1", "a"),
        ("pool!=h100", "bc"),
        ("pool", "ab"),
        ("!pool", "c"),
        ("! pool", "c"),
        ("pool in (h100, a100)", "ab"),
        ("pool in (h100)", "a"),
        ("pool in (h100,l40s),zone=1", "a"),
        ("zone=1,pool in (h100,l40s)", "a"),
        ("pool notin (h100)", "bc"),
        ("pool notin (h100,a100)", "c"),
        ("empty=", "b"),
        ("empty in ()", "b"),
        ("zone>1", "bc"),
        ("zone<12", "ab"),
        ("example.com/rack=r-1", "a"),
        ("in", ""),
        ("pool=h100,pool!=h100", ""),
    ],
)
def test_grammar(selector: str, names: str) -> None:
    assert matching(selector) == names


@pytest.mark.parametrize(
    "selector",
    ["=x", "pool=h100 zone=1", "pool in h100", "pool in (h100", "pool in(h100", "a=b=c", "a,,b", ",", "!a=b", "pool~h", "a=\x1b[0m",
     "zone>x", "a" * 20_000, "pool not in (a)", "a b"],
)  # fmt: skip
def test_what_is_none_is_refused(selector: str) -> None:
    with pytest.raises(UsageError):
        parse(selector)


def test_many_terms_take_no_time() -> None:
    with pytest.raises(UsageError):
        parse("a in (" + "b," * 8000)


def test_no_choice_where_no_node_is_known() -> None:
    with pytest.raises(UsageError, match="forbidden"):
        chosen(Snapshot(unknown={"nodes": "forbidden"}), [], "pool=h100")


def node(name: str, pool: str, gpus: int) -> dict[str, Any]:
    amounts = {"cpu": "64", "memory": "512Gi", "pods": "250", "nvidia.com/gpu": str(gpus)}
    labels = {"pool": pool, "nvidia.com/gpu.product": "NVIDIA-L40S", "nvidia.com/gpu.count": str(gpus)}
    conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]
    return {
        "metadata": {"name": name, "labels": labels, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {},
        "status": {"capacity": amounts, "allocatable": {**amounts, "nvidia.com/gpu": "0" if pool == "small" else str(gpus)},
                   "conditions": conditions},
    }  # fmt: skip


def test_live_nodes_are_all_read_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pod that only the nodes beside the selected ones can take is not called unsatisfiable."""
    wants = {"nvidia.com/gpu": "8"}
    waits = {
        "metadata": {"name": "train", "namespace": "team-a", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"containers": [{"name": "main", "resources": {"limits": wants, "requests": wants}}]},
        "status": {"phase": "Pending"},
    }
    with fake_api() as api:
        api.on("/api/v1/nodes", lambda _: listing("Node", [node("small-1", "small", 2), node("large-1", "large", 8)]))
        api.on("/api/v1/pods", lambda _: listing("Pod", [waits]))
        config = api.kubeconfig(tmp_path / "config")
        run(["doctor", "--kubeconfig", config, "-l", "pool in (small)", "-o", "json"])
        document = json.loads(capsys.readouterr().out)
        assert all("labelSelector" not in request.query for request in api.asked("/api/v1/nodes"))
    assert document["summary"]["nodes"] == 2
    assert document["summary"]["gpus"] == 10
    assert document["notes"] == ["reported on 1 chosen node only; the whole cluster is judged and counted"]
    codes = {finding["code"] for finding in document["findings"]}
    assert "pod-request-unsatisfiable" not in codes
    assert "gpu-allocatable-below-capacity" in codes or "gpu-not-advertised" in codes
    assert all("small-1" in {*finding["nodes"], finding["subject"]["node"]} for finding in document["findings"])
