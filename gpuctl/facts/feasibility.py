"""Whether any node at all could ever take a waiting pod, judged by what nodes have and not by what is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

from gpuctl.analysis.node_index import Amounts, NodeIndex, members
from gpuctl.analysis.placement import wanted
from gpuctl.facts.demand import class_driver, device_requests, devices_of, devices_wanted, potential
from gpuctl.facts.resolve import provides
from gpuctl.facts.subjects import WaitingPod
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.known import Unknown, why_unknown
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod

_ALIKE = 0.5
"""Least likeness of two names of one domain (share of matching characters) for one to be offered as what was meant."""

Obstacle = Literal["resource", "amount", "class", "devices", "selector", "affinity", "toleration", "room"]


@dataclass(frozen=True)
class Unmet:
    """Why no node can ever take the pod: the first filter that leaves none. `wanted` and `there` are for people, `args` raw names."""

    kind: Obstacle
    message: str
    wanted: str
    there: str
    args: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Feasibility:
    """`unmet` is None when some node could take the pod."""

    unmet: Unmet | None


@dataclass(frozen=True)
class Site:
    """The nodes of one cluster whose amounts are known, as an index; `whole`: those of every node are."""

    view: View
    index: NodeIndex
    whole: bool
    by_driver: dict[str | None, Amounts] = field(default_factory=dict)

    def untold(self, pod: Pod) -> Unknown | None:
        """Why it is not sure that a node takes the pod: all that could have taints that nobody knows."""
        index = self.index
        if not index.taints_unknown:
            return None
        sure = index.open_to(pod.placement) & ~index.taints_unknown
        if index.with_room(wanted(pod)) & index.chosen(pod.placement) & sure:
            return None
        first = index.nodes[next(members(index.taints_unknown))]
        return Unknown("taints", why_unknown(first, "taints"))

    def devices(self, driver: str | None) -> Amounts:
        """Nodes by the devices that a DRA driver (any, when None) publishes for them."""
        if driver not in self.by_driver:
            self.by_driver[driver] = Amounts([float(devices_of(node, driver, self.view)) for node in self.index.nodes])
        return self.by_driver[driver]


@dataclass(frozen=True)
class Fleet:
    """All nodes by cluster with what each could offer; answers for pods of equal shape are kept."""

    view: View
    sites: dict[str | None, Site]
    gap: Unknown | None
    autoscaler: str | None
    answers: dict[object, Unmet | Unknown | None] = field(default_factory=dict)

    def unmet(self, pod: Pod) -> Unmet | Unknown | None:
        """Why no node can take the pod; None when one can; Unknown when a node that could is not known."""
        requests = tuple(sorted(pod.requests.items()))
        key = (pod.cluster, requests, pod.cpu, pod.memory_bytes, repr(pod.placement), pod.namespace if pod.claims else None, pod.claims)
        if key not in self.answers:
            self.answers[key] = self._judge(pod)
        return self.answers[key]

    def _judge(self, pod: Pod) -> Unmet | Unknown | None:
        site = self.sites.get(pod.cluster)
        if site is None:
            return self.gap or Unknown("nodes", "no node of this cluster was read")
        if not site.index.nodes:
            return Unknown("capacity", "the capacity of no node is known")
        unmet = first_obstacle(pod, site)
        if unmet is None:
            return self._unseen(pod) or site.untold(pod)
        if self.gap is not None:
            return self.gap
        return unmet if site.whole else Unknown("capacity", "the capacity of some nodes is not known")

    def _unseen(self, pod: Pod) -> Unknown | None:
        """What of a pod's claims nobody could look at, so that no obstacle found proves nothing."""
        if not pod.claims:
            return None
        if any((pod.namespace, name) not in self.view.claims for name in pod.claims):
            return self.view.gap("resource_claims") or Unknown("resource_claims", "a claim that the pod names is not among those read")
        return self.view.gap("resource_slices")


@provides
def fleet(view: View) -> Fleet:
    """Made once for a view."""
    found: dict[str | None, list[tuple[Node, dict[str, float] | None]]] = {}
    for node in view.snapshot.nodes or ():
        found.setdefault(node.cluster, []).append((node, potential(node, view)))
    return Fleet(view, {cluster: _site(nodes, view) for cluster, nodes in found.items()}, view.gap("nodes"), autoscaler_sign(view))


def _site(nodes: Sequence[tuple[Node, dict[str, float] | None]], view: View) -> Site:
    known = [(node, amounts) for node, amounts in nodes if amounts is not None]
    return Site(view, NodeIndex([node for node, _ in known], [amounts for _, amounts in known]), len(known) == len(nodes))


@provides
def feasibility(waiting: WaitingPod, fleet: Fleet) -> Feasibility | Unknown:
    """Needs all nodes; a list of nodes that broke off can only show that a pod fits."""
    unmet = fleet.unmet(waiting.pod)
    return unmet if isinstance(unmet, Unknown) else Feasibility(unmet)


def autoscaler_sign(view: View) -> str | None:
    """What shows that nodes may be added from zero, so that today's nodes are not all there could be."""
    if view.snapshot.scale_verdicts:
        return "the log of an autoscaler"
    if any("karpenter.sh/nodepool" in node.labels for node in view.snapshot.nodes or ()):
        return "nodes made by Karpenter"
    names = ("cluster-autoscaler", "karpenter")
    if any((event.component or "").startswith(names) for event in view.snapshot.k8s_events or ()):
        return "events of an autoscaler"
    if any((pod.name or "").startswith(names) for pod in view.snapshot.pods or ()):
        return "a pod of an autoscaler"
    return None


