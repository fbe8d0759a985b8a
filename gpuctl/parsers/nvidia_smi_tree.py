"""XML of nvidia-smi as a tree: safe against hostile files, and kept as far as it stands where a file is cut or damaged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from gpuctl.errors import InputError

MAX_CHARACTERS: Final = 64 * 2**20
"""Of a file, which may hold many runs."""
MAX_DOCUMENT: Final = 8 * 2**20
"""Of one run: a GPU makes about 30 kB, and a machine has 16."""
MAX_DEPTH: Final = 32
"""nvidia-smi nests 7 deep."""
MAX_ELEMENTS: Final = 200_000
"""One GPU makes about 300, and 1,000 more of supported clocks."""
MAX_TEXT: Final = 4096
"""Of one element; nvidia-smi's longest are command lines of processes."""

CUT: Final = "the file ends in the middle"

_HEAD = re.compile(r"<\?xml\b|<!DOCTYPE\b")
_ROOT = re.compile(r"<nvidia_smi_log(?=[\s>])")
_END = "</nvidia_smi_log>"
_GPU = re.compile(r"^[ \t]*<gpu id=", re.MULTILINE)
_LOOSE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_AT_THE_END = frozenset({3, 5, 6, 20})
"""Expat's errors of a text that stops: no element found, unclosed token, partial character, unclosed CDATA section."""
_SKIPPED = frozenset({"supported_clocks", "accounted_processes"})
"""Long lists that say nothing of the GPU's state."""


@dataclass(slots=True)
class Element:
    """One element: text without surrounding spaces, children by tag in the file's order. `cut`: why its end is missing."""

    tag: str
    id: str = ""
    text: str = ""
    children: dict[str, list[Element]] = field(default_factory=dict)
    cut: str | None = None

    def all(self, tag: str) -> list[Element]:
        """Its children of one tag."""
        return self.children.get(tag, [])

    def find(self, path: str) -> Element | None:
        """The first element at a path of tags joined by `/`; None when there is none."""
        place: Element | None = self
        for tag in path.split("/"):
            place = next(iter(place.all(tag)), None) if place is not None else None
        return place

    def why_missing(self, path: str) -> str | None:
        """Where the file was cut, when an element at that path may have stood behind the cut; None when there is none."""
        place = self
        for tag in path.split("/"):
            inner = next(iter(place.all(tag)), None)
            if inner is None:
                return place.cut
            place = inner
        return None


def grow(text: str) -> Element:
    """The root element of the last whole document in a text, else of the last one, which may be cut.

    Raises:
        InputError: entities, too deep, too large, or no element of nvidia-smi's in it.
    """
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415  (start-up)

    from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]  # noqa: PLC0415
    from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]  # noqa: PLC0415

    if len(text) > MAX_CHARACTERS:
        raise InputError(f"nvidia-smi's XML of more than {MAX_CHARACTERS // 2**20} MiB", "give the output of one run")
    document = _document(text)
    if len(document) + 4 * document.count("&") > MAX_DOCUMENT:
        raise InputError(f"one run of nvidia-smi of more than {MAX_DOCUMENT // 2**20} MiB", "give the file as nvidia-smi wrote it")
    document = readable(_LOOSE_AMPERSAND.sub("&amp;", document))
    tree = _Tree()
    reason = None
    try:
        parser = DefusedXMLParser(target=tree, forbid_dtd=False, forbid_entities=True, forbid_external=True)
        parser.feed(document)
        parser.close()
    except DefusedXmlException as error:
        raise InputError(
            f"XML with entities, which nvidia-smi does not write: {type(error).__name__}", "give the file as nvidia-smi wrote it"
        ) from error
    except ParseError as error:
        line, column = error.position
        reason = CUT if error.code in _AT_THE_END else f"the file is damaged at line {line}, column {column} of its XML"
    root = tree.finish(reason)
    if root is None:
        raise InputError("XML that ends before nvidia-smi's first element", "run `nvidia-smi -q -x` again")
    return root


def readable(text: str) -> str:
    """Without control characters and halves of surrogate pairs."""
    return _NOT_XML.sub("\ufffd", text)


def _document(text: str) -> str:
    """The part of a text that is one document: shells print before it, `-l` repeats it, and a beginning may be missing."""
    last = text.rfind(_END)
    before, place = -1, -1
    for match in _ROOT.finditer(text):
        if place >= 0 and place < last <= match.start():
            break
        before, place = place, match.start()
    if place < 0:
        first = _GPU.search(text)
        return "<nvidia_smi_log>" + (text[first.start() :] if first is not None else "")
    previous = max(text.rfind(_END, 0, place), before, 0)
    head = _HEAD.search(text, previous, place)
    end = text.find(_END, place)
    return text[head.start() if head is not None else place : end + len(_END) if end >= 0 else len(text)]


class _Tree:
    """Target of the parser; keeps what it was told so far."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.open: list[Element] = []
        self.elements = 0
        self.skipping = 0
        self.parts: list[str] = []
        self.size = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if len(self.open) + self.skipping >= MAX_DEPTH:
            raise InputError(f"XML nested deeper than {MAX_DEPTH} elements", "give the file as nvidia-smi wrote it")
        if self.skipping or tag in _SKIPPED:
            self.skipping += 1
            return
        if self.elements > MAX_ELEMENTS:
            raise InputError(f"XML of more than {MAX_ELEMENTS} elements", "give the output of one run")
        element = Element(tag, attributes.get("id", ""))
        if self.open:
            self.open[-1].children.setdefault(tag, []).append(element)
        else:
            self.root = element
        self.open.append(element)
        self.parts, self.size = [], 0

    def end(self, tag: str) -> None:  # noqa: ARG002  (expat gives it)
        if self.skipping:
            self.skipping -= 1
            return
        element = self.open.pop()
        if not element.children:
            element.text = "".join(self.parts).strip()
        self.parts, self.size = [], 0

    def data(self, text: str) -> None:
        if not self.skipping and self.size < MAX_TEXT:
            self.parts.append(text[: MAX_TEXT - self.size])
            self.size += len(text)

    def close(self) -> Any:
        return self.root

    def finish(self, reason: str | None) -> Element | None:
        """The root; with a reason, open elements are marked, and the last, whose text may be half a value, goes."""
        for element in self.open if reason else ():
            element.cut = reason
        if reason and len(self.open) > 1 and not self.skipping and not self.open[-1].children and not self.open[-1].id:
            last = self.open[-1]
            siblings = self.open[-2].children
            siblings[last.tag].remove(last)
            if not siblings[last.tag]:
                del siblings[last.tag]
        return self.root
