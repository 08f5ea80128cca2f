"""Contexts, sampling, spans with the frames' own ids, and the rotating span files."""

from __future__ import annotations

import math
import multiprocessing
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from alphapulse_client.context import (
    NO_SPAN,
    FrameContext,
    IdSource,
    format_traceparent,
    new_context,
    parse_traceparent,
    sampled_by_ratio,
)
from alphapulse_mesh.runtime import attributes, edges
from alphapulse_mesh.runtime.errors import OrderRejected
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.telemetry import SpanKind, Telemetry
from alphapulse_mesh.runtime.trace_files import SpanRecord, find_spans, read_spans

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

contexts = st.builds(
    FrameContext,
    st.binary(min_size=16, max_size=16).filter(any),
    st.binary(min_size=8, max_size=8).filter(any),
    st.just(NO_SPAN),
    st.booleans(),
)


class TestContext:
    def test_a_root_has_no_cause(self) -> None:
        root = new_context()
        assert (len(root.trace_id), len(root.message_id)) == (16, 8)
        assert root.causation_id == NO_SPAN
        assert root.sampled

    def test_a_child_names_its_parent_and_keeps_the_trace(self) -> None:
        root = new_context(sampled=False)
        child = root.child()
        assert child.trace_id == root.trace_id
        assert child.causation_id == root.message_id
        assert child.message_id != root.message_id
        assert not child.sampled
        assert root.child(sampled=True).sampled

    def test_ids_differ(self) -> None:
        made = [new_context() for _ in range(10_000)]
        assert len({context.trace_id for context in made}) == len(made)
        assert len({context.message_id for context in made}) == len(made)

    def test_a_seed_repeats_the_ids(self) -> None:
        def walk(seed: int) -> list[FrameContext]:
            ids = IdSource(seed)
            root = new_context(ids=ids)
            return [root, new_context(root, ids=ids)]

        assert walk(7) == walk(7)
        assert walk(7) != walk(8)

    @given(contexts)
    def test_traceparent_round_trip(self, context: FrameContext) -> None:
        assert parse_traceparent(format_traceparent(context)) == context

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "00",
            "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
            "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
            "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
            "00-" + "1" * 32 + "-" + "1" * 16 + "-01-extra",
            "00-" + "A" * 32 + "-" + "1" * 16 + "-01",
            "00-" + "1" * 31 + "-" + "1" * 16 + "-01",
            b"\xff\xfe",
        ],
    )
    def test_what_the_standard_says_to_ignore(self, text: str | bytes) -> None:
        assert parse_traceparent(text) is None

    def test_a_later_version_may_have_more_fields(self) -> None:
        parsed = parse_traceparent("01-" + "1" * 32 + "-" + "2" * 16 + "-01-more")
        assert parsed is not None
        assert parsed.sampled


class TestSampling:
    @given(st.integers(1, 2**128 - 1), st.floats(0, 1))
    def test_the_same_answer_as_opentelemetry(self, trace_id: int, ratio: float) -> None:
        theirs = TraceIdRatioBased(ratio).should_sample(None, trace_id, "x").decision
        assert sampled_by_ratio(trace_id.to_bytes(16, "big"), ratio) is (
            theirs is Decision.RECORD_AND_SAMPLE
        )

    def test_all_and_nothing(self) -> None:
        edge = [bytes(15) + b"\x01", b"\xff" * 16]
        assert all(sampled_by_ratio(trace_id, 1.0) for trace_id in edge)
        assert not any(sampled_by_ratio(trace_id, 0.0) for trace_id in edge)

    def test_market_data_keeps_to_its_ratio(self, make_config: Callable[..., MeshConfig]) -> None:
        config = make_config(telemetry={"market_data_sample_ratio": 0.25})
        ids = IdSource(1)
        with Telemetry.start(Service.COLLECTOR, config) as telemetry:
            drawn = [telemetry.market_data_context(ids) for _ in range(4000)]
        sampled = sum(context.sampled for context in drawn)
        assert math.isclose(sampled / len(drawn), 0.25, abs_tol=0.03)
        for context in drawn:
            assert context.sampled is sampled_by_ratio(context.trace_id, 0.25)


def spans_of(config: MeshConfig) -> list[SpanRecord]:
    return list(read_spans(config.trace_dir))


