"""Describe a GPU fleet in a few lines and get the Kubernetes objects of it: for the demo, the tests and the benchmarks.

    fleet = Fleet(as_of=datetime(2026, 1, 12, 9, 30, tzinfo=UTC))
    fleet.pool("h100", nodes=16, product=H100, gpus=8, driver="580.105.08")
    fleet.job("team-a", "pretrain", pods=4, gpus=8, pool="h100", hours=30)
    fleet.break_device("h100-003")
    fleet.objects()

The same description gives the same bytes: names, times and identities follow from the words in it.
"""

from __future__ import annotations

from datetime import datetime

from gpuctl.demo.construction import GPU, Pool
from gpuctl.demo.device_objects import DynamicResources
from gpuctl.demo.node_faults import NodeFaults
from gpuctl.demo.pod_faults import PodFaults
from gpuctl.demo.products import A100, H100, L4, L40S, Product
from gpuctl.demo.queue_objects import Queues

DRIVER = "580.105.08"


class Fleet(NodeFaults, PodFaults, Queues, DynamicResources):
    """A cluster: built by `Construction`, broken by `NodeFaults` and `PodFaults`, with queues and DRA where asked for."""

    @classmethod
    def healthy(cls, as_of: datetime, nodes: int = 4) -> Fleet:
        """Three busy pools in which every audit is silent: the control group of the fault tests."""
        fleet = cls(as_of)
        fleet.pool("h100", nodes=nodes, product=H100, gpus=8, driver=DRIVER)
        fleet.pool("a100", nodes=nodes, product=A100, gpus=8, driver=DRIVER, mig_cards=4, strategy="mixed")
        fleet.pool("l40s", nodes=nodes, product=L40S, gpus=4, driver=DRIVER, cpu=96, memory_gib=768)
        fleet.cpu_pool("cpu", nodes=2)
        fleet.job("research", "pretrain", pods=max(1, nodes - 1), gpus=8, pool="h100", cpu=96)
        fleet.job("research", "finetune", pods=2 * nodes, gpus=2, pool="a100")
        fleet.serve("notebooks", "lab", pods=3 * nodes, gpus=1, pool="a100", resource="nvidia.com/mig-1g.10gb", cpu=2)
        fleet.serve("inference", "chat", pods=3 * nodes, gpus=1, pool="l40s", image="vllm/vllm-openai:v0.8.4")
        fleet.serve("web", "frontend", pods=4, gpus=0, pool="cpu", cpu=2, image="nginx:1.27")
        return fleet


__all__ = ["A100", "DRIVER", "GPU", "H100", "L4", "L40S", "Fleet", "Pool", "Product"]
