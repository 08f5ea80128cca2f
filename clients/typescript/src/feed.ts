/** Feeds: a relay's frames in order, over reconnects, with every loss named. */
import {
  ExecutionRelay, MarketDataRelay, SignalRelay, SlowConsumerPolicy, StartPosition, SubscribeRequestSchema, SystemRelay,
  type SubscribeRequest, type SubscribeResponse,
} from "@alphapulse/gen/alphapulse/relay/v1/relay_pb";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { Backoff } from "./backoff.js";
import { Code, explain, FrameError, isTransient, MeshError } from "./errors.js";
import { Frame } from "./frame.js";
import { idBytes, type AnyId } from "./identity.js";

const RELAYS = { market_data: MarketDataRelay, signal: SignalRelay, execution: ExecutionRelay, system: SystemRelay };
const POLICIES = {
  block: SlowConsumerPolicy.BLOCK,
  drop_oldest: SlowConsumerPolicy.DROP_OLDEST,
  conflate: SlowConsumerPolicy.CONFLATE,
  disconnect: SlowConsumerPolicy.DISCONNECT,
};
const STARTS = { latest: StartPosition.LATEST, oldest: StartPosition.OLDEST, snapshot: StartPosition.SNAPSHOT };
const PROGRESS_INTERVAL = 50;
const PROGRESS_PATIENCE = 5_000;

/** One of the four kinds of feed. */
export type Domain = keyof typeof RELAYS;

/** What a feed delivers and how; an empty filter passes everything. */
export interface FeedOptions {
  /** See MessageType. */
  messageTypes?: readonly number[];
  instruments?: readonly AnyId[];
  venues?: readonly number[];
  sources?: readonly number[];
  assetTypes?: readonly number[];
  /** A condition on fields of the record: "ask_price - bid_price > 0.5". */
  predicate?: string;
  /** What comes from now on (the default), the window's oldest, last values first, a sequence, or a time. */
  start?: keyof typeof STARTS | bigint | Date;
  /** The `resumeToken` of an earlier feed's batch, instead of `start`; TOKEN_FOREIGN where it is another relay's. */
  resume?: Uint8Array;
  /** What the relay does when this consumer falls behind; drop_oldest holds nobody back and reports the gap. */
  policy?: keyof typeof POLICIES;
  /**
   * For people, and for the relay's gauge of the lag. For a named feed that blocks the relay also keeps
   * what was on the way when a connection breaks.
   */
  name?: string;
  /** Target size of a batch; the relay's choice when 0. */
  maxBatchBytes?: number;
  /** Check each frame's checksum again here; the relay has done so. */
  verifyChecksums?: boolean;
  /** Ends the feed, without an error. */
  signal?: AbortSignal;
  /** Told why the stream broke, before each new attempt. */
  onReconnect?: (error: MeshError) => void;
}

/** Why sequences are missing. */
export type GapReason =
  | "SLOW_CONSUMER" | "WINDOW_EXPIRED" | "PRODUCER_DIED" | "RELAY_RESTARTED" | "CONFLATED" | "CONFLATED_PARTLY"
  | (string & {});

/** Sequences `first` to `last` that this consumer will not get. With RELAY_RESTARTED `last` may be below
 * `first`: the relay lost its memory and counts anew, and nobody knows how much is missing. */
export interface Gap {
  readonly first: bigint;
  readonly last: bigint;
  readonly reason: GapReason;
  /** Records that were conflated away in the range, where that is known. */
  readonly records: bigint;
}

