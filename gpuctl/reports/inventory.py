"""What a snapshot holds, as text: one line a node with accelerators, and how many of everything else."""

from __future__ import annotations

from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.known import why_unknown
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.reports.text import columns, safe
from gpuctl.units import plural, rfc3339, significant

_COLLECTIONS = (
    "nodes",
    "pods",
    "workloads",
    "queues",
    "quotas",
    "budgets",
    "k8s_events",
    "hardware_events",
    "resource_slices",
    "resource_claims",
)


def render(snapshot: Snapshot) -> str:
    """The whole text; a collection that nobody could read says why."""
    rows = [(name, *_counted(snapshot, name)) for name in _COLLECTIONS]
    taken = rfc3339(snapshot.taken_at) if snapshot.taken_at else "unknown"
    head = f"cluster {safe(snapshot.cluster.context or '?', 80)}, taken at {taken}" + (", redacted" if snapshot.redacted else "")
    nodes = [_row(node) for node in snapshot.nodes or () if accelerators(node.capacity or {}) or node.gpus]
    listing = "\n" + columns(("NODE", "POOL", "READY", "PRODUCT", "DRIVER", "ACCELERATORS"), nodes) if nodes else ""
    return f"{head}\n\n{columns(('WHAT', 'NUMBER', 'GAP'), rows)}{listing}"


def _counted(snapshot: Snapshot, name: str) -> tuple[str, str]:
    items = getattr(snapshot, name)
    if items is None:
        return "?", safe(why_unknown(snapshot, name), 120)
    return str(len(items)), safe(snapshot.unknown.get(name, ""), 120)


def _row(node: Node) -> tuple[str, ...]:
    labels, driver = node.accelerators, node.driver
    offered = accelerators(node.allocatable or {})
    amounts = ", ".join(
        f"{name} {significant(offered.get(name, 0))}/{significant(total)}" for name, total in accelerators(node.capacity or {}).items()
    )
    gpus = node.gpus or ()
    products = " + ".join(sorted({gpu.product for gpu in gpus if gpu.product}))
    cordoned = " (cordoned)" if node.cordoned else ""
    cells = (
        node.name or "?",
        node.pool or "?",
        (node.ready or "?") + cordoned,
        (labels.product if labels else None) or products or "?",
        (driver.version if driver else None) or "?",
    )
    return (*(safe(cell, 80) for cell in cells), safe(amounts or (plural(len(gpus), "GPU") if gpus else "?"), 300))
