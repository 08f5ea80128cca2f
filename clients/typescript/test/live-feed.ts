/** Feeds of a real relay: every loss named, over kills of it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  AssetType, encode, isReason, MessageType, newContext, SourceType, tlvOf, TlvType, VenueId, type Batch,
  type FeedOptions, type Gap, type Mesh, type ProducerGap, type Rejection,
} from "@alphapulse/client";

import { live, skip, timeout } from "./live.js";

const options = { skip, timeout };

/** The numbers that client_mesh gave the trades of a batch. */
function tradeIds(batch: Batch): bigint[] {
  const trades = batch.frames.filter(({ record }) => record === "Trade"); // quotes are of the publisher's test
  return trades.flatMap((frame) => [...frame.rows("Trade")].map((row) => row.tradeId));
}

/** Reads a feed until a trade; all trades and the last batch. */
async function upTo(mesh: Mesh, wanted: FeedOptions, last: bigint, each?: (batch: Batch) => Promise<void> | void) {
  const found: bigint[] = [];
  for await (const batch of mesh.feed("market_data", { signal: AbortSignal.timeout(90_000), ...wanted })) {
    found.push(...tradeIds(batch));
    await each?.(batch);
    if ((found.at(-1) ?? 0n) >= last) return { found, batch };
  }
  throw new Error(`got only ${found}, then nothing`);
}

function counted(first: bigint, last: bigint): bigint[] {
  return Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i));
}

for (const [name, policy] of [["dropping", "drop_oldest"], ["blocking", "block"], ["strict", "disconnect"]] as const) {
  test(`a ${name} feed outlives kills of its relay`, options, async () => {
    const mesh = await live().connect("relay");
    const { published: first } = await live().do({ do: "publish", count: 1 });
    let [kills, broken] = [0, 0];
    const wanted: FeedOptions = {
      start: "oldest", name: `ts ${name}`, policy, maxBatchBytes: 1 << 12, verifyChecksums: true,
      messageTypes: [MessageType.TRADE], predicate: `trade_id >= ${first}`, onReconnect: () => void (broken += 1),
    };
    const { found } = await upTo(mesh, wanted, first + 40n, async ({ gaps }) => {
      // claimed by the relay that was killed: nobody's frame
      assert.deepEqual(gaps.filter(({ reason }) => reason !== "PRODUCER_DIED"), []);
      if (kills++ >= 2) return;
      await live().do({ do: "publish", count: 10 });
      await live().do({ do: "restart" });
      await live().do({ do: "publish", count: 10 });
    });
    assert.deepEqual(found, counted(first, first + 40n));
    assert.ok(broken > 0);
  });
}

test("a token resumes another feed", options, async () => {
  const mesh = await live().connect("relay");
  const { published: first } = await live().do({ do: "publish", count: 1 });
  const { batch } = await upTo(mesh, { start: "oldest" }, first);
  await live().do({ do: "publish", count: 3 });
  await live().do({ do: "restart" });
  const { found } = await upTo(mesh, { resume: batch.resumeToken }, first + 3n);
  assert.deepEqual(found, counted(first + 1n, first + 3n));
  const resume = batch.resumeToken.slice();
  resume[3]! ^= 1;
  await assert.rejects(mesh.feed("market_data", { resume }).next(), (error) => isReason(error, "TOKEN_INVALID"));
});

test("a relay without its memory is a gap, and its tokens are foreign", options, async () => {
  const mesh = await live().connect("relay");
  const { published: first } = await live().do({ do: "publish", count: 5 });
  const { batch: at } = await upTo(mesh, { start: "oldest" }, first);
  const gaps: Gap[] = [];
  const { found } = await upTo(mesh, { start: at.delivered }, first + 2n, async (batch) => {
    gaps.push(...batch.gaps);
    if (gaps.length > 0 || batch.frames.length === 0) return;
    await live().do({ do: "restart", forget: true });
    await live().do({ do: "publish", count: 2 });
  });
  const lost = { first: at.delivered + 1n, last: at.delivered, reason: "RELAY_RESTARTED", records: 0n };
  assert.deepEqual(gaps, [lost]);
  assert.deepEqual(found, counted(first, first + 2n));
  const foreign = mesh.feed("market_data", { resume: at.resumeToken }).next();
  await assert.rejects(foreign, (error) => isReason(error, "TOKEN_FOREIGN"));
});

