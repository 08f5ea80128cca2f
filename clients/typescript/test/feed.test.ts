/** Feeds, calls and errors against servers of this process, over gRPC and over gRPC-Web. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { test, type TestContext } from "node:test";

import { Code, connect, connectWeb, Frame, isReason, MeshError, Side, symbolId, type Mesh } from "@alphapulse/client";
import { ExecutionService, OrderStatus } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
import { RegistryService } from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";
import { MarketDataRelay, SlowConsumerPolicy, StartPosition } from "@alphapulse/gen/alphapulse/relay/v1/relay_pb";
import type { SubscribeRequest } from "@alphapulse/gen/alphapulse/relay/v1/relay_pb";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

const trade = new Uint8Array(readFileSync(new URL("../../../../schemas/golden/trade.bin", import.meta.url)));
const apple = symbolId(2, 400, "AAPL");

/** A failure as the services send it, with google.rpc.ErrorInfo. */
function failure(code: Code, reason: string): ConnectError {
  const error = new ConnectError("for people", code);
  const entry = new BinaryWriter().tag(1, 2).string("id").tag(2, 2).string("00").finish();
  const info = new BinaryWriter().tag(1, 2).string(reason).tag(2, 2).string("alphapulse").tag(3, 2).bytes(entry);
  error.details.push({ type: "google.rpc.ErrorInfo", value: info.finish() });
  return error;
}

/** A relay that sends one response a stream and then breaks it, remembering what it was asked for. */
class BreakingRelay {
  requests: SubscribeRequest[] = [];
  refusal: ConnectError | undefined;
  orders: string[] = [];
  sockets = new Set<{ destroy(): void }>();
  sessions: ServerHttp2Session[] = [];
  held = false;

  async *subscribe(request: SubscribeRequest, signal: AbortSignal) {
    if (this.refusal) throw this.refusal;
    this.requests.push(request);
    const sequence = BigInt(this.requests.length) * 10n;
    const gap = { range: { first: sequence - 1n, last: sequence - 1n }, reason: "SLOW_CONSUMER" };
    yield { frames: [trade], gaps: [gap], deliveredSequence: sequence, headSequence: sequence + 5n };
    if (this.held) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    if (this.requests.length % 2 === 0) return; // an orderly end, as of a relay that drains
    throw new ConnectError("broken", Code.Unavailable);
  }
}

/** The relay, a registry and an execution behind both transports, on free ports. */
async function serve(t: TestContext, relay: BreakingRelay): Promise<Mesh[]> {
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(MarketDataRelay, { subscribe: (request, { signal }) => relay.subscribe(request, signal) });
      router.service(RegistryService, {
        getInstrument: () => {
          throw failure(Code.NotFound, "INSTRUMENT_UNKNOWN");
        },
        resolveInstrument: ({ symbol }) => ({ candidates: [{ symbol, id: apple }], ambiguous: symbol === "TWO" }),
        listInstruments: ({ pageToken }) =>
          pageToken ? { instruments: [{ id: apple }] } : { instruments: [{ id: apple }], nextPageToken: "more" },
      });
      router.service(ExecutionService, {
        submitOrder: ({ requestId, instrumentId }) => {
          relay.orders.push(requestId);
          return { order: { orderId: 7n, instrumentIdText: instrumentId, status: OrderStatus.FILLED } };
        },
      });
    },
  });
  const listen = async (server: Server): Promise<number> => {
    server.on("connection", (socket) => relay.sockets.add(socket));
    server.on("session", (session: ServerHttp2Session) => relay.sessions.push(session));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => {
      relay.sockets.forEach((socket) => socket.destroy());
      server.close();
    });
    return (server.address() as AddressInfo).port;
  };
  const meshes = [
    await connect(`127.0.0.1:${await listen(createHttp2Server(adapter))}`),
    connectWeb(`http://127.0.0.1:${await listen(createHttpServer(adapter))}`),
  ];
  t.after(() => meshes.forEach((mesh) => mesh.close()));
  return meshes;
}

