"""DRA objects whose meaning hangs on what they leave out."""

from __future__ import annotations

from typing import Any

import pytest

from gpuctl.parsers.k8s_assembly import Assembly

TAINT = {"key": "example.com/service", "effect": "NoSchedule"}


def rules(version: str, spec: dict[str, Any]) -> list[tuple[str | None, str | None, str | None]]:
    assembly = Assembly()
    rule = {"apiVersion": f"resource.k8s.io/{version}", "kind": "DeviceTaintRule", "metadata": {"name": "r"}, "spec": spec}
    assembly.add_object(rule)
    return [(item.driver, item.pool, item.device) for item in assembly.finish().get("device_taint_rules") or ()]


@pytest.mark.parametrize(
    ("spec", "selects"),
    [
        ({"deviceSelector": {}, "taint": TAINT}, [(None, None, None)]),
        ({"deviceSelector": {"pool": "n1", "device": "gpu-1"}, "taint": TAINT}, [(None, "n1", "gpu-1")]),
        ({"taint": TAINT}, []),
        ({"deviceSelector": {"deviceClassName": "gpu.nvidia.com"}, "taint": TAINT}, []),
        ({"deviceSelector": {"selectors": [{"cel": {"expression": "true"}}]}, "taint": TAINT}, []),
        ({"deviceSelector": {}}, []),
    ],
)
@pytest.mark.parametrize("version", ["v1alpha3", "v1beta2"])
def test_what_a_taint_rule_selects(version: str, spec: dict[str, Any], selects: list[tuple[str | None, ...]]) -> None:
    """An empty selector matches every device, no selector none."""
    assert rules(version, spec) == selects
