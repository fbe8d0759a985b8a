"""What nvidia-smi prints when it fails."""

from __future__ import annotations

import pytest

from gpuctl.model.known import why_unknown
from gpuctl.parsers.nvidia_smi_failure import parse
from gpuctl.parsers.nvidia_smi_values import LOST

NO_DRIVER = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
    "Make sure that the latest NVIDIA driver is installed and running.\n"
)


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        (NO_DRIVER, False),
        ("$ nvidia-smi\n" + NO_DRIVER.replace("\n", "\r\n"), False),
        ("Failed to initialize NVML: Driver/library version mismatch\n", True),
        ("Failed to initialize NVML: Driver Not Loaded\n", False),
        ("Failed to initialize NVML: Unknown Error\n", None),
        ("Failed to initialize NVML: Insufficient Permissions\n", None),
        ("NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure ...\n", None),
    ],
)
def test_the_driver_and_why_nothing_else_is_known(text: str, loaded: bool | None) -> None:
    node = parse(text)
    assert node is not None
    assert (node.driver.loaded if node.driver is not None else None) == loaded
    assert (node.gpus, node.gpu_count, node.cuda) == (None, None, None)
    said = text.strip().splitlines()[-1].split(".")[0]
    for path in ("driver.version", "gpus", "gpu_count", "cuda"):
        assert said in why_unknown(node, path)
    if loaded is None:
        assert said in why_unknown(node, "driver.loaded")


def test_a_mismatch_names_the_library() -> None:
    node = parse("Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.161\n")
    assert node is not None
    assert "NVML library 535.161" in node.unknown["driver.version"]


def test_no_devices_is_a_measured_zero() -> None:
    node = parse("No devices were found\n")
    assert node is not None
    assert (node.gpus, node.gpu_count) == ((), 0)
    assert node.driver is not None
    assert node.driver.loaded is True


@pytest.mark.parametrize(
    ("text", "index", "pci", "reason"),
    [
        ("GPU0000:C3:00.0: GPU is lost.  Reboot the system to recover this GPU", None, "0000:c3:00.0", LOST),
        ("GPU 0000:04:00.0: Unknown Error", None, "0000:04:00.0", "nvidia-smi cannot open it: Unknown Error"),
        ("GPU3: 0000:5F:00.0: Unknown Error", 3, "0000:5f:00.0", "nvidia-smi cannot open it: Unknown Error"),
        ("GPU2: Unknown Error", 2, None, "nvidia-smi cannot open it: Unknown Error"),
    ],
)
def test_a_gpu_that_cannot_be_opened(text: str, index: int | None, pci: str | None, reason: str) -> None:
    node = parse(f"Unable to determine the device handle for {text}\nNo devices were found\n")
    assert node is not None
    assert node.gpus is not None
    (gpu,) = node.gpus
    assert (gpu.index, gpu.pci, gpu.uuid, gpu.vendor) == (index, pci, None, "nvidia")
    assert gpu.unknown["memory_bytes"].startswith(reason)
    assert node.gpu_count is None
    assert node.unknown["gpus"]
    assert node.driver is not None
    assert node.driver.loaded is True


@pytest.mark.parametrize("text", ["", "No devices", "kind: Pod\n", "our tool said: No devices were found", "x" * 5000 + "\n" + NO_DRIVER])
def test_other_texts(text: str) -> None:
    assert parse(text) is None
