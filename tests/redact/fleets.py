"""Random fleets: every method of the demo fleet that breaks, limits or queues something, in random company."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gpuctl.demo.fleet import A100, DRIVER, H100, L40S, Fleet
from gpuctl.model.snapshot import Cluster, Snapshot, SourceState
from gpuctl.parsers.k8s_assembly import Assembly

AS_OF = datetime(2026, 10, 14, 9, 30, tzinfo=UTC)
CONTEXT = "acme-prod-eu1"


def fleet_of(seed: int) -> Fleet:
    """Three pools with private names, busy, with a random half of all faults; each fault on its own node or pod."""
    dice = random.Random(seed)
    fleet = Fleet(AS_OF)
    size = dice.choice([5, 7])
    h100 = fleet.pool("zeus", nodes=size, product=H100, gpus=8, driver=DRIVER, labels={"acme.example/rack": "r7"})
    a100 = fleet.pool("hera", nodes=size, product=A100, gpus=8, driver=DRIVER, mig_cards=4, strategy="mixed", cpu=128)
    l40s = fleet.pool("node-0001", nodes=size, product=L40S, gpus=4, driver=DRIVER, cpu=96, memory_gib=768)
    fleet.cpu_pool("cpu", nodes=2)
    jobs = fleet.job("acme-research", "pretrain-acme", pods=2, gpus=8, pool="zeus", cpu=96)
    serve = fleet.serve("acme-chat", "assistant", pods=5, gpus=1, pool="node-0001", image="registry.acme.example/ml/chat:v1")
    fleet.serve("acme-lab", "lab", pods=3, gpus=1, pool="hera", resource="nvidia.com/mig-1g.10gb", cpu=2)
    spare = {"h": list(h100[2:]), "a": list(a100[1:]), "l": list(l40s[2:])}
    for pool in spare.values():
        dice.shuffle(pool)

    def node(pool: str) -> str:
        return spare[pool].pop() if spare[pool] else dice.choice({"h": h100, "a": a100, "l": l40s}[pool])

    faults: list[Callable[[], Any]] = [
        lambda: fleet.break_device(node("h"), gpus=dice.randint(1, 8)),
        lambda: fleet.break_chain(node("h"), dice.choice(["driver", "toolkit", "validator", "device-plugin", "gfd", "nfd"])),
        lambda: fleet.operator_pod_failing(node("h"), dice.choice(["dcgm-exporter", "device-plugin"])),
        lambda: fleet.not_ready(h100[0], status=dice.choice(["Unknown", "False"])),
        lambda: fleet.pressure(l40s[0]),
        lambda: fleet.condition(
            node("h"), dice.choice(["GpuNvlinkWatch", "GpuAcmeWatch", "AcmeHealth"]), "True", "AcmeBroken", "rack acme-7"
        ),
        lambda: fleet.taint(node("l"), "acme.example/repair", "bob", dice.choice(["NoSchedule", "NoExecute"])),
        lambda: fleet.taint(node("l"), "node.kubernetes.io/acme-check", "", "NoSchedule"),
        lambda: fleet.cordon(node("h"), hours=dice.choice([0.1, 80])),
        lambda: fleet.untaint(node("l")),
        lambda: fleet.mig_failed(node("a"), config=dice.choice(["all-1g.20gb", "acme-layout"])),
        lambda: fleet.mig_pending(node("a"), minutes=dice.choice([5, 90])),
        lambda: fleet.mig_contradiction(node("a")),
        lambda: fleet.mig_invalid(node("a")),
        lambda: fleet.stale_gpu_resource(node("a")),
        lambda: fleet.mixed_driver(node("l"), dice.choice(["570.172.08", "575.57.08"])),
        lambda: fleet.mixed_product(node("h"), dice.choice(["NVIDIA-H100-NVL", "NVIDIA-Acme-X1"])),
        lambda: fleet.young_node("zeus", "zeus-acme-new"),
        lambda: fleet.driver_upgrade(node("l"), dice.choice(["pod-restart-required", "upgrade-failed"])),
        lambda: fleet.autoscaler_removes(node("l")),
        lambda: fleet.declare_driver("acme-driver", DRIVER, {"pool": dice.choice(["zeus", "node-0001"])}),
        lambda: fleet.bare_pod("acme-dev", "debug-bob", node=l40s[1]),
        lambda: fleet.admission_error(h100[1], namespace="acme-dev", name="probe"),
        lambda: fleet.stuck_terminating("acme-research", jobs[0]),
        lambda: fleet.stuck_creating("acme-chat", serve[0]),
        lambda: fleet.crash_loop("acme-chat", serve[1]),
        lambda: fleet.queued("acme-research", "next", pods=2, pool="zeus"),
        lambda: fleet.asks_too_much("acme-b"),
        lambda: fleet.asks_unknown_resource("acme-b", resource=dice.choice(["nvidia.com/mig-1g.12gb", "nvidia.com/AcmeCard_X"])),
        lambda: fleet.selects_nothing("acme-b"),
        lambda: fleet.tolerates_nothing("acme-b"),
        lambda: fleet.quota_too_low("acme-interns", "thesis"),
        lambda: fleet.cpu_pods_on_untainted(l40s[1], namespace="acme-web"),
        lambda: fleet.rolling_update("acme-chat", "assistant"),
        lambda: fleet.budget("acme-chat", "assistant", min_available=5),
        lambda: fleet.priority_class("acme-prio", 1000),
        lambda: _queues(fleet, dice),
        lambda: _dra(fleet, node("h"), dice),
        lambda: _affinity(fleet, dice),
    ]
    for fault in dice.sample(faults, k=len(faults) // 2):
        fault()
    return fleet


def _queues(fleet: Fleet, dice: random.Random) -> None:
    fleet.cluster_queue("acme-cq", nominal=dice.choice([4, 64]), used=0, pending=1)
    fleet.local_queue("acme-research", "acme-lq", dice.choice(["acme-cq", "gone-cq"]))
    fleet.queued_workload("acme-research", "waits", "acme-lq", pods=2, gpus=8)
    fleet.queued_workload("acme-chat", "lost", "no-such-queue", pods=1, gpus=1)


def _dra(fleet: Fleet, node: str, dice: random.Random) -> None:
    fleet.device_class()
    fleet.slice(node, devices=dice.choice([8, 6]))
    fleet.dra_taint(node, key="acme.example/xid", value="79", effect=dice.choice(["NoExecute", "NoSchedule", "None"]))
    fleet.device_taint_rule("acme-out", node, device="gpu-2", key="acme.example/service")
    fleet.claim("acme-research", "acme-claim")


def _affinity(fleet: Fleet, dice: random.Random) -> None:
    terms = [
        {"matchExpressions": [{"key": "acme.example/rack", "operator": "In", "values": [dice.choice(["r7", "r9"])]}]},
        {"matchExpressions": [{"key": "acme.example/rank", "operator": "Gt", "values": ["5"]}]},
    ]
    spec = {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}}
    message = "0/9 nodes are available: 4 node(s) had untolerated taint {acme.example/repair: bob}, 5 acme-scheduler says no to rack r9."
    fleet.pending("acme-b", "picky", message, gpus=8, hours=30, spec=spec)


def snapshot_of(fleet: Fleet) -> Snapshot:
    """The fleet as an API server gives it."""
    wanted = [obj for obj in fleet.objects() if obj["kind"] not in {"Namespace", "ReplicaSet"}]
    assembly = Assembly(CONTEXT)
    assembly.add_document(json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted}).encode())
    return Snapshot(
        taken_at=AS_OF,
        sources=(SourceState(kind="kubernetes", name=CONTEXT),),
        cluster=Cluster(context=CONTEXT, version="v1.33.4"),
        skipped=assembly.skipped,
        **assembly.finish(),  # type: ignore[arg-type]
    )
