"""Workloads in queues that do not exist or admit nothing."""

from __future__ import annotations

from gpuctl.facts.queues import QueueReference, Target
from gpuctl.findings import Action, ActionKind, Evidence, Finding, Severity


def audit(reference: QueueReference, target: Target) -> Finding | None:
    """Kueue never starts a workload whose queue is missing, and a stopped queue admits none."""
    kind = "ClusterQueue" if reference.kind == "LocalQueue" else "queue"
    if target.queue is not None and target.stopped is None:
        return None
    if target.queue is None:
        where = f" in namespace {reference.namespace}" if reference.namespace else ""
        others = f"; a queue of that name is in {', '.join(target.elsewhere)}" if target.elsewhere else ""
        message = f"{kind} {reference.wanted} does not exist{where}{others}"
        observed = f"no {kind} {reference.wanted}{where}"
    else:
        message = f"{kind} {reference.wanted} admits nothing: {target.stopped}"
        observed = f"{target.queue.kind} {reference.wanted}: {target.stopped}"
    waits = bool(reference.requests)
    return Finding(
        subject=reference.subject,
        severity=Severity.MEDIUM if waits or reference.kind == "LocalQueue" else Severity.LOW,
        message=message,
        evidence=(
            Evidence(
                observed=observed,
                expected=f"an active {kind} {reference.wanted}{f' in namespace {reference.namespace}' if reference.namespace else ''}",
                how="queue named by label, annotation or spec, against the queues that the cluster has",
            ),
        ),
        gpus=target.devices,
        demand=waits,
        hygiene=not waits,
        actions=(Action(kind=ActionKind.FIX_QUEUE, target=reference.subject, args={"kind": reference.kind, "queue": reference.wanted}),),
    )
