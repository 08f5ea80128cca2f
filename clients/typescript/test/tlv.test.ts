/** The vectors of TLV extensions, good and broken, and the structs of the golden frames. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Frame, FrameError, parseTlvs, type TlvName } from "@alphapulse/client";

import { rowTlvs, TLV_TYPES, tlvStruct } from "../src/tlv.js";

interface Vector {
  name: string;
  extensions: string;
  tlvs: { type: number; value: string }[];
  reason?: string;
  offset: number;
  tlv_offset: number;
  tlv_length: number;
}
interface Entry {
  file: string;
  frame: boolean;
  tlvs: { type: number; bytes: string; struct: TlvName | null; fields: Record<string, unknown> }[];
}

// the compiled test runs from dist/test
const schemas = new URL("../../../../schemas/", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, schemas), "utf8");
const { vectors, refused, rows }: Record<string, Vector[]> = JSON.parse(read("vectors/tlv.json"));
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("the vectors are there", () => assert.ok(vectors!.length > 9 && refused!.length > 5 && rows!.length > 5));

for (const v of vectors!) {
  test(`TLVs: ${v.name}`, () => {
    const found = parseTlvs(bytesOf(v.extensions)).map(({ type, value }) => ({ type, value: hexOf(value) }));
    assert.deepEqual(found, v.tlvs);
  });
}

for (const v of refused!) {
  test(`refused: ${v.name}`, () => {
    assert.throws(() => parseTlvs(bytesOf(v.extensions)), (error) => {
      assert.ok(error instanceof FrameError);
      assert.deepEqual([error.reason, error.offset], [v.reason, v.offset]);
      return true;
    });
  });
}

for (const v of rows!) {
  test(`of a row: ${v.name}`, () => {
    const parse = () => rowTlvs(bytesOf(v.extensions), v.tlv_offset, v.tlv_length);
    if (v.reason !== undefined) assert.throws(parse, FrameError);
    else assert.deepEqual(parse().map(({ type, value }) => ({ type, value: hexOf(value) })), v.tlvs);
  });
}

/** As the manifest prints a value, but for how names are written. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hexOf(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries("toJSON" in value ? (value as { toJSON(): object }).toJSON() : value);
  return Object.fromEntries(entries.map(([name, field]) => [name.replaceAll("_", "").toLowerCase(), plain(field)]));
}

/** 128-bit numbers, which rows have as one and the manifest as halves. */
function halves(fields: Record<string, unknown>): Record<string, unknown> {
  const joined = Object.entries(fields).map(([name, field]) => {
    const { lo, hi } = (typeof field === "object" ? field : {}) as { lo?: string; hi?: string };
    return [name, lo === undefined ? field : ((BigInt(hi!) << 64n) | BigInt(lo)).toString()];
  });
  return Object.fromEntries(joined) as Record<string, unknown>;
}

test("every known extension of the golden frames is its struct", () => {
  const seen = new Set<string>();
  const { frames }: { frames: Entry[] } = JSON.parse(read("golden/manifest.json"));
  for (const entry of frames.filter(({ frame }) => frame)) {
    const frame = Frame.parse(new Uint8Array(readFileSync(new URL(`golden/${entry.file}`, schemas))));
    assert.equal(frame.causes.length, 1);
    for (const { type, bytes, struct, fields } of entry.tlvs) {
      assert.equal(hexOf(frame.tlv(type)!), bytes);
      if (struct === null) continue;
      assert.equal(TLV_TYPES.get(struct), type);
      assert.deepEqual(plain(frame.extension(struct)), plain(halves(fields)));
      seen.add(struct);
    }
  }
  assert.deepEqual([...seen].sort(), [...TLV_TYPES.keys()].sort());
  assert.throws(() => tlvStruct("CauseTlv", new Uint8Array(23)), FrameError);
});