/** All that was ready: frames in the order of their sequences, and what was lost of them. */
export interface Batch {
  readonly frames: readonly Frame[];
  readonly gaps: readonly Gap[];
  /** Every sequence up to here was delivered, filtered out or reported as a gap. */
  readonly delivered: bigint;
  /** The relay's newest sequence when it sent this. */
  readonly head: bigint;
  /** `resume` of a later feed goes on behind this batch, also after restarts of relay and client. */
  readonly resumeToken: Uint8Array;
  /**
   * With `start: "snapshot"`: these are last values as of this sequence, not news. The last such batch has
   * a `resumeToken`, and what follows is every frame after it. 0n: news. `gaps` of such a batch are frames that the
   * snapshot should have looked at and could not.
   */
  readonly snapshot: bigint;
  /** With `snapshot`: the first sequence that it looked at; a value that has not changed since is not in it. */
  readonly snapshotFirst: bigint;
}

/** A relay's calls over a transport. */
export function relayClient(transport: Transport, domain: Domain): Client<typeof MarketDataRelay> {
  // the four have the same methods with the same messages
  return createClient(choice(RELAYS, domain, "domain") as typeof MarketDataRelay, transport);
}

/** A feed over a transport until `closing` aborts; a wrong option throws at once. */
export function openFeed(transport: Transport, domain: Domain, options: FeedOptions, closing: AbortSignal) {
  return batches(relayClient(transport, domain), requestOf(options), options, closing);
}

async function* batches(
  relay: Client<typeof MarketDataRelay>,
  request: SubscribeRequest,
  options: FeedOptions,
  closing: AbortSignal,
): AsyncGenerator<Batch, void, void> {
  const left = new AbortController(); // the caller has had enough: the stream ends with the loop
  const signal = AbortSignal.any([left.signal, closing, ...(options.signal ? [options.signal] : [])]);
  const backoff = new Backoff();
  let delivered: bigint | undefined;
  try {
    while (!signal.aborted) {
      let failure = new MeshError(Code.Unavailable, "RELAY_CLOSED_STREAM", "the relay ended the stream");
      const progress = new Progress(relay, signal);
      try {
        for await (const response of relay.subscribe(request, { signal, timeoutMs: 0 })) {
          backoff.reset();
          progress.received(response);
          const batch = batchOf(response, options.verifyChecksums ?? false);
          // a part of a snapshot fixes nothing until the last, which has the token: one that breaks is asked for again
          if (batch.resumeToken.length > 0 || batch.snapshot === 0n) {
            delivered = batch.delivered;
            request.start = StartPosition.SEQUENCE;
            request.startSequence = delivered + 1n;
            request.startTime = undefined;
            request.resumeToken = new Uint8Array();
          }
          if (batch.frames.length + batch.gaps.length > 0) yield batch;
        }
      } catch (error) {
        if (error instanceof FrameError) throw error;
        failure = explain(error);
      } finally {
        progress.end();
      }
      if (signal.aborted) return;
      if (failure.reason === "SEQUENCE_AHEAD" && delivered !== undefined) {
        yield restarted(delivered);
        delivered = undefined;
        request.start = StartPosition.OLDEST;
      } else if (!isTransient(failure) || (options.policy === "disconnect" && failure.reason === "SLOW_CONSUMER")) {
        throw failure;
      }
      options.onReconnect?.(failure);
      await backoff.wait(signal);
    }
  } finally {
    left.abort();
  }
}

/** The relay came back without its memory and counts from the beginning. */
function restarted(delivered: bigint): Batch {
  const gap = { first: delivered + 1n, last: delivered, reason: "RELAY_RESTARTED", records: 0n };
  const nothing = { frames: [], delivered: 0n, head: 0n, snapshot: 0n, snapshotFirst: 0n };
  return { ...nothing, gaps: [gap], resumeToken: new Uint8Array() };
}

/**
 * Tells a relay how far frames have really come, where it asks for that. A relay that dies takes with it what
 * it had handed to the connection; what a blocking subscriber has not acknowledged is kept.
 */
