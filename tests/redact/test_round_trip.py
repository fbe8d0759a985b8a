"""Redacting, judging and translating back through the command line gives what judging the plain snapshot gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gpuctl import snapshot_file
from gpuctl.cli.main import run
from gpuctl.model import codec
from gpuctl.model.compressed import gunzip
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.model.workloads import Pod
from gpuctl.redact import RedactionMap, redact
from tests.redact.fleets import fleet_of, snapshot_of

_ID = re.compile(r"\b[a-z-]+-[0-9a-f]{12}\b")
"""Ids of findings follow from names, so they are others under aliases."""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) in {0, 1}
    return capsys.readouterr().out


@pytest.mark.parametrize("seed", [0, 1, 9])
def test_doctor_of_a_redacted_snapshot_translated_back(seed: int, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot_file.save(snapshot_of(fleet_of(seed)), "plain.gz")
    said(capsys, "snapshot", "redact", "plain.gz", "redacted.gz", "--map", "map.json")
    assert {(files / name).stat().st_mode & 0o777 for name in ("redacted.gz", "map.json")} == {0o600}
    assert b"acme" not in gunzip((files / "redacted.gz").read_bytes()).lower()

    def words(text: str) -> str:
        text = " ".join(_ID.sub("ID", text).replace("redacted.gz", "plain.gz").replace(",", " ").split())
        return re.sub(r"AcmeBroken[^;(]*|FailedMount: [^;(]*|MountVolume[^;(]*", "FREE ", text)

    plain, redacted = (said(capsys, "doctor", "-v", "--from", name) for name in ("plain.gz", "redacted.gz"))
    Path("advice.txt").write_text(redacted)
    assert "acme" not in redacted.lower()
    assert words(said(capsys, "snapshot", "unredact", "--map", "map.json", "advice.txt")) == words(plain)

    plain, redacted = (said(capsys, "doctor", "-o", "json", "--from", name) for name in ("plain.gz", "redacted.gz"))
    Path("advice.json").write_text(redacted)
    back = json.loads(said(capsys, "snapshot", "unredact", "--map", "map.json", "advice.json"))
    before = json.loads(plain)
    assert [item["title"] for item in back["advice"]] == [item["title"] for item in before["advice"]]
    assert [item["steps"] for item in back["advice"]] == [item["steps"] for item in before["advice"]]
    assert sorted(map(str, (item["subject"] for item in back["findings"]))) == sorted(
        map(str, (item["subject"] for item in before["findings"]))
    )


def test_no_alias_is_a_name_of_the_cluster() -> None:
    names = [f"node-{number:04}" for number in range(1, 31)] + ["node-x0007", "pod-00001", "acme"]
    snapshot = Snapshot(
        nodes=tuple(Node(name=name, cluster="cluster-01") for name in names), pods=(Pod(name="pod-00001", namespace="namespace-01"),)
    )
    redacted, aliases = redact(snapshot)
    originals = {*names, "cluster-01", "namespace-01"}
    assert not set(aliases.originals) & originals
    assert set(aliases.originals.values()) == originals
    assert [aliases.restore(node.name or "") for node in redacted.nodes or ()] == names


def test_folded_sets_are_translated() -> None:
    aliases = RedactionMap(originals={f"node-{number:04}": f"zeus{number + 8}" for number in range(1, 5)})
    assert aliases.restore("drain 4 nodes: node-[0001-0003]") == "drain 4 nodes: zeus[9-11]"
    assert aliases.restore("node-[0001,0004], rack[1-2]") == "zeus[9,12], rack[1-2]"
    assert aliases.restore("huge[0-99999999999]") == "huge[0-99999999999]"


@pytest.mark.parametrize("hostile", ["a'; rm -rf /; '", "a\nb", "a\x1b[31m", "a\u202eb"])
def test_names_that_act_stay_aliases(hostile: str) -> None:
    aliases = RedactionMap(originals={"node-0001": hostile, "node-0002": 'say "x"'})
    assert aliases.restore("kubectl uncordon 'node-0001'") == "kubectl uncordon 'node-0001'"
    assert json.loads(aliases.restore('{"name": "node-0002"}')) == {"name": 'say "x"'}


def test_map_of_a_composed_name() -> None:
    snapshot = Snapshot(nodes=(Node(name="n", labels={"nvidia.com/gpu.product": "NVIDIA-Acme-X-MIG-1g.5gb"}),))
    redacted, aliases = redact(snapshot)
    shown = (redacted.nodes or ())[0].labels["nvidia.com/gpu.product"]
    assert shown.endswith("-MIG-1g.5gb")
    assert aliases.restore(shown) == "NVIDIA-Acme-X-MIG-1g.5gb"
    assert b"Acme" not in gunzip(codec.encode(redacted))
