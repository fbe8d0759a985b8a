"""What goes wrong with nodes, one readable method for each fault; and changes under way, which are no faults."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.demo.construction import GPU, Construction
from gpuctl.demo.node_objects import driver_labels
from gpuctl.demo.operator_objects import CHAIN, OPERATOR_NAMESPACE

Link = Literal["nfd", "driver", "toolkit", "device-plugin", "gfd", "validator"]


class NodeFaults(Construction):
    """Faults of nodes and of the GPU software on them."""

    # -- devices and the chain that brings them to the scheduler ----------------------------------------------------------

    def break_device(self, node: str, gpus: int = 1, resource: str = GPU) -> None:
        """The device plugin reports devices as unhealthy: they stay in capacity and leave allocatable."""
        allocatable = self.node(node)["status"]["allocatable"]
        allocatable[resource] = str(int(allocatable[resource]) - gpus)

    def break_chain(self, node: str, link: Link, hours: float = 5) -> None:
        """One link of the chain fails and what comes after it waits. The node offers no GPU, unless the link is GFD, the last one,
        which only labels. Without NFD the labels go, and the operator withdraws all of its pods."""
        labels = self.node(node)["metadata"]["labels"]
        if link != "gfd":
            self.clear(node)
            self._withdraw(node)
        if link == "nfd":
            for key in [k for k in labels if k.startswith(("nvidia.com/", "feature.node.kubernetes.io/pci-"))]:
                del labels[key]
            for part in (*CHAIN, "dcgm-exporter", "mig-manager"):
                self.remove_daemon(node, part)
            self.crash(self.operator_pod(node, "nfd"), hours)
            return
        if link == "gfd":
            for key in [k for k in labels if k.startswith(("nvidia.com/gpu.", "nvidia.com/cuda."))]:
                if ".deploy." not in key and not key.endswith(".present"):
                    del labels[key]
        self.crash(self.operator_pod(node, link), hours)
        for later in CHAIN[CHAIN.index(link) + 1 :]:
            self._wait_in_init(self.operator_pod(node, later), hours)

    def _withdraw(self, node: str) -> None:
        """No device plugin: five minutes later the kubelet has set its resources to 0, which stay until the kubelet restarts."""
        status = self.node(node)["status"]
        for amounts in (status["capacity"], status["allocatable"]):
            for resource in [name for name in amounts if name.startswith("nvidia.com/")]:
                amounts[resource] = "0"

    def break_driver(self, node: str, hours: float = 5) -> None:
        """The driver container crash-loops."""
        self.break_chain(node, "driver", hours)

    def operator_pod_failing(self, node: str, part: str = "dcgm-exporter", hours: float = 6) -> str:
        """A pod of the GPU Operator crash-loops, which takes no GPU away yet."""
        return self.crash(self.operator_pod(node, part), hours)

    def _wait_in_init(self, pod: Object, hours: float) -> None:
        pod["status"]["phase"] = "Pending"
        for index, status in enumerate(pod["status"].get("initContainerStatuses", [])):
            status["state"] = (
                {"running": {"startedAt": k8s.stamp(self.ago(hours=hours))}} if index == 0 else {"waiting": {"reason": "PodInitializing"}}
            )
            status["ready"] = False
        for status in pod["status"]["containerStatuses"]:
            status |= {"ready": False, "started": False, "state": {"waiting": {"reason": "PodInitializing"}}}
        text = f"containers with incomplete status: [{' '.join(s['name'] for s in pod['status'].get('initContainerStatuses', []))}]"
        k8s.set_condition(pod, k8s.condition("Initialized", "False", self.ago(hours=hours), "ContainersNotInitialized", text))
        self.unready(pod, hours)

    # -- the node itself --------------------------------------------------------------------------------------------------

    def not_ready(self, node: str, hours: float = 2, status: Literal["Unknown", "False"] = "Unknown") -> None:
        """The kubelet went silent (Unknown), or says that it is not ready (False)."""
        since = self.ago(hours=hours)
        silent = status == "Unknown"
        reason, text = ("NodeStatusUnknown", "Kubelet stopped posting node status.") if silent else (
            "KubeletNotReady", "container runtime is down")  # fmt: skip
        last = since - timedelta(seconds=40) if silent else self.ago(minutes=1)
        kinds = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready") if silent else ("Ready",)
        for kind in kinds:
            k8s.set_condition(self.node(node), k8s.condition(kind, status, since, reason, text, last))
        key = "node.kubernetes.io/unreachable" if silent else "node.kubernetes.io/not-ready"
        for effect in ("NoSchedule", "NoExecute"):
            self.taint(node, key, effect=effect, hours=hours)
        if silent:
            self.get("Lease", node, "kube-node-lease")["spec"]["renewTime"] = k8s.micro_stamp(last)
        for pod in self.pods(lambda p: p["spec"].get("nodeName") == node):
            k8s.set_condition(pod, k8s.condition("Ready", "False", since))
        self.add(k8s.event(self.node(node), "NodeNotReady", f"Node {node} status is now: NodeNotReady", since, since, type="Normal",
                           component="node-controller"))  # fmt: skip

    def pressure(self, node: str, kind: str = "DiskPressure", hours: float = 3) -> None:
        """The kubelet reports pressure and taints its node."""
        reason = f"KubeletHas{kind}"
        self.condition(node, kind, "True", reason, f"kubelet has {kind[:-8].lower()} pressure", hours)
        self.taint(node, f"node.kubernetes.io/{kind[:-8].lower()}-pressure", hours=hours)

    def condition(self, node: str, kind: str, status: str, reason: str = "", message: str = "", hours: float = 4) -> None:
        """A condition of any agent (Node Problem Detector, NVSentinel, EKS, GKE, AKS)."""
        k8s.set_condition(self.node(node), k8s.condition(kind, status, self.ago(hours=hours), reason, message, self.ago(minutes=1)))

    def taint(self, node: str, key: str, value: str = "", effect: str = "NoSchedule", hours: float | None = 6) -> None:
        """A taint; NoExecute and the controllers' own carry the time."""
        made = {"key": key, "effect": effect} | ({"value": value} if value else {})
        if hours is not None:
            made["timeAdded"] = k8s.stamp(self.ago(hours=hours))
        self.node(node)["spec"].setdefault("taints", []).append(made)

    def cordon(self, node: str, hours: float = 50, keep_pods: bool = False) -> None:
        """An administrator cordons a node, drains it unless told otherwise, and forgets it."""
        if not keep_pods:
            self.clear(node)
        self.node(node)["spec"]["unschedulable"] = True
        self.taint(node, "node.kubernetes.io/unschedulable", hours=hours)

    def untaint(self, node: str) -> None:
        """Take all taints away."""
        self.node(node)["spec"].pop("taints", None)

    # -- MIG and labels ---------------------------------------------------------------------------------------------------

    def mig_state(self, node: str, state: str, minutes: float, config: str | None = None) -> None:
        """Set `nvidia.com/mig.config.state`; managedFields tells when, as the API server records it."""
        meta = self.node(node)["metadata"]
        meta["labels"]["nvidia.com/mig.config.state"] = state
        if config is not None:
            meta["labels"]["nvidia.com/mig.config"] = config
        fields: Object = {"f:metadata": {"f:labels": {"f:nvidia.com/mig.config": {}, "f:nvidia.com/mig.config.state": {}}}}
        meta["managedFields"] = [{"manager": "nvidia-mig-manager", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                                  "time": k8s.stamp(self.ago(minutes=minutes)), "fieldsV1": fields}]  # fmt: skip

    def mig_failed(self, node: str, hours: float = 7, config: str = "all-1g.20gb") -> None:
        """mig-manager could not apply a configuration."""
        self.mig_state(node, "failed", hours * 60, config)

    def mig_pending(self, node: str, minutes: float = 90, config: str = "all-3g.40gb") -> None:
        """mig-manager waits: its clients are paused, and their pods gone. Beyond 20 minutes it is stuck."""
        self.mig_state(node, "pending", minutes, config)
        self._withdraw(node)
        for part, label in (("device-plugin", "device-plugin"), ("gfd", "gpu-feature-discovery"), ("dcgm-exporter", "dcgm-exporter")):
            self.remove_daemon(node, part)
            self.node(node)["metadata"]["labels"][f"nvidia.com/gpu.deploy.{label}"] = "paused-for-mig-change"

    def mig_contradiction(self, node: str) -> None:
        """Labels say strategy `single`, resources say `mixed`."""
        self.node(node)["metadata"]["labels"]["nvidia.com/mig.strategy"] = "single"

    def mig_invalid(self, node: str) -> None:
        """Strategy `single` with cards cut in different ways: feature discovery marks the product invalid and counts none."""
        labels = self.node(node)["metadata"]["labels"]
        labels |= {"nvidia.com/mig.strategy": "single", "nvidia.com/gpu.count": "0", "nvidia.com/gpu.replicas": "0",
                   "nvidia.com/gpu.memory": "0", "nvidia.com/gpu.sharing-strategy": "",
                   "nvidia.com/gpu.product": labels["nvidia.com/gpu.product"] + "-MIG-INVALID"}  # fmt: skip

    def stale_gpu_resource(self, node: str) -> None:
        """All cards were cut into MIG devices; the kubelet still remembers `nvidia.com/gpu` in capacity."""
        status, labels = self.node(node)["status"], self.node(node)["metadata"]["labels"]
        count = int(labels["nvidia.com/gpu.count"])
        self.clear(node)
        status["capacity"][GPU], status["allocatable"][GPU] = str(count), "0"
        profiles = {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}
        for amounts in (status["capacity"], status["allocatable"]):
            amounts.update({f"nvidia.com/mig-{profile}": str(each * count) for profile, each in profiles.items()})
        labels |= {"nvidia.com/mig.strategy": "mixed", "nvidia.com/mig.config": "all-balanced", "nvidia.com/gpu.replicas": "0"}

    def mixed_driver(self, node: str, driver: str = "570.172.08") -> None:
        """A node runs another driver than the rest of its pool."""
        self.node(node)["metadata"]["labels"].update(driver_labels(driver))
        for container in self.operator_pod(node, "driver")["spec"]["containers"]:
            container["image"] = f"nvcr.io/nvidia/driver:{driver}-ubuntu22.04"

    def mixed_product(self, node: str, product: str = "NVIDIA-H100-NVL") -> None:
        """A node has other cards than the rest of its pool."""
        self.node(node)["metadata"]["labels"]["nvidia.com/gpu.product"] = product

    # -- changes under way: no faults -------------------------------------------------------------------------------------

    def young_node(self, pool: str, name: str, minutes: float = 4) -> str:
        """A node that just joined: labels of discovery and devices are still missing."""
        self.join(pool, name, hours=minutes / 60)
        self._strip_gpu(name)
        return name

    def _strip_gpu(self, name: str) -> None:
        node = self.node(name)
        for amounts in (node["status"]["capacity"], node["status"]["allocatable"]):
            for resource in [r for r in amounts if r.startswith("nvidia.com/")]:
                del amounts[resource]
        labels = node["metadata"]["labels"]
        for key in [k for k in labels if k.startswith("nvidia.com/") and ".deploy." not in k and k != "nvidia.com/gpu.present"]:
            del labels[key]
        for part in CHAIN[1:]:
            self._wait_in_init(self.operator_pod(name, part), 0.05)

    def driver_upgrade(self, node: str, state: str = "pod-restart-required", minutes: float = 8) -> None:
        """The operator upgrades the driver: the node is cordoned, its clients are paused, it offers nothing for a while."""
        self.clear(node)
        meta = self.node(node)["metadata"]
        meta["labels"]["nvidia.com/gpu-driver-upgrade-state"] = state
        self.node(node)["spec"]["unschedulable"] = True
        self.taint(node, "node.kubernetes.io/unschedulable", hours=minutes / 60)
        self.node(node)["status"]["allocatable"][GPU] = "0"
        for part in CHAIN[1:]:
            self._wait_in_init(self.operator_pod(node, part), minutes / 60)

    def autoscaler_removes(self, node: str, at: datetime | None = None) -> None:
        """The cluster autoscaler drains an idle node to delete it."""
        self.clear(node)
        when = at or self.ago(minutes=3)
        self.taint(node, "ToBeDeletedByClusterAutoscaler", str(int(when.timestamp())), hours=None)
        self.node(node)["spec"]["unschedulable"] = True
        self.add(k8s.event(self.node(node), "ScaleDown", "marked the node as toBeDeleted/unschedulable", when, when, type="Normal",
                           component="cluster-autoscaler"))  # fmt: skip

    def declare_driver(self, name: str, driver: str, selector: dict[str, str]) -> None:
        """An NVIDIADriver object that asks for this version on the nodes of its selector."""
        self.add(k8s.make("nvidia.com/v1alpha1", "NVIDIADriver", name, self.ago(hours=900), spec={
            "driverType": "gpu", "repository": "nvcr.io/nvidia", "image": "driver", "version": driver, "nodeSelector": selector},
            status={"state": "ready", "namespace": OPERATOR_NAMESPACE}))  # fmt: skip
