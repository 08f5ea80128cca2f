"""What clients reach through Envoy: gRPC, gRPC-Web, JSON, reflection, and the client libraries."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format

from alphapulse.registry.v1 import registry_pb2
from alphapulse_client import connect_sync

if TYPE_CHECKING:
    from alphapulse_testing.running_mesh import RunningMesh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
RESOLVE = "alphapulse.registry.v1.RegistryService/ResolveInstrument"


def http(
    url: str, body: Any = None, *, method: str | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_every_process_serves(mesh: RunningMesh) -> None:
    services = {service["name"]: service for service in mesh.json("status")["services"]}
    assert set(services) == {
        "registry", "relay-market-data", "relay-signal", "relay-execution", "relay-system",
        "execution", "portfolio", "strategy", "collector", "envoy",
    }  # fmt: skip
    assert {s["state"] for s in services.values()} == {"SERVICE_STATE_SERVING"}


def test_json_reaches_the_registry(mesh: RunningMesh) -> None:
    query = urllib.parse.urlencode({"symbol": "BTCUSDT", "venue": "SIMULATOR"})
    code, body, _ = http(f"http://{mesh.gateway}/v1/instruments:resolve?{query}")
    assert code == 200, body
    (candidate,) = json.loads(body)["candidates"]
    assert candidate["symbol"] == "BTCUSDT"
    code, body, _ = http(f"http://{mesh.gateway}/v1/instruments/{candidate['id_text']}")
    assert json.loads(body)["instrument"]["id_text"] == candidate["id_text"]


def test_an_error_in_json_has_the_stable_reason(mesh: RunningMesh) -> None:
    code, body, _ = http(f"http://{mesh.gateway}/v1/instruments/{'00' * 16}")
    assert code == 404
    (detail,) = json.loads(body)["details"]
    assert detail["reason"] == "INSTRUMENT_UNKNOWN"
    assert detail["domain"] == "alphapulse"


def test_an_order_by_json(mesh: RunningMesh) -> None:
    query = urllib.parse.urlencode({"symbol": "BTCUSDT", "venue": "SIMULATOR"})
    _, body, _ = http(f"http://{mesh.gateway}/v1/instruments:resolve?{query}")
    instrument = json.loads(body)["candidates"][0]["id_text"]
    order = {"instrument_id": instrument, "side": "SIDE_BUY", "quantity": "0.001"}
    code, body, _ = http(
        f"http://{mesh.gateway}/v1/orders", order, **{"content-type": "application/json"}
    )
    assert code == 200, body
    taken = json.loads(body)["order"]
    assert taken["order_id"] != "0"
    assert taken["instrument_id_text"] == instrument


def test_links_and_synthetics_by_json_and_records_in_a_stream(mesh: RunningMesh) -> None:
    api = f"http://{mesh.gateway}/v1"
    as_json = {"content-type": "application/json"}

    def post(path: str, **body: Any) -> Any:
        code, answer, _ = http(f"{api}/{path}", body, **as_json)
        assert code == 200, answer
        return json.loads(answer)

    with connect_sync(mesh.gateway) as client:
        one, other = (
            client.registry.resolve("BTCUSDT", venue=venue)
            for venue in ("SIMULATOR", "SIMULATOR_FUTURES")
        )
        batches = list(client.registry.stream_records(batch_rows=3))
        listed = [each.id_text for each in client.registry.list()]
    link = {
        "from": json_format.MessageToDict(one.id),
        "to": json_format.MessageToDict(other.id),
        "type": "LINK_TYPE_BRIDGED_FROM",
    }
    code, body, _ = http(f"{api}/links:unlink", {"link": link}, **as_json)
    assert (code, json.loads(body)["removed"]) == (200, False)
    post("synthetics", name="E2E.MID", formula="(a + b) / 2", inputs=[
        {"alias": "a", "id": link["from"]}, {"alias": "b", "id": link["to"]}
    ])  # fmt: skip
    code, body, _ = http(f"{api}/synthetics?name_prefix=E2E&instrument_id={one.id_text}")
    assert [each["name"] for each in json.loads(body)["synthetics"]] == ["E2E.MID"]
    ids = [row["instrument_id"].tobytes().hex() for batch in batches for row in batch.rows]
    assert len({batch.revision for batch in batches}) == 1
    assert ids == listed[: len(ids)]
    assert len(ids) == batches[-1].total_rows >= 4


def test_venues_are_measured_while_the_mesh_runs(mesh: RunningMesh) -> None:
    deadline = time.monotonic() + 150
    with connect_sync(mesh.gateway) as client:
        while True:
            found = client.registry.venue_metrics("SIMULATOR")
            sources = {each.source for each in found.metrics}
            if "collector" in sources:
                break
            assert time.monotonic() < deadline, found
            time.sleep(0.2)
        venue = client.registry.venue("SIMULATOR")
    assert sources <= {"collector", "execution"}
    assert found.health_score > 0
    assert venue.status in {registry_pb2.VENUE_STATUS_OPEN, registry_pb2.VENUE_STATUS_DEGRADED}


def test_buf_curl_by_reflection(mesh: RunningMesh) -> None:
    buf = Path(sys.executable).parent / "buf"
    if not buf.exists():
        pytest.skip("buf is not installed (make setup-dev)")
    asked = json.dumps({"symbol": "BTCUSDT", "venue": "SIMULATOR"})
    for service, request in (
        (RESOLVE, asked),
        ("alphapulse.execution.v1.ExecutionService/ListOrders", "{}"),
    ):
        done = subprocess.run(
            [buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", request,
             f"http://{mesh.gateway}/{service}"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert "candidates" in json.loads(
        subprocess.run(
            [buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", asked,
             f"http://{mesh.gateway}/{RESOLVE}"],
            capture_output=True, text=True, timeout=60, check=True,
        ).stdout
    )  # fmt: skip


def test_grpc_web_with_cors_as_a_browser_calls(mesh: RunningMesh) -> None:
    url = f"http://{mesh.gateway}/{RESOLVE}"
    origin = "http://localhost:5173"
    code, _, headers = http(
        url,
        method="OPTIONS",
        origin=origin,
        **{"access-control-request-method": "POST", "access-control-request-headers": "x-grpc-web"},
    )
    assert code == 200
    assert headers["access-control-allow-origin"] == origin
    message = registry_pb2.ResolveInstrumentRequest(
        symbol="BTCUSDT", venue="SIMULATOR"
    ).SerializeToString()
    code, body, headers = http(
        url,
        struct.pack(">BI", 0, len(message)) + message,
        origin=origin,
        **{"content-type": "application/grpc-web+proto", "x-grpc-web": "1"},
    )
    assert code == 200
    flags, length = struct.unpack(">BI", body[:5])
    assert flags == 0
    answer = registry_pb2.ResolveInstrumentResponse.FromString(body[5 : 5 + length])
    assert answer.candidates[0].symbol == "BTCUSDT"
    assert b"grpc-status:0" in body[5 + length :].replace(b" ", b"")
    _, _, strange = http(url, method="OPTIONS", origin="https://elsewhere.example",
                         **{"access-control-request-method": "POST"})  # fmt: skip
    assert "access-control-allow-origin" not in strange


def quickstart(mesh: RunningMesh, *command: str | Path, cwd: Path, timeout: float) -> None:
    done = subprocess.run(
        [*command, "--target", mesh.gateway, "--symbol", "BTCUSDT", "--venue", "SIMULATOR"],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    last = json.loads(done.stdout.strip().splitlines()[-1])
    assert len(last["instrument_id"]) == 32
    assert last["quotes"] >= 1
    assert int(last["order_id"]) > 0
    assert last["status"].endswith(("FILLED", "CANCELED"))  # an IOC order is done at once


def test_the_python_example(mesh: RunningMesh) -> None:
    quickstart(
        mesh, sys.executable, "quickstart.py", cwd=ROOT / "clients/python/examples", timeout=60
    )


def test_the_go_example(mesh: RunningMesh) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed")
    quickstart(mesh, go, "run", "./examples/quickstart", cwd=ROOT / "clients/go", timeout=240)


@pytest.mark.parametrize("how", [(), ("--web",)], ids=["grpc", "grpc-web"])
def test_the_typescript_example(mesh: RunningMesh, how: tuple[str, ...]) -> None:
    node = shutil.which("node")
    built = ROOT / "clients/typescript/dist/examples/quickstart.js"
    if node is None or not built.exists():
        pytest.skip("node is not installed, or clients/typescript is not built (make test does)")
    quickstart(mesh, node, built, *how, cwd=ROOT / "clients/typescript", timeout=60)
