"""Which nodes the user means: host sets and label selectors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path

from gpuctl.cli.selector import parse
from gpuctl.errors import UsageError
from gpuctl.model.known import why_unknown
from gpuctl.model.snapshot import Snapshot

_LARGEST_SET = 100_000


def chosen(snapshot: Snapshot, sets: Sequence[str], selector: str | None) -> frozenset[str] | None:
    """Names of the nodes that host sets and a label selector leave; None when neither was given.

    Raises:
        UsageError: a set or the selector cannot be read, or names a node that is not there.
    """
    if not sets and selector is None:
        return None
    terms = parse(selector or "")
    if snapshot.nodes is None:
        raise UsageError(
            f"no node can be chosen, since none is known: {why_unknown(snapshot, 'nodes')}", "leave out -l and the names of nodes"
        )
    names = {node.name or "": node.labels for node in snapshot.nodes}
    if sets:
        wanted = _expanded(sets, names)
        names = {name: labels for name, labels in names.items() if name in wanted}
    if selector is not None:
        names = {name: labels for name, labels in names.items() if all(term.holds(labels) for term in terms)}
        if not names:
            raise UsageError(f"no node matches -l {selector!r}", "`kubectl get nodes --show-labels` prints their labels")
    return frozenset(names)


def _expanded(sets: Sequence[str], known: Collection[str]) -> set[str]:
    from ClusterShell.NodeSet import NodeSet, NodeSetException  # noqa: PLC0415

    wanted: set[str] = set()
    for text in sets:
        if text in known:
            wanted.add(text)
            continue
        try:
            nodes = NodeSet(text)
            if len(nodes) > _LARGEST_SET:
                raise UsageError(f"the host set {text!r} has {len(nodes)} names", "name fewer nodes")
            wanted |= set(map(str, nodes))
        except NodeSetException as error:
            raise UsageError(f"{text!r} is no host set: {error}", "write one as gpu[001-004,009]") from error
    for name in sorted(wanted - set(known)):
        if Path(name).exists():
            raise UsageError(f"no node is called {name!r}, but a file is", f"to read it, write --from {name}; repeat --from for each file")
        near = get_close_matches(name, known, 1)
        raise UsageError(f"no node is called {name!r}", f"did you mean {near[0]}?" if near else "host sets are written as gpu[001-004,009]")
    return wanted
