/** Every example of schemas/vectors/instrument_ids.json, good and refused. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  addressId, decodeId, hashId, idBytes, idText, isinId, isReason, numericId, pairId, parseId, symbolId,
} from "@alphapulse/client";
import type { InstrumentId } from "@alphapulse/client";

interface Vector {
  name: string;
  kind: string;
  asset_type: number;
  venue: number;
  symbol: string;
  isin: string;
  base: string;
  quote: string;
  number: string;
  address: string;
  canonical_key: string;
  attempt: number;
  text: string;
  id: string;
  decoded: string | null;
  reason: string;
}

// the compiled test runs from dist/test
const url = new URL("../../../../schemas/vectors/instrument_ids.json", import.meta.url);
const { vectors, refused }: Record<string, Vector[]> = JSON.parse(readFileSync(url, "utf8"));

function compute(v: Vector): InstrumentId | string | undefined {
  switch (v.kind) {
    case "symbol": return symbolId(v.asset_type, v.venue, v.symbol);
    case "isin": return isinId(v.asset_type, v.venue, v.isin);
    case "pair": return pairId(v.asset_type, v.venue, v.base, v.quote);
    case "numeric": return numericId(v.asset_type, v.venue, BigInt(v.number));
    case "address": return addressId(v.asset_type, v.venue, v.address);
    case "hash": return hashId(v.asset_type, v.venue, v.canonical_key, v.attempt);
    case "text": return parseId(v.text);
    case "decode": return decodeId(v.id);
    default: throw new Error(`unknown kind ${v.kind}`);
  }
}

test("the vectors are there", () => assert.ok(vectors!.length >= 50 && refused!.length >= 20));

for (const v of vectors!) {
  test(`id: ${v.name}`, () => {
    const id = compute(v) as InstrumentId;
    assert.equal(idText(id), v.id);
    assert.deepEqual(parseId(v.id), id);
    assert.deepEqual(idBytes(v.id.toUpperCase()), idBytes(id));
    assert.equal(decodeId(id) ?? null, v.decoded);
  });
}

for (const v of refused!) {
  test(`refused: ${v.name}`, () => {
    assert.throws(() => compute(v), (error) => isReason(error, v.reason));
  });
}

test("what would give two keys one id is refused", () => {
  assert.throws(() => symbolId(2, 0x10001, "AAPL"), (error) => isReason(error, "ID_BAD_KEY"));
  assert.throws(() => symbolId(2, 1, "long symbol \ud800"), (error) => isReason(error, "ID_BAD_KEY"));
  assert.throws(() => numericId(2, 1, 1n << 64n), (error) => isReason(error, "ID_BAD_KEY"));
  assert.notEqual(idText(symbolId(2, 1, "A\0")), idText(symbolId(2, 1, "A")));
});
