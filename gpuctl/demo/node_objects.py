"""Nodes as kubelet, Node Feature Discovery, GPU Feature Discovery and the GPU Operator together make them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.demo.products import CUDA_OF_BRANCH

if TYPE_CHECKING:
    from gpuctl.demo.construction import Pool

KUBELET = "v1.33.4"
KERNEL = "5.15.0-151-generic"
DEPLOYED = ("container-toolkit", "dcgm", "dcgm-exporter", "device-plugin", "driver", "gpu-feature-discovery", "node-status-exporter",
            "operator-validator")  # fmt: skip


def build_node(name: str, pool: Pool, as_of: datetime, created: datetime, ordinal: int) -> Object:
    """One healthy node of a pool."""
    offered: dict[str, str] = {}
    if pool.gpus:
        offered["nvidia.com/gpu"] = str(pool.gpus - pool.mig_cards)
        offered |= {
            f"nvidia.com/mig-{profile}": str(each * pool.mig_cards) for profile, each in pool.product.slices.items() if pool.mig_cards
        }
    memory = pool.memory_gib * 1024 * 1024
    common = {"ephemeral-storage": "1843269236Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0", "pods": "110"}
    ready_since = created + timedelta(seconds=45)
    heartbeat = as_of - timedelta(seconds=30 + int(90 * k8s.share(name, "heartbeat")))
    address = f"10.1.{ordinal // 250}.{ordinal % 250 + 1}"
    return k8s.make(
        "v1",
        "Node",
        name,
        created,
        labels=labels_of(name, pool, as_of),
        annotations={"node.alpha.kubernetes.io/ttl": "0"},
        spec={
            "podCIDR": f"10.{64 + ordinal // 250}.{ordinal % 250}.0/24",
            "providerID": f"metal://{k8s.uid('machine', name)}",
            **({"taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]} if pool.gpus and pool.tainted else {}),
        },
        status={
            "capacity": {"cpu": str(pool.cpu), "memory": f"{memory}Ki", **common, **offered},
            "allocatable": {"cpu": str(pool.cpu - 2), "memory": f"{memory - 4 * 1024 * 1024}Ki", **common, **offered},
            "conditions": [
                k8s.condition(
                    "MemoryPressure",
                    "False",
                    ready_since,
                    "KubeletHasSufficientMemory",
                    "kubelet has sufficient memory available",
                    heartbeat,
                ),
                k8s.condition("DiskPressure", "False", ready_since, "KubeletHasNoDiskPressure", "kubelet has no disk pressure", heartbeat),
                k8s.condition(
                    "PIDPressure", "False", ready_since, "KubeletHasSufficientPID", "kubelet has sufficient PID available", heartbeat
                ),
                k8s.condition("Ready", "True", ready_since, "KubeletReady", "kubelet is posting ready status", heartbeat),
            ],
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": k8s.digest("machine-id", name),
                "systemUUID": k8s.uid("system", name),
                "bootID": k8s.uid("boot", name),
                "kernelVersion": KERNEL,
                "osImage": "Ubuntu 22.04.5 LTS",
                "containerRuntimeVersion": "containerd://1.7.27",
                "kubeletVersion": KUBELET,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    )


def labels_of(name: str, pool: Pool, as_of: datetime) -> dict[str, str]:
    """Labels of a node: Kubernetes' own, then what discovery and the operator add."""
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.cluster.x-k8s.io/machinedeployment": pool.name,
        "pool": pool.name,
        "topology.kubernetes.io/zone": "room-" + "ab"[int(k8s.digest(name)[0], 16) % 2],
        "feature.node.kubernetes.io/kernel-version.full": KERNEL,
        "feature.node.kubernetes.io/kernel-version.major": "5",
        "feature.node.kubernetes.io/kernel-version.minor": "15",
        "feature.node.kubernetes.io/system-os_release.ID": "ubuntu",
        "feature.node.kubernetes.io/system-os_release.VERSION_ID": "22.04",
        **pool.labels,
    }
    return labels | gpu_labels(pool, as_of) if pool.gpus else labels


