"""Every declared edge of the walk exists: in an OTLP receiver, and in Jaeger where installed."""

from __future__ import annotations

import json
import time
import urllib.request
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_mesh.runtime.edges import EDGES
from alphapulse_mesh.runtime.programs import find_jaeger
from alphapulse_mesh.runtime.trace_files import read_spans
from alphapulse_testing.running_mesh import running_mesh

if TYPE_CHECKING:
    from alphapulse_testing.running_mesh import RunningMesh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
_SECONDS = 90.0


def wanted() -> set[tuple[str, str, str, str]]:
    return {
        (e.parent.name, str(e.parent.service), e.child.name, str(e.child.service)) for e in EDGES
    }


def filled_trace(mesh: RunningMesh) -> str:
    """A trace with every edge of the walk, from the span files; the command line shows it too."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        traces: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for span in read_spans(mesh.traces):
            traces[span.trace_id].append(asdict(span))
        for trace_id, spans in traces.items():
            if wanted() <= edges_of(spans):
                shown = mesh.json("trace", "show", trace_id)["spans"]
                assert wanted() <= edges_of(shown)
                return trace_id
        time.sleep(0.5)
    raise AssertionError("no filled order with every edge of the walk")


def edges_of(spans: list[dict[str, Any]]) -> set[tuple[str, str, str, str]]:
    by_id = {s["span_id"]: s for s in spans}
    return {
        (parent["name"], parent["service"], span["name"], span["service"])
        for span in spans
        if (parent := by_id.get(span["parent_span_id"])) is not None
    }


def test_every_edge_reaches_an_otlp_receiver(otlp_receiver: Any) -> None:
    with running_mesh("otlp", telemetry={"otlp_endpoint": otlp_receiver.endpoint}) as mesh:
        filled_trace(mesh)
        deadline = time.monotonic() + 30
        missing = wanted()
        while missing and time.monotonic() < deadline:
            missing = wanted() - {(*parent, *child) for parent, child in otlp_receiver.edges()}
            time.sleep(0.2)
        assert not missing


@pytest.mark.jaeger
def test_every_edge_is_in_jaeger() -> None:
    if find_jaeger() is None:
        pytest.skip("jaeger is not installed (make jaeger)")
    with running_mesh("jaeger", supervisor={"jaeger": True, "jaeger_ui_port": 0}) as mesh:
        url = mesh.status()["jaeger_url"]
        trace_id = filled_trace(mesh)
        deadline = time.monotonic() + 30
        missing = wanted()
        while missing and time.monotonic() < deadline:
            time.sleep(0.5)
            missing = wanted() - edges_of(jaeger_spans(url, trace_id))
        assert not missing


def jaeger_spans(url: str, trace_id: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v3/traces/{trace_id}", timeout=10) as answer:
        found = json.load(answer)
    spans = []
    for resource in found["result"]["resourceSpans"]:
        names = {a["key"]: a["value"] for a in resource["resource"]["attributes"]}
        service = names["service.name"]["stringValue"]
        for scope in resource["scopeSpans"]:
            spans += [
                {
                    "span_id": span["spanId"],
                    "parent_span_id": span.get("parentSpanId", ""),
                    "name": span["name"],
                    "service": service,
                }
                for span in scope["spans"]
            ]
    return spans
