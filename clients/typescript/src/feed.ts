/** Feeds: a relay's frames in order, over reconnects, with every loss named. */
import {
  ExecutionRelay, MarketDataRelay, SignalRelay, SlowConsumerPolicy, StartPosition, SubscribeRequestSchema, SystemRelay,
  type SubscribeRequest, type SubscribeResponse,
} from "@alphapulse/gen/alphapulse/relay/v1/relay_pb";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";

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
const FIRST_WAIT = 50;
const LONGEST_WAIT = 2_000;

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
  /** What the relay does when this consumer falls behind; drop_oldest holds nobody back and reports the gap. */
  policy?: keyof typeof POLICIES;
  /** For people, and for the relay's gauge of the lag. */
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

/** Sequences `first` to `last` that this consumer will not get. With RELAY_RESTARTED `last` may be below
 * `first`: the relay lost its memory and counts anew, and nobody knows how much is missing. */
export interface Gap {
  readonly first: bigint;
  readonly last: bigint;
  readonly reason: string;
}

/** All that was ready: frames in the order of their sequences, and what was lost of them. */
export interface Batch {
  readonly frames: readonly Frame[];
  readonly gaps: readonly Gap[];
  /** Every sequence up to here was delivered, filtered out or reported as a gap. */
  readonly delivered: bigint;
  /** The relay's newest sequence when it sent this. */
  readonly head: bigint;
}

/** A feed over a transport until `closing` aborts; a wrong option throws at once. */
export function openFeed(transport: Transport, domain: Domain, options: FeedOptions, closing: AbortSignal) {
  const relay = choice(RELAYS, domain, "domain");
  const subscribe: Subscribe = (request, signal) =>
    createClient(relay, transport).subscribe(request, { signal, timeoutMs: 0 });
  return batches(subscribe, requestOf(options), options, closing);
}

type Subscribe = (request: SubscribeRequest, signal: AbortSignal) => AsyncIterable<SubscribeResponse>;

async function* batches(
  subscribe: Subscribe,
  request: SubscribeRequest,
  options: FeedOptions,
  closing: AbortSignal,
): AsyncGenerator<Batch, void, void> {
  const left = new AbortController(); // the caller has had enough: the stream ends with the loop
  const signal = AbortSignal.any([left.signal, closing, ...(options.signal ? [options.signal] : [])]);
  let delivered: bigint | undefined;
  let wait = FIRST_WAIT;
  try {
    while (!signal.aborted) {
      let failure = new MeshError(Code.Unavailable, "RELAY_CLOSED_STREAM", "the relay ended the stream");
      try {
        for await (const response of subscribe(request, signal)) {
          const batch = batchOf(response, options.verifyChecksums ?? false);
          delivered = batch.delivered;
          request.start = StartPosition.SEQUENCE;
          request.startSequence = delivered + 1n;
          request.startTime = undefined;
          wait = FIRST_WAIT;
          if (batch.frames.length + batch.gaps.length > 0) yield batch;
        }
      } catch (error) {
        if (error instanceof FrameError) throw error;
        failure = explain(error);
      }
      if (signal.aborted) return;
      if (failure.reason === "SEQUENCE_AHEAD" && delivered !== undefined) {
        const lost = { first: delivered + 1n, last: delivered, reason: "RELAY_RESTARTED" };
        delivered = undefined;
        request.start = StartPosition.OLDEST;
        yield { frames: [], gaps: [lost], delivered: 0n, head: 0n };
      } else if (!isTransient(failure) || (options.policy === "disconnect" && failure.reason === "SLOW_CONSUMER")) {
        throw failure;
      }
      options.onReconnect?.(failure);
      await sleep(Math.random() * wait, signal); // full jitter
      wait = Math.min(2 * wait, LONGEST_WAIT);
    }
  } finally {
    left.abort();
  }
}

function batchOf(response: SubscribeResponse, checksum: boolean): Batch {
  return {
    frames: response.frames.map((bytes) => Frame.parse(bytes, { checksum })),
    gaps: response.gaps.map(({ range, reason }) => ({ first: range?.first ?? 0n, last: range?.last ?? 0n, reason })),
    delivered: response.deliveredSequence,
    head: response.headSequence,
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

/** Waits, or returns early when the signal aborts. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
