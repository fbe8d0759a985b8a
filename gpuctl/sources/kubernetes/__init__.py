"""The Kubernetes API as a source: get and list, nothing else."""

from __future__ import annotations

from collections.abc import Callable

from gpuctl.model.snapshot import Snapshot
from gpuctl.sources.kubernetes.options import Options


def collect(options: Options, progress: Callable[[str, int], None] = lambda _kind, _count: None) -> Snapshot:
    """Read the cluster that `options` point to. `progress` gets a resource's name and how many of it were read so far.

    Raises SourceError when the cluster cannot be asked at all; whatever else fails is a reason in the snapshot.
    """
    from gpuctl.sources.kubernetes.reading import read  # noqa: PLC0415  the official client takes a quarter of a second to load

    return read(options, progress)


__all__ = ["Options", "collect"]
