/**
 * Resolves an instrument, tails its quotes in place and submits an order.
 *
 *     node dist/examples/quickstart.js --target localhost:10000 --symbol BTCUSDT --venue SIMULATOR
 */
import { parseArgs } from "node:util";

import { connect, connectWeb, idText, MessageType, OrderStatus, Side, TimeInForce } from "@alphapulse/client";
import type { InstrumentId, Mesh } from "@alphapulse/client";

const { values: flags } = parseArgs({
  options: {
    target: { type: "string", default: "localhost:10000" },
    symbol: { type: "string", default: "BTCUSDT" },
    venue: { type: "string", default: "SIMULATOR" },
    quotes: { type: "string", default: "10" },
    quantity: { type: "string", default: "0.001" },
    /** As a browser does: over gRPC-Web. */
    web: { type: "boolean", default: false },
  },
});

async function tail(mesh: Mesh, id: InstrumentId, wanted: number): Promise<{ read: number; ask: bigint }> {
  let [read, ask] = [0, 0n];
  const feed = mesh.feed("market_data", {
    messageTypes: [MessageType.QUOTE],
    instruments: [id],
    start: "oldest",
    name: "typescript quickstart",
    signal: AbortSignal.timeout(60_000),
  });
  for await (const batch of feed) {
    for (const frame of batch.frames) {
      for (const quote of frame.rows("Quote")) {
        [read, ask] = [read + 1, quote.askPrice];
        if (read === wanted) return { read, ask };
      }
    }
  }
  throw new Error(`only ${read} quotes in a minute`);
}

async function main(): Promise<void> {
  const mesh = flags.web ? connectWeb(`http://${flags.target}`) : await connect(flags.target);
  try {
    const { id } = await mesh.registry.resolve({ symbol: flags.symbol, venue: flags.venue });
    console.log(`${flags.symbol} on ${flags.venue} is ${idText(id)}`);
    const { read, ask } = await tail(mesh, id, Number(flags.quotes));
    const order = await mesh.orders.submit({
      instrument: id,
      side: Side.BUY,
      quantity: flags.quantity,
      timeInForce: TimeInForce.IOC,
    });
    const result = {
      instrument_id: idText(id),
      quotes: read,
      ask: Number(ask) / 1e8,
      order_id: Number(order.orderId),
      status: `ORDER_STATUS_${OrderStatus[order.status]}`,
    };
    console.log(JSON.stringify(result));
  } finally {
    mesh.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
