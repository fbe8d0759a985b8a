"""What creates pods: apps, batch, JobSet, LeaderWorkerSet, Kubeflow, Ray, Volcano, native gangs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from gpuctl.model.workloads import Autoscaler, InferencePool, Owner, Placement, Workload
from gpuctl.parsers import k8s_raw as raw
from gpuctl.parsers.k8s_dialect import JsonDialect
from gpuctl.parsers.k8s_doc import Doc
from gpuctl.parsers.k8s_pods import Ask, PodParser, queue_of

_NO_ASK = Ask({}, {}, 0.0, 0.0, ())
_ENDED = {"Complete", "Completed", "Failed", "Succeeded", "Finished", "FailureTarget", "SuccessCriteriaMet"}
_KUBEFLOW = (
    "pytorchReplicaSpecs",
    "tfReplicaSpecs",
    "mpiReplicaSpecs",
    "xgbReplicaSpecs",
    "paddleReplicaSpecs",
    "mxReplicaSpecs",
    "jaxReplicaSpecs",
)


class Role(NamedTuple):
    """Pods of one kind in a workload: how many (None when unreadable), and what each asks for."""

    pods: int | None
    ask: Ask
    placement: Placement | None
    images: tuple[str, ...]
    spec: Any
    known: bool = True


class WorkloadParser:
    """Turns decoded workload objects into facts; pod templates go the way of pods."""

    def __init__(self, pods: PodParser, dialect: JsonDialect, cluster: str | None) -> None:
        self.pods = pods
        self.dialect = dialect
        self.cluster = cluster

    def role(self, template: Doc, pods: int | None) -> Role:
        """The role of a pod template (`{metadata, spec}`)."""
        if template.get("spec") is None:
            return Role(pods, _NO_ASK, None, (), raw.PodSpec(), known=False)
        return self._role(template.doc("spec").value, pods, template)

    def _role(self, spec: dict[str, Any], pods: int | None, where: Doc) -> Role:
        try:
            found = self.dialect.decode(msgspec.json.encode(spec), raw.PodSpec)
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
            where.unread[f"{where.where}.spec"] = str(error)
            return Role(pods, _NO_ASK, None, (), raw.PodSpec(), known=False)
        ask, placement, images = self.pods.template(found)
        for name in ask.unread:
            where.unread["requests"] = f"the amount asked of {name} is no quantity"
        return Role(pods, ask, placement, images, found)

    def workload(self, doc: Doc, kind: str, roles: list[Role], gang: int | None = None, **more: Any) -> Workload:
        """The workload of these roles; the one that asks for most accelerators speaks for a single pod of it."""
        lead = max(roles, key=lambda role: sum(role.ask.accelerators.values()), default=None)
        counts = [role.pods for role in roles]
        pods = sum(number for number in counts if number is not None) if roles and None not in counts else None
        total: dict[str, float] = {}
        for role in roles:
            for name, value in role.ask.accelerators.items():
                if role.pods is None:
                    doc.unread["total_requests"] = "how many pods are wanted is not known"
                else:
                    total[name] = total.get(name, 0.0) + value * role.pods
        if not all(role.known for role in roles):
            doc.unread.setdefault("requests", "the pod template is not given or not readable")
        if doc.unread.get("requests"):
            doc.unread.setdefault("total_requests", doc.unread["requests"])
        labels, annotations = doc.texts("metadata", "labels"), self._annotations(doc)
        spec = lead.spec if lead else raw.PodSpec()
        conditions = doc.conditions()
        known: dict[str, Any] = {
            "cluster": self.cluster,
            "kind": kind,
            "namespace": doc.namespace,
            "name": doc.name,
            "generate_name": doc.text("metadata", "generateName"),
            "owner": doc.owner,
            "pods": pods,
            "requests": lead.ask.accelerators if lead else {},
            "total_requests": {name: total[name] for name in sorted(total) if total[name]},
            "gang": gang,
            "queue": queue_of(labels, annotations),
            "placement": lead.placement if lead else None,
            "priority_class": spec.priority_class_name or labels.get("kueue.x-k8s.io/priority-class") or None,
            "scheduler": spec.scheduler_name or None,
            "images": tuple(dict.fromkeys(image for role in roles for image in role.images)),
            "created": doc.created,
            "generation": doc.integer("metadata", "generation"),
            "observed_generation": doc.integer("status", "observedGeneration"),
            "conditions": conditions,
            "finished": True if any(c.type in _ENDED and c.status == "True" for c in conditions) else None,
        }
        doc.moment("status", "startTime")
        doc.moment("status", "completionTime")
        return Workload(**{**known, **more, "unknown": dict(sorted(doc.unread.items()))})

    def _annotations(self, doc: Doc) -> dict[str, str]:
        used = ("kueue.x-k8s.io/queue-name", "scheduling.volcano.sh/queue-name")
        return {key: value for key in used if (value := doc.text("metadata", "annotations", key))}

    def _replicas(self, doc: Doc, *path: str, default: int | None = 1) -> int | None:
        found = doc.integer(*path)
        return default if found is None and doc.get(*path) is None else found if found is None or found >= 0 else None

    def deployment(self, doc: Doc) -> Workload:
        """Deployment, StatefulSet and ReplicaSet."""
        pods = self._replicas(doc, "spec", "replicas")
        status = doc.doc("status")
        return self.workload(
            doc,
            doc.text("kind") or "Deployment",
            [self.role(doc.doc("spec", "template"), pods)],
            desired=pods,
            current=status.integer("replicas"),
            updated=status.integer("updatedReplicas"),
            ready=status.integer("readyReplicas"),
            unavailable=status.integer("unavailableReplicas"),
            suspended=doc.boolean("spec", "paused"),
        )

    def daemon_set(self, doc: Doc) -> Workload:
        """DaemonSet: one pod for each node that it wants."""
        status = doc.doc("status")
        desired = status.integer("desiredNumberScheduled")
        return self.workload(
            doc,
            "DaemonSet",
            [self.role(doc.doc("spec", "template"), desired)],
            desired=desired,
            current=status.integer("currentNumberScheduled"),
            updated=status.integer("updatedNumberScheduled"),
            ready=status.integer("numberReady"),
            unavailable=status.integer("numberUnavailable"),
        )

    def _job_pods(self, spec: Doc) -> int | None:
        parallel = self._replicas(spec, "parallelism")
        wanted = self._replicas(spec, "completions", default=parallel)
        return None if parallel is None or wanted is None else min(parallel, wanted)

    def job(self, doc: Doc) -> Workload:
        """A batch Job: as many pods at once as parallelism and completions allow."""
        spec, status = doc.doc("spec"), doc.doc("status")
        pods = self._job_pods(spec)
        return self.workload(
            doc,
            "Job",
            [self.role(spec.doc("template"), pods)],
            desired=pods,
            current=status.integer("active"),
            ready=status.integer("ready"),
            suspended=spec.boolean("suspend"),
        )

    def cron_job(self, doc: Doc) -> Workload:
        """A CronJob; its pods are those of one run."""
        spec = doc.doc("spec", "jobTemplate", "spec")
        return self.workload(
            doc, "CronJob", [self.role(spec.doc("template"), self._job_pods(spec))], suspended=doc.boolean("spec", "suspend")
        )

    def _replicated_jobs(self, doc: Doc) -> list[Role]:
        roles = []
        for item in doc.docs("replicatedJobs"):
            spec = item.doc("template", "spec")
            jobs, each = self._replicas(item, "replicas"), self._job_pods(spec)
            roles.append(self.role(spec.doc("template"), None if jobs is None or each is None else jobs * each))
        return roles

    def job_set(self, doc: Doc) -> Workload:
        """A JobSet: replicas of jobs, each with its own parallelism."""
        roles = self._replicated_jobs(doc.doc("spec"))
        return self.workload(doc, "JobSet", roles, suspended=doc.boolean("spec", "suspend"))

    def leader_worker_set(self, doc: Doc) -> Workload:
        """A LeaderWorkerSet: each replica is a leader and `size - 1` workers that start together."""
        spec = doc.doc("spec")
        groups, size = self._replicas(spec, "replicas"), self._replicas(spec, "leaderWorkerTemplate", "size")
        worker = spec.doc("leaderWorkerTemplate", "workerTemplate")
        leader = spec.doc("leaderWorkerTemplate", "leaderTemplate") if spec.get("leaderWorkerTemplate", "leaderTemplate") else worker
        both = groups is not None and size is not None and size > 0
        roles = [self.role(leader, groups), self.role(worker, groups * (size - 1) if both and groups is not None and size else None)]
        status = doc.doc("status")
        return self.workload(
            doc, "LeaderWorkerSet", roles, gang=size, desired=groups, current=status.integer("replicas"),
            updated=status.integer("updatedReplicas"), ready=status.integer("readyReplicas"),
        )  # fmt: skip

    def kubeflow(self, doc: Doc) -> Workload:
        """PyTorchJob and its kin: roles with replicas each; all of them start together unless the policy says fewer."""
        spec = doc.doc("spec")
        key = next((name for name in _KUBEFLOW if name in spec), "")
        roles = [
            self.role(item.doc("template"), self._replicas(item, "replicas")) for item in self._values(spec.doc(key) if key else Doc({}))
        ]
        gang = spec.integer("runPolicy", "schedulingPolicy", "minAvailable")
        numbers = [role.pods for role in roles]
        whole = sum(n for n in numbers if n is not None) if numbers and None not in numbers else None
        return self.workload(
            doc,
            doc.text("kind") or "PyTorchJob",
            roles,
            gang=gang if gang is not None else whole,
            suspended=spec.boolean("runPolicy", "suspend"),
        )

    def _values(self, doc: Doc) -> list[Doc]:
        return [doc.doc(name) for name in sorted(map(str, doc.value))]

    def train_job(self, doc: Doc) -> Workload:
        """A TrainJob: pods as its trainer says; the template lives in the runtime that it names."""
        trainer = doc.doc("spec", "trainer")
        pods = trainer.integer("numNodes")
        limits, wanted = trainer.quantities("resourcesPerNode", "limits"), trainer.quantities("resourcesPerNode", "requests")
        spec = {"containers": [{"resources": {"limits": limits.values, "requests": wanted.values}}]}
        role = self._role(spec, pods, doc) if limits.values or wanted.values else Role(pods, _NO_ASK, None, (), raw.PodSpec(), known=False)
        return self.workload(doc, "TrainJob", [role], gang=pods, suspended=doc.boolean("spec", "suspend"))

    def training_runtime(self, doc: Doc) -> Workload:
        """A TrainingRuntime or ClusterTrainingRuntime: a template, which creates no pods by itself."""
        roles = self._replicated_jobs(doc.doc("spec", "template", "spec"))
        found = self.workload(doc, doc.text("kind") or "TrainingRuntime", roles)
        return msgspec.structs.replace(found, pods=0, total_requests={})

    def ray_cluster(self, doc: Doc) -> Workload:
        """A RayCluster, RayJob or RayService: a head and groups of workers."""
        spec = doc.doc("spec")
        for name in ("rayClusterSpec", "rayClusterConfig"):
            spec = spec.doc(name) if name in spec else spec
        roles = [self.role(spec.doc("headGroupSpec", "template"), 1)] if "headGroupSpec" in spec else []
        for group in spec.docs("workerGroupSpecs"):
            hosts, replicas = self._replicas(group, "numOfHosts"), self._replicas(group, "replicas", default=group.integer("minReplicas"))
            stopped = group.boolean("suspend")
            pods = 0 if stopped else None if hosts is None or replicas is None else hosts * replicas
            roles.append(self.role(group.doc("template"), pods))
        status = doc.doc("status")
        return self.workload(
            doc, doc.text("kind") or "RayCluster", roles, suspended=doc.boolean("spec", "suspend"),
            desired=status.integer("desiredWorkerReplicas"), ready=status.integer("readyWorkerReplicas"),
        )  # fmt: skip

    def volcano_job(self, doc: Doc) -> Workload:
        """A Volcano Job: tasks with replicas; `minAvailable` of all pods start together."""
        spec = doc.doc("spec")
        roles = [self.role(task.doc("template"), self._replicas(task, "replicas")) for task in spec.docs("tasks")]
        phase = doc.text("status", "state", "phase")
        found = self.workload(doc, "Job", roles, gang=spec.integer("minAvailable"), scheduler=spec.text("schedulerName"))
        return msgspec.structs.replace(
            found,
            queue=spec.text("queue") or found.queue,
            priority_class=spec.text("priorityClassName") or found.priority_class,
            finished=True if phase in {"Completed", "Failed", "Terminated", "Aborted"} else None,
        )

    def kueue_workload(self, doc: Doc) -> Workload:
        """Kueue's Workload: pod sets of whatever asked for admission."""
        spec = doc.doc("spec")
        roles = [self.role(item.doc("template"), self._replicas(item, "count")) for item in spec.docs("podSets")]
        found = self.workload(doc, "Workload", roles, suspended=None if spec.boolean("active") is None else not spec.boolean("active"))
        return msgspec.structs.replace(
            found,
            queue=spec.text("queueName"),
            priority_class=spec.text("priorityClassName") or spec.text("priorityClassRef", "name"),
            gang=found.pods,
        )


