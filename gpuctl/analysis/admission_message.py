"""What a kubelet says when it turns down a pod that was bound to its node. Pure.

Sources (2026-11-24): https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/device-plugins/,
kubernetes/kubernetes pkg/kubelet/cm/devicemanager/manager.go and pkg/kubelet/lifecycle/predicate.go, releases 1.20 to 1.37.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REASON = re.compile(r"UnexpectedAdmissionError|TopologyAffinityError|OutOf\S{1,253}|NodeAffinity|AdmissionError")
_UNAVAILABLE = re.compile(r"requested number of devices unavailable for (\S+?)\. Requested: (\d+), Available: (\d+)")
_UNHEALTHY = re.compile(r"no healthy devices present; cannot allocate unhealthy devices (\S+?)(?:,|\s|$)")
_SHORT = re.compile(r"have enough resource: (\S+?), requested: (\d+), used: (\d+), capacity: (\d+)")
_LONGEST = 16384


@dataclass(frozen=True)
class Refusal:
    """A kubelet's refusal: of which resource, how much was asked for and was there; None where the message does not tell."""

    reason: str
    resource: str | None = None
    requested: float | None = None
    available: float | None = None

    def __str__(self) -> str:
        """`UnexpectedAdmissionError: nvidia.com/gpu 1 requested, 0 available`."""
        parts = [self.resource or ""]
        if self.requested is not None:
            parts.append(f"{self.requested:g} requested, {self.available:g} available")
        said = " ".join(part for part in parts if part)
        return f"{self.reason}: {said}" if said else self.reason


def is_refusal(reason: str) -> bool:
    """Whether a pod's or event's reason is that of a kubelet that turned a pod down."""
    return len(reason) < _LONGEST and _REASON.fullmatch(reason) is not None


def parse(reason: str, message: str) -> Refusal | None:
    """A refusal taken apart; None when the reason is not one."""
    if not is_refusal(reason):
        return None
    text = " ".join(message[:_LONGEST].split())
    if (found := _UNAVAILABLE.search(text)) is not None:
        return Refusal(reason, found.group(1), float(found.group(2)), float(found.group(3)))
    if (found := _UNHEALTHY.search(text)) is not None:
        return Refusal(reason, found.group(1).rstrip("."))
    if (found := _SHORT.search(text)) is not None and "/" in found.group(1):  # cpu is told in millicores, devices in devices
        return Refusal(reason, found.group(1), float(found.group(2)), float(found.group(4)) - float(found.group(3)))
    return Refusal(reason, reason.removeprefix("OutOf") if reason.startswith("OutOf") else None)
