"""Snapshots that may leave the house: names become aliases, free text is reprinted from what is decoded of it, unknown labels go.

Every field of text has a policy, and a field without one is an error: nothing is kept because it was forgotten. Equal names get
equal aliases everywhere, numbered in sorted order, so audits see the same cluster under other names.
"""

from __future__ import annotations

from msgspec import structs

from gpuctl.model.codec import without_collection
from gpuctl.model.snapshot import Snapshot
from gpuctl.redact.aliases import Aliases
from gpuctl.redact.map import RedactionMap, load_map, save_map
from gpuctl.redact.plan import Walker
from gpuctl.redact.terms import Terms

__all__ = ["RedactionMap", "load_map", "redact", "save_map"]

_COMPARING = frozenset({"Gt", "Lt"})


def redact(snapshot: Snapshot) -> tuple[Snapshot, RedactionMap]:
    """The snapshot without names and free text, and the map that restores the names in what is printed from it."""
    with without_collection():
        walker, aliases = Walker(), Aliases()
        walker.gather(snapshot)
        used, kept = _selected(walker)
        noting = Terms(aliases.note, used, kept)
        for policy, values in walker.found.items():
            note = noting.policy(policy)
            for value in values:
                note(value)
        aliases.number(_texts(walker))
        terms = Terms(aliases.get, used, kept)
        for policy, values in walker.found.items():
            show = terms.policy(policy)
            walker.results[policy].update((value, show(value)) for value in values)
        redacted = structs.replace(walker.rewrite(snapshot), redacted=True)
        return redacted, RedactionMap(
            originals=dict(sorted({**terms.composed, **{alias: name for name, alias in aliases.made.items()}}.items()))
        )


def _selected(walker: Walker) -> tuple[frozenset[str], frozenset[str]]:
    """Keys that some selector names, and whole numbers that are compared by size and so have to stay numbers."""
    compared = walker.found["compared"]
    keys = {key for key, _ in walker.found["selected"]} | walker.found["key"]
    by_size = {key for key, operator, _ in compared if operator in _COMPARING}
    beside = {value for key, _, value in compared if key in by_size}
    labels = {value for policy in ("label", "selected") for key, value in walker.found[policy] if key in by_size}
    return frozenset(keys), frozenset(value for value in beside | labels if value.lstrip("+-").isdecimal() and value.isascii())


def _texts(walker: Walker) -> set[str]:
    """All texts of the snapshot: no alias may be one of them."""
    found: set[str] = set()
    for values in walker.found.values():
        for value in values:
            if isinstance(value, str):
                found.add(value)
            else:
                found.update(part for part in value if isinstance(part, str))
    return found
