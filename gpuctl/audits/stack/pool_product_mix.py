"""Pools that hold different GPU products."""

from __future__ import annotations

from gpuctl.facts.pools import PoolTransition, ProductMix
from gpuctl.facts.subjects import Pool
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.model.known import Unknown


def audit(pool: Pool, products: ProductMix, transition: PoolTransition) -> Finding | Unknown | None:
    """Pods that select the pool get one product or the other by chance. MIG and sharing suffixes are no other product."""
    mix = products.mix
    if not mix.is_mixed:
        return Unknown("accelerators.product", f"no product known for {', '.join(mix.unknown)}") if mix.unknown else None
    return Finding(
        subject=pool.subject,
        severity=Severity.MEDIUM,
        message=f"{len(mix.groups)} GPU products in one pool: {', '.join(product for product, _ in mix.groups)}",
        evidence=(
            Evidence(observed=str(mix), expected="one product in a pool", how="product labels of the nodes, else the GPUs that they list"),
        ),
        component=Component.NONE,
        nodes=mix.deviating,
        actions=(Action(kind=ActionKind.ALIGN_POOL, target=pool.subject, args={"fact": "product", "value": mix.groups[0][0]}),),
        hygiene=True,
        transitional=transition.reason,
    )
