/** Publishing: frames of one producer to one domain, each into the relay once, over its restarts. */
import type { MarketDataRelay, PublishRequestSchema, PublishResponse } from "@alphapulse/gen/alphapulse/relay/v1/relay_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";

import { Backoff } from "./backoff.js";
import { Code, explain, FrameError, isTransient, MeshError, type Reason } from "./errors.js";
import type { Domain } from "./feed.js";

type Message = MessageInitShape<typeof PublishRequestSchema>;

const MAX_FRAME_BYTES = 4 << 20;
const MESSAGE_BYTES = 1 << 20;
/** Signs of life within a lease, while there is nothing to send. */
const BEATS = 4;

/** A frame that the relay refused; `number` is what `publish` gave it. */
export interface Rejection {
  readonly number: bigint;
  readonly reason: Reason;
  /** The byte at which the frame is wrong. */
  readonly offset: number;
  readonly message: string;
}

/** Frames, by their numbers, that the relay never got. */
export interface ProducerGap {
  readonly first: bigint;
  readonly last: bigint;
}

export interface PublisherOptions {
  /** For people: service and instance. */
  name: string;
  /**
   * Of this producer alone and stable over reconnects; a random one when not given. A process that takes an earlier
   * one's id goes on after that one's last number.
   */
  id?: bigint;
  /** Frames that may wait for their acknowledgement before `publish` waits; 8,192 when not given. */
  maxUnacked?: number;
  /** The same in bytes; 8 MiB when not given. */
  maxUnackedBytes?: number;
  onRejection?: (rejection: Rejection) => void;
  onGap?: (gap: ProducerGap) => void;
}

/** What is not acknowledged is kept and sent again after a reconnect; the relay drops what it has. */
export class Publisher {
  readonly #relay: Client<typeof MarketDataRelay>;
  readonly #domain: Domain;
  readonly #options: PublisherOptions;
  readonly #id: bigint;
  readonly #incarnation = randomId();
  readonly #left = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running: Promise<void>;

  /** Not acknowledged, in order; the first has the number #done + 1. */
  #waiting: Uint8Array[] = [];
  /** Of them, on the stream that stands. */
  #sent = 0;
  #bytes = 0;
  #done = 0n;
  #last = 0n;
  #failure: MeshError | undefined;
  #wake = new Set<() => void>();

  /** The relay's numbers are ours plus this. */
  #base = 0n;
  #predecessor = 0n;
  #resumed = 0n;
  #greeted = false;
  #lease = 0;
  #inUseSince: number | undefined;

  /** See Mesh.publisher. */
  constructor(relay: Client<typeof MarketDataRelay>, domain: Domain, options: PublisherOptions, closing: AbortSignal) {
    this.#relay = relay;
    this.#domain = domain;
    this.#options = options;
    this.#id = options.id ?? randomId();
    this.#signal = AbortSignal.any([this.#left.signal, closing]);
    this.#signal.addEventListener("abort", () => this.#changed());
    this.#running = this.#run();
  }

  /** Number of the last frame given to `publish`, counted from 1. */
  get published(): bigint {
    return this.#last;
  }

  /** Every frame up to this number the relay has taken, dropped as a duplicate or refused. */
  get acknowledged(): bigint {
    return this.#done;
  }

  /** What the relay had of this producer's id before, by its first greeting. */
  get resumed(): bigint {
    return this.#resumed;
  }

  /** Queues frames in order and waits while too much is unacknowledged; the number of the last one. */
  async publish(...frames: Uint8Array[]): Promise<bigint> {
    const { maxUnacked = 8192, maxUnackedBytes = 8 << 20 } = this.#options;
    for (const frame of frames) {
      if (frame.length > MAX_FRAME_BYTES) {
        throw new FrameError("FRAME_TOO_LARGE", 0, `${frame.length} bytes are above ${MAX_FRAME_BYTES}`);
      }
      await this.#until(() => this.#waiting.length < maxUnacked && this.#bytes < maxUnackedBytes);
      this.#waiting.push(frame);
      this.#bytes += frame.length;
      this.#last += 1n;
      this.#changed();
    }
    return this.#last;
  }

