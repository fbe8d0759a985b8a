"""A whole cluster whose every string tries to act on the terminal, the shell or the parser, through every command that reads it."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gpuctl.cli.main import run
from tests.e2e.planted import FAULTS, sound
from tests.rig.fake_api import Reply, fake_api, listing, status

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ACTING = "\x1b[2J\x1b]0;owned\x07[red]x[/]\r\nerror[usage]: forged\n\u202egpj\u2066\u200b\x9b31m\x00\u2028"
SHELL = "'; touch owned; $(touch owned) `touch owned` && [red]x[/] | \\ > owned --force -n x\"#"
KEPT = re.compile(
    r"[0-9][0-9.]*[a-zA-Z]{0,2}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.*|True|False|Unknown|Running|Pending|Succeeded|Failed|NoSchedule|NoExecute|Exists|Equal"
)
STRUCTURE = frozenset({"kind", "apiVersion", "type", "status", "phase", "operator", "effect", "controller", "restartPolicy", "metric"})
WORDS = ("nvidia.com/", "gpu.nvidia.com", "requests.nvidia.com", "feature.node.kubernetes.io", "node.kubernetes.io/", "node-role")
PROGRAMS = {"kubectl", "systemctl", "journalctl", "nvidia-smi", "nvidia-bug-report.sh", "rocm-smi", "lsmod", "modinfo", "df", "free", "ps"}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GPUCTL_")]:
        monkeypatch.delenv(name)


def objects() -> list[dict[str, Any]]:
    """Every fault that gpuctl knows, in one cluster."""
    fleet = sound(NOW)
    for fault in FAULTS:
        fault.plant(fleet)
    return list(fleet.objects())


def spoiled(value: Any, change: Callable[[str], str], key: str = "") -> Any:
    """The same with every string changed alike but those that the API itself fixes."""
    if isinstance(value, dict):
        return {name: spoiled(item, change, name) for name, item in value.items()}
    if isinstance(value, list):
        return [spoiled(item, change, key) for item in value]
    if not isinstance(value, str) or key in STRUCTURE or KEPT.fullmatch(value) or value.startswith(WORDS):
        return value
    return change(value)


def names_alone(suffix: str) -> Callable[[str], str]:
    """Appends to whatever is no reason that gpuctl knows by name, so that findings stay and show the names."""
    known = re.compile(r"[A-Z][A-Za-z]+|[a-z]+(-[a-z]+)+|[a-z]{3,8}")
    return lambda text: text if known.fullmatch(text) and not re.search(r"\d", text) else text + suffix


def everything(suffix: str) -> Callable[[str], str]:
    """Changes half of all strings, each the same way wherever it stands."""
    return lambda text: text + suffix if random.Random(text).random() < 0.5 else text


CASES = {
    "acting": lambda: spoiled(objects(), names_alone(ACTING)),
    "shell": lambda: spoiled(objects(), names_alone(SHELL)),
    "dashes": lambda: spoiled(objects(), lambda text: text if text[:1].isupper() else "--all=" + text),
    "anything": lambda: spoiled(objects(), everything(ACTING + SHELL)),
}


def with_hostile_labels(found: list[dict[str, Any]], suffix: str) -> list[dict[str, Any]]:
    for number, obj in enumerate(found):
        meta = obj.setdefault("metadata", {})
        meta.setdefault("labels", {})[f"x{suffix}"] = "B" * (1_000_000 if number == 40 else 3) + suffix
        meta.setdefault("annotations", {})[f"y{suffix}"] = suffix
    nodes = [obj for obj in found if obj["kind"] == "Node"]
    for obj in nodes[:5]:
        obj["spec"].setdefault("taints", []).append({"key": f"k{suffix}", "value": suffix, "effect": "NoSchedule"})
        condition = {"type": f"Weird{suffix}", "status": "True", "reason": suffix, "message": suffix * 100}
        obj["status"].setdefault("conditions", []).append(condition)
        obj["status"]["capacity"][f"nvidia.com/mig-1g.5gb{suffix}"] = "3"
    return found


def harmless(text: str) -> bool:
    forged = any(line.startswith("error[usage]") for line in text.split("\n"))
    return not forged and all(char == "\n" or char.isprintable() for char in text)


@pytest.fixture(scope="module", params=CASES)
def dump(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    suffix = {"acting": ACTING, "shell": SHELL, "dashes": "--all"}.get(request.param, ACTING + SHELL)
    file = tmp_path_factory.mktemp("hostile") / "dump.json"
    found = with_hostile_labels(CASES[request.param](), suffix)
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": found}))
    return file


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and stdout; whatever it said is harmless."""
    code = run(arguments)
    out, err = capsys.readouterr()
    assert harmless(out), arguments
    assert harmless(err), arguments
    assert code != 4, err
    return code, out


