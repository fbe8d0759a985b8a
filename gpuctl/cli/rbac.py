"""`gpuctl rbac`: the rights that reading a cluster needs."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer

from gpuctl.cli.options import command_group, write
from gpuctl.errors import UsageError

app = command_group("Print the RBAC rules that reading a cluster needs.")

_ABOUT = """\
# What gpuctl may do with this role, and all that it ever asks for: get and list.
# get and list on pods, workloads and quotas show their specifications, environment values included; gpuctl keeps none of those
# but literal NVIDIA_*, NV_*, CUDA_*, LD_LIBRARY_PATH and TORCH_CUDA_ARCH_LIST.
# No right on Secrets, no write, no exec, no proxy, no watch.
"""


@app.command()
def rbac(
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Print a Role for this namespace instead of a ClusterRole.")
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the role.")] = "gpuctl-reader",
    output: Annotated[Literal["yaml", "json"], typer.Option("--output", "-o", help="Style of the output.")] = "yaml",
) -> int:
    """Print a ClusterRole (or, with --namespace, a Role) to review and to apply with kubectl. Bind it to whoever runs gpuctl."""
    from gpuctl.pipeline import rbac_rules  # noqa: PLC0415

    for flag, text in (("--namespace", namespace), ("--name", name)):
        if text is not None and (not text or not text.replace("-", "").replace(".", "").isalnum() or not text.isascii()):
            raise UsageError(f"{flag} {text!r} is not a name that Kubernetes accepts", "use lower-case letters, digits and dashes")
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    role: dict[str, Any] = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole" if namespace is None else "Role",
        "metadata": metadata,
        "rules": rbac_rules(namespace),
    }
    write(json.dumps(role, indent=2) + "\n" if output == "json" else _ABOUT + _yaml(role))
    return 0


def _yaml(role: dict[str, Any]) -> str:
    """The role as YAML; every text in double quotes, which JSON and YAML share."""
    lines = [f"apiVersion: {role['apiVersion']}", f"kind: {role['kind']}", "metadata:"]
    lines += [f"  {key}: {json.dumps(value)}" for key, value in role["metadata"].items()]
    lines.append("rules:")
    for rule in role["rules"]:
        lines += [f"{'- ' if place == 0 else '  '}{key}: {json.dumps(value)}" for place, (key, value) in enumerate(rule.items())]
    return "\n".join(lines) + "\n"
