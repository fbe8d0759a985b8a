"""What should be alike in a pool: driver, CUDA and product of its nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gpuctl.facts.mig import PRODUCT_SUFFIX
from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import Pool, product_of
from gpuctl.facts.transitions import transition_of
from gpuctl.facts.view import View
from gpuctl.model.nodes import Node

_PREFIX = re.compile(r"(NVIDIA|Tesla)[- ]")
_SHARED = re.compile(r"-SHARED$")


@dataclass(frozen=True)
class Mix:
    """Values of one fact in a pool: nodes by value (most frequent value first, then by node), and nodes without one."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]
    unknown: tuple[str, ...]

    @property
    def is_mixed(self) -> bool:
        """Whether there is more than one value."""
        return len(self.groups) > 1

    @property
    def deviating(self) -> tuple[str, ...]:
        """Nodes that do not have the most frequent value."""
        return tuple(name for _, names in self.groups[1:] for name in names)

    def __str__(self) -> str:
        return "; ".join(f"{value} on {', '.join(names)}" for value, names in self.groups)


@dataclass(frozen=True)
class DriverMix:
    """Driver versions of a pool, and those that NVIDIADriver objects declare, by node."""

    mix: Mix
    declared: dict[str, str]


@dataclass(frozen=True)
class CudaMix:
    """CUDA versions of a pool by driver version, for drivers that show more than one."""

    by_driver: dict[str, Mix]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class ProductMix:
    """Products of a pool, without what MIG and sharing add to the label."""

    mix: Mix


@dataclass(frozen=True)
class PoolTransition:
    """Why a mix in a pool is expected for now: the excuse of one of its nodes that is being changed or removed."""

    reason: str | None


def mix_of(values: Mapping[str, str | None]) -> Mix:
    """Groups nodes by value; of equally frequent values, that of the first node by name comes first."""
    members: dict[str, list[str]] = {}
    for name, value in sorted(values.items(), key=lambda item: item[0]):
        if value is not None:
            members.setdefault(value, []).append(name)
    groups = tuple(sorted(((value, tuple(names)) for value, names in members.items()), key=lambda group: (-len(group[1]), group[1])))
    return Mix(groups, tuple(sorted(name for name, value in values.items() if value is None)))


def _named(pool: Pool) -> dict[str, Node]:
    return {node.name or "?": node for node in pool.nodes}


@provides
def driver_mix(pool: Pool, view: View) -> DriverMix:
    """Versions are equal when their numbers are: the semantic form 580.105.8 is 580.105.08."""
    nodes = _named(pool)
    declared = {}
    for name, node in nodes.items():
        for item in view.snapshot.nvidia_drivers or ():
            if item.version and item.node_selector.items() <= node.labels.items():
                declared[name] = item.version
    return DriverMix(mix_of({name: driver_version(node) for name, node in nodes.items()}), declared)


def driver_version(node: Node) -> str | None:
    """The driver's version with two-digit parts, as NVIDIA writes it."""
    version = node.driver.version if node.driver is not None else None
    return ".".join(part.zfill(2) if part.isdigit() else part for part in version.split(".")) if version else None


@provides
def cuda_mix(pool: Pool) -> CudaMix:
    """A driver serves one CUDA version, so a mix of drivers explains a mix of CUDA; only the rest is kept."""
    by_driver: dict[str, dict[str, str | None]] = {}
    unknown = []
    for name, node in _named(pool).items():
        cuda = node.cuda.driver_max if node.cuda is not None else None
        if cuda is None:
            unknown.append(name)
        else:
            by_driver.setdefault(driver_version(node) or "unknown", {})[name] = cuda
    mixes = {driver: mix_of(values) for driver, values in by_driver.items()}
    return CudaMix({driver: mix for driver, mix in sorted(mixes.items()) if mix.is_mixed}, tuple(sorted(unknown)))


@provides
def product_mix(pool: Pool) -> ProductMix:
    """Products by the node's label, else of the GPUs that its host listed."""
    return ProductMix(mix_of({name: _product(node) for name, node in _named(pool).items()}))


def _product(node: Node) -> str | None:
    label = product_of(node)
    return _PREFIX.sub("", PRODUCT_SUFFIX.sub("", _SHARED.sub("", label)), count=1) if label else None


@provides
def pool_transition(pool: Pool, view: View) -> PoolTransition:
    """Young nodes excuse no mix: they are to be like the others from the start."""
    for node in pool.nodes:
        excuse = transition_of(node, view)
        if excuse.kind in {"driver-upgrade", "removal", "deleting"}:
            return PoolTransition(f"node {node.name}: {excuse.reason}")
    return PoolTransition(None)
