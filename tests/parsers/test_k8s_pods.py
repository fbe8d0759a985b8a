"""What pods ask for and how they are read, in JSON and in protobuf."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gpuctl.errors import InputError
from gpuctl.parsers.k8s_assembly import Assembly
from gpuctl.parsers.k8s_protobuf import MAGIC, messages
from gpuctl.units import instant


def pod_of(spec: dict[str, Any], **more: Any) -> Any:
    assembly = Assembly()
    assembly.add_object({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": spec, **more})
    return assembly.finish()["pods"][0]


def container(requests: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": requests}, **more}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [container({"cpu": "1"}), container({"cpu": "500m"})]}, 1.5),
        ({"initContainers": [container({"cpu": "4"})], "containers": [container({"cpu": "1"})]}, 4.0),
        ({"initContainers": [container({"cpu": "2"}, restartPolicy="Always")], "containers": [container({"cpu": "1"})]}, 3.0),
        (
            {
                "initContainers": [
                    container({"cpu": "5"}),
                    container({"cpu": "1"}, restartPolicy="Always"),
                    container({"cpu": "5"}),
                ],
                "containers": [container({"cpu": "2"})],
            },
            6.0,
        ),
        ({"containers": [container({"cpu": "1"})], "overhead": {"cpu": "250m"}}, 1.25),
        ({"containers": [container({"cpu": "1"})], "resources": {"requests": {"cpu": "3"}}}, 3.0),
        ({"containers": [{"name": "c", "resources": {"limits": {"cpu": "2"}}}]}, 2.0),
    ],
)
def test_effective_request(spec: dict[str, Any], cpu: float) -> None:
    assert pod_of(spec).cpu == cpu


def test_largest_init_container_counts_for_accelerators() -> None:
    spec = {"initContainers": [container({"nvidia.com/gpu": "4"})], "containers": [container({"nvidia.com/gpu": 1})]}
    assert pod_of(spec).requests == {"nvidia.com/gpu": 4.0}


def test_monitoring_is_no_request() -> None:
    spec = {"containers": [container({"gpu.intel.com/i915": 1, "gpu.intel.com/i915_monitoring": 1})]}
    assert pod_of(spec).requests == {"gpu.intel.com/i915": 1.0}


def test_an_unreadable_amount_is_unknown_and_no_zero() -> None:
    pod = pod_of({"containers": [container({"nvidia.com/gpu": "${GPUS}", "cpu": "1"})]})
    assert "nvidia.com/gpu" not in pod.requests
    assert "no quantity" in pod.unknown["requests.nvidia.com/gpu"]
    assert pod.cpu == 1.0


def test_wrong_types_lose_only_their_part() -> None:
    pod = pod_of({"nodeName": 5, "containers": [container({"nvidia.com/gpu": 1})]}, status={"phase": "Running"})
    assert pod.node is None
    assert "node" in pod.unknown
    assert (pod.phase, pod.requests) == ("Running", {"nvidia.com/gpu": 1.0})


def test_environment_is_kept_only_where_it_steers_gpu_software() -> None:
    env = [
        {"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"},
        {"name": "DB_PASSWORD", "value": "canary"},
        {"name": "CUDA_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]
    pod = pod_of({"containers": [container({"nvidia.com/gpu": 1}, env=env, args=["canary"])]})
    assert pod.env == {"NVIDIA_VISIBLE_DEVICES": "all"}
    assert "canary" not in repr(pod)


def test_claims_by_the_names_that_were_made() -> None:
    status = {
        "resourceClaimStatuses": [{"name": "a", "resourceClaimName": "p-a-x7"}],
        "extendedResourceClaimStatus": {"resourceClaimName": "p-ext"},
    }
    claims = [{"name": "a", "resourceClaimTemplateName": "t"}, {"name": "b", "resourceClaimName": "shared"}]
    assert pod_of({"containers": [container({})], "resourceClaims": claims}, status=status).claims == ("p-a-x7", "shared", "p-ext")


def test_queue_label_goes_before_the_annotation() -> None:
    key = "kueue.x-k8s.io/queue-name"
    meta = {"name": "p", "labels": {key: "label"}, "annotations": {key: "annotation"}}
    assert pod_of({"containers": [container({})]}, metadata=meta).queue == "label"
    assert pod_of({"containers": [container({})]}, metadata={"name": "p", "annotations": {key: "annotation"}}).queue == "annotation"


def test_budgets_match_pods_of_their_namespace_even_when_labels_are_dropped() -> None:
    assembly = Assembly()
    for namespace in ("n", "other"):
        meta = {"name": "p", "namespace": namespace, "labels": {"app": "web"}}
        assembly.add_object({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container({"cpu": 1})]}})
    spec = {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 1}
    assembly.add_object(
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b", "namespace": "n"}, "spec": spec}
    )
    pods = assembly.finish()["pods"]
    assert [pod.budgets for pod in pods] == [("b",), ()]
    assert pods[0].labels == {}


POD: dict[str, Any] = {
    "metadata": {
        "name": "train-0",
        "namespace": "team",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "deletionTimestamp": "2026-01-03T03:04:05Z",
        "deletionGracePeriodSeconds": 30,
        "labels": {"b": "2", "a": "1", "kueue.x-k8s.io/queue-name": "q"},
        "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "other": "x"},
        "ownerReferences": [{"kind": "Job", "name": "train", "controller": True}],
    },
    "spec": {
        "nodeName": "gpu-1",
        "priority": 0,
        "priorityClassName": "high",
        "schedulerName": "default-scheduler",
        "nodeSelector": {"pool": "a"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["z1", "z2"]}]}]
                }
            }
        },
        "containers": [
            {
                "name": "main",
                "image": "img:1",
                "env": [{"name": "CUDA_VISIBLE_DEVICES", "value": "0"}],
                "resources": {"limits": {"nvidia.com/gpu": "2", "cpu": "4"}, "requests": {"cpu": "2", "memory": "1Gi"}},
            }
        ],
        "initContainers": [{"name": "side", "image": "img:2", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}}],
        "schedulingGates": [{"name": "gate"}],
        "resourceClaims": [{"name": "a", "resourceClaimName": "claim"}],
    },
    "status": {
        "phase": "Failed",
        "reason": "UnexpectedAdmissionError",
        "message": "no",
        "startTime": "2026-01-02T03:04:06Z",
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-02T03:05:05Z"}],
        "containerStatuses": [
            {
                "name": "main",
                "ready": False,
                "restartCount": 3,
                "state": {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": "2026-01-02T04:04:05Z"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-02T04:00:05Z"}},
            }
        ],
    },
}
NODE: dict[str, Any] = {
    "metadata": {
        "name": "gpu-1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"nvidia.com/gpu.count": "8", "nvidia.com/gpu.product": "H"},
    },
    "spec": {
        "providerID": "aws:///z/i-1",
        "unschedulable": True,
        "taints": [{"key": "k", "value": "v", "effect": "NoSchedule", "timeAdded": "2026-01-01T01:00:00Z"}],
    },
    "status": {
        "capacity": {"nvidia.com/gpu": "8", "memory": "1Ti"},
        "allocatable": {"nvidia.com/gpu": "7", "memory": "1000Gi"},
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": "2026-01-01T00:10:00Z"}],
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "nodeInfo": {
            "machineID": "m",
            "systemUUID": "u",
            "bootID": "b",
            "kernelVersion": "6.1",
            "containerRuntimeVersion": "containerd://2.0",
        },
    },
}


def encode(kind: str, value: dict[str, Any]) -> Any:
    """An object as protobuf, by the descriptors' own names; the parts declared as bytes are encoded by what they hold."""
    inner = {
        "labels": "TextEntry", "annotations": "TextEntry", "node_selector": "TextEntry",
        "limits": "QuantityEntry", "requests": "QuantityEntry", "overhead": "QuantityEntry",
        "capacity": "QuantityEntry", "allocatable": "QuantityEntry", "owner_references": "Owner", "resources": "Resources", "env": "EnvVar",
        "affinity": "Affinity", "tolerations": "Toleration", "conditions": "Condition",
        "container_statuses": "ContainerStatus", "taints": "Taint",
    }  # fmt: skip
    message = messages()[kind]()
    for key, part in value.items():
        special = {"providerID": "provider_id", "machineID": "machine_id", "systemUUID": "system_uuid", "bootID": "boot_id"}
        name = special.get(key) or (
            "required" if key.startswith("required") else "".join(f"_{c.lower()}" if c.isupper() else c for c in key)
        )
        field = message.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            continue
        if name.endswith(("timestamp", "_time", "_at")) or name == "time_added":
            moment = instant(part)
            assert moment is not None
            setattr(message, name, messages()["Time"](seconds=int(moment.timestamp())).SerializeToString())
        elif name in inner and field.type == field.TYPE_BYTES:
            entry = inner[name]
            if entry in {"TextEntry", "QuantityEntry"}:
                for k, v in sorted(part.items()):
                    e = messages()[entry](key=k)
                    if entry == "TextEntry":
                        e.value = v
                    else:
                        e.value.string = v
                    getattr(message, name).append(e.SerializeToString())
            elif isinstance(part, list):
                getattr(message, name).extend(encode(entry, item).SerializeToString() for item in part)
            else:
                setattr(message, name, encode(entry, part).SerializeToString())
        elif field.type == field.TYPE_MESSAGE:
            kind_below = field.message_type.name
            if isinstance(part, list):
                getattr(message, name).extend(encode(kind_below, item) for item in part)
            else:
                getattr(message, name).CopyFrom(encode(kind_below, part))
        elif isinstance(part, list):
            getattr(message, name).extend(part)
        else:
            setattr(message, name, part)
    return message


