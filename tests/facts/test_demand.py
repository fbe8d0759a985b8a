"""Which nodes a waiting pod could use, and what its request stands for."""

from __future__ import annotations

from gpuctl.facts.demand import could_use, pod_gpus, potential
from gpuctl.facts.view import View
from gpuctl.model.dra import Device, DeviceClass, DeviceRequest, ResourceClaim, ResourceSlice
from gpuctl.model.nodes import GpuLabels, Node, Sharing, Taint
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Pod

BROKEN = Node(
    name="n1",
    ready="False",
    cordoned=True,
    capacity={"nvidia.com/gpu": 8.0, "cpu": 8.0},
    allocatable={"nvidia.com/gpu": 0.0, "cpu": 8.0},
    taints=(Taint(key="node.kubernetes.io/not-ready", effect="NoExecute"), Taint(key="repair", effect="NoSchedule")),
)
POD = Pod(phase="Pending", requests={"nvidia.com/gpu": 8.0})


def test_a_broken_node_could_be_used_once_the_named_taint_is_lifted() -> None:
    view = View(Snapshot(nodes=(BROKEN,)), None)
    assert not could_use(POD, BROKEN, view)
    assert could_use(POD, BROKEN, view, ignore_taints=frozenset({"repair"}))
    assert not could_use(POD, BROKEN, view, ignore_taints=frozenset({"repair"}), as_if_healthy=False)


def test_labels_tell_of_devices_that_nobody_advertises() -> None:
    node = Node(name="n1", capacity={"cpu": 8.0}, allocatable={"cpu": 8.0}, accelerators=GpuLabels(vendor="nvidia", physical=4), taints=())
    assert potential(node, View(Snapshot(nodes=(node,)), None)) == {"cpu": 8.0, "nvidia.com/gpu": 4.0}


def test_a_node_that_only_dra_serves_takes_plain_requests_only_where_a_class_lends_the_name() -> None:
    labels = GpuLabels(vendor="nvidia", physical=2, count=2)
    node = Node(name="n1", capacity={"cpu": 8.0}, allocatable={"cpu": 8.0}, accelerators=labels, taints=())
    slices = (ResourceSlice(driver="gpu.nvidia.com", node_name="n1", pool="n1", devices=(Device(name="gpu-0"), Device(name="gpu-1"))),)
    pod = Pod(phase="Pending", requests={"nvidia.com/gpu": 2.0})
    plain = DeviceClass(name="gpu.nvidia.com", selectors=("device.driver == 'gpu.nvidia.com'",))
    lending = DeviceClass(name="gpu.nvidia.com", selectors=plain.selectors, extended_resource_name="nvidia.com/gpu")
    assert not could_use(pod, node, View(Snapshot(nodes=(node,), resource_slices=slices, device_classes=(plain,)), None))
    assert could_use(pod, node, View(Snapshot(nodes=(node,), resource_slices=slices, device_classes=(lending,)), None))
    foreign = DeviceClass(name="tpu", selectors=("device.driver == 'tpu.google.com'",), extended_resource_name="nvidia.com/gpu")
    assert not could_use(pod, node, View(Snapshot(nodes=(node,), resource_slices=slices, device_classes=(foreign,)), None))


def test_a_broken_node_of_another_vendor_offers_that_vendors_resource() -> None:
    node = Node(name="n1", capacity={"cpu": 8.0}, accelerators=GpuLabels(vendor="google", physical=4), taints=())
    assert potential(node, View(Snapshot(nodes=(node,)), None)) == {"cpu": 8.0, "google.com/tpu": 4.0}


def test_whole_devices_left_over_beside_mig_are_no_offer() -> None:
    amounts = {"nvidia.com/gpu": 8.0, "nvidia.com/mig-1g.10gb": 7.0}
    node = Node(name="n1", capacity=amounts, allocatable={**amounts, "nvidia.com/gpu": 0.0}, taints=())
    assert not could_use(POD, node, View(Snapshot(nodes=(node,)), None))


def test_claims_need_devices_of_the_node() -> None:
    claim = ResourceClaim(namespace="a", name="c", requests=(DeviceRequest(name="r", device_class_name="gpu.nvidia.com", count=2),))
    slices = (ResourceSlice(driver="gpu.nvidia.com", node_name="n1", pool="n1", devices=(Device(name="gpu-0"), Device(name="gpu-1"))),)
    one, two = Node(name="n1", capacity={"cpu": 8.0}, taints=()), Node(name="n2", capacity={"cpu": 8.0}, taints=())
    view = View(Snapshot(nodes=(one, two), resource_claims=(claim,), resource_slices=slices), None)
    pod = Pod(namespace="a", phase="Pending", claims=("c",))
    assert could_use(pod, one, view)
    assert not could_use(pod, two, view)
    assert pod_gpus(pod, view) == 2


def test_shares_count_their_part_of_a_device() -> None:
    node = Node(name="n1", capacity={"nvidia.com/gpu": 40.0}, sharing=Sharing(mode="time-slicing", replicas=10))
    assert pod_gpus(Pod(requests={"nvidia.com/gpu": 5.0}), View(Snapshot(nodes=(node,)), None)) == 0.5
