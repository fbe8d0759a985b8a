"""Pods of the GPU software that fail or do not get ready on a node."""

from __future__ import annotations

from gpuctl.audits.stack._remedies import component, remedy
from gpuctl.facts.occupancy import Supply
from gpuctl.facts.stack import StackPod, StackPods
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.findings import Component, Evidence, Finding, Severity


def audit(node: GpuNode, stack: StackPods, supply: Supply, transition: Transition) -> list[Finding]:
    """One finding for each failing pod; pods that only wait are told when no other pod of the node fails.

    On a node that is not ready the control plane calls every pod not ready: that says nothing of the pods.
    """
    failing = [pod for pod in stack.pods if pod.failing]
    told = failing or [pod for pod in stack.pods if pod.waiting and node.node.ready not in {"False", "Unknown"}]
    return [_finding(node, pod, supply, transition.reason) for pod in told]


def _finding(node: GpuNode, pod: StackPod, supply: Supply, excuse: str | None) -> Finding:
    """High when the node offers nothing and this pod is needed for it; medium while devices are still given out; else low."""
    needed = pod.row.serves_devices
    severity = (Severity.MEDIUM if supply.serves else Severity.HIGH) if needed else Severity.LOW
    seen = pod.failing or pod.waiting or ""
    return Finding(
        subject=node.subject,
        severity=severity,
        message=f"{pod.row.part} pod {pod.pod.namespace}/{pod.pod.name} {'fails' if pod.failing else 'is not ready'}",
        evidence=(Evidence(observed=seen, expected="running and ready", how="status of the pod", at=pod.pod.created),),
        gpus=supply.devices if needed and not supply.serves else 0,
        component=component(pod.row.part),
        nodes=(node.node.name or "",),
        actions=(remedy(pod.row.part, node.subject, pod),),
        detail=pod.row.part if pod.pod.owner is None else f"{pod.row.part} {pod.pod.owner.name}",
        hygiene=component(pod.row.part) is Component.NONE,
        transitional=pod.rolling or excuse,
    )