class Progress {
  readonly #relay: Client<typeof MarketDataRelay>;
  readonly #signal: AbortSignal;
  #id = 0n;
  #limits = { bytes: 0n, frames: 0n };
  #bytes = 0n;
  #sequence = 0n;
  #told = 0n;
  #telling = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(relay: Client<typeof MarketDataRelay>, signal: AbortSignal) {
    this.#relay = relay;
    this.#signal = signal;
  }

  received(response: SubscribeResponse): void {
    if (response.subscriptionId !== 0n) {
      this.#id = response.subscriptionId;
      this.#limits = { bytes: response.acknowledgeBytes, frames: response.acknowledgeFrames };
    }
    if (this.#id === 0n || response.deliveredSequence === 0n) return;
    this.#sequence = response.deliveredSequence;
    for (const { length } of response.frames) this.#bytes += BigInt(length);
    // what was filtered out counts too: the relay keeps sequences
    const due = this.#bytes >= this.#limits.bytes || this.#sequence - this.#told >= this.#limits.frames;
    if (due) void this.#tell();
    else this.#timer ??= setTimeout(() => void this.#tell(), PROGRESS_INTERVAL);
  }

  end(): void {
    this.#id = 0n;
    clearTimeout(this.#timer);
  }

  /** One call at a time: each says all that has come until then. */
  async #tell(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#telling || this.#id === 0n || this.#sequence === this.#told) return;
    this.#telling = true;
    this.#bytes = 0n;
    const sequence = this.#sequence;
    try {
      const request = { subscriptionId: this.#id, deliveredSequence: sequence };
      await this.#relay.acknowledge(request, { signal: this.#signal, timeoutMs: PROGRESS_PATIENCE });
      this.#told = sequence;
    } catch {
      // where the stream has broken too it is opened again; else the next call says it
    }
    this.#telling = false;
    if (this.#id !== 0n && this.#sequence !== this.#told) {
      this.#timer ??= setTimeout(() => void this.#tell(), PROGRESS_INTERVAL);
    }
  }
}

function batchOf(response: SubscribeResponse, checksum: boolean): Batch {
  return {
    frames: response.frames.map((bytes) => Frame.parse(bytes, { checksum })),
    gaps: response.gaps.map(({ range, reason, records }) => {
      return { first: range?.first ?? 0n, last: range?.last ?? 0n, reason, records };
    }),
    delivered: response.deliveredSequence,
    head: response.headSequence,
    resumeToken: response.resumeToken,
    snapshot: response.snapshotSequence,
    snapshotFirst: response.snapshotFirstSequence,
  };
}

function requestOf(options: FeedOptions): SubscribeRequest {
  const instruments = options.instruments ?? [];
  const instrumentIds = new Uint8Array(16 * instruments.length);
  instruments.forEach((id, i) => instrumentIds.set(idBytes(id), 16 * i));
  const request = create(SubscribeRequestSchema, {
    messageTypes: [...(options.messageTypes ?? [])],
    instrumentIds,
    venues: [...(options.venues ?? [])],
    sources: [...(options.sources ?? [])],
    assetTypes: [...(options.assetTypes ?? [])],
    predicate: options.predicate ?? "",
    slowConsumerPolicy: choice(POLICIES, options.policy ?? "drop_oldest", "policy"),
    subscriberName: options.name ?? "",
    maxBatchBytes: options.maxBatchBytes ?? 0,
    resumeToken: options.resume ?? new Uint8Array(),
    // the relay waits for such a one also when its connection breaks: it is told for what
    acknowledges: options.policy === "block" && !!options.name,
  });
  const start = options.start ?? "latest";
  if (typeof start === "bigint") {
    request.start = StartPosition.SEQUENCE;
    request.startSequence = start;
  } else if (start instanceof Date) {
    request.start = StartPosition.TIME;
    request.startTime = timestampFromDate(start);
  } else {
    request.start = choice(STARTS, start, "start");
  }
  return request;
}

function choice<T extends object, K extends keyof T>(table: T, name: K, what: string): T[K] {
  if (Object.hasOwn(table, name)) return table[name];
  const known = Object.keys(table).join(", ");
  throw new MeshError(Code.InvalidArgument, "ARGUMENT_INVALID", `${what} ${String(name)} is none of ${known}`);
}
