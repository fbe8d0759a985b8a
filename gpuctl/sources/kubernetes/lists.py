"""One list from its first page to its last: continue tokens, restarts, the way out when the whole cluster may not be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from gpuctl.parsers.k8s_envelope import MAGIC, continue_token
from gpuctl.sources.kubernetes.client import JSON, PROTOBUF, Client, Failed, Interrupted, OutOfTime, StatusFailure
from gpuctl.sources.kubernetes.wanted import Wanted

PAGE_PROTOBUF: Final = 1500
PAGE_JSON: Final = 1000
"""Objects a page. Small pages cost the server more (each walks the rest of the list), large ones us memory: with 40,000 pods of 8 kB
in protobuf, pages of 1,000 took 7.5 s and 125 MB, of 2,000 5.1 s and 160 MB; with 20,000 pods, pages of 5,000 took 3.5 s and 234 MB,
of 2,000 2.4 s. Since pages are decoded in portions, 100,000 pods take 200 MB in pages of 1,000 (the allocator keeps what so small a page
leaves), 184 MB of 1,500 and 197 MB of 2,000, for the same CPU time of ours (kube-apiserver 1.37.2 on the same two cores, 2026-11-24)."""
_RESTARTS: Final = 2
_PROTOBUF_KINDS: Final = frozenset({"Pod", "Node"})


@dataclass(frozen=True)
class Ask:
    """One list to read. `selector` is a field selector, `labels` a label selector; `single`: stop after one object."""

    row: Wanted
    version: str
    selector: str = ""
    labels: str = ""
    namespace: str | None = None
    single: bool = False

    @property
    def path(self) -> str:
        """Of the list below the server's root."""
        root = f"/apis/{self.row.group}/{self.version}" if self.row.group else f"/api/{self.version}"
        inside = self.namespace or self.row.within
        return f"{root}/namespaces/{inside}/{self.row.resource}" if inside else f"{root}/{self.row.resource}"


@dataclass
class Outcome:
    """How reading a list ended. `reason` is None when all of it was read; `refused`: by RBAC."""

    ask: Ask
    reason: str | None = None
    refused: bool = False
    namespace: str | None = None
    repeated: bool = False
    """Objects may have been given twice, since the list had to be started over."""
    late: bool = False
    """The deadline or the user ended it."""
    serial: int = 0


@dataclass
class RawPage:
    """One page as it came. Whoever parses it takes the body out, so that it is not kept longer than needed."""

    ask: Ask
    body: bytes
    protobuf: bool


class _ListMeta(msgspec.Struct, frozen=True):
    continue_: str = msgspec.field(default="", name="continue")


class _ListHead(msgspec.Struct):
    metadata: _ListMeta = _ListMeta()


def walk(client: Client, ask: Ask, emit: Callable[[RawPage], None], fallback: str | None) -> Outcome:
    """Read a list page by page. `emit` takes each page and may block, so that no more than one waits.

    `fallback`: the namespace to read when the whole cluster may not be.
    """
    outcome = _walk(client, ask, emit)
    if outcome.refused and fallback and ask.row.namespaced and ask.namespace is None and ask.row.within is None:
        inside = _walk(client, replace(ask, namespace=fallback), emit)
        if inside.reason is None:
            return replace(inside, ask=ask, reason=f"only namespace {fallback} was read: {outcome.reason}", namespace=fallback)
    return outcome


def _walk(client: Client, ask: Ask, emit: Callable[[RawPage], None]) -> Outcome:
    outcome = Outcome(ask)
    accept = f"{PROTOBUF}, {JSON};q=0.9" if ask.row.kind in _PROTOBUF_KINDS and not ask.row.group else JSON
    token, restarts = "", 0
    while True:
        query = {
            "limit": str(1 if ask.single else PAGE_JSON if accept == JSON else PAGE_PROTOBUF),
            **({"fieldSelector": ask.selector} if ask.selector else {}),
            **({"labelSelector": ask.labels} if ask.labels else {}),
            **({"continue": token} if token else {}),
        }
        try:
            answer = client.get(ask.path, query, accept, resource=ask.row.name)
        except StatusFailure as failure:
            if failure.code == 410 and restarts < _RESTARTS:
                restarts += 1
                # The server offers a token that goes on with newer objects after the last one given; without it, all is read again.
                outcome.repeated = outcome.repeated or not failure.token
                token = failure.token
                continue
            if failure.code in {406, 415} and accept != JSON:
                accept = JSON
                continue
            outcome.refused = failure.code == 403
            outcome.reason = refusal(ask, failure.message) if outcome.refused else str(failure)
            return outcome
        except Failed as failure:
            outcome.reason = str(failure)
            outcome.late = isinstance(failure, OutOfTime | Interrupted)
            return outcome
        protobuf = answer.body.startswith(MAGIC)
        try:
            following = continue_token(answer.body) if protobuf else msgspec.json.decode(answer.body, type=_ListHead).metadata.continue_
        except (msgspec.MsgspecError, IndexError, UnicodeDecodeError) as error:
            outcome.reason = f"the answer is no list ({len(answer.body)} bytes of {answer.media_type or 'no type'}: {error})"
            return outcome
        page = RawPage(ask, answer.body, protobuf)
        del answer
        emit(page)
        token = following
        if not token or ask.single:
            return outcome


def refusal(ask: Ask, message: str) -> str:
    """The reason kept when RBAC refuses: the rule that is missing, and the command that shows the role."""
    where = f"namespace {ask.namespace or ask.row.within}" if ask.namespace or ask.row.within else "the cluster scope"
    flag = f" --namespace {ask.namespace}" if ask.namespace else ""
    return (
        f"RBAC refuses list of {ask.row.resource} in API group {ask.row.group or chr(34) * 2} at {where}: the rule apiGroups "
        f'["{ask.row.group}"], resources ["{ask.row.resource}"], verbs ["get", "list"] is missing; '
        f"`gpuctl rbac{flag}` prints the role ({message[:300]})"
    )
