"""Steps that act on pods, on what creates them and on what limits them."""

from __future__ import annotations

from functools import partial

from gpuctl.advice.commands import Kubectl
from gpuctl.advice.item import Step
from gpuctl.advice.job import Job
from gpuctl.model.subject import Subject
from gpuctl.units import significant

_RESOURCES = {
    "ResourceQuota": "resourcequotas",
    "ClusterQueue": "clusterqueues.kueue.x-k8s.io",
    "LocalQueue": "localqueues.kueue.x-k8s.io",
    "Workload": "workloads.kueue.x-k8s.io",
    "Job": "jobs.batch",
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "ReplicaSet": "replicasets.apps",
    "JobSet": "jobsets.jobset.x-k8s.io",
    "LeaderWorkerSet": "leaderworkersets.leaderworkerset.x-k8s.io",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers.autoscaling",
    "ScaledObject": "scaledobjects.keda.sh",
    "ScaledJob": "scaledjobs.keda.sh",
}
"""Kinds that an action may name, and how kubectl knows them."""


def force_delete(job: Job) -> tuple[Step, ...]:
    """A forced deletion removes the object only; the process may live on where kubelet is gone."""
    look = _describe(job)
    return (
        *look,
        *_delete(
            job,
            "Make sure that its processes have ended on the node, then remove it from the API. A process that lives on keeps its GPU, "
            "while the scheduler gives that GPU to the next pod, and a StatefulSet may run the same identity twice",
            force=True,
        ),
    )


def delete_failed(job: Job) -> tuple[Step, ...]:
    return (*_describe(job), *_delete(job, "Delete what is left; a controller makes a new one, a bare pod does not come back"))


def recreate(job: Job) -> tuple[Step, ...]:
    return (
        *_describe(job),
        *_delete(job, "Delete it, so that its controller makes a new one; a bare pod must be applied again from its manifest"),
    )


def move(job: Job) -> tuple[Step, ...]:
    """Cordon, then delete: the controller starts the pod on another node."""
    nodes = job.nodes
    cordon = (job.step("Keep new pods off the node", lambda kubectl: kubectl.cordon(nodes)),) if nodes else ()
    return (*_describe(job), *cordon, *_delete(job, "Delete it, so that its controller starts it on another node"))


def moved_back(job: Job) -> tuple[Step, ...]:
    nodes = job.nodes
    return (job.step("Allow pods again", lambda kubectl: kubectl.uncordon(nodes)),) if nodes else made_by_controller(job)


def change_request(job: Job) -> tuple[Step, ...]:
    """The owner's template is what must change: a pod's requests cannot be edited."""
    owners = sorted({f"{pod.owner.kind} {pod.namespace or 'default'}/{pod.owner.name}" for pod in job.pods if pod.owner is not None})
    what = f"the manifest of {', '.join(owners)}" if owners else "the manifest of what creates it"
    obstacle = job.args.get("obstacle")
    say = f"Change {what}, and apply that"
    return (*_describe(job), job.step(f"{say}. What stands in the way: {obstacle}" if obstacle else say))


def add_capacity(job: Job) -> tuple[Step, ...]:
    wanted = job.args.get("resource")
    return (
        *_describe(job),
        job.step(
            f"Free, add or share more of {wanted or 'what it asks for'}: finished or idle holders, a larger node pool, MIG or time slices"
        ),
    )


def raise_quota(job: Job) -> tuple[Step, ...]:
    steps = []
    for target in job.targets:
        resource = _RESOURCES.get(job.args.get("kind", ""), "resourcequotas" if target.namespace else "clusterqueues.kueue.x-k8s.io")
        steps.append(
            job.step(
                "See limits and use", partial(Kubectl.describe, resource=resource, namespace=target.namespace, names=(target.name or "",))
            )
        )
        limit, quantity = job.args.get("resource", ""), job.args.get("quantity", "")
        if resource == "resourcequotas" and limit and quantity:
            change = partial(Kubectl.set_quota, namespace=target.namespace, name=target.name or "", resource=limit, quantity=quantity)
        else:
            change = partial(Kubectl.edit, resource=resource, namespace=target.namespace, name=target.name or "")
        steps.append(job.step(f"Raise {limit or 'the limit'} to at least {quantity or 'what is asked for'}", change))
    return tuple(steps)


def fix_queue(job: Job) -> tuple[Step, ...]:
    queue = job.args.get("queue")
    say = "Mend what its conditions name: a stop policy, a missing flavor or ClusterQueue, a closed state"
    if any(target.kind != "queue" for target in job.targets) and queue:
        say = f"Name a queue that exists and is open in the workload's label, or have the queue {queue} created or started"
    return (*_describe(job), job.step(say))


