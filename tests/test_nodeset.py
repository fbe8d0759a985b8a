"""Folded names: readable, complete, the same whatever the order."""

from __future__ import annotations

import pytest
from ClusterShell.NodeSet import NodeSet
from hypothesis import given
from hypothesis import strategies as st

from gpuctl.nodeset import fold


@pytest.mark.parametrize(
    ("names", "folded"),
    [
        ([], ""),
        (["gpu001"], "gpu001"),
        (["gpu001", "gpu002", "gpu003", "gpu004", "gpu009"], "gpu[001-004,009]"),
        (["gpu9", "gpu10"], "gpu[9-10]"),
        (["gpu09", "gpu10"], "gpu[09-10]"),
        (["rack1-gpu1.dc", "rack1-gpu2.dc", "rack2-gpu1.dc"], "rack1-gpu[1-2].dc,rack2-gpu1.dc"),
        (["a", "b"], "a,b"),
        (["team/train-0", "team/train-1"], "team/train-[0-1]"),
        (["gpu1", "gpu01"], "gpu[1,01]"),
    ],
)
def test_folding(names, folded):
    assert fold(reversed(names)) == folded


@given(st.sets(st.from_regex(r"(gpu|rack[12]-n)[0-9]{1,3}", fullmatch=True), max_size=12), st.randoms(use_true_random=False))
def test_nothing_is_lost_and_order_does_not_matter(names, shuffle):
    mixed = list(names)
    shuffle.shuffle(mixed)
    assert fold(mixed) == fold(sorted(names))
    assert set(NodeSet(fold(mixed))) == names
