"""Which kind of object becomes which facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gpuctl.parsers import k8s_dra, k8s_events, k8s_queues, k8s_stack, k8s_workloads
from gpuctl.parsers.k8s_dialect import JsonDialect
from gpuctl.parsers.k8s_doc import Doc
from gpuctl.parsers.k8s_join import Extra
from gpuctl.parsers.k8s_pods import PodParser

Handler = Callable[[Doc], None]
_KUEUE, _VOLCANO, _KAI, _DRA = "kueue.x-k8s.io", "scheduling.volcano.sh", "scheduling.run.ai", "resource.k8s.io"
_NATIVE, _PLUGINS, _NVIDIA = "scheduling.k8s.io", "scheduling.x-k8s.io", "nvidia.com"
_OLD_GROUPS = {
    "scheduling.sigs.k8s.io": _PLUGINS,
    "x-k8s.io": "inference.networking.k8s.io",
    "inference.networking.x-k8s.io": "inference.networking.k8s.io",
}
_NODE_LEASES = "kube-node-lease"


class Kinds:
    """Handlers by group and kind; `facts` gathers what they make, by field of the snapshot, `extra` what needs joining."""

    def __init__(self, pods: PodParser, dialect: JsonDialect, cluster: str | None) -> None:
        self.facts: dict[str, list[Any]] = {}
        self.extra = Extra()
        self._cluster = cluster
        self._table: dict[tuple[str, str], tuple[str, Handler]] = {}
        self._fill(pods, dialect)
        self._by_kind: dict[str, list[tuple[str, Handler]]] = {}
        for (_, kind), entry in self._table.items():
            self._by_kind.setdefault(kind, []).append(entry)

    def _entry(self, kind: str, group: str) -> tuple[str, Handler] | None:
        found = self._table.get((_OLD_GROUPS.get(group, group), kind))
        alike = self._by_kind.get(kind, ())
        return found or (alike[0] if not group and len(alike) == 1 else None)

    def handler(self, kind: str, group: str) -> Handler | None:
        """What reads objects of this kind; without a group, the only kind of this name."""
        entry = self._entry(kind, group)
        return entry[1] if entry else None

    def field(self, kind: str, group: str) -> str | None:
        """The field of the snapshot that objects of this kind fill."""
        entry = self._entry(kind, group)
        return entry[0] if entry and entry[0] else None

    def _makes(self, field: str, make: Callable[[Doc], Any]) -> tuple[str, Handler]:
        def handle(doc: Doc) -> None:
            made = make(doc)
            found = made if isinstance(made, list) else [] if made is None else [made]
            self.facts.setdefault(field, []).extend(found)

        return field, handle

    def _fill(self, pods: PodParser, dialect: JsonDialect) -> None:
        cluster, table, makes = self._cluster, self._table, self._makes
        for key, read in k8s_workloads.handlers(k8s_workloads.WorkloadParser(pods, dialect, cluster)).items():
            table[key] = makes("workloads", read)
        for group in ("", "events.k8s.io"):
            table[group, "Event"] = makes("k8s_events", lambda doc: k8s_events.event(doc, cluster))
        table["", "ResourceQuota"] = makes("quotas", lambda doc: k8s_queues.quota(doc, cluster))
        table["policy", "PodDisruptionBudget"] = makes("budgets", lambda doc: k8s_queues.budget(doc, cluster))
        table[_NATIVE, "PriorityClass"] = makes("priority_classes", k8s_queues.priority_class)
        for kind in ("ClusterQueue", "Cohort"):
            table[_KUEUE, kind] = makes("queues", lambda doc: k8s_queues.cluster_queue(doc, cluster))
        table[_KUEUE, "LocalQueue"] = makes("queues", lambda doc: k8s_queues.local_queue(doc, cluster))
        table[_KUEUE, "ResourceFlavor"] = makes("queues", lambda doc: k8s_queues.flavor(doc, cluster))
        table[_VOLCANO, "Queue"] = makes("queues", lambda doc: k8s_queues.volcano_queue(doc, cluster))
        table[_KAI, "Queue"] = makes("queues", lambda doc: k8s_queues.kai_queue(doc, cluster))
        for group in (_VOLCANO, _KAI, _PLUGINS, _NATIVE):
            table[group, "PodGroup"] = makes("pod_groups", self._pod_group(group))
        table[_NATIVE, "Workload"] = makes("pod_groups", lambda doc: k8s_queues.native_workload(doc, cluster, _NATIVE))
        for group, kind in (("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject"), ("keda.sh", "ScaledJob")):
            table[group, kind] = makes("autoscalers", lambda doc: k8s_workloads.autoscaler(doc, cluster))
        table["inference.networking.k8s.io", "InferencePool"] = makes(
            "inference_pools", lambda doc: k8s_workloads.inference_pool(doc, cluster)
        )
        table[_NVIDIA, "ClusterPolicy"] = makes("cluster_policies", k8s_stack.cluster_policy)
        table[_NVIDIA, "NVIDIADriver"] = makes("nvidia_drivers", k8s_stack.nvidia_driver)
        table["kubescheduler.config.k8s.io", "KubeSchedulerConfiguration"] = makes("scheduler_profiles", k8s_stack.scheduler_profiles)
        table[_DRA, "ResourceSlice"] = makes("resource_slices", lambda doc: k8s_dra.resource_slice(doc, cluster))
        for kind in ("ResourceClaim", "ResourceClaimTemplate"):
            table[_DRA, kind] = makes("resource_claims", lambda doc: k8s_dra.resource_claim(doc, cluster))
        table[_DRA, "DeviceClass"] = makes("device_classes", k8s_dra.device_class)
        table[_DRA, "DeviceTaintRule"] = makes("device_taint_rules", k8s_dra.device_taint_rule)
        table["coordination.k8s.io", "Lease"] = "", self._lease
        table["nfd.k8s-sigs.io", "NodeFeature"] = "", self._node_feature
        table["", "ConfigMap"] = "", self._config_map

    def _pod_group(self, group: str) -> Callable[[Doc], Any]:
        return lambda doc: k8s_queues.pod_group(doc, self._cluster, group)

    def _lease(self, doc: Doc) -> None:
        renewed: datetime | None = doc.moment("spec", "renewTime")
        if doc.namespace == _NODE_LEASES and doc.name and renewed:
            self.extra.heartbeats[doc.name] = renewed

    def _node_feature(self, doc: Doc) -> None:
        found = k8s_stack.node_feature(doc)
        if found["node"]:
            self.extra.features.setdefault(found["node"], []).append(found)

    def _config_map(self, doc: Doc) -> None:
        self.extra.config_maps.append((doc.namespace, doc.name, doc.texts("data")))
