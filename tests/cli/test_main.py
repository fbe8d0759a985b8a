"""The command line as a user meets it: answers, mistakes, exit codes, start-up."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jsonschema
import pytest
import typer
import yaml

from gpuctl.audits import runner
from gpuctl.cli import completions, console
from gpuctl.cli.main import run
from gpuctl.cli.reading import within_grace
from gpuctl.cli.table import COMMANDS
from gpuctl.findings import Severity
from tests.patience import room

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
HEAVY = {"kubernetes", "paramiko", "pynvml", "numpy", "jinja2", "rich", "pydantic"}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("GPUCTL_") or name in {"NO_COLOR", "FORCE_COLOR", "CI"}]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("columns", [80, 160])
def test_the_demo_reads_as_agreed(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["doctor", "--demo"]) == 0
    text = capsys.readouterr().out
    golden = GOLDEN / f"doctor-demo-{columns}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8"), "run again with UPDATE_GOLDEN=1 when the change is wanted"


def test_the_demo_prints_the_titles_of_the_json_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--demo", "-o", "json"]) == 0
    titles = [item["title"] for item in json.loads(capsys.readouterr().out)["advice"]]
    run(["doctor", "--demo"])
    text = capsys.readouterr().out
    places = [text.index(f"] {title}") for title in titles]
    assert len(titles) >= 5
    assert places == sorted(places)


def test_prose_fits_the_terminal_and_commands_stay_whole(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--demo", "-o", "json"])
    report = json.loads(capsys.readouterr().out)
    run(["doctor", "--demo"])
    lines = capsys.readouterr().out.splitlines()
    steps = [step for item in report["advice"] for step in item["steps"] + item["rollback"]]
    commands = {line for step in steps for line in (step["command"] or "").split("\n")}
    assert commands - {""} <= {line.strip() for line in lines}
    titles = {item["title"] for item in report["advice"]}
    long = [line for line in lines if len(line) > 80 and line.strip() not in commands and not any(title in line for title in titles)]
    assert [line for line in long if len(line.split()) > 2] == []


def test_the_json_obeys_its_own_schema(capsys: pytest.CaptureFixture[str]) -> None:
    run(["schema", "report"])
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    run(["doctor", "--demo", "-o", "json"])
    text = capsys.readouterr().out
    document = json.loads(text)
    jsonschema.validate(document, schema)
    assert list(document)[:2] == ["schema", "tool"]
    assert document["schema"] == "gpuctl.report/v1"
    assert text.endswith("}\n")
    assert document["summary"]["found"] == len(document["findings"])
    assert sum(document["summary"]["by_severity"].values()) == document["summary"]["found"]


def test_yaml_says_what_the_json_says(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--demo", "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    run(["doctor", "--demo", "-o", "yaml"])
    assert yaml.safe_load(capsys.readouterr().out) == document
    run(["doctor", "--demo", "-o", "name"])
    assert capsys.readouterr().out.split() == [finding["id"] for finding in document["findings"]]


def test_a_saved_snapshot_gives_the_same_report(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--demo", "-o", "json"])
    live = json.loads(capsys.readouterr().out)
    assert run(["snapshot", "save", "s.json.gz", "--demo"]) == 0
    assert Path("s.json.gz").stat().st_mode & 0o777 == 0o600
    assert run(["doctor", "--from", "s.json.gz", "-o", "json"]) == 1
    saved = json.loads(capsys.readouterr().out)
    assert saved["findings"] == live["findings"]
    assert saved["advice"] == live["advice"]
    assert saved["as_of"] == live["as_of"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["doctor", "--demo"], 0),
        (["doctor", "--demo", "--fail-on", "high"], 1),
        (["doctor", "--demo", "--fail-on", "never"], 0),
        (["doctor", "--demo", "--from", "x"], 2),
        (["doctor", "--from", "missing.json"], 2),
        (["doctor", "--demo", "--now", "yesterday"], 2),
        (["doctor", "--demo", "--deadline", "soon"], 2),
        (["rbac"], 0),
        (["rbac", "--namespace", "team-a", "-o", "json"], 0),
        (["rbac", "--namespace", "a\nb"], 2),
        (["config", "print"], 0),
        (["schema"], 0),
        ([], 0),
        (["--help"], 0),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    assert run(arguments) == code


def test_too_little_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"apiVersion": "v1", "kind": "NodeList", "items": []}')
    assert run(["doctor", "--from", "none.json"]) == 3


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["doctr"], "did you mean `gpuctl doctor`?"),
        (["doctor", "--contxt", "x"], "did you mean --context?"),
        (["doctor", "--demo", "-o", "jsn"], "did you mean json?"),
        (["doctor", "--demo", "--fail-on", "hihg"], "did you mean high?"),
        (["doctor", "--demo", "--only", "gpu-node-not-redy"], "did you mean gpu-node-not-ready?"),
        (["doctor", "--demo", "h100-0144"], "did you mean h100-014?"),
        (["snapshot", "sav"], "did you mean `gpuctl snapshot save`?"),
        (["schema", "reprt"], "did you mean report?"),
        (["--verison"], "did you mean `gpuctl --version`?"),
    ],
)
def test_mistakes_get_the_nearest_right_word(arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error[usage]: ")
    assert f"hint: {hint}" in said.err


@pytest.mark.parametrize("mistake", [["--only", "gpu-node-not-redy"], ["--skip", "x"], ["-l", "a in (b"]])
def test_mistakes_are_told_before_anything_is_read(mistake: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuctl.pipeline.collect", lambda _: pytest.fail("it was read"))
    assert run(["doctor", "--demo", *mistake]) == 2


def test_ctrl_c_while_a_file_is_shown_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def pressed(_: object) -> None:
        raise console.Interrupted

    monkeypatch.setattr("gpuctl.pipeline.collect", pressed)
    for style in ("table", "json"):
        assert run(["snapshot", "show", "--demo", "-o", style]) == 130
        assert "interrupted" in capsys.readouterr().out


def test_a_last_look_that_fails_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        raise ValueError("too little is known")

    assert within_grace(broken, lambda: "sketch") == "sketch"
    assert capsys.readouterr().err == ""


def test_as_a_plugin_of_kubectl_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--help"], "/usr/local/bin/kubectl-gpuctl")
    assert "kubectl gpuctl doctor" in capsys.readouterr().out
    run([], "/usr/local/bin/kubectl-gpuctl")
    assert "Usage: kubectl gpuctl " in capsys.readouterr().out


def test_every_flag_has_a_sentence() -> None:
    for line in completions.lines():
        for flag in line.flags:
            assert len(flag.text.split()) >= 3, (line.path, flag)


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "gpu-node-not-ready"]) == 0
    page = capsys.readouterr().out
    assert "How to fix" in page
    assert run(["explain", "gpu-node-not-ready-0123456789ab"]) == 0
    assert capsys.readouterr().out == page
    assert run(["explain", "gpu-node-not-redy"]) == 2
    assert "did you mean `gpuctl explain gpu-node-not-ready`?" in capsys.readouterr().err


def test_the_list_of_audits_agrees_with_the_audits(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audits", "-o", "json"]) == 0
    listed = {row["code"]: row for row in json.loads(capsys.readouterr().out)["audits"]}
    assert list(listed) == [audit.code for audit in runner.audits()]
    for audit in runner.audits():
        row = listed[audit.code]
        assert row["family"] == audit.family
        assert set(row["severity"]) <= set(Severity)
        assert all((row["severity"], row["subject"], row["needs"], row["summary"]))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"Usage: gpuctl {name}" in capsys.readouterr().out


def test_completions_have_not_drifted() -> None:
    commands = completions.lines()
    for name, made in completions.FILES.items():
        assert (ROOT / "completions" / name).read_text("utf-8") == made(commands), f"`make completions` writes {name} anew"


def test_kubectl_completes_the_plugin() -> None:
    program = ROOT / "completions" / "kubectl_complete-gpuctl"
    assert os.access(program, os.X_OK)

    def completed(*words: str) -> list[str]:
        return subprocess.run([str(program), *words], capture_output=True, text=True, check=True).stdout.splitlines()

    assert completed("sna") == ["snapshot", ":4"]
    assert completed("snapshot", "") == ["save", "show", "redact", "unredact", ":4"]
    assert completed("doctor", "--output", "j") == ["json", ":4"]
    assert completed("doctor", "--only-no-such") == [":4"]
    assert "--kubeconfig" in completed("doctor", "--")


def test_the_configuration_tells_where_each_number_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gpuctl.toml").write_text("[thresholds]\nyoung_node_seconds = 900\n")
    assert run(["config", "print", "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    thresholds = {name: row for name, row in shown.items() if name.startswith("thresholds.")}
    assert len(thresholds) > 20
    assert all(
        row["source"] and row["unit"] and row["date"] and row["basis"] in {"cited", "estimate", "yours"} for row in thresholds.values()
    )
    assert thresholds["thresholds.young_node_seconds"]["basis"] == "yours"
    assert thresholds["thresholds.young_node_seconds"]["origin"].endswith("gpuctl.toml")
    assert run(["config", "print"]) == 0
    text = capsys.readouterr().out
    assert "estimate" in text
    assert all(row["source"] in text for row in thresholds.values())


def test_only_nodes_that_were_named(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--demo", "h100-[014,016]", "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["findings"]
    assert all({"h100-014", "h100-016"} & {*finding["nodes"], finding["subject"]["node"]} for finding in document["findings"])
    assert document["summary"]["nodes"] > 2


def test_a_baseline_hides_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--demo", "-o", "json"])
    Path("old.json").write_text(capsys.readouterr().out)
    assert run(["doctor", "--demo", "--fail-on", "info", "--baseline", "old.json", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["summary"]["found"] == 0
    assert {item["finding"] for item in document["waived"]} == {finding["id"] for finding in document["findings"]}


def test_an_internal_error_is_short_and_exit_4(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("\x1b[31mbroken")

    monkeypatch.setattr("gpuctl.pipeline.collect", broken)
    assert run(["doctor", "--demo"]) == 4
    said = capsys.readouterr().err
    assert "error[internal]: RuntimeError: \\x1b[31mbroken" in said
    assert "Traceback" not in said
    assert run(["doctor", "--demo", "-vv"]) == 4
    assert "Traceback" in capsys.readouterr().err


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "arguments", [None, ["audits", "-o", "json"], ["explain", "gpu-node-not-ready"], ["--help"], ["doctor", "--help"], ["rbac", "--help"]]
)
def test_nothing_heavy_is_loaded(arguments: list[str] | None) -> None:
    call = "import gpuctl.cli.main" if arguments is None else f"from gpuctl.cli.main import run; assert run({arguments}) == 0"
    said = _python(f"import sys\n{call}\nprint('LOADED', *{{name.split('.')[0] for name in sys.modules}})")
    loaded = set(said.split("LOADED")[1].split())
    assert loaded & HEAVY == set()
    assert "click" not in loaded


def test_the_version_loads_nothing() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--version']; before = set(sys.modules)\n"
        "from gpuctl.__main__ import main; main(); print(*set(sys.modules) - before)"
    )
    first, second = _python(code).splitlines()
    assert re.fullmatch(r"gpuctl \d+\.\d+\.\d+", first)
    assert set(second.split()) == {"gpuctl", "gpuctl.__main__"}


def test_a_closed_pipe_is_no_error() -> None:
    command = f"'{sys.executable}' -m gpuctl doctor --demo -o json | head -c 10"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if not line.startswith("judging, ")] == []  # progress, on a busy machine
    assert done.returncode == 0


def test_a_pipe_that_closes_while_a_command_writes_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", buffering=1) as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        monkeypatch.setattr(sys, "stderr", sys.stderr)  # typer wraps both
        assert run(["doctor", "--demo", "-o", "json"]) == 0


def test_ctrl_c_ends_within_a_second_with_what_is_known() -> None:
    code = (
        "import sys, time, gpuctl.pipeline\n"
        "def stuck(request):\n    print('started', file=sys.stderr, flush=True); time.sleep(60)\n"
        "gpuctl.pipeline.collect = stuck\n"
        "from gpuctl.cli.main import run\n"
        "sys.exit(run(['doctor', '--context', 'prod']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == "started\n"
    time.sleep(0.2)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=50)
    assert process.returncode == 130
    assert "Interrupted" in out
    assert "prod failed: interrupted" in out
    assert time.monotonic() - start < room(2)


def test_work_that_hands_over_in_time_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    original = threading.Event.wait
    pressed = []

    def wait(event: threading.Event, timeout: float | None = None) -> bool:
        if not pressed and timeout == 0.2:
            pressed.append(True)
            raise KeyboardInterrupt
        return original(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", wait)
    monkeypatch.setattr(console, "GRACE_SECONDS", 60)
    assert console.interruptible(lambda: original(stop, 60) and "what is known", stop) == "what is known"


def test_ctrl_c_while_judging_tells_what_was_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gpuctl.audits.runner.run", pressed)
    assert run(["doctor", "--demo"]) == 130
    text = capsys.readouterr().out
    assert "43 nodes" in text
    assert "interrupted before anything was judged" in text


def test_progress_comes_with_counts_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    log = io.StringIO()
    progress = console.Progress("reading", log)
    progress("pods", 10)
    assert log.getvalue() == ""
    now[0] += 1.5
    progress("pods", 5000)
    progress("pods", 6000)
    assert log.getvalue() == "reading, 2 s: pods 5000\n"


class _Terminal:
    def __init__(self, tty: bool) -> None:
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


@pytest.mark.parametrize(
    ("tty", "environment", "color"),
    [
        (True, {"TERM": "xterm"}, True),
        (False, {"TERM": "xterm"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (False, {"FORCE_COLOR": "0"}, False),
    ],
)
def test_colour_rules(tty: bool, environment: dict[str, str], color: bool) -> None:
    assert console.wants_color(_Terminal(tty), environment) is color  # type: ignore[arg-type]


def test_typer_below_0_29() -> None:
    assert tuple(map(int, typer.__version__.split(".")[:2])) < (0, 29)


def test_labels_select_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    label = "nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3"
    run(["doctor", "--demo", "-l", label, "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    nodes = {name for finding in document["findings"] for name in finding["nodes"]}
    assert any(name.startswith("h100-") for name in nodes)
    run(["doctor", "--demo", "-l", f"{label.replace('=', '!=')}", "-o", "json"])
    others = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["id"] for finding in others}.isdisjoint(
        finding["id"] for finding in document["findings"] if all(name.startswith("h100-") for name in finding["nodes"]) and finding["nodes"]
    )
    assert run(["doctor", "--demo", "-l", "no-such=label"]) == 2
    assert run(["doctor", "--demo", "-l", "a in (b"]) == 2