test("filters, a snapshot and the relay's status", options, async () => {
  const mesh = await live().connect("relay");
  const { published: last } = await live().do({ do: "publish", count: 8 }); // two of each of four instruments
  const [values, news]: bigint[][] = [[], []];
  let fixed = 0n;
  const wanted: FeedOptions = {
    start: "snapshot", venues: [VenueId.BINANCE], sources: [SourceType.BINANCE_COLLECTOR],
    assetTypes: [AssetType.CRYPTO_PAIR], messageTypes: [MessageType.TRADE],
  };
  await upTo(mesh, wanted, last + 1n, async (batch) => {
    (batch.snapshot > 0n ? values : news)!.push(...tradeIds(batch));
    if (batch.snapshot === 0n || batch.resumeToken.length === 0) return;
    assert.ok(batch.snapshotFirst > 0n && batch.snapshotFirst <= batch.snapshot);
    fixed = batch.delivered;
    await live().do({ do: "publish", count: 1 });
  });
  assert.deepEqual([values, news], [counted(last - 3n, last), [last + 1n]]);
  assert.ok(fixed > 0n);

  const one = { assetId: 1n, venue: VenueId.BINANCE, assetType: AssetType.CRYPTO_PAIR, scheme: 4, salt: 0 };
  const { published: now } = await live().do({ do: "publish", count: 8 });
  const { found } = await upTo(mesh, { start: "oldest", instruments: [one] }, now - 3n);
  assert.ok(found.length > 1 && found.every((number) => number % 4n === 1n), String(found));
  const status = await mesh.relayStatus("market_data");
  assert.ok(status.domain === "market_data" && status.headSequence > 0n);
  for (const [type, reason] of [[5, "MESSAGE_TYPE_UNKNOWN"], [MessageType.FILL, "DOMAIN_MISMATCH"]] as const) {
    const refused = mesh.feed("market_data", { messageTypes: [type] }).next();
    await assert.rejects(refused, (error) => isReason(error, reason));
  }
});

test("a publisher outlives a kill of its relay", options, async () => {
  const mesh = await live().connect("relay");
  const signal = AbortSignal.timeout(90_000);
  const refused: Rejection[] = [];
  const gaps: ProducerGap[] = [];
  const publisher = mesh.publisher("market_data", {
    name: "ts publisher", id: 78n, maxUnacked: 64,
    onRejection: (one) => void refused.push(one), onGap: (gap) => void gaps.push(gap),
  });
  await publisher.ready(signal);
  assert.equal(publisher.resumed, 0n);
  const instrumentId = { assetId: 1n, venue: VenueId.KRAKEN, assetType: AssetType.CRYPTO_PAIR, scheme: 4 };
  const numbers = Array.from({ length: 400 }, (_, i) => BigInt(i));
  const sent = (async () => {
    for (const bidPrice of numbers) {
      const extensions = [tlvOf("CauseTlv", { traceId: new Uint8Array(16).fill(1) })];
      const parts = { source: SourceType.KRAKEN_COLLECTOR, context: newContext(), extensions };
      const frame = encode("Quote", [{ instrumentId, bidPrice }], parts);
      if (bidPrice === 100n) frame[frame.length - 1]! ^= 1; // which the checksum tells
      await publisher.publish(frame);
    }
    await publisher.flush(signal);
  })();
  await live().do({ do: "restart" });
  await sent;
  await publisher.close(signal);
  assert.deepEqual([publisher.acknowledged, gaps], [400n, []]);
  assert.deepEqual([refused[0]?.number, refused[0]?.reason], [101n, "FRAME_BAD_CHECKSUM"]);
  await assert.rejects(publisher.publish(new Uint8Array(1)), (error) => isReason(error, "PUBLISHER_CLOSED"));

  const seen: bigint[] = [];
  for await (const { frames } of mesh.feed("market_data", { start: "oldest", venues: [VenueId.KRAKEN], signal })) {
    for (const frame of frames) {
      assert.equal(frame.causes.length, 1);
      for (const row of frame.rows("Quote")) seen.push(row.bidPrice);
    }
    if (seen.length >= 399) break;
  }
  assert.deepEqual(seen, numbers.filter((number) => number !== 100n));
  const successor = mesh.publisher("market_data", { name: "ts publisher", id: 78n });
  await successor.ready(signal);
  assert.equal(successor.resumed, 400n);
  await successor.close(signal);
});

test("extensions pass through a relay", options, async () => {
  const mesh = await live().connect("relay");
  const slippage = "0420" + "0100000000000000" + "0200000000000000" + "0300000000000000" + "0400000000000000";
  const { published } = await live().do({ do: "publish", count: 1, extensions: `${slippage}c80101` });
  const { batch } = await upTo(mesh, { start: "oldest", predicate: `trade_id >= ${published}` }, published);
  const [frame] = batch.frames;
  const model = frame!.extension("SlippageModelTlv")!;
  assert.deepEqual([model.squareRoot, model.maxBps], [3n, 4]);
  assert.deepEqual([...frame!.tlv(TlvType.RESERVED)!], [1]);
  assert.equal(frame!.extension("CauseTlv"), undefined);
});
