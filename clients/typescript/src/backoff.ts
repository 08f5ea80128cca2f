/** How long to wait before the next attempt, and calls that are made again. */
import { Code, type Interceptor } from "@connectrpc/connect";

import { explain } from "./errors.js";

/** Half to all of a ceiling that grows; success resets it. Milliseconds. */
export class Backoff {
  #ceiling: number;

  constructor(
    private readonly first = 50,
    private readonly longest = 2_000,
  ) {
    this.#ceiling = first;
  }

  /** Longest that the next wait may take. */
  get ceiling(): number {
    return this.#ceiling;
  }

  reset(): void {
    this.#ceiling = this.first;
  }

  /** Returns early when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const ceiling = this.#ceiling;
    this.#ceiling = Math.min(2 * ceiling, this.longest);
    await sleep(ceiling * (0.5 + Math.random() / 2), signal);
  }
}

/** Said twice these are there twice; all other calls are reads, idempotent, or carry a request id. */
const ONCE: ReadonlySet<string> = new Set(["ReportVenueMetrics"]);

const TIMEOUT = "grpc-timeout";

/** Makes a unary call again while the service is unavailable and its time is not over. */
export const retrying: Interceptor = (next) => async (request) => {
  if (request.stream || ONCE.has(request.method.name)) return next(request);
  const backoff = new Backoff(20, 500);
  const [, time] = /^(\d+)m$/.exec(request.header.get(TIMEOUT) ?? "") ?? []; // as the transport writes it
  const end = performance.now() + Number(time ?? Infinity);
  for (;;) {
    // a service that waits for something answers before the time is over, if it knows what is left of it
    if (time !== undefined) request.header.set(TIMEOUT, `${Math.max(1, Math.round(end - performance.now()))}m`);
    try {
      return await next(request);
    } catch (error) {
      const { code, reason } = explain(error);
      const broken = code === Code.Aborted && reason === "ABORTED"; // nobody explained it: the connection's doing
      if (request.signal.aborted || (code !== Code.Unavailable && !broken)) throw error;
      if (performance.now() + backoff.ceiling >= end) throw error; // says more than that time is over
      await backoff.wait(request.signal);
    }
  }
};

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
