"""Kinds beside pods and nodes, and what several of them tell together."""

from __future__ import annotations

from typing import Any

from gpuctl.parsers.k8s_assembly import Assembly


def facts_of(*objects: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    assembly = Assembly()
    for item in objects:
        assembly.add_object({"apiVersion": "v1", "metadata": {"name": "x", "namespace": "n"}, **item})
    assert assembly.skipped == {}
    return assembly.finish()


def test_software_and_heartbeat_of_a_node() -> None:
    images = (
        "nvcr.io/nvidia/k8s-device-plugin:v0.17.4",
        "nvcr.io/nvidia/driver:580.82.07-ubuntu22.04",
        "nvcr.io/nvidia/gpu-operator:v25.3.3",
    )
    spec = {"nodeName": "gpu-1", "containers": [{"name": str(i), "image": image} for i, image in enumerate(images)]}
    elements = [{"attributes": {"class": "0302", "vendor": "10de"}}]
    node = facts_of(
        {"kind": "Node", "metadata": {"name": "gpu-1"}},
        {"kind": "Pod", "spec": spec},
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "gpu-1", "namespace": "kube-node-lease"},
            "spec": {"renewTime": "2026-01-02T03:04:05.000000Z"},
        },
        {
            "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
            "kind": "NodeFeature",
            "metadata": {"name": "gpu-1"},
            "spec": {
                "features": {
                    "flags": {"kernel.loadedmodule": {"elements": {"nvidia": {}, "ext4": {}}}},
                    "instances": {"pci.device": {"elements": elements}},
                }
            },
        },
    )["nodes"][0]
    assert (node.components.device_plugin, node.components.gpu_operator) == ("v0.17.4", "v25.3.3")
    assert node.driver_image == "580.82.07-ubuntu22.04"
    assert str(node.heartbeat) == "2026-01-02 03:04:05+00:00"
    assert node.kernel_modules == ("ext4", "nvidia")
    assert node.accelerators.pci_present


def test_event_series_goes_before_the_old_fields() -> None:
    event = facts_of(
        {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "regarding": {"kind": "Pod", "name": "p", "namespace": "n"},
            "note": "text",
            "reportingController": "default-scheduler",
            "eventTime": "2026-01-01T00:00:00.000000Z",
            "series": {"count": 5, "lastObservedTime": "2026-01-01T01:00:00.000000Z"},
            "deprecatedCount": 1,
        }
    )["k8s_events"][0]
    assert (event.count, event.message, event.component, event.name) == (5, "text", "default-scheduler", "p")
    assert (event.last_time - event.first_time).total_seconds() == 3600


def test_queues_and_gangs_of_the_same_kind_by_group() -> None:
    facts = facts_of(
        {
            "apiVersion": "scheduling.volcano.sh/v1beta1",
            "kind": "Queue",
            "spec": {"capability": {"nvidia.com/gpu": 8}},
            "status": {"state": "Open"},
        },
        {
            "apiVersion": "scheduling.run.ai/v2",
            "kind": "Queue",
            "spec": {"resources": {"gpu": {"quota": 4, "limit": -1}, "cpu": {"quota": -1}}},
        },
        {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "PodGroup", "spec": {"minMember": 3}, "status": {"phase": "Pending"}},
        {"apiVersion": "scheduling.x-k8s.io/v1alpha1", "kind": "PodGroup", "spec": {"minMember": 2}},
    )
    assert [(q.resource, q.nominal, q.borrowing_limit) for queue in facts["queues"] for q in queue.quotas] == [
        ("nvidia.com/gpu", 8.0, None),
        ("nvidia.com/gpu", 4.0, None),
    ]
    assert [(g.api, g.min_member, g.phase) for g in facts["pod_groups"]] == [
        ("scheduling.volcano.sh", 3, "Pending"),
        ("scheduling.x-k8s.io", 2, None),
    ]


def test_cluster_policy_and_driver() -> None:
    facts = facts_of(
        {
            "apiVersion": "nvidia.com/v1",
            "kind": "ClusterPolicy",
            "spec": {
                "driver": {"enabled": False, "version": "580"},
                "mig": {"strategy": "mixed"},
                "devicePlugin": {"config": {"name": "cm"}},
            },
            "status": {"state": "ready"},
        },
        {"apiVersion": "nvidia.com/v1alpha1", "kind": "NVIDIADriver", "spec": {"version": "570", "nodeSelector": {"pool": "a"}}},
    )
    policy, driver = facts["cluster_policies"][0], facts["nvidia_drivers"][0]
    assert (policy.state, policy.enabled, policy.mig_strategy, policy.device_plugin_config) == ("ready", {"driver": False}, "mixed", "cm")
    assert (driver.version, driver.node_selector) == ("570", {"pool": "a"})


def test_an_empty_page_tells_that_there_is_none() -> None:
    assembly = Assembly()
    page = assembly.add_page("ClusterQueue.kueue.x-k8s.io", b'{"kind":"ClusterQueueList","metadata":{"resourceVersion":"5"},"items":[]}')
    assert (page.count, page.resource_version, page.continue_token) == (0, "5", "")
    assert assembly.finish() == {"queues": ()}


def test_scheduler_profiles_of_both_shapes() -> None:
    fit = {
        "name": "NodeResourcesFit",
        "args": {"scoringStrategy": {"type": "MostAllocated", "resources": [{"name": "nvidia.com/gpu", "weight": 10}]}},
    }
    old = {"name": "RequestedToCapacityRatio", "args": {"resources": [{"name": "nvidia.com/gpu", "weight": 5}]}}
    profiles = [{"schedulerName": "a", "pluginConfig": [fit]}, {"schedulerName": "b", "pluginConfig": [old]}]
    found = facts_of({"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", "profiles": profiles})[
        "scheduler_profiles"
    ]
    assert [(p.name, p.scoring, p.weights) for p in found] == [
        ("a", "MostAllocated", {"nvidia.com/gpu": 10.0}),
        ("b", "RequestedToCapacityRatio", {"nvidia.com/gpu": 5.0}),
    ]
