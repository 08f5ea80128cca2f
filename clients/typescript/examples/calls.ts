/** The examples of docs/clients.md, compiled. */
import {
  AssetType, connect, encode, idText, isReason, LinkType, MeshError, newContext, RouteSide, Side, SourceType, VenueId,
  type InstrumentId, type Mesh,
} from "@alphapulse/client";
import type { Frame, Registry } from "@alphapulse/client";

export async function connecting(a: InstrumentId): Promise<void> {
  const mesh = await connect("localhost:10000"); // in browsers: connectWeb, from @alphapulse/client/web
  try {
    await mesh.registry.get(a, { timeoutMs: 5_000 });
  } catch (error) {
    if (isReason(error, "INSTRUMENT_UNKNOWN")) return; // the reason, never the text
    if (error instanceof MeshError) console.log(error.code, error.reason, error.values);
  } finally {
    mesh.close();
  }
}

export async function finding(registry: Registry): Promise<void> {
  const apple = await registry.resolve({ isin: "US0378331005", venue: "XNAS" });
  await registry.resolve({ symbol: "FB", venue: "XNAS", asOf: new Date("2021-01-04T00:00:00Z") });
  for await (const found of registry.search({ query: "apple" })) console.log(found.symbol, idText(found.id));
  await registry.history(apple.id);
}

export async function changing(registry: Registry): Promise<void> {
  const acme = { assetType: AssetType.STOCK as number, venue: VenueId.NASDAQ, symbol: "ACME" };
  const { instrument: one, created } = await registry.register(acme);
  const { revision: expectedRevision } = one; // else REVISION_CONFLICT
  await registry.update({ id: one.id, name: "Acme Corp" }, { expectedRevision });
  const outcomes = await registry.registerMany([acme]); // one outcome each
  await registry.get(one.id, { minRevision: registry.revision }); // on any replica
  await registry.delist(one.id);
  console.log(created, outcomes.length);
}

export async function records(registry: Registry, ids: InstrumentId[]): Promise<void> {
  const rows = await registry.records(ids); // InstrumentRecord rows over the bytes of the answer
  for (const row of rows) console.log(row.symbol, row.tickSize);
  for await (const batch of registry.streamRecords({ venues: ["XNAS"] })) {
    console.log(batch.firstRow, batch.rows.length, batch.revision); // all as of one revision
  }
}

export async function links(registry: Registry, a: InstrumentId, b: InstrumentId): Promise<void> {
  await registry.link(a, b, LinkType.RECEIPT_OF);
  for await (const link of registry.links(a)) console.log(link.type, link.to && idText(link.to));
  const removed = await registry.unlink(a, b, LinkType.RECEIPT_OF);
  const listed = await registry.findVenues(a); // everywhere that it is listed
  console.log(removed, listed.length);
}

export async function venues(registry: Registry): Promise<void> {
  await registry.updateVenue({ name: "KRAKEN", makerFeeBps: "16", takerFeeBps: "26", feeCurrency: "USD" });
  const fees = await registry.quoteFees("KRAKEN", { volume: "50000", notional: "1000" });
  const sessions = await registry.sessions("XNAS"); // now
  await registry.reportVenueMetrics("KRAKEN", [{ latencyNs: 2_000_000n }]);
  const metrics = await registry.venueMetrics("KRAKEN");
  console.log(fees.takerFee, sessions.open, metrics.medianLatencyNs);
}

export async function synthetics(registry: Registry, a: InstrumentId, b: InstrumentId): Promise<void> {
  await registry.defineSynthetic({ name: "SPREAD", formula: "b - a", inputs: { a, b } });
  const { value } = await registry.evaluateSynthetic("SPREAD", [[a, "2000.5"], [b, "2001"]]);
  for await (const synthetic of registry.synthetics({ madeOf: a })) console.log(synthetic.name, value);
}

export async function routing(registry: Registry, a: InstrumentId): Promise<void> {
  const { legs } = await registry.route({ instrumentId: a, side: RouteSide.BUY, quantity: "2.5" });
  for (const { venue, quantity, averagePrice } of legs) console.log(venue, quantity, averagePrice);
}

export async function watching(registry: Registry, signal: AbortSignal): Promise<void> {
  for await (const { revision, event } of registry.watch({ venues: ["XNAS"] }, { signal })) { // reconnects
    if (event.case === "instrumentRegistered") console.log(revision, event.value.symbol);
  }
}

export async function feeds(mesh: Mesh, instruments: InstrumentId[]): Promise<void> {
  const predicate = "ask_price - bid_price > 0.5";
  for await (const batch of mesh.feed("market_data", { instruments, predicate, start: "snapshot", name: "desk" })) {
    for (const gap of batch.gaps) console.log("lost", gap.first, gap.last, gap.reason); // "SLOW_CONSUMER", …
    for (const frame of batch.frames) console.log(frame.rows("Quote").at(-1)?.bidPrice); // in place
    console.log(batch.resumeToken); // a later feed goes on here: { resume: token }
  }
}

export async function publishing(mesh: Mesh, instrumentId: InstrumentId): Promise<void> {
  const publisher = mesh.publisher("market_data", { name: "my-collector" });
  const parts = { source: SourceType.KRAKEN_COLLECTOR, context: newContext() };
  const frame = encode("Quote", [{ instrumentId, bidPrice: 6123450000000n }], parts);
  await publisher.publish(frame); // waits while too much is unacknowledged
  await publisher.close(); // everything is in the relay
}

export function extensions(frame: Frame): void {
  const model = frame.extension("SlippageModelTlv"); // undefined where the frame has none
  for (const { type, value } of frame.tlvs()) console.log(type, value.length); // of every type, known or not
  console.log(model?.linear, frame.causes);
}

export async function orders(mesh: Mesh, instrument: InstrumentId): Promise<void> {
  const order = await mesh.orders.submit({ instrument, side: Side.BUY, quantity: "0.5", price: "61234.5" });
  await mesh.orders.cancel(order.orderId);
  for await (const open of mesh.orders.list({ openOnly: true })) console.log(open.orderId, open.leavesQuantity);
}
