"""Free text, reprinted from what the parsers decode of it. Nothing of the text itself is copied but known phrases."""

from __future__ import annotations

import re
from typing import Final, Protocol

from gpuctl.analysis import admission_message, quota_message, scheduler_message
from gpuctl.analysis.scheduler_message import Kind, Reason, Verdict
from gpuctl.knowledge.accelerators import is_accelerator
from gpuctl.parsers.nvidia_smi_values import REASONS


class Namer(Protocol):
    """Names as they may be shown: an alias by kind, a resource, a key of a label or taint, a value of one."""

    def alias(self, name: str, kind: str) -> str: ...
    def resource(self, name: str) -> str: ...
    def label_key(self, key: str) -> str: ...
    def label_value(self, key: str, value: str) -> str: ...


GONE: Final = "text redacted"
_SCHEDULING: Final = frozenset({"PodScheduled", "FailedScheduling", "Unschedulable", "SchedulerError", "NotTriggerScaleUp"})
_TAINT = re.compile(r"\{\s*([^:{}\s]+)\s*(?::\s*([^{}]*?)\s*)?\}")
_KNOWN: Final = frozenset(
    {
        "Too many pods",
        "node(s) didn't match Pod's node affinity/selector",
        "node(s) didn't match Pod's node affinity",
        "node(s) didn't match node selector",
        "node(s) didn't satisfy plugin(s) [NodeAffinity]",
        "node(s) were unschedulable",
        "node(s) had untolerated taint(s)",
        "node(s) had taints that the pod didn't tolerate",
        "node(s) were not ready",
        "node(s) didn't match pod topology spread constraints",
        "node(s) didn't match pod topology spread constraints (missing required label)",
        "node(s) didn't satisfy existing pods anti-affinity rules",
        "node(s) didn't match pod affinity rules",
        "node(s) didn't match pod anti-affinity rules",
        "node(s) didn't have free ports for the requested pod ports",
        "node(s) had volume node affinity conflict",
        "node(s) exceed max volume count",
        "node(s) didn't find available persistent volumes to bind",
        "pod has unbound immediate PersistentVolumeClaims",
        "cannot allocate all claims",
        "node(s) cannot allocate all claims",
        "node(s) unavailable",
        "MatchNodeSelector",
        "NodeUnschedulable",
        "NodeNotReady",
    }
)
_WORDS: Final[dict[Kind, str]] = {
    "resource": "insufficient",
    "gang": "pod group",
    "claim": "resourceclaim",
    "taint": "taint",
    "cordon": "unschedulable node",
    "not_ready": "not ready",
    "spread": "topology spread",
    "volume": "volume",
    "selector": "node selector",
    "port": "free ports",
    "gate": "scheduling gates",
    "other": "",
}
"""A word of each kind by which the parser knows it again."""
_DECODED = re.compile(
    r"\b(?:ErrorCode:\d{1,5}|GPU:\d{1,3}|Recommended Action="
    r"(?:CONTACT_SUPPORT|RESTART_VM|RESTART_BM|COMPONENT_RESET|REPLACE_VM|RUN_FIELDDIAG|NONE)|"
    r"[Ee]xit(?: status| code|Code)[ :=]{1,2}\d{1,3}|Xid \d{1,4}|XID[ :]{0,2}\d{1,4}|back-off \d{1,3}m?\d{0,2}s|"
    r"Back-off restarting failed container|"
    r"MountVolume\.SetUp failed|CrashLoopBackOff|OOMKilled|no space left on device|context deadline exceeded|i/o timeout|not found|"
    r"permission denied|unauthorized)(?![\w-])"
)
_OWN: Final = (
    *sorted(REASONS, key=len, reverse=True),
    "the API shows counts only",
    "no source that was read tells it",
    "it is not a map of quantities",
    "the containers of this pod are not given",
    "the amount is no quantity",
    "nvidia-smi found no GPU when the snapshot was taken",
    "interrupted",
    "the deadline passed",
    "the API server does not serve this",
    "not asked",
)
_RBAC = re.compile(r"RBAC refuses list of ([a-z]{1,40}) in API group (\S{1,80}) at (?:namespace (\S{1,80})|the cluster scope)")
_GROUPS: Final = frozenset(
    """
    "" apps batch policy scheduling.k8s.io coordination.k8s.io autoscaling resource.k8s.io nvidia.com nfd.k8s-sigs.io kueue.x-k8s.io
    scheduling.volcano.sh batch.volcano.sh jobset.x-k8s.io leaderworkerset.x-k8s.io scheduling.run.ai keda.sh ray.io kubeflow.org
    trainer.kubeflow.org inference.networking.k8s.io inference.networking.x-k8s.io scheduling.x-k8s.io
    """.split()  # noqa: SIM905  (as one text it can be read)
)


