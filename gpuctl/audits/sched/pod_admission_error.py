"""GPU pods that a kubelet turned down after the scheduler had placed them."""

from __future__ import annotations

from gpuctl.facts.admission import Admission, AdmittedPod
from gpuctl.facts.demand import wanted_text
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Component, Confidence, Evidence, Finding, Severity


def audit(item: AdmittedPod, admission: Admission, view: View) -> Finding | None:
    """A refused pod never runs; one that its controller replaced is only litter."""
    refusal = admission.refusal
    if refusal is None:
        return None
    node = item.subject.node
    wanted = wanted_text(item.pod, view) if item.pod is not None else refusal.resource
    first = ActionKind.DELETE_FAILED_POD if admission.replaced and item.pod is not None else ActionKind.RECREATE_POD
    if item.pod is None:
        first = ActionKind.INVESTIGATE
    actions = [Action(kind=first, target=item.subject)]
    if first != ActionKind.INVESTIGATE:
        actions.append(Action(kind=ActionKind.INVESTIGATE, target=item.subject))
    return Finding(
        subject=item.subject,
        severity=Severity.LOW if admission.replaced else Severity.MEDIUM,
        confidence=Confidence.CERTAIN if item.pod is not None else Confidence.LIKELY,
        message=f"turned down by the kubelet{f' of {node}' if node else ''}: {refusal}"
        + ("; another pod of its controller has taken its place" if admission.replaced else ""),
        evidence=(
            Evidence(
                observed=str(refusal),
                expected=f"the devices that the scheduler counted on are there: {wanted}",
                how=admission.source,
                at=admission.at,
            ),
        ),
        gpus=0 if admission.replaced else admission.devices,
        demand=not admission.replaced,
        component=Component.POD,
        nodes=(node,) if node else (),
        hygiene=bool(admission.replaced),
        actions=tuple(actions),
    )
