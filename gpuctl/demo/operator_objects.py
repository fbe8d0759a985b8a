"""The GPU Operator's DaemonSets and their pods, with the names and labels that its releases use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object

OPERATOR_NAMESPACE = "gpu-operator"
PCI = "feature.node.kubernetes.io/pci-10de.present"
CHAIN = ("driver", "toolkit", "validator", "device-plugin", "gfd")
"""Links in the order in which each waits for the one before: the validator writes the files that device plugin and GFD wait for."""


@dataclass(frozen=True)
class Component:
    """One DaemonSet. `part` names the link of the chain; `label` the node label that lets it run there."""

    part: str
    app: str
    image: str
    label: str | None
    init: tuple[str, ...] = ()
    namespace: str = OPERATOR_NAMESPACE

    def runs_on(self, node: Object) -> bool:
        """Whether the node's labels call for it."""
        return self.label is None or node["metadata"].get("labels", {}).get(self.label) == "true"

    @property
    def labels(self) -> dict[str, str]:
        """Labels of its pods."""
        if self.part == "nfd":
            return {"app.kubernetes.io/name": "node-feature-discovery", "app.kubernetes.io/instance": "gpu-operator", "role": "worker"}
        return (
            {"app": self.app, "app.kubernetes.io/managed-by": "gpu-operator"}
            if self.namespace == OPERATOR_NAMESPACE
            else {"k8s-app": self.app}
        )


def components() -> tuple[Component, ...]:
    """What runs on GPU nodes, in the order in which the links depend on each other."""
    deploy = "nvidia.com/gpu.deploy."
    return (
        Component("nfd", "gpu-operator-node-feature-discovery-worker", "registry.k8s.io/nfd/node-feature-discovery:v0.17.3", None),
        Component("proxy", "kube-proxy", "registry.k8s.io/kube-proxy:v1.33.4", None, namespace="kube-system"),
        Component("driver", "nvidia-driver-daemonset", "nvcr.io/nvidia/driver:580.105.08-ubuntu22.04", deploy + "driver",
                  ("k8s-driver-manager",)),
        Component("toolkit", "nvidia-container-toolkit-daemonset", "nvcr.io/nvidia/k8s/container-toolkit:v1.17.8-ubuntu20.04",
                  deploy + "container-toolkit", ("driver-validation",)),
        Component("device-plugin", "nvidia-device-plugin-daemonset", "nvcr.io/nvidia/k8s-device-plugin:v0.17.4", deploy + "device-plugin",
                  ("toolkit-validation",)),
        Component("gfd", "gpu-feature-discovery", "nvcr.io/nvidia/k8s-device-plugin:v0.17.4", deploy + "gpu-feature-discovery",
                  ("toolkit-validation",)),
        Component("validator", "nvidia-operator-validator", "nvcr.io/nvidia/cloud-native/gpu-operator-validator:v25.3.4",
                  deploy + "operator-validator", ("driver-validation", "toolkit-validation", "cuda-validation", "plugin-validation")),
        Component("dcgm-exporter", "nvidia-dcgm-exporter", "nvcr.io/nvidia/k8s/dcgm-exporter:4.2.3-4.1.3-ubuntu22.04",
                  deploy + "dcgm-exporter", ("toolkit-validation",)),
        Component("mig-manager", "nvidia-mig-manager", "nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.12.3-ubuntu20.04",
                  deploy + "mig-manager", ("toolkit-validation",)),
    )  # fmt: skip


def _template(component: Component) -> Object:
    one = {"requests": {"cpu": "100m", "memory": "128Mi"}}
    return {
        "containers": [{"name": component.app, "image": component.image, "resources": one}],
        **(
            {"initContainers": [{"name": name, "image": component.image, "resources": {}} for name in component.init]}
            if component.init
            else {}
        ),
        **({"nodeSelector": {component.label: "true"}} if component.label else {}),
        "priorityClassName": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
    }


def daemon_set(component: Component, created: datetime) -> Object:
    """The DaemonSet of one component."""
    made = k8s.make("apps/v1", "DaemonSet", component.app, created, component.namespace, labels=component.labels, spec={
        "selector": {"matchLabels": component.labels}, "template": {"metadata": {"labels": component.labels}, "spec": _template(component)},
        "updateStrategy": {"type": "RollingUpdate"}}, status={})  # fmt: skip
    made["metadata"]["generation"] = 1
    return made


def daemon_pod(component: Component, owner: Object, node: Object, created: datetime) -> Object:
    """Its pod on one node, not started yet."""
    name = f"{component.app}-{k8s.suffix(component.app, node['metadata']['name'])}"
    spec = _template(component)
    spec["priority"] = 2000001000
    if component.part == "driver":
        driver = node["metadata"]["labels"].get("nvidia.com/cuda.driver-version.full", "580.105.08")
        for container in (*spec["containers"], *spec["initContainers"]):
            container["image"] = f"nvcr.io/nvidia/driver:{driver}-ubuntu22.04"
    return k8s.pod(name, component.namespace, created, spec, owner=owner,
                   labels=component.labels | {"controller-revision-hash": k8s.suffix(component.app, "revision", length=10)})  # fmt: skip
