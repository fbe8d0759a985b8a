"""Reading a big cluster from a real API server: kubectl, the official client's typed models, and gpuctl, one after another.

kubectl would need 19 GB for 100,000 pods, beside the server. It and the typed client therefore read three pods in ten (by a label), and
what they spend is scaled to all of them; gpuctl always reads all.
"""

from __future__ import annotations

import os
import re
import ssl
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Generator, Iterator
from pathlib import Path

from gpuctl.parsers.k8s_envelope import continue_token
from gpuctl.pipeline import Request, collect
from tests.bench.measure import Cost, Row, interleaved, run
from tests.rig.build import binaries
from tests.rig.cluster import ControlPlane
from tests.rig.many import SAMPLE, many

_GPUCTL = str(Path(sys.executable).parent / "gpuctl")
_ANY_FINDING = frozenset({0, 1, 3})
_NODES = int(os.environ.get("GPUCTL_BENCH_NODES", "5000"))
_PODS = int(os.environ.get("GPUCTL_BENCH_PODS", "100000"))
_ROUNDS = int(os.environ.get("GPUCTL_BENCH_ROUNDS", "3"))

_READ = """
import sys
from gpuctl.pipeline import Request, collect
snapshot = collect(Request(kubeconfig=sys.argv[1], deadline_seconds=600))
assert snapshot.complete and len(snapshot.pods) >= int(sys.argv[2]), snapshot.unknown
"""
_TYPED = """
import sys
from kubernetes import client, config
config.load_kube_config(sys.argv[1])
core, token, seen = client.CoreV1Api(), None, 0
while True:
    page = core.list_pod_for_all_namespaces(limit=500, _continue=token, label_selector=sys.argv[3])
    seen += len(page.items)
    token = page.metadata._continue
    if not token:
        break
assert seen == int(sys.argv[2]), seen
"""
_OTHERS = sum(number % 10 < 3 for number in range(_PODS))
"""How many pods the other clients read."""


def _pod_bytes_of_a_run(kubeconfig: str) -> int:
    """What a run itself says that its lists of pods weighed."""
    said: list[str] = []
    collect(Request(kubeconfig=kubeconfig, deadline_seconds=600, verbose=said.append))
    return sum(int(match[1]) for line in said if (match := re.match(r"pods: .* (\d+) bytes", line)))


def _pod_bytes_of_all(plane: ControlPlane) -> int:
    """The bytes of all pods, in the same encoding and page size."""
    token, total = "", 0
    trust = ssl.create_default_context(cafile=str(plane.certificate))
    while True:
        query = urllib.parse.urlencode({"limit": 5000, "continue": token})
        request = urllib.request.Request(f"{plane.url}/api/v1/pods?{query}")
        request.add_header("Accept", "application/vnd.kubernetes.protobuf")
        request.add_header("Authorization", "Bearer admintoken")
        with urllib.request.urlopen(request, context=trust) as answer:
            body = answer.read()
        total += len(body)
        token = continue_token(body)
        if not token:
            return total


def _doctor(kubeconfig: str) -> list[str]:
    return [_GPUCTL, "doctor", "--kubeconfig", kubeconfig, "--deadline", "600", "-o", "json"]


def _scaled(cost: Cost) -> Cost:
    """What the other clients' share would cost if they had read all pods."""
    factor = _PODS / _OTHERS
    return Cost(cost.cpu_seconds * factor, cost.wall_seconds * factor, int(cost.peak_bytes * factor), cost.server_cpu_seconds * factor)


def _seconds(cost: Cost) -> str:
    server = f"server {cost.server_cpu_seconds:.1f} CPU s"
    return f"{cost.wall_seconds:.1f} s ({cost.cpu_seconds:.1f} CPU s, {cost.peak_bytes / 1e6:.0f} MB; {server})"


def _both(ours: Cost, theirs: Cost) -> str:
    return f"{_times(ours.wall_seconds, theirs.wall_seconds)} wall, {_times(ours.cpu_seconds, theirs.cpu_seconds)} CPU"


def _times(ours: float, theirs: float) -> str:
    return f"{theirs / ours:.1f}x" if ours else "-"


def rows() -> Iterator[Row]:
    """The rows about one dense cluster, then about smaller ones, then about a cluster with few GPU nodes."""
    with tempfile.TemporaryDirectory(prefix="gpuctl-bench-") as folder:
        doctor = yield from _dense(Path(folder) / "dense")
        yield from _growth(Path(folder), doctor)
        yield from _sparse(Path(folder) / "sparse")


