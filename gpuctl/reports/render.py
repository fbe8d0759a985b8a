"""One report, the style that was asked for."""

from __future__ import annotations

from gpuctl.reports import json_v1, table
from gpuctl.reports.report import Report
from gpuctl.reports.text import Style, StyleName


def render(report: Report, name: StyleName, style: Style) -> str:
    """The report as text: `wide` is the table with every finding and audit, `name` the ids of the findings that count."""
    match name:
        case "table":
            return table.render(report, style)
        case "wide":
            return table.render(report, style._replace(verbose=max(style.verbose, 1)))
        case "json":
            return json_v1.render(report)
        case "yaml":
            return to_yaml(json_v1.render(report))
        case "name":
            waived = {item.finding for item in report.waived}
            return "".join(f"{finding.id}\n" for finding in report.findings if finding.id not in waived)


def to_yaml(document: str) -> str:
    """A JSON document as YAML with the same keys in the same order; whatever is not plain ASCII is written as an escape."""
    import json  # noqa: PLC0415

    import yaml  # noqa: PLC0415  most runs need neither

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(json.loads(document), Dumper=dumper, sort_keys=False, allow_unicode=False, width=10_000)
    return text
