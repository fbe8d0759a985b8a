"""Accelerator faults that agents tell of in events about a node."""

from __future__ import annotations

from gpuctl.facts.node_events import EventedNode, NodeStatements, Statement
from gpuctl.facts.transitions import transition_of
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Confidence, Evidence, Finding, Severity
from gpuctl.units import duration


def audit(node: EventedNode, statements: NodeStatements, view: View) -> list[Finding]:
    """One finding for each kind of fault; events older than the API server keeps them tell of no current fault."""
    excuse = transition_of(node.node, view).reason if node.node is not None else None
    return [_finding(node, statement, excuse) for statement in statements.recent]


def _finding(node: EventedNode, statement: Statement, excuse: str | None) -> Finding:
    told, event = statement.told, statement.event
    severity = {"high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW}[told.row.severity]
    seen = "when is not known" if statement.age_seconds is None else f"last {duration(statement.age_seconds)} ago"
    return Finding(
        subject=node.subject,
        severity=severity,
        confidence=Confidence.LIKELY if statement.age_seconds is not None else Confidence.POSSIBLE,
        message=f"{told.meaning} ({told.row.agent}: {told.name})",
        evidence=(
            Evidence(
                observed=f"{told.name}: {event.message}" if event.message else told.name,
                expected="no such event",
                how=f"{statement.count} counted in events about the node, {seen}",
                source=told.row.source,
                at=event.last_time or event.first_time,
            ),
        ),
        gpus=1 if severity is Severity.HIGH else 0,
        component=Component.HARDWARE,
        nodes=(node.name,),
        actions=(Action(kind=ActionKind(told.row.remedy), target=node.subject, args={"reason": told.name}),),
        detail=told.name,
        transitional=excuse,
    )
