"""The embedded sample cluster: three pools of GPU nodes, busy with plausible work, and some fifteen faults."""

from __future__ import annotations

from datetime import UTC, datetime

from gpuctl.demo.fleet import A100, DRIVER, H100, L40S, Fleet

AS_OF = datetime(2026, 10, 14, 9, 30, tzinfo=UTC)


def sample() -> Fleet:
    """The sample fleet. First what is there, then what works, then what waits, then what is broken."""
    fleet = Fleet(AS_OF)
    fleet.pool("h100", nodes=16, product=H100, gpus=8, driver=DRIVER)
    fleet.pool("a100", nodes=12, product=A100, gpus=8, driver=DRIVER, days=300, mig_cards=4, strategy="mixed", cpu=128, memory_gib=1024)
    fleet.pool("l40s", nodes=12, product=L40S, gpus=4, driver=DRIVER, days=200, cpu=96, memory_gib=768)
    fleet.cpu_pool("cpu", nodes=3)
    _policies(fleet)
    _work(fleet)
    _waiting(fleet)
    _faults(fleet)
    return fleet


def _policies(fleet: Fleet) -> None:
    fleet.priority_class("research", 1000, default=True)
    fleet.priority_class("production", 10000)


def _work(fleet: Fleet) -> None:
    h100 = fleet.nodes("h100")
    fleet.job("foundation", "pretrain-32b", pods=8, gpus=8, pool="h100", hours=212, nodes=h100[:8], cpu=96,
              image="nvcr.io/nvidia/nemo:25.02")  # fmt: skip
    fleet.job("foundation", "sft-32b", pods=2, gpus=8, pool="h100", hours=31, nodes=h100[8:10], cpu=96)
    fleet.job("vision", "detector", pods=4, gpus=4, pool="h100", hours=17, nodes=h100[10:12], cpu=40)
    fleet.job("speech", "asr-large", pods=2, gpus=6, pool="h100", hours=44, nodes=h100[12:14], cpu=60)
    a100 = fleet.nodes("a100")
    fleet.job("vision", "segment", pods=8, gpus=2, pool="a100", hours=9, nodes=a100[:4], cpu=16)
    fleet.job("speech", "tts-small", pods=3, gpus=4, pool="a100", hours=26, nodes=a100[4:7], cpu=32)
    fleet.serve("notebooks", "lab", pods=70, gpus=1, pool="a100", resource="nvidia.com/mig-1g.10gb", cpu=2, nodes=a100[:9],
                image="quay.io/jupyter/pytorch-notebook:cuda12-2025-03-31")  # fmt: skip
    fleet.serve("search", "embedder", pods=30, gpus=1, pool="a100", resource="nvidia.com/mig-2g.20gb", cpu=4, nodes=a100[:9])
    fleet.serve("search", "reranker", pods=24, gpus=1, pool="a100", resource="nvidia.com/mig-3g.40gb", cpu=4, nodes=a100[:9])
    l40s = fleet.nodes("l40s")
    fleet.serve("assist", "chat-8b", pods=22, gpus=1, pool="l40s", nodes=l40s[:6], image="vllm/vllm-openai:v0.8.4")
    fleet.serve("assist", "code-14b", pods=7, gpus=2, pool="l40s", nodes=l40s[6:10], image="vllm/vllm-openai:v0.8.4")
    fleet.serve("assist", "gateway", pods=4, gpus=0, pool="cpu", cpu=4, image="envoyproxy/envoy:v1.33.2")
    fleet.budget("assist", "chat-8b", min_available=20)
    fleet.budget("assist", "code-14b", min_available=6)


def _waiting(fleet: Fleet) -> None:
    fleet.queued("vision", "detector-v2", pods=2, gpus=8, hours=5)
    fleet.queued("speech", "asr-xl", pods=1, gpus=8, hours=2)


def _faults(fleet: Fleet) -> None:
    fleet.break_device("h100-003", gpus=1)
    fleet.admission_error("h100-003", "vision", "probe", hours=1.5)
    fleet.break_driver("h100-015", hours=26)
    fleet.cordon("h100-016", hours=74)
    fleet.not_ready("h100-014", hours=3)
    fleet.condition("h100-010", "GpuNvlinkWatch", "True", "GpuNvlinkWatchIsNotHealthy",
                    "ErrorCode:74 GPU:5 PCI:0000:ba:00.0 NVLink error Recommended Action=CONTACT_SUPPORT", hours=11)  # fmt: skip
    fleet.stuck_terminating("speech", fleet.pods_of("speech", "asr-large")[0], hours=15)
    fleet.mig_failed("a100-010", hours=40)
    fleet.clear("a100-010")
    fleet.mig_pending("a100-011", minutes=190)
    fleet.stale_gpu_resource("a100-012")
    fleet.operator_pod_failing("a100-006", "dcgm-exporter", hours=30)
    fleet.mixed_driver("l40s-004", "570.172.08")
    fleet.crash_loop("assist", fleet.pods_of("assist", "code-14b")[6], hours=5)
    fleet.cpu_pods_on_untainted("l40s-012", pods=5)
    fleet.stuck_creating("assist", fleet.pods_of("assist", "chat-8b")[21], hours=4)
    fleet.bare_pod("vision", "debug-anna", gpus=1, node="l40s-011", hours=190)
    fleet.asks_too_much("vision", "ablation-16", gpus=16, hours=19)
    fleet.selects_nothing("speech", "diarize", hours=52)
    fleet.quota_too_low("research-intern", "thesis", hard=4, gpus=4, hours=8)
