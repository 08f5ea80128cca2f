/** A connection to a mesh, over whatever transport: one address, everything behind it. */
import type { GetStatusResponse } from "@alphapulse/gen/alphapulse/relay/v1/relay_pb";
import type { CallOptions as ConnectCallOptions, Transport } from "@connectrpc/connect";

import { explained } from "./errors.js";
import { openFeed, relayClient, type Batch, type Domain, type FeedOptions } from "./feed.js";
import { Orders } from "./orders.js";
import { Publisher, type PublisherOptions } from "./publisher.js";
import { Registry } from "./registry.js";

/** Deadline of a unary call that names none. */
export const CALL_TIMEOUT_MS = 30_000;

/** How long to wait for a call (30 seconds when not given), and when to stop waiting. */
export type CallOptions = Pick<ConnectCallOptions, "timeoutMs" | "signal">;

export class Mesh {
  readonly registry: Registry;
  readonly orders: Orders;
  readonly #transport: Transport;
  readonly #closing = new AbortController();
  readonly #disconnect: () => void;

  /** See `connect` and `connectWeb`. */
  constructor(transport: Transport, disconnect: () => void = () => {}) {
    this.registry = new Registry(transport, this.#closing.signal);
    this.orders = new Orders(transport);
    this.#transport = transport;
    this.#disconnect = disconnect;
  }

  /**
   * One domain's frames, to be read once: `for await (const batch of mesh.feed("market_data"))`. It
   * connects when it is read, reconnects by itself and goes on after what it has delivered. It ends when
   * the loop is left, its signal aborts or the mesh is closed, and throws what the relay refuses.
   */
  feed(domain: Domain, options: FeedOptions = {}): AsyncGenerator<Batch, void, void> {
    return openFeed(this.#transport, domain, options, this.#closing.signal);
  }

  /**
   * Publishes frames to a domain, each into the relay once. Over gRPC alone: a browser cannot send a stream.
   */
  publisher(domain: Domain, options: PublisherOptions): Publisher {
    return new Publisher(relayClient(this.#transport, domain), domain, options, this.#closing.signal);
  }

  /** What a relay holds and does: window, policy, producers, subscribers, counters. */
  async relayStatus(domain: Domain, options?: CallOptions): Promise<GetStatusResponse> {
    return explained(relayClient(this.#transport, domain).getStatus({}, options));
  }

  /** Ends every feed, watch and publisher, and the connection. */
  close(): void {
    this.#closing.abort();
    this.#disconnect();
  }
}
