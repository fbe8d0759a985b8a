"""Steps that act on the GPU software: driver, toolkit, plugins, MIG, as the GPU Operator and its like deploy them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from gpuctl.advice.commands import Kubectl
from gpuctl.advice.item import Step
from gpuctl.advice.job import Job
from gpuctl.advice.work import Place
from gpuctl.facts.stack import stack_row
from gpuctl.model.workloads import Pod

UPGRADE_STATE = "nvidia.com/gpu-driver-upgrade-state"
MIG_CONFIG = "nvidia.com/mig.config"
MIG_OFF = "all-disabled"
"""The configuration of the operator's default ConfigMap that turns MIG off."""


def discovery(job: Job) -> tuple[Step, ...]:
    return _repair(job, ("node-feature-discovery",), "Node Feature Discovery's worker")


def toolkit(job: Job) -> tuple[Step, ...]:
    warning = "; it restarts the container runtime: containers run on, but may lose their GPUs where systemd manages device access"
    return _repair(job, ("toolkit",), "the container toolkit", warning)


def validator(job: Job) -> tuple[Step, ...]:
    return _repair(job, ("validator",), "the operator's validator")


def device_plugin(job: Job) -> tuple[Step, ...]:
    return _restart(job, ("device-plugin",), "the device plugin")


def feature_discovery(job: Job) -> tuple[Step, ...]:
    return _restart(job, ("gpu-feature-discovery",), "GPU Feature Discovery")


def dra_driver(job: Job) -> tuple[Step, ...]:
    return _restart(job, ("dra-driver",), "the DRA driver's plugin")


def driver(job: Job) -> tuple[Step, ...]:
    """The driver container unloads the kernel modules when it starts: pods with GPUs on the node are evicted first."""
    pods = _pods_of(job, ("driver",))
    if not pods:
        nodes = job.nodes
        return (
            job.step("No driver pod was seen there; see what the node says", lambda kubectl: kubectl.describe_nodes(nodes)),
            job.step(
                "On each of the nodes, as root: see why the driver is not loaded", lambda _: "lsmod\nmodinfo nvidia\njournalctl -k -n 200"
            ),
            job.step(
                "Install or load the driver as this site does it; loading it anew ends the pods with GPUs there",
                None,
                job.gpu_pods(job.nodes),
            ),
            *job.lift_taints(),
        )
    ended = (*pods, *job.gpu_pods(job.nodes))
    return (
        *_look(job, pods),
        *_delete(
            job,
            pods,
            "Once the reason is gone, let the driver pods start anew. They unload the kernel modules, so every GPU there has to be free: "
            "the driver manager evicts the pods with GPUs, or fails until they are gone where the upgrade policy keeps it from that",
            ended,
        ),
        *job.lift_taints(),
    )


def operator_pod(job: Job) -> tuple[Step, ...]:
    """The pods that the findings name, else those of the GPU software that are not ready; healthy ones are left alone."""
    pods = tuple(pod for pod in _pods_of(job, None) if pod in job.named or not _is_ready(pod))
    if not pods:
        say = "See which pod of the GPU software on node {} does not do its part"
        return tuple(job.step(say.format(name), partial(Kubectl.pods_on, node=name)) for name in job.nodes)
    return (*_look(job, pods), *_delete(job, pods, "Once the reason is gone, let them start anew", pods))