def envelope(kind: str, *items: dict[str, Any]) -> bytes:
    page = messages()[f"{kind}List"]()
    page.metadata.continue_ = "more"
    page.metadata.remaining = 7
    page.items.extend(encode(kind, item) for item in items)
    whole = messages()["Unknown"](raw=page.SerializeToString())
    whole.type_meta.kind = f"{kind}List"
    return bytes(MAGIC + whole.SerializeToString())


@pytest.mark.parametrize(("kind", "value", "field"), [("Pod", POD, "pods"), ("Node", NODE, "nodes")])
def test_protobuf_equals_json(kind: str, value: dict[str, Any], field: str) -> None:
    by_json, by_protobuf = Assembly("c"), Assembly("c")
    body = {"kind": f"{kind}List", "metadata": {"continue": "more", "remainingItemCount": 7}, "items": [value]}
    first = by_json.add_page(kind, json.dumps(body).encode())
    second = by_protobuf.add_protobuf_page(kind, envelope(kind, value))
    assert first == second
    assert first.continue_token == "more"
    facts = by_json.finish()[field]
    assert facts == by_protobuf.finish()[field]
    assert by_json.newest_stamp == by_protobuf.newest_stamp


def test_pod_in_full() -> None:
    assembly = Assembly()
    assembly.add_object({"kind": "Pod", "apiVersion": "v1", **POD})
    pod = assembly.finish()["pods"][0]
    assert pod.requests == {"nvidia.com/gpu": 2.0}
    assert (pod.cpu, pod.memory_bytes, pod.priority, pod.safe_to_evict, pod.queue) == (3.0, 2.0**30, 0, False, "q")
    assert (pod.containers[0].exit_code, pod.containers[0].last_exit_code, pod.containers[0].restarts) == (0, 137, 3)
    assert str(pod.finished) == "2026-01-02 04:04:05+00:00"
    assert str(assembly.newest_stamp) == "2026-01-02 04:04:05+00:00"  # and not the deletion's, which may lie ahead


