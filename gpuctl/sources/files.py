"""Files and folders that the user names, told apart by content and never by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gpuctl.errors import InputError
from gpuctl.model import codec
from gpuctl.model.snapshot import Snapshot


def read(paths: Sequence[str]) -> Snapshot:
    """Everything that the named files tell ("-" is standard input)."""
    for path in paths:
        try:
            return codec.decode(Path(path).read_bytes())
        except OSError as error:
            raise InputError(f"cannot read {path!r}: {error.strerror}", "check the name") from error
    raise InputError("no file was named", "give --from FILE")
