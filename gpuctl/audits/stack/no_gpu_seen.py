"""Nodes where a collector counted no GPU."""

from __future__ import annotations

from gpuctl.facts.subjects import CountedNode
from gpuctl.findings import Component, Evidence, Finding, Severity


def audit(node: CountedNode) -> Finding | None:
    """A count of 0 says that the collector ran where no GPU is, or where it saw none: nothing follows for GPU hardware."""
    if node.node.gpu_count != 0 or node.node.gpus:
        return None
    modules = [name for name in node.node.kernel_modules or () if name.startswith("nvidia")]
    loaded = f"; kernel modules {', '.join(modules)} are loaded" if modules else ""
    return Finding(
        subject=node.subject,
        severity=Severity.INFO,
        message="snapshot taken on a node without GPU (gpu-count 0): nothing can be said about its GPU hardware",
        evidence=(
            Evidence(
                observed=f"gpu-count 0{loaded}",
                expected="a count above 0 on a node whose GPUs are to be judged",
                how="the collector's own count",
            ),
        ),
        component=Component.NONE,
        nodes=(node.node.name,) if node.node.name else (),
    )
