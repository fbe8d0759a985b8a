"""Configuration: precedence, strictness, and what a checkout may not set."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuctl.config import FORBIDDEN_IN_PROJECT, load, parse
from gpuctl.errors import ConfigError

NAMES = ("young_node_seconds", "pending_long_seconds")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_nearer_wins(tmp_path: Path) -> None:
    system = write(tmp_path / "etc.toml", 'output = "json"\nfail_on = "low"\ncontext = "a"\n[thresholds]\nyoung_node_seconds = 1')
    write(tmp_path / "home/gpuctl/config.toml", 'fail_on = "info"\ncontext = "b"\n[thresholds]\nyoung_node_seconds = 2')
    write(tmp_path / "project/gpuctl.toml", 'fail_on = "medium"\nonly = ["x"]')
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "home"), "GPUCTL_CONTEXT": "c", "GPUCTL_SKIP": "y, z"}
    config = load(environment, tmp_path / "project", NAMES, system=system)
    got = {name: config.get(name) for name in ("output", "fail_on", "context", "only", "skip")}
    assert got == {"output": "json", "fail_on": "medium", "context": "c", "only": ["x"], "skip": ["y", "z"]}
    assert config.thresholds["young_node_seconds"].value == 2
    assert config.settings["context"].origin == "GPUCTL_CONTEXT"


@pytest.mark.parametrize("key", sorted(FORBIDDEN_IN_PROJECT))
def test_a_project_may_not_say_whom_to_ask(key: str, tmp_path: Path) -> None:
    write(tmp_path / "gpuctl.toml", f'{key} = "x"')
    with pytest.raises(ConfigError, match=f"may not set {key}"):
        load({"HOME": str(tmp_path)}, tmp_path, NAMES, system=tmp_path / "none")


def test_under_ci_a_project_file_counts_only_when_named(tmp_path: Path) -> None:
    path = write(tmp_path / "gpuctl.toml", 'fail_on = "low"')
    environment = {"HOME": str(tmp_path), "CI": "true"}
    unread = load(environment, tmp_path, NAMES, system=tmp_path / "none")
    assert unread.settings == {}
    assert "not read under CI" in unread.notes[0]
    assert load(environment, tmp_path, NAMES, str(path), tmp_path / "none").get("fail_on") == "low"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('fial_on = "low"', "unknown key 'fial_on'", "did you mean fail_on?"),
        ("[thresholds]\nyoung_nodes_seconds = 1", "unknown threshold", "did you mean young_node_seconds?"),
        ('[thresholds]\nyoung_node_seconds = "1"', "must be a number", "young_node_seconds = 600"),
        ("[thresholds]\nyoung_node_seconds = -1", "not negative", "young_node_seconds = 600"),
        ("[thresholds]\nyoung_node_seconds = nan", "must be a number", "young_node_seconds = 600"),
        ("only = 3", "only must be a list of texts", "codes of the audits to run"),
        ("only = [3]", "only must be a list of texts", "codes of the audits to run"),
        ("fail_on = [", "Invalid", "write it as TOML"),
    ],
)
def test_mistakes_are_named(text: str, message: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse(write(tmp_path / "c.toml", text), True, NAMES)
    assert hint in caught.value.hint


def test_a_mistyped_variable_is_said(tmp_path: Path) -> None:
    config = load({"HOME": str(tmp_path), "GPUCTL_CONTXT": "x"}, tmp_path, NAMES, system=tmp_path / "none")
    assert config.notes == ("GPUCTL_CONTXT is no setting of gpuctl; did you mean GPUCTL_CONTEXT?",)
    with pytest.raises(ConfigError, match="neither true nor false"):
        load({"HOME": str(tmp_path), "GPUCTL_FAIL_ON_UNKNOWN": "maybe"}, tmp_path, NAMES, system=tmp_path / "none")
