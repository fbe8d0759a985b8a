"""Steps that act on nodes and on the GPUs in them."""

from __future__ import annotations

from functools import partial

from gpuctl.advice.commands import Kubectl
from gpuctl.advice.item import Step
from gpuctl.advice.job import Job
from gpuctl.model.nodes import Node


def restore(job: Job) -> tuple[Step, ...]:
    """Kubelet first; a reboot ends what still runs there."""
    nodes, pods = job.nodes, job.evicted(job.nodes)
    return (
        job.step("See why: conditions, last heartbeat, events", lambda kubectl: kubectl.describe_nodes(nodes)),
        job.step(
            "On each of the nodes, as root: see whether kubelet runs and what it logged last",
            lambda _: "systemctl status kubelet\njournalctl -u kubelet -n 100",
        ),
        job.step("Restart kubelet where it has stopped; this ends no pod", lambda _: "systemctl restart kubelet"),
        job.step(
            "Where the machine does not answer: reboot it by its BMC or the provider's console; this ends what still runs on it", None, pods
        ),
        *job.lift_taints(),
    )


def not_undone(job: Job) -> tuple[Step, ...]:
    return (job.step("Nothing to undo: a restart of kubelet or of the machine changes no setting"),)


def give_back(job: Job) -> tuple[Step, ...]:
    """Lift a taint that the action names, else uncordon."""
    taint, nodes = job.args.get("taint"), job.nodes
    check = job.step("Make sure that nobody works on it: conditions, taints, notes", lambda kubectl: kubectl.describe_nodes(nodes))
    if taint:
        first = job.step("Lift the taint", lambda kubectl: kubectl.taint(nodes, taint + "-"))
        cordoned = tuple(sorted(name for name, other in job.returns if other is None))
        more = (job.step("Allow pods again", lambda kubectl: kubectl.uncordon(cordoned)),) if cordoned else ()
        return (check, first, *more, *job.lift_taints())
    return (check, job.step("Allow pods again", lambda kubectl: kubectl.uncordon(nodes)), *job.lift_taints())


def take_out(job: Job) -> tuple[Step, ...]:
    taint, nodes = job.args.get("taint"), job.nodes
    if taint:
        return (job.step("Set the taint again", lambda kubectl: kubectl.taint(nodes, taint)),)
    return (job.step("Cordon again; running pods stay", lambda kubectl: kubectl.cordon(nodes)),)


def reset(job: Job) -> tuple[Step, ...]:
    """Drain, reset what is named or reboot, return."""
    return (*job.drain(), *_resets(job), *job.give_back())


def _resets(job: Job) -> tuple[Step, ...]:
    by_node: dict[str, list[str]] = {}
    for target in job.targets:
        by_node.setdefault(target.node or target.name or "", []).extend([target.gpu] if target.gpu else [])
    steps = []
    for node in job.nodes:
        gpus, pods = sorted(by_node.get(node, [])), job.evicted((node,))
        if gpus:
            say = f"On node {node}, as root, with nothing left on the GPU: reset it. Where NVLink or NVSwitch refuse a single reset, reboot"
            steps.append(job.step(say, partial(Kubectl.host_reset, gpus=tuple(gpus)), pods))
        else:
            steps.append(job.step(f"Reboot node {node}, or reset its GPUs there with nvidia-smi --gpu-reset", None, pods))
    return tuple(steps)


def replace(job: Job) -> tuple[Step, ...]:
    """Keep work off, collect what the vendor asks for, hand over."""
    return (
        *job.drain(),
        job.step(
            "On each of the nodes, as root: collect the report that the vendor asks for",
            lambda _: "nvidia-bug-report.sh" if _is_nvidia(job) else "rocm-smi -a",
        ),
        job.step(
            "Open a case with the server's or cloud's vendor and have the device or the machine replaced", None, job.evicted(job.nodes)
        ),
        *job.give_back(),
    )


def _is_nvidia(job: Job) -> bool:
    found = [job.node(name) for name in job.nodes]
    return all(node is None or node.accelerators is None or node.accelerators.vendor in {None, "nvidia"} for node in found)


def follow_agent(job: Job) -> tuple[Step, ...]:
    """The action names what the agent said: a condition, an event's reason, or the taint of a device."""
    said = job.args.get("condition") or job.args.get("reason") or job.args.get("taint")
    nodes, pods = job.nodes, job.evicted(job.nodes)
    return (
        job.step("Read the condition and its message", lambda kubectl: kubectl.describe_nodes(nodes)),
        *job.drain(),
        job.step(f"Do what the agent recommends{f' for {said}' if said else ''}; its message names it", None, pods),
        *job.give_back(),
    )


def uncordon_back(job: Job) -> tuple[Step, ...]:
    """Undo a drain."""
    nodes = job.nodes
    if not nodes:
        return ()
    return (
        job.step("Allow pods again; those that were ended are started anew by their controllers", lambda kubectl: kubectl.uncordon(nodes)),
    )


def taint(job: Job) -> tuple[Step, ...]:
    """`taint` of the action, else the usual key of the vendor with NoSchedule."""
    nodes, change = job.nodes, _taint_of(job)
    return (
        job.step(
            "See that the GPU pods there tolerate the taint, since those that do not cannot come back",
            lambda kubectl: kubectl.describe_nodes(nodes),
        ),
        job.step("Taint; pods that run stay, new ones without GPUs go elsewhere", lambda kubectl: kubectl.taint(nodes, change)),
    )


def untaint(job: Job) -> tuple[Step, ...]:
    nodes, change = job.nodes, _taint_of(job)
    return (job.step("Lift the taint", lambda kubectl: kubectl.taint(nodes, change + "-")),)


def _taint_of(job: Job) -> str:
    named = job.args.get("taint")
    return named or f"{_vendor(job.node(job.nodes[0])) if job.nodes else 'nvidia'}.com/gpu=present:NoSchedule"


def _vendor(node: Node | None) -> str:
    labels = node.accelerators if node is not None else None
    return (labels.vendor if labels is not None else None) or "nvidia"