def fix_autoscaler(job: Job) -> tuple[Step, ...]:
    metric, instead = job.args.get("metric"), job.args.get("instead")
    say = "Mend its target, its metric or its limits"
    if metric and instead:
        say = f"Let it follow a metric that rises with the load, {instead} say, in place of {metric}"
    resource = _RESOURCES.get(job.args.get("kind", ""))
    if resource is None:
        return (*_describe(job), job.step(say))
    edits = [
        job.step(say, partial(Kubectl.edit, resource=resource, namespace=target.namespace, name=target.name or ""))
        for target in job.targets
    ]
    return (*_describe(job), *edits)


def add_controller(job: Job) -> tuple[Step, ...]:
    manifests = [
        job.step("Keep the manifest", partial(Kubectl.get_yaml, resource="pods", namespace=ns, names=names))
        for ns, names in job.by_namespace(job.targets)
    ]
    return (*manifests, job.step("Put its template into a Job or Deployment for the next run; the pod that runs now may end by itself"))


def investigate(job: Job) -> tuple[Step, ...]:
    return _describe(job) or (job.step("Look closer: the finding's evidence says where"),)


def made_by_controller(job: Job) -> tuple[Step, ...]:
    return (
        job.step(
            "A deleted pod does not come back by itself; its controller makes a new one, a bare pod is applied again from its manifest"
        ),
    )


def quota_back(job: Job) -> tuple[Step, ...]:
    """The former value, from the quota as it was read; that of a ClusterQueue is kept by whoever edits it."""
    limit = job.args.get("resource", "")
    quotas = {(item.cluster, item.namespace, item.name): item for item in job.work.view.snapshot.quotas or ()}
    steps = []
    for target in job.targets:
        quota = quotas.get((target.cluster, target.namespace, target.name))
        former = quota.hard.get(limit) if quota is not None else None
        if former is not None:
            change = partial(
                Kubectl.set_quota,
                namespace=target.namespace,
                name=target.name or "",
                resource=limit,
                quantity=str(significant(former)),
            )
            steps.append(job.step(f"Set {limit} to its former value", change))
    return tuple(steps) or _former_queue_quota(job, limit)


def _former_queue_quota(job: Job, limit: str) -> tuple[Step, ...]:
    """One flavor with its nominal quota each, for a person to set again."""
    found = [
        (target.name or "", quota)
        for target in job.targets
        for queue in job.work.view.snapshot.queues or ()
        if (queue.cluster, queue.namespace, queue.name) == (target.cluster, target.namespace, target.name)
        for quota in queue.quotas
        if quota.resource == limit and quota.nominal is not None
    ]
    if not found:
        return edit_back(job)
    resource = "clusterqueues.kueue.x-k8s.io"
    return tuple(
        job.step(
            f"Set nominalQuota of {limit}{f' in flavor {quota.flavor}' if quota.flavor else ''} "
            f"to {significant(quota.nominal or 0.0)} again",
            partial(Kubectl.edit, resource=resource, namespace=None, name=name),
        )
        for name, quota in found
    )


def edit_back(job: Job) -> tuple[Step, ...]:
    return (job.step("Set the former value again"),)


def nothing_to_undo(job: Job) -> tuple[Step, ...]:
    return (job.step("Nothing to undo: the commands only read"),)


def _describe(job: Job) -> tuple[Step, ...]:
    """One command that reads, for each kind and namespace of targets."""
    groups: dict[tuple[str, str], list[Subject]] = {}
    for target in job.targets:
        groups.setdefault((_resource(target.kind, job.args.get("kind", "")), target.namespace or ""), []).append(target)
    steps = []
    for (resource, namespace), targets in sorted(groups.items()):
        names = tuple(
            sorted({(target.node if target.kind in {"gpu", "mig_device", "link", "nic"} else target.name) or "" for target in targets})
        )
        if resource and all(names):
            steps.append(
                job.step("See its state and events", partial(Kubectl.describe, resource=resource, namespace=namespace or None, names=names))
            )
    return tuple(steps)


def _resource(kind: str, told: str) -> str:
    match kind:
        case "pod":
            return "pods"
        case "node" | "gpu" | "mig_device" | "link" | "nic":
            return "nodes"
        case "claim":
            return "resourceclaims"
        case "queue" | "workload":
            return _RESOURCES.get(told, "resourcequotas" if kind == "queue" and not told else "")
    return ""


def _delete(job: Job, say: str, *, force: bool = False) -> tuple[Step, ...]:
    steps = []
    for ns, names in job.by_namespace(job.targets):
        ended = [pod for pod in job.pods if (pod.namespace or None) == ns]
        step = job.step(say, partial(Kubectl.delete_pods, namespace=ns, names=names, force=force), ended)
        if not ended:
            step = Step(say=step.say, command=step.command, interrupts=tuple(f"{ns or 'default'}/{name}" for name in names))
        steps.append(step)
    return tuple(steps)
