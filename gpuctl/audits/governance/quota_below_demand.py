"""ResourceQuotas that keep GPU pods from being made."""

from __future__ import annotations

from gpuctl.facts.quotas import QuotaDemand
from gpuctl.facts.subjects import QuotaScope
from gpuctl.findings import Action, ActionKind, Confidence, Evidence, Finding, Severity
from gpuctl.units import significant


def audit(scope: QuotaScope, demand: QuotaDemand) -> Finding | None:
    """Used plus refused exceeds the limit, by events of FailedCreate or by controllers that lack pods."""
    if not demand.refused:
        return None
    quota = scope.quota
    key = demand.refused[0].key
    of_key = [item for item in demand.refused if item.key == key]
    used = (quota.used or {}).get(key, of_key[0].used)
    asked = sum(item.requested for item in of_key)
    hard = quota.hard.get(key)
    limit = "unknown" if hard is None else f"{hard:g}"
    who = ", ".join(item.who for item in of_key)
    return Finding(
        subject=scope.subject,
        severity=Severity.MEDIUM,
        confidence=Confidence.CERTAIN if any(item.source.startswith("event") for item in of_key) else Confidence.LIKELY,
        message=f"quota {key} {limit} is below what is asked for: {used:g} used, {asked:g} more refused for {who}",
        evidence=(
            Evidence(
                observed=f"{key}: used {used:g}, refused {asked:g}, hard {limit}",
                expected=f"hard of at least {used + asked:g}, or less asked for",
                how=f"hard and used of the ResourceQuota, {of_key[0].source}",
                at=of_key[0].at,
            ),
        ),
        gpus=demand.devices,
        demand=True,
        actions=(
            Action(
                kind=ActionKind.RAISE_QUOTA,
                target=scope.subject,
                args={"kind": "ResourceQuota", "resource": key, "quantity": str(significant(used + asked))},
            ),
        ),
    )
