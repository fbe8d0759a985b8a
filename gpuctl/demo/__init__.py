"""A synthetic cluster for `--demo`, for tests and for benchmarks. Everything in it is made up."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from gpuctl.demo.sample import AS_OF, sample
from gpuctl.model.snapshot import Cluster, Snapshot, SourceState
from gpuctl.parsers.k8s_assembly import Assembly

NAME = "demo"
ABOUT = "demo (the embedded sample cluster, made up)"
ASKED = (
    "autoscalers",
    "budgets",
    "cluster_policies",
    "device_classes",
    "device_taint_rules",
    "inference_pools",
    "k8s_events",
    "nodes",
    "nvidia_drivers",
    "pod_groups",
    "pods",
    "priority_classes",
    "queues",
    "quotas",
    "resource_claims",
    "resource_slices",
    "workloads",
)
"""What a live cluster is asked for: of what the sample has none, it is known that there is none."""


def objects() -> list[dict[str, Any]]:
    """The sample cluster's API objects."""
    return sample().objects()


@cache
def snapshot() -> Snapshot:
    """The sample cluster as it would be read from an API server; the same on every call, in every process."""
    wanted = [obj for obj in objects() if obj["kind"] not in {"Namespace", "ReplicaSet"}]
    assembly = Assembly(NAME)
    assembly.add_document(json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted}).encode())
    facts: dict[str, Any] = {**dict.fromkeys(ASKED, ()), **assembly.finish()}
    return Snapshot(
        taken_at=AS_OF,
        sources=(SourceState(kind="kubernetes", name=ABOUT),),
        cluster=Cluster(context=NAME, version="v1.33.4"),
        skipped=assembly.skipped,
        **facts,
    )
