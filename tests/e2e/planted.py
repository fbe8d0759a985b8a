"""Every fault that gpuctl knows, planted once each in a sound fleet, with the finding that must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gpuctl.demo import api_objects as k8s
from gpuctl.demo.api_objects import Object
from gpuctl.demo.construction import GPU_TOLERATION
from gpuctl.demo.fleet import A100, DRIVER, GPU, H100, L40S, Fleet
from gpuctl.demo.node_faults import Link

SLICE = "nvidia.com/mig-1g.10gb"
FULL = 6
"""Nodes of the pool `full`, all of whose GPUs one job holds."""


@dataclass(frozen=True)
class Fault:
    """What is planted, and the code that must be found on the subject whose name `plant` returns. `follows`: other codes at medium or
    above that the fault brings on that subject, each with the reason why they are no false alarm."""

    code: str
    plant: Callable[[Fleet], str]
    follows: dict[str, str] = field(default_factory=dict)


def sound(as_of: datetime) -> Fleet:
    """Pools with work on them and nothing wrong: the ground for faults."""
    fleet = Fleet(as_of)
    fleet.pool("h100", nodes=26, product=H100, gpus=8, driver=DRIVER)
    fleet.pool("full", nodes=FULL, product=H100, gpus=8, driver=DRIVER)
    fleet.pool("a100", nodes=6, product=A100, gpus=8, driver=DRIVER, mig_cards=4, strategy="mixed")
    for name in ("drivers", "products", "cuda", "open"):
        fleet.pool(name, nodes=3, product=L40S, gpus=4, driver=DRIVER, cpu=96, memory_gib=768)
    fleet.cpu_pool("cpu", nodes=2)
    fleet.job("research", "pretrain", pods=FULL, gpus=8, pool="full", cpu=96)
    fleet.serve("inference", "chat", pods=20, gpus=4, pool="h100", nodes=fleet.nodes("h100")[:10])
    fleet.serve("notebooks", "lab", pods=12, gpus=1, pool="a100", resource=SLICE, cpu=2)
    fleet.serve("web", "frontend", pods=4, gpus=0, pool="cpu", cpu=2, image="nginx:1.27")
    return fleet


def _on(node: str, plant: Callable[[Fleet, str], Any]) -> Callable[[Fleet], str]:
    """A fault of one node, which is the subject of its finding."""

    def planted(fleet: Fleet) -> str:
        plant(fleet, node)
        return node

    return planted


def _on_pod_of(node: str, plant: Callable[[Fleet, str, str], Any], of_node: bool = False) -> Callable[[Fleet], str]:
    """A fault of the pod of `inference/chat` on a node; the subject is the pod, or the node."""

    def planted(fleet: Fleet) -> str:
        pod = next(p["metadata"]["name"] for p in fleet.user_pods(node) if p["metadata"]["namespace"] == "inference")
        plant(fleet, "inference", pod)
        return node if of_node else str(pod)

    return planted


def _autoscaler(fleet: Fleet) -> str:
    metric = {"type": "External", "external": {"metric": {"name": "DCGM_FI_DEV_FB_FREE"}, "target": {"type": "Value", "value": "1000"}}}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"}
    spec = {"minReplicas": 1, "maxReplicas": 12, "scaleTargetRef": target, "metrics": [metric]}
    fleet.add(k8s.make("autoscaling/v2", "HorizontalPodAutoscaler", "chat", fleet.ago(hours=90), "inference", spec=spec, status={}))
    return "chat"


def _queue_missing(fleet: Fleet) -> str:
    fleet.workload("Job", "research", "astray", 0, 8, None, 6, labels={"kueue.x-k8s.io/queue-name": "nowhere"})
    job = fleet.get("Job", "astray", "research")
    job["spec"] |= {"suspend": True, "parallelism": 1, "completions": 1}
    job["status"] = {}
    return "astray"


def _queue_quota(fleet: Fleet) -> str:
    fleet.cluster_queue("small", nominal=8, used=0, pending=1)
    fleet.local_queue("research", "main", "small", pending=1)
    fleet.queued_workload("research", "large", "main", pods=4, gpus=8)
    return "small"


def _quota(fleet: Fleet) -> str:
    fleet.quota_too_low("students")
    return "gpus"


def _hardware_event(fleet: Fleet, node: str) -> None:
    fleet.add(k8s.event(fleet.node(node), "NvidiaXID79Error", "GPU has fallen off the bus", fleet.ago(minutes=9), fleet.ago(minutes=9),
                        component="eks-node-monitoring-agent"))  # fmt: skip


def _nvlink(fleet: Fleet, node: str) -> None:
    fleet.condition(node, "GpuNvlinkWatch", "True", "GpuNvlinkWatchIsNotHealthy",
                    "ErrorCode:74 GPU:5 Recommended Action=CONTACT_SUPPORT")  # fmt: skip


def _upgrade_failed(fleet: Fleet, node: str) -> None:
    fleet.node(node)["metadata"]["labels"]["nvidia.com/gpu-driver-upgrade-state"] = "upgrade-failed"


def _device_taint(fleet: Fleet, node: str) -> None:
    fleet.device_class()
    fleet.slice(node)
    fleet.dra_taint(node, device=2)


def _mig_stuck(fleet: Fleet, node: str) -> None:
    fleet.clear(node)
    fleet.mig_pending(node)


def _forgotten_taint(fleet: Fleet, node: str) -> None:
    fleet.clear(node)
    fleet.taint(node, "example.com/maintenance", hours=90)


def _taint_rule(fleet: Fleet, node: str) -> None:
    fleet.slice(node)
    fleet.device_taint_rule("service", node, "gpu-1")


def _slices_missing(fleet: Fleet, node: str) -> None:
    fleet.slice(node)["spec"]["pool"]["resourceSliceCount"] = 2


def _intolerant(fleet: Fleet) -> str:
    """Its selector leaves one pool, whose taint it does not tolerate."""
    here = len(fleet.nodes("full"))
    total = len(fleet.nodes())
    message = (
        f"0/{total} nodes are available: {here} node(s) had untolerated taint {{{GPU}: present}}, {total - here} node(s) didn't match "
        f"Pod's node affinity/selector. preemption: 0/{total} nodes are available: {total} Preemption is not helpful for scheduling."
    )
    return fleet.pending("research", "intolerant", message, hours=20, pool="full", spec={"tolerations": []})[0]


def _other_cuda(fleet: Fleet) -> str:
    fleet.node("cuda-002")["metadata"]["labels"] |= {
        "nvidia.com/cuda.runtime-version.full": "12.8",
        "nvidia.com/cuda.runtime-version.major": "12",
        "nvidia.com/cuda.runtime-version.minor": "8",
        "nvidia.com/cuda.runtime.major": "12",
        "nvidia.com/cuda.runtime.minor": "8",
    }
    return "cuda"


def _other_driver(fleet: Fleet) -> str:
    fleet.mixed_driver("drivers-002")
    return "drivers"


def _other_product(fleet: Fleet) -> str:
    fleet.mixed_product("products-002", "NVIDIA-L40")
    return "products"


def _cpu_pods(fleet: Fleet) -> str:
    fleet.cpu_pods_on_untainted("open-002")
    return "open"


def _bare(fleet: Fleet) -> str:
    return str(fleet.bare_pod("research", "debug", node="h100-007")["metadata"]["name"])


LINKS: tuple[tuple[Link, str], ...] = (
    ("nfd", "h100-017"),
    ("driver", "h100-018"),
    ("toolkit", "h100-019"),
    ("validator", "h100-020"),
    ("device-plugin", "h100-021"),
)
"""Links of the chain without which a node offers nothing, and the node where each is broken."""

_OWN_POD = {"gpu-operator-pod-failing": "the pod of the broken link is named too"}


def _chain(link: Link, node: str) -> Fault:
    return Fault("gpu-not-advertised", _on(node, lambda fleet, name: fleet.break_chain(name, link)), _OWN_POD)


FAULTS: tuple[Fault, ...] = (
    Fault("gpu-allocatable-below-capacity", _on("h100-001", Fleet.break_device)),
    Fault("gpu-node-not-ready", _on("h100-002", Fleet.not_ready)),
    Fault("pod-crash-loop-on-one-node", _on_pod_of("h100-003", Fleet.crash_loop, of_node=True)),
    Fault("pod-stuck-terminating", _on_pod_of("h100-004", Fleet.stuck_terminating)),
    Fault("pod-stuck-creating", _on_pod_of("h100-005", Fleet.stuck_creating)),
    Fault("gpu-node-not-ready", _on("h100-006", Fleet.pressure)),
    Fault("gpu-node-out-of-service", _on("h100-011", Fleet.cordon)),
    Fault("gpu-node-condition-fault", _on("h100-012", _nvlink)),
    Fault("gpu-hardware-event", _on("h100-013", _hardware_event)),
    Fault("driver-upgrade-failed", _on("h100-014", _upgrade_failed)),
    Fault("dra-slice-mismatch", _on("h100-015", lambda fleet, node: fleet.slice(node, devices=6))),
    Fault("dra-device-tainted", _on("h100-016", _device_taint)),
    Fault("gpu-node-out-of-service", _on("h100-023", _forgotten_taint)),
    Fault("gpu-node-condition-fault", _on("h100-024", lambda fleet, node: fleet.condition(
        node, "AcceleratedHardwareReady", "False", "NvidiaDoubleBitError", "double-bit ECC error"))),
    Fault("dra-device-tainted", _on("h100-025", _taint_rule)),
    Fault("dra-slice-mismatch", _on("h100-026", _slices_missing)),
    *(_chain(link, node) for link, node in LINKS),
    Fault("gpu-operator-pod-failing", _on("h100-022", lambda fleet, node: fleet.break_chain(node, "gfd"))),
    Fault("pod-admission-error", lambda fleet: fleet.admission_error("h100-001", "research")),
    Fault("mig-config-failed", _on("a100-003", Fleet.mig_failed)),
    Fault("mig-config-stuck", _on("a100-004", _mig_stuck),
          {"gpu-not-advertised": "mig-manager took the device plugin away, so the node offers nothing"}),
    Fault("mig-stale-gpu-resource", _on("a100-005", Fleet.stale_gpu_resource)),
    Fault("mig-strategy-contradiction", _on("a100-006", Fleet.mig_contradiction)),
    Fault("mig-strategy-contradiction", _on("a100-002", Fleet.mig_invalid)),
    Fault("gpu-allocatable-below-capacity", _on("a100-001", lambda fleet, node: fleet.break_device(node, resource=SLICE))),
    Fault("pool-driver-mix", _other_driver),
    Fault("pool-product-mix", _other_product),
    Fault("pool-cuda-mix", _other_cuda),
    Fault("cpu-pods-on-gpu-nodes", _cpu_pods),
    Fault("pod-pending-long", lambda fleet: fleet.queued("research", "waiting", pool="full")[0]),
    Fault("pod-request-unsatisfiable", lambda fleet: fleet.asks_too_much()[0]),
    Fault("pod-request-unsatisfiable", lambda fleet: fleet.asks_unknown_resource()[0]),
    Fault("pod-request-unsatisfiable", lambda fleet: fleet.selects_nothing()[0]),
    Fault("pod-request-unsatisfiable", _intolerant),
    Fault("pod-without-controller", _bare),
    Fault("quota-below-demand", _quota),
    Fault("queue-quota-below-demand", _queue_quota),
    Fault("queue-missing", _queue_missing),
    Fault("autoscaler-wrong-way-metric", _autoscaler),
)  # fmt: skip

BESIDE_A_FILE = {"no-gpu-seen": "only a collector on the node counts GPUs: its snapshot is read beside the cluster"}
"""Codes that the API alone cannot provoke, with the reason."""


def under_way(as_of: datetime) -> list[Object]:
    """Objects of a fleet in which a lot is going on and nothing is wrong: each line is a case that must stay at low or below."""
    fleet = sound(as_of)
    fleet.young_node("h100", "h100-099", minutes=4)
    fleet.driver_upgrade("h100-011", minutes=8)
    fleet.clear("a100-004")
    fleet.mig_pending("a100-004", minutes=12)
    fleet.autoscaler_removes("h100-012")
    fleet.not_ready("h100-012", hours=0.03)
    fleet.clear("h100-014")
    fleet.taint("h100-014", "karpenter.sh/disrupted", hours=0.1)
    fleet.join("h100", "h100-098", hours=0.05)
    fleet.not_ready("h100-098", hours=0.04, status="False")
    fleet.mig_state("a100-005", "rebooting", minutes=9)
    fleet.clear("a100-005")
    fleet.not_ready("a100-005", hours=0.05)
    fleet.driver_upgrade("h100-015", minutes=5)
    fleet.crash(fleet.operator_pod("h100-015", "driver"), hours=0.05, restarts=3)
    fleet.queued("research", "next", pool="full", hours=0.2)
    fleet.cordon("full-001", keep_pods=True)
    _declared_drivers(fleet)
    _dedicated_pool(fleet)
    for node in fleet.nodes("products"):
        fleet.dra_only(node)
    fleet.rolling_update("inference", "chat")
    _plugin_update(fleet, "h100-013")
    objects = fleet.objects()
    plugins = next(o for o in objects if o["kind"] == "DaemonSet" and o["metadata"]["name"] == "nvidia-device-plugin-daemonset")
    plugins["status"]["updatedNumberScheduled"] -= 3
    return objects


def _declared_drivers(fleet: Fleet) -> None:
    """Two driver versions in one pool, each asked for by an NVIDIADriver."""
    fleet.mixed_driver("drivers-002")
    for node in fleet.nodes("drivers"):
        fleet.node(node)["metadata"]["labels"]["ring"] = "early" if node == "drivers-002" else "stable"
    fleet.declare_driver("early", "570.172.08", {"ring": "early"})
    fleet.declare_driver("stable", DRIVER, {"ring": "stable"})


def _dedicated_pool(fleet: Fleet) -> None:
    """A taint of a team beside the pool's own, which the team's pods tolerate; one node of the pool is idle."""
    taint = {"key": "team", "value": "research", "effect": "NoSchedule"}
    for node in fleet.nodes("cuda"):
        fleet.node(node)["spec"]["taints"].append(dict(taint))
    tolerations = [dict(GPU_TOLERATION), {**taint, "operator": "Equal"}]
    fleet.job("research", "dedicated", pods=2, gpus=4, pool="cuda", nodes=fleet.nodes("cuda")[:2], spec={"tolerations": tolerations})


def _plugin_update(fleet: Fleet, node: str) -> None:
    """The device plugin's DaemonSet rolls out a new version; on this node the old pod is gone and the new one starts."""
    fleet.clear(node)
    pod = fleet.operator_pod(node, "device-plugin")
    pod["metadata"]["creationTimestamp"] = k8s.stamp(fleet.ago(minutes=1))
    pod["status"]["phase"] = "Pending"
    for status in pod["status"]["containerStatuses"]:
        status |= {"ready": False, "started": False, "state": {"waiting": {"reason": "PodInitializing"}}}
    fleet.unready(pod, hours=1 / 60)
    fleet.node(node)["status"]["allocatable"][GPU] = "0"