class TestSpans:
    def test_a_span_has_the_frames_ids(self, mesh_config: MeshConfig) -> None:
        tick = new_context()
        other = new_context(sampled=False)
        signal = new_context(tick, sampled=True)
        with Telemetry.start(Service.STRATEGY, mesh_config, "a") as telemetry:
            telemetry.span_for_frame(
                edges.SIGNAL_PUBLISH,
                signal,
                kind=SpanKind.PRODUCER,
                start_ns=10,
                end_ns=20,
                links=[other],
                attributes={attributes.EDGE_BPS: 2.5, attributes.SYMBOL: "BTCUSDT"},
            )
        [span] = spans_of(mesh_config)
        assert span.trace_id == tick.trace_hex
        assert span.span_id == signal.message_hex
        assert span.parent_span_id == tick.message_hex
        assert (span.name, span.kind, span.service) == ("signal.publish", "PRODUCER", "strategy")
        assert span.instance == "strategy-a"
        assert (span.start_ns, span.end_ns) == (10, 20)
        assert span.attributes == {"alphapulse.edge_bps": 2.5, "alphapulse.symbol": "BTCUSDT"}
        assert span.links == [{"trace_id": other.trace_hex, "span_id": other.message_hex}]
        assert span.status == {"code": "UNSET", "message": ""}

    def test_unsampled_contexts_leave_nothing(self, mesh_config: MeshConfig) -> None:
        context = new_context(sampled=False)
        with Telemetry.start(Service.STRATEGY, mesh_config) as telemetry:
            telemetry.span_for_frame("x", context, start_ns=1)
            assert telemetry.child_span("x", context, start_ns=1) is context
            with telemetry.span("x", context) as span:
                assert span.context.causation_id == context.message_id
        assert spans_of(mesh_config) == []

    def test_child_span_of_a_frame_that_passes_unchanged(self, mesh_config: MeshConfig) -> None:
        frame = new_context()
        with Telemetry.start(Service.RELAY_SIGNAL, mesh_config) as telemetry:
            own = telemetry.child_span(edges.RELAY_PUBLISH, frame, start_ns=1)
        [span] = spans_of(mesh_config)
        assert span.parent_span_id == frame.message_hex
        assert span.span_id == own.message_hex != frame.message_hex

    def test_a_measured_block(self, mesh_config: MeshConfig) -> None:
        cause = new_context(sampled=False)
        with Telemetry.start(Service.PORTFOLIO, mesh_config) as telemetry:
            with telemetry.span(edges.PORTFOLIO_DECIDE, cause, sampled=True) as decision:
                decision.attributes[attributes.DECISION] = "sized"
                decision.links.append(new_context())
            with (
                pytest.raises(OrderRejected),
                telemetry.span(edges.ORDER_SUBMIT, decision.context),
            ):
                raise OrderRejected("too large", reason="ORDER_TOO_LARGE")
        decided, submitted = spans_of(mesh_config)
        assert decided.parent_span_id == cause.message_hex
        assert decided.attributes == {attributes.DECISION: "sized"}
        assert len(decided.links) == 1
        assert decided.end_ns >= decided.start_ns > 0
        assert submitted.parent_span_id == decision.context.message_hex
        assert submitted.attributes == {attributes.ERROR_TYPE: "ORDER_TOO_LARGE"}
        assert submitted.status == {"code": "ERROR", "message": "too large"}

    def test_the_same_spans_reach_an_otlp_receiver(
        self, make_config: Callable[..., MeshConfig], otlp_receiver: Any
    ) -> None:
        config = make_config(
            telemetry={"otlp_endpoint": otlp_receiver.endpoint, "otlp_headers": "a=b"}
        )
        root = new_context()
        child = new_context(root)
        with Telemetry.start(Service.COLLECTOR, config) as telemetry:
            telemetry.span_for_frame("root", root, kind=SpanKind.PRODUCER, start_ns=5, end_ns=9)
            telemetry.span_for_frame("child", child, start_ns=6, attributes={"n": 3})
        [(service, span)] = otlp_receiver.named("root")
        assert service == "collector"
        assert (span.trace_id, span.span_id) == (root.trace_id, root.message_id)
        assert span.parent_span_id == b""
        assert (span.start_time_unix_nano, span.end_time_unix_nano) == (5, 9)
        assert otlp_receiver.edges() == {(("root", "collector"), ("child", "collector"))}
        assert otlp_receiver.resources[0]["service.namespace"] == config.mesh.name
        assert len(spans_of(config)) == 2

    def test_a_receiver_that_is_away_costs_nothing_but_its_spans(
        self, make_config: Callable[..., MeshConfig], free_port: int
    ) -> None:
        config = make_config(telemetry={"otlp_endpoint": f"http://127.0.0.1:{free_port}"})
        telemetry = Telemetry.start(Service.COLLECTOR, config)
        telemetry.span_for_frame("x", new_context(), start_ns=1)
        telemetry.close()
        assert len(spans_of(config)) == 1


