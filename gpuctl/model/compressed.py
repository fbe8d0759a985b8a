"""Unpacking gzip and zstd within bounds: a small file that unpacks to gigabytes is refused before it fills the memory."""

from __future__ import annotations

import zlib
from typing import Final

from gpuctl.errors import InputError

MAX_UNPACKED_BYTES: Final = 768 * 2**20
"""Most that one file may unpack to. A snapshot of 100,000 pods takes about 80 MB."""
MAX_RATIO: Final = 250
"""Most bytes out for one byte in. Deflate reaches 1032 on zeros; snapshots and kubectl's JSON stay below 100."""
RATIO_FREE_BYTES: Final = 4 * 2**20
"""Below this size the ratio is not looked at: a short file of one repeated line is no attack."""

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"

_STEP_IN = 64 * 1024
_STEP_OUT = 4 * 2**20


def gunzip(raw: bytes) -> bytes:
    """The content of a gzip file, several members included.

    Raises:
        InputError: damaged, cut short, or beyond the bounds above.
    """
    out = bytearray()
    view = memoryview(raw)
    done = 0
    while done < len(raw):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if done >= len(raw):
                raise InputError("the gzip data end too early", "copy the file again")
            piece = view[done : done + _STEP_IN]
            done += len(piece)
            pending: bytes | memoryview = piece
            while len(pending) and not member.eof:
                try:
                    out += member.decompress(pending, _STEP_OUT)
                except zlib.error as error:
                    raise InputError(f"damaged gzip data ({error})", "copy the file again") from error
                pending = member.unconsumed_tail
                _check(len(out), done)
        done -= len(member.unused_data)
        if not raw[done : done + 1024].strip(b"\0"):  # tape padding
            break
    return bytes(out)


def unzstd(raw: bytes) -> bytes:
    """The content of a zstd file, several frames included.

    Raises:
        InputError: damaged, cut short, or beyond the bounds above.
    """
    import zstandard  # noqa: PLC0415  (loaded only where a zstd file is given)

    out = bytearray()
    done = 0
    try:
        while done < len(raw):
            frame = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj(write_size=_STEP_OUT)
            while not frame.eof:
                if done >= len(raw):
                    raise InputError("the zstd data end too early", "copy the file again")
                piece = raw[done : done + 4096]
                done += len(piece)
                out += frame.decompress(piece)
                _check(len(out), done)
            done -= len(frame.unused_data)
    except zstandard.ZstdError as error:
        raise InputError(f"damaged zstd data ({error})", "copy the file again") from error
    return bytes(out)


def _check(unpacked: int, consumed: int) -> None:
    if unpacked > MAX_UNPACKED_BYTES:
        raise InputError(f"unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB", "split it into several files")
    if unpacked > RATIO_FREE_BYTES and unpacked > consumed * MAX_RATIO:
        raise InputError(f"unpacks to more than {MAX_RATIO} times its size", "unpack it yourself if you trust it")
