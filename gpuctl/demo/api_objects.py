"""Kubernetes API objects as dicts: the shapes that a fleet is made of. Nothing here reads a clock or draws lots."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

Object = dict[str, Any]


def stamp(moment: datetime) -> str:
    """RFC 3339 with seconds, as metadata.creationTimestamp has it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_stamp(moment: datetime) -> str:
    """RFC 3339 with microseconds, as Leases and new Events have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest(*words: str) -> str:
    """32 hexadecimal digits that depend on the words alone."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]


def uid(*words: str) -> str:
    """A UUID that depends on the words alone."""
    d = digest(*words)
    return f"{d[:8]}-{d[8:12]}-4{d[13:16]}-8{d[17:20]}-{d[20:]}"


def suffix(*words: str, length: int = 5) -> str:
    """The random end of a generated name, in the alphabet that Kubernetes uses."""
    alphabet = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(alphabet[int(c, 16)] for c in digest(*words)[:length])


def share(*words: str) -> float:
    """A number in [0, 1) that depends on the words alone."""
    return int(digest(*words)[:8], 16) / 2**32


def make(api_version: str, kind: str, name: str, created: datetime, namespace: str | None = None, **more: Any) -> Object:
    """An object with its metadata; `labels`, `annotations` and `owner` of `more` go there, the rest beside it."""
    meta: Object = {"name": name, "uid": uid(kind, namespace or "", name), "creationTimestamp": stamp(created)}
    if namespace is not None:
        meta["namespace"] = namespace
    for field in ("labels", "annotations"):
        if value := more.pop(field, None):
            meta[field] = dict(value)
    if owner := more.pop("owner", None):
        meta["ownerReferences"] = [reference(owner)]
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **more}


def reference(owner: Object) -> Object:
    """The ownerReference of a controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(kind: str, status: str, since: datetime, reason: str = "", message: str = "", heartbeat: datetime | None = None) -> Object:
    """A status condition; with `heartbeat` in the form that nodes have."""
    made = {"type": kind, "status": status, "lastTransitionTime": stamp(since)}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    if heartbeat is not None:
        made["lastHeartbeatTime"] = stamp(heartbeat)
    return made


def set_condition(obj: Object, made: Object) -> None:
    """Put a condition into status.conditions in place of one of the same type."""
    known = obj["status"].setdefault("conditions", [])
    known[:] = [c for c in known if c["type"] != made["type"]] + [made]


def event(about: Object, reason: str, message: str, first: datetime, last: datetime, **more: Any) -> Object:
    """A core/v1 Event; `type`, `count` and `component` may be given. Its name follows from what it says."""
    meta = about["metadata"]
    namespace = meta.get("namespace", "default")
    name = f"{meta['name']}.{digest(reason, message, stamp(last))[:16]}"
    return make(
        "v1",
        "Event",
        name,
        first,
        namespace,
        involvedObject={"apiVersion": about["apiVersion"], "kind": about["kind"], "name": meta["name"], "uid": meta["uid"]}
        | ({"namespace": meta["namespace"]} if "namespace" in meta else {}),
        reason=reason,
        message=message,
        type=more.get("type", "Warning"),
        count=more.get("count", 1),
        source={"component": more.get("component", "kubelet")},
        firstTimestamp=stamp(first),
        lastTimestamp=stamp(last),
        reportingComponent=more.get("component", "kubelet"),
        reportingInstance="",
    )


def container_status(container: Object, started: datetime, identity: str) -> Object:
    """Status of a container that runs without trouble."""
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": f"{container['image'].partition(':')[0]}@sha256:{digest(container['image'])}{digest('image', container['image'])}",
        "containerID": f"containerd://{digest(identity, container['name'])}{digest(container['name'], identity)}",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "lastState": {},
        "state": {"running": {"startedAt": stamp(started)}},
    }


def pod(name: str, namespace: str, created: datetime, spec: Object, **more: Any) -> Object:
    """A pending Pod; `run()` starts it."""
    full: Object = {"restartPolicy": "Always", "schedulerName": "default-scheduler", "serviceAccountName": "default", "priority": 0, **spec}
    full.setdefault("tolerations", []).extend(
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for key in ("not-ready", "unreachable")
    )
    waiting = {"phase": "Pending", "qosClass": "Burstable"}
    return make("v1", "Pod", name, created, namespace, spec=full, status=waiting, **more)


def run(made: Object, node: Object, started: datetime) -> None:
    """Bind a pod to a node and let it run."""
    made["spec"]["nodeName"] = node["metadata"]["name"]
    identity = made["metadata"]["uid"]
    host = node["status"]["addresses"][0]["address"]
    ip = f"10.{64 + int(identity[:2], 16) % 64}.{int(identity[2:4], 16)}.{int(identity[4:6], 16)}"
    made["status"] = {
        "phase": "Running",
        "qosClass": "Burstable",
        "hostIP": host,
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "startTime": stamp(started),
        "conditions": [condition(kind, "True", started) for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")],
        "containerStatuses": [container_status(c, started, identity) for c in made["spec"]["containers"]],
    }
    if inits := made["spec"].get("initContainers"):
        made["status"]["initContainerStatuses"] = [
            container_status(c, started, identity)
            | {
                "started": False,
                "state": {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": stamp(started), "finishedAt": stamp(started)}},
            }
            for c in inits
        ]


def is_owned_by(made: Object, owner: Object) -> bool:
    """Whether `owner` is the first owner of an object."""
    owners = made["metadata"].get("ownerReferences", [])
    return bool(owners) and bool(owners[0]["uid"] == owner["metadata"]["uid"])
