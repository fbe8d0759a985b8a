"""Accelerators that a synthetic fleet can be built from, as GPU Feature Discovery would label them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """One card. `label` as in `nvidia.com/gpu.product`; memory in MiB as nvidia-smi counts it; `slices`: MIG devices of one card
    under the layout `all-balanced` of mig-parted, empty where the card cannot do MIG."""

    label: str
    memory_mib: int
    family: str
    compute: str
    machine: str
    slices: dict[str, int]


H100 = Product("NVIDIA-H100-80GB-HBM3", 81559, "hopper", "9.0", "DGXH100", {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1})
A100 = Product("NVIDIA-A100-SXM4-80GB", 81920, "ampere", "8.0", "ProLiant-XL675d-Gen10-Plus", {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1})
L40S = Product("NVIDIA-L40S", 46068, "ada-lovelace", "8.9", "PowerEdge-R760xa", {})
L4 = Product("NVIDIA-L4", 23034, "ada-lovelace", "8.9", "PowerEdge-R760xa", {})

CUDA_OF_BRANCH = {"535": "12.2", "550": "12.4", "570": "12.8", "575": "12.9", "580": "13.0"}
"""Newest CUDA version that each driver branch serves."""
