"""Log lines: one JSON object each, with service, trace and extras; or plain text."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from alphapulse_mesh.runtime.logs import configure_logging
from alphapulse_mesh.runtime.telemetry import current_context, new_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alphapulse_mesh.runtime.config import MeshConfig


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("opentelemetry").setLevel(logging.NOTSET)


def test_json_lines(mesh_config: MeshConfig, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("collector-a", mesh_config.telemetry)
    log = logging.getLogger("alphapulse.test")
    context = new_context()
    token = current_context.set(context)
    try:
        log.warning("lost %d\nrecords", 3, extra={"venue": "binance"})
    finally:
        current_context.reset(token)
    try:
        raise RuntimeError("why")
    except RuntimeError:
        log.exception("failed")
    log.debug("not at this level")
    first, second = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert first["message"] == "lost 3\nrecords"
    assert first["level"] == "warning"
    assert first["service"] == "collector-a"
    assert first["trace_id"] == context.trace_hex
    assert first["venue"] == "binance"
    assert first["time_ns"] > 1_600_000_000 * 10**9
    assert "trace_id" not in second
    assert "RuntimeError: why" in second["exception"]


def test_text_lines(
    make_config: Callable[..., MeshConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_config(telemetry={"log_format": "text", "log_level": "debug"})
    configure_logging("registry", config.telemetry)
    logging.getLogger("alphapulse.test").debug("hello")
    assert capsys.readouterr().err.strip().endswith("DEBUG   registry: hello")