def test_no_command_is_impressed(dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    source = ("--from", str(dump))
    code, text = called(capsys, "doctor", *source, "-o", "json")
    report = json.loads(text)
    assert code == 1
    assert len(report["findings"]) >= 10
    assert not sum(outcome["crashed"] for outcome in report["outcomes"])
    check_commands(report, tmp_path)
    for style in ("table", "wide", "name"):
        _, text = called(capsys, "doctor", *source, "-o", style, "-v")
        assert len(text) < 2_000_000
    _, text = called(capsys, "doctor", *source, "-o", "yaml")
    assert len(yaml.load(text, yaml.CSafeLoader)["findings"]) == len(report["findings"])
    for style in ("table", "json", "yaml"):
        _, text = called(capsys, "snapshot", "show", *source, "-o", style)
        if style == "json":
            json.loads(text)
    assert called(capsys, "snapshot", "save", "s.gz", *source)[0] == 0
    assert called(capsys, "snapshot", "redact", "s.gz", "r.gz", "--map", "m.json")[0] == 0
    _, text = called(capsys, "doctor", "--from", "r.gz", "-o", "json")
    assert len(json.loads(text)["findings"]) == len(report["findings"])


def check_commands(report: dict[str, Any], folder: Path) -> None:
    """Every printed line is one plain command; run with stand-ins for the programs, nothing else happens."""
    steps = [step for item in report["advice"] for step in (*item["steps"], *item["rollback"])]
    lines = [line for step in steps if step["command"] for line in step["command"].split("\n")]
    assert lines
    for line in lines:
        assert line.isprintable()
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.commenters = ""
        words = list(lexer)
        assert words[0] in PROGRAMS, line
        assert not [word for word in words if word and set(word) <= set("();<>|&")], line
        assert "--all" not in words
    stand_ins = "\n".join(f"{name}() {{ :; }}" for name in sorted(PROGRAMS))
    script = folder / "commands.sh"
    script.write_text(f"set -eu\nPATH=/nowhere\n{stand_ins}\n" + "\n".join(lines) + "\nunset PATH; echo done\n")
    before = sorted(path.name for path in folder.iterdir())
    done = subprocess.run(["bash", "--noprofile", "--norc", str(script)], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", ACTING],
        ["explain", SHELL],
        ["schema", ACTING],
        ["doctor", "--demo", "--only", ACTING],
        ["doctor", "--demo", "-l", ACTING],
        ["doctor", "--demo", ACTING.replace("\x00", "")],
        ["doctor", "--from", ACTING],
        ["doctor", "--from", ACTING.replace("\x00", "")],
        ["doctor", "--from", "/" + "x" * 10_000],
        ["doctor", "--demo", "--waivers", ACTING.replace("\x00", "")],
        ["doctor", "--demo", "--baseline", ACTING.replace("\x00", "")],
        ["doctor", "--demo", "--config", ACTING.replace("\x00", "")],
        ["doctor", "--demo", "--now", ACTING],
        ["doctor", "--demo", "--deadline", ACTING],
        ["doctor", "--kubeconfig", ACTING.replace("\x00", "")],
        ["snapshot", "show", ACTING.replace("\x00", "")],
        ["snapshot", "redact", ACTING.replace("\x00", ""), "x"],
        ["snapshot", "unredact", "--map", ACTING.replace("\x00", "")],
        ["rbac", "--namespace", ACTING],
        ["config", "init", "/nowhere/" + ACTING.replace("\x00", "")],
        ["config", "validate", ACTING.replace("\x00", "")],
        ["doctor", "--" + ACTING],
        [ACTING],
        ["doctor", "-o", ACTING],
    ],
    ids=lambda arguments: " ".join(ascii(word)[1:14] for word in arguments),
)
def test_messages_show_what_was_given_as_text(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert harmless(err.replace("error[usage]: ", "", 1))
    assert err.startswith("error[")
    assert "\nhint: " in err


def test_files_with_hostile_names_and_content_are_told_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = ACTING.replace("\x00", "").replace("/", "")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_text(ACTING * 10)
    (folder / "nodes.json").write_text(json.dumps(objects()[:50]))
    (tmp_path / name).write_text("{" + ACTING)
    code, text = called(capsys, "doctor", "--from", "folder", "-v", "--fail-on", "never")
    assert code in {0, 3}
    assert "not recognised" in text.lower()
    assert called(capsys, "doctor", "--from", name)[0] == 2


def test_a_hostile_server_and_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What a server answers in place of lists, and the names in a kubeconfig, are text too."""
    monkeypatch.chdir(tmp_path)
    nodes = [obj for obj in with_hostile_labels(objects(), ACTING) if obj["kind"] == "Node"][:5]
    name = ACTING.replace("\x00", "")
    with fake_api() as api:
        config = json.loads(Path(api.kubeconfig(tmp_path / "config")).read_text())
        config["current-context"] = config["contexts"][0]["name"] = name
        config["contexts"][0]["context"] |= {"user": name, "namespace": "team-a"}
        config["users"][0]["name"] = name
        (tmp_path / "config").write_text(json.dumps(config))
        api.on("/version", lambda _: Reply(body=json.dumps({"gitVersion": ACTING}).encode()))
        api.on("/api/v1/nodes", lambda _: listing("Node", nodes))
        api.on("/api/v1/pods", lambda _: status(403, ACTING, ACTING))
        api.on("/api/v1/events", lambda _: status(500, ACTING))
        api.on("/api/v1/resourcequotas", lambda _: Reply(body=ACTING.encode(), headers={"Content-Type": "text/html"}))
        monkeypatch.setattr("gpuctl.sources.kubernetes.client.pause_seconds", lambda *_: 0.01)
        for style in ("table", "json"):
            code, text = called(capsys, "doctor", "--kubeconfig", "config", "-o", style, "-v")
            assert code in {1, 3}
        report = json.loads(text)
        assert report["sources"][0]["state"] == "partial"
        assert [missing for outcome in report["outcomes"] for missing in outcome["missing"] if "forged" in missing["reason"]]
        for path in ("/version", "/apis", "/api", "/api/v1/nodes", "/api/v1/pods"):
            api.on(path, lambda _: status(401, ACTING, ACTING))
        assert called(capsys, "doctor", "--kubeconfig", "config")[0] == 2


@pytest.mark.parametrize("case", ["acting", "shell"])
def test_yaml_and_text_act_no_more_than_json(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    few = list({obj["kind"]: obj for obj in CASES[case]()}.values())
    Path("dump.yaml").write_text(yaml.dump_all(few, Dumper=yaml.CSafeDumper), "utf-8")
    suffix = ACTING if case == "acting" else SHELL
    events = "LAST SEEN   TYPE      REASON             OBJECT        MESSAGE\n"
    events += f"5m          Warning   FailedScheduling   pod/a{suffix.split(chr(13))[0]}   0/3 nodes are available: {suffix}\n"
    Path("events.txt").write_text(events, "utf-8")
    for style in ("table", "wide", "json", "yaml", "name"):
        called(capsys, "doctor", "--from", "dump.yaml", "--from", "events.txt", "-o", style, "-v")
