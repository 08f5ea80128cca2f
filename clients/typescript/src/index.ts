/**
 * The AlphaPulse client for Node: instruments, feeds, orders.
 *
 *     const mesh = await connect("localhost:10000");
 *     const btc = await mesh.registry.resolve({ symbol: "BTCUSDT", venue: "BINANCE" });
 *     for await (const batch of mesh.feed("market_data", { instruments: [btc.id] })) {
 *       for (const frame of batch.frames) {
 *         if (frame.record === "Quote") for (const quote of frame.rows("Quote")) console.log(quote.askPrice);
 *       }
 *     }
 *
 * Frames are FlatBuffers, read in place. In browsers import `@alphapulse/client/web` and `connectWeb`.
 */
import type { ClientHttp2Session, ClientHttp2Stream, SecureClientSessionOptions } from "node:http2";

import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

import { retrying, sleep } from "./backoff.js";
import { Code, MeshError } from "./errors.js";
import { CALL_TIMEOUT_MS, Mesh } from "./mesh.js";

export * from "./web.js";

const KEEPALIVE = { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 };
const RETRY_MS = 100;
const STREAM_WINDOW = 1 << 20;
const CONNECTION_WINDOW = 64 << 20;

/**
 * Connections whose window no feed can fill. With Node's 64 KiB for all streams together a busy feed holds
 * up the answers of calls, and Envoy resets a call whose answer is held up before it has read the call's end.
 */
class Sessions extends Http2SessionManager {
  readonly #seen = new WeakSet<ClientHttp2Session>();

  override async request(...call: Parameters<Http2SessionManager["request"]>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...call);
    const session = stream.session as ClientHttp2Session | undefined;
    if (session !== undefined && !this.#seen.has(session)) {
      session.setLocalWindowSize(CONNECTION_WINDOW);
      this.#seen.add(session);
    }
    return stream;
  }
}

export interface ConnectOptions {
  /** How long to wait for the gateway; 10 seconds when not given. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** TLS: certificates, keys, names. It is used for targets that begin with https:// */
  tls?: SecureClientSessionOptions;
}

/** Connects to the gateway at "host:port" or a URL and waits until it answers; else MESH_UNREACHABLE. */
export async function connect(target: string, options: ConnectOptions = {}): Promise<Mesh> {
  const baseUrl = /^https?:\/\//.test(target) ? target : `http://${target}`;
  const session = { settings: { initialWindowSize: STREAM_WINDOW }, ...options.tls };
  const sessionManager = new Sessions(baseUrl, KEEPALIVE, session);
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    defaultTimeoutMs: CALL_TIMEOUT_MS,
    interceptors: [retrying],
  });
  const mesh = new Mesh(transport, () => sessionManager.abort());

  const waited = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  const signal = options.signal ? AbortSignal.any([waited, options.signal]) : waited;
  const never = new Promise<"error">((resolve) => signal.addEventListener("abort", () => resolve("error")));
  while (!signal.aborted && (await Promise.race([sessionManager.connect(), never])) === "error") {
    await sleep(RETRY_MS, signal);
  }
  if (!signal.aborted) return mesh;
  const cause = sessionManager.error() ?? signal.reason;
  mesh.close();
  throw new MeshError(Code.Unavailable, "MESH_UNREACHABLE", `nobody answers at ${target}`, { target }, { cause });
}
