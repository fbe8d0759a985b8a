"""What a recipe works on: the targets of one item, and safe ways to write steps about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, partial

from gpuctl.advice.commands import Kubectl
from gpuctl.advice.item import Step
from gpuctl.advice.quoting import CannotPrint
from gpuctl.advice.work import Place, Work, interrupts
from gpuctl.model.nodes import Node
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Pod


class Ends(Enum):
    """Whose work a remedy ends."""

    NOTHING = "nothing"
    GPU_PODS = "pods with GPUs on the nodes"
    EVICTED = "pods that a drain evicts"
    TARGETS = "the target pods"


@dataclass(frozen=True)
class Job:
    """Targets of one remedy in one cluster. `returns` are nodes that were taken out of service for the fault, and by what
    (`taint`, or None for a cordon), to be given back at the end. `named`: the pods that the findings call the broken ones."""

    work: Work
    cluster: str | None
    targets: tuple[Subject, ...]
    places: tuple[Place, ...]
    args: dict[str, str]
    returns: tuple[tuple[str, str | None], ...] = ()
    named: tuple[Pod, ...] = ()

    @cached_property
    def kubectl(self) -> Kubectl:
        return Kubectl(self.cluster or self.work.view.snapshot.cluster.context or None)

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(name for _, name in self.places)

    def node(self, name: str) -> Node | None:
        return self.work.view.nodes.get((self.cluster, name))

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """The targets that are pods of the snapshot."""
        return tuple(pod for pod in map(self.work.pod, self.targets) if pod is not None)

    def by_namespace(self, pods: Iterable[Pod | Subject]) -> Iterator[tuple[str | None, tuple[str, ...]]]:
        """Names of pods by namespace, both sorted."""
        names: dict[str, set[str]] = defaultdict(set)
        for pod in pods:
            names[pod.namespace or ""].add(pod.name or "")
        for namespace, found in sorted(names.items()):
            yield namespace or None, tuple(sorted(found))

    def evicted(self, nodes: Iterable[str]) -> tuple[Pod, ...]:
        """Pods that draining the nodes ends."""
        return tuple(pod for name in nodes for pod in self.work.evicted((self.cluster, name)))

    def gpu_pods(self, nodes: Iterable[str]) -> tuple[Pod, ...]:
        return tuple(pod for name in nodes for pod in self.work.gpu_pods((self.cluster, name)))

    def ended(self, ends: Ends) -> tuple[Pod, ...]:
        """The pods that the remedy's commands end."""
        match ends:
            case Ends.GPU_PODS:
                return self.gpu_pods(self.nodes)
            case Ends.EVICTED:
                return self.evicted(self.nodes)
            case Ends.TARGETS:
                return self.pods
        return ()

    def step(self, say: str, command: Callable[[Kubectl], str] | None = None, ends: Iterable[Pod] = ()) -> Step:
        """A step with its command; without one, and saying why, where a name cannot be printed safely."""
        ended = tuple(ends)
        if command is None:
            return Step(say=say, interrupts=interrupts(ended))
        try:
            return Step(say=say, command=command(self.kubectl), interrupts=interrupts(ended))
        except CannotPrint as reason:
            return Step(say=f"{say} (no command is printed: {reason})", interrupts=interrupts(ended))

    def drain(self, nodes: tuple[str, ...] | None = None) -> tuple[Step, ...]:
        """Empty the nodes, one line each; says what is forced, what is lost and which budgets will make it wait."""
        names = self.nodes if nodes is None else nodes
        if not names:
            return ()
        pods = self.evicted(names)
        say = "Drain: moves running pods away and keeps new ones off; data in emptyDir volumes is lost"
        bare = [pod for pod in pods if pod.owner is None]
        if bare:
            say += (
                f"; --force, since {len(bare)} of the pods has no controller and will not come back"
                if len(bare) == 1
                else (f"; --force, since {len(bare)} of the pods have no controller and will not come back")
            )
        blocking = self._blocking_budgets(pods)
        if blocking:
            say += f"; it will wait for the budget{'s' if len(blocking) > 1 else ''} " + ", ".join(blocking)
        unread = self.work.view.gap("pods")
        if unread is not None:
            say += f"; the pods are not all known ({unread.reason}): see first what runs there"
        return (self.step(say, lambda kubectl: kubectl.drain(names, force=bool(bare)), pods),)

    def _blocking_budgets(self, pods: Iterable[Pod]) -> tuple[str, ...]:
        names = {(pod.namespace, budget) for pod in pods for budget in pod.budgets or ()}
        budgets = self.work.view.snapshot.budgets or ()
        return tuple(
            sorted(
                f"{item.namespace}/{item.name}"
                for item in budgets
                if (item.namespace, item.name) in names and item.disruptions_allowed == 0
            )
        )

    def give_back(self) -> tuple[Step, ...]:
        """Uncordon after the repair, and lift the taints that kept the nodes out of service for it."""
        nodes = tuple(dict.fromkeys((*self.nodes, *(name for name, taint in self.returns if taint is None))))
        steps = [self.step("Return to service once the checks pass", lambda kubectl: kubectl.uncordon(nodes))] if nodes else []
        return (*steps, *self.lift_taints())

    def lift_taints(self) -> tuple[Step, ...]:
        """Lines that lift each taint from all the nodes that have it for this fault."""
        by_taint: dict[str, list[str]] = defaultdict(list)
        for name, taint in self.returns:
            if taint is not None:
                by_taint[taint].append(name)
        return tuple(
            self.step("Lift the taint", partial(Kubectl.taint, nodes=tuple(names), change=taint + "-"))
            for taint, names in sorted(by_taint.items())
        )