@pytest.mark.parametrize("body", [b"", b"k8s\0", b"k8s\0\xff\xff\xff", b"{}", envelope("Node", NODE)])
def test_broken_protobuf_is_an_input_error(body: bytes) -> None:
    with pytest.raises(InputError):
        Assembly().add_protobuf_page("Pod", body)


@pytest.mark.parametrize(
    ("meta", "kept"),
    [
        ({"labels": {"app": "nvidia-device-plugin-daemonset"}}, True),
        ({"ownerReferences": [{"kind": "DaemonSet", "name": "nvidia-driver-daemonset", "controller": True}]}, True),
        ({"labels": {"app": "web"}, "ownerReferences": [{"kind": "DaemonSet", "name": "log-shipper", "controller": True}]}, False),
        ({"ownerReferences": [{"kind": "ReplicaSet", "name": "nvidia-driver-daemonset", "controller": True}]}, False),
    ],
)
def test_gpu_software_is_known_behind_a_mirrored_image(meta: dict[str, Any], kept: bool) -> None:
    states = [{"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 9, "ready": False}]
    pod = {"metadata": {"name": "p", "namespace": "n", **meta}, "status": {"phase": "Running", "containerStatuses": states}}
    found = pod_of({"containers": [{"name": "c", "image": "mirror.example/a/4711:1"}]}, **pod)
    assert [container.reason for container in found.containers] == (["CrashLoopBackOff"] if kept else [])
