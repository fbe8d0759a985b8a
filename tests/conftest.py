"""Fixtures for all tests: a clean environment, and the real control plane."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.build import ToolchainMissing, cache_root
from tests.rig.cluster import ControlPlane

_CONTROL_PLANE_FIXTURES = {"control_plane", "fresh_cluster", "scheduling_cluster"}
_CACHE = cache_root()
_UNSET = {"KUBECONFIG", "CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM"}

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell starts what runs in its background; programs would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the control plane."""
    for item in items:
        if _CONTROL_PLANE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.control_plane)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No variable of the developer's shell reaches a test; HOME is empty."""
    for name in list(os.environ):
        if name in _UNSET or name.startswith(("GPUCTL_", "XDG_", "KUBERNETES_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("GPUCTL_RIG_CACHE", str(_CACHE))


def _start(folder: Path) -> ControlPlane:
    os.environ.setdefault("GPUCTL_RIG_CACHE", str(_CACHE))
    try:
        return ControlPlane(folder)
    except ToolchainMissing as missing:
        if os.environ.get("GPUCTL_REQUIRE_CONTROL_PLANE") == "1":
            pytest.fail(f"control plane required, but not available: {missing}")
        pytest.skip(f"control plane not available: {missing}")


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """etcd and kube-apiserver with the custom kinds installed; shared by all tests of a worker."""
    with _start(tmp_path_factory.mktemp("control-plane")) as plane:
        plane.install_crds()
        yield plane


@pytest.fixture
def fresh_cluster(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """The shared control plane, empty before and after the test."""
    control_plane.clear()
    yield control_plane
    control_plane.clear()


@pytest.fixture(scope="session")
def scheduling_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of its own with scheduler, controller-manager and KWOK: pods get bound and run."""
    with _start(tmp_path_factory.mktemp("scheduling")) as plane:
        plane.install_crds()
        plane.start_scheduling()
        yield plane
