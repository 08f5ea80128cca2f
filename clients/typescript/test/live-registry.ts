/** Every call of the registry, against a real one. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  AmbiguousInstrument, AssetType, Code, EventKind, idText, InstrumentStatus, isReason, LinkType, MeshError, RouteSide,
  VenueId, VenueKind, VenueStatus, type Reason,
} from "@alphapulse/client";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { all, live, skip, timeout } from "./live.js";

const options = { skip, timeout };
const because = (reason: Reason) => (error: unknown) => isReason(error, reason);
const stock = (symbol: string, venue: number) => ({ assetType: AssetType.STOCK as number, symbol, venue });

test("instruments are changed and ended", options, async () => {
  const { registry } = await live().connect("registry");
  const facebook = { ...stock("TSFB", VenueId.NASDAQ), name: "Facebook" };
  const { instrument: known, created } = await registry.register(facebook);
  assert.ok(created);
  assert.equal((await registry.register(facebook)).created, false);
  await assert.rejects(registry.register({ ...facebook, name: "Another" }), because("INSTRUMENT_CONFLICT"));

  const renamed = new Date(Date.UTC(2022, 5, 9));
  const change = { expectedRevision: known.revision, effectiveTime: renamed, requestId: "ts-rename" };
  const meta = await registry.update({ idText: known.idText, symbol: "TSMETA" }, change);
  assert.deepEqual([meta.symbol, meta.version], ["TSMETA", 1]);
  assert.ok(registry.revision >= meta.revision);
  const again = await registry.update({ idText: known.idText, symbol: "TSMETA" }, change);
  assert.equal(again.revision, meta.revision);
  assert.equal((await registry.update({ idText: known.idText }, { fields: ["name"] })).name, "");

  const symbol = { symbol: "TSFB", venue: "NASDAQ" };
  await assert.rejects(registry.resolve(symbol), because("INSTRUMENT_NOT_VALID_THEN"));
  await assert.rejects(registry.resolve({ symbol: "TSNONE", venue: "NASDAQ" }), because("INSTRUMENT_UNKNOWN"));
  const then = { ...symbol, asOf: new Date(Date.UTC(2021, 0, 1)), assetType: AssetType.STOCK };
  assert.deepEqual((await registry.resolve(then, { minRevision: registry.revision })).id, known.id);
  assert.deepEqual((await registry.resolve({ identifier: known.idText })).id, known.id);
  assert.deepEqual((await registry.history(known.id)).map((one) => one.symbol), ["TSFB", "TSMETA"]);
  assert.equal((await registry.get(known.id)).symbol, "TSMETA");

  await assert.rejects(registry.delist(known.id, { expectedRevision: known.revision }), (error) => {
    assert.ok(isReason(error, "REVISION_CONFLICT"));
    assert.equal(error.code, Code.Aborted);
    return true;
  });
  assert.equal((await registry.delist(known.id)).status, InstrumentStatus.DELISTED);
});

test("many are registered and read as records", options, async () => {
  const { registry } = await live().connect("registry");
  const many = Array.from({ length: 10_005 }, (_, i) => ({
    ...stock(`TSM${String(i).padStart(5, "0")}`, VenueId.NYSE),
    isin: i === 7 ? "US0378331006" : "", // a wrong check digit
  }));
  const outcomes = await registry.registerMany(many);
  assert.equal(outcomes.length, many.length);
  assert.equal(outcomes[7]!.reason, "INSTRUMENT_ISIN_INVALID");
  assert.ok(outcomes.every(({ created }, i) => created === (i !== 7)));
  const nobody = idText({ assetId: 1n, venue: 1, assetType: 2, scheme: 4, salt: 0 });
  const ids = outcomes.map(({ id }) => id ?? nobody);

  const records = await registry.records(ids, { minRevision: registry.revision });
  assert.equal(records.length, many.length);
  [...records].forEach((row, i) => assert.equal(row.symbol, i === 7 ? "" : many[i]!.symbol));
  const [one] = await registry.records(ids.slice(0, 1));
  assert.equal(one!.status, InstrumentStatus.ACTIVE as number);
  assert.equal((await registry.records([])).length, 0);

  let rows = 0;
  for await (const batch of registry.streamRecords(ids)) {
    assert.deepEqual([batch.firstRow, batch.totalRows], [rows, ids.length]);
    if (rows === 0) assert.deepEqual(batch.missing, [7]);
    for (const row of batch.rows) assert.deepEqual(row.toJSON(), records.at(rows++)!.toJSON());
  }
  assert.equal(rows, ids.length);
  let listed = 0;
  const filter = { venues: ["NYSE"], assetTypes: [AssetType.STOCK], batchRows: 1000 };
  for await (const batch of registry.streamRecords(filter)) listed += batch.rows.length;
  assert.ok(listed >= ids.length - 1);
  for await (const batch of registry.streamRecords(filter)) {
    assert.ok(batch.rows.length > 0);
    break; // the stream ends with the loop
  }

  const found = await registry.getMany(ids);
  assert.equal(found[7], undefined);
  assert.equal(found[10_000]!.symbol, many[10_000]!.symbol);
  assert.equal((await all(registry.list({ symbolPrefix: "TSM", venue: "NYSE" }))).length, many.length - 1);
  const masked = await all(registry.search({ symbolPrefix: "TSM0000", readMask: { paths: ["symbol"] } }));
  assert.deepEqual([masked.length, masked[0]!.symbol, masked[0]!.venue], [9, "TSM00000", 0]);
  assert.equal((await all(registry.search({ symbolPrefix: "TSM0001" })))[0]!.id.venue, VenueId.NYSE);
});

test("links are added, listed and let go", options, async () => {
  const { registry } = await live().connect("registry");
  const share = (await registry.register(stock("TSSHARE", VenueId.NASDAQ))).instrument;
  const receipt = (
    await registry.register({ assetType: AssetType.DEPOSITARY_RECEIPT as number, symbol: "TSADR", venue: VenueId.NYSE })
  ).instrument;
  const { link, created } = await registry.link(receipt.id, share.idText, LinkType.RECEIPT_OF);
  assert.deepEqual([created, link.type], [true, LinkType.RECEIPT_OF]);
  assert.equal((await registry.link(receipt.id, share.id, LinkType.RECEIPT_OF)).created, false);
  await assert.rejects(registry.link(share.id, share.id, LinkType.RECEIPT_OF), because("LINK_TO_ITSELF"));
  const found = await all(registry.links(share.id, LinkType.RECEIPT_OF, { minRevision: link.revision }));
  assert.deepEqual(found.map(({ from }) => from && idText(from)), [receipt.idText]);
  assert.equal((await all(registry.links(undefined, LinkType.RECEIPT_OF))).length, 1);
  const stale = registry.unlink(receipt.id, share.id, LinkType.RECEIPT_OF, { expectedRevision: 1n });
  await assert.rejects(stale, because("REVISION_CONFLICT"));
  assert.equal(await registry.unlink(receipt.id, share.id, LinkType.RECEIPT_OF), true);
  assert.equal(await registry.unlink(receipt.id, share.id, LinkType.RECEIPT_OF), false);
  assert.equal((await registry.findVenues(share.id))[0]!.venue!.name, "NASDAQ");
});

test("ambiguity has its candidates", options, async () => {
  const { registry } = await live().connect("registry");
  const isin = "US5949181045";
  for (const venue of [VenueId.NASDAQ, VenueId.NYSE]) await registry.register({ ...stock("TSTWO", venue), isin });
  await assert.rejects(registry.resolve({ isin }), (error) => {
    assert.ok(error instanceof AmbiguousInstrument && isReason(error, "INSTRUMENT_AMBIGUOUS"));
    assert.equal(error.candidates.length, 2);
    return true;
  });
  assert.equal((await registry.resolve({ isin, venue: "NYSE" })).venue, VenueId.NYSE);
});

test("venues, fees and metrics", options, async () => {
  const { registry } = await live().connect("registry");
  const { venue, created } = await registry.registerVenue({ name: "TS_EXCHANGE", kind: VenueKind.CRYPTO_EXCHANGE });
  assert.ok(created && venue.venue > 0);
  await assert.rejects(registry.quoteFees("TS_EXCHANGE", { notional: "100" }), because("VENUE_FEES_UNKNOWN"));
  const fees = {
    name: "TS_EXCHANGE", makerFeeBps: "2", takerFeeBps: "5", feeCurrency: "USD",
    feeTiers: [{ minVolume: "1000000", makerFeeBps: "-1", takerFeeBps: "3" }],
  };
  assert.equal((await registry.updateVenue(fees, { expectedRevision: venue.revision })).takerFeeBps, "5");
  const late = registry.updateVenue({ name: "TS_EXCHANGE", title: "Late" }, { expectedRevision: venue.revision });
  await assert.rejects(late, because("REVISION_CONFLICT"));
  const trade = { volume: "2000000", notional: "10000" };
  const quote = await registry.quoteFees(venue.venue, trade, { minRevision: registry.revision });
  assert.deepEqual([quote.tier, quote.makerFee, quote.takerFee], [0, "-1", "3"]);
  assert.ok((await registry.sessions("TS_EXCHANGE")).alwaysOpen);

  const now = Date.now();
  const kept = await registry.reportVenueMetrics("TS_EXCHANGE", [
    { time: timestampFromDate(new Date(now)), latencyNs: 1000n, status: VenueStatus.OPEN, source: "ts" },
    { time: timestampFromDate(new Date(now + 1000)), latencyNs: 3000n, source: "ts" },
  ]);
  const hour = { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) };
  const metrics = await registry.venueMetrics("TS_EXCHANGE", hour);
  assert.deepEqual([kept, metrics.metrics.length], [2, 2]);
  assert.ok(metrics.medianLatencyNs > 0n);

  const pair = { assetType: AssetType.CRYPTO_PAIR as number, venue: venue.venue, symbol: "TSUSD" };
  const { instrument } = await registry.register({ ...pair, baseCurrency: "BTC", quoteCurrency: "USD" });
  await assert.rejects(registry.retireVenue("TS_EXCHANGE"), because("VENUE_IN_USE"));
  await registry.delist(instrument.id);
  assert.ok((await registry.retireVenue("TS_EXCHANGE")).retired);
  assert.ok((await registry.venue("TS_EXCHANGE")).retired);
  assert.ok((await all(registry.venues())).some(({ name }) => name === "NASDAQ"));
  await assert.rejects(registry.venue("TS_NOWHERE"), because("VENUE_UNKNOWN"));
});

test("synthetics and routing", options, async () => {
  const { registry } = await live().connect("registry");
  const lines = [];
  for (const [venue, name] of [[VenueId.BINANCE, "BINANCE"], [VenueId.KRAKEN, "KRAKEN"]] as const) {
    const pair = { assetType: AssetType.CRYPTO_PAIR as number, venue, symbol: "TSETH" };
    lines.push((await registry.register({ ...pair, baseCurrency: "ETH", quoteCurrency: "USDT" })).instrument.id);
    await registry.updateVenue({ name, takerFeeBps: "10", makerFeeBps: "10" });
  }
  const [a, b] = lines as [(typeof lines)[0], (typeof lines)[0]];
  const formula = { name: "TS-SPREAD", formula: "b - a", inputs: { a, b }, title: "Spread", quoteCurrency: "USDT" };
  const { synthetic, changed } = await registry.defineSynthetic(formula);
  assert.deepEqual([changed, synthetic.version], [true, 1]);
  assert.equal((await registry.defineSynthetic(formula)).changed, false);
  const itself = { ...formula, inputs: { a: idText(synthetic.id!), b } };
  await assert.rejects(registry.defineSynthetic(itself), because("SYNTHETIC_CYCLE"));
  const minRevision = registry.revision;
  const { value } = await registry.evaluateSynthetic("TS-SPREAD", [[a, "2000.5"], [b, "2001"]], { minRevision });
  assert.equal(value, "0.5");
  await assert.rejects(registry.synthetic("TS-NOTHING"), because("SYNTHETIC_UNKNOWN"));
  assert.ok((await registry.synthetic("TS-SPREAD")).formulaHash !== 0n);
  const made = await all(registry.synthetics({ madeOf: a, namePrefix: "TS-" }));
  assert.deepEqual(made.map(({ name }) => name), ["TS-SPREAD"]);

  const level = (price: string) => [{ price, quantity: "1" }];
  const { legs, choices } = await registry.route({
    instrumentId: a, side: RouteSide.BUY, quantity: "1.5",
    books: [
      { instrumentId: a, asks: level("2001"), bids: level("2000") },
      { instrumentId: b, asks: level("2000.5"), bids: level("1999") },
    ],
  });
  assert.deepEqual(legs.map(({ venue }) => venue), [VenueId.KRAKEN, VenueId.BINANCE]);
  assert.equal(choices.length, 2);
});

test("a read beyond the revision says so", options, async () => {
  const { registry } = await live().connect("registry");
  const beyond = registry.venue("NASDAQ", { minRevision: 1n << 40n, timeoutMs: 2_000 });
  await assert.rejects(beyond, because("REVISION_NOT_REACHED"));
});

test("a watch begins after a revision and ends with its signal", options, async () => {
  const { registry } = await live().connect("registry");
  const { instrument } = await registry.register(stock("TSWATCH", VenueId.NASDAQ));
  const wanted = { fromRevision: instrument.revision - 1n, kinds: [EventKind.INSTRUMENT], venues: ["NASDAQ"] };
  const stop = new AbortController();
  let seen = 0;
  for await (const { event } of registry.watch(wanted, { signal: stop.signal })) {
    if (event.case !== "instrumentRegistered") continue;
    assert.deepEqual(event.value.id, instrument.id);
    seen += 1;
    stop.abort();
  }
  assert.equal(seen, 1);
  const off = registry.watch({ minOpportunityBps: 5 }).next();
  await assert.rejects(off, because("OPPORTUNITIES_OFF"));
});

test("calls and a watch outlive a kill of the registry", options, async () => {
  const { registry } = await live().connect("registry");
  const { instrument } = await registry.register(stock("TSKILL", VenueId.NASDAQ));
  const changes = Array.from({ length: 12 }, (_, i) => String(i + 1));
  const signal = AbortSignal.timeout(90_000);
  const watched = (async () => {
    const seen = [];
    for await (const { event } of registry.watch({ fromRevision: instrument.revision }, { signal })) {
      if (event.case !== "instrumentUpdated" || event.value.idText !== instrument.idText) continue;
      seen.push(event.value.name);
      if (event.value.name === changes.at(-1)) break;
    }
    return seen;
  })();
  let current = instrument;
  for (const name of changes) {
    const restarted = name === "4" ? live().do({ do: "restart", service: "registry" }) : undefined;
    // each is made of the one before: lost or done twice it would be a conflict
    const expectedRevision = current.revision;
    current = await registry.update({ idText: instrument.idText, name }, { expectedRevision, timeoutMs: 60_000 });
    await restarted; // the rest on the new one
  }
  assert.deepEqual(await watched, changes);
});

test("closing a mesh ends what runs on it", options, async () => {
  const mesh = await live().connect("registry");
  const watched = (async () => {
    for await (const _ of mesh.registry.watch()) mesh.close();
  })();
  const publisher = mesh.publisher("market_data", { name: "closing", maxUnacked: 1 }); // there is no relay
  const published = publisher.publish(new Uint8Array(1), new Uint8Array(1));
  await assert.rejects(published, (error) => isReason(error, "PUBLISHER_CLOSED") || isReason(error, "UNIMPLEMENTED"));
  await watched;
});

test("orders are listed with their fills", options, async () => {
  const { orders } = await live().connect("execution");
  assert.deepEqual(await all(orders.list({ accountId: 77, openOnly: true })), []);
  assert.deepEqual(await all(orders.fills()), []);
  await assert.rejects(orders.get(4711n), (error) => error instanceof MeshError && error.code === Code.NotFound);
});
