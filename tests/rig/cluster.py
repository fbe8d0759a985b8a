"""A real control plane on loopback: etcd, kube-apiserver with RBAC and audit log, and on demand scheduler, controllers and KWOK.

Each program is a child of this process, ended by its own process id. Everything stands in one temporary folder.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.rig.build import binaries
from tests.rig.crds import definitions
from tests.rig.keys import FOLDERS, key_of

SPARE_USERS = 40
_READY_SECONDS = 60
_LOOKS, _LOOK_SECONDS = 4, 0.25
_KINDS_THAT_ARE_NEVER_CLEARED = frozenset({"Namespace", "PriorityClass"})
_SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")

AUDIT_POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: None, users: ["system:apiserver"]}, {level: Metadata}]
"""
SCHEDULER = """apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {{kubeconfig: {kubeconfig}, qps: 1000, burst: 2000}}
leaderElection: {{leaderElect: false}}
"""


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class StartFailed(Exception):
    """A program did not come up; the text holds the end of its log."""


class RequestRefused(OSError):
    """The API server answered with an error."""


class ControlPlane:
    """etcd and kube-apiserver, ready to be filled. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = binaries()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[str, list[str]]] = {}
        self._etcd_port, self._peer_port, self.port = _free_ports(3)
        self._users = 0
        self._resources: dict[tuple[str, str], tuple[str, bool]] = {}
        self._custom: list[str] = []
        self._context: ssl.SSLContext | None = None

    def __enter__(self) -> ControlPlane:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- programs -----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start etcd and the API server, and wait until it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_configuration()
        for _ in range(_LOOKS):
            try:
                return self._start_servers()
            except StartFailed as failure:
                if "address already in use" not in str(failure):
                    raise
                self.stop()  # another program took a port between our choice and its use
                self._etcd_port, self._peer_port, self.port = _free_ports(3)
        raise StartFailed(f"no free ports in {_LOOKS} attempts")

    def _start_servers(self) -> None:
        etcd, peer, here = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}", self.folder
        self._launch("etcd", "server", [
            f"--data-dir={here}/etcd", "--unsafe-no-fsync", "--quota-backend-bytes=8589934592", "--log-level=error",
            f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}", f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
        ])  # fmt: skip
        self._launch("kube-apiserver", "kube-apiserver", [
            f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", f"--secure-port={self.port}", f"--cert-dir={here}/pki",
            "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.0.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={here}/sa.key",
            f"--service-account-signing-key-file={here}/sa.key", "--authorization-mode=RBAC", f"--token-auth-file={here}/tokens.csv",
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition,Priority", f"--audit-policy-file={here}/audit.yaml",
            f"--audit-log-path={here}/audit.log", "--kubelet-preferred-address-types=InternalIP",
        ])  # fmt: skip
        self._wait_ready()

    def start_scheduling(self) -> None:
        """Start scheduler, controller-manager and KWOK: pods get bound and run, Jobs make pods."""
        admin, here = self.kubeconfig("admin"), self.folder
        (here / "scheduler.yaml").write_text(SCHEDULER.format(kubeconfig=admin))
        self._launch("kube-scheduler", "kube-scheduler", [f"--config={here}/scheduler.yaml", "--secure-port=0"])
        self._launch("kube-controller-manager", "kube-controller-manager", [
            f"--kubeconfig={admin}", "--secure-port=0", "--leader-elect=false", f"--service-account-private-key-file={here}/sa.key",
            "--kube-api-qps=1000", "--kube-api-burst=2000", "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller",
        ])  # fmt: skip
        stages = self.bin / "stage"
        files = [
            stages / "node/fast/node-initialize.yaml",
            stages / "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
            *sorted((stages / "pod/fast").glob("pod-*.yaml")),
        ]
        arguments = [f"--config={path}" for path in files]
        self._launch("kwok", "kwok", [f"--kubeconfig={admin}", *arguments, "--manage-all-nodes", "--node-lease-duration-seconds=40"])
        self._keep_up("kube-scheduler", "kube-controller-manager", "kwok")

    def _keep_up(self, *names: str) -> None:
        """Start again what dies at its start: KWOK does so once in some twenty starts ("concurrent map writes")."""
        for _ in range(_LOOKS):
            time.sleep(_LOOK_SECONDS)
            for name in names:
                if self._running[name].poll() is not None:
                    self._launch(name, *self._commands[name])

    def _launch(self, name: str, program: str, arguments: list[str]) -> None:
        self._commands[name] = (program, arguments)
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen([self.bin / program, *arguments], stdout=log, stderr=log, cwd=self.folder)

    def stop(self) -> None:
        """End each program by its own process id; SIGTERM would take seconds."""
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
        self._running.clear()

    def pid(self, name: str) -> int:
        """Process id of a running program, for measurements."""
        return self._running[name].pid

    def logs(self, lines: int = 15) -> str:
        """The end of each program's log."""
        paths = [path for path in sorted(self.folder.glob("*.log")) if path.name != "audit.log"]
        return "\n".join(f"== {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) for path in paths)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise StartFailed(f"{name} ended with {process.returncode}\n{self.logs()}")
            try:
                self._context = ssl.create_default_context(cafile=str(self.certificate))
                self.api("GET", "/readyz")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise StartFailed(f"the API server was not ready after {_READY_SECONDS} s\n{self.logs()}")

    def _write_configuration(self) -> None:
        # The API server takes keys in this older form only.
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        (self.folder / "sa.key").write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*form))
        users = ["admintoken,admin,1,system:masters", "readertoken,reader,2,viewers"]
        users += [f"u{i}token,u{i},{i + 10}" for i in range(SPARE_USERS)]
        (self.folder / "tokens.csv").write_text("\n".join(users) + "\n")
        (self.folder / "audit.yaml").write_text(AUDIT_POLICY)

    # -- users ----------------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Address of the API server."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path:
        """The certificate that clients verify the server by."""
        return self.folder / "pki" / "apiserver.crt"

    def kubeconfig(self, user: str, namespace: str | None = None, context: str = "rig") -> Path:
        """A kubeconfig for `admin` (all rights), `reader` (none but those of the group viewers) or u0 to u39 (none)."""
        path = self.folder / f"{user}{'-' + namespace if namespace else ''}.conf"
        in_context = {"cluster": "rig", "user": user} | ({"namespace": namespace} if namespace else {})
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "contexts": [{"name": context, "context": in_context}],
            "users": [{"name": user, "user": {"token": f"{user}token"}}],
            "clusters": [{"name": "rig", "cluster": {"server": self.url, "certificate-authority": str(self.certificate)}}],
        }
        # A program that is starting may be reading the file at this moment: it must never see half of it.
        scratch = path.with_suffix(f".{os.getpid()}.part")
        scratch.write_text(json.dumps(config))
        scratch.replace(path)
        return path

    def as_user(self, rules: list[dict[str, Any]], namespace: str | None = None) -> tuple[str, Path]:
        """A user of its own with exactly these rules (of a Role when `namespace` is given): its name and kubeconfig."""
        if self._users == SPARE_USERS:
            raise StartFailed(f"all {SPARE_USERS} users are taken; raise SPARE_USERS in tests/rig/cluster.py")
        user = f"u{self._users}"
        self._users += 1
        self.set_rules(user, rules, namespace)
        return user, self.kubeconfig(user, namespace)

    def set_rules(self, user: str, rules: list[dict[str, Any]], namespace: str | None = None) -> None:
        """Replace the rules of a user, and wait until the API server goes by them."""
        kind = "Role" if namespace else "ClusterRole"
        base = "/apis/rbac.authorization.k8s.io/v1" + (f"/namespaces/{namespace}" if namespace else "")
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": f"rig-{user}"}, "rules": rules}
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": f"{kind}Binding",
            "metadata": {"name": f"rig-{user}"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": f"rig-{user}"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        }
        plural = kind.lower() + "s"
        if self.api("GET", f"{base}/{plural}/rig-{user}", check=False) is None:
            self.api("POST", f"{base}/{plural}", role)
            self.api("POST", f"{base}/{kind.lower()}bindings", binding)
        else:
            self.api("PUT", f"{base}/{plural}/rig-{user}", role)
        time.sleep(0.3)  # the authorizer learns of it by a watch

    # -- requests -------------------------------------------------------------------------------------------------------------

    def api(self, method: str, path: str, body: Any = None, user: str = "admin", check: bool = True) -> Any:
        """One request; None when refused and `check` is off."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {user}token", "Content-Type": "application/json", "Accept": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=60) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                if check:
                    raise RequestRefused(f"{method} {path}: {refused.code} {refused.read()[:500].decode()}") from refused
            return None
        return json.loads(raw) if raw[:1] in b"{[" else raw.decode()

    def kubectl(self, *arguments: str, user: str = "admin", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl as a user."""
        environment = {"KUBECONFIG": str(self.kubeconfig(user)), "PATH": os.environ.get("PATH", ""), "HOME": str(self.folder)}
        return subprocess.run([self.bin / "kubectl", *arguments], env=environment, capture_output=True, text=True, timeout=120, check=check)

    # -- objects --------------------------------------------------------------------------------------------------------------

    def load(self, objects: Iterable[dict[str, Any]]) -> None:
        """Put a fleet into the cluster: built-in kinds straight into etcd, as old as they say; custom ones through the API."""
        listed = list(objects)
        self.seed(o for o in listed if key_of(o) is not None)
        self.apply(o for o in listed if key_of(o) is None)

    def seed(self, objects: Iterable[dict[str, Any]]) -> None:
        """Write built-in objects into etcd, with status, uid and creation time as they are."""
        self.seed_lines(f"{key_of(obj)}\t{json.dumps(obj)}\n".encode() for obj in objects)

    def seed_lines(self, lines: Iterable[bytes]) -> None:
        """Write lines of key, tab, JSON into etcd."""
        process = subprocess.Popen([self.bin / "seed", f"127.0.0.1:{self._etcd_port}"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdin is not None
        try:
            for line in lines:
                process.stdin.write(line)
        except BrokenPipeError:
            pass
        finally:
            with process:
                _, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(errors.decode())
        self._wait_served()

    def _wait_served(self) -> None:
        """The API server learns by a watch of what was written past it: wait until it counts as many nodes and pods as etcd holds."""
        deadline = time.monotonic() + _READY_SECONDS
        for folder, resource in (("minions", "nodes"), ("pods", "pods")):
            prefix = f"/registry/{folder}/"
            held = int(self.etcd("range", {"key": _b64(prefix), "range_end": _b64(prefix[:-1] + "0"), "count_only": True}).get("count", 0))
            while (served := self._count(resource)) != held:
                if time.monotonic() > deadline:
                    raise StartFailed(f"the API server serves {served} {resource}, etcd holds {held}")
                time.sleep(0.05)

    def _count(self, resource: str) -> int:
        answer = self.api("GET", f"/api/v1/{resource}?limit=1")
        return len(answer["items"]) + int(answer["metadata"].get("remainingItemCount", 0))

    def apply(self, objects: Iterable[dict[str, Any]]) -> None:
        """Create objects through the API, then set their status."""
        for obj in objects:
            path = self.path_of(obj)
            made = self.api("POST", path, obj)
            self._custom.append(f"{path}/{obj['metadata']['name']}")
            if obj.get("status"):
                self.api("PUT", f"{self._custom[-1]}/status", {**made, "status": obj["status"]})

    def path_of(self, obj: dict[str, Any]) -> str:
        """The collection of an object's kind, as the API serves it."""
        version, kind = obj["apiVersion"], obj["kind"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if (version, kind) not in self._resources:
            for row in self.api("GET", root)["resources"]:
                if "/" not in row["name"]:
                    self._resources[version, row["kind"]] = (row["name"], row["namespaced"])
        plural, namespaced = self._resources[version, kind]
        return f"{root}/namespaces/{obj['metadata']['namespace']}/{plural}" if namespaced else f"{root}/{plural}"

    def install_crds(self) -> None:
        """Define the custom kinds that gpuctl reads, and wait until they are served."""
        for definition in definitions():
            self.api("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        deadline = time.monotonic() + _READY_SECONDS
        for definition in definitions():
            spec = definition["spec"]
            for version in spec["versions"]:
                while self.api("GET", f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}", check=False) is None:
                    if time.monotonic() > deadline:
                        raise StartFailed(f"{definition['metadata']['name']} is not served")
                    time.sleep(0.05)

    def clear(self) -> None:
        """Delete all that was loaded, so that the next test starts from an empty cluster."""
        for path in reversed(self._custom):
            self.api("DELETE", path, check=False)
        self._custom.clear()
        for kind, folder in FOLDERS.items():
            if kind not in _KINDS_THAT_ARE_NEVER_CLEARED:
                self._delete_prefix(f"/registry/{folder}/")
        self._wait_empty()

    def _delete_prefix(self, prefix: str) -> None:
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        self.etcd("deleterange", {"key": _b64(prefix), "range_end": _b64(end)})

    def _wait_empty(self) -> None:
        deadline = time.monotonic() + 10
        while any(self.api("GET", f"/api/v1/{what}?limit=1&resourceVersion=0")["items"] for what in ("pods", "nodes")):
            if time.monotonic() > deadline:
                raise StartFailed("the API server still shows objects that were deleted")
            time.sleep(0.02)

    def etcd(self, call: str, body: dict[str, Any]) -> dict[str, Any]:
        """One request to etcd's JSON gateway."""
        url = f"http://127.0.0.1:{self._etcd_port}/v3/kv/{call}"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=60) as answer:
            return json.loads(answer.read())  # type: ignore[no-any-return]

    def etcd_keys(self, prefix: str = "/registry/") -> list[str]:
        """Keys under a prefix."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        answer = self.etcd("range", {"key": _b64(prefix), "range_end": _b64(end), "keys_only": True})
        return [base64.b64decode(row["key"]).decode() for row in answer.get("kvs", [])]

    # -- audit log --------------------------------------------------------------------------------------------------------------

    def audit_events(self, user: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """Requests that the API server wrote into its audit log, of one user or of all, from byte `since` on."""
        with (self.folder / "audit.log").open("rb") as log:
            log.seek(since)
            events: Iterator[dict[str, Any]] = (json.loads(line) for line in log if line.endswith(b"\n"))
            return [e for e in events if user is None or e.get("user", {}).get("username") == user]

    def audit_position(self) -> int:
        """Where the audit log ends now; give it to `audit_events` later."""
        path = self.folder / "audit.log"
        return path.stat().st_size if path.exists() else 0

    def remove(self) -> None:
        """Delete the folder, after `stop`."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
