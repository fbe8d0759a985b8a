from __future__ import annotations

from gpuctl.findings import Severity
from gpuctl.model.nodes import GpuLabels, Node
from tests.audits.judged import gpu_node, judge

CODE = "pool-product-mix"


def with_product(name: str, product: str | None) -> Node:
    return gpu_node(name, pool="train", accelerators=GpuLabels(product=product, present=True))


def test_fires_for_two_products() -> None:
    (finding,), _ = judge(CODE, nodes=(with_product("a", "NVIDIA-H100-80GB-HBM3"), with_product("b", "NVIDIA-A100-SXM4-80GB")))
    assert finding.severity is Severity.MEDIUM
    assert "a" in finding.evidence[0].observed


def test_stays_silent_for_suffixes_of_mig_and_sharing() -> None:
    names = (
        "A100-SXM4-40GB",
        "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb",
        "NVIDIA-A100-SXM4-40GB-SHARED",
        "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED",
    )
    findings, outcome = judge(CODE, nodes=tuple(with_product(name, name) for name in names))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_without_a_product() -> None:
    _, outcome = judge(CODE, nodes=(with_product("a", "NVIDIA-H100-80GB-HBM3"), with_product("b", None)))
    assert outcome.not_assessed == 1
