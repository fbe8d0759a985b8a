"""Refusals of kubelets, taken apart."""

from __future__ import annotations

import pytest

from gpuctl.analysis.admission_message import Refusal, is_refusal, parse


@pytest.mark.parametrize("prefix", ["", "Pod was rejected: ", "Pod "])
def test_devices_unavailable(prefix: str) -> None:
    text = (
        "Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 4, Available: 1, which is unexpected"
    )
    assert parse("UnexpectedAdmissionError", prefix + text) == Refusal("UnexpectedAdmissionError", "nvidia.com/gpu", 4, 1)


def test_unhealthy_devices() -> None:
    text = "Allocate failed due to no healthy devices present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected"
    assert parse("UnexpectedAdmissionError", text) == Refusal("UnexpectedAdmissionError", "nvidia.com/gpu")


def test_out_of_a_resource() -> None:
    text = "Node didn't have enough resource: nvidia.com/gpu, requested: 2, used: 7, capacity: 8"
    assert parse("OutOfnvidia.com/gpu", text) == Refusal("OutOfnvidia.com/gpu", "nvidia.com/gpu", 2, 1)
    assert parse("OutOfcpu", "Node didn't have enough resource: cpu, requested: 6000, used: 3950, capacity: 8000") == Refusal(
        "OutOfcpu", "cpu"
    )


def test_other_reasons_are_no_refusals() -> None:
    assert not is_refusal("Evicted")
    assert parse("Evicted", "devices unavailable") is None
