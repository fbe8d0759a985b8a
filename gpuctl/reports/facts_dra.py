"""Objects of `resource.k8s.io` in the facts document: the API's own fields, spec and status beside each other, in snake_case.

Amounts are in base units, attribute values bare (`driverVersion` as the driver published it). A claim's template has `template: true`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from gpuctl.model.dra import AllocatedDevice, Device, DeviceClass, DeviceRequest, DeviceTaintRule, ResourceClaim, ResourceSlice
from gpuctl.model.nodes import Taint


class _Document(Struct, frozen=True, kw_only=True):
    """Base of what is written with every key."""


class PoolV1(_Document, frozen=True, kw_only=True):
    """The pool of a slice: complete when all `resource_slice_count` slices of this generation are there."""

    name: str | None
    generation: int | None
    resource_slice_count: int | None


class SharedCountersV1(_Document, frozen=True, kw_only=True):
    """A counter set of a slice, from which its devices consume."""

    name: str
    counters: dict[str, float]


class ConsumedCountersV1(_Document, frozen=True, kw_only=True):
    """What a device consumes of one counter set."""

    counter_set: str
    counters: dict[str, float]


class DraTaintV1(_Document, frozen=True, kw_only=True):
    """A taint of a device."""

    key: str
    value: str
    effect: str
    time_added: datetime | None


class DeviceV1(_Document, frozen=True, kw_only=True):
    """A device of a slice."""

    name: str
    attributes: dict[str, str | int | bool]
    capacity: dict[str, float]
    taints: tuple[DraTaintV1, ...]
    consumes_counters: tuple[ConsumedCountersV1, ...]


class ResourceSliceV1(_Document, frozen=True, kw_only=True):
    """A ResourceSlice; `node_selector` holds alternatives (OR) of requirements (AND)."""

    cluster: str | None
    name: str | None
    driver: str
    node_name: str | None
    all_nodes: bool
    node_selector: tuple[Any, ...] | None
    pool: PoolV1 | None
    shared_counters: tuple[SharedCountersV1, ...]
    devices: tuple[DeviceV1, ...] | None
    unknown: dict[str, str]


class RequestV1(_Document, frozen=True, kw_only=True):
    """A request of a claim; `first_available` are its alternatives, best first."""

    name: str
    device_class_name: str | None
    allocation_mode: str
    count: int | None
    admin_access: bool
    selectors: tuple[str, ...]
    first_available: tuple[RequestV1, ...] = ()


class RequestsV1(_Document, frozen=True, kw_only=True):
    """What a claim asks for."""

    requests: tuple[RequestV1, ...] | None


class ResultsV1(_Document, frozen=True, kw_only=True):
    """The devices that a claim got."""

    results: tuple[AllocatedV1, ...]


class AllocatedV1(_Document, frozen=True, kw_only=True):
    """One device that a claim got, and for which of its requests."""

    request: str | None
    driver: str
    pool: str
    device: str
    admin_access: bool


class AllocationV1(_Document, frozen=True, kw_only=True):
    """The allocation of a claim, and when it was made."""

    devices: ResultsV1
    allocation_timestamp: datetime | None


class ResourceClaimV1(_Document, frozen=True, kw_only=True):
    """A ResourceClaim or ResourceClaimTemplate; `allocation` is null while it has none."""

    cluster: str | None
    namespace: str | None
    name: str | None
    template: bool
    created: datetime | None
    deleting_since: datetime | None
    devices: RequestsV1
    allocation: AllocationV1 | None
    reserved_for: tuple[str, ...] | None
    pod: str | None
    sharing: str | None
    unknown: dict[str, str]


class DeviceClassV1(_Document, frozen=True, kw_only=True):
    """A DeviceClass."""

    name: str
    selectors: tuple[str, ...]
    extended_resource_name: str | None


class DeviceSelectorV1(_Document, frozen=True, kw_only=True):
    """Which devices a rule taints; null matches all."""

    driver: str | None
    pool: str | None
    device: str | None


class DeviceTaintRuleV1(_Document, frozen=True, kw_only=True):
    """A DeviceTaintRule."""

    name: str
    device_selector: DeviceSelectorV1
    taint: DraTaintV1


TYPES: dict[str, Any] = {
    "resource_slices": tuple[ResourceSliceV1, ...] | None,
    "resource_claims": tuple[ResourceClaimV1, ...] | None,
    "device_classes": tuple[DeviceClassV1, ...] | None,
    "device_taint_rules": tuple[DeviceTaintRuleV1, ...] | None,
}
"""Keys of the document that this module writes, with their types."""


def documents(facts: Mapping[str, Sequence[Any] | None]) -> dict[str, tuple[_Document, ...] | None]:
    """The four collections as they are published; None where one is not known."""
    made = {"resource_slices": _slice, "resource_claims": _claim, "device_classes": _class, "device_taint_rules": _rule}
    published: dict[str, tuple[_Document, ...] | None] = {}
    for name, write in made.items():
        items = facts[name]
        published[name] = None if items is None else tuple(write(item) for item in items)  # type: ignore[operator]
    return published


def _slice(item: ResourceSlice) -> ResourceSliceV1:
    return ResourceSliceV1(
        cluster=item.cluster,
        name=item.name,
        driver=item.driver,
        node_name=item.node_name,
        all_nodes=item.all_nodes,
        node_selector=item.node_terms,
        pool=_pool(item),
        shared_counters=tuple(SharedCountersV1(name=name, counters=counters) for name, counters in item.counters.items()),
        devices=None if "devices" in item.unknown and not item.devices else tuple(map(_device, item.devices)),
        unknown=item.unknown,
    )


def _pool(item: ResourceSlice) -> PoolV1 | None:
    if item.pool is None and item.pool_generation is None and item.pool_slice_count is None:
        return None
    return PoolV1(name=item.pool, generation=item.pool_generation, resource_slice_count=item.pool_slice_count)


def _device(item: Device) -> DeviceV1:
    return DeviceV1(
        name=item.name,
        attributes=item.attributes,
        capacity=item.capacity,
        taints=tuple(map(_taint, item.taints)),
        consumes_counters=tuple(ConsumedCountersV1(counter_set=name, counters=counters) for name, counters in item.consumes.items()),
    )


def _taint(item: Taint) -> DraTaintV1:
    return DraTaintV1(key=item.key, value=item.value, effect=item.effect, time_added=item.time_added)


def _request(item: DeviceRequest, unread: bool) -> RequestV1:
    return RequestV1(
        name=item.name,
        device_class_name=item.device_class_name,
        allocation_mode=item.allocation_mode,
        count=None if unread else item.count,
        admin_access=item.admin_access,
        selectors=item.selectors,
        first_available=tuple(_request(other, unread) for other in item.alternatives),
    )


def _claim(item: ResourceClaim) -> ResourceClaimV1:
    unread = "requests" in item.unknown
    requests = None if unread and not item.requests else tuple(_request(request, unread) for request in item.requests)
    got = None
    if item.allocation is not None:
        got = AllocationV1(devices=ResultsV1(results=tuple(map(_allocated, item.allocation))), allocation_timestamp=item.allocated_at)
    return ResourceClaimV1(
        cluster=item.cluster,
        namespace=item.namespace,
        name=item.name,
        template=item.template,
        created=item.created,
        deleting_since=item.deleting_since,
        devices=RequestsV1(requests=requests),
        allocation=got,
        reserved_for=None if "reserved_for" in item.unknown and not item.reserved_for else item.reserved_for,
        pod=item.pod,
        sharing=item.sharing,
        unknown=item.unknown,
    )


def _allocated(item: AllocatedDevice) -> AllocatedV1:
    return AllocatedV1(request=item.request, driver=item.driver, pool=item.pool, device=item.device, admin_access=item.admin_access)


def _class(item: DeviceClass) -> DeviceClassV1:
    return DeviceClassV1(name=item.name, selectors=item.selectors, extended_resource_name=item.extended_resource_name)


def _rule(item: DeviceTaintRule) -> DeviceTaintRuleV1:
    selector = DeviceSelectorV1(driver=item.driver, pool=item.pool, device=item.device)
    return DeviceTaintRuleV1(name=item.name, device_selector=selector, taint=_taint(item.taint))
