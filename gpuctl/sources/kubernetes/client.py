"""One GET at a time, made to last: retries, Retry-After, deadlines, renewed logins. Safe to use from several threads."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final
from urllib.parse import urlencode

import msgspec
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from gpuctl.errors import SourceError
from gpuctl.parsers import k8s_envelope
from gpuctl.sources.kubernetes.access import Access
from gpuctl.sources.kubernetes.options import Options

JSON: Final = "application/json"
PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
_CHUNK: Final = 1 << 18
_ATTEMPTS: Final = 4
_ATTEMPTS_WHEN_TOLD_TO_WAIT: Final = 10
_LONGEST_PAUSE_SECONDS: Final = 8.0
_TRANSIENT: Final = frozenset({429, 500, 502, 503, 504})


class Failed(Exception):
    """A request that got no usable answer; the text is the reason that the snapshot keeps."""


class OutOfTime(Failed):
    """The deadline came first."""


class Interrupted(Failed):
    """The user stopped the run."""


class TlsFailure(Failed):
    """The server's certificate or the handshake was refused: no retry mends that."""


class StatusFailure(Failed):
    """The server answered with an error that a retry would not mend. `token`: the new continue token that a 410 offers."""

    def __init__(self, code: int, message: str, token: str = "") -> None:
        super().__init__(f"the API server answered {code}: {message}")
        self.code = code
        self.message = message
        self.token = token


class _StatusMeta(msgspec.Struct, frozen=True):
    continue_: str = msgspec.field(default="", name="continue")


class _Status(msgspec.Struct):
    message: str = ""
    metadata: _StatusMeta = _StatusMeta()


@dataclass
class Tally:
    """What was spent on one resource."""

    requests: int = 0
    bytes: int = 0
    retries: int = 0


@dataclass(frozen=True)
class Answer:
    """A body and the media type that it came in."""

    body: bytes
    media_type: str


@dataclass
class Client:
    """GETs against one API server."""

    access: Access
    options: Options
    tallies: dict[str, Tally] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(
        self, path: str, query: dict[str, str] | None = None, accept: str = JSON, *, resource: str = "discovery", attempts: int = _ATTEMPTS
    ) -> Answer:
        """The answer to one GET, retried as long as that makes sense. Raises Failed."""
        url = self.access.server.rstrip("/") + path + ("?" + urlencode(query) if query else "")
        attempt = 0
        renewed = False
        while True:
            generation = self.access.generation
            wait: float | None = None
            try:
                status, headers, body = self._once(url, accept, resource)
            except SSLError as error:
                raise TlsFailure(f"TLS with the server failed: {_first_line(error)}") from error
            except HTTPError as error:
                reason, limit = _plain(error, self.options), attempts
            else:
                if status == 200:
                    return Answer(body, headers.get("Content-Type", "").split(";")[0].strip())
                if status == 401 and not renewed:
                    renewed = True
                    if self.access.reload(generation):
                        continue
                failure = _failure(status, body)
                if status not in _TRANSIENT:
                    raise failure
                reason, wait = str(failure), _retry_after(headers.get("Retry-After"))
                limit = _ATTEMPTS_WHEN_TOLD_TO_WAIT if wait is not None else attempts
            attempt += 1
            if attempt >= limit:
                raise Failed(f"{reason} ({attempt} attempts)")
            self._tally(resource, retries=1)
            self._pause(wait if wait is not None else pause_seconds(url, attempt), reason)

    def first(self, path: str) -> Answer:
        """The first request of a run: what fails here is the user's to mend, and is said as such."""
        server = self.access.server
        try:
            return self.get(path, attempts=2)
        except TlsFailure as failure:
            raise SourceError(
                f"{server}: {failure}",
                "check the server's URL and certificate-authority of this context; a proxy between may present its own certificate",
            ) from failure
        except StatusFailure as failure:
            if failure.code == 401:
                raise SourceError(
                    f"{server} does not accept the credentials of user {self.access.user} (401)",
                    f"log in again; `kubectl --context {self.access.context} get nodes` shows the same failure",
                ) from failure
            if failure.code in {403, 404}:
                return Answer(b"{}", JSON)
            raise SourceError(f"{server}: {failure}", "is this the URL of a Kubernetes API server?") from failure
        except (OutOfTime, Interrupted):
            raise
        except Failed as failure:
            raise SourceError(
                f"{server} does not answer: {failure}",
                "check VPN, proxy and the server's URL in the kubeconfig, or choose another --context",
            ) from failure

    def _once(self, url: str, accept: str, resource: str) -> tuple[int, urllib3.HTTPHeaderDict, bytes]:
        limit = self.options.request_timeout_seconds
        left = self._seconds_left()
        timeout = urllib3.Timeout(connect=min(limit, left), read=min(limit, left))
        response = self.access.pool.request(
            "GET", url, headers=self.access.headers(accept), timeout=timeout, retries=False, redirect=False, preload_content=False
        )
        body = BytesIO()  # grows in place and hands its bytes over: pages are large, and are never held twice
        size = 0
        try:
            decode = "Content-Encoding" in response.headers  # none is asked for; without it urllib3 copies each byte less often
            while chunk := response.read(_CHUNK, decode_content=decode):
                size += body.write(chunk)
                self._seconds_left()
        except BaseException:
            response.close()
            raise
        finally:
            self._tally(resource, requests=1, size=size)
        response.release_conn()
        return response.status, response.headers, body.getvalue()

    def _seconds_left(self) -> float:
        """Seconds until the deadline; raises when there are none or the user stopped the run."""
        if self.options.stop.is_set():
            raise Interrupted("interrupted")
        if self.options.deadline is None:
            return float("inf")
        left = self.options.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime("the deadline came before it was read")
        return left

    def _pause(self, seconds: float, reason: str) -> None:
        left = self._seconds_left()
        if seconds > left:
            raise OutOfTime(f"{reason}; waiting {seconds:.1f} s before the next attempt would pass the deadline")
        self.options.stop.wait(seconds)

    def _tally(self, resource: str, *, requests: int = 0, size: int = 0, retries: int = 0) -> None:
        with self._lock:
            tally = self.tallies.setdefault(resource, Tally())
            tally.requests += requests
            tally.bytes += size
            tally.retries += retries


