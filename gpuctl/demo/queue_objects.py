"""Queues: Kueue's flavours, queues and workloads."""

from __future__ import annotations

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.demo.construction import GPU, Construction

KUEUE = "kueue.x-k8s.io/v1beta1"


class Queues(Construction):
    """Objects of Kueue."""

    def cluster_queue(self, name: str, nominal: int, used: int, pending: int = 0, flavor: str = "h100", resource: str = GPU) -> Object:
        """A ClusterQueue with one resource in one flavour, and that flavour."""
        self.add(k8s.make(KUEUE, "ResourceFlavor", flavor, self.ago(hours=1500), spec={"nodeLabels": {"pool": flavor}}))
        amount = {"name": resource, "nominalQuota": str(nominal)}
        group = {"coveredResources": [resource], "flavors": [{"name": flavor, "resources": [amount]}]}
        usage = [{"name": flavor, "resources": [{"name": resource, "total": str(used), "borrowed": "0"}]}]
        active = k8s.condition("Active", "True", self.ago(hours=1500), "Ready", "Can admit new workloads")
        return self.add(
            k8s.make(
                KUEUE, "ClusterQueue", name, self.ago(hours=1500),
                spec={"namespaceSelector": {}, "queueingStrategy": "BestEffortFIFO", "stopPolicy": "None", "resourceGroups": [group]},
                status={"conditions": [active], "flavorsUsage": usage, "flavorsReservation": usage,
                        "pendingWorkloads": pending, "admittedWorkloads": 1},
            )
        )  # fmt: skip

    def local_queue(self, namespace: str, name: str, cluster_queue: str, pending: int = 0) -> Object:
        """A LocalQueue of a namespace."""
        self.namespace(namespace)
        spec = {"clusterQueue": cluster_queue, "stopPolicy": "None"}
        return self.add(k8s.make(KUEUE, "LocalQueue", name, self.ago(hours=1400), namespace, spec=spec,
                                 status={"pendingWorkloads": pending, "admittedWorkloads": 1}))  # fmt: skip

    def queued_workload(self, namespace: str, name: str, queue: str, pods: int, gpus: int, hours: float = 6, resource: str = GPU) -> Object:
        """A Kueue Workload that waits for quota, and the suspended Job behind it."""
        self.workload("Job", namespace, name, 0, gpus, None, hours, resource=resource, labels={"kueue.x-k8s.io/queue-name": queue})
        job = self.get("Job", name, namespace)
        job["spec"] |= {"suspend": True, "parallelism": pods, "completions": pods}
        job["status"] = {}
        text = (
            f"couldn't assign flavors to pod set main: insufficient unused quota for {resource} in flavor h100, {pods * gpus} more needed"
        )
        reserved = k8s.condition("QuotaReserved", "False", self.ago(hours=hours), "Pending", text)
        return self.add(
            k8s.make(
                KUEUE, "Workload", f"job-{name}-{k8s.suffix(namespace, name)}", self.ago(hours=hours), namespace, owner=job,
                spec={"active": True, "queueName": queue, "priority": 0,
                      "podSets": [{"name": "main", "count": pods, "template": job["spec"]["template"]}]},
                status={"conditions": [reserved]},
            )
        )  # fmt: skip