def mig_config(job: Job) -> tuple[Step, ...]:
    """MIG devices can only be made while nothing uses the card.

    mig-manager acts when the label changes and when it starts; the same value once more does nothing. Read in
    cmd/nvidia-mig-manager/main.go of https://github.com/NVIDIA/mig-parted (2026-11-24).
    """
    busy = tuple(name for name in job.nodes if job.gpu_pods((name,)))
    managers = _pods_of(job, ("mig",))
    nodes = job.nodes
    steps = [*_look(job, managers)] if managers else [job.step("See the MIG labels", lambda kubectl: kubectl.describe_nodes(nodes))]
    steps += job.drain(busy)
    config = job.args.get("config", "")
    other = tuple(
        name for name in nodes if (node := job.node(name)) is not None and node.mig is not None and node.mig.config not in {None, config}
    )
    if config and other:
        steps.append(job.step("Ask for the layout", lambda kubectl: kubectl.label(other, f"{MIG_CONFIG}={config}")))
    if managers:
        say = (
            "Let mig-manager start anew: it applies the layout that the label names; all MIG instances of a card that differs are made anew"
        )
        steps += _delete(job, managers, say, managers)
        steps += _away_and_back(job, config)
    else:
        steps.append(job.step("See why mig-manager does not run on these nodes: its pod was not seen there"))
    if busy:
        steps.append(job.step("Return to service once nvidia.com/mig.config.state is success", lambda kubectl: kubectl.uncordon(busy)))
    return (*steps, *job.lift_taints())


def _away_and_back(job: Job, config: str) -> tuple[Step, ...]:
    """Another layout in between, for what a fresh start of mig-manager does not mend."""
    nodes = tuple(name for name in job.nodes if (node := job.node(name)) is not None and node.mig is not None and node.mig.config == config)
    if not nodes or config in {"", MIG_OFF}:
        return ()
    pods = job.gpu_pods(nodes)
    return (
        job.step(
            f"Where it fails again: turn MIG off first ({MIG_OFF}, where the site's configurations have it) and wait for state success",
            lambda kubectl: kubectl.label(nodes, f"{MIG_CONFIG}={MIG_OFF}"),
            pods,
        ),
        job.step("Then ask for the layout again", lambda kubectl: kubectl.label(nodes, f"{MIG_CONFIG}={config}"), pods),
    )


def mig_back(job: Job) -> tuple[Step, ...]:
    """Undo the drain; a node that was not busy was not drained."""
    busy = tuple(name for name in job.nodes if job.gpu_pods((name,)))
    if busy:
        return (
            job.step(
                "Allow pods again; those that were ended are started anew by their controllers", lambda kubectl: kubectl.uncordon(busy)
            ),
        )
    return made_anew(job)


def mig_strategy(job: Job) -> tuple[Step, ...]:
    """The strategy is one setting of the operator for all nodes; a change restarts device plugin and feature discovery everywhere."""
    policies = sorted(policy.name for policy in job.work.view.snapshot.cluster_policies or () if policy.name)
    say = (
        "Set mig.strategy to what the layouts need: mixed when the cards of a node are cut unlike, else single. It holds for all nodes, "
        "and renames what they offer: waiting pods that ask by the old name find nothing"
    )
    if policies:
        return (job.step(say, lambda kubectl: kubectl.edit("clusterpolicies.nvidia.com", None, policies[0])),)
    nodes = job.nodes
    return (job.step("See labels and resources", lambda kubectl: kubectl.describe_nodes(nodes)), job.step(say))


def set_back(job: Job) -> tuple[Step, ...]:
    return (job.step("Set the former value again"),)


def align_pool(job: Job) -> tuple[Step, ...]:
    """`fact` and `value` of the action say which fact differs and what most nodes have."""
    what, to, nodes = job.args.get("fact", "software"), job.args.get("value"), job.nodes
    if what == "product":
        say = "Move these nodes to a pool of their own, by the label that names pools here, or have their cards exchanged"
    else:
        say = (
            f"Bring the {what} of these nodes to {to or 'what the rest of the pool has'}, as this site rolls it out; or the rest to theirs"
        )
    return (
        job.step("See what differs", lambda kubectl: kubectl.describe_nodes(nodes)),
        *job.drain(),
        job.step(say, None, job.evicted(nodes)),
        *job.give_back(),
    )


