"""An API server that misbehaves on demand: only for what a real one cannot show when asked to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """One GET as it came. `headers` keeps repeated ones apart."""

    path: str
    query: dict[str, str]
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True)
class Reply:
    """What to answer. `cut`: bytes after which the connection breaks; `stall`: seconds without a byte before the body."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: float = 0.0


def status(code: int, message: str, reason: str = "", **metadata: str) -> Reply:
    """A Status object as the API server writes it."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": metadata,
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    return Reply(code, json.dumps(body).encode())


def listing(kind: str, items: list[dict[str, Any]], token: str = "", api_version: str = "v1") -> Reply:
    """One page of a list."""
    meta = {"resourceVersion": "7", **({"continue": token} if token else {})}
    return Reply(body=json.dumps({"kind": f"{kind}List", "apiVersion": api_version, "metadata": meta, "items": items}).encode())


Handler = Callable[[Request], Reply]


class FakeApi:
    """Serves empty lists until told otherwise with `on`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._handlers: dict[str, Handler] = {}
        self.ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.on("/version", lambda _: Reply(body=b'{"gitVersion": "v1.37.2"}'))
        self.on("/apis", lambda _: Reply(body=b'{"kind": "APIGroupDiscoveryList", "items": []}'))

    def on(self, path: str, handler: Handler) -> None:
        """Answer this path so."""
        self._handlers[path] = handler

    def answer(self, request: Request) -> Reply:
        """What this request gets."""
        handler = self._handlers.get(request.path)
        return handler(request) if handler else listing("", [])

    def asked(self, path: str) -> list[Request]:
        """Requests for a path, in order."""
        return [request for request in self.requests if request.path == path]

    def stop(self) -> None:
        """End the server and its thread."""
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()

    def kubeconfig(self, path: Path, **user: Any) -> str:
        """Write a kubeconfig with one context `fake` for user `someone`; its path."""
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
            "users": [{"name": "someone", "user": user or {"token": "secret-token"}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "someone", "namespace": "team-a"}}],
        }  # fmt: skip
        path.write_text(json.dumps(config), encoding="utf-8")
        return str(path)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Serve(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                request = Request(parts.path, query, tuple(self.headers.items()))
                api.requests.append(request)
                reply = api.answer(request)
                api.ending.wait(reply.stall)
                try:
                    self.send_response(reply.status)
                    for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    self.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
                except OSError:
                    self.close_connection = True
                if reply.cut is not None:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Serve


@contextmanager
def fake_api() -> Iterator[FakeApi]:
    """A server for the length of a `with` block."""
    api = FakeApi()
    try:
        yield api
    finally:
        api.stop()
