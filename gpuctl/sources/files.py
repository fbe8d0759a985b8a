"""Files and folders that the user names: reading them within bounds. What they hold is told by content (see `files_content`)."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import structs

from gpuctl.errors import InputError
from gpuctl.model.compressed import MAX_UNPACKED_BYTES
from gpuctl.model.snapshot import Snapshot, SourceState
from gpuctl.sources.files_content import Collected, seen_and_read

MAX_FILE_BYTES: Final = MAX_UNPACKED_BYTES
"""Most of one file: 100,000 pods of 8 kB as kubectl prints them."""
MAX_FOLDER_BYTES: Final = 2 * 2**30
MAX_FOLDER_FILES: Final = 20_000
MAX_FOLDER_DEPTH: Final = 16


@dataclass(frozen=True)
class _Entry:
    """A file of a folder, or why it is left out."""

    path: Path
    reason: str | None = None


def read(paths: Sequence[str]) -> Snapshot:
    """Everything that the named files and folders tell ("-" is standard input); their order makes no difference.

    Raises:
        InputError: a named file cannot be read or is not recognised, or a folder holds nothing that is.
    """
    if not paths:
        raise InputError("no file was named", "give --from FILE")
    collected = Collected()
    states = [_read_path(path, collected) for path in sorted(set(paths))]
    joined = collected.finish()
    return structs.replace(joined, sources=tuple(states) if not collected.snapshots else tuple(_with_saved(states, collected)))


def _with_saved(states: list[SourceState], collected: Collected) -> Iterator[SourceState]:
    """A file that holds a saved snapshot is as complete as that snapshot's own sources were."""
    for state in states:
        saved = [source for name, part in collected.snapshots if name == state.name for source in part.sources if source.state != "ok"]
        if saved and state.state == "ok":
            reason = "; ".join(f"{source.kind} {source.name}: {source.reason or source.state}" for source in saved)
            yield structs.replace(state, state="partial", reason=reason)
        else:
            yield state


def _read_path(path: str, collected: Collected) -> SourceState:
    target = Path(path)
    try:
        if path == "-":
            raw = _bounded(sys.stdin.buffer, "standard input")
        elif target.is_dir():
            return _read_folder(target, path, collected)
        else:
            with target.open("rb") as file:
                raw = _bounded(file, path)
    except OSError as error:
        raise InputError(f"cannot read {path!a}: {error.strerror or error}", "check the name and its permissions") from error
    except ValueError as error:
        raise InputError(f"cannot read {path!a}: {error}", "check the name") from error
    try:
        collected.add(raw, path, path, _host(target))
    except InputError as error:
        shown = "standard input" if path == "-" else ascii(path)[1:-1]
        raise type(error)(f"{shown}: {error.message}", error.hint) from error
    return SourceState(kind="file", name=path, asked=1, answered=1)


def _bounded(file: BinaryIO, name: str) -> bytes:
    raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise InputError(f"{name!a} is larger than {MAX_FILE_BYTES // 2**20} MiB", "split it, or save a snapshot instead")
    return raw


def _host(path: Path) -> str | None:
    """NAME of the innermost `hosts/NAME/` above a file."""
    parts = path.parts[:-1]
    places = [place for place, part in enumerate(parts[:-1]) if part == "hosts"]
    return parts[places[-1] + 1] if places else None


def _read_folder(folder: Path, name: str, collected: Collected) -> SourceState:
    asked = answered = size = 0
    first = ""
    for entry in _walk(folder, 0):
        shown = str(entry.path.relative_to(folder))
        asked += 1
        if asked > MAX_FOLDER_FILES:
            raise InputError(f"{name!a} holds more than {MAX_FOLDER_FILES} files", "name the folder that matters")
        try:
            if entry.reason:
                raise InputError(entry.reason)
            raw = _read_member(entry.path)
            size += len(raw)
            if size > MAX_FOLDER_BYTES:
                raise InputError(f"{name!a} holds more than {MAX_FOLDER_BYTES // 2**30} GiB", "name the folder that matters")
            collected.add(raw, name, f"{name.rstrip('/')}/{shown}", _host(entry.path))
            answered += 1
        except InputError as error:
            if size > MAX_FOLDER_BYTES:
                raise
            collected.unrecognised[f"{name.rstrip('/')}/{shown}"] = error.message
            first = first or f"{shown!a}: {error.message}"
    if not answered:
        raise InputError(f"nothing in the folder {name!a} is recognised" + (f" ({first})" if first else ": it is empty"), seen_and_read())
    if answered == asked:
        return SourceState(kind="file", name=name, asked=asked, answered=answered)
    reason = f"{asked - answered} of {asked} files are not recognised"
    return SourceState(kind="file", name=name, state="partial", reason=reason, asked=asked, answered=answered)


def _walk(folder: Path, depth: int) -> Iterator[_Entry]:
    """Files below a folder, sorted; hidden ones are passed over, links and special files reported."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        yield _Entry(folder, f"cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            yield _Entry(path, "a symbolic link; links inside folders are not followed")
        elif entry.is_dir(follow_symlinks=False):
            if depth + 1 >= MAX_FOLDER_DEPTH:
                yield _Entry(path, f"a folder deeper than {MAX_FOLDER_DEPTH} levels")
            else:
                yield from _walk(path, depth + 1)
        else:
            yield _Entry(path, None if entry.is_file(follow_symlinks=False) else "not a plain file")


def _read_member(path: Path) -> bytes:
    """A plain file of a folder; one that was swapped for a link or a pipe meanwhile is refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError("not a plain file")
            return _bounded(file, path.name)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
