"""The envelope of the API's protobuf: found and cut by hand, so that no page is copied or decoded for it.

`k8s\\0`, then runtime.Unknown{1: TypeMeta, 2: raw}; raw holds the list, whose first field is ListMeta{3: continue}.
Source: generated.proto of k8s.io/apimachinery v0.37.2, and
https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
"""

from __future__ import annotations

MAGIC = b"k8s\0"
_LENGTH_DELIMITED, _VARINT = 2, 0
_LONGEST_VARINT_SHIFT = 63


def parts(body: bytes) -> tuple[memoryview, memoryview]:
    """What stands before the list in an answer (it tells the kind), and the list itself.

    Raises:
        IndexError: this is no such answer, or it is cut off.
    """
    start, end, key_at = _field(body, len(MAGIC), len(body), 2)
    view = memoryview(body)
    return view[len(MAGIC) : key_at], view[start:end]


def continue_token(body: bytes) -> str:
    """The continue token of a list in an answer.

    Raises:
        IndexError: this is no such answer, or it is cut off.
        UnicodeDecodeError: the token is no text.
    """
    start, end, _ = _field(body, len(MAGIC), len(body), 2)
    start, end, _ = _field(body, start, end, 1)
    start, end, _ = _field(body, start, end, 3)
    return body[start:end].decode()


def failure(body: bytes) -> tuple[str, str]:
    """Message and continue token of a Status in an answer: Status{1: ListMeta, 3: message}.

    Raises:
        IndexError: this is no such answer, or it is cut off.
        UnicodeDecodeError: a text is none.
    """
    start, end, _ = _field(body, len(MAGIC), len(body), 2)
    told = _field(body, start, end, 3)
    return body[told[0] : told[1]].decode(), continue_token(body)


def portions(raw: memoryview, most: int) -> list[memoryview]:
    """A list cut into lists of at most so many items, uncopied; the first holds the ListMeta.

    Raises:
        IndexError: it is cut off.
    """
    found: list[memoryview] = []
    at = start = fields = 0
    end = len(raw)
    while at < end:
        if raw[at] & 7 != _LENGTH_DELIMITED or raw[at] >= 128:
            return [*found, raw[start:]]  # neither metadata nor an item: protobuf shall judge
        size = raw[at + 1]
        at += 2
        if size >= 128:
            size, at = _varint(raw, at - 1)
        at += size
        fields += 1
        if fields == most or at >= end:
            found.append(raw[start:at])
            start, fields = at, 0
    if at > end:
        raise IndexError("cut off")
    return found or [raw]


def _field(data: bytes, at: int, end: int, number: int) -> tuple[int, int, int]:
    """Start and end of the first length-delimited field of that number, and where its key stands; all `end` when there is none."""
    while at < end:
        key_at = at
        key, at = _varint(data, at)
        kind, size = key & 7, 0
        if kind == _LENGTH_DELIMITED:
            size, at = _varint(data, at)
        elif kind == _VARINT:
            _, at = _varint(data, at)
        else:
            raise IndexError("no protobuf list")
        if at + size > end:
            raise IndexError("cut off")
        if key >> 3 == number and kind == _LENGTH_DELIMITED:
            return at, at + size, key_at
        at += size
    return end, end, end


def _varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift <= _LONGEST_VARINT_SHIFT:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
    raise IndexError("no protobuf list")
