"""What goes wrong with pods, one readable method for each fault."""

from __future__ import annotations

from datetime import timedelta

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.demo.construction import GPU, GPU_TOLERATION, Construction

NO_PREEMPTION = "preemption: 0/{0} nodes are available: {0} No preemption victims found for incoming pod."


class PodFaults(Construction):
    """Faults of pods, and of what lets them in."""

    def bare_pod(self, namespace: str, name: str, gpus: int = 1, node: str | None = None, hours: float = 60, resource: str = GPU) -> Object:
        """A GPU pod that nothing would start again; on `node`, or where there is room."""
        self.namespace(namespace)
        spec = {
            "containers": [{"name": "main", "image": "nvcr.io/nvidia/pytorch:25.03-py3", "resources": _amounts(resource, gpus)}],
            "tolerations": [dict(GPU_TOLERATION)],
        }
        made = self.add(k8s.pod(name, namespace, self.ago(hours=hours), spec, labels={"run": name}))
        self.bind(made, node or self.room({resource: float(gpus)}, self.nodes()), self.ago(hours=hours) + timedelta(seconds=30))
        return made

    def admission_error(self, node: str, namespace: str = "team-a", name: str = "rejected", gpus: int = 1, hours: float = 1) -> str:
        """The kubelet refused a pod because the device plugin had nothing to give."""
        pods = self.workload("Job", namespace, name, 1, gpus, None, hours, bound=False)
        made = self.get("Pod", pods[0], namespace)
        made["spec"]["nodeName"] = node
        why = f"no healthy devices present; cannot allocate unhealthy devices {GPU}"
        text = f"Pod was rejected: Allocate failed due to {why}, which is unexpected"
        made["status"] = {
            "phase": "Failed",
            "reason": "UnexpectedAdmissionError",
            "message": text,
            "startTime": k8s.stamp(self.ago(hours=hours)),
        }
        self.add(k8s.event(made, "UnexpectedAdmissionError", text, self.ago(hours=hours), self.ago(hours=hours)))
        return pods[0]

    def stuck_terminating(self, namespace: str, pod: str, hours: float = 9) -> None:
        """A pod was deleted long ago, and still holds its devices."""
        meta = self.get("Pod", pod, namespace)["metadata"]
        meta["deletionTimestamp"] = k8s.stamp(self.ago(hours=hours))
        meta["deletionGracePeriodSeconds"] = 30

    def stuck_creating(self, namespace: str, pod: str, hours: float = 2) -> None:
        """A pod was bound, but its sandbox or volume never comes up; its devices are taken meanwhile."""
        made = self.get("Pod", pod, namespace)
        made["metadata"]["creationTimestamp"] = k8s.stamp(self.ago(hours=hours))
        made["status"] |= {"phase": "Pending", "startTime": k8s.stamp(self.ago(hours=hours))}
        for status in made["status"]["containerStatuses"]:
            status |= {"ready": False, "started": False, "state": {"waiting": {"reason": "ContainerCreating"}}}
            status.pop("containerID", None)
        self.unready(made, hours)
        k8s.set_condition(made, k8s.condition("PodScheduled", "True", self.ago(hours=hours)))
        text = 'MountVolume.SetUp failed for volume "datasets" : mount failed: exit status 32'
        self.add(k8s.event(made, "FailedMount", text, self.ago(hours=hours), self.ago(minutes=2), count=40))

    def crash_loop(self, namespace: str, pod: str, hours: float = 3, restarts: int = 34, exit_code: int = 139) -> None:
        """A pod crash-loops."""
        made = self.get("Pod", pod, namespace)
        self.crash(made, hours, restarts, exit_code)

    # -- pods that wait -----------------------------------------------------------------------------------------------------

    def pending(
        self, namespace: str, name: str, message: str, pods: int = 1, gpus: float = 1, hours: float = 3, *,
        pool: str | None = None, resource: str = GPU, kind: str = "Job", spec: Object | None = None,
    ) -> list[str]:  # fmt: skip
        """Pods that wait for GPUs, with what the scheduler says of them."""
        made = self.workload(kind, namespace, name, pods, gpus, pool, hours, resource=resource, bound=False, spec=spec)
        for pod_name in made:
            pod = self.get("Pod", pod_name, namespace)
            since = self.ago(hours=hours)
            pod["status"]["conditions"] = [k8s.condition("PodScheduled", "False", since, "Unschedulable", message)]
            self.add(
                k8s.event(
                    pod,
                    "FailedScheduling",
                    message,
                    since,
                    self.ago(minutes=4),
                    count=max(1, int(hours * 12)),
                    component="default-scheduler",
                )
            )
        return made

    def queued(self, namespace: str, name: str, pods: int = 1, gpus: float = 8, hours: float = 3, pool: str = "h100") -> list[str]:
        """A sound job that waits because its pool is full."""
        total = len(self.nodes())
        other = total - len(self.nodes(pool))
        parts = [f"{len(self.nodes(pool))} Insufficient {GPU}"] + (
            [f"{other} node(s) didn't match Pod's node affinity/selector"] if other else []
        )
        message = f"0/{total} nodes are available: {', '.join(parts)}. {NO_PREEMPTION.format(total)}"
        return self.pending(namespace, name, message, pods, gpus, hours, pool=pool)

    def asks_too_much(self, namespace: str = "team-b", name: str = "sixteen", gpus: int = 16, hours: float = 20) -> list[str]:
        """One pod that asks for more devices than any node has."""
        total = len(self.nodes())
        return self.pending(
            namespace, name, f"0/{total} nodes are available: {total} Insufficient {GPU}. {NO_PREEMPTION.format(total)}", 1, gpus, hours
        )

    def asks_unknown_resource(
        self, namespace: str = "team-b", name: str = "odd-slice", resource: str = "nvidia.com/mig-1g.12gb", hours: float = 20
    ) -> list[str]:
        """A pod that asks for a resource that no node offers."""
        total = len(self.nodes())
        message = f"0/{total} nodes are available: {total} Insufficient {resource}. {NO_PREEMPTION.format(total)}"
        return self.pending(namespace, name, message, 1, 1, hours, resource=resource)

    def selects_nothing(self, namespace: str = "team-b", name: str = "elsewhere", hours: float = 20) -> list[str]:
        """A pod whose node selector matches no node."""
        total = len(self.nodes())
        message = f"0/{total} nodes are available: {total} node(s) didn't match Pod's node affinity/selector. {NO_PREEMPTION.format(total)}"
        return self.pending(
            namespace, name, message, 1, 1, hours, spec={"nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HMB3"}}
        )

    def tolerates_nothing(self, namespace: str = "team-b", name: str = "intolerant", hours: float = 20) -> list[str]:
        """A pod without the toleration that all GPU nodes call for."""
        total = len(self.nodes())
        message = f"0/{total} nodes are available: {total} node(s) had untolerated taint {{{GPU}: present}}. {NO_PREEMPTION.format(total)}"
        return self.pending(namespace, name, message, 1, 1, hours, spec={"tolerations": []})

    # -- quotas, taints, updates --------------------------------------------------------------------------------------------

    def quota(self, namespace: str, hard: float, used: float, name: str = "gpus", resource: str = f"requests.{GPU}") -> Object:
        """A ResourceQuota."""
        self.namespace(namespace)
        return self.add(k8s.make("v1", "ResourceQuota", name, self.ago(hours=2000), namespace, spec={"hard": {resource: f"{hard:g}"}},
                                 status={"hard": {resource: f"{hard:g}"}, "used": {resource: f"{used:g}"}}))  # fmt: skip

    def quota_too_low(self, namespace: str, name: str = "blocked", hard: int = 8, gpus: int = 4, hours: float = 5) -> None:
        """A quota is used up; a controller cannot create its pods."""
        self.quota(namespace, hard, hard)
        self.workload("Job", namespace, name, 0, gpus, None, hours)
        job = self.get("Job", name, namespace)
        job["spec"] |= {"parallelism": 1, "completions": 1}
        job["status"]["active"] = 0
        key = f"requests.{GPU}"
        text = (
            f'Error creating: pods "{name}-0-{k8s.suffix(name)}" is forbidden: exceeded quota: gpus, requested: {key}={gpus}, '
            f"used: {key}={hard}, limited: {key}={hard}"
        )
        self.add(k8s.event(job, "FailedCreate", text, self.ago(hours=hours), self.ago(minutes=6), count=18, component="job-controller"))

    def cpu_pods_on_untainted(self, node: str, pods: int = 6, namespace: str = "web") -> list[str]:
        """A GPU node lost its taint, and pods without GPUs moved in."""
        self.node(node)["spec"].pop("taints", None)
        return self.workload("Deployment", namespace, f"crawler-{node}", pods, 0, None, 30, nodes=[node], image="python:3.12-slim")

    def rolling_update(self, namespace: str, name: str, fresh: int = 1) -> None:
        """A Deployment in the middle of an update: the controller has not caught up yet."""
        made = self.get("Deployment", name, namespace)
        made["metadata"]["generation"] = 2
        made["status"] |= {"observedGeneration": 2, "updatedReplicas": fresh}
        k8s.set_condition(
            made, k8s.condition("Progressing", "True", self.ago(minutes=2), "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
        )

    def budget(self, namespace: str, name: str, min_available: int, app: str | None = None) -> Object:
        """A PodDisruptionBudget for the pods of a workload."""
        app = app or name
        pods = self.pods(lambda p: p["metadata"]["namespace"] == namespace and p["metadata"].get("labels", {}).get("app") == app)
        status = {"currentHealthy": len(pods), "desiredHealthy": min_available, "disruptionsAllowed": max(0, len(pods) - min_available),
                  "expectedPods": len(pods), "observedGeneration": 1}  # fmt: skip
        spec = {"minAvailable": min_available, "selector": {"matchLabels": {"app": app}}}
        return self.add(k8s.make("policy/v1", "PodDisruptionBudget", name, self.ago(hours=700), namespace, spec=spec, status=status))

    def priority_class(self, name: str, value: int, default: bool = False) -> Object:
        """A PriorityClass."""
        return self.add(k8s.make("scheduling.k8s.io/v1", "PriorityClass", name, self.ago(hours=3000), value=value, globalDefault=default,
                                 preemptionPolicy="PreemptLowerPriority"))  # fmt: skip


def _amounts(resource: str, number: float) -> Object:
    amounts = {"cpu": "8", "memory": "32Gi", resource: f"{number:g}"}
    return {"limits": amounts, "requests": dict(amounts)}
