"""Findings that somebody decided to live with: a TOML list, each entry with a reason and perhaps an end.

[[waiver]]
code = "gpu-node-untainted"
subject = "node build-*"
reason = "shared on purpose"
owner = "platform"
expires = 2027-01-31
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import Struct

from gpuctl.errors import InputError
from gpuctl.findings import Finding

_KEYS = ("code", "id", "subject", "reason", "owner", "expires")


class Waiver(Struct, frozen=True, kw_only=True):
    """One entry. All of `code`, `id` and `subject` that are given must match; `subject` is a shell pattern over
    `kind namespace/name` or over the name alone. It ends with the day `expires`, in UTC."""

    reason: str
    code: str | None = None
    id: str | None = None
    subject: str | None = None
    owner: str | None = None
    expires: date | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether it names the finding."""
        what = finding.subject
        return (
            self.code in {None, finding.code}
            and self.id in {None, finding.id}
            and (self.subject is None or any(fnmatchcase(name, self.subject) for name in (str(what), what.name or "")))
        )

    def is_over(self, as_of: datetime | None) -> bool:
        """Whether its time is up; also when it has an end and nobody knows what time it is."""
        return self.expires is not None and (as_of is None or as_of.astimezone(UTC).date() > self.expires)

    def __str__(self) -> str:
        return " ".join(part for part in (self.code, self.id, self.subject) if part)


def load(path: str) -> tuple[Waiver, ...]:
    """The waivers of a file.

    Raises:
        InputError: the file cannot be read, or an entry is not as described above.
    """
    try:
        document = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError(f"waivers {path!r}: {error.strerror}", "name a file that exists and may be read") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, nested too deep
        raise InputError(f"waivers {path!r}: {error}", "write it as TOML, each entry under [[waiver]]") from error
    entries = document.pop("waiver", [])
    if document or not isinstance(entries, list):
        raise InputError(f"waivers {path!r}: unknown key {next(iter(document), 'waiver')!r}", "write each entry under [[waiver]]")
    return tuple(_waiver(path, number, entry) for number, entry in enumerate(entries, 1))


def _waiver(path: str, number: int, entry: Any) -> Waiver:
    where = f"waivers {path!r}, entry {number}"
    if not isinstance(entry, dict):
        raise InputError(f"{where}: not a table", "write each entry under [[waiver]]")
    for key, value in entry.items():
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            raise InputError(f"{where}: unknown key {key!r}", f"did you mean {near[0]}?" if near else f"keys are {', '.join(_KEYS)}")
        if key == "expires":
            if not isinstance(value, date) or isinstance(value, datetime):
                raise InputError(f"{where}: expires is not a date", "write a day without quotes: expires = 2027-01-31")
        elif not isinstance(value, str) or not value.strip():
            raise InputError(f"{where}: {key} is not a text", f'write {key} = "..." with something in it')
    if "reason" not in entry:
        raise InputError(f"{where}: no reason", 'say why: reason = "..."')
    if not entry.keys() & {"code", "id", "subject"}:
        raise InputError(f"{where}: it names no finding", "give a code, an id, a subject, or several of them")
    return Waiver(**entry)


def apply(findings: Sequence[Finding], waivers: Sequence[Waiver], as_of: datetime | None) -> tuple[dict[str, Waiver], tuple[str, ...]]:
    """Which findings are waived, by id (the first waiver in force that names one counts), and what to say of waivers that do not apply."""
    covered: dict[str, Waiver] = {}
    notes = []
    for waiver in waivers:
        matched = [finding for finding in findings if waiver.covers(finding)]
        if waiver.is_over(as_of):
            when = f"expired on {waiver.expires}" if as_of is not None else f"ends on {waiver.expires}, and no source tells the time"
            notes.append(f"waiver {waiver} {when}: not applied to {len(matched)} findings")
        elif not matched:
            notes.append(f"waiver {waiver} matches no finding")
        else:
            for finding in matched:
                covered.setdefault(finding.id, waiver)
    return covered, tuple(notes)