class TestFiles:
    def test_rotation_bounds_the_directory(self, make_config: Callable[..., MeshConfig]) -> None:
        config = make_config(telemetry={"file": {"max_bytes": 4096, "keep": 2}})
        made = [new_context() for _ in range(200)]
        with Telemetry.start(Service.COLLECTOR, config) as telemetry:
            for number, context in enumerate(made):
                telemetry.span_for_frame("x", context, start_ns=number, end_ns=number)
                if number % 5 == 4:
                    telemetry.flush()
        files = sorted(path.name for path in config.trace_dir.iterdir())
        assert files == ["collector.jsonl", "collector.jsonl.1", "collector.jsonl.2"]
        assert all(path.stat().st_size <= 4096 for path in config.trace_dir.iterdir())
        kept = [span.start_ns for span in read_spans(config.trace_dir)]
        assert kept == list(range(kept[0], 200)), "the newest, in order, none missing between"
        assert kept[0] > 0

    def test_a_restart_appends_and_mends_a_torn_line(self, mesh_config: MeshConfig) -> None:
        for number in range(2):
            with Telemetry.start(Service.COLLECTOR, mesh_config) as telemetry:
                telemetry.span_for_frame("x", new_context(), start_ns=number)
            with (mesh_config.trace_dir / "collector.jsonl").open("ab") as file:
                file.write(b'{"trace_id": "torn')
        with Telemetry.start(Service.COLLECTOR, mesh_config) as telemetry:
            telemetry.span_for_frame("x", new_context(), start_ns=2)
        assert [span.start_ns for span in spans_of(mesh_config)] == [0, 1, 2]

    def test_two_processes_of_one_name_do_not_share_a_file(self, mesh_config: MeshConfig) -> None:
        with Telemetry.start(Service.COLLECTOR, mesh_config) as first:
            other = multiprocessing.get_context("spawn").Process(
                target=_record_one, args=(mesh_config.trace_dir,)
            )
            other.start()
            other.join()
            assert other.exitcode == 0
            first.span_for_frame("first", new_context(), start_ns=1)
        assert sorted(path.name for path in mesh_config.trace_dir.iterdir()) == [
            f"collector.{other.pid}.jsonl",
            "collector.jsonl",
        ]
        assert {span.name for span in spans_of(mesh_config)} == {"first", "second"}

    def test_finding_a_trace_by_id_and_by_order(self, mesh_config: MeshConfig) -> None:
        wanted, other = new_context(), new_context()
        for service in (Service.PORTFOLIO, Service.EXECUTION):
            with Telemetry.start(service, mesh_config) as telemetry:
                for start, context in ((2, wanted), (1, other)):
                    telemetry.child_span(
                        service.value,
                        context,
                        start_ns=start,
                        attributes={attributes.ORDER_ID: context.message_hex},
                    )
        for query in (
            {"trace_id": wanted.trace_hex},
            {"attribute": (attributes.ORDER_ID, wanted.message_hex)},
        ):
            found = find_spans(mesh_config.trace_dir, **query)
            assert {span.service for span in found} == {"portfolio", "execution"}
            assert {span.trace_id for span in found} == {wanted.trace_hex}
        assert find_spans(mesh_config.trace_dir, attribute=(attributes.ORDER_ID, "none")) == []

    def test_a_full_disk_loses_spans_and_nothing_else(
        self, mesh_config: MeshConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Telemetry.start(Service.COLLECTOR, mesh_config) as telemetry:

            def full(fd: int, data: bytes) -> int:
                raise OSError(28, "No space left on device")

            with monkeypatch.context() as patch:
                patch.setattr(os, "write", full)
                telemetry.span_for_frame("lost", new_context(), start_ns=1)
                telemetry.flush()
            telemetry.span_for_frame("kept", new_context(), start_ns=2)
        assert [span.name for span in spans_of(mesh_config)] == ["kept"]

    def test_a_full_disk_does_not_keep_a_service_from_starting(
        self, mesh_config: MeshConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mesh_config.trace_dir.mkdir(parents=True)
        path = mesh_config.trace_dir / "collector.jsonl"
        path.write_bytes(b'{"trace_id": "torn')

        def full(fd: int, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            telemetry = Telemetry.start(Service.COLLECTOR, mesh_config)
        with telemetry:
            assert path.read_bytes() == b'{"trace_id": "torn'


def _record_one(directory: Path) -> None:
    from alphapulse_mesh.runtime.config import load_config

    config = load_config(telemetry={"file": {"directory": directory}})
    with Telemetry.start(Service.COLLECTOR, config) as telemetry:
        telemetry.span_for_frame("second", new_context(), start_ns=1)


class TestTables:
    def test_every_edge_hangs_together(self) -> None:
        parents = {edge.parent for edge in edges.EDGES}
        children = {edge.child for edge in edges.EDGES}
        roots = parents - children
        assert roots == {(edges.COLLECTOR_PUBLISH, Service.COLLECTOR)}
        assert len(children) == len(edges.EDGES), "each span has one parent"

    def test_attributes_are_declared_once(self) -> None:
        values = [
            value
            for name, value in vars(attributes).items()
            if name.isupper() and isinstance(value, str)
        ]
        assert len(values) == len(set(values)) == len(attributes.DECLARED)
