"""CPU pods on GPU nodes that no taint keeps free."""

from __future__ import annotations

from collections import Counter

from gpuctl.facts.cpu_pods import CpuPods
from gpuctl.facts.demand import pod_gpus
from gpuctl.facts.subjects import Pool
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Evidence, Finding, Severity
from gpuctl.knowledge.accelerators import accelerators
from gpuctl.units import plural, significant


def audit(pool: Pool, cpu_pods: CpuPods, view: View) -> Finding | None:
    """Medium where the CPU or memory of these pods keeps a waiting GPU pod out, else low; a cluster without other nodes has no
    better place for them."""
    if not cpu_pods.pods or not cpu_pods.elsewhere:
        return None
    kept_out = cpu_pods.kept_out
    owners = Counter(f"{pod.namespace}/{pod.owner.name if pod.owner is not None else pod.name}" for pod in cpu_pods.pods)
    most = ", ".join(f"{name} ({number})" for name, number in sorted(owners.items(), key=lambda item: (-item[1], item[0]))[:5])
    resource = next((name for node in pool.nodes for name in sorted(accelerators(node.capacity or {}))), "nvidia.com/gpu")
    names = ", ".join(cpu_pods.nodes)
    message = f"{plural(len(cpu_pods.pods), 'CPU pod')} on {plural(len(cpu_pods.nodes), 'untainted GPU node')}"
    if kept_out:
        message += f" keep out {plural(len(kept_out), 'waiting GPU pod')}"
    return Finding(
        subject=pool.subject,
        severity=Severity.MEDIUM if kept_out else Severity.LOW,
        message=f"{message}: {names}",
        evidence=(
            Evidence(
                observed=f"no NoSchedule or NoExecute taint; {significant(cpu_pods.cpu)} cores held by {most}",
                expected=f"a taint that GPU pods tolerate, such as {resource}=present:NoSchedule, and CPU pods on other nodes",
                how="taints of the Nodes, requests and owners of the Pods on them",
            ),
        ),
        gpus=sum(pod_gpus(pod, view) for pod in kept_out),
        demand=bool(kept_out),
        hygiene=not kept_out,
        nodes=cpu_pods.nodes,
        actions=(Action(kind=ActionKind.TAINT_NODES, target=pool.subject, args={"taint": f"{resource}=present:NoSchedule"}),),
    )