def autoscaler(doc: Doc, cluster: str | None) -> Autoscaler:
    """A HorizontalPodAutoscaler of any version, or KEDA's ScaledObject or ScaledJob; metrics by name, KEDA's by trigger type."""
    spec, kind = doc.doc("spec"), doc.text("kind") or "HorizontalPodAutoscaler"
    keda = kind.startswith("Scaled")
    target = spec.doc("scaleTargetRef")
    name = target.text("name")
    metrics: list[str] = ["cpu"] if "targetCPUUtilizationPercentage" in spec else []
    for item in spec.docs("metrics"):
        source = item.doc((item.text("type") or "?")[:1].lower() + (item.text("type") or "?")[1:])
        found = source.text("name") or source.text("metric", "name") or source.text("metricName")
        metrics.extend([found] if found else [])
    for item in spec.docs("triggers"):
        found = item.text("metadata", "metricName") or item.text("type")
        metrics.extend([found] if found else [])
    low, high = ("minReplicaCount", "maxReplicaCount") if keda else ("minReplicas", "maxReplicas")
    return Autoscaler(
        cluster=cluster, kind=kind, namespace=doc.namespace, name=doc.name,
        target=Owner(kind=target.text("kind") or "Deployment", name=name) if name else None,
        min_replicas=spec.integer(low), max_replicas=spec.integer(high), metrics=tuple(dict.fromkeys(metrics)), unknown=doc.unread,
    )  # fmt: skip


