"""Configuration: sources and their order, refusals that name the thing, round trip to children."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from alphapulse_mesh.runtime.config import MeshConfig, dump_toml, load_config
from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_mesh.runtime.names import RELAYS, Service

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.upper().startswith("ALPHAPULSE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_defaults_need_no_file(tmp_path: Path) -> None:
    config = load_config()
    assert config.mesh.name == "alphapulse"
    assert config.mesh.host == "127.0.0.1"
    assert config.run_dir == tmp_path / ".alphapulse/alphapulse/run"
    assert config.data_dir == tmp_path / ".alphapulse/alphapulse/data"
    assert config.trace_dir == config.data_dir / "traces"


def test_default_directories_follow_the_name(tmp_path: Path) -> None:
    config = load_config(mesh={"name": "second"})
    assert config.run_dir == tmp_path / ".alphapulse/second/run"


def test_relay_defaults_are_those_of_the_protocol() -> None:
    relays = load_config().relays
    assert (relays.market_data.max_queue_frames, relays.market_data.circuit_breaker_frames) == (
        1_000_000,
        800_000,
    )
    assert (relays.signal.max_queue_frames, relays.signal.circuit_breaker_frames) == (
        100_000,
        80_000,
    )
    assert (relays.execution.max_queue_frames, relays.execution.circuit_breaker_frames) == (
        10_000,
        8_000,
    )
    assert relays.execution.require_sequence
    assert not relays.market_data.require_sequence
    for service in RELAYS:
        assert load_config().relay(service).validate_checksums


def test_overrides_beat_environment_beats_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(
        tmp_path / "mesh.toml",
        '[mesh]\nname = "file"\nhost = "127.0.0.2"\n[registry]\nport = 1\nmax_page_size = 7\n',
    )
    monkeypatch.setenv("ALPHAPULSE_MESH__NAME", "environment")
    monkeypatch.setenv("ALPHAPULSE_REGISTRY__PORT", "2")
    config = load_config(path, registry={"port": 3})
    assert config.mesh.name == "environment"
    assert config.mesh.host == "127.0.0.2"
    assert config.registry.port == 3
    assert config.registry.max_page_size == 7


def test_one_file_does_not_leak_into_the_next_load(tmp_path: Path) -> None:
    path = write(tmp_path / "mesh.toml", '[mesh]\nname = "file"\n')
    assert load_config(path).mesh.name == "file"
    assert load_config().mesh.name == "alphapulse"


@pytest.mark.parametrize(
    ("text", "key", "suggestion"),
    [
        ("[registri]\nport = 1\n", "registri", "registry"),
        ("[registry]\nprot = 1\n", "registry.prot", "port"),
        ("[relays.market_data]\nring_byte = 1\n", "relays.market_data.ring_byte", "ring_bytes"),
        ('[[collectors]]\nvenu = "x"\nvenue = "y"\n', "collectors[0].venu", "venue"),
    ],
)
def test_unknown_key_names_key_file_and_neighbour(
    tmp_path: Path, text: str, key: str, suggestion: str
) -> None:
    path = write(tmp_path / "mesh.toml", text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    error = caught.value
    assert error.reason == "CONFIG_UNKNOWN_KEY"
    assert error.values["key"] == key
    assert str(path) in str(error)
    assert key in str(error)
    assert f"did you mean {suggestion!r}" in str(error)


def test_unknown_key_without_a_neighbour_lists_what_is_known(tmp_path: Path) -> None:
    path = write(tmp_path / "mesh.toml", "[envoy]\nzzz = 1\n")
    with pytest.raises(ConfigError, match="known here: port, admin_port"):
        load_config(path)


@pytest.mark.parametrize(
    ("variable", "suggestion"),
    [
        ("ALPHAPULSE_REGISTRI__PORT", "'registry'"),
        ("ALPHAPULSE_REGISTRY__PROT", "'port'"),
    ],
)
def test_unknown_environment_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, suggestion: str
) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert variable in str(caught.value)
    assert suggestion in str(caught.value)


def test_variables_without_a_section_belong_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHAPULSE_DATA", "/somewhere")
    assert load_config().mesh.name == "alphapulse"


def test_bad_value_names_key_and_value(tmp_path: Path) -> None:
    path = write(tmp_path / "mesh.toml", '[registry]\nport = "ninety"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.reason == "CONFIG_INVALID_VALUE"
    assert "registry.port" in str(caught.value)
    assert "'ninety'" in str(caught.value)


def test_bad_environment_value_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHAPULSE_REGISTRY__PORT", "70000")
    with pytest.raises(ConfigError, match="environment variable ALPHAPULSE_REGISTRY__PORT"):
        load_config()


def test_environment_list_that_is_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHAPULSE_COLLECTORS", "[oops")
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert caught.value.reason == "CONFIG_ENVIRONMENT"
    assert "collectors" in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: no such file") as caught:
        load_config(tmp_path / "absent.toml")
    assert caught.value.reason == "CONFIG_NOT_FOUND"


def test_broken_toml_says_where(tmp_path: Path) -> None:
    path = write(tmp_path / "mesh.toml", "[mesh\nname = 1\n")
    with pytest.raises(ConfigError, match="line 1") as caught:
        load_config(path)
    assert caught.value.reason == "CONFIG_SYNTAX"


@pytest.mark.parametrize("name", ["", "Upper", "under_score", "a" * 33, "a/b"])
def test_mesh_names_are_safe_in_paths(name: str) -> None:
    with pytest.raises(ConfigError, match=r"mesh\.name"):
        load_config(mesh={"name": name})


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ({"relays": {"signal": {"ring_bytes": 100_000}}}, "not a power of two"),
        ({"relays": {"signal": {"circuit_breaker_frames": 200_000}}}, "is above"),
        ({"collectors": [{"venue": "v", "kind": "replay"}]}, "needs path"),
        ({"collectors": [{"venue": "v", "kind": "live"}]}, "needs symbols"),
        ({"collectors": [{"venue": "v", "path": "x"}]}, "path is for"),
    ],
)
def test_values_that_contradict_one_another(section: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load_config(None, **section)


def test_configuration_is_frozen() -> None:
    config = load_config()
    with pytest.raises(ValidationError, match="frozen"):
        config.registry.port = 1
    with pytest.raises(ValidationError, match="frozen"):
        config.registry = config.registry


def with_secrets(monkeypatch: pytest.MonkeyPatch) -> MeshConfig:
    monkeypatch.setenv("ALPHAPULSE_CREDENTIALS__BINANCE__API_KEY", "open-sesame")
    monkeypatch.setenv("ALPHAPULSE_CREDENTIALS__BINANCE__API_SECRET", "hidden-word")
    monkeypatch.setenv("ALPHAPULSE_TELEMETRY__OTLP_HEADERS", "authorization=hidden-token")
    return load_config(
        collectors=[
            {"venue": "binance", "kind": "replay", "path": "recorded.gz", "speed": "max"},
            {"venue": "simulator", "symbols": ["BTCUSDT"], "seed": 7},
        ],
        execution={"risk": {"max_order_notional": "12.5"}},
    )


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    config = with_secrets(monkeypatch)
    assert config.credentials["binance"].api_key.get_secret_value() == "open-sesame"
    for shown in (repr(config), str(config), dump_toml(config), config.model_dump_json()):
        for secret in ("open-sesame", "hidden-word", "hidden-token"):
            assert secret not in shown


def test_a_wrong_secret_is_not_shown_either() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(credentials={"binance": {"api_key": 12345, "api_secret": "x"}})
    assert "api_key" in str(caught.value)
    assert "12345" not in str(caught.value)


def test_dump_and_load_give_the_same_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_secrets(monkeypatch)
    text = dump_toml(config)
    tables = tomllib.loads(text)
    assert "credentials" not in tables
    assert tables["collectors"][0]["path"] == str(tmp_path / "recorded.gz")
    path = write(tmp_path / "resolved.toml", text)
    monkeypatch.chdir("/")
    assert load_config(path) == config
    assert config.execution.risk.max_order_notional == Decimal("12.5")


def test_endpoints(tmp_path: Path) -> None:
    config = load_config(registry={"port": 4000})
    assert config.endpoint(Service.REGISTRY).target == "127.0.0.1:4000"
    assert config.endpoint(Service.COLLECTOR, "binance").port == 0
    unix = load_config(mesh={"run_dir": tmp_path / "r"}, server={"transport": "unix"})
    assert unix.endpoint(Service.REGISTRY).target == f"unix:{tmp_path}/r/sockets/registry.sock"


def test_socket_path_that_the_system_refuses(tmp_path: Path) -> None:
    config = load_config(mesh={"run_dir": tmp_path / ("d" * 120)}, server={"transport": "unix"})
    with pytest.raises(ConfigError, match=r"mesh\.run_dir"):
        config.endpoint(Service.REGISTRY)
