"""MIG strategy, product label and resources that do not fit together."""

from __future__ import annotations

from gpuctl.facts.devices import Offered
from gpuctl.facts.mig import PRODUCT_SUFFIX, mig_resources
from gpuctl.facts.occupancy import Physical
from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.model.known import Unknown, why_unknown


def audit(node: GpuNode, offered: Offered, physical: Physical, transition: Transition) -> Finding | Unknown | None:
    """Compares kinds and never profile names: labels and resources round memory differently (3g.20gb, 3g.21gb)."""
    item = node.node
    labels = item.accelerators
    slices = mig_resources(offered)
    if labels is None or not labels.product:
        return None if item.labels and not slices else Unknown("accelerators.product", why_unknown(item, "accelerators.product"))
    strategy = item.mig.strategy if item.mig is not None else None
    suffix = PRODUCT_SUFFIX.search(labels.product)
    said = _contradiction(strategy, suffix.group("profile") if suffix is not None else None, slices)
    if said is None:
        return None
    invalid = suffix is not None and suffix.group("profile") == "INVALID"
    serves = any(offered.allocatable.values())
    return Finding(
        subject=node.subject,
        severity=Severity.HIGH if invalid and not serves else Severity.MEDIUM,
        message=said,
        evidence=(
            Evidence(
                observed=f"strategy {strategy or 'not labelled'}, product {labels.product}, "
                + (", ".join(f"{name} {amount:g}" for name, amount in sorted(slices.items())) or "no MIG resource"),
                expected="single: nvidia.com/gpu and a profile in the product; mixed: nvidia.com/mig-* and a plain product; none: neither",
                how="labels and status.allocatable of the Node",
            ),
        ),
        gpus=physical.devices if not serves else 0,
        component=Component.MIG,
        nodes=(item.name or "",),
        actions=(Action(kind=ActionKind.ALIGN_MIG_STRATEGY, target=node.subject, args={"strategy": strategy or "none"}),),
        transitional=transition.reason,
    )


def _contradiction(strategy: str | None, profile: str | None, slices: dict[str, float]) -> str | None:
    if profile == "INVALID":
        return "the MIG layout of this node is invalid for its strategy: no device is offered for it"
    if strategy in {None, "none"} and slices:
        return "MIG resources are offered although feature discovery works without MIG strategy"
    if strategy == "single" and slices:
        return "strategy single, yet resources of strategy mixed are offered"
    if strategy == "mixed" and profile is not None:
        return f"strategy mixed, yet the product label names the profile {profile} as strategy single does"
    return None
