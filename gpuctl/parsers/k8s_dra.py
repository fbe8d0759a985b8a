"""Dynamic resource allocation, `resource.k8s.io` v1alpha2 to v1, in one shape.

Sources: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/ and generated.proto of
k8s.io/api/resource, v1alpha3 to v1.
"""

from __future__ import annotations

from gpuctl.model.dra import AllocatedDevice, Device, DeviceClass, DeviceRequest, DeviceTaintRule, ResourceClaim, ResourceSlice
from gpuctl.model.nodes import Taint
from gpuctl.model.workloads import Requirement
from gpuctl.parsers.k8s_doc import Doc

_ATTRIBUTE_TYPES = ("string", "version", "int", "bool")


def resource_slice(doc: Doc, cluster: str | None) -> ResourceSlice | None:
    """A ResourceSlice; None without a driver, since nothing can then be said of its devices."""
    spec = doc.doc("spec") if "spec" in doc else doc  # v1alpha2 has its fields at the top
    driver = spec.text("driver") or spec.text("driverName")
    if driver is None:
        return None
    doc.moment("metadata", "creationTimestamp")
    terms = spec.docs("nodeSelector", "nodeSelectorTerms") if "nodeSelector" in spec else None
    if spec.boolean("perDeviceNodeSelection"):
        terms = []  # each device says for itself which nodes it is for
    devices = [_device(item) for item in spec.docs("devices")] + [
        _named_instance(item) for item in spec.docs("namedResources", "instances")
    ]
    return ResourceSlice(
        cluster=cluster,
        name=doc.name,
        driver=driver,
        node_name=spec.text("nodeName"),
        all_nodes=spec.boolean("allNodes") or False,
        node_terms=None if terms is None else tuple(_term(term) for term in terms),
        pool=spec.text("pool", "name"),
        pool_generation=spec.integer("pool", "generation"),
        pool_slice_count=spec.integer("pool", "resourceSliceCount"),
        counters={item.text("name") or "": _values(item.doc("counters")) for item in spec.docs("sharedCounters")},
        devices=tuple(device for device in devices if device is not None),
        unknown=doc.unread,
    )


def _term(term: Doc) -> tuple[Requirement, ...]:
    return (*term.requirements("matchExpressions"), *term.requirements("matchFields"))


def _device(doc: Doc) -> Device | None:
    name = doc.text("name")
    if name is None:
        return None
    body = doc.doc("basic") if "basic" in doc else doc
    attributes: dict[str, str | int | bool] = {}
    for key in sorted(map(str, body.doc("attributes").value)):
        value = _attribute(body.doc("attributes", key))
        if value is not None:
            attributes[key] = value
    consumes: dict[str, dict[str, float]] = {}
    for item in body.docs("consumesCounters"):
        consumes.setdefault(item.text("counterSet") or item.text("sharedCounterSet") or "", {}).update(_values(item.doc("counters")))
    return Device(
        name=name,
        attributes=attributes,
        capacity=_values(body.doc("capacity")),
        taints=tuple(taint for item in body.docs("taints") if (taint := _taint(item)) is not None),
        consumes=consumes,
    )


def _named_instance(doc: Doc) -> Device | None:
    """An instance of v1alpha2's structured model."""
    name = doc.text("name")
    if name is None:
        return None
    attributes: dict[str, str | int | bool] = {}
    capacity: dict[str, float] = {}
    for item in doc.docs("attributes"):
        key = item.text("name")
        value = _attribute(item)
        amount = item.amount("quantity") if "quantity" in item else None
        if key and amount is not None:
            capacity[key] = amount
        elif key and value is not None:
            attributes[key] = value
    return Device(name=name, attributes=attributes, capacity=capacity)


def _attribute(doc: Doc) -> str | int | bool | None:
    """The value as written: a driver's `580.105.8` stays what the driver published."""
    for kind in _ATTRIBUTE_TYPES:
        if kind in doc:
            return doc.integer(kind) if kind == "int" else doc.boolean(kind) if kind == "bool" else doc.text(kind)
    return None


