"""A cluster under construction: pools of nodes, the GPU software on them, and what runs there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.demo.node_objects import build_node, lease
from gpuctl.demo.operator_objects import OPERATOR_NAMESPACE, Component, components, daemon_pod, daemon_set
from gpuctl.demo.products import Product

GPU = "nvidia.com/gpu"
GPU_TOLERATION = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}


@dataclass
class Pool:
    """A group of equal nodes. `mig_cards`: how many cards of each node are cut as `all-balanced` cuts them."""

    name: str
    product: Product
    gpus: int
    driver: str
    mig_cards: int = 0
    strategy: str | None = None
    cpu: int = 192
    memory_gib: int = 2048
    tainted: bool = True
    labels: dict[str, str] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)


class Construction:
    """A cluster under construction. Methods that add things return their names."""

    def __init__(self, as_of: datetime, operator: bool = True) -> None:
        self.as_of = as_of
        self.pools: dict[str, Pool] = {}
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._free: dict[str, dict[str, float]] = {}
        self._operator = operator
        self._components: dict[str, Component] = {}
        for namespace in ("default", "kube-system", "kube-node-lease"):
            self.namespace(namespace)
        if operator:
            self._install_operator()

    # -- what stands in the cluster -------------------------------------------------------------------------------------

    def objects(self) -> list[Object]:
        """All objects, namespaces first, in the order of the description."""
        self._settle()
        return list(self._objects.values())

    def add(self, obj: Object) -> Object:
        """Add an object, or replace the one of that name."""
        meta = obj["metadata"]
        self._objects[obj["kind"], meta.get("namespace", ""), meta["name"]] = obj
        return obj

    def remove(self, kind: str, name: str, namespace: str = "") -> None:
        """Take an object away; its resources become free."""
        gone = self._objects.pop((kind, namespace, name))
        if kind == "Pod" and (node := gone["spec"].get("nodeName")):
            for resource, amount in requests_of(gone["spec"]).items():
                self._free[node][resource] = self._free[node].get(resource, 0) + amount

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """An object by name, to be looked at or changed."""
        return self._objects[kind, namespace, name]

    def node(self, name: str) -> Object:
        """A Node by name."""
        return self.get("Node", name)

    def nodes(self, pool: str | None = None) -> list[str]:
        """Names of the nodes of a pool, or of all."""
        return list(self.pools[pool].nodes) if pool else [name for p in self.pools.values() for name in p.nodes]

    def pods(self, where: Callable[[Object], bool] = lambda _: True) -> list[Object]:
        """Pods for which `where` holds."""
        return [obj for (kind, _, _), obj in self._objects.items() if kind == "Pod" and where(obj)]

    def user_pods(self, node: str) -> list[Object]:
        """Pods on a node that no DaemonSet put there."""
        return self.pods(lambda p: p["spec"].get("nodeName") == node and _owner_kind(p) != "DaemonSet")

    def pods_of(self, namespace: str, app: str) -> list[str]:
        """Names of the pods of a workload, in the order in which they were made."""
        return [
            str(p["metadata"]["name"])
            for p in self.pods(lambda p: p["metadata"]["namespace"] == namespace and p["metadata"].get("labels", {}).get("app") == app)
        ]

    def ago(self, hours: float = 0, minutes: float = 0) -> datetime:
        """A moment before `as_of`."""
        return self.as_of - timedelta(hours=hours, minutes=minutes)

    def namespace(self, name: str) -> str:
        """Make a namespace unless it is there."""
        if ("Namespace", "", name) not in self._objects:
            self.add(k8s.make("v1", "Namespace", name, self.ago(hours=9000), labels={"kubernetes.io/metadata.name": name},
                              spec={"finalizers": ["kubernetes"]}, status={"phase": "Active"}))  # fmt: skip
        return name

    # -- nodes ------------------------------------------------------------------------------------------------------------

    def pool(self, name: str, nodes: int, product: Product, gpus: int, driver: str, days: float = 90, **more: Any) -> list[str]:
        """Add a pool of GPU nodes `name-001` ... with the GPU software on each; `more` are fields of `Pool`."""
        made = self.pools[name] = Pool(name, product, gpus, driver, **more)
        for index in range(1, nodes + 1):
            self.join(name, f"{name}-{index:03d}", hours=days * 24)
        return made.nodes

    def join(self, pool: str, name: str, hours: float) -> str:
        """Add one more node to a pool, `hours` old."""
        made = self.pools[pool]
        ordinal = sum(len(p.nodes) for p in self.pools.values()) + 1
        node = self.add(build_node(name, made, self.as_of, created=self.ago(hours=hours), ordinal=ordinal))
        made.nodes.append(name)
        self._free[name] = {k: float(v) for k, v in node["status"]["allocatable"].items() if "/" in k} | {"cpu": float(made.cpu - 2)}
        self.add(lease(node, self.as_of))
        for component in self._components.values():
            if component.runs_on(node):
                self.daemon(component, node)
        return name

    def cpu_pool(self, name: str, nodes: int, cpu: int = 64) -> list[str]:
        """Add a pool of nodes without accelerators."""
        none = Product("", 0, "", "0.0", "PowerEdge-R660", {})
        return self.pool(name, nodes, none, gpus=0, driver="", cpu=cpu, memory_gib=cpu * 4, tainted=False)

    def _install_operator(self) -> None:
        self.namespace(OPERATOR_NAMESPACE)
        self._components = {component.app: component for component in components()}
        for component in self._components.values():
            self.add(daemon_set(component, self.ago(hours=2400)))
        self.add(k8s.make("nvidia.com/v1", "ClusterPolicy", "cluster-policy", self.ago(hours=2400), spec={
            "driver": {"enabled": True, "version": "580.105.08", "upgradePolicy": {"autoUpgrade": True}}, "toolkit": {"enabled": True},
            "devicePlugin": {"enabled": True}, "dcgmExporter": {"enabled": True}, "gfd": {"enabled": True},
            "mig": {"strategy": "mixed"}, "migManager": {"enabled": True}, "validator": {}, "nodeStatusExporter": {"enabled": False},
        }, status={"state": "ready", "namespace": OPERATOR_NAMESPACE}))  # fmt: skip

    def daemon(self, component: Component, node: Object) -> Object:
        """The pod of one of the operator's DaemonSets on one node, running."""
        owner = self.get("DaemonSet", component.app, component.namespace)
        created = max(self.ago(hours=400), _moment(node["metadata"]["creationTimestamp"]) + timedelta(minutes=2))
        made = self.add(daemon_pod(component, owner, node, min(created, self.as_of)))
        k8s.run(made, node, min(created + timedelta(seconds=40), self.as_of))
        return made

    def component(self, part: str) -> Component:
        """One of the DaemonSets on GPU nodes: `driver`, `toolkit`, `device-plugin`, `gfd`, `validator`, `nfd` ..."""
        return next(c for c in self._components.values() if c.part == part)

    def operator_pod(self, node: str, part: str) -> Object:
        """The pod of one of these DaemonSets on a node."""
        component = self.component(part)
        owner = self.get("DaemonSet", component.app, component.namespace)
        return next(p for p in self.pods(lambda p: p["spec"].get("nodeName") == node and k8s.is_owned_by(p, owner)))

    def remove_daemon(self, node: str, part: str) -> None:
        """Take the pod of one of these DaemonSets off a node, if it is there."""
        component = self.component(part)
        owner = self.get("DaemonSet", component.app, component.namespace)
        for gone in self.pods(lambda p: p["spec"].get("nodeName") == node and k8s.is_owned_by(p, owner)):
            self.remove("Pod", gone["metadata"]["name"], component.namespace)

    def clear(self, node: str) -> None:
        """Take all pods but those of DaemonSets from a node; their controllers ask for fewer."""
        for pod in self.user_pods(node):
            meta = pod["metadata"]
            self.remove("Pod", meta["name"], meta["namespace"])
            for owner in meta.get("ownerReferences", []):
                self._shrink(owner["kind"], owner["name"], meta["namespace"])

    def _shrink(self, kind: str, name: str, namespace: str) -> None:
        made = self.get(kind, name, namespace)
        if kind == "Job":
            made["spec"]["parallelism"] -= 1
            made["spec"]["completions"] -= 1
            made["status"]["active"] -= 1
            return
        made["spec"]["replicas"] -= 1
        made["status"] |= {"replicas": made["spec"]["replicas"], "updatedReplicas": made["spec"]["replicas"]}
        for owner in made["metadata"].get("ownerReferences", []):
            self._shrink(owner["kind"], owner["name"], namespace)

    def crash(self, pod: Object, hours: float, restarts: int = 40, exit_code: int = 1) -> str:
        """Let the first container of a pod crash-loop, with the event that the kubelet writes."""
        last = self.ago(minutes=3)
        meta, status = pod["metadata"], pod["status"]["containerStatuses"][0]
        ended = {
            "exitCode": exit_code,
            "reason": "Error",
            "startedAt": k8s.stamp(last - timedelta(seconds=9)),
            "finishedAt": k8s.stamp(last),
        }
        text = f"back-off 5m0s restarting failed container={status['name']} pod={meta['name']}_{meta['namespace']}({meta['uid']})"
        waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": text}}
        status |= {"ready": False, "started": False, "restartCount": restarts, "state": waiting, "lastState": {"terminated": ended}}
        self.unready(pod, hours)
        message = f"Back-off restarting failed container {status['name']} in pod {meta['name']}_{meta['namespace']}({meta['uid']})"
        self.add(k8s.event(pod, "BackOff", message, self.ago(hours=hours), self.ago(minutes=1), count=restarts * 6))
        return str(meta["name"])

    def unready(self, pod: Object, hours: float) -> None:
        """Set the conditions of a pod some of whose containers are not ready."""
        names = [s["name"] for s in pod["status"].get("containerStatuses", []) if not s["ready"]]
        text = f"containers with unready status: [{' '.join(names)}]"
        for kind in ("Ready", "ContainersReady"):
            k8s.set_condition(pod, k8s.condition(kind, "False", self.ago(hours=hours), "ContainersNotReady", text))

    # -- what runs on them ------------------------------------------------------------------------------------------------

    def job(self, namespace: str, name: str, pods: int, gpus: float, pool: str, hours: float = 20, **more: Any) -> list[str]:
        """A batch Job whose pods ask for `gpus` devices each; returns the pods' names. `more` as for `workload`."""
        return self.workload("Job", namespace, name, pods, gpus, pool, hours, **more)

    def serve(self, namespace: str, name: str, pods: int, gpus: float, pool: str, hours: float = 300, **more: Any) -> list[str]:
        """A Deployment whose pods ask for `gpus` devices each; returns the pods' names."""
        return self.workload("Deployment", namespace, name, pods, gpus, pool, hours, **more)

    def workload(
        self, kind: str, namespace: str, name: str, pods: int, gpus: float, pool: str | None, hours: float, *,
        resource: str = GPU, cpu: float = 8, image: str = "nvcr.io/nvidia/pytorch:25.03-py3", bound: bool = True,
        nodes: Sequence[str] | None = None, spec: Object | None = None, labels: dict[str, str] | None = None,
    ) -> list[str]:  # fmt: skip
        """A controller and its pods. With `bound`, they run on nodes of the pool, or of `nodes`, where there is room; there must be."""
        self.namespace(namespace)
        created = self.ago(hours=hours)
        amounts = {"cpu": f"{cpu:g}", "memory": f"{cpu * 4:g}Gi"} | ({resource: f"{gpus:g}"} if gpus else {})
        body: Object = {
            "containers": [{"name": "main", "image": image, "resources": {"limits": amounts, "requests": dict(amounts)}}],
            "tolerations": [dict(GPU_TOLERATION)] if gpus else [],
            **({"nodeSelector": {"pool": pool}} if pool else {}),
            **({"restartPolicy": "OnFailure"} if kind == "Job" else {}),
            **(spec or {}),
        }
        owner = self._controller(kind, namespace, name, pods, body, created, {"app": name, **(labels or {})})
        names = []
        for index in range(pods):
            end = k8s.suffix(namespace, name, str(index))
            pod_name = (
                f"{name}-{index}" if kind == "StatefulSet" else f"{owner['metadata']['name']}-{f'{index}-' if kind == 'Job' else ''}{end}"
            )
            own = {**body, "tolerations": [dict(t) for t in body["tolerations"]]}
            made = self.add(k8s.pod(pod_name, namespace, created, own, labels={"app": name, **(labels or {})}, owner=owner))
            if bound:
                self.bind(made, self.room(requests_of(body), nodes or self.nodes(pool)), created + timedelta(seconds=30))
            names.append(pod_name)
        return names

    def bind(self, made: Object, node: str, started: datetime) -> None:
        """Let a pod run on a node."""
        for resource, amount in requests_of(made["spec"]).items():
            self._free[node][resource] = self._free[node].get(resource, 0) - amount
        k8s.run(made, self.node(node), started)

    def room(self, wanted: dict[str, float], among: Sequence[str]) -> str:
        """The first of some nodes on which there is room."""
        for name in among:
            free = self._free[name]
            if not self.node(name)["spec"].get("unschedulable") and all(free.get(k, 0) >= v for k, v in wanted.items()):
                return name
        raise ValueError(f"no node of {list(among)[:3]}... has room for {wanted}")

    def _controller(self, kind: str, ns: str, name: str, pods: int, body: Object, created: datetime, labels: dict[str, str]) -> Object:
        template = {"metadata": {"labels": labels}, "spec": body}
        if kind == "Job":
            spec: Object = {"parallelism": pods, "completions": pods, "completionMode": "Indexed", "backoffLimit": 6, "template": template}
            return self.add(k8s.make("batch/v1", "Job", name, created, ns, labels=labels, spec=spec,
                                     status={"active": pods, "startTime": k8s.stamp(created)}))  # fmt: skip
        selector = {"matchLabels": {"app": name}}
        status: Object = {"observedGeneration": 1, "replicas": pods, "updatedReplicas": pods}
        spec = {"replicas": pods, "selector": selector, "template": template}
        made = k8s.make("apps/v1", kind, name, created, ns, labels=labels, spec=spec, status=status)
        made["metadata"]["generation"] = 1
        self.add(made)
        if kind != "Deployment":
            made["spec"]["serviceName"] = name
            return made
        digest = k8s.suffix(ns, name, "template", length=10)
        child = k8s.make("apps/v1", "ReplicaSet", f"{name}-{digest}", created, ns, labels=labels, owner=made, spec=dict(made["spec"]),
                         status={"replicas": pods, "observedGeneration": 1})  # fmt: skip
        return self.add(child)

    def _settle(self) -> None:
        """Give controllers the counts that follow from their pods."""
        ready: dict[str, int] = {}
        for made in self.pods():
            owner = made["metadata"].get("ownerReferences", [{}])[0].get("uid", "")
            is_ready = any(c["type"] == "Ready" and c["status"] == "True" for c in made["status"].get("conditions", []))
            ready[owner] = ready.get(owner, 0) + (is_ready and "deletionTimestamp" not in made["metadata"])
        for (kind, _, _), obj in list(self._objects.items()):
            count = ready.get(obj["metadata"]["uid"], 0)
            if kind == "Job":
                obj["status"]["ready"] = count
            elif kind in {"ReplicaSet", "StatefulSet"}:
                obj["status"] |= {"readyReplicas": count, "availableReplicas": count}
                if kind == "ReplicaSet":
                    parent = self.get("Deployment", obj["metadata"]["ownerReferences"][0]["name"], obj["metadata"]["namespace"])
                    parent["status"] |= {
                        "readyReplicas": count,
                        "availableReplicas": count,
                        "unavailableReplicas": parent["spec"]["replicas"] - count,
                    }
            elif kind == "DaemonSet":
                wanted = sum(1 for p in self.pods() if p["metadata"].get("ownerReferences", [{}])[0].get("uid") == obj["metadata"]["uid"])
                obj["status"] = {"currentNumberScheduled": wanted, "desiredNumberScheduled": wanted, "numberMisscheduled": 0,
                                 "updatedNumberScheduled": wanted, "numberReady": count, "numberAvailable": count,
                                 "numberUnavailable": wanted - count, "observedGeneration": 1}  # fmt: skip


def requests_of(spec: Object) -> dict[str, float]:
    total: dict[str, float] = {}
    for container in spec["containers"]:
        for resource, amount in container.get("resources", {}).get("requests", {}).items():
            if resource == "cpu" or "/" in resource:
                total[resource] = total.get(resource, 0) + (float(amount[:-1]) / 1000 if amount.endswith("m") else float(amount))
    return total


def _owner_kind(made: Object) -> str:
    return str(made["metadata"].get("ownerReferences", [{}])[0].get("kind", ""))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
