"""ClusterQueues whose accelerator quota can never admit what waits in them."""

from __future__ import annotations

from gpuctl.facts.demand import gpus_wanted
from gpuctl.facts.queues import QueueDemand
from gpuctl.facts.subjects import QueueScope
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Evidence, Finding, Severity
from gpuctl.units import significant


def audit(scope: QueueScope, demand: QueueDemand, view: View) -> list[Finding]:
    """A workload that asks for more than quota and borrowing reach waits for ever. Workloads that fit one after the other are a
    queue at work and no fault."""
    found = []
    for resource in sorted(demand.reachable):
        most = demand.reachable[resource]
        if most is None:
            continue
        stuck = [(name, requests[resource]) for name, requests in demand.pending if requests.get(resource, 0.0) > most]
        if not stuck:
            continue
        largest = max(amount for _, amount in stuck)
        names = ", ".join(f"{name} ({amount:g})" for name, amount in stuck)
        quota = f"quota {most:g} with borrowing" if resource in demand.quota else "no quota"
        found.append(
            Finding(
                subject=scope.subject,
                severity=Severity.MEDIUM,
                message=f"{quota} for {resource}, so these can never be admitted: {names}",
                evidence=(
                    Evidence(
                        observed=f"{resource}: nominal {demand.quota.get(resource, 0.0):g}, reachable {most:g}, asked {largest:g}",
                        expected=f"at least {largest:g} of {resource} within reach of the queue",
                        how="resourceGroups of the ClusterQueue and its cohort against suspended workloads in its LocalQueues",
                    ),
                ),
                gpus=gpus_wanted({resource: sum(amount for _, amount in stuck)}, view),
                demand=True,
                detail=resource,
                actions=(
                    Action(
                        kind=ActionKind.RAISE_QUOTA,
                        target=scope.subject,
                        args={"kind": "ClusterQueue", "resource": resource, "quantity": str(significant(largest))},
                    ),
                ),
            )
        )
    return found
