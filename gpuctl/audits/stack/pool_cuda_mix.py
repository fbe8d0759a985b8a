"""Pools whose nodes tell different CUDA versions under one driver."""

from __future__ import annotations

from gpuctl.facts.pools import CudaMix, PoolTransition
from gpuctl.facts.subjects import Pool
from gpuctl.findings import Action, ActionKind, Component, Confidence, Evidence, Finding, Severity
from gpuctl.model.known import Unknown


def audit(pool: Pool, cuda: CudaMix, transition: PoolTransition) -> list[Finding] | Unknown | None:
    """A driver serves one CUDA version: two of them mean stale labels, or compatibility libraries where labels are made."""
    if not cuda.by_driver:
        return Unknown("cuda.driver_max", f"no CUDA version known for {', '.join(cuda.unknown)}") if cuda.unknown else None
    return [
        Finding(
            subject=pool.subject,
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE if driver == "unknown" else Confidence.LIKELY,
            message=f"driver {driver} with CUDA {', '.join(version for version, _ in mix.groups)} in one pool",
            evidence=(
                Evidence(
                    observed=str(mix),
                    expected="one CUDA version for one driver version",
                    how="CUDA and driver version labels of the nodes",
                ),
            ),
            component=Component.NONE,
            nodes=mix.deviating,
            actions=(Action(kind=ActionKind.RESTART_FEATURE_DISCOVERY, target=pool.subject),),
            detail=driver,
            hygiene=True,
            transitional=transition.reason,
        )
        for driver, mix in cuda.by_driver.items()
    ]
