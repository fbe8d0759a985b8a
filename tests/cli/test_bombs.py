"""Small files that would unpack to much: refused by the command line in bounded time and memory, with a message that says why."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 300 * 2**20
MOST_SECONDS = 3.0
ADDRESS_SPACE = 2 * 2**30


RUN = f"""
import re, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({ADDRESS_SPACE}, {ADDRESS_SPACE}))
from gpuctl.cli.main import run
try:
    code = run(sys.argv[1:])
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
    open("used", "w").write(f"{{time.process_time()}} {{peak}}")
sys.exit(code)
"""
pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory of a process is read from /proc")


def gzip_bomb() -> bytes:
    """4 GiB of blanks in some 20 kB: a member that unpacks to much, packed again."""
    block = gzip.compress(b" " * 2**24, 9)
    return block * 256


def nested_gzip() -> bytes:
    return gzip.compress(gzip.compress(b" " * 2**26, 1), 1)


def zstd_bomb() -> bytes:
    packer = zstandard.ZstdCompressor(level=3).compressobj()
    return b"".join([*(packer.compress(b"\x00" * 2**24) for _ in range(64)), packer.flush()])


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nodes.json", b" " * 2**26)
    return packed.getvalue()


def yaml_aliases() -> bytes:
    lines = ["apiVersion: v1", "kind: List", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join([*lines, "items: *a11"]).encode()


def yaml_depth() -> bytes:
    return b"apiVersion: v1\nkind: List\nitems: " + b"[" * 200_000


def yaml_merges() -> bytes:
    lines = ["apiVersion: v1", "kind: Node", "a0: &a0 {k0: 1, l0: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}" for n in range(1, 40)]
    return "\n".join(lines).encode()


def json_depth() -> bytes:
    return b'{"apiVersion": "v1", "kind": "Node", "metadata": ' + b'{"a":' * 1_000_000


def json_depth_closed() -> bytes:
    return b'{"apiVersion": "v1", "kind": "List", "items": [' + b"[" * 300_000 + b"]" * 300_000 + b"]}"


def snapshot_bomb() -> bytes:
    head = json.dumps({"schema": "gpuctl.snapshot/v1", "version": 1})[:-1].encode()
    return gzip.compress(head + b', "nodes": [' + b" " * 2**24, 9) + gzip.compress(b" " * 2**24, 9) * 256


def xml_laughs() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "' + f"&a{n - 1};" * 10 + '">' for n in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE nvidia_smi_log [<!ENTITY a0 "ha">{entities}]><nvidia_smi_log>&a11;</nvidia_smi_log>'.encode()


def xml_width() -> bytes:
    return b"<nvidia_smi_log>" + b"<gpu/>" * 1_000_000


BOMBS: tuple[Callable[[], bytes], ...] = (
    gzip_bomb, nested_gzip, zstd_bomb, zip_bomb, yaml_aliases, yaml_depth, yaml_merges, json_depth, json_depth_closed, snapshot_bomb,
    xml_laughs, xml_width,
)  # fmt: skip


def run(folder: Path, *arguments: str) -> tuple[int, str, float, int]:
    """Exit code, stderr, seconds of CPU and peak bytes of the command in a process of its own."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    seconds, kilobytes = (folder / "used").read_text().split()
    return done.returncode, done.stderr, float(seconds), int(kilobytes) * 1024


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_it_is_refused(bomb: Callable[[], bytes], tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(bomb())
    code, said, seconds, size = run(tmp_path, "doctor", "--from", "bomb")
    assert code == 2, said
    assert said.startswith("error[")
    assert "\nhint: " in said
    assert "bomb" in said
    assert "Traceback" not in said
    assert "MemoryError" not in said
    assert seconds < MOST_SECONDS
    assert size < MOST_BYTES


@pytest.mark.parametrize("arguments", [("snapshot", "show", "bomb"), ("snapshot", "redact", "bomb", "out")], ids=" ".join)
def test_other_commands_refuse_it_too(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(gzip_bomb())
    code, said, seconds, size = run(tmp_path, *arguments)
    assert code == 2, said
    assert said.startswith("error[")
    assert seconds < MOST_SECONDS
    assert size < MOST_BYTES


def test_settings_and_waivers_are_bounded_too(tmp_path: Path) -> None:
    """A number of a gigabyte, a tower of tables: TOML and JSON that users name are small files."""
    (tmp_path / "deep.toml").write_text("a = " + "[" * 100_000)
    (tmp_path / "deep.json").write_text('{"findings": ' + "[" * 1_000_000)
    for flag, file in (("--waivers", "deep.toml"), ("--config", "deep.toml"), ("--baseline", "deep.json")):
        code, said, seconds, size = run(tmp_path, "doctor", "--demo", flag, file)
        assert code == 2, said
        assert file in said
        assert "Traceback" not in said
        assert seconds < MOST_SECONDS
        assert size < MOST_BYTES