def _values(doc: Doc) -> dict[str, float]:
    """Quantities, bare (v1alpha3) or as `{value: ...}`."""
    found: dict[str, float] = {}
    for key in sorted(map(str, doc.value)):
        amount = doc.amount(key, "value") if isinstance(doc.get(key), dict) else doc.amount(key)
        if amount is not None:
            found[key] = amount
    return found


def _taint(doc: Doc) -> Taint | None:
    key, effect = doc.text("key"), doc.text("effect")
    if key is None or effect is None:
        return None
    return Taint(key=key, value=doc.text("value") or "", effect=effect, time_added=doc.moment("timeAdded"))


def _request(doc: Doc) -> DeviceRequest:
    body = doc.doc("exactly") if "exactly" in doc else doc
    number = body.integer("count")
    return DeviceRequest(
        name=doc.text("name") or "",
        device_class_name=body.text("deviceClassName"),
        allocation_mode=body.text("allocationMode") or "ExactCount",
        count=1 if number is None else number,
        admin_access=body.boolean("adminAccess") or False,
        selectors=_selectors(body),
        alternatives=tuple(_request(item) for item in doc.docs("firstAvailable")),
    )


def _selectors(doc: Doc) -> tuple[str, ...]:
    return tuple(text for item in doc.docs("selectors") if (text := item.text("cel", "expression")))


def resource_claim(doc: Doc, cluster: str | None) -> ResourceClaim:
    """A ResourceClaim or ResourceClaimTemplate."""
    template = doc.text("kind") == "ResourceClaimTemplate"
    spec, status = doc.doc("spec", "spec") if template else doc.doc("spec"), doc.doc("status")
    requests = tuple(_request(item) for item in spec.docs("devices", "requests"))
    if not requests and "resourceClassName" in spec:
        requests = (DeviceRequest(name="", device_class_name=spec.text("resourceClassName")),)
    for path in [path for path in doc.unread if path.endswith("count")]:
        doc.unread["requests"] = doc.unread[path]
    allocation = None
    if isinstance(status.get("allocation"), dict):
        allocation = tuple(
            AllocatedDevice(
                request=item.text("request"),
                driver=item.text("driver") or "",
                pool=item.text("pool") or "",
                device=item.text("device") or "",
                admin_access=item.boolean("adminAccess") or False,
            )
            for item in status.docs("allocation", "devices", "results")
        )
    sharing = (text for item in spec.docs("devices", "config") if (text := item.text("opaque", "parameters", "sharing", "strategy")))
    owner = doc.owner
    return ResourceClaim(
        cluster=cluster,
        namespace=doc.namespace,
        name=doc.name,
        template=template,
        created=doc.created,
        deleting_since=doc.any_moment("metadata", "deletionTimestamp"),
        requests=requests,
        allocation=allocation,
        allocated_at=status.moment("allocation", "allocationTimestamp"),
        reserved_for=tuple(name for item in status.docs("reservedFor") if (name := item.text("name"))),
        pod=owner.name if owner and owner.kind == "Pod" else None,
        sharing=next(sharing, None),
        unknown=doc.unread,
    )


def device_class(doc: Doc) -> DeviceClass | None:
    """A DeviceClass."""
    spec, name = doc.doc("spec"), doc.name
    return DeviceClass(name=name, selectors=_selectors(spec), extended_resource_name=spec.text("extendedResourceName")) if name else None


def device_taint_rule(doc: Doc) -> DeviceTaintRule | None:
    """A DeviceTaintRule; None without a taint, without a selector (it matches nothing then), and for one that selects by class or
    expression, which alpha versions had: what these match is not known here."""
    selector, taint, name = doc.doc("spec", "deviceSelector"), _taint(doc.doc("spec", "taint")), doc.name
    if taint is None or name is None or "deviceSelector" not in doc.doc("spec"):
        return None
    if selector.text("deviceClassName") is not None or selector.docs("selectors"):
        return None
    return DeviceTaintRule(
        name=name, driver=selector.text("driver"), pool=selector.text("pool"), device=selector.text("device"), taint=taint
    )