def inference_pool(doc: Doc, cluster: str | None) -> InferencePool:
    """A Gateway API inference pool, v1alpha2 (flat selector, one port) to v1."""
    spec = doc.doc("spec")
    nested = isinstance(spec.get("selector", "matchLabels"), dict)
    ports = [item.integer("number") for item in spec.docs("targetPorts")] or [spec.integer("targetPortNumber")]
    return InferencePool(
        cluster=cluster, namespace=doc.namespace, name=doc.name,
        match_labels=spec.texts("selector", "matchLabels") if nested else spec.texts("selector"),
        ports=tuple(port for port in ports if port is not None), unknown=doc.unread,
    )  # fmt: skip


Handler = Callable[[Doc], Workload]


def handlers(parser: WorkloadParser) -> dict[tuple[str, str], Handler]:
    """What reads which kind: by API group and kind."""
    found: dict[tuple[str, str], Handler] = {
        ("apps", "DaemonSet"): parser.daemon_set,
        ("batch", "Job"): parser.job,
        ("batch", "CronJob"): parser.cron_job,
        ("jobset.x-k8s.io", "JobSet"): parser.job_set,
        ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): parser.leader_worker_set,
        ("trainer.kubeflow.org", "TrainJob"): parser.train_job,
        ("kueue.x-k8s.io", "Workload"): parser.kueue_workload,
        ("batch.volcano.sh", "Job"): parser.volcano_job,
    }
    found.update((("apps", kind), parser.deployment) for kind in ("Deployment", "StatefulSet", "ReplicaSet"))
    found.update((("trainer.kubeflow.org", kind), parser.training_runtime) for kind in ("TrainingRuntime", "ClusterTrainingRuntime"))
    found.update((("ray.io", kind), parser.ray_cluster) for kind in ("RayCluster", "RayJob", "RayService"))
    kinds = ("PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "MXJob", "JAXJob")
    found.update((("kubeflow.org", kind), parser.kubeflow) for kind in kinds)
    return found
