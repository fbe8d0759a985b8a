"""Kubeconfigs as people have them, and what is said of those that do not work."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from gpuctl import __version__
from gpuctl.errors import SourceError, UsageError
from gpuctl.sources.kubernetes import Options, collect
from tests.rig.fake_api import FakeApi, Reply, Request


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No kubeconfig but those of the test."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def headers_of(api: FakeApi) -> Request:
    return api.asked("/version")[0]


def test_says_whom_it_asks_before_it_asks(api: FakeApi, tmp_path: Path) -> None:
    said: list[str] = []
    options = Options(kubeconfig=api.kubeconfig(tmp_path / "c"), announce=lambda line: said.append(f"{line} after {len(api.requests)}"))
    collect(options)
    assert said == [f"context fake, server {api.url}, user someone after 0"]


def test_sends_token_and_name(api: FakeApi, tmp_path: Path) -> None:
    collect(Options(kubeconfig=api.kubeconfig(tmp_path / "c")))
    assert headers_of(api).header("Authorization") == ["Bearer secret-token"]
    assert headers_of(api).header("User-Agent") == [f"gpuctl/{__version__}"]


def test_impersonates_as_the_kubeconfig_says(api: FakeApi, tmp_path: Path) -> None:
    extra = {"as": "jane", "as-groups": ["dev", "ops"], "as-uid": "42", "as-user-extra": {"Scopes/x": ["view"]}}
    collect(Options(kubeconfig=api.kubeconfig(tmp_path / "c", token="t", **extra)))
    request = headers_of(api)
    assert request.header("Impersonate-User") == ["jane"]
    assert request.header("Impersonate-Group") == ["dev", "ops"]
    assert request.header("Impersonate-Uid") == ["42"]
    assert request.header("Impersonate-Extra-scopes%2Fx") == ["view"]


def test_flags_go_before_the_kubeconfig(api: FakeApi, tmp_path: Path) -> None:
    path = api.kubeconfig(tmp_path / "c", token="t", **{"as": "jane", "as-groups": ["dev"]})
    collect(Options(kubeconfig=path, impersonate_user="joe", impersonate_groups=("a", "b")))
    assert headers_of(api).header("Impersonate-User") == ["joe"]
    assert headers_of(api).header("Impersonate-Group") == ["a", "b"]


def test_group_without_user_is_wrong_use(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without a user"):
        collect(Options(kubeconfig=api.kubeconfig(tmp_path / "c"), impersonate_groups=("a",)))


def plugin(tmp_path: Path, code: str) -> dict[str, object]:
    script = tmp_path / "plugin"
    script.write_text(f"#!{sys.executable}\n{code}\n", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script), "interactiveMode": "Never"}}


CREDENTIAL = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}


def test_credential_plugin_gives_the_token(api: FakeApi, tmp_path: Path) -> None:
    answer = json.dumps({**CREDENTIAL, "status": {"token": "from-plugin"}})
    collect(Options(kubeconfig=api.kubeconfig(tmp_path / "c", **plugin(tmp_path, f"print({answer!r})"))))
    assert headers_of(api).header("Authorization") == ["Bearer from-plugin"]


def test_renewed_login_asks_the_plugin_again(api: FakeApi, tmp_path: Path) -> None:
    count = tmp_path / "count"
    answer = json.dumps({**CREDENTIAL, "status": {"token": "token-NUMBER"}})
    code = f"p = {str(count)!r}\nopen(p, 'a').write('x')\nprint({answer!r}.replace('NUMBER', str(len(open(p).read()))))"

    def serve(request: Request) -> Reply:
        return Reply(401, b"{}") if request.header("Authorization") == ["Bearer token-1"] else Reply(body=b'{"gitVersion": "v1.30.0"}')

    api.on("/version", serve)
    snapshot = collect(Options(kubeconfig=api.kubeconfig(tmp_path / "c", **plugin(tmp_path, code))))
    assert snapshot.cluster.version == "v1.30.0"
    assert api.requests[-1].header("Authorization") == ["Bearer token-2"]


def test_plugin_that_is_missing_is_named(api: FakeApi, tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin-here"}}
    with pytest.raises(SourceError, match="no-such-plugin-here") as caught:
        collect(Options(kubeconfig=api.kubeconfig(tmp_path / "c", **user)))
    assert "install it" in caught.value.hint
    assert api.requests == []  # never as nobody


def test_plugin_that_fails_is_quoted(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="session has ended"):
        collect(Options(kubeconfig=api.kubeconfig(tmp_path / "c", **plugin(tmp_path, "import sys; sys.exit('session has ended')"))))


def test_unknown_context_gets_the_nearest(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no context fakr") as caught:
        collect(Options(kubeconfig=api.kubeconfig(tmp_path / "c"), context="fakr"))
    assert caught.value.hint == "did you mean fake?"


def test_no_kubeconfig_at_all() -> None:
    with pytest.raises(SourceError, match="no kubeconfig") as caught:
        collect(Options())
    assert "--kubeconfig" in caught.value.hint
    assert caught.value.exit_code == 2


def test_named_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        collect(Options(kubeconfig=str(tmp_path / "nowhere")))


@pytest.mark.parametrize("content", ["{", "", "- a", "just text", "contexts: 7", "contexts: [{}]"])
def test_files_that_are_no_kubeconfig(tmp_path: Path, content: str) -> None:
    (tmp_path / "c").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=str(tmp_path / "c")):
        collect(Options(kubeconfig=str(tmp_path / "c")))


def test_environment_names_several_files(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'absent'}:{api.kubeconfig(tmp_path / 'c')}")
    assert collect(Options()).cluster.context == "fake"


def test_refused_connection_names_the_server(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuctl.sources.kubernetes.client.pause_seconds", lambda *_: 0.01)
    path = api.kubeconfig(tmp_path / "c")
    api.stop()
    with pytest.raises(SourceError, match=api.url) as caught:
        collect(Options(kubeconfig=path))
    assert "refused" in caught.value.message
    assert "--context" in caught.value.hint


def test_plain_http_behind_https_is_a_tls_failure(api: FakeApi, tmp_path: Path) -> None:
    path = Path(api.kubeconfig(tmp_path / "c"))
    path.write_text(path.read_text(encoding="utf-8").replace("http://", "https://"), encoding="utf-8")
    with pytest.raises(SourceError, match="TLS"):
        collect(Options(kubeconfig=str(path)))


def test_kubeconfig_is_never_written(api: FakeApi, tmp_path: Path) -> None:
    path = Path(api.kubeconfig(tmp_path / "c"))
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    collect(Options(kubeconfig=str(path)))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
