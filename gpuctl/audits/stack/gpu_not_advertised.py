"""Nodes that should offer GPUs and offer none."""

from __future__ import annotations

from gpuctl.audits.stack._remedies import component, remedy
from gpuctl.facts.mig import PRODUCT_SUFFIX
from gpuctl.facts.occupancy import Supply
from gpuctl.facts.stack import BrokenLink
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.findings import Action, ActionKind, Component, Confidence, Evidence, Finding, Severity
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.model.nodes import Node

_FOR_MACHINES = frozenset({"vm-passthrough", "vm-vgpu"})
"""Values of `nvidia.com/gpu.workload.config` under which no GPU is offered to containers (GPU Operator with KubeVirt)."""

_SWITCHED_OFF = ("nvidia.com/gpu.deploy.operands", "nvidia.com/gpu.deploy.device-plugin")


def audit(node: GpuNode, supply: Supply, link: BrokenLink, transition: Transition) -> Finding | Unknown | None:
    """Labels tell of accelerators, no resource does: names the first link of the chain that does not work.

    A count that fell to nothing is left to gpu-allocatable-below-capacity, unless a pod of the chain is seen to be the reason.
    """
    item = node.node
    if supply.serves or _is_exempt(item):
        return None
    if not _should_offer(item) and not _has_offered(supply, link):
        if item.accelerators is None and not item.labels:
            return Unknown("accelerators", why_unknown(item, "accelerators"))
        return Unknown("pods", link.seen) if link.part is None and supply.offered.capacity else None
    if any(supply.offered.capacity.values()) and (link.pod is None or transition.kind == "mig-change"):
        return Unknown("pods", link.seen) if link.part is None and transition.kind != "mig-change" else None
    part, seen = link.part, link.seen
    labels = item.accelerators
    if labels is not None and labels.product and PRODUCT_SUFFIX.search(labels.product):
        part, seen = "mig", f"product label {labels.product}: the device plugin refuses this layout"
    return Finding(
        subject=node.subject,
        severity=Severity.HIGH,
        confidence=Confidence.LIKELY if part is not None and supply.dra.devices is not None else Confidence.POSSIBLE,
        message=f"GPUs are there, none is offered; broken link: {part or 'unknown'}",
        evidence=(
            Evidence(
                observed=f"{_signs(item, supply)}; nothing allocatable",
                expected="accelerator resources in status.allocatable, or devices of a DRA driver",
                how="labels and status of the Node, ResourceSlices" if supply.dra.devices is not None else "labels and status of the Node",
            ),
            Evidence(observed=seen, expected="every link of the chain works", how="pods of the GPU software and gpu.deploy labels"),
        ),
        gpus=max(supply.devices, 1),
        component=component(part) if part is not None else Component.DEVICE_PLUGIN,
        nodes=(item.name or "",),
        actions=(remedy(part, node.subject, link.pod) if part is not None else Action(kind=ActionKind.INVESTIGATE, target=node.subject),),
        transitional=transition.reason or (link.pod.rolling if link.pod is not None else None),
    )


def _is_exempt(node: Node) -> bool:
    """Whether containers should get no accelerator here: kept for machines, switched off, or a collector's count of 0."""
    for_machines = node.labels.get("nvidia.com/gpu.workload.config") in _FOR_MACHINES
    return for_machines or node.gpu_count == 0 or any(node.labels.get(key) == "false" for key in _SWITCHED_OFF)


def _should_offer(node: Node) -> bool:
    """Whether labels say that containers should get accelerators here."""
    labels = node.accelerators
    return labels is not None and bool(labels.present or labels.pci_present or labels.product or labels.count)


def _has_offered(supply: Supply, link: BrokenLink) -> bool:
    """Without labels: kubelet still lists a resource, at 0, that a device plugin registered, and the pod that would label fails."""
    return link.part == "node-feature-discovery" and link.pod is not None and bool(supply.offered.capacity)


def _signs(node: Node, supply: Supply) -> str:
    labels = node.accelerators
    told = [
        f"product {labels.product}" if labels.product else "",
        "PCI vendor label" if labels.pci_present else "",
        "gpu.present" if labels.present else "",
        f"count {labels.count}" if labels.count else "",
    ] if labels is not None else []  # fmt: skip
    if not any(told):
        return f"no label, {', '.join(f'{name} 0 in capacity' for name in sorted(supply.offered.capacity))}"
    return "labels: " + ", ".join(part for part in told if part)
