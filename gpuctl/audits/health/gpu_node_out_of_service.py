"""Cordoned or tainted nodes with idle GPUs."""

from __future__ import annotations

from gpuctl.facts.occupancy import Idle
from gpuctl.facts.service import Closures
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.units import duration, rfc3339, significant


def audit(node: GpuNode, closures: Closures, idle: Idle, transition: Transition, view: View) -> Finding | None:
    """GPUs that wait behind a cordon or a taint that the pool's GPU pods do not tolerate; medium once it lasts."""
    if not closures.closed or idle.devices <= 0:
        return None
    since = [closure.since for closure in closures.closed if closure.since is not None]
    age = view.age_seconds(min(since)) if since else None
    short = age is not None and age < view.settings["out_of_service_seconds"]
    what = ", ".join(closure.name for closure in closures.closed)
    lasting = "since when is not known" if age is None else f"for {duration(age)}"
    return Finding(
        subject=node.subject,
        severity=Severity.LOW if short else Severity.MEDIUM,
        message=f"{significant(idle.devices)} idle GPUs behind {what}, {lasting}",
        evidence=tuple(
            Evidence(
                observed=f"{closure.name}, {'since when is not known' if closure.since is None else 'since ' + rfc3339(closure.since)}",
                expected="a node with idle GPUs takes pods",
                how=closure.how,
                at=closure.since,
            )
            for closure in closures.closed
        ),
        gpus=idle.devices,
        component=Component.CAPACITY,
        nodes=(node.node.name or "",),
        actions=tuple(Action(kind=ActionKind.RETURN_NODE, target=node.subject, args=closure.args) for closure in closures.closed),
        transitional=transition.reason,
    )
