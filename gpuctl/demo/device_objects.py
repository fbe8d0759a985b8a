"""Dynamic resource allocation: slices, classes, claims and taints of devices."""

from __future__ import annotations

from datetime import timedelta

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.demo.construction import GPU, GPU_TOLERATION, Construction

DRA = "resource.k8s.io/v1"
DRIVER = "gpu.nvidia.com"


class DynamicResources(Construction):
    """Objects of `resource.k8s.io`, as NVIDIA's DRA driver publishes them."""

    def device_class(self, extended_resource: str | None = None) -> Object:
        """The DeviceClass of whole GPUs."""
        spec: Object = {
            "selectors": [{"cel": {"expression": f"device.driver == '{DRIVER}' && device.attributes['{DRIVER}'].type == 'gpu'"}}]
        }
        if extended_resource:
            spec["extendedResourceName"] = extended_resource
        return self.add(k8s.make(DRA, "DeviceClass", DRIVER, self.ago(hours=1000), spec=spec))

    def slice(self, node: str, devices: int | None = None) -> Object:
        """The ResourceSlice of a node's whole GPUs; `devices` of them, or as many as its labels count."""
        labels = self.node(node)["metadata"]["labels"]
        number = int(labels["nvidia.com/gpu.count"]) if devices is None else devices
        common = {
            "type": {"string": "gpu"},
            "productName": {"string": labels["nvidia.com/gpu.product"].replace("-", " ")},
            "driverVersion": {"version": labels["nvidia.com/cuda.driver-version.full"].replace(".0", ".")},
        }
        listed = [
            {"name": f"gpu-{i}", "attributes": {**common, "uuid": {"string": f"GPU-{k8s.uid(node, str(i))}"}},
             "capacity": {"memory": {"value": f"{labels['nvidia.com/gpu.memory']}Mi"}}}
            for i in range(number)
        ]  # fmt: skip
        return self.add(k8s.make(DRA, "ResourceSlice", f"{node}-{DRIVER}", self.ago(hours=500), spec={
            "driver": DRIVER, "nodeName": node, "devices": listed,
            "pool": {"name": node, "generation": 1, "resourceSliceCount": 1}}))  # fmt: skip

    def dra_only(self, node: str) -> None:
        """The node is served by DRA alone: no device plugin, no `nvidia.com/gpu`."""
        self.clear(node)
        for amounts in (self.node(node)["status"]["capacity"], self.node(node)["status"]["allocatable"]):
            amounts.pop(GPU, None)
        self.node(node)["metadata"]["labels"]["nvidia.com/gpu.deploy.device-plugin"] = "false"
        self.remove_daemon(node, "device-plugin")
        self.slice(node)

    def dra_taint(self, node: str, device: int = 0, key: str = "gpu.nvidia.com/xid", value: str = "79", effect: str = "NoExecute") -> None:
        """The driver taints one device of a node's slice."""
        slice_ = self.get("ResourceSlice", f"{node}-{DRIVER}")
        slice_["spec"]["devices"][device]["taints"] = [
            {"key": key, "value": value, "effect": effect, "timeAdded": k8s.stamp(self.ago(hours=3))}
        ]

    def device_taint_rule(
        self, name: str, node: str, device: str | None = None, key: str = "example.com/service", effect: str = "NoSchedule"
    ) -> Object:
        """An administrator takes devices of a node out of service."""
        selector = {"driver": DRIVER, "pool": node} | ({"device": device} if device else {})
        return self.add(k8s.make(DRA, "DeviceTaintRule", name, self.ago(hours=8), spec={
            "deviceSelector": selector, "taint": {"key": key, "effect": effect, "timeAdded": k8s.stamp(self.ago(hours=8))}}))  # fmt: skip

    def claim(self, namespace: str, name: str, node: str | None = None, device: int = 0, hours: float = 12) -> Object:
        """A claim for one GPU and the pod that uses it; with `node`, allocated there and running."""
        self.namespace(namespace)
        request = {"name": "gpu", "exactly": {"deviceClassName": DRIVER, "allocationMode": "ExactCount", "count": 1}}
        made = self.add(
            k8s.make(DRA, "ResourceClaim", name, self.ago(hours=hours), namespace, spec={"devices": {"requests": [request]}}, status={})
        )
        spec = {
            "containers": [{"name": "main", "image": "nvcr.io/nvidia/pytorch:25.03-py3", "resources": {"claims": [{"name": "gpu"}]}}],
            "resourceClaims": [{"name": "gpu", "resourceClaimName": name}],
            "tolerations": [dict(GPU_TOLERATION)],
        }
        pod = self.add(k8s.pod(f"{name}-user", namespace, self.ago(hours=hours), spec))
        if node is not None:
            self.bind(pod, node, self.ago(hours=hours) + timedelta(seconds=5))
            made["status"] = {
                "allocation": {"devices": {"results": [{"request": "gpu", "driver": DRIVER, "pool": node, "device": f"gpu-{device}"}]},
                               "allocationTimestamp": k8s.stamp(self.ago(hours=hours))},
                "reservedFor": [{"resource": "pods", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}],
            }  # fmt: skip
        return made
