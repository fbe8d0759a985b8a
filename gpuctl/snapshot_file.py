"""Writing a file whole or not at all, readable by its owner alone."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from gpuctl.errors import UsageError
from gpuctl.model import codec
from gpuctl.model.snapshot import Snapshot


def save(snapshot: Snapshot, path: str | Path) -> None:
    """Write a snapshot: atomically, mode 0600.

    Raises:
        UsageError: the folder is missing or may not be written.
    """
    write_private(codec.encode(snapshot), path)


def write_private(raw: bytes, path: str | Path) -> None:
    """Write bytes into a new file of mode 0600 in the same folder, flush them to disk, and rename it over `path`.

    Raises:
        UsageError: the folder is missing or may not be written.
    """
    target = Path(path)
    name = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:32]}.", dir=target.parent)  # mkstemp makes it 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if target.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        Path(name).replace(target)
        name = None
        _flush_folder(target.parent)
    except OSError as error:
        raise UsageError(f"cannot write {str(target)!r}: {error.strerror}", "name a file in a folder that you may write") from error
    finally:
        if name is not None:
            with contextlib.suppress(OSError):
                Path(name).unlink()


def _flush_folder(folder: Path) -> None:
    """The rename itself is on disk only after this; file systems that cannot do it are left alone."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