def driver_upgrade(job: Job) -> tuple[Step, ...]:
    """The state label is the upgrade controller's own way to ask again.

    https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/gpu-driver-upgrades.html (2026-11-24)
    """
    pods, nodes = _pods_of(job, ("driver",)), job.nodes
    return (
        *(_look(job, pods) or (job.step("See the node", lambda kubectl: kubectl.describe_nodes(nodes)),)),
        job.step(
            "Once the reason is gone, ask again: the operator cordons the node, evicts the pods with GPUs, drains it if it is set to, and "
            "uncordons it at the end. Pods that nothing controls block it unless it may force them",
            lambda kubectl: kubectl.label(nodes, f"{UPGRADE_STATE}=upgrade-required"),
            job.evicted(nodes),
        ),
        *job.lift_taints(),
    )


def made_anew(job: Job) -> tuple[Step, ...]:
    return (job.step("Nothing to undo: the DaemonSet makes a new pod for each that is deleted"),)


def _pods_of(job: Job, parts: tuple[str, ...] | None) -> tuple[Pod, ...]:
    """The target pods; else on each node those that the findings name, or where they name none all of these parts (None: of any)."""
    if job.pods:
        return job.pods
    found: list[Pod] = []
    for place in job.places:
        named = [pod for pod in job.named if (pod.cluster, pod.node) == place]
        rows = [(pod, stack_row(pod)) for pod in _on(job, place)]
        found += named or [pod for pod, row in rows if row is not None and (parts is None or row.part in parts)]
    return tuple(found)


def _is_ready(pod: Pod) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in pod.conditions)


def _on(job: Job, place: Place) -> tuple[Pod, ...]:
    return tuple(sorted(job.work.on(place), key=lambda pod: (pod.namespace or "", pod.name or "")))


def _look(job: Job, pods: Iterable[Pod]) -> tuple[Step, ...]:
    chosen = tuple(pods)
    if not chosen:
        return ()
    first = min(chosen, key=lambda pod: (pod.namespace or "", pod.name or ""))
    steps = [
        job.step("Read why", partial(Kubectl.describe, resource="pods", namespace=ns, names=names))
        for ns, names in job.by_namespace(chosen)
    ]
    return (
        *steps,
        job.step(
            "Read its log" if len(chosen) == 1 else "Read the log of one", lambda kubectl: kubectl.logs(first.namespace, first.name or "")
        ),
    )


def _delete(job: Job, pods: Iterable[Pod], say: str, ended: Iterable[Pod]) -> tuple[Step, ...]:
    chosen = tuple(pods)
    steps = []
    for ns, names in job.by_namespace(chosen):
        mine = {pod.node for pod in chosen if (pod.namespace or None) == ns}
        hit = {pod.node for pod in chosen}
        ends = [pod for pod in ended if pod.node in mine] if len(hit) > 1 else list(ended)
        steps.append(job.step(say, partial(Kubectl.delete_pods, namespace=ns, names=names), ends))
    return tuple(steps)


def _restart(job: Job, parts: tuple[str, ...], called: str) -> tuple[Step, ...]:
    pods = _pods_of(job, parts)
    if not pods:
        return (*_absent(job, called), *job.lift_taints())
    failing = [pod for pod in pods if pod in job.named]
    restart = f"{'Once the reason is gone, restart' if failing else 'Restart'} {called}; running pods keep their GPUs, new ones wait"
    return (*_look(job, failing), *_delete(job, pods, restart, pods), *job.lift_taints())


def _repair(job: Job, parts: tuple[str, ...], called: str, warning: str = "") -> tuple[Step, ...]:
    pods = _pods_of(job, parts)
    if not pods:
        return (*_absent(job, called), *job.lift_taints())
    return (*_look(job, pods), *_delete(job, pods, f"Once the reason is gone, let it start anew{warning}", pods), *job.lift_taints())


def _absent(job: Job, called: str) -> tuple[Step, ...]:
    steps = [
        job.step(f"No pod of {called} was seen on node {name}: see what runs there", partial(Kubectl.pods_on, node=name))
        for name in job.nodes
    ]
    return (
        *steps,
        job.step(f"See why the DaemonSet of {called} puts no pod there: its node selector, its tolerations, the node's labels and taints"),
    )
