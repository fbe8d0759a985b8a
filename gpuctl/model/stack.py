"""The GPU software that a cluster runs: operator objects, sharing configurations, scheduler profiles."""

from __future__ import annotations

from msgspec import Struct

from gpuctl.model.known import Facts


class ClusterPolicy(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """The GPU Operator's ClusterPolicy: what it deploys. Parts map a component (driver, toolkit, device_plugin ...) to whether
    it is enabled; versions as configured."""

    name: str | None = None
    state: str | None = None
    enabled: dict[str, bool] = {}
    versions: dict[str, str] = {}
    mig_strategy: str | None = None
    device_plugin_config: str | None = None
    mig_manager_config: str | None = None
    cdi: bool | None = None


class NvidiaDriver(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """An NVIDIADriver object: the driver version declared for the nodes that its selector matches."""

    name: str | None = None
    version: str | None = None
    driver_type: str | None = None
    kernel_modules: str | None = None
    node_selector: dict[str, str] = {}
    state: str | None = None


class SharingRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a device plugin multiplies one resource: `mode` time-slicing or mps."""

    resource: str
    replicas: int
    mode: str
    renamed: str | None = None


class SharingConfig(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A device-plugin configuration; `name` is the ConfigMap's key or the file's name."""

    name: str | None = None
    mig_strategy: str | None = None
    rules: tuple[SharingRule, ...] = ()


class SchedulerProfile(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A profile of kube-scheduler: how it scores nodes. `scores` are the score plug-ins switched on with their weights."""

    name: str | None = None
    scoring: str | None = None
    weights: dict[str, float] = {}
    scores: dict[str, float] = {}
    filters: tuple[str, ...] = ()