def rewrite(context: str, text: str, names: Namer) -> str:
    """A message by its kind: a quota's refusal, a kubelet's, a scheduler's verdict; of all others only what is decoded.

    Args:
        context: the reason or type that stands beside it.
    """
    if not text.strip():
        return text
    if "exceeded quota" in text and (quota := _quota(text, names)) is not None:
        return quota
    if admission_message.is_refusal(context):
        return _refusal(context, text, names)
    verdict = scheduler_message.parse(text)
    if context in _SCHEDULING or verdict.nodes is not None:
        return _verdict(verdict, names)
    return ", ".join([*dict.fromkeys(_DECODED.findall(text[:4096])), GONE])


def own(text: str, names: Namer) -> str:
    """A reason that gpuctl wrote: what was refused stays, names and foreign words in it go."""
    if (refused := _RBAC.match(text)) is not None:
        group = refused[2] if refused[2] in _GROUPS else names.alias(refused[2], "word")
        resource = refused[1] if group == refused[2] else names.alias(refused[1], "word")
        where = f"namespace {names.alias(refused[3], 'namespace')}" if refused[3] else "the cluster scope"
        return f"RBAC refuses list of {resource} in API group {group} at {where}"
    known = next((phrase for phrase in _OWN if text.startswith(phrase)), None)
    return (known if known == text else f"{known} ({GONE})") if known else f"reason known, {GONE}"


def _quota(text: str, names: Namer) -> str | None:
    said = quota_message.parse(text)
    if said is None:
        return None
    parts = [f"exceeded quota: {names.alias(said.quota, 'queue')}"]
    for name, amounts in (("requested", said.requested), ("used", said.used), ("limited", said.limited)):
        parts.append(f"{name}: {','.join(f'{quota_key(key, names)}={_amount(value)}' for key, value in amounts.items()) or '-'}")
    return ", ".join(parts)


def quota_key(key: str, names: Namer) -> str:
    """A ResourceQuota's key: its prefix, and the resource as it may be shown."""
    prefix = next((part for part in ("requests.", "limits.", "count/") if key.startswith(part)), "")
    return prefix + names.resource(key.removeprefix(prefix))


def _amount(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value * 1000:.0f}m"


def _refusal(reason: str, text: str, names: Namer) -> str:
    said = admission_message.parse(reason, text)
    if said is None or said.resource is None or (said.requested is None and said.resource == reason.removeprefix("OutOf")):
        return GONE
    name = names.resource(said.resource)
    if said.requested is None or said.available is None:
        return f"no healthy devices present; cannot allocate unhealthy devices {name}"
    return f"requested number of devices unavailable for {name}. Requested: {said.requested:.0f}, Available: {max(said.available, 0):.0f}"


def _verdict(verdict: Verdict, names: Namer) -> str:
    phrases = [(reason.count, _reason(reason, names)) for reason in verdict.reasons]
    if verdict.nodes is not None:
        said = ", ".join(phrase if count is None else f"{count} {phrase}" for count, phrase in phrases)
        return f"0/{verdict.nodes} nodes are available" + (f": {said}." if said else "")
    if any(count is not None for count, _ in phrases):
        return "No nodes are available that match all of the predicates: " + ", ".join(f"{phrase} ({count})" for count, phrase in phrases)
    return ", ".join(phrase for _, phrase in phrases) or GONE


def _reason(reason: Reason, names: Namer) -> str:
    """The reason in words that the parser takes for the same kind and detail. Different texts stay different."""
    text, kind = reason.text, reason.kind
    if text in _KNOWN:
        return text
    if kind == "resource":
        if text == f"Insufficient {reason.detail}":
            return f"Insufficient {names.resource(reason.detail)}"
        return " ".join(["Insufficient", *_accelerators(text, names, first=reason.detail), names.alias(text, "text")])
    taint = _TAINT.search(text)
    if taint is None or not reason.detail:
        return " ".join([_WORDS[kind], names.alias(text, "text"), *_accelerators(text, names)]).strip()
    key, value = names.label_key(taint[1]), names.label_value(taint[1], taint[2] or "")
    braced = f"{{{key}: {value}}}" if taint[2] is not None else f"{{{key}}}"
    known = text in {f"node(s) had untolerated taint {taint[0]}", f"node(s) had taint {taint[0]}, that the pod didn't tolerate"}
    return text.replace(taint[0], braced) if known else f"taint {names.alias(text, 'text')} {braced}"


def _accelerators(text: str, names: Namer, first: str = "") -> list[str]:
    """Accelerator resources that a text names, after the one that it is about."""
    words = (word.strip(".,;:()") for word in text.split())
    return [names.resource(word) for word in dict.fromkeys([first, *filter(is_accelerator, words)]) if word]
