"""Placement judged in the plain way, every node for every pod: what the index must agree with."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from gpuctl.analysis.placement import matches_affinity, obstacles, selects, shortfalls, unmatched_labels
from gpuctl.facts.demand import class_driver, device_requests, devices_of, lacks_devices
from gpuctl.facts.feasibility import Unmet
from gpuctl.facts.view import View
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.model.nodes import Node
from gpuctl.model.workloads import Pod

_ALIKE = 0.5


def first_obstacle(pod: Pod, nodes: Sequence[tuple[Node, dict[str, float]]], view: View) -> Unmet | None:
    """The first filter that leaves no node: resources, devices of claims, selector, affinity, taints, then cpu, memory and slots."""
    wanted = accelerators(pod.requests)
    for name, amount in sorted(wanted.items()):
        most = max((amounts.get(name, 0.0) for _, amounts in nodes), default=0.0)
        if not most:
            near = _nearest(name, nodes)
            said = f"no node has any {name}" + (f"; the nearest that nodes have is {near}" if near else "")
            return Unmet(
                "resource", said, f"{name} {amount:g}", f"{name} 0 on every node", {"resource": name} | ({"nearest": near} if near else {})
            )
        if most < amount:
            said = f"asks for {name} {amount:g}, and no node has more than {most:g}"
            return Unmet("amount", said, f"{name} {amount:g}", f"at most {most:g} on one node", {"resource": name})
    left = [(node, amounts) for node, amounts in nodes if all(amounts.get(name, 0.0) >= amount for name, amount in wanted.items())]
    if not left:
        names = ", ".join(sorted(wanted))
        return Unmet("amount", f"no one node has all of {names} that it asks for", names, "none has all", {"resource": min(wanted)})
    if (unmet := _claims(pod, [node for node, _ in left], view)) is not None:
        return unmet
    requests = device_requests(pod, view) if _slices_by_node(view) else ()
    left = [item for item in left if not requests or not lacks_devices(requests, item[0], view)]
    if not left:
        names = ", ".join(sorted({item.device_class_name or "" for item in requests}))
        return Unmet("devices", f"no one node has all that its claims ask for: {names}", names, "none has all", {"device_class": names})
    having = f"of the {len(left)} with what it asks for" if wanted or requests else f"of {len(left)}"
    chosen = [item for item in left if selects(pod.placement, item[0])]
    if not chosen:
        return _unselected(pod, [node for node, _ in left], having)
    open_to = [item for item in chosen if not obstacles(pod, item[0], as_if_healthy=True)]
    if not open_to:
        keys = sorted({taint.key for node, _ in chosen for taint in obstacles(pod, node, as_if_healthy=True) or ()})
        said = f"does not tolerate the taints of any of the {len(chosen)} nodes that it could use: {', '.join(keys)}"
        return Unmet("toleration", said, "a node whose taints the pod tolerates", f"taints {', '.join(keys)}", {"taint": keys[0]})
    short = [shortfalls(pod, amounts) for _, amounts in open_to]
    if all(short):
        least = min(short, key=lambda item: (len(item), sorted(item)))
        name = min(least)
        asked, most = least[name][0], max(item[name][1] for item in short if name in item)
        said = f"asks for {name} {asked:g}, and no node that it could use offers more than {most:g}"
        return Unmet("room", said, f"{name} {asked:g}", f"at most {most:g}", {"resource": name})
    return None


def _nearest(name: str, nodes: Sequence[tuple[Node, dict[str, float]]]) -> str | None:
    """The accelerator resource that nodes have whose name is most alike: a slip of the pen, or a profile that is not cut."""
    there = sorted({key for _, amounts in nodes for key, amount in accelerators(amounts).items() if amount})
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


def _claims(pod: Pod, nodes: Sequence[Node], view: View) -> Unmet | None:
    """A device class that does not exist, or that no slice can serve."""
    classes = view.snapshot.device_classes
    for request in device_requests(pod, view):
        name = request.device_class_name or ""
        if classes is not None and view.gap("device_classes") is None and name not in {item.name for item in classes}:
            return Unmet("class", f"device class {name} does not exist", f"device class {name}", "no such class", {"device_class": name})
        if not _slices_by_node(view):
            continue
        driver = class_driver(name, view)
        most = max((devices_of(node, driver, view) for node in nodes), default=0)
        if most < request.count:
            there = f"at most {most} on one node" if most else "none"
            said = f"claims {request.count} of device class {name}, and the slices of a node publish {there}"
            return Unmet("devices", said, f"{request.count} of {name}", there, {"device_class": name})
    return None


def _unselected(pod: Pod, nodes: Sequence[Node], having: str) -> Unmet:
    """Which selector or affinity leaves none."""
    selector = pod.placement.node_selector if pod.placement is not None else {}
    never = [f"{key}={value}" for key, value in sorted(selector.items()) if all(node.labels.get(key) != value for node in nodes)]
    if never or any(unmatched_labels(pod.placement, node.labels) for node in nodes if matches_affinity(pod.placement, node)):
        named = ", ".join(never or (f"{key}={value}" for key, value in sorted(selector.items())))
        return Unmet("selector", f"node selector {named} matches no node {having}", named, "no such node", {"selector": named})
    terms = pod.placement.terms if pod.placement is not None and pod.placement.terms else ()
    keys = ", ".join(sorted({item.key for term in terms for item in term})) or "metadata.name"
    return Unmet("affinity", f"required node affinity on {keys} matches no node {having}", keys, "no such node", {"affinity": keys})
