/** Frames made of rows, to be published. The relay checks them; what a record means is its user's business. */
import { FrameFlag } from "@alphapulse/gen/fbs";
import { LAYOUTS, RECORDS } from "@alphapulse/gen/layout";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import CRC32 from "crc-32";

import { FrameError } from "./errors.js";
import { IDENTIFIER, MAGIC, VERSION } from "./frame.js";
import { writeStruct, type RowInit, type StructName } from "./rows.js";
import { encodeTlvs, type Tlv } from "./tlv.js";

/** Who makes a frame and what caused it, as hexadecimal digits. */
export interface FrameContext {
  /** The correlation id, 32 digits. */
  readonly traceId: string;
  /** The frame's own span id, 16 digits. */
  readonly messageId: string;
  /** That of its cause; zeros at the root of a trace. */
  readonly causationId: string;
  /** The W3C flag, decided once at the root. */
  readonly sampled: boolean;
}

/** What a frame has beside its rows. */
export interface FrameParts {
  /** See SourceType. */
  source: number;
  context: FrameContext;
  /** Nanoseconds since the epoch; now when not given. */
  timestamp?: bigint;
  extensions?: Iterable<Tlv>;
  /** What the rows of some types refer to. */
  blob?: Uint8Array;
  /** What synthetic updates refer to. */
  components?: readonly RowInit<"SyntheticComponent">[];
  /** 0 to 3. */
  priority?: number;
  /** A state, not a change. */
  snapshot?: boolean;
}

/** The root of a new trace. */
export function newContext(): FrameContext {
  return { traceId: random(16), messageId: random(8), causationId: "0".repeat(16), sampled: true };
}

/** A new message that this one caused. */
export function childOf({ traceId, messageId, sampled }: FrameContext): FrameContext {
  return { traceId, messageId: random(8), causationId: messageId, sampled };
}

function random(bytes: number): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(bytes)));
}

// Where the parts of a frame lie: the root's vtable and table, those of the rows, then the vectors. Structs
// and rows are at multiples of 8.
const ROOT = { vtable: 8, table: 28, header: 32, context: 64, records: 104, extensions: 108, type: 112, end: 116 };
const ROWS = { vtable: 116, table: 124, rows: 128, second: 132, end: 136 };
const CHECKSUM = ROOT.header + LAYOUTS.FrameHeader.fields.checksum.offset;

/** A frame: `encode("Quote", [{ bidPrice: 6123450000000n }], { source, context: newContext() })`. */
export function encode<N extends StructName>(record: N, rows: readonly RowInit<N>[], parts: FrameParts): Uint8Array {
  const known = RECORDS.find(({ name, messageType, stride }) => name === record && messageType > 0 && stride > 0);
  if (known === undefined) throw new FrameError("FRAME_BAD_TYPE", 0, `frames are not made of ${record}`);
  const priority = parts.priority ?? 0;
  if (![0, 1, 2, 3].includes(priority)) throw new FrameError("FRAME_INVALID", 0, `priority ${priority} is not in 0 to 3`);
  const extensions = encodeTlvs(parts.extensions ?? []);
  const components = parts.components ?? [];
  const second = components.length > 0 ? structs("SyntheticComponent", components) : (parts.blob ?? new Uint8Array());
  const payload = structs(record, rows);

  const rowsAt = vectorAt(ROWS.end, 8);
  const secondAt = vectorAt(rowsAt + payload.length, 8);
  const extensionsAt = vectorAt(secondAt + second.length, 8);
  const bytes = new Uint8Array(extensionsAt + extensions.length);
  const view = new DataView(bytes.buffer);
  const offset = (at: number, target: number): void => view.setUint32(at, target - at, true);
  const vector = (at: number, data: Uint8Array, count: number): void => {
    view.setUint32(at - 4, count, true);
    bytes.set(data, at);
  };
  vector(rowsAt, payload, rows.length);
  vector(secondAt, second, components.length || second.length);
  vector(extensionsAt, extensions, extensions.length);

  offset(0, ROOT.table);
  bytes.set(new TextEncoder().encode(IDENTIFIER), 4);
  const root = [ROOT.header, ROOT.context, ROOT.type, ROOT.records, extensions.length > 0 ? ROOT.extensions : 0];
  table(view, ROOT.vtable, ROOT.table, ROOT.end, root);
  table(view, ROWS.vtable, ROWS.table, ROWS.end, [ROWS.rows, second.length > 0 ? ROWS.second : 0]);
  offset(ROOT.records, ROWS.table);
  if (extensions.length > 0) offset(ROOT.extensions, extensionsAt - 4);
  view.setUint8(ROOT.type, known.member);
  offset(ROWS.rows, rowsAt - 4);
  if (second.length > 0) offset(ROWS.second, secondAt - 4);

  writeStruct("FrameHeader", view, ROOT.header, {
    magic: MAGIC, version: VERSION, messageType: known.messageType, source: parts.source,
    flags: priority * FrameFlag.PRIORITY_BIT_0 + (parts.snapshot ? FrameFlag.SNAPSHOT : 0),
    payloadSize: payload.length, timestamp: parts.timestamp ?? BigInt(Date.now()) * 1_000_000n,
  });
  const { traceId, messageId, causationId, sampled } = parts.context;
  writeStruct("FrameContext", view, ROOT.context, {
    traceId: hexToBytes(traceId), messageId: hexToBytes(messageId), causationId: hexToBytes(causationId),
    traceFlags: sampled ? 1 : 0,
  });
  view.setUint32(CHECKSUM, CRC32.buf(bytes) >>> 0, true); // of sequence and checksum as zero, as they are
  return bytes;
}

function structs<N extends StructName>(name: N, rows: readonly RowInit<N>[]): Uint8Array {
  const { size } = LAYOUTS[name];
  const bytes = new Uint8Array(rows.length * size);
  const view = new DataView(bytes.buffer);
  rows.forEach((row, i) => writeStruct(name, view, i * size, row));
  return bytes;
}

/** First byte of a vector's elements, behind its length. */
function vectorAt(after: number, align: number): number {
  return Math.ceil((after + 4) / align) * align;
}

/** A vtable and the table that begins with the way to it; a field at 0 is left out. */
function table(view: DataView, vtable: number, at: number, end: number, fields: readonly number[]): void {
  view.setUint16(vtable, 4 + 2 * fields.length, true);
  view.setUint16(vtable + 2, end - at, true);
  fields.forEach((field, i) => view.setUint16(vtable + 4 + 2 * i, field && field - at, true));
  view.setInt32(at, at - vtable, true);
}
