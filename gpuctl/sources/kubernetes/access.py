"""Who asks which cluster: kubeconfig, context, credentials, TLS and proxy, all by the official client."""

from __future__ import annotations

import difflib
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import urllib3
import yaml
from kubernetes import config as _config
from kubernetes.client.configuration import Configuration
from kubernetes.client.rest import RESTClientObject
from kubernetes.config import kube_config as _kube_config

from gpuctl import __version__
from gpuctl.errors import SourceError, UsageError
from gpuctl.sources.kubernetes.options import Options

# The client ships py.typed without annotations in these modules.
_client: Any = _config
_loading: Any = _kube_config
_ConfigException: type[Exception] = _client.ConfigException

_IN_CLUSTER_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
CONNECTIONS = 4
"""Requests in flight at most: a polite client leaves the API server to those who work with it."""


class Access:
    """A way into one cluster. `server` is its URL, `user` the name that the kubeconfig gives the credentials."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self.generation = 0
        """Counts loads of the credentials, so that several threads that meet the same 401 reload them once."""
        self.context = ""
        self.namespace = "default"
        self.user = ""
        self._impersonation: list[tuple[str, str]] = []
        self._load()

    def _load(self) -> None:
        paths = _paths(self._options)
        configuration = Configuration()
        configuration.connection_pool_maxsize = CONNECTIONS
        if paths is None:
            self._load_in_cluster(configuration)
        else:
            self._load_kubeconfig(configuration, paths)
        self._configuration = configuration
        self.server: str = configuration.host
        try:
            self.pool: urllib3.PoolManager = RESTClientObject(configuration).pool_manager
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            raise SourceError(f"context {self.context}: {error}", "check certificates, key and proxy-url of this context") from error

    def _load_in_cluster(self, configuration: Configuration) -> None:
        try:
            _client.load_incluster_config(configuration)
        except (_ConfigException, OSError) as error:
            raise SourceError(f"in-cluster credentials: {error}", "mount the service account's token or give --kubeconfig") from error
        self.context, self.user = "in-cluster", "service account"
        if _IN_CLUSTER_NAMESPACE.is_file():
            self.namespace = _IN_CLUSTER_NAMESPACE.read_text(encoding="utf-8").strip() or "default"
        self._impersonation = _impersonation(self._options, {})

    def _load_kubeconfig(self, configuration: Configuration, paths: str) -> None:
        merger = _merge(paths)
        self.context = _context_name(merger.config.value, self._options.context, paths)
        try:
            loader = _loading.KubeConfigLoader(config_dict=merger.config, active_context=self.context, config_base_path=None)
        except _ConfigException as error:
            raise SourceError(f"context {self.context}: {error}", f"mend it in {paths}") from error
        context = loader.current_context["context"]
        self.namespace = context.get("namespace") or "default"
        self.user = context.get("user") or "nobody"
        if context.get("user") and all(entry.value.get("name") != self.user for entry in merger.config.value["users"]):
            raise SourceError(
                f"context {self.context}: its user {self.user} is not in {paths}", "log in again, or choose another --context"
            )
        user = _named(merger.config.value, "users", self.user)
        if "oidc" in str(user.get("auth-provider")):
            # A refreshed login is written back, as kubectl does: the old refresh token may be void from then on.
            loader = _loading.KubeConfigLoader(
                config_dict=merger.config, active_context=self.context, config_base_path=None, config_persister=merger.save_changes
            )
        try:
            with _logged_errors() as said:
                loader.load_and_set(configuration)
        except (_ConfigException, OSError, ValueError) as error:
            raise SourceError(f"context {self.context}: {error}", f"mend user or cluster of this context in {paths}") from error
        if "exec" in user and not (configuration.api_key or configuration.cert_file):
            command = user["exec"].get("command", "?") if isinstance(user["exec"], dict) else "?"
            raise SourceError(
                f"the credential plug-in {command} of user {self.user} gave no credentials: {'; '.join(said) or 'no reason given'}",
                f"run it by hand, install it or log in again; `kubectl --context {self.context} get nodes` shows the same failure",
            )
        self._impersonation = _impersonation(self._options, user)

    def headers(self, accept: str) -> urllib3.HTTPHeaderDict:
        """Headers of one request; a token that is about to expire is refreshed by the client's own hook."""
        found = urllib3.HTTPHeaderDict({"Accept": accept, "User-Agent": f"gpuctl/{__version__}"})
        token = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if token:
            found["Authorization"] = token
        for name, value in self._impersonation:
            found.add(name, value)
        return found

    def reload(self, generation: int) -> bool:
        """Load the credentials anew unless another thread has done so since `generation`; False when that failed."""
        with self._lock:
            if self.generation == generation:
                try:
                    self._load()
                except SourceError:
                    return False
                self.generation += 1
            return True

    def describe(self) -> str:
        """`context prod, server https://..., user admin`: said before anything is asked."""
        acting = next((f" acting as {value}" for name, value in self._impersonation if name == "Impersonate-User"), "")
        return f"context {self.context}, server {self.server}, user {self.user}{acting}"