def pause_seconds(url: str, attempt: int) -> float:
    """Doubling pauses of half a second to eight, spread by up to a quarter; the same request always waits the same."""
    spread = 0.75 + (zlib.crc32(f"{url} {attempt}".encode()) % 1000) / 2000
    return float(min(0.25 * 2**attempt, _LONGEST_PAUSE_SECONDS) * spread)


def _retry_after(text: str | None) -> float | None:
    try:
        return max(float(text), 0.0) if text else None
    except ValueError:
        return None


def _failure(status: int, body: bytes) -> StatusFailure:
    """The error in the words of the server's Status object, or of whatever stands between (a proxy's page)."""
    try:
        if body.startswith(k8s_envelope.MAGIC):
            message, token = k8s_envelope.failure(body)
        else:
            told = msgspec.json.decode(body, type=_Status)
            message, token = told.message, told.metadata.continue_
        return StatusFailure(status, message[:500] or "no message", token)
    except (msgspec.MsgspecError, IndexError, UnicodeDecodeError):
        return StatusFailure(status, " ".join(body[:200].decode("utf-8", "replace").split()) or "no message")


_PLAIN: tuple[tuple[type[HTTPError], Callable[[Options], str]], ...] = (
    (NameResolutionError, lambda _: "the server's name cannot be resolved"),
    (ProxyError, lambda _: "the proxy cannot be reached or refuses"),
    (NewConnectionError, lambda _: "connection refused"),
    (ConnectTimeoutError, lambda options: f"no connection within {options.request_timeout_seconds:g} s"),
    (ReadTimeoutError, lambda options: f"the connection stalled: nothing came for {options.request_timeout_seconds:g} s"),
)


def _plain(error: HTTPError, options: Options) -> str:
    """A reason in plain words; classes are tried from the special to the general."""
    for kind, words in _PLAIN:
        if isinstance(error, kind):
            return words(options) if kind is not NewConnectionError else f"no connection: {_first_line(error)}"
    return f"the connection broke: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    text = str(error).split("\n", maxsplit=1)[0]
    return text.rsplit(">: ", maxsplit=1)[-1][:200]
