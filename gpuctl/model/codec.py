"""The snapshot file: gzip of one JSON object `{"schema": "gpuctl.snapshot/vN", "snapshot": {...}}`.

Same snapshot, same bytes: no time stamp in the gzip header, keys of maps sorted, fields at their default left out.
"""

from __future__ import annotations

import gc
import re
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from gpuctl.errors import InputError
from gpuctl.model.compressed import GZIP_MAGIC, gunzip
from gpuctl.model.snapshot import VERSION, Snapshot

LEVEL: Final = 1
"""Of gzip: the fastest. Level 6 makes a fifth less and takes four times as long."""

_MEMBER_BYTES: Final = 16 * 2**20
"""Of JSON in one gzip member: a big snapshot is packed on two cores, and its bytes do not depend on how many there are."""
_PACKERS: Final = 2

_MANY_OBJECTS: Final = 50_000
_MARK = re.compile(rb'\s*\{\s*"schema"\s*:\s*"gpuctl\.snapshot/v([0-9]{1,9})"')


class SnapshotVersionError(InputError):
    """The snapshot was written by a newer gpuctl."""


class SnapshotFile(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the file."""

    schema: str
    snapshot: Snapshot


def is_snapshot(text: bytes) -> bool:
    """Whether unpacked bytes begin as a snapshot does."""
    return _MARK.match(text) is not None


def encode(snapshot: Snapshot) -> bytes:
    """The bytes of the file."""
    wrapped = SnapshotFile(schema=f"gpuctl.snapshot/v{VERSION}", snapshot=snapshot)
    raw = msgspec.json.Encoder(order="deterministic").encode(wrapped)
    view = memoryview(raw)
    pieces = [view[start : start + _MEMBER_BYTES] for start in range(0, len(raw), _MEMBER_BYTES)]
    if len(pieces) == 1:
        return _member(pieces[0])
    with ThreadPoolExecutor(_PACKERS) as pool:
        return b"".join(pool.map(_member, pieces))


def _member(piece: memoryview) -> bytes:
    """One gzip member; a file of several is one stream to every reader of gzip."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
    return packer.compress(piece) + packer.flush()


def decode(raw: bytes) -> Snapshot:
    """The snapshot in a file's bytes (gzip, or already unpacked).

    Raises:
        SnapshotVersionError: written by a newer gpuctl.
        InputError: not a snapshot, damaged, or too big (see `compressed`).
    """
    text = gunzip(raw) if raw.startswith(GZIP_MAGIC) else raw
    match = _MARK.match(text)
    if match is None:
        raise InputError("not a gpuctl snapshot", "give a file that `gpuctl snapshot save` wrote")
    version = int(match[1])
    if version > VERSION:
        raise SnapshotVersionError(
            f"the snapshot has version {version}; this gpuctl reads up to {VERSION}",
            "update gpuctl, or save the snapshot again with this one",
        )
    if version < 1:
        raise InputError(f"a snapshot of version {version} does not exist", "save it again")
    try:
        with without_collection():
            return msgspec.json.decode(text, type=SnapshotFile).snapshot
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"damaged snapshot: {error}", "save it again") from error


def json_schema() -> dict[str, Any]:
    """JSON Schema of the unpacked file."""
    return msgspec.json.schema(SnapshotFile)


@contextmanager
def without_collection() -> Iterator[None]:
    """Without the cyclic collector: it would walk a growing heap of objects that hold no cycles.

    When many were made it leaves all there is alone from then on, at the end of the program too: with 100,000 pods that walk
    takes about 0.4 s. Objects go as ever when nobody refers to them; only cycles that exist by then stay.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if gc.get_count()[0] >= _MANY_OBJECTS:
                gc.freeze()
            gc.enable()
