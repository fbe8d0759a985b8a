"""DRA slices that are incomplete, or that disagree with the device plugin."""

from __future__ import annotations

from gpuctl.facts.dra import DevicePool, PoolNode
from gpuctl.facts.transitions import Transition, transition_of
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Confidence, Evidence, Finding, Severity
from gpuctl.knowledge.accelerators import classify
from gpuctl.model.dra import Device
from gpuctl.model.nodes import Node

_WHOLE = frozenset({"gpu", "npu", "tpu"})


def audit(pool: DevicePool, owner: PoolNode, view: View) -> list[Finding]:
    """Slices of the newest generation against the count that they state, and whole GPUs against the device plugin's."""
    excuse = transition_of(owner.node, view) if owner.node is not None else Transition()
    found = [_incomplete(pool, excuse.reason), _disagreeing(pool, owner.node, excuse.reason)]
    return [finding for finding in found if finding is not None]


def _incomplete(pool: DevicePool, excuse: str | None) -> Finding | None:
    """High: the scheduler takes no device of an incomplete pool."""
    stated = {item.pool_slice_count for item in pool.current if item.pool_slice_count is not None}
    if not stated or stated == {len(pool.current)}:
        return None
    told = ", ".join(map(str, sorted(stated)))
    return Finding(
        subject=pool.subject,
        severity=Severity.HIGH,
        message=f"pool {pool.name} of {pool.driver}: {len(pool.current)} of {told} slices are published",
        evidence=(
            Evidence(
                observed=f"{len(pool.current)} slices of generation {pool.generation}, resourceSliceCount {told}",
                expected="as many slices as each of them states",
                how="spec.pool of the ResourceSlices",
            ),
        ),
        gpus=len(_whole(pool)),
        component=Component.DRA_DRIVER,
        nodes=(pool.node_name,) if pool.node_name else (),
        actions=(Action(kind=ActionKind.RESTART_DRA_DRIVER, target=pool.subject, args={"driver": pool.driver}),),
        detail=f"{pool.driver} incomplete",
        transitional=excuse,
    )


def _disagreeing(pool: DevicePool, node: Node | None, excuse: str | None) -> Finding | None:
    """Medium: one of the two is stale. A node that only one of them serves has nothing to compare, nor has one cut by MIG."""
    vendor = pool.driver.split(".")[1] if pool.driver.count(".") > 1 else ""
    rows = {name: classify(name) for name in (node.allocatable or {} if node is not None else {})}
    offered = {name: row for name, row in rows.items() if row is not None and row.vendor == vendor}
    published = len(_whole(pool))
    if node is None or not published or any(row.unit in {"mig", "partition"} for row in offered.values()):
        return None
    replicas = node.sharing.replicas if node.sharing is not None and node.sharing.replicas else 1
    plugin = sum((node.allocatable or {})[name] for name, row in offered.items() if row.unit == "device") / replicas
    if not plugin or plugin == published:
        return None
    return Finding(
        subject=pool.subject,
        severity=Severity.MEDIUM,
        confidence=Confidence.LIKELY,
        message=f"{pool.driver} publishes {published} whole GPUs, the device plugin offers {plugin:g}",
        evidence=(
            Evidence(
                observed=f"{published} devices in ResourceSlices, {plugin:g} allocatable",
                expected="equal numbers where both serve a node, or one of them alone",
                how="newest ResourceSlices of the node, status.allocatable of the Node",
            ),
        ),
        gpus=abs(published - plugin),
        component=Component.DRA_DRIVER,
        nodes=(node.name or "",),
        actions=(Action(kind=ActionKind.RESTART_DRA_DRIVER, target=pool.subject, args={"driver": pool.driver}),),
        detail=f"{pool.driver} count",
        transitional=excuse,
    )


def _whole(pool: DevicePool) -> list[Device]:
    """Whole accelerators among the devices; partitions, channels and passed-through ones are none."""
    return [device for item in pool.current for device in item.devices if str(device.attributes.get("type", "gpu")) in _WHOLE]
