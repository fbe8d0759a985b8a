"""The doctor's text on the embedded sample: the first screen, the terms of the rank, commands that can be pasted."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from gpuctl import demo
from gpuctl.model.subject import Subject
from gpuctl.pipeline import Choice, examine
from gpuctl.reports.render import render
from gpuctl.reports.table import subjects
from gpuctl.reports.text import Style


@cache
def shown(width: int) -> str:
    return render(examine(demo.snapshot(), Choice()), "table", Style(width=width))


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(examine(demo.snapshot(), Choice()), "json", Style()))
    return found


@pytest.mark.parametrize("width", [80, 200])
def test_the_first_screen_says_what_to_do(width: int) -> None:
    screen = "\n".join(shown(width).split("\n")[:24])
    now = [item for item in document()["advice"] if item["disposition"] == "now"]
    assert now
    assert all(item["title"] in screen for item in now)
    assert "embedded sample" in screen


@pytest.mark.parametrize("width", [80, 160, 200])
def test_paragraphs_fit_and_commands_are_whole(width: int) -> None:
    lines = shown(width).split("\n")
    commands = {line for item in document()["advice"] for step in (*item["steps"], *item["rollback"]) if step["command"]
                for line in step["command"].split("\n")}  # fmt: skip
    assert commands <= {line.strip() for line in lines}
    titles = {item["title"] for item in document()["advice"]}
    longest = min(width, 120)
    wide = [line for line in lines if len(line) > longest and line.strip() not in commands]
    one_word = [line for line in wide if " " not in line.strip()]  # a name or an address is never cut
    assert all(any(title in line for title in titles) or line in one_word for line in wide), wide


def test_ranks_can_be_worked_out_from_what_is_printed() -> None:
    text = shown(200)
    sums = re.findall(
        r"rank     \S+; net (?:(?P<sure>[\d.]+) x )?(?P<gain>[\d,]+)(?: - (?P<lost>[\d,]+))? = (?P<net>-?[\d,]+) GPU-hours", text
    )
    assert len(sums) >= 3
    for sure, gain, lost, net in sums:
        figures = [float(figure.replace(",", "") or default) for figure, default in ((sure, "1"), (gain, ""), (lost, "0"), (net, ""))]
        assert figures[0] * figures[1] - figures[2] == pytest.approx(figures[3], abs=1)
    gains = re.findall(r"gain     ([\d.]+) GPUs? for (\d+) h\*(?: x ([\d.]+)\*)? = ([\d,]+) GPU-hours", text)
    assert len(gains) >= 10
    for gpus, hours, weight, total in gains:
        assert float(gpus) * float(hours) * float(weight or 1) == pytest.approx(float(total.replace(",", "")), abs=1)


def test_estimates_are_told_in_a_few_words() -> None:
    paragraph = next(part for part in shown(80).split("\n\n") if part.startswith("* rests on estimates"))
    assert "effort_minutes.* (" in paragraph
    assert paragraph.count("\n") < 5


def test_times_are_in_one_form() -> None:
    assert "+00:00" not in shown(200)
    assert "+00:00" not in json.dumps(document())


def test_what_is_explained_is_counted_by_code() -> None:
    report = examine(demo.snapshot(), Choice())
    item = max(report.advice, key=lambda item: len(item.findings))
    told = replace(report, advice=(replace(item, symptoms=item.findings),))
    codes = Counter(finding.code for finding in report.findings if finding.id in item.findings)
    assert len(item.findings) > 1
    text = f"explains {len(item.findings)} more findings: {', '.join(f'{number} {code}' for code, number in codes.most_common())}"
    assert text in render(told, "table", Style(width=200))


def test_only_failing_pods_of_the_gpu_software_are_deleted() -> None:
    item = next(item for item in document()["advice"] if item["id"].startswith("repair-operator-pod"))
    wanted = {word for finding in document()["findings"] if finding["id"] in item["findings"]
              for word in re.findall(r"gpu-operator/(\S+)", finding["message"])}  # fmt: skip
    deletes = [step["command"] for step in item["steps"] if " delete " in (step["command"] or "")]
    assert len(deletes) == 1
    assert set(re.findall(r"'([^']*)'", deletes[0])) - {"demo", "gpu-operator"} == wanted


def test_a_change_of_the_request_is_a_sentence() -> None:
    said = [step["say"] for item in document()["advice"] if item["id"].startswith("change-request") for step in item["steps"]]
    assert any(
        say.startswith("Change the manifest of Job ") and "What stands in the way: asks for nvidia.com/gpu 16" in say for say in said
    )


def test_an_idle_node_is_not_uncordoned_after_a_mig_change() -> None:
    for item in document()["advice"]:
        if item["id"].startswith("retry-mig-config"):
            drained = any(" drain " in (step["command"] or "") for step in item["steps"])
            assert any(" uncordon " in (step["command"] or "") for step in item["rollback"]) is drained


def test_of_many_names_that_do_not_fold_the_first_are_shown() -> None:
    names = [f"ip-10-{number * 37 % 251}-{number * 91 % 241}-{number}.compute.internal" for number in range(300)]
    text = subjects(Subject(kind="node", name=name) for name in names)
    assert text.startswith(f"node {names[0]}, {names[1]}, ")
    assert text.endswith(" and 288 more")
    assert subjects(Subject(kind="node", name=f"gpu-{number:03}") for number in range(300)) == "node gpu-[000-299]"