def _paths(options: Options) -> str | None:
    """The kubeconfig files as kubectl finds them, joined by the path separator; None: only in-cluster credentials are there."""
    if options.kubeconfig is not None:
        if Path(options.kubeconfig).expanduser().is_dir():
            raise SourceError(f"kubeconfig {options.kubeconfig} is a folder", "give the path of the file in it")
        if not Path(options.kubeconfig).expanduser().is_file():
            raise SourceError(f"no kubeconfig at {options.kubeconfig}", "give the path of an existing file with --kubeconfig")
        return options.kubeconfig
    named = os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())
    if any(Path(part).expanduser().is_file() for part in named.split(os.pathsep) if part):
        return named
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return None
    raise SourceError(
        f"no kubeconfig: {named} does not exist",
        "give --kubeconfig FILE, set KUBECONFIG, or read a file instead with --from; `gpuctl doctor --demo` needs no cluster",
    )


def _merge(paths: str) -> Any:
    try:
        merger = _loading.KubeConfigMerger(paths)
    except OSError as error:
        raise SourceError(f"kubeconfig {error.filename or paths} cannot be read: {error.strerror}", "check its owner and mode") from error
    except (yaml.YAMLError, _ConfigException, AttributeError, TypeError, KeyError, ValueError, RecursionError) as error:
        shapeless = isinstance(error, AttributeError | TypeError | KeyError)
        why = "clusters, users and contexts are not there in the form of a kubeconfig" if shapeless else " ".join(str(error).split())[:200]
        raise SourceError(f"kubeconfig {paths} is not valid: {why}", "`kubectl config view` shows how kubectl reads it") from error
    if merger.config is None:
        raise SourceError(f"kubeconfig {paths} is empty", "give another file with --kubeconfig")
    return merger


def _context_name(config: Mapping[str, Any], asked: str | None, paths: str) -> str:
    names = [str(entry.value.get("name")) for entry in config["contexts"]]
    name = asked or config.get("current-context")
    known = ", ".join(names[:10]) or "none"
    if not name:
        raise SourceError(f"kubeconfig {paths} has no current context", f"choose one with --context; there are: {known}")
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {known}"
        raise SourceError(f"no context {name} in {paths}", hint)
    return str(name)


def _named(config: Mapping[str, Any], part: str, name: str) -> dict[str, Any]:
    """The `user` entry of a merged kubeconfig; empty when there is none."""
    for entry in config[part]:
        if entry.value.get("name") == name:
            found = entry.value.get(part.removesuffix("s"))
            return found if isinstance(found, dict) else {}
    return {}


def _impersonation(options: Options, user: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Headers of impersonation: each flag goes before the kubeconfig's field, as with kubectl."""
    name = options.impersonate_user or user.get("as")
    groups = options.impersonate_groups or user.get("as-groups") or ()
    uid = options.impersonate_uid or user.get("as-uid")
    extra = user.get("as-user-extra") or {}
    if not name:
        if groups or uid or extra:
            raise UsageError("a group, uid or extra field is to be impersonated without a user", "give --as USER too")
        return []
    found = [("Impersonate-User", str(name)), *(("Impersonate-Group", str(group)) for group in groups)]
    if uid:
        found.append(("Impersonate-Uid", str(uid)))
    for key, values in extra.items():
        found.extend((f"Impersonate-Extra-{quote(str(key).lower(), safe='')}", str(value)) for value in values)
    return found


@contextmanager
def _logged_errors() -> Iterator[list[str]]:
    """What the client logs: it swallows the errors of credential plug-ins, logs them and goes on as nobody."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(" ".join(record.getMessage().split())[:300])

    handler, root = Keep(), logging.getLogger()
    root.addHandler(handler)
    try:
        yield said
    finally:
        root.removeHandler(handler)
