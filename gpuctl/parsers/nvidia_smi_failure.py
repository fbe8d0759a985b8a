"""What nvidia-smi prints when it fails, as facts of the node: a driver that is not loaded is a fact, and so is a lost GPU.

Messages and their meaning: nvidia-smi's manual, section RETURN VALUE, and NVML's error strings
(https://docs.nvidia.com/deploy/nvidia-smi/, 2026-11-24).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from msgspec import structs

from gpuctl.model.hardware import Gpu
from gpuctl.model.nodes import Driver, Node
from gpuctl.parsers.nvidia_smi_tree import readable
from gpuctl.parsers.nvidia_smi_values import LOST, NAMELESS
from gpuctl.units import pci_address

_WITHIN: Final = 4096
"""These texts are a few lines, after what a shell printed."""

_MOST_GPUS = 256
"""No machine has more."""
_MOST_MESSAGES = 10_000
_NOT_NAMED = "nvidia-smi's message does not name it"
_NOT_OF_THE_DRIVER = {"unknown", "vendor", "kind", "index", "pci", "bound_driver", "resource", "partitions"}
_FACTS_OF_A_GPU = tuple(info.name for info in structs.fields(Gpu) if info.name not in _NOT_OF_THE_DRIVER)
_HANDLE = re.compile(
    r"^[ \t]*Unable to determine the device handle for (?:gpu|GPU) ?(?:(?P<index>[0-9]{1,3})(?:: |(?=: [A-Z])))?"
    r"(?P<pci>[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7])?:? ?(?P<why>[^\n]{0,200})",
    re.MULTILINE,
)
_LIBRARY = re.compile(r"^[ \t]*NVML library version: ?([0-9.]{3,20})", re.MULTILINE)


@dataclass(frozen=True)
class _Failure:
    """A message (at a line's begin), whether the kernel module is loaded then, and whether no GPU is there."""

    pattern: re.Pattern[str]
    loaded: bool | None
    no_gpu: bool = False


def _says(text: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]*(?:{text})[^\n]{{0,200}}", re.MULTILINE)


_FAILURES: Final = (
    _Failure(_says("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver"), loaded=False),
    _Failure(_says("Failed to initialize NVML: Driver/library version mismatch"), loaded=True),
    _Failure(_says("Failed to initialize NVML: Driver Not Loaded"), loaded=False),
    _Failure(_says("(?:Failed to initialize NVML: )?GPU access blocked by the operating system"), loaded=None),
    _Failure(_says("NVIDIA-SMI couldn't find libnvidia-ml.so library in your system"), loaded=None),
    _Failure(_says("Failed to initialize NVML: "), loaded=None),
    _Failure(_says("No devices were found"), loaded=True, no_gpu=True),
)


def parse(text: str) -> Node | None:
    """The node, without a name, that such a message speaks of; None for any other text."""
    text = readable(text[:_WITHIN])
    if gpus := unreachable(text):
        return _answering(gpus)
    found = next(((failure, match) for failure in _FAILURES if (match := failure.pattern.search(text)) is not None), None)
    if found is None:
        return None
    failure, match = found
    message = match[0].strip()
    library = _LIBRARY.search(text)
    said = f"nvidia-smi says: {message}" + (f" (NVML library {library[1]})" if library is not None else "")
    unknown = {"name": NAMELESS, "driver.version": said, "cuda": said}
    if failure.loaded is None:
        unknown |= {"driver": said, "driver.loaded": said}
    if not failure.no_gpu:
        unknown |= {"gpus": said, "gpu_count": said}
    return Node(
        driver=Driver(loaded=failure.loaded) if failure.loaded is not None else None,
        gpu_count=0 if failure.no_gpu else None,
        gpus=() if failure.no_gpu else None,
        unknown=unknown,
    )


def _answering(gpus: tuple[Gpu, ...]) -> Node:
    """NVML answered, so the driver is loaded; it could not open these GPUs."""
    told = "nvidia-smi says only which GPUs it cannot open"
    return Node(
        driver=Driver(loaded=True),
        gpus=gpus,
        unknown={"name": NAMELESS, "driver.version": told, "cuda": told, "gpu_count": told, "gpus": f"{told}; others may be there"},
    )


def unreachable(text: str) -> tuple[Gpu, ...]:
    """GPUs that nvidia-smi says it cannot open, each once, wherever in its output that stands."""
    gpus: dict[tuple[str | None, int | None], Gpu] = {}
    for match in islice(_HANDLE.finditer(text), _MOST_MESSAGES):
        why = readable(match["why"]).strip().rstrip(".") or "it gives no reason"
        pci = pci_address(match["pci"]) if match["pci"] else None
        index = int(match["index"]) if match["index"] else None
        if len(gpus) >= _MOST_GPUS:
            break
        reason = f"{LOST}: nvidia-smi cannot open it" if why.startswith(LOST) else f"nvidia-smi cannot open it: {why}"
        unknown = dict.fromkeys(_FACTS_OF_A_GPU, reason)
        unknown |= {name: _NOT_NAMED for name, value in (("pci", pci), ("index", index)) if value is None}
        gpus[pci, index] = Gpu(index=index, vendor="nvidia", pci=pci, bound_driver="nvidia", unknown=unknown)
    return tuple(gpus.values())