def _dense(folder: Path) -> Generator[Row, None, Cost]:
    """Every node has GPUs. Returns what the whole of doctor cost."""
    folder.mkdir()
    saved = str(folder / "snapshot.json.gz")
    with ControlPlane(folder) as plane:
        plane.seed_lines(many(_NODES, _PODS))
        config, server = str(plane.kubeconfig("admin")), plane.pid("kube-apiserver")
        listing = [str(binaries() / "kubectl"), "--kubeconfig", config, "get", "pods", "-A", "-l", SAMPLE, "-o", "json"]
        costs = interleaved(
            _ROUNDS,
            {
                "kubectl": lambda: run(listing, None, server),
                "typed": lambda: run([sys.executable, "-c", _TYPED, config, str(_OTHERS), SAMPLE], None, server),
                "read": lambda: run([sys.executable, "-c", _READ, config, str(_PODS)], None, server),
                "doctor": lambda: run(_doctor(config), None, server, _ANY_FINDING),
                "save": lambda: run([_GPUCTL, "snapshot", "save", saved, "--kubeconfig", config, "--deadline", "600"], None, server),
                "offline": lambda: run([_GPUCTL, "doctor", "--from", saved, "-o", "json"], None, None, _ANY_FINDING),
            },
        )
    once = {name: _seconds(costs[name]) for name in ("kubectl", "typed")}
    kubectl, typed = _scaled(costs["kubectl"]), _scaled(costs["typed"])
    read, doctor, save, offline = (costs[name] for name in ("read", "doctor", "save", "offline"))
    scale = f"{_NODES} nodes, {_PODS} pods"
    said = f"`kubectl get pods -A -o json`, scaled: {_seconds(kubectl)}"
    memory = (
        f"{read.peak_bytes / 1e6:.0f} MB",
        f"kubectl, scaled: {kubectl.peak_bytes / 1e6:.0f} MB",
        _times(read.peak_bytes, kubectl.peak_bytes),
    )
    spent = f"{read.server_cpu_seconds:.1f} CPU s", f"kubectl, scaled: {kubectl.server_cpu_seconds:.1f} CPU s"
    share = f"{offline.wall_seconds / doctor.wall_seconds:.2f} of the live run"
    added = f"+{100 * (save.wall_seconds / read.wall_seconds - 1):.0f} %"
    yield Row(
        f"the others as measured, {_OTHERS} pods", "-", f"kubectl {once['kubectl']}; official client, typed {once['typed']}", "-", "-"
    )
    yield Row(f"read {scale}", _seconds(read), said, _both(read, kubectl), ">= 25x")
    yield Row(f"memory to read {scale}", *memory, ">= 100x")
    yield Row(f"read {scale}", _seconds(read), f"official client, typed, scaled: {_seconds(typed)}", _both(read, typed), ">= 25x")
    yield Row("the API server's CPU", *spent, _times(read.server_cpu_seconds, kubectl.server_cpu_seconds), "no more than kubectl")
    yield Row("whole `gpuctl doctor`", _seconds(doctor), said, _both(doctor, kubectl), ">= 18x, <= 300 MB")
    yield Row("doctor on a saved snapshot", _seconds(offline), f"live doctor {_seconds(doctor)}", share, "<= 0.6")
    yield Row("`snapshot save`", _seconds(save), f"reading alone {_seconds(read)}", added, "<= +20 %")
    return doctor


def _growth(folder: Path, doctor: Cost) -> Iterator[Row]:
    """Doctor at a quarter and a half of the size, beside the whole: what a pod more costs should not grow."""
    seen = []
    for part in (4, 2):
        sub = folder / f"growth{part}"
        sub.mkdir()
        with ControlPlane(sub) as plane:
            plane.seed_lines(many(_NODES // part, _PODS // part))
            command = _doctor(str(plane.kubeconfig("admin")))
            seen.append(interleaved(_ROUNDS, {"doctor": lambda command=command: run(command, None, None, _ANY_FINDING)})["doctor"])
    small, middle, whole = (cost.cpu_seconds for cost in (*seen, doctor))
    yield Row("growth of doctor's CPU time with size", f"1/4: {small:.2f} s, 1/2: {middle:.2f} s, all: {whole:.2f} s", "-",
              f"second half costs {(whole - middle) / (middle - small) / 2:.2f} of the proportional", "linear (about 1)")  # fmt: skip


def _sparse(folder: Path) -> Iterator[Row]:
    """100 GPU nodes among 5,000: bytes and findings of asking by node against listing all."""
    folder.mkdir()
    with ControlPlane(folder) as plane:
        plane.seed_lines(many(_NODES, _PODS, gpu_nodes=100, pending=5))
        config, server = str(plane.kubeconfig("admin")), plane.pid("kube-apiserver")
        few = _pod_bytes_of_a_run(config)
        everything = _pod_bytes_of_all(plane)
        cost = interleaved(_ROUNDS, {"doctor": lambda: run(_doctor(config), None, server, _ANY_FINDING)})
    yield Row(f"bytes of pods, 100 GPU nodes among {_NODES}", f"{few / 1e6:.1f} MB", f"full list {everything / 1e6:.1f} MB",
              f"1/{everything / few:.0f}", "<= 1/20")  # fmt: skip
    yield Row(f"doctor, 100 GPU nodes among {_NODES}", _seconds(cost["doctor"]), "-", "-", "-")
