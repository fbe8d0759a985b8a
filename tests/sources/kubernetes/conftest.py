"""A misbehaving API server and a short way to read it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from gpuctl.model.snapshot import Snapshot
from gpuctl.sources.kubernetes import Options, collect
from tests.rig.fake_api import FakeApi, fake_api


class Read(Protocol):
    """Reads the fake cluster; `seconds` sets a deadline."""

    def __call__(self, seconds: float | None = None, **options: Any) -> Snapshot: ...


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """A server of its own for each test."""
    with fake_api() as server:
        yield server


@pytest.fixture
def read(api: FakeApi, tmp_path: Path) -> Read:
    """Collect from the fake with a plain kubeconfig."""
    kubeconfig = api.kubeconfig(tmp_path / "config")

    def run(seconds: float | None = None, **options: Any) -> Snapshot:
        deadline = None if seconds is None else time.monotonic() + seconds
        return collect(Options(**{"kubeconfig": kubeconfig, "deadline": deadline, **options}))

    return run


def node(name: str, gpus: int = 8) -> dict[str, Any]:
    """A node with GPUs."""
    amounts = {"cpu": "64", "nvidia.com/gpu": str(gpus)}
    return {"metadata": {"name": name, "labels": {}}, "spec": {}, "status": {"capacity": amounts, "allocatable": amounts}}


def pod(name: str, on: str | None = None, namespace: str = "team-a") -> dict[str, Any]:
    """A pod with one GPU."""
    limits = {"nvidia.com/gpu": "1"}
    spec: dict[str, Any] = {"containers": [{"name": "main", "resources": {"limits": limits, "requests": limits}}]}
    if on:
        spec["nodeName"] = on
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec, "status": {"phase": "Running" if on else "Pending"}}
