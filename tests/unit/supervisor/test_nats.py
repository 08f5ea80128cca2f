"""When the mesh starts a NATS server of its own, and that nats-server takes what it is given."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_mesh.runtime.programs import find_program
from alphapulse_mesh.supervisor.nats import needs_server, prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

ON_NATS: dict[str, Any] = {"relays": {"signal": {"transport": "nats", "ring_bytes": 1 << 20}}}
URL = "nats://nats.example:4222"


@pytest.mark.parametrize(
    ("sections", "needed"),
    [
        ({}, False),
        (ON_NATS, True),
        ({**ON_NATS, "nats": {"url": URL}}, False),
        ({"registry": {"event_store": "jetstream"}}, True),
        ({"registry": {"event_store": "jetstream", "nats_url": URL}}, False),
        ({**ON_NATS, "registry": {"event_store": "jetstream", "nats_url": URL}}, True),
    ],
)
def test_it_is_started_where_something_needs_it_and_none_is_named(
    make_config: Callable[..., MeshConfig], sections: dict[str, Any], needed: bool
) -> None:
    assert needs_server(make_config(**sections)) is needed


@pytest.mark.parametrize("token", [None, "secret-of_the-test"])
@pytest.mark.parametrize("store", ["sqlite", "jetstream"])
def test_nats_server_takes_the_configuration(
    make_config: Callable[..., MeshConfig],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: str | None,
    store: str,
) -> None:
    program = find_program("nats-server")
    if program is None:
        pytest.skip("nats-server is not installed")
    if token is not None:
        monkeypatch.setenv("ALPHAPULSE_NATS__TOKEN", token)
    prepared = prepare(make_config(**ON_NATS, registry={"event_store": store}))
    file = tmp_path / "nats.json"
    file.write_text(prepared.document)
    done = subprocess.run(
        [program, "-t", "--config", file], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert ("always" in prepared.document) is (store == "jetstream")
    assert "secret" not in prepared.document
    assert ("authorization" in prepared.document) is (token is not None)
    host, _, port = (prepared.config.nats.url or "").removeprefix("nats://").partition(":")
    assert host == "127.0.0.1"
    assert int(port) > 0


def test_a_missing_program_is_named(make_config: Callable[..., MeshConfig]) -> None:
    with pytest.raises(ConfigError, match=r"no-such-server.*nats\.command"):
        prepare(make_config(**ON_NATS, nats={"command": "no-such-server"}))


def test_a_token_that_the_server_would_read_otherwise_is_refused(
    make_config: Callable[..., MeshConfig],
) -> None:
    with pytest.raises(ConfigError, match=r"nats\.token"):
        prepare(make_config(**ON_NATS, nats={"token": "1234567890"}))


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://nats:4222", "is not like"),
        ("nats://", "is not like"),
        ("nats://user:secret@nats:4222", "told to every subscriber"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(
    make_config: Callable[..., MeshConfig], url: str, wrong: str
) -> None:
    with pytest.raises(ConfigError, match=wrong):
        make_config(nats={"url": url})


def test_a_stream_too_small_for_its_ring_is_refused(
    make_config: Callable[..., MeshConfig],
) -> None:
    with pytest.raises(ConfigError, match="below four times"):
        make_config(
            relays={"signal": {"transport": "nats", "ring_bytes": 1 << 20, "stream_bytes": 1 << 20}}
        )