  /** Waits until the relay has answered. */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.#until(() => this.#greeted, signal);
  }

  /** Waits until everything published so far is acknowledged: taken, or refused and reported. */
  async flush(signal?: AbortSignal): Promise<void> {
    const target = this.#last;
    await this.#until(() => this.#done >= target, signal);
  }

  /** Flushes until the signal aborts, then ends the stream. */
  async close(signal?: AbortSignal): Promise<void> {
    try {
      if (!this.#signal.aborted) await this.flush(signal);
    } finally {
      this.#left.abort();
      await this.#running;
    }
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = new Set();
    for (const go of wake) go();
  }

  /** Resolves at the next change. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.add(resolve));
  }

  async #until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    const stop = (): void => this.#changed();
    signal?.addEventListener("abort", stop);
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#signal.aborted) {
          throw new MeshError(Code.FailedPrecondition, "PUBLISHER_CLOSED", "the publisher is closed");
        }
        if (condition()) return;
        if (signal?.aborted) {
          const waiting = `the ${this.#domain} relay has not acknowledged ${this.#waiting.length} frames`;
          throw new MeshError(Code.DeadlineExceeded, "RELAY_NOT_READY", waiting);
        }
        await this.#change();
      }
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  async #run(): Promise<void> {
    const backoff = new Backoff();
    while (!this.#signal.aborted) {
      let failure = new MeshError(Code.Unavailable, "STREAM_ENDED", "the relay ended the stream");
      try {
        await this.#session(backoff);
      } catch (error) {
        failure = explain(error);
      }
      this.#sent = 0; // to be sent again
      if (this.#signal.aborted) return;
      if (!this.#mayPass(failure)) {
        this.#failure = failure;
        this.#changed();
        return;
      }
      await backoff.wait(this.#signal);
    }
  }

  /** Who seems to live under our id may be a connection that broke unseen: no longer than its lease. */
  #mayPass(failure: MeshError): boolean {
    if (failure.reason !== "PRODUCER_ID_IN_USE") return isTransient(failure);
    this.#inUseSince ??= performance.now();
    return performance.now() - this.#inUseSince < 1000 * Number(failure.values["lease_seconds"] ?? 0);
  }

  /** One stream: say who we are, hear how far the relay has come, send from there on. */
  async #session(backoff: Backoff): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.#signal]);
    signal.addEventListener("abort", () => this.#changed());
    const greeted = { yet: false };
    try {
      for await (const answer of this.#relay.publish(this.#messages(signal, greeted), { signal, timeoutMs: 0 })) {
        if (greeted.yet) {
          this.#hear(answer);
          continue;
        }
        this.#greet(answer);
        backoff.reset();
        greeted.yet = true;
        this.#changed();
      }
    } finally {
      ended.abort();
    }
  }

  async *#messages(signal: AbortSignal, greeted: { yet: boolean }): AsyncGenerator<Message, void, void> {
    yield { producerId: this.#id, producerName: this.#options.name, incarnation: this.#incarnation };
    while (!greeted.yet && !signal.aborted) await this.#change();
    let beat = false;
    const timer = this.#lease > 0 ? setInterval(() => {
      beat = true;
      this.#changed();
    }, this.#lease / BEATS) : undefined;
    try {
      while (!signal.aborted) {
        if (this.#sent < this.#waiting.length) yield this.#take();
        else if (beat) yield {}; // we live
        else await this.#change();
        beat = false;
      }
    } finally {
      clearInterval(timer);
    }
  }

  #take(): Message {
    const firstSequence = BigInt.asUintN(64, this.#base + this.#done + BigInt(this.#sent) + 1n);
    const frames: Uint8Array[] = [];
    for (let size = 0; this.#sent < this.#waiting.length; this.#sent += 1) {
      const frame = this.#waiting[this.#sent]!;
      if (size > 0 && size + frame.length > MESSAGE_BYTES) break;
      frames.push(frame);
      size += frame.length;
    }
    return { frames: frames as Uint8Array<ArrayBuffer>[], firstSequence };
  }

  /** Takes up the relay's numbering, or throws why that cannot be. */
  #greet({ acknowledgedSequence: known, lastIncarnation: last, leaseMilliseconds }: PublishResponse): void {
    this.#inUseSince = undefined;
    this.#lease = leaseMilliseconds;
    if (!this.#greeted) {
      [this.#base, this.#resumed, this.#predecessor] = [known, known, last];
    } else if (last !== 0n && last !== this.#incarnation) {
      if (last !== this.#predecessor || this.#done > 0n) {
        // what is acknowledged now may be that one's frames: ours cannot be told from them
        const waiting = `${this.#waiting.length} frames may not be in the relay`;
        const message = `another producer has gone on under the id ${this.#id} meanwhile; ${waiting}`;
        throw new MeshError(Code.FailedPrecondition, "PRODUCER_REPLACED", message);
      }
      this.#base = known; // nothing of ours has come yet
    } else if (known < this.#base + this.#done) {
      this.#base = known - this.#done; // the relay has lost its memory: numbered on from what it knows
    }
    this.#greeted = true;
    this.#acknowledge(known);
  }

  #acknowledge(wire: bigint): void {
    const count = Math.min(Number(wire - this.#base - this.#done), this.#waiting.length);
    if (count <= 0) return;
    for (const { length } of this.#waiting.splice(0, count)) this.#bytes -= length;
    this.#sent = Math.max(this.#sent - count, 0);
    this.#done += BigInt(count);
    this.#changed();
  }

  #hear(answer: PublishResponse): void {
    for (const { producerSequence, reason, offset, message } of answer.rejections) {
      this.#options.onRejection?.({ number: producerSequence - this.#base, reason, offset, message });
    }
    for (const { first, last } of answer.gaps) {
      this.#options.onGap?.({ first: first - this.#base, last: last - this.#base });
    }
    this.#acknowledge(answer.acknowledgedSequence);
  }
}

function randomId(): bigint {
  const [low, high] = crypto.getRandomValues(new Uint32Array(2));
  return ((BigInt(high!) << 32n) | BigInt(low!)) || 1n;
}
