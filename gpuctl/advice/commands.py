"""kubectl command lines, ready to paste. Syntax: https://kubernetes.io/docs/reference/kubectl/generated/ (2026-11-24)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gpuctl.advice.quoting import label_operands, operands, quote


class Kubectl:
    """Builds commands for one context; without a known context, those of the reader's current one.

    Every method raises `CannotPrint` where a name cannot be printed safely.
    """

    def __init__(self, context: str | None) -> None:
        self._start = "kubectl" if context is None else f"kubectl --context {quote(context)}"

    def _in(self, namespace: str | None) -> str:
        return self._start if namespace is None else f"{self._start} -n {quote(namespace)}"

    def drain(self, nodes: Iterable[str], *, force: bool) -> str:
        """One line for each node, so that they can be done one after the other."""
        flags = "--ignore-daemonsets --delete-emptydir-data" + (" --force" if force else "")
        return "\n".join(f"{self._start} drain {flags} {operands((node,))}" for node in nodes)

    def cordon(self, nodes: tuple[str, ...]) -> str:
        return f"{self._start} cordon {operands(nodes)}"

    def uncordon(self, nodes: tuple[str, ...]) -> str:
        return f"{self._start} uncordon {operands(nodes)}"

    def label(self, nodes: tuple[str, ...], change: str) -> str:
        return f"{self._start} label --overwrite nodes {label_operands(nodes, change)}"

    def taint(self, nodes: tuple[str, ...], change: str) -> str:
        return f"{self._start} taint nodes {label_operands(nodes, change)}"

    def describe_nodes(self, nodes: tuple[str, ...]) -> str:
        return f"{self._start} describe nodes {operands(nodes)}"

    def describe(self, resource: str, namespace: str | None, names: tuple[str, ...]) -> str:
        return f"{self._in(namespace)} describe {resource} {operands(names)}"

    def logs(self, namespace: str | None, pod: str) -> str:
        return f"{self._in(namespace)} logs --tail=100 {operands((pod,))}"

    def edit(self, resource: str, namespace: str | None, name: str) -> str:
        return f"{self._in(namespace)} edit {resource} {operands((name,))}"

    def set_quota(self, namespace: str | None, name: str, resource: str, quantity: str) -> str:
        change = json.dumps({"spec": {"hard": {resource: quantity}}})
        return f"{self._in(namespace)} patch resourcequotas --type=merge -p {quote(change)} {operands((name,))}"

    def get_yaml(self, resource: str, namespace: str | None, names: tuple[str, ...]) -> str:
        return f"{self._in(namespace)} get {resource} -o yaml {operands(names)}"

    def slices_on(self, node: str, driver: str) -> str:
        selector = quote(f"spec.nodeName={node},spec.driver={driver}")
        return f"{self._start} get resourceslices.resource.k8s.io -o yaml --field-selector {selector}"

    def delete_taint_rule(self, name: str) -> str:
        return f"{self._start} delete devicetaintrules.resource.k8s.io {operands((name,))}"

    def pods_on(self, node: str) -> str:
        return f"{self._start} get pods -A --field-selector {quote('spec.nodeName=' + node)}"

    def delete_pods(self, namespace: str | None, names: tuple[str, ...], *, force: bool = False) -> str:
        flags = "--grace-period=0 --force " if force else ""
        return f"{self._in(namespace)} delete pods {flags}{operands(names)}"

    def host_reset(self, gpus: tuple[str, ...]) -> str:
        """To be run on the node: one line for each GPU, by UUID."""
        return "\n".join(f"nvidia-smi --gpu-reset -i {quote(gpu)}" for gpu in gpus)
