"""Pages of Pods and Nodes in Kubernetes' protobuf, without generated code: only the needed fields are declared.

Parts that repeat over thousands of objects are declared as bytes and read once each. Field numbers are those of
generated.proto in k8s.io/api v0.37.2 and k8s.io/apimachinery v0.37.2; the envelope stands in `k8s_envelope.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from gpuctl.errors import InputError
from gpuctl.model.nodes import Taint
from gpuctl.model.workloads import Owner, Placement
from gpuctl.parsers.k8s_dialect import MOST_CACHED, NOTHING, Amounts, Dialect, amounts, place, readable, tolerations, with_limits
from gpuctl.parsers.k8s_envelope import MAGIC, parts, portions

# name: fields as "number name type"; * repeated; s text, b bytes, i int64, n int32, t bool, else a message.
_MESSAGES = {
    "Time": "1 seconds i,2 nanos n",
    "Quantity": "1 string s",
    "QuantityEntry": "1 key s,2 value Quantity",
    "TextEntry": "1 key s,2 value s",
    "ListMeta": "2 resource_version s,3 continue_ s,4 remaining i",
    "Owner": "1 kind s,3 name s,6 controller t",
    "Meta": "1 name s,2 generate_name s,3 namespace s,8 creation_timestamp b,9 deletion_timestamp b,10 deletion_grace_period_seconds i,"
    "11 labels *b,12 annotations *b,13 owner_references *b",
    "NodeMeta": "1 name s,2 generate_name s,3 namespace s,8 creation_timestamp b,9 deletion_timestamp b,"
    "10 deletion_grace_period_seconds i,11 labels *b,12 annotations *b,13 owner_references *b,17 managed_fields *b",
    "FieldSet": "1 raw b",
    "ManagedFields": "4 time b,7 fields FieldSet",
    "Resources": "1 limits *b,2 requests *b",
    "Container": "1 name s,2 image s,7 env *b,8 resources b,24 restart_policy s",
    "EnvVar": "1 name s,2 value s",
    "Toleration": "1 key s,2 operator s,3 value s,4 effect s",
    "Requirement": "1 key s,2 operator s,3 values *s",
    "Term": "1 match_expressions *Requirement,2 match_fields *Requirement",
    "NodeSelector": "1 node_selector_terms *Term",
    "NodeAffinity": "1 required NodeSelector",
    "Affinity": "1 node_affinity NodeAffinity",
    "Named": "1 name s",
    "SchedulingGroup": "1 pod_group_name s",
    "ClaimSource": "1 resource_claim_name s,2 resource_claim_template_name s",
    "PodClaim": "1 name s,2 source ClaimSource,3 resource_claim_name s,4 resource_claim_template_name s",
    "ClaimStatus": "1 name s,2 resource_claim_name s",
    "Waiting": "1 reason s,2 message s",
    "Running": "1 started_at b",
    "Terminated": "1 exit_code n,3 reason s,4 message s,5 started_at b,6 finished_at b",
    "State": "1 waiting Waiting,2 running Running,3 terminated Terminated",
    "ContainerStatus": "1 name s,2 state State,3 last_state State,4 ready t,5 restart_count n",
    "Condition": "1 type s,2 status s,4 last_transition_time b,5 reason s,6 message s",
    "PodCondition": "1 type s,2 status s,4 last_transition_time b,5 reason s,6 message s",
    "PodSpec": "2 containers *Container,7 node_selector *b,10 node_name s,18 affinity b,19 scheduler_name s,20 init_containers *Container,"
    "22 tolerations *b,24 priority_class_name s,25 priority n,29 runtime_class_name s,31 preemption_policy s,32 overhead *b,"
    "38 scheduling_gates *Named,39 resource_claims *PodClaim,40 resources b,43 scheduling_group SchedulingGroup",
    "PodStatus": "1 phase s,2 conditions *b,3 message s,4 reason s,7 start_time b,8 container_statuses *b,10 init_container_statuses *b,"
    "11 nominated_node_name s,15 resource_claim_statuses *ClaimStatus,18 extended_resource_claim_status ClaimStatus",
    "Pod": "1 metadata Meta,2 spec PodSpec,3 status PodStatus",
    "PodList": "1 metadata ListMeta,2 items *Pod",
    "Taint": "1 key s,2 value s,3 effect s,4 time_added b",
    "NodeSpec": "3 provider_id s,4 unschedulable t,5 taints *b",
    "SystemInfo": "1 machine_id s,2 system_uuid s,3 boot_id s,4 kernel_version s,5 os_image s,6 container_runtime_version s,"
    "7 kubelet_version s",
    "Address": "1 type s,2 address s",
    "NodeStatus": "1 capacity *b,2 allocatable *b,4 conditions *b,5 addresses *Address,7 node_info SystemInfo",
    "Node": "1 metadata NodeMeta,2 spec NodeSpec,3 status NodeStatus",
    "NodeList": "1 metadata ListMeta,2 items *Node",
    "TypeMeta": "1 api_version s,2 kind s",
    "Unknown": "1 type_meta TypeMeta,2 raw b",
}
_TYPES = {"s": 9, "b": 12, "i": 3, "n": 5, "t": 8}
_MESSAGE = 11
_ITEMS_AT_ONCE = 100
_MORE = 128
"""Bytes of a varint from here on say that another follows."""
_SECONDS_KEY, _PLAIN_TIME_BYTES, _NO_NANOSECONDS = 0x08, 6, frozenset({b"", b"\x10\x00"})
_LONGEST_KEY = 330
"""Bytes that hold the key of a map entry: 253 of the prefix, 63 of the name, and what surrounds them."""


@cache
def messages() -> dict[str, Any]:
    """Message classes by name."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: PLC0415 - costs start-up time that JSON need not pay

    file = descriptor_pb2.FileDescriptorProto(name="gpuctl_k8s.proto", package="gpuctl", syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split(","):
            number, label, kind = field.split()
            repeated, kind = kind.startswith("*"), kind.removeprefix("*")
            entry = message.field.add(name=label, number=int(number), label=3 if repeated else 1, type=_TYPES.get(kind, _MESSAGE))
            if kind not in _TYPES:
                entry.type_name = f".gpuctl.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"gpuctl.{name}")) for name in _MESSAGES}


def lists(kind: str, body: bytes) -> Iterator[Any]:
    """The list in the envelope of a response, a few items at a time: decoded as a whole, a page takes twice its size.

    Raises:
        InputError: the bytes are not such a response.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - costs start-up time that JSON need not pay

    if not body.startswith(MAGIC):
        raise InputError("this is not Kubernetes' protobuf (its first four bytes differ)", "ask for JSON instead")
    try:
        head, raw = parts(body)
        envelope = messages()["Unknown"].FromString(head)
        if envelope.type_meta.kind != f"{kind}List":
            raise InputError(
                f"a list of {kind} was asked for, the answer holds {envelope.type_meta.kind or 'no kind'}", "ask for JSON instead"
            )
        read = messages()[f"{kind}List"].FromString
        for portion in portions(raw, _ITEMS_AT_ONCE):
            yield read(portion)
    except (DecodeError, IndexError) as error:
        raise InputError(f"the protobuf of a list of {kind} is broken: {error}", "ask for JSON instead") from error


class ProtobufDialect(Dialect):
    """Slots are bytes, or repeated bytes."""

    @staticmethod
    def frozen(slot: Any) -> tuple[Any, ...]:
        return tuple(slot[:])  # of a list: twice as fast as of protobuf's own kind of list

    def __init__(self, lose: Callable[[str, str], None]) -> None:
        super().__init__(lose)
        from google.protobuf.message import DecodeError  # noqa: PLC0415 - costs start-up time that JSON need not pay

        self._broken = DecodeError
        self._messages = messages()
        self._times = self.cache("time")
        self._pairs = self.cache("pair")

    def _one(self, part: str, kind: str, data: bytes) -> Any:
        try:
            return self._messages[kind].FromString(data)
        except self._broken as error:
            self.lost(part, str(error))
            return None

    def _many(self, part: str, kind: str, slot: Any) -> list[Any]:
        read = self._messages[kind].FromString
        try:
            return [read(data) for data in slot]
        except self._broken:
            return [found for data in slot if (found := self._one(part, kind, data)) is not None]

    def has(self, owner: Any, name: str) -> bool:
        return owner.HasField(name)  # type: ignore[no-any-return]

    def moment(self, slot: Any) -> datetime | None:
        if not slot:
            return None
        found = self._times.get(slot)
        if found is not None:
            return found  # type: ignore[no-any-return]
        # Nearly every time is whole seconds between 1978 and 2242: a varint of five bytes, and nanoseconds of zero or none.
        if len(slot) >= _PLAIN_TIME_BYTES and slot[6:] in _NO_NANOSECONDS and slot[0] == _SECONDS_KEY and slot[5] < _MORE:
            seconds = slot[1] & 127 | (slot[2] & 127) << 7 | (slot[3] & 127) << 14 | (slot[4] & 127) << 21 | slot[5] << 28
            if min(slot[1:5]) >= _MORE:
                found = datetime.fromtimestamp(seconds, UTC)
                if len(self._times) >= MOST_CACHED:
                    self._times.clear()
                self._times[slot] = found
                return found
        return self.once("time", slot, self._moment)

    def _moment(self, slot: bytes) -> datetime | None:
        found = self._one("time", "Time", slot)
        try:
            return datetime.fromtimestamp(found.seconds, UTC).replace(microsecond=found.nanos // 1000) if found and found.seconds else None
        except (ValueError, OverflowError, OSError):
            return None

    def mentions(self, slot: Any, marks: Sequence[bytes]) -> bool:
        for entry in slot:
            key = entry[:_LONGEST_KEY]
            for mark in marks:
                if mark in key:
                    return True
        return False

    def texts(self, slot: Any) -> dict[str, str]:
        return self.once("texts", tuple(slot), self._texts)

    def _texts(self, data: tuple[bytes, ...]) -> dict[str, str]:
        known = self._pairs.get
        pairs = [known(entry) or self.once("pair", entry, self._pair) for entry in data]
        return dict(sorted(filter(None, pairs)))

    def _pair(self, entry: bytes) -> tuple[str, str] | None:
        found = self._one("labels", "TextEntry", entry)
        return None if found is None else (readable(found.key), readable(found.value))

    def amounts(self, slot: Any) -> Amounts:
        return self.once(
            "amounts",
            tuple(slot),
            lambda data: amounts((readable(e.key), readable(e.value.string)) for e in self._many("quantities", "QuantityEntry", data)),
        )

    def resources(self, slot: Any) -> Amounts:
        return self.once("resources", slot, self._resources)

    def _resources(self, data: bytes) -> Amounts:
        found = self._one("resources", "Resources", data)
        return NOTHING if found is None else with_limits(self.amounts(found.requests), self.amounts(found.limits))

    def owner(self, slot: Any) -> Owner | None:
        return self.once("owner", slot, self._owner)

    def _owner(self, data: tuple[bytes, ...]) -> Owner | None:
        owners = self._many("ownerReferences", "Owner", data)
        return next((Owner(kind=readable(o.kind), name=readable(o.name)) for o in owners if o.controller and o.kind and o.name), None)

    def conditions(self, slot: Any) -> Sequence[Any]:
        return self._many("conditions", "Condition", slot)

    def set_at(self, slot: Any, field: str) -> datetime | None:
        mark = f'"f:{field}"'.encode()
        entries = self._many("managedFields", "ManagedFields", slot)
        stamps = (self.moment(entry.time) for entry in entries if mark in entry.fields.raw)
        return max((stamp for stamp in stamps if stamp is not None), default=None)

    def statuses(self, slot: Any) -> Sequence[Any]:
        return self._many("containerStatuses", "ContainerStatus", slot)

    def env(self, slot: Any) -> Sequence[Any]:
        return self._many("env", "EnvVar", slot)

    def taints(self, slot: Any) -> tuple[Taint, ...]:
        return tuple(
            Taint(key=readable(t.key), value=readable(t.value), effect=readable(t.effect), time_added=self.moment(t.time_added))
            for t in self._many("taints", "Taint", slot)
        )

    def placement(self, spec: Any) -> Placement | None:
        key = (tuple(spec.node_selector), spec.affinity, tuple(spec.tolerations))
        return self.once("placement", key, self._placement)

    def _placement(self, key: tuple[tuple[bytes, ...], bytes, tuple[bytes, ...]]) -> Placement | None:
        selector, affinity, tolerated = key
        wanted = self._one("affinity", "Affinity", affinity)
        terms = None
        if wanted is not None and wanted.HasField("node_affinity") and wanted.node_affinity.HasField("required"):
            terms = wanted.node_affinity.required.node_selector_terms
        return place(self.texts(selector), terms, tolerations(self._many("tolerations", "Toleration", tolerated)))
