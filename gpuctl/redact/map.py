"""The map from aliases to names, kept apart from the redacted snapshot, and how it puts names back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gpuctl.errors import InputError
from gpuctl.nodeset import fold
from gpuctl.snapshot_file import write_private

_SCHEMA: Final = "gpuctl.redaction/v1"
_FOLDED = re.compile(r"[A-Za-z0-9_./-]{0,200}\[[0-9][0-9,-]{0,4000}\][A-Za-z0-9_./-]{0,200}")
_RUN = re.compile(r"[\w-]+(?:[./][\w-]+)*")
_JOINT = re.compile(r"([./])")
_MOST_JOINED: Final = 15
"""Words and joints of the longest alias: a domain, a slash, and a name with dots."""
_MOST_FOLDED: Final = 100_000


class RedactionMap(Struct, frozen=True, kw_only=True):
    """Name by alias. Keep it apart from the redacted snapshot: it undoes it."""

    schema: str = _SCHEMA
    originals: dict[str, str] = {}

    def restore(self, text: str) -> str:
        """The text with every alias replaced by its name, folded sets (`node-[0001-0004]`) too; longest first, whole words only.

        In a JSON document names are escaped as JSON has it. A name that a terminal would not show as it is, or that would end a
        quoted word of a shell, stays an alias.
        """
        if not self.originals:
            return text
        within_json = _is_json(text)
        text = _FOLDED.sub(lambda match: self._unfolded(match[0], within_json), text)
        return _RUN.sub(lambda match: self._run(match[0], within_json), text)

    def _run(self, run: str, within_json: bool) -> str:
        """A run of words joined by dots and slashes, the longest aliases in it replaced."""
        if run in self.originals:
            return self._name(run, within_json)
        parts = _JOINT.split(run)  # words at even places
        place, made = 0, []
        while place < len(parts):
            for end in range(min(len(parts), place + _MOST_JOINED), place, -1):
                alias = "".join(parts[place:end])
                if alias in self.originals:
                    made.append(self._name(alias, within_json))
                    place = end
                    break
            else:
                made.append(parts[place])
                place += 1
        return "".join(made)

    def _name(self, alias: str, within_json: bool) -> str:
        """A name as it may stand in the text; the alias where it may not."""
        name = self.originals[alias]
        if not name.isprintable() or "'" in name:
            return alias
        return json.dumps(name, ensure_ascii=False)[1:-1] if within_json else name

    def _unfolded(self, folded: str, within_json: bool) -> str:
        """A folded set of aliases as the folded set of their names; any other text as it is."""
        head, _, rest = folded.partition("[")
        numbers, _, tail = rest.partition("]")
        names = []
        for part in numbers.split(","):
            first, _, last = part.partition("-")
            if not first or (last and not first.isdecimal()) or int(last or first) - int(first) > _MOST_FOLDED:
                return folded
            names += [f"{head}{number:0{len(first)}}{tail}" for number in range(int(first), int(last or first) + 1)]
        spread = [self._run(name, within_json) for name in names]
        return folded if spread == names else fold(spread)


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return True


def save_map(redaction: RedactionMap, path: str | Path) -> None:
    """Write the map as JSON, mode 0600."""
    write_private(msgspec.json.encode(redaction, order="deterministic") + b"\n", path)


def load_map(path: str | Path) -> RedactionMap:
    """Read a map.

    Raises:
        InputError: missing, or not a map of this version.
    """
    try:
        redaction = msgspec.json.decode(Path(path).read_bytes(), type=RedactionMap)
    except OSError as error:
        raise InputError(f"cannot read {str(path)!a}: {error.strerror}", "check the name") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"{str(path)!a} is not a redaction map: {error}", "give the map that `gpuctl snapshot redact` wrote") from error
    if redaction.schema != _SCHEMA:
        raise InputError(f"{str(path)!a} is not a redaction map of this version", "give the map that `gpuctl snapshot redact` wrote")
    return redaction