test("a feed goes on after what it has delivered", async (t) => {
  const relay = new BreakingRelay();
  for (const mesh of await serve(t, relay)) {
    relay.requests = [];
    const delivered = [];
    const broken: string[] = [];
    const onReconnect = (error: MeshError): void => void broken.push(error.reason);
    for await (const batch of mesh.feed("market_data", { start: "oldest", instruments: [apple], onReconnect })) {
      assert.ok(batch.frames[0] instanceof Frame);
      assert.equal(batch.gaps[0]!.reason, "SLOW_CONSUMER");
      delivered.push(batch.delivered);
      if (delivered.length === 4) break;
    }
    assert.deepEqual(delivered, [10n, 20n, 30n, 40n]);
    assert.deepEqual(broken, ["UNAVAILABLE", "RELAY_CLOSED_STREAM", "UNAVAILABLE"]);
    const [first, ...later] = relay.requests;
    assert.equal(first!.start, StartPosition.OLDEST);
    assert.equal(first!.slowConsumerPolicy, SlowConsumerPolicy.DROP_OLDEST);
    assert.deepEqual(later.map((request) => request.startSequence), [11n, 21n, 31n]);
  }
});

test("a feed survives connections that are cut", async (t) => {
  const relay = new BreakingRelay();
  relay.held = true;
  for (const mesh of await serve(t, relay)) {
    relay.requests = [];
    const delivered = [];
    for await (const batch of mesh.feed("market_data")) {
      delivered.push(batch.delivered);
      relay.sockets.forEach((socket) => socket.destroy()); // as of a gateway that is killed
      if (delivered.length === 3) break;
    }
    assert.deepEqual(delivered, [10n, 20n, 30n]);
    assert.deepEqual(relay.requests.map((request) => request.startSequence), [0n, 11n, 21n]);
  }
});

test("a relay that lost its memory is a gap, then the oldest", async (t) => {
  const relay = new BreakingRelay();
  const [mesh] = await serve(t, relay);
  const feed = mesh!.feed("market_data", { start: 5n });
  assert.equal((await feed.next()).value!.delivered, 10n);
  relay.refusal = failure(Code.OutOfRange, "SEQUENCE_AHEAD");
  const lost = { first: 11n, last: 10n, reason: "RELAY_RESTARTED", records: 0n };
  assert.deepEqual((await feed.next()).value!.gaps, [lost]);
  relay.refusal = undefined;
  assert.equal((await feed.next()).value!.delivered, 20n);
  assert.equal(relay.requests[1]!.start, StartPosition.OLDEST);
  await feed.return();
});

test("a refused feed ends with the reason, an aborted or closed one without an error", async (t) => {
  const relay = new BreakingRelay();
  const [mesh, web] = await serve(t, relay);
  const weather = "weather" as "system";
  assert.throws(() => mesh!.feed(weather), (error) => isReason(error, "ARGUMENT_INVALID"));
  const stop = new AbortController();
  for await (const _ of mesh!.feed("market_data", { signal: stop.signal })) stop.abort();
  for await (const _ of web!.feed("market_data")) web!.close();
  relay.refusal = failure(Code.InvalidArgument, "MESSAGE_TYPE_UNKNOWN");
  await assert.rejects(mesh!.feed("market_data").next(), (error) => isReason(error, "MESSAGE_TYPE_UNKNOWN"));
});

test("calls answer over both transports and their errors carry the stable reason", async (t) => {
  const relay = new BreakingRelay();
  for (const { registry, orders } of await serve(t, relay)) {
    const found = await registry.resolve({ symbol: "AAPL", venue: "XNAS" });
    const order = await orders.submit({ instrument: found.id, side: Side.BUY, quantity: "1", requestId: "mine" });
    assert.deepEqual([order.orderId, order.status], [7n, OrderStatus.FILLED]);
    let listed = 0;
    for await (const instrument of registry.list()) listed += instrument.id.venue === 400 ? 1 : 0;
    assert.equal(listed, 2);
    await orders.submit({ instrument: order.instrumentIdText, side: Side.BUY, quantity: "1" });
    const two = registry.resolve({ symbol: "TWO", venue: "XNAS" });
    await assert.rejects(two, (error) => isReason(error, "INSTRUMENT_AMBIGUOUS"));
    await assert.rejects(registry.get(apple), (error) => {
      assert.ok(isReason(error, "INSTRUMENT_UNKNOWN"));
      assert.deepEqual([error.code, error.values], [Code.NotFound, { id: "00" }]);
      return true;
    });
  }
  assert.equal(relay.orders[0], "mine");
  const windows = relay.sessions.map(({ state }) => state.remoteWindowSize ?? 0);
  assert.ok(windows.length === 1 && windows[0]! > 32 << 20, `a connection that one feed can fill: ${windows}`);
  assert.equal(new Set(relay.orders).size, 3, "two calls without a request id are two orders");
});

test("connecting to nobody fails with a reason", async () => {
  await assert.rejects(connect("127.0.0.1:1", { timeoutMs: 200 }), (error) => isReason(error, "MESH_UNREACHABLE"));
});
