# ruff: noqa: E501  (texts as tools print them)
"""The snapshot file: same in, same out; bounded; versions told apart."""

from __future__ import annotations

import gzip
import stat
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuctl import snapshot_file
from gpuctl.errors import InputError, UsageError
from gpuctl.model import codec
from gpuctl.model.compressed import gunzip
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Pod

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TIMES = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
NODES = st.builds(
    Node, name=TEXT | st.none(), labels=st.dictionaries(TEXT, TEXT, max_size=3), created=TIMES | st.none(), gpu_count=st.integers(0, 9) | st.none(),
    capacity=st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=3) | st.none(),
)  # fmt: skip


@given(
    st.builds(
        Snapshot,
        nodes=st.lists(NODES, max_size=3).map(tuple) | st.none(),
        taken_at=TIMES | st.none(),
        skipped=st.dictionaries(TEXT, st.integers(0, 9)),
    )
)
@settings(max_examples=150, deadline=None)
def test_round_trip(snapshot: Snapshot) -> None:
    raw = codec.encode(snapshot)
    assert codec.decode(raw) == snapshot
    assert codec.encode(codec.decode(raw)) == raw


def test_order_of_keys_does_not_change_the_bytes() -> None:
    one, two = Snapshot(skipped={"a": 1, "b": 2}), Snapshot(skipped={"b": 2, "a": 1})
    assert codec.encode(one) == codec.encode(two)
    assert codec.encode(one)[4:8] == b"\0\0\0\0"


def test_newer_is_refused_with_a_hint_and_unknown_keys_are_passed_over() -> None:
    with pytest.raises(codec.SnapshotVersionError) as caught:
        codec.decode(gzip.compress(b'{"schema":"gpuctl.snapshot/v2","snapshot":{}}'))
    assert "update gpuctl" in caught.value.hint
    assert codec.decode(b'{"schema":"gpuctl.snapshot/v1","snapshot":{"later":1}}') == Snapshot()


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x1f\x8b", b"{}", b"\x1f\x8bgarbage", b'{"schema":"gpuctl.snapshot/v1","snapshot":{"nodes":1}}', codec.encode(Snapshot())[:-9],
     b'{"schema":"gpuctl.snapshot/v1","snapshot":' + b'{"a":' * 100_000, b'{"schema":"gpuctl.snapshot/v1","snapshot":{"skipped":{"\xff":1}}}'],
)  # fmt: skip
def test_garbage_is_an_input_error(raw: bytes) -> None:
    with pytest.raises(InputError):
        codec.decode(raw)


def test_bomb_is_refused_in_bounded_memory() -> None:
    bomb = gzip.compress(b"\0" * 2**28, 9)
    tracemalloc.start()
    with pytest.raises(InputError, match="times its size"):
        gunzip(bomb)
    assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    tracemalloc.stop()


def test_members_one_after_the_other() -> None:
    assert gunzip(gzip.compress(b"a") + gzip.compress(b"b") + b"\0" * 512) == b"ab"


def test_a_big_snapshot_is_packed_in_members_that_every_reader_takes_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = Snapshot(pods=tuple(Pod(namespace="team", name=f"pod-{number}") for number in range(500)))
    whole = codec.encode(snapshot)
    monkeypatch.setattr(codec, "_MEMBER_BYTES", 1000)
    packed = codec.encode(snapshot)
    assert packed.count(b"\x1f\x8b\x08") > 10 > whole.count(b"\x1f\x8b\x08")
    assert gzip.decompress(packed) == gzip.decompress(whole)
    assert codec.decode(packed) == snapshot
    assert codec.encode(snapshot) == packed


def test_saved_atomically_and_privately(tmp_path: Path) -> None:
    target = tmp_path / "s.gz"
    target.write_bytes(b"old")
    snapshot_file.save(Snapshot(), target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert codec.decode(target.read_bytes()) == Snapshot()
    assert [path.name for path in tmp_path.iterdir()] == ["s.gz"]
    with pytest.raises(UsageError):
        snapshot_file.save(Snapshot(), tmp_path / "missing" / "s.gz")
