"""Event objects of both APIs: core v1 (and its series) and events.k8s.io."""

from __future__ import annotations

from datetime import datetime

from gpuctl.model.events import K8sEvent
from gpuctl.parsers.k8s_doc import Doc


def event(doc: Doc, cluster: str | None) -> K8sEvent:
    """An Event; a series' count and last time go before the deprecated fields.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
    """
    about = doc.doc("regarding") if "regarding" in doc else doc.doc("involvedObject")
    number = _first(doc.integer("series", "count"), doc.integer("deprecatedCount"), doc.integer("count"))
    moments = [
        doc.moment("firstTimestamp"),
        doc.moment("deprecatedFirstTimestamp"),
        doc.moment("eventTime"),
        doc.moment("lastTimestamp"),
        doc.moment("deprecatedLastTimestamp"),
        doc.moment("series", "lastObservedTime"),
    ]
    seen: list[datetime] = [moment for moment in moments if moment is not None]
    if not seen and (created := doc.created) is not None:
        seen.append(created)
    return K8sEvent(
        cluster=cluster,
        kind=about.text("kind"),
        namespace=about.text("namespace"),
        name=about.text("name"),
        type=doc.text("type") or "",
        reason=doc.text("reason") or "",
        message=doc.text("message") or doc.text("note") or "",
        component=doc.text("source", "component") or doc.text("deprecatedSource", "component") or doc.text("reportingComponent")
        or doc.text("reportingController"),
        node=doc.text("source", "host") or doc.text("deprecatedSource", "host"),
        count=number if number is None or number > 0 else None,
        first_time=min(seen, default=None),
        last_time=max(seen, default=None),
        unknown=doc.unread,
    )  # fmt: skip


def _first(*found: int | None) -> int | None:
    return next((number for number in found if number), None)
