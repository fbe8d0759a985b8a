"""What judging a snapshot costs: CPU time of `pipeline.examine` at three sizes, and placement against a plain double loop."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from gpuctl.facts.demand import potential
from gpuctl.facts.feasibility import Unmet, fleet
from gpuctl.facts.subjects import WaitingPod
from gpuctl.facts.view import View
from gpuctl.model.nodes import Condition, Driver, GpuLabels, Node, Taint
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Container, Owner, Placement, Pod, Requirement, Toleration
from gpuctl.pipeline import Choice, examine
from tests.bench.measure import Row
from tests.facts.plain_placement import first_obstacle

NOW = datetime(2026, 10, 14, 9, 30, tzinfo=UTC)
_OLD = NOW - timedelta(days=30)
_TAINT = Taint(key="nvidia.com/gpu", value="present", effect="NoSchedule")
_TOLERATED = (Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule"),)
_READY = Condition(type="Ready", status="True", since=_OLD)
_GIB = 2.0**30
_SIZES = (0.25, 0.5, 1.0)
_CASES: dict[str, tuple[float, Callable[[float], Snapshot]]] = {
    "healthy: 5,000 nodes, 100,000 pods": (2, lambda size: healthy(int(5000 * size), int(100_000 * size))),
    "queue: 5,000 nodes, 30,000 pods, 1,000 unlike ones wait": (
        5,
        lambda size: crowded(int(5000 * size), int(30_000 * size), int(1000 * size)),
    ),
    "faults: 5,000 nodes, 30,000 pods, every 5th node broken": (5, lambda size: faulty(int(5000 * size), int(30_000 * size))),
}


def node(number: int) -> Node:
    """A healthy node with eight GPUs, of one of 16 pools, with labels that tell it from all others."""
    pool, amounts = f"gpu-{number % 16}", {"cpu": 128.0, "memory": 2048 * _GIB, "pods": 110.0, "nvidia.com/gpu": 8.0}
    name = f"{pool}-{number:05d}"
    return Node(
        name=name,
        created=_OLD,
        pool=pool,
        labels={
            "kubernetes.io/hostname": name,
            "topology.kubernetes.io/zone": f"zone-{number % 3}",
            "nvidia.com/gpu.present": "true",
            "pool": pool,
        },
        ready="True",
        cordoned=False,
        taints=(_TAINT,),
        conditions=(_READY, Condition(type="MemoryPressure", status="False"), Condition(type="DiskPressure", status="False")),
        capacity=amounts,
        allocatable=amounts,
        heartbeat=NOW - timedelta(seconds=5),
        driver=Driver(version="580.95.05"),
        accelerators=GpuLabels(vendor="nvidia", product="NVIDIA-H100-80GB-HBM3", count=8, physical=8, present=True, pci_present=True),
    )


def pod(number: int, where: str | None, gpus: float = 1.0, selector: dict[str, str] | None = None) -> Pod:
    """A pod of a Job; one that waits when it is nowhere."""
    return Pod(
        namespace=f"team-{number % 50:02d}",
        name=f"worker-{number:06d}",
        node=where,
        phase="Running" if where else "Pending",
        owner=Owner(kind="Job", name=f"job-{number // 8}"),
        requests={"nvidia.com/gpu": gpus} if gpus else {},
        cpu=1.0,
        memory_bytes=8 * _GIB,
        created=_OLD,
        started=_OLD if where else None,
        placement=Placement(node_selector=selector or {}, tolerations=_TOLERATED),
        containers=(Container(name="main", state="running", ready=True),) if where else (),
        conditions=()
        if where
        else (Condition(type="PodScheduled", status="False", message="0/9 nodes are available: 9 Insufficient cpu."),),
    )


def healthy(nodes: int, pods: int) -> Snapshot:
    """Every node well; the first seven pods of each hold a GPU."""
    machines = tuple(map(node, range(nodes)))
    bound = tuple(pod(number, machines[number % nodes].name, 1.0 if number // nodes < 7 else 0.0) for number in range(pods))
    return Snapshot(taken_at=NOW, nodes=machines, pods=bound, k8s_events=(), workloads=(), quotas=(), queues=(), resource_slices=())


def crowded(nodes: int, pods: int, waiting: int) -> Snapshot:
    """A healthy fleet, and pods that wait: no two with the same request and placement; a third of them can never run."""
    fit = healthy(nodes, pods)
    return Snapshot(**{**_fields(fit), "pods": (*(fit.pods or ()), *(_waiter(pods + number, number) for number in range(waiting)))})


def _waiter(identity: int, number: int) -> Pod:
    made = pod(identity, None, float(1 + number % 9))  # nine GPUs are more than a node has
    selector = {"topology.kubernetes.io/zone": f"zone-{number % 4}"} if number % 2 else {"pool": f"gpu-{number % 20}"}
    terms = ((Requirement(key="pool", operator="NotIn", values=(f"gpu-{number % 7}", f"none-{number}")),),)
    placement = Placement(node_selector=selector, terms=terms, tolerations=_TOLERATED if number % 5 else ())
    return Pod(**{**_fields(made), "cpu": 1 + number / 100, "placement": placement})


def faulty(nodes: int, pods: int) -> Snapshot:
    """Every fifth node not ready, cordoned, short of a device, without any, or with the fault of an agent."""
    fit = healthy(nodes, pods)
    machines = tuple(_broken(item, number // 5 % 5) if number % 5 == 0 else item for number, item in enumerate(fit.nodes or ()))
    waiting = tuple(pod(pods + number, None, 8.0) for number in range(nodes // 20))
    return Snapshot(**{**_fields(fit), "nodes": machines, "pods": (*(fit.pods or ()), *waiting)})


def _broken(item: Node, kind: int) -> Node:
    amounts = item.allocatable or {}
    faults: tuple[dict[str, object], ...] = (
        {"ready": "Unknown", "conditions": (Condition(type="Ready", status="Unknown", since=NOW - timedelta(hours=1)),)},
        {"cordoned": True},
        {"allocatable": {**amounts, "nvidia.com/gpu": 7.0}},
        {"allocatable": {**amounts, "nvidia.com/gpu": 0.0}, "capacity": {**amounts, "nvidia.com/gpu": 0.0}},
        {"conditions": (_READY, Condition(type="GpuXidError", status="True", reason="Xid79", since=NOW - timedelta(hours=1)))},
    )
    return Node(**{**_fields(item), **faults[kind]})


def _fields(item: Node | Pod | Snapshot) -> dict[str, object]:
    return {name: getattr(item, name) for name in item.__struct_fields__}


def cpu_seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """The least CPU time of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def plain_unmet(view: View, waiting: tuple[Pod, ...]) -> list[bool]:
    """Which pods no node can ever take, every node tried for every pod."""
    nodes = [(item, amounts) for item in view.snapshot.nodes or () if (amounts := potential(item, view)) is not None]
    return [first_obstacle(item, nodes, view) is not None for item in waiting]


