"""A cluster that cannot be reached, or not at once: what is said, how fast, and what a terminal gets."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gpuctl.cli.main import run
from tests.patience import room
from tests.rig.fake_api import FakeApi, Reply, Request, fake_api, listing, status

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as server:
        yield server


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a kubeconfig, and no variable of gpuctl's."""
    for name in [name for name in os.environ if name.startswith("GPUCTL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    """The message and the hint of a run that fails with exit 2 and writes nothing to stdout."""
    assert run(["doctor", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[-1].startswith("hint: ")
    return lines[-2], lines[-1]


def changed(path: str, name: str, change: Callable[[dict[str, Any]], Any]) -> str:
    config = json.loads(Path(path).read_text())
    change(config)
    Path(name).write_text(json.dumps(config))
    return name


def test_no_kubeconfig_and_no_cluster_around(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message, hint = said(capsys)
    assert message == f"error[collect]: no kubeconfig: {home}/.kube/config does not exist"
    assert "--from" in hint
    assert "--demo" in hint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no kubeconfig at config"),
        (b"", "empty"),
        (b":\n  - [", "line 1"),
        (b"- a\n- b\n", "not there in the form of a kubeconfig"),
        (b"\x00\xff\x80", "kubeconfig config is not valid"),
        (b"a: " + b"[" * 5000, "kubeconfig config is not valid"),
    ],
    ids=["absent", "empty", "broken", "list", "binary", "deep"],
)
def test_an_unusable_kubeconfig_is_named(content: bytes | None, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        Path("config").write_bytes(content)
    message, _ = said(capsys, "--kubeconfig", "config")
    assert message.startswith("error[collect]: ")
    assert "config" in message
    assert words in message


def test_a_folder_is_no_kubeconfig(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is a folder" in said(capsys, "--kubeconfig", str(home))[0]


def test_a_mistyped_context_gets_the_nearest(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    config = api.kubeconfig(Path("config"))
    message, hint = said(capsys, "--kubeconfig", config, "--context", "fkae")
    assert (message, hint) == ("error[collect]: no context fkae in config", "hint: did you mean fake?")
    assert "there are: fake" in said(capsys, "--kubeconfig", config, "--context", "zzz")[1]


def test_a_context_without_its_parts_is_not_asked_as_nobody(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    config = api.kubeconfig(Path("config"))
    lost = changed(config, "lost", lambda found: found["contexts"][0]["context"].update(user="gone"))
    assert "its user gone is not in lost" in said(capsys, "--kubeconfig", lost)[0]
    lost = changed(config, "lost", lambda found: found["contexts"][0]["context"].update(cluster="gone"))
    assert "gone" in said(capsys, "--kubeconfig", lost)[0]
    assert api.requests == []


def test_refused_connection(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    config = api.kubeconfig(Path("config"))
    api.stop()
    message, hint = said(capsys, "--kubeconfig", config)
    assert f"{api.url} does not answer" in message
    assert "refused" in message
    assert "--context" in hint


def test_rejected_login(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("/apis", "/api", "/version", "/api/v1/nodes", "/api/v1/pods"):
        api.on(path, lambda _: status(401, "Unauthorized", "Unauthorized"))
    message, hint = said(capsys, "--kubeconfig", api.kubeconfig(Path("config")))
    assert "does not accept the credentials of user someone (401)" in message
    assert "kubectl --context fake" in hint


def self_signed(file: Path) -> Path:
    """A key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "other.example")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    file.write_bytes(secret + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


def test_a_certificate_that_nobody_vouches_for(home: Path, capsys: pytest.CaptureFixture[str], api: FakeApi) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(home / "server.pem"))
    server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        url = f"https://127.0.0.1:{server.server_address[1]}"
        config = changed(api.kubeconfig(Path("config")), "tls", lambda found: found["clusters"][0]["cluster"].update(server=url))
        message, hint = said(capsys, "--kubeconfig", config)
    finally:
        server.shutdown()
        server.server_close()
    assert f"{url}: TLS with the server failed" in message
    assert "certificate-authority" in hint


def test_a_credential_plugin_that_is_not_there(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin", "interactiveMode": "Never"}
    message, hint = said(capsys, "--kubeconfig", api.kubeconfig(Path("config"), exec=plugin))
    assert "the credential plug-in no-such-plugin of user someone" in message
    assert "install it" in hint


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gpuctl", *arguments]


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), **more}


def test_ctrl_c_while_the_server_is_slow(api: FakeApi, home: Path) -> None:
    """Nodes are known by then, pods never come: the report tells of the nodes."""
    amounts = {"cpu": "64", "nvidia.com/gpu": "8"}
    node = {"metadata": {"name": "gpu-0", "labels": {}}, "spec": {}, "status": {"capacity": amounts, "allocatable": amounts}}
    asked = threading.Event()

    def slow(request: Request) -> Reply:
        if request.query.get("limit") == "1":  # how many there are
            return listing("Pod", [])
        asked.set()
        return Reply(stall=60)

    api.on("/api/v1/nodes", lambda _: listing("Node", [node]))
    api.on("/api/v1/pods", slow)
    known = []
    for _ in range(3):  # on a busy machine the reading may not hand over in the moment that it has; it does not fail to for ever
        asked.clear()
        process = subprocess.Popen(
            command("doctor", "--kubeconfig", api.kubeconfig(Path("config"))),
            env=environment(home), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert asked.wait(60)
        time.sleep(room(1.0))
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=50)
        assert time.monotonic() - start < room(2)
        assert process.returncode == 130
        assert "Interrupted: this is what was known by then." in out
        assert "Traceback" not in err
        known.append("1 node, 8 GPUs" in out)
        if known[-1]:
            break
    assert known[-1]


@pytest.mark.parametrize("arguments", [("doctor", "--demo"), ("audits",), ("schema", "report"), ("config", "print")], ids=" ".join)
def test_head_ends_it_quietly(arguments: tuple[str, ...], home: Path) -> None:
    line = " ".join(f"'{word}'" for word in command(*arguments))
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{line} | head -1"], env=environment(home), cwd=home, capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("judging, ")]  # progress, on a busy machine
    assert (done.returncode, said) == (0, [])
    assert done.stdout.count("\n") == 1


def on_terminal(home: Path, **more: str) -> str:
    """What `doctor --demo` writes to a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(command("doctor", "--demo", "h100-016"), env=environment(home, COLUMNS="90", **more), cwd=home,
                               stdin=follower, stdout=follower, stderr=subprocess.DEVNULL)  # fmt: skip
    os.close(follower)
    pieces = []
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(leader)
    assert process.wait() == 0
    return b"".join(pieces).decode("utf-8")


@pytest.mark.parametrize(
    ("more", "colored"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({}, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
    ids=lambda value: " ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_colour_on_a_terminal(more: dict[str, str], colored: bool, home: Path) -> None:
    text = on_terminal(home, **more)
    assert "Return node h100-016 to service" in text
    assert ("\x1b[" in text) is colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", text).isascii()
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", text)
