"""Steps that act on nodes and on the GPUs in them."""

from __future__ import annotations

from functools import partial

from gpuctl.advice.commands import Kubectl
from gpuctl.advice.item import Step
from gpuctl.advice.job import Job
from gpuctl.facts.stack import stack_row
from gpuctl.model.nodes import Node

_SHORT = {
    "MemoryPressure": ("memory", "free -m"),
    "DiskPressure": ("space or inodes on the disks of kubelet and runtime", "df -h\ndf -i"),
    "PIDPressure": ("process ids", "ps -eLf"),
}
"""What a node under pressure lacks, and what shows it on the node."""


def restore(job: Job) -> tuple[Step, ...]:
    """By the condition: what is short under pressure, what an agent names, else kubelet first and a reboot last."""
    nodes, pods, condition = job.nodes, job.evicted(job.nodes), job.args.get("condition", "Ready")
    look = job.step("See why: conditions, last heartbeat, events", lambda kubectl: kubectl.describe_nodes(nodes))
    if condition in _SHORT:
        what, shown = _SHORT[condition]
        return (
            look,
            job.step(f"On each of the nodes, as root: see what uses up the {what}", lambda _: shown),
            job.step("Free what is short, or end what takes it; kubelet evicts pods by itself until then", None, pods),
            *job.lift_taints(),
        )
    if condition != "Ready":
        return (
            look,
            job.step(f"Mend what {condition} names; its reason and message say what that is"),
            job.step("Where nothing else helps: reboot it; this ends what still runs on it", None, pods),
            *job.lift_taints(),
        )
    return (
        look,
        job.step(
            "On each of the nodes, as root: see whether kubelet runs and what it logged last",
            lambda _: "systemctl status kubelet\njournalctl -u kubelet -n 100",
        ),
        job.step(
            "Restart kubelet where it has stopped. Containers run on; an old kubelet may turn down a GPU pod that it admits again before "
            "the device plugin is back",
            lambda _: "systemctl restart kubelet",
        ),
        job.step(
            "Where the machine does not answer: reboot it by its BMC or the provider's console; this ends what still runs on it", None, pods
        ),
        *job.lift_taints(),
    )


def not_undone(job: Job) -> tuple[Step, ...]:
    return (job.step("Nothing to undo: neither a restart of kubelet nor a reboot changes a setting"),)


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
    return (*job.drain(), *_resets(job), *_plugins(job), *job.give_back())


def _plugins(job: Job) -> tuple[Step, ...]:
    """NVIDIA's device plugin does not notice that a device is well again. https://github.com/NVIDIA/k8s-device-plugin (2026-11-24)."""
    pods = [pod for place in job.places for pod in job.work.on(place) if (row := stack_row(pod)) and row.part == "device-plugin"]
    say = "After a reset without reboot: restart the device plugin, which may not take a device back by itself"
    return tuple(
        job.step(
            say,
            partial(Kubectl.delete_pods, namespace=namespace, names=names),
            [pod for pod in pods if (pod.namespace or None) == namespace],
        )
        for namespace, names in job.by_namespace(pods)
    )


_RESET_LIMITS = (
    "A single reset is refused where GPUs are tied by NVLink without a way to reset them alone (then all of them together), in most "
    "virtual machines, and for a GPU that is off the bus or has MIG instances in use: reboot there. MIG instances are gone afterwards"
)
"""https://docs.nvidia.com/deploy/nvidia-smi/ and the MIG and Fabric Manager user guides (2026-11-24)."""


def _resets(job: Job) -> tuple[Step, ...]:
    by_node: dict[str, list[str]] = {}
    for target in job.targets:
        by_node.setdefault(target.node or target.name or "", []).extend([target.gpu] if target.gpu else [])
    steps = []
    for node in job.nodes:
        gpus, pods = sorted(by_node.get(node, [])), job.evicted((node,))
        if gpus:
            say = (
                f"On node {node}, as root, with no process left on the GPU (monitoring and persistence daemon count too): reset it. "
                + _RESET_LIMITS
            )
            steps.append(job.step(say, partial(Kubectl.host_reset, gpus=tuple(gpus)), pods))
        else:
            steps.append(job.step(f"Reboot node {node}: the surest way to reset its GPUs. {_RESET_LIMITS}", None, pods))
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
    """The action names what the agent said: a condition, an event's reason, or the taint that a DRA driver put on a device."""
    said = job.args.get("condition") or job.args.get("reason")
    nodes, pods, taint = job.nodes, job.evicted(job.nodes), job.args.get("taint")
    if taint and not said:
        return (
            *_slices(job),
            *job.drain(),
            job.step(
                f"Mend what the taint {taint} stands for, most often by a reset or reboot; the driver lifts it when the device is well",
                None,
                pods,
            ),
            *job.give_back(),
        )
    return (
        job.step("Read the condition and its message", lambda kubectl: kubectl.describe_nodes(nodes)),
        *job.drain(),
        job.step(f"Do what the agent recommends{f' for {said}' if said else ''}; its message names it", None, pods),
        *job.give_back(),
    )


def _slices(job: Job) -> tuple[Step, ...]:
    """What the driver publishes of the devices of each node."""
    driver = job.args.get("driver", "")
    say = "Read what the driver publishes: the taint, since when, the device's attributes"
    if not driver:
        nodes = job.nodes
        return (job.step("See the node", lambda kubectl: kubectl.describe_nodes(nodes)),)
    return tuple(job.step(say, partial(Kubectl.slices_on, node=node, driver=driver)) for node in job.nodes)


def lift_device_taint(job: Job) -> tuple[Step, ...]:
    """A DeviceTaintRule is set by a person or a controller, for a reason that only these know."""
    rule = job.args.get("rule", "")
    show = partial(Kubectl.get_yaml, resource="devicetaintrules.resource.k8s.io", namespace=None, names=(rule,))
    return (
        job.step("Read the rule, and keep it: what it selects, since when, who manages it", show),
        job.step("Ask whoever set it whether the reason is gone: the rule may hold other devices too, and a broken one goes back to pods"),
        job.step("Delete the rule then", partial(Kubectl.delete_taint_rule, name=rule)),
        *job.lift_taints(),
    )


def device_taint_back(job: Job) -> tuple[Step, ...]:
    return (job.step("Apply the manifest of the rule that was kept, without its status, uid and resourceVersion"),)


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
