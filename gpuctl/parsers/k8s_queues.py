"""Who limits pods: quotas, queues, gangs, disruption budgets, priorities."""

from __future__ import annotations

from collections.abc import Mapping

from gpuctl.model.workloads import Budget, PodGroup, PriorityClass, Queue, QueueQuota, Quota, Requirement
from gpuctl.parsers.k8s_doc import Doc

_GROUP_QUEUES = ("kai.scheduler/queue", "runai/queue", "scheduling.volcano.sh/queue-name")


def quota(doc: Doc, cluster: str | None) -> Quota:
    """A ResourceQuota; the scope selector's expressions are written as `PriorityClass In a,b`."""
    spec, status = doc.doc("spec"), doc.doc("status")
    selected = [
        " ".join(part for part in (item.text("scopeName"), item.text("operator"), ",".join(item.words("values"))) if part)
        for item in spec.docs("scopeSelector", "matchExpressions")
    ]
    return Quota(
        cluster=cluster,
        namespace=doc.namespace,
        name=doc.name,
        hard=spec.quantities("hard").values if "hard" in spec else status.quantities("hard").values,
        used=status.quantities("used").values if "used" in status else None,
        scopes=(*spec.words("scopes"), *selected),
        unknown=doc.unread,
    )


def cluster_queue(doc: Doc, cluster: str | None) -> Queue:
    """A Kueue ClusterQueue or Cohort, v1alpha1 to v1beta2 (the cohort's field was renamed).

    Source: https://kueue.sigs.k8s.io/docs/concepts/cluster_queue/
    """
    spec, status = doc.doc("spec"), doc.doc("status")
    used: dict[tuple[str | None, str | None], float | None] = {}
    for flavor in (*status.docs("flavorsUsage"), *status.docs("flavorsReservation")):
        for item in flavor.docs("resources"):
            used.setdefault((flavor.text("name"), item.text("name")), item.amount("total"))
    quotas = []
    for group in spec.docs("resourceGroups"):
        for flavor in group.docs("flavors"):
            for item in flavor.docs("resources"):
                name = item.text("name")
                if name:
                    quotas.append(
                        QueueQuota(
                            resource=name,
                            flavor=flavor.text("name"),
                            nominal=item.amount("nominalQuota"),
                            borrowing_limit=item.amount("borrowingLimit"),
                            lending_limit=item.amount("lendingLimit"),
                            used=used.get((flavor.text("name"), name)),
                        )
                    )
    kind = doc.text("kind") or "ClusterQueue"
    conditions = doc.conditions()
    return Queue(
        cluster=cluster,
        kind=kind,
        name=doc.name,
        parent=spec.text("parentName") or spec.text("parent") if kind == "Cohort" else None,
        cohort=spec.text("cohortName") or spec.text("cohort"),
        active=next((c.status == "True" for c in conditions if c.type == "Active"), None),
        stop_policy=spec.text("stopPolicy"),
        pending=status.integer("pendingWorkloads"),
        admitted=status.integer("admittedWorkloads"),
        quotas=tuple(quotas),
        conditions=conditions,
        unknown=doc.unread,
    )


def local_queue(doc: Doc, cluster: str | None) -> Queue:
    """A Kueue LocalQueue; its parent is its ClusterQueue."""
    conditions = doc.conditions()
    return Queue(
        cluster=cluster,
        kind="LocalQueue",
        namespace=doc.namespace,
        name=doc.name,
        parent=doc.text("spec", "clusterQueue"),
        active=next((c.status == "True" for c in conditions if c.type == "Active"), None),
        stop_policy=doc.text("spec", "stopPolicy"),
        pending=doc.integer("status", "pendingWorkloads"),
        admitted=doc.integer("status", "admittedWorkloads"),
        conditions=conditions,
        unknown=doc.unread,
    )


def flavor(doc: Doc, cluster: str | None) -> Queue:
    """A Kueue ResourceFlavor, kept as a queue object without quotas."""
    return Queue(cluster=cluster, kind="ResourceFlavor", name=doc.name, unknown=doc.unread)


def volcano_queue(doc: Doc, cluster: str | None) -> Queue:
    """A Volcano Queue: `deserved` is its share, `capability` what it may never exceed.

    Source: https://volcano.sh/en/docs/queue/
    """
    spec, status = doc.doc("spec"), doc.doc("status")
    deserved, capability, used = spec.quantities("deserved"), spec.quantities("capability"), status.quantities("allocated")
    quotas = tuple(
        QueueQuota(
            resource=name,
            nominal=deserved.values.get(name, capability.values.get(name)),
            borrowing_limit=max(capability.values[name] - deserved.values[name], 0.0)
            if name in capability.values and name in deserved.values
            else None,
            used=used.values.get(name),
        )
        for name in sorted({*deserved.values, *capability.values})
    )
    state = status.text("state")
    return Queue(
        cluster=cluster,
        kind="Queue",
        name=doc.name,
        parent=spec.text("parent"),
        active=None if state is None else state == "Open",
        pending=status.integer("pending"),
        admitted=status.integer("running"),
        quotas=quotas,
        unknown=doc.unread,
    )


