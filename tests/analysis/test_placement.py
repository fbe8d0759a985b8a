"""Placement against a slow, obvious evaluator, and by examples."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gpuctl.analysis.placement import could_run, matches_affinity, meets, obstacles, shortfalls, tolerates, untolerated
from gpuctl.model.nodes import Node, Taint
from gpuctl.model.workloads import Placement, Pod, Requirement, Toleration

KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["", "x", "1", "2", "-3", "007", "1_0", " 1", "99999999999999999999"])
EFFECTS = st.sampled_from(["NoSchedule", "NoExecute", "PreferNoSchedule"])
TAINTS = st.builds(Taint, key=KEYS, value=VALUES, effect=EFFECTS)
TOLERATIONS = st.builds(
    Toleration,
    key=st.sampled_from(["", "a", "b"]),
    operator=st.sampled_from(["Equal", "Exists", "", "Gt", "Lt", "Odd"]),
    value=VALUES,
    effect=st.sampled_from(["", "NoSchedule", "NoExecute"]),
)
REQUIREMENTS = st.builds(
    Requirement,
    key=KEYS,
    operator=st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Odd"]),
    values=st.lists(VALUES, max_size=2).map(tuple),
)
LABELS = st.dictionaries(KEYS, VALUES)
NAMES = st.builds(
    Requirement, key=st.just("metadata.name"), operator=st.sampled_from(["In", "NotIn"]), values=st.sampled_from([("n",), ("m",)])
)


def whole_number(text: str) -> int | None:
    if not text or any(letter not in "0123456789+-" for letter in text):
        return None
    try:
        number = int(text)
    except ValueError:
        return None
    return number if -(2**63) <= number <= 2**63 - 1 else None


def slow_compare(operator: str, left: str, right: str) -> bool:
    one, other = whole_number(left), whole_number(right)
    if one is None or other is None:
        return False
    if operator == "Gt":
        return one > other
    if operator == "Lt":
        return one < other
    return False


def slow_meets(item: Requirement, labels: dict[str, str]) -> bool:
    present = item.key in labels
    if item.operator == "Exists":
        return present
    if item.operator == "DoesNotExist":
        return not present
    if item.operator == "NotIn":
        return not (present and labels[item.key] in list(item.values))
    if not present:
        return False
    if item.operator == "In":
        return labels[item.key] in list(item.values)
    if item.operator in ("Gt", "Lt") and len(item.values) == 1:
        return slow_compare(item.operator, labels[item.key], item.values[0])
    return False


def slow_tolerates(item: Toleration, taint: Taint) -> bool:
    if item.effect not in ("", taint.effect):
        return False
    if item.key not in ("", taint.key):
        return False
    if item.operator == "Exists":
        return True
    if item.operator in ("", "Equal"):
        return item.value == taint.value
    return slow_compare(item.operator, taint.value, item.value)


@given(REQUIREMENTS, LABELS)
def test_requirement(item: Requirement, labels: dict[str, str]) -> None:
    assert meets(item, labels) == slow_meets(item, labels)


@given(st.lists(TOLERATIONS, max_size=3), st.lists(TAINTS, max_size=3))
def test_taints(tolerations: list[Toleration], taints: list[Taint]) -> None:
    left = []
    for taint in taints:
        if taint.effect == "PreferNoSchedule":
            continue
        for toleration in tolerations:
            if slow_tolerates(toleration, taint):
                break
        else:
            left.append(taint)
    assert list(untolerated(tolerations, taints)) == left


@given(
    st.lists(st.tuples(st.lists(REQUIREMENTS, max_size=2).map(tuple), st.lists(NAMES, max_size=1).map(tuple)), min_size=1, max_size=3),
    LABELS,
)
def test_affinity(terms: list[tuple[tuple[Requirement, ...], tuple[Requirement, ...]]], labels: dict[str, str]) -> None:
    expected = False
    for expressions, fields in terms:
        if not expressions and not fields:
            continue
        matched = True
        for item in expressions:
            matched = matched and slow_meets(item, labels)
        for item in fields:
            matched = matched and slow_meets(item, {"metadata.name": "n"})
        expected = expected or matched
    placement = Placement(terms=tuple(one for one, _ in terms), fields=tuple(two for _, two in terms))
    assert matches_affinity(placement, Node(name="n", labels=labels)) == expected


@given(
    st.dictionaries(st.sampled_from(["nvidia.com/gpu", "amd.com/gpu"]), st.integers(1, 9).map(float)),
    st.floats(0, 9),
    st.dictionaries(st.sampled_from(["nvidia.com/gpu", "amd.com/gpu", "cpu", "pods"]), st.integers(0, 9).map(float)),
)
def test_fit(requests: dict[str, float], cpu: float, room: dict[str, float]) -> None:
    fits = all(requests[name] <= room.get(name, 0) for name in requests)
    fits = fits and ("cpu" not in room or cpu <= room["cpu"]) and ("pods" not in room or room["pods"] >= 1)
    assert (not shortfalls(Pod(requests=requests, cpu=cpu), room)) == fits


def test_empty_key_with_exists_tolerates_everything() -> None:
    assert tolerates(Toleration(operator="Exists"), Taint(key="any", value="x", effect="NoExecute"))


def test_a_cordon_is_a_taint_that_can_be_tolerated() -> None:
    node = Node(name="n", taints=(), cordoned=True, capacity={"nvidia.com/gpu": 8})
    pod = Pod(requests={"nvidia.com/gpu": 1})
    assert [taint.key for taint in obstacles(pod, node) or ()] == ["node.kubernetes.io/unschedulable"]
    tolerant = Pod(placement=Placement(tolerations=(Toleration(key="node.kubernetes.io/unschedulable", operator="Exists"),)))
    assert obstacles(tolerant, node) == ()


def test_taints_nobody_told_are_not_no_taints() -> None:
    assert obstacles(Pod(), Node(name="n")) is None


def test_could_run_lifts_what_is_named() -> None:
    pod = Pod(requests={"nvidia.com/gpu": 8})
    node = Node(
        name="n", ready="False", taints=(Taint(key="team", value="b", effect="NoSchedule"),), capacity={"nvidia.com/gpu": 8}, labels={}
    )
    assert not could_run(pod, node)
    assert could_run(pod, node, ignore_taints=frozenset({"team"}))
    assert not could_run(pod, node, ignore_taints=frozenset({"team"}), as_if_healthy=False)
    assert not could_run(pod, node, ignore_taints=frozenset({"team"}), amounts={"nvidia.com/gpu": 7})
    assert not could_run(Pod(requests={"amd.com/gpu": 1}), node, ignore_taints=frozenset({"team"}))