def driver_labels(driver: str) -> dict[str, str]:
    """Labels that tell the driver's version and the CUDA version that it serves."""
    major, minor, revision = driver.split(".")
    cuda = CUDA_OF_BRANCH[major]
    cuda_major, cuda_minor = cuda.split(".")
    return {
        "nvidia.com/cuda.driver-version.full": driver,
        "nvidia.com/cuda.driver-version.major": major,
        "nvidia.com/cuda.driver-version.minor": minor,
        "nvidia.com/cuda.driver-version.revision": revision,
        "nvidia.com/cuda.driver.major": major,
        "nvidia.com/cuda.driver.minor": minor,
        "nvidia.com/cuda.driver.rev": revision,
        "nvidia.com/cuda.runtime-version.full": cuda,
        "nvidia.com/cuda.runtime-version.major": cuda_major,
        "nvidia.com/cuda.runtime-version.minor": cuda_minor,
        "nvidia.com/cuda.runtime.major": cuda_major,
        "nvidia.com/cuda.runtime.minor": cuda_minor,
    }


def gpu_labels(pool: Pool, as_of: datetime) -> dict[str, str]:
    """What NFD, GPU Feature Discovery and the GPU Operator write on a GPU node."""
    product = pool.product
    major, minor = product.compute.split(".")
    capable = bool(product.slices)
    labels = {
        "feature.node.kubernetes.io/pci-10de.present": "true",
        "nvidia.com/gfd.timestamp": str(int(as_of.timestamp()) - 86400 * 9),
        **driver_labels(pool.driver),
        "nvidia.com/gpu.compute.major": major,
        "nvidia.com/gpu.compute.minor": minor,
        "nvidia.com/gpu.count": str(pool.gpus),
        "nvidia.com/gpu.family": product.family,
        "nvidia.com/gpu.machine": product.machine,
        "nvidia.com/gpu.memory": str(product.memory_mib),
        "nvidia.com/gpu.mode": "compute",
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.product": product.label,
        "nvidia.com/gpu.replicas": "1" if pool.gpus > pool.mig_cards else "0",
        "nvidia.com/gpu.sharing-strategy": "none",
        "nvidia.com/mig.capable": "true" if capable else "false",
        "nvidia.com/mps.capable": "false",
        "nvidia.com/vgpu.present": "false",
        "nvidia.com/gpu-driver-upgrade-state": "upgrade-done",
        **{f"nvidia.com/gpu.deploy.{part}": "true" for part in DEPLOYED},
    }
    if capable:
        labels |= {
            "nvidia.com/gpu.deploy.mig-manager": "true",
            "nvidia.com/mig.config": f"balanced-{pool.mig_cards}" if pool.mig_cards else "all-disabled",
            "nvidia.com/mig.config.state": "success",
        }
    if pool.strategy:
        labels["nvidia.com/mig.strategy"] = pool.strategy
    for profile, each in product.slices.items() if pool.mig_cards else ():
        start = f"nvidia.com/mig-{profile}"
        gi, memory = profile.split("g.")
        labels |= {
            f"{start}.count": str(each * pool.mig_cards),
            f"{start}.memory": str(int(memory.removesuffix("gb")) * 1024 - 512),
            f"{start}.product": f"{product.label}-MIG-{profile}",
            f"{start}.replicas": "1",
            f"{start}.sharing-strategy": "none",
            f"{start}.slices.ci": gi,
            f"{start}.slices.gi": gi,
        }
    return labels


def lease(node: Object, renewed: datetime) -> Object:
    """The heartbeat of a node's kubelet."""
    name = node["metadata"]["name"]
    last = renewed - timedelta(seconds=1 + int(9 * k8s.share(name, "lease")))
    made = k8s.make("coordination.k8s.io/v1", "Lease", name, renewed, "kube-node-lease", spec={
        "holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": k8s.micro_stamp(last)})  # fmt: skip
    made["metadata"]["creationTimestamp"] = node["metadata"]["creationTimestamp"]
    made["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}]
    return made
