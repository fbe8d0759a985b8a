"""pod-request-unsatisfiable: fires, stays silent, is not assessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gpuctl.audits.runner import audits, run
from gpuctl.facts.view import View
from gpuctl.findings import Finding, Outcome
from gpuctl.model.dra import Device, DeviceClass, DeviceRequest, ResourceClaim, ResourceSlice
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Placement, Pod, Requirement, Toleration

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GPU = {"nvidia.com/gpu": 1.0}


def judge(**facts: Any) -> tuple[tuple[Finding, ...], Outcome]:
    found, outcomes = run(View(Snapshot(**facts), NOW), [audit for audit in audits() if audit.code == "pod-request-unsatisfiable"])
    assert outcomes[0].crashes == ()
    return found, outcomes[0]


NODE = Node(
    name="n1",
    ready="False",
    labels={"zone": "a"},
    capacity={"nvidia.com/gpu": 8, "cpu": 64},
    allocatable={"nvidia.com/gpu": 0, "cpu": 63},
    taints=(
        Taint(key="nvidia.com/gpu", value="present", effect="NoSchedule"),
        Taint(key="node.kubernetes.io/not-ready", effect="NoSchedule"),
    ),
)
TOLERANT = (Toleration(key="nvidia.com/gpu", operator="Exists"),)


def pod(requests: dict[str, float] = GPU, **more: Any) -> Pod:
    return Pod(
        **{"namespace": "a", "name": "p", "phase": "Pending", "requests": requests, "placement": Placement(tolerations=TOLERANT), **more}
    )


def message(*pods: Pod, **more: Any) -> str:
    found, _ = judge(**{"nodes": (NODE,), "pods": pods, **more})
    return found[0].message if found else ""


def test_fires_on_each_obstacle() -> None:
    assert message(pod()) == ""
    assert "no node has any amd.com/gpu" in message(pod({"amd.com/gpu": 1.0}))
    assert "no node has more than 8" in message(pod({"nvidia.com/gpu": 16.0}))
    assert "node selector zone=b matches no node" in message(pod(placement=Placement(node_selector={"zone": "b"}, tolerations=TOLERANT)))
    terms = ((Requirement(key="zone", operator="In", values=("c",)),),)
    assert "affinity on zone matches no node" in message(pod(placement=Placement(terms=terms, tolerations=TOLERANT)))
    assert "does not tolerate the taints of any of the 1 nodes" in message(pod(placement=None))
    assert "asks for cpu 64" in message(pod(cpu=64.0))


def test_a_device_class_that_does_not_exist() -> None:
    claim = ResourceClaim(namespace="a", name="c", requests=(DeviceRequest(name="gpu", device_class_name="gpu.example.com"),))
    facts = {"resource_claims": (claim,), "device_classes": (DeviceClass(name="gpu.nvidia.com"),), "resource_slices": ()}
    assert "device class gpu.example.com does not exist" in message(pod({}, claims=("c",)), **facts)


def test_devices_that_no_slice_publishes() -> None:
    claim = ResourceClaim(namespace="a", name="c", requests=(DeviceRequest(name="gpu", device_class_name="gpu.nvidia.com", count=2),))
    one = ResourceSlice(driver="gpu.nvidia.com", node_name="n1", pool="n1", devices=(Device(name="gpu-0"),))
    two = ResourceSlice(driver="gpu.nvidia.com", node_name="n1", pool="n1", devices=(Device(name="gpu-0"), Device(name="gpu-1")))
    selector = "device.driver == 'gpu.nvidia.com'"
    facts = {"resource_claims": (claim,), "device_classes": (DeviceClass(name="gpu.nvidia.com", selectors=(selector,)),)}
    claiming = pod({}, claims=("c",))
    assert "publish at most 1 on one node" in message(claiming, **facts, resource_slices=(one,))
    assert message(claiming, **facts, resource_slices=(two,)) == ""
    assert judge(nodes=(NODE,), pods=(claiming,), **facts)[1].not_assessed == 1


def test_silent_when_a_broken_node_could_take_it() -> None:
    found, outcome = judge(nodes=(NODE,), pods=(pod({"nvidia.com/gpu": 8.0}),))
    assert (found, outcome.clean) == ((), 1)


def test_an_autoscaler_makes_it_only_possible() -> None:
    scaled = Node(name="n2", labels={"karpenter.sh/nodepool": "gpu"}, capacity={"nvidia.com/gpu": 1}, taints=())
    (found,), _ = judge(nodes=(NODE, scaled), pods=(pod({"nvidia.com/gpu": 16.0}),))
    assert found.confidence == "possible"


def test_not_assessed_without_all_nodes() -> None:
    assert judge(pods=(pod(),))[1].not_assessed == 1
    big = pod({"nvidia.com/gpu": 16.0})
    assert judge(nodes=(NODE,), pods=(big,), unknown={"nodes": "cut off"})[1].not_assessed == 1
    assert judge(nodes=(NODE, Node(name="n2", unknown={"capacity": "not told"})), pods=(big,))[1].not_assessed == 1
    assert judge()[1].not_assessed == 1
