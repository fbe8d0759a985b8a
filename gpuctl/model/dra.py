"""Dynamic resource allocation (`resource.k8s.io`), of every version since v1alpha3, in one shape."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gpuctl.model.known import Facts
from gpuctl.model.nodes import Taint
from gpuctl.model.workloads import Requirement


class Device(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device of a slice. Attribute values as text or number or bool, capacities in base units.

    `consumes` names the counters of a partitionable device with the amounts taken from each set.
    """

    name: str
    attributes: dict[str, str | int | bool] = {}
    capacity: dict[str, float] = {}
    taints: tuple[Taint, ...] = ()
    consumes: dict[str, dict[str, float]] = {}


class ResourceSlice(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """Devices that a DRA driver publishes for a node (or for several: `all_nodes`, `node_terms`)."""

    cluster: str | None = None
    name: str | None = None
    driver: str
    node_name: str | None = None
    all_nodes: bool = False
    node_terms: tuple[tuple[Requirement, ...], ...] | None = None
    pool: str | None = None
    pool_generation: int | None = None
    pool_slice_count: int | None = None
    counters: dict[str, dict[str, float]] = {}
    devices: tuple[Device, ...] = ()


class DeviceRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request of a claim; `alternatives` of a prioritized list, best first."""

    name: str
    device_class_name: str | None = None
    allocation_mode: str = "ExactCount"
    count: int = 1
    admin_access: bool = False
    selectors: tuple[str, ...] = ()
    alternatives: tuple[DeviceRequest, ...] = ()


class AllocatedDevice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device that a claim got."""

    request: str | None = None
    driver: str
    pool: str
    device: str
    admin_access: bool = False


class ResourceClaim(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A claim (or, with `template`, the template for one)."""

    cluster: str | None = None
    namespace: str | None = None
    name: str | None = None
    template: bool = False
    created: datetime | None = None
    deleting_since: datetime | None = None
    requests: tuple[DeviceRequest, ...] = ()
    allocation: tuple[AllocatedDevice, ...] | None = None
    allocated_at: datetime | None = None
    reserved_for: tuple[str, ...] = ()
    pod: str | None = None
    sharing: str | None = None


class DeviceClass(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A DeviceClass; `extended_resource_name` lets plain resource requests draw from it."""

    name: str
    selectors: tuple[str, ...] = ()
    extended_resource_name: str | None = None


class DeviceTaintRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule that taints devices by driver, pool and name; None matches all."""

    name: str
    driver: str | None = None
    pool: str | None = None
    device: str | None = None
    taint: Taint
