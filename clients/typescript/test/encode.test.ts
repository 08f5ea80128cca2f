/** Frames that are made here are read back as they were; the golden ones among them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { childOf, encode, encodeTlvs, Frame, FrameError, newContext, tlvOf } from "@alphapulse/client";
import type { RowInit, StructName } from "@alphapulse/client";

// the compiled test runs from dist/test
const golden = new URL("../../../../schemas/golden/", import.meta.url);
const source = 1;

const FILES: [string, StructName][] = [
  ["trade", "Trade"], ["quote", "Quote"], ["book_level", "BookLevel"], ["defi_signal", "DeFiSignal"], ["fill", "Fill"],
  ["synthetic_update", "SyntheticUpdate"], ["system_error", "SystemError"], ["config_result", "ConfigResult"],
];

for (const [file, record] of FILES) {
  test(`the rows of ${file} make the same frame`, () => {
    const original = Frame.parse(new Uint8Array(readFileSync(new URL(`${file}.bin`, golden))));
    const plain = (rows: Iterable<{ toJSON(): object }>) => [...rows].map((row) => row.toJSON());
    const rows = plain(original.rows(record));
    const { traceId, messageId, causationId } = original;
    const frame = Frame.parse(encode(record, rows as RowInit<StructName>[], {
      source: original.header.source, timestamp: original.timestamp, extensions: original.tlvs(), blob: original.blob,
      context: { traceId, messageId, causationId, sampled: original.context.traceFlags === 1 },
      components: plain(original.components) as RowInit<"SyntheticComponent">[], priority: 2, snapshot: true,
    }));
    assert.deepEqual(plain(frame.rows(record)), rows);
    assert.deepEqual(plain(frame.components), plain(original.components));
    assert.deepEqual([frame.blob, frame.extensions], [original.blob, original.extensions]);
    assert.deepEqual(frame.context.toJSON(), original.context.toJSON());
    const { messageType, payloadSize, timestamp } = original.header;
    const { header } = frame;
    assert.deepEqual([header.messageType, header.payloadSize, header.timestamp], [messageType, payloadSize, timestamp]);
    assert.deepEqual([header.source, header.flags, header.sequence], [original.header.source, (2 << 2) | 16, 0n]);
  });
}

test("what is no frame is not encoded", () => {
  const parts = { source, context: newContext() };
  const refused = (reason: string) => (error: unknown) => error instanceof FrameError && error.reason === reason;
  assert.throws(() => encode("InstrumentRecord", [{}], parts), refused("FRAME_BAD_TYPE"));
  assert.throws(() => encode("Trade", [{}], { ...parts, priority: 4 }), refused("FRAME_INVALID"));
  assert.throws(() => encodeTlvs([{ type: 100, value: new Uint8Array(256) }]), refused("FRAME_BAD_TLV"));
  assert.throws(() => encode("Quote", [{ askPrice: 1n << 63n }], parts), RangeError);
  assert.throws(() => encode("Quote", [{ instrumentId: { venue: -1 } }], parts), RangeError);
  assert.throws(() => encode("Heartbeat", [{ service: "x".repeat(99) }], parts), RangeError);
  assert.equal(Frame.parse(encode("Quote", [], parts)).length, 0);
  assert.equal(tlvOf("SlippageModelTlv", { maxBps: 7 }).value.length, 32);
});

test("a context has children", () => {
  const root = newContext();
  const child = childOf(root);
  assert.deepEqual([child.traceId, child.causationId], [root.traceId, root.messageId]);
  assert.notEqual(child.messageId, root.messageId);
});
