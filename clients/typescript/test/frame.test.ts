/** The golden frames, whole and damaged. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Frame, FrameError, MessageType, type StructName } from "@alphapulse/client";
import { LAYOUTS } from "@alphapulse/gen/layout";

type Value = string | number | { [field: string]: Value };
interface Entry {
  file: string;
  frame: boolean;
  record: StructName | "Custom";
  header: Record<string, Value>;
  context: Record<string, Value>;
  rows: Value[];
  components: Value[];
  blob: string | null;
  custom: { stride: number; data: string } | null;
  extensions: string;
  tlvs: { type: number; bytes: string }[];
}

const golden = new URL("../../../../schemas/golden/", import.meta.url);
const manifest: Entry[] = JSON.parse(readFileSync(new URL("manifest.json", golden), "utf8")).frames;
const frames = manifest.filter((entry) => entry.frame);

function read(file: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(file, golden)));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A row as the manifest prints it. */
function printed(value: unknown, type: string): Value {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === "bigint" && type.endsWith("nt128")) {
    const hi = value >> 64n;
    return { lo: BigInt.asUintN(64, value).toString(), hi: hi.toString() };
  }
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object") return value as Value;
  const fields: [string, { type: string }][] = Object.entries(LAYOUTS[type as StructName].fields);
  const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const row = value as Record<string, unknown>;
  return Object.fromEntries(fields.map(([name, field]) => [name, printed(row[camel(name)], field.type)]));
}

for (const entry of frames) {
  test(`every field of ${entry.file} is what the manifest says`, () => {
    const frame = Frame.parse(read(entry.file));
    assert.equal(frame.record, entry.record);
    assert.deepEqual(printed(frame.header, "FrameHeader"), entry.header);
    assert.equal(frame.traceId, entry.context["trace_id"]);
    assert.equal(frame.messageId, entry.context["message_id"]);
    assert.equal(frame.causationId, entry.context["causation_id"]);
    assert.equal(hex(frame.extensions), entry.extensions);
    const tlvs = [...frame.tlvs()].map(({ type, value }) => ({ type, bytes: hex(value) }));
    assert.deepEqual(tlvs, entry.tlvs.map(({ type, bytes }) => ({ type, bytes })));
    assert.equal(hex(frame.blob), entry.blob ?? "");
    assert.deepEqual([...frame.components].map((row) => printed(row, "SyntheticComponent")), entry.components);
    if (entry.custom) {
      assert.equal(frame.stride, entry.custom.stride);
      assert.equal(hex(frame.rowBytes), entry.custom.data);
      return;
    }
    const { record } = entry;
    assert.ok(record !== "Custom");
    assert.deepEqual([...frame.rows(record)].map((row) => printed(row, record)), entry.rows);
  });
}

test("rows are the frame's own bytes, at any alignment", () => {
  const bytes = read("quote.bin");
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  const frame = Frame.parse(shifted);
  const rows = frame.rows("Quote");
  const before: bigint = rows.at(0)!.askPrice;
  frame.rowBytes[LAYOUTS.Quote.fields.ask_price.offset]! ^= 1;
  assert.equal(rows.at(0)!.askPrice, before ^ 1n);
  assert.equal(rows.at(-1)!.instrumentId.venue, rows.at(rows.length - 1)!.instrumentId.venue);
  assert.equal(rows.at(rows.length), undefined);
  assert.equal(frame.messageType, MessageType.QUOTE);
  assert.throws(() => frame.rows("Trade"), FrameError);
});

/** Looks at all that a frame gives; nothing of it may throw. */
function look(frame: Frame): void {
  JSON.stringify([frame.header, frame.context], (_, value) => (typeof value === "bigint" ? 0 : value));
  if (!frame.compressed && frame.record !== "Custom") {
    for (const row of frame.rows(frame.record as StructName)) row.toJSON();
  }
  for (const component of frame.components) component.toJSON();
  void [frame.rowBytes, frame.blob, [...frame.tlvs()], frame.hasValidChecksum()];
}

/** Parses, with the checksum and without; undefined where the frame is refused. */
function parsed(bytes: Uint8Array, checksum: boolean): Frame | undefined {
  try {
    const frame = Frame.parse(bytes, { checksum });
    look(frame);
    return frame;
  } catch (error) {
    assert.ok(error instanceof FrameError, String(error));
    assert.ok(error.offset >= 0 && error.offset <= bytes.length);
    return undefined;
  }
}

test("every flipped bit is found, but for those of the sequence", () => {
  const bytes = read("fill.bin");
  const header = bytes.findIndex((_, at) => hex(bytes.subarray(at, at + 4)) === "efbeadde");
  const { offset, size } = LAYOUTS.FrameHeader.fields.sequence;
  const taken = [];
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    if (parsed(bytes, true)) taken.push(bit);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  const sequence = Array.from({ length: 8 * size }, (_, i) => 8 * (header + offset) + i);
  assert.deepEqual(taken, sequence);
});

for (const file of ["synthetic_update.bin", "system_error.bin", "custom.bin", "defi_signal.bin"]) {
  test(`a damaged ${file} throws FrameError or can be read`, () => {
    const bytes = read(file);
    for (const length of bytes.keys()) assert.equal(parsed(bytes.subarray(0, length), true), undefined);
    for (let at = 0; at < bytes.length; at++) {
      const before = bytes[at]!;
      for (const value of [0, 1, 0x7f, 0x80, 0xff, before ^ 4]) {
        bytes[at] = value;
        parsed(bytes, false);
      }
      bytes[at] = before;
    }
  });
}

test("random bytes throw FrameError", () => {
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: i % 200 }, random);
    bytes.set([0x41, 0x50, 0x46, 0x31].slice(0, Math.max(0, bytes.length - 4)), Math.min(4, bytes.length));
    if (bytes.length > 3) bytes.set([bytes[0]! & 0x7c, 0, 0, 0], 0);
    assert.equal(parsed(bytes, true), undefined);
  }
});
