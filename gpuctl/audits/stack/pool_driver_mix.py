"""Pools whose nodes run different GPU drivers."""

from __future__ import annotations

from gpuctl.facts.pools import DriverMix, PoolTransition
from gpuctl.facts.subjects import Pool
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.model.known import Unknown


def audit(pool: Pool, drivers: DriverMix, transition: PoolTransition) -> Finding | Unknown | None:
    """A version that an NVIDIADriver object declares for its nodes is meant so."""
    mix = drivers.mix
    if not mix.is_mixed:
        return Unknown("driver.version", f"no driver version known for {', '.join(mix.unknown)}") if mix.unknown else None
    declared = {name for version, names in mix.groups for name in names if drivers.declared.get(name, "").split("-")[0] == version}
    meant = all(name in declared for _, names in mix.groups for name in names)
    return Finding(
        subject=pool.subject,
        severity=Severity.INFO if meant else Severity.MEDIUM,
        message=f"{len(mix.groups)} driver versions in one pool: {', '.join(version for version, _ in mix.groups)}"
        + (", each declared by an NVIDIADriver" if meant else ""),
        evidence=(
            Evidence(
                observed=str(mix),
                expected="one driver version in a pool, or versions that NVIDIADriver selectors declare",
                how="driver version labels of the nodes",
            ),
        ),
        component=Component.NONE,
        nodes=mix.deviating,
        actions=() if meant else (_align(pool, mix.groups[0][0]),),
        hygiene=not meant,
        transitional=transition.reason,
    )


def _align(pool: Pool, version: str) -> Action:
    return Action(kind=ActionKind.ALIGN_POOL, target=pool.subject, args={"fact": "driver", "value": version})