def kai_queue(doc: Doc, cluster: str | None) -> Queue:
    """A KAI Queue: `quota` is what it deserves, `limit` the most; -1 means without bound.

    Source: https://github.com/NVIDIA/KAI-Scheduler/blob/main/docs/queues/README.md
    """
    spec = doc.doc("spec")
    names = {"gpu": "nvidia.com/gpu", "cpu": "cpu", "memory": "memory"}
    scale = {"gpu": 1.0, "cpu": 1e-3, "memory": 1e6}  # cpu in millicores, memory in megabytes
    quotas = []
    for key, resource in names.items():
        item = spec.doc("resources", key)
        given, most = item.get("quota"), item.get("limit")
        nominal = None if given == -1 else item.amount("quota")
        limit = None if most == -1 else item.amount("limit")
        if nominal is not None:
            beyond = None if limit is None else max(limit - nominal, 0.0) * scale[key]
            quotas.append(QueueQuota(resource=resource, nominal=nominal * scale[key], borrowing_limit=beyond))
    return Queue(
        cluster=cluster,
        kind="Queue",
        name=doc.name,
        parent=spec.text("parentQueue"),
        quotas=tuple(quotas),
        conditions=doc.conditions(),
        unknown=doc.unread,
    )


def pod_group(doc: Doc, cluster: str | None, api: str) -> PodGroup:
    """A gang of Volcano, scheduler-plugins, KAI or the native scheduling API."""
    spec, status = doc.doc("spec"), doc.doc("status")
    labels = doc.texts("metadata", "labels")
    minimum = (spec.integer("minMember"), spec.integer("schedulingPolicy", "gang", "minCount"), spec.integer("policy", "gang", "minCount"))
    return PodGroup(
        cluster=cluster,
        api=api,
        namespace=doc.namespace,
        name=doc.name,
        min_member=next((number for number in minimum if number is not None), None),
        phase=status.text("phase"),
        queue=spec.text("queue") or next((labels[key] for key in _GROUP_QUEUES if labels.get(key)), None),
        conditions=doc.conditions(),
        unknown=doc.unread,
    )


def native_workload(doc: Doc, cluster: str | None, api: str) -> list[PodGroup]:
    """The pod groups of a native Workload (`scheduling.k8s.io`), named `workload/group`."""
    spec = doc.doc("spec")
    return [
        PodGroup(
            cluster=cluster,
            api=api,
            namespace=doc.namespace,
            name=f"{doc.name or '?'}/{item.text('name') or '?'}",
            min_member=_first_number(item),
            unknown=doc.unread,
        )
        for item in _group_templates(spec)
    ]


def _group_templates(doc: Doc) -> list[Doc]:
    """Groups by any of the names that the alpha versions have given them, those inside of composite groups last."""
    inner = [item for group in doc.docs("compositePodGroupTemplates") for item in _group_templates(group)]
    return [*doc.docs("podGroups"), *doc.docs("podGroupTemplates"), *inner]


def _first_number(item: Doc) -> int | None:
    found = item.integer("policy", "gang", "minCount")
    return found if found is not None else item.integer("schedulingPolicy", "gang", "minCount")


def budget(doc: Doc, cluster: str | None) -> Budget:
    """A PodDisruptionBudget. An empty selector covers every pod of the namespace (`policy/v1beta1`: none), an absent one nothing."""
    spec = doc.doc("spec")
    old = doc.text("apiVersion") == "policy/v1beta1"
    selects = isinstance(spec.get("selector"), dict) and not (old and not spec.get("selector"))
    return Budget(
        cluster=cluster,
        namespace=doc.namespace,
        name=doc.name,
        match_labels=spec.texts("selector", "matchLabels") if selects else None,
        match_expressions=spec.requirements("selector", "matchExpressions") if selects else (),
        min_available=spec.text("minAvailable"),
        max_unavailable=spec.text("maxUnavailable"),
        disruptions_allowed=doc.integer("status", "disruptionsAllowed"),
        unknown=doc.unread,
    )


def covers(item: Budget, labels: Mapping[str, str]) -> bool:
    """Whether a budget's selector matches these labels."""
    if item.match_labels is None:
        return False
    return all(labels.get(key) == value for key, value in item.match_labels.items()) and all(
        _meets(requirement, labels) for requirement in item.match_expressions
    )


def _meets(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    if requirement.operator == "In":
        return value in requirement.values
    if requirement.operator == "NotIn":
        return value not in requirement.values
    return (value is not None) == (requirement.operator == "Exists")


def priority_class(doc: Doc) -> PriorityClass | None:
    """A PriorityClass; None without a name or a readable value."""
    name, value = doc.name, doc.integer("value")
    if name is None or (value is None and doc.get("value") is not None):
        return None
    return PriorityClass(
        name=name, value=value or 0, is_default=doc.boolean("globalDefault") or False, preemption_policy=doc.text("preemptionPolicy")
    )
