from __future__ import annotations

import pytest

from gpuctl.findings import Severity
from gpuctl.model.nodes import GpuLabels, Node, NodeMig
from tests.audits.judged import gpu_node, judge

CODE = "mig-strategy-contradiction"
SLICES = {"nvidia.com/mig-3g.20gb": 2.0}
WHOLE = {"nvidia.com/gpu": 1.0}
PRODUCT = "A100-SXM4-40GB"


def cut(strategy: str | None, product: str | None, amounts: dict[str, float], capable: bool = True) -> Node:
    return gpu_node(
        mig=NodeMig(strategy=strategy, capable=capable),
        accelerators=GpuLabels(product=product, physical=1, present=True),
        capacity=amounts,
        allocatable=amounts,
    )


@pytest.mark.parametrize(
    ("strategy", "product", "amounts", "severity"),
    [
        (None, PRODUCT, SLICES, Severity.MEDIUM),
        ("none", PRODUCT, SLICES, Severity.MEDIUM),
        ("single", PRODUCT, SLICES, Severity.MEDIUM),
        ("mixed", f"{PRODUCT}-MIG-1g.5gb", WHOLE, Severity.MEDIUM),
        ("single", f"{PRODUCT}-MIG-INVALID", {}, Severity.HIGH),
    ],
)
def test_fires(strategy: str | None, product: str, amounts: dict[str, float], severity: Severity) -> None:
    (finding,), _ = judge(CODE, nodes=(cut(strategy, product, amounts),))
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("strategy", "product", "amounts"),
    [
        ("mixed", PRODUCT, SLICES),
        ("single", f"{PRODUCT}-MIG-1g.5gb", WHOLE),
        ("single", "NVIDIA-A16-4Q", WHOLE),
        (None, PRODUCT, WHOLE),
    ],
)
def test_stays_silent(strategy: str | None, product: str, amounts: dict[str, float]) -> None:
    findings, outcome = judge(CODE, nodes=(cut(strategy, product, amounts, capable=False),))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_without_product_or_status() -> None:
    _, outcome = judge(CODE, nodes=(cut(None, None, SLICES), gpu_node("b", capacity=None)))
    assert outcome.not_assessed == 2
