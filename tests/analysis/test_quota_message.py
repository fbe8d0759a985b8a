"""Refusals by quotas, taken apart."""

from __future__ import annotations

from gpuctl.analysis.quota_message import Exceeded, parse


def test_several_keys() -> None:
    text = (
        'Error creating: pods "x" is forbidden: exceeded quota: team, requested: limits.memory=64Gi,requests.nvidia.com/gpu=4, '
        "used: limits.memory=1Gi,requests.nvidia.com/gpu=6, limited: limits.memory=32Gi,requests.nvidia.com/gpu=8"
    )
    key = "requests.nvidia.com/gpu"
    assert parse(text) == Exceeded(
        "team",
        {"limits.memory": 64 * 2.0**30, key: 4},
        {"limits.memory": 2.0**30, key: 6},
        {"limits.memory": 32 * 2.0**30, key: 8},
    )


def test_other_texts() -> None:
    assert parse("pods is forbidden") is None
    assert parse("exceeded quota: , requested: a, used: b, limited: c") is None