def first_obstacle(pod: Pod, site: Site) -> Unmet | None:
    """The first filter that leaves no node: resources, devices of claims, selector, affinity, taints, then cpu, memory and slots."""
    index, view = site.index, site.view
    devices = accelerators(pod.requests)
    for name, amount in sorted(devices.items()):
        most = index.of(name).most(index.all)
        if not most:
            near = _nearest(name, index)
            said = f"no node has any {name}" + (f"; the nearest that nodes have is {near}" if near else "")
            return Unmet(
                "resource", said, f"{name} {amount:g}", f"{name} 0 on every node", {"resource": name} | ({"nearest": near} if near else {})
            )
        if most < amount:
            said = f"asks for {name} {amount:g}, and no node has more than {most:g}"
            return Unmet("amount", said, f"{name} {amount:g}", f"at most {most:g} on one node", {"resource": name})
    left = index.with_room(devices)
    if not left:
        names = ", ".join(sorted(devices))
        return Unmet("amount", f"no one node has all of {names} that it asks for", names, "none has all", {"resource": min(devices)})
    if (unmet := _claims(pod, site, left)) is not None:
        return unmet
    requests = device_requests(pod, view) if pod.claims and _slices_by_node(view) else ()
    for driver, count in devices_wanted(requests, view).items():
        left &= site.devices(driver).at_least(count)
    if not left:
        names = ", ".join(sorted({item.device_class_name or "" for item in requests}))
        return Unmet("devices", f"no one node has all that its claims ask for: {names}", names, "none has all", {"device_class": names})
    chosen = left & index.chosen(pod.placement)
    if not chosen:
        number = left.bit_count()
        return _unselected(pod, site, left, f"of the {number} with what it asks for" if devices or requests else f"of {number}")
    open_to = chosen & index.open_to(pod.placement)
    if not open_to:
        keys = sorted({taint.key for numbers, taints in index.repelled(pod.placement) if numbers & chosen for taint in taints})
        said = f"does not tolerate the taints of any of the {chosen.bit_count()} nodes that it could use: {', '.join(keys)}"
        return Unmet("toleration", said, "a node whose taints the pod tolerates", f"taints {', '.join(keys)}", {"taint": keys[0]})
    return _no_room(pod, index, open_to)


def _no_room(pod: Pod, index: NodeIndex, nodes: int) -> Unmet | None:
    """Whether all of these nodes lack something, and of what a node lacks that lacks the least."""
    groups: dict[tuple[str, ...], int] = {(): nodes}
    asked = wanted(pod)
    for name, amount in sorted(asked.items()):
        enough = index.of(name).at_least(amount) if amount > 0 else index.all
        split = [(names, numbers & enough) for names, numbers in groups.items()]
        split += [((*names, name), numbers & ~enough) for names, numbers in groups.items()]
        groups = {names: numbers for names, numbers in split if numbers}
    least = min(groups, key=lambda names: (len(names), names))
    if not least:
        return None
    name = least[0]
    short = nodes & ~index.of(name).at_least(asked[name])
    said = f"asks for {name} {asked[name]:g}, and no node that it could use offers more than {index.of(name).most(short):g}"
    return Unmet("room", said, f"{name} {asked[name]:g}", f"at most {index.of(name).most(short):g}", {"resource": name})


def _nearest(name: str, index: NodeIndex) -> str | None:
    """The accelerator resource that nodes have whose name is most alike: a slip of the pen, or a profile that is not cut."""
    there = sorted(accelerators(dict.fromkeys(index.resources, 1.0)))
    domain, _, short = name.lower().partition("/")
    alike = {key: SequenceMatcher(None, short, key.partition("/")[2]).ratio() for key in there if key.partition("/")[0] == domain}
    best = max(alike, key=lambda key: (alike[key], key), default=None)
    return best if best is not None and alike[best] >= _ALIKE else None


def _slices_by_node(view: View) -> bool:
    """Whether all slices are known and each belongs to one node: only then do a node's slices tell all that it can serve."""
    slices = view.snapshot.resource_slices
    return (
        slices is not None
        and view.gap("resource_slices") is None
        and not any(item.all_nodes or item.node_terms is not None for item in slices)
    )


def _claims(pod: Pod, site: Site, nodes: int) -> Unmet | None:
    """A device class that does not exist, or that no slice can serve."""
    view = site.view
    classes = view.snapshot.device_classes
    for request in device_requests(pod, view):
        name = request.device_class_name or ""
        if classes is not None and view.gap("device_classes") is None and name not in {item.name for item in classes}:
            return Unmet("class", f"device class {name} does not exist", f"device class {name}", "no such class", {"device_class": name})
        if not _slices_by_node(view):
            continue
        most = site.devices(class_driver(name, view)).most(nodes)
        if most < request.count:
            there = f"at most {most:g} on one node" if most else "none"
            said = f"claims {request.count} of device class {name}, and the slices of a node publish {there}"
            return Unmet("devices", said, f"{request.count} of {name}", there, {"device_class": name})
    return None


def _unselected(pod: Pod, site: Site, nodes: int, having: str) -> Unmet:
    """Which selector or affinity leaves none."""
    selector = pod.placement.node_selector if pod.placement is not None else {}
    index = site.index
    never = [f"{key}={value}" for key, value in sorted(selector.items()) if not nodes & index.labelled(key, value)]
    if never or nodes & index.attracted(pod.placement) & ~index.selected(pod.placement):
        named = ", ".join(never or (f"{key}={value}" for key, value in sorted(selector.items())))
        return Unmet("selector", f"node selector {named} matches no node {having}", named, "no such node", {"selector": named})
    terms = pod.placement.terms if pod.placement is not None and pod.placement.terms else ()
    keys = ", ".join(sorted({item.key for term in terms for item in term})) or "metadata.name"
    return Unmet("affinity", f"required node affinity on {keys} matches no node {having}", keys, "no such node", {"affinity": keys})
