"""Autoscalers on a metric that falls when the load rises."""

from __future__ import annotations

from gpuctl.facts.subjects import AutoscalerScope
from gpuctl.findings import Action, ActionKind, Evidence, Finding, Severity
from gpuctl.knowledge.load_metrics import falls_with_load


def audit(scope: AutoscalerScope) -> Finding | None:
    """A HorizontalPodAutoscaler asks for ceil(replicas x metric / target): the metric has to rise with the load."""
    autoscaler = scope.autoscaler
    wrong = [(name, row) for name in autoscaler.metrics if (row := falls_with_load(name)) is not None]
    if not wrong:
        return None
    names = ", ".join(f"{name} ({row.meaning})" for name, row in wrong)
    target = f"{autoscaler.target.kind} {autoscaler.target.name}" if autoscaler.target is not None else "its target"
    most = f", up to {autoscaler.max_replicas}" if autoscaler.max_replicas is not None else ""
    return Finding(
        subject=scope.subject,
        severity=Severity.MEDIUM,
        message=f"{autoscaler.kind} scales {target} up while its GPUs are idle and down under load{most}: it follows {names}",
        evidence=(
            Evidence(
                observed=f"metric {names}",
                expected=f"a metric that rises with the load, for example {wrong[0][1].instead}",
                how=f"metrics of the {autoscaler.kind}: replicas = ceil(current x metric / target)",
                source="https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ (2026-11-24)",
            ),
        ),
        hygiene=True,
        actions=(
            Action(
                kind=ActionKind.FIX_AUTOSCALER,
                target=scope.subject,
                args={"kind": autoscaler.kind, "metric": wrong[0][0], "instead": wrong[0][1].instead},
            ),
        ),
    )