def shared_unmet(view: View, waiting: tuple[Pod, ...]) -> list[bool]:
    """The same by the fact that audits use."""
    known = fleet(view)
    return [isinstance(known.unmet(item), Unmet) for item in waiting]


def rows() -> Iterator[Row]:
    """CPU seconds of `examine`, and how they grow; then placement of pods that are all different."""
    for case, (bar, make) in _CASES.items():
        times = []
        for size in _SIZES:
            snapshot = make(size)
            times.append(cpu_seconds(lambda snapshot=snapshot: examine(snapshot, Choice())))  # type: ignore[misc]
        told = ", ".join(f"{spent:.2f} s" for spent in times[:-1])
        yield Row(f"examine, {case}", f"{times[-1]:.2f} s", f"1/4, 1/2 of it: {told}", f"{times[-1] / times[0]:.1f}x for 4x", f"< {bar} s")
    snapshot = crowded(5000, 30_000, 200)
    view = View(snapshot, NOW)
    listed = view.subjects(WaitingPod)
    assert isinstance(listed, tuple)
    waiting = tuple(item.pod for item in listed)
    assert plain_unmet(view, waiting) == shared_unmet(view, waiting)
    fast = cpu_seconds(lambda: shared_unmet(view, waiting))
    slow = cpu_seconds(lambda: plain_unmet(view, waiting), rounds=1)
    yield Row("placement of 200 unlike pods on 5,000 nodes", f"{fast * 1e3:.0f} ms", f"double loop {slow:.2f} s", f"{slow / fast:.0f}x", "")
