"""A synthetic cluster for `--demo`, for tests and for benchmarks. Everything in it is made up."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from gpuctl.demo.sample import AS_OF, sample
from gpuctl.model.snapshot import Cluster, Snapshot, SourceState
from gpuctl.parsers.k8s_assembly import Assembly

NAME = "demo"


def objects() -> list[dict[str, Any]]:
    """The sample cluster's API objects."""
    return sample().objects()


@cache
def snapshot() -> Snapshot:
    """The sample cluster as it would be read from an API server; the same on every call, in every process."""
    wanted = [obj for obj in objects() if obj["kind"] not in {"Namespace", "ReplicaSet"}]
    assembly = Assembly(NAME)
    assembly.add_document(json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted}).encode())
    return Snapshot(
        taken_at=AS_OF,
        sources=(SourceState(kind="kubernetes", name=NAME),),
        cluster=Cluster(context=NAME, version="v1.33.4"),
        skipped=assembly.skipped,
        **assembly.finish(),  # type: ignore[arg-type]
    )
