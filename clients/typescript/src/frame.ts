/**
 * Frames read in place: header, context, rows and extensions are views over the bytes that arrived.
 * All structure is checked when a frame is parsed, so that nothing fails afterwards.
 */
import { Records, TlvType } from "@alphapulse/gen/fbs";
import { DOMAINS, LAYOUTS, RECORDS, type RecordType } from "@alphapulse/gen/layout";
import { bytesToHex } from "@noble/hashes/utils.js";
import CRC32 from "crc-32";

import { FrameError } from "./errors.js";
import { Table, type Vector } from "./flatbuffers.js";
import { Rows, struct, type Row, type StructName } from "./rows.js";
import { parseTlvs, rowTlvs, TLV_TYPES, tlvStruct, type Tlv, type TlvName } from "./tlv.js";

export const IDENTIFIER = "APF1";
export const MAGIC = 0xdeadbeef;
export const VERSION = 1;
const CODEC_MASK = 0b11;
const HEADER = LAYOUTS.FrameHeader;
const CAUSE_BYTES = LAYOUTS.CauseTlv.size;
const COMPONENT = LAYOUTS.SyntheticComponent;
/** Slots of the tables, as in frame.fbs. */
const FRAME = { header: 0, context: 1, recordsType: 2, records: 3, extensions: 4 };
const ROWS = { rows: 0, second: 1 };
const CUSTOM = { stride: 0, data: 2 };
const COMPRESSED = { member: 0 };
/** Tables whose second vector is bytes that the rows refer to. */
const WITH_BLOB = new Set([
  "InstrumentDiscovered",
  "InstrumentDiscovery",
  "SystemError",
  "ConfigUpdate",
  "ConfigResult",
]);
const RECORD_OF: ReadonlyMap<number, RecordType> = new Map(RECORDS.map((record) => [record.messageType, record]));
const NOTHING: Vector = { start: 0, count: 0 };

/** A further cause of a frame, beside the one in its context: ids as hexadecimal digits. */
export interface Cause {
  readonly traceId: string;
  readonly spanId: string;
}

/** One frame over bytes that must not change while it is in use. */
export class Frame {
  /** Magic, type, flags, checksum, sequence, time. */
  readonly header: Row<"FrameHeader">;
  /** Who made the frame and what caused it. */
  readonly context: Row<"FrameContext">;
  /** What the rows are: "Quote"; "Custom" for a type that is registered at run time. */
  readonly record: string;
  /** Bytes of a row; 0 where the rows are compressed. */
  readonly stride: number = 0;
  /** The rows travel compressed: `rows` refuses them. */
  readonly compressed: boolean;
  /** TLV bytes; `tlvs` walks them. */
  readonly extensions: Uint8Array;

  readonly #view: DataView;
  readonly #headerAt: number;
  readonly #tlvs: readonly Tlv[];
  readonly #rows: Vector = NOTHING;
  readonly #blob: Vector = NOTHING;
  readonly #components: Vector = NOTHING;

  private constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const root = Table.root(this.#view, IDENTIFIER);
    this.#headerAt = root.required(FRAME.header, HEADER.size, 8);
    this.header = struct("FrameHeader", this.#view, this.#headerAt);
    this.context = struct("FrameContext", this.#view, root.required(FRAME.context, LAYOUTS.FrameContext.size, 8));
    const record = this.#checkHeader();
    this.record = record.name;
    this.compressed = (this.header.flags & CODEC_MASK) !== 0;

    const member = root.u8(FRAME.recordsType);
    const table = root.table(FRAME.records);
    const held = this.compressed && member === Records.CompressedRows ? table.u8(COMPRESSED.member) : member;
    if (held !== record.member || this.compressed !== (member === Records.CompressedRows)) {
      this.#fail("FRAME_TYPE_MISMATCH", "message_type", `rows ${member} in a frame of ${record.name}`);
    }
    if (!this.compressed) {
      this.stride = record.name === "Custom" ? table.u32(CUSTOM.stride) : record.stride;
      this.#rows = record.name === "Custom" ? this.#customRows(table) : table.vector(ROWS.rows, this.stride, 8);
      if (this.header.payloadSize !== this.#rows.count * this.stride) {
        this.#fail("FRAME_BAD_SIZE", "payload_size", `the rows are ${this.#rows.count} × ${this.stride} bytes`);
      }
      if (WITH_BLOB.has(record.name)) this.#blob = table.vector(ROWS.second, 1, 1);
      if (record.name === "SyntheticUpdate") this.#components = table.vector(ROWS.second, COMPONENT.size, 8);
    }
    const extensions = root.vector(FRAME.extensions, 1, 1);
    this.extensions = this.#slice(extensions.start, extensions.count);
    this.#tlvs = parseTlvs(this.extensions, extensions.start);
  }

  /** Checks structure and, unless told otherwise, the checksum; throws FrameError and nothing else. */
  static parse(bytes: Uint8Array, options: { checksum?: boolean } = {}): Frame {
    const frame = new Frame(bytes);
    if (options.checksum !== false && !frame.hasValidChecksum()) {
      frame.#fail("FRAME_BAD_CHECKSUM", "checksum", `the checksum is not ${frame.header.checksum}`);
    }
    return frame;
  }

  #checkHeader(): RecordType {
    const { magic, version, messageType } = this.header;
    if (magic !== MAGIC) this.#fail("FRAME_BAD_MAGIC", "magic", `magic 0x${magic.toString(16)}`);
    if (version !== VERSION) this.#fail("FRAME_BAD_VERSION", "version", `version ${version}`);
    const record = RECORD_OF.get(Math.min(messageType, DOMAINS.CUSTOM[0])); // the custom types share one table
    return record ?? this.#fail("FRAME_BAD_TYPE", "message_type", `message type ${messageType}`);
  }

  #customRows(table: Table): Vector {
    const { start, count } = table.vector(CUSTOM.data, 1, 8);
    if (this.stride === 0 || count % this.stride !== 0) {
      throw new FrameError("FRAME_BAD_SIZE", table.position, `${count} bytes are no whole rows of ${this.stride}`);
    }
    return { start, count: count / this.stride };
  }

  #fail(reason: `FRAME_${string}`, field: keyof typeof HEADER.fields, message: string): never {
    throw new FrameError(reason, this.#headerAt + HEADER.fields[field].offset, message);
  }

  #slice(start: number, length: number): Uint8Array {
    return this.bytes.subarray(start, start + length);
  }

  /** The rows in place: `for (const quote of frame.rows("Quote"))`. Throws FrameError for another type. */
  rows<N extends StructName>(record: N): Rows<N> {
    if (record !== this.record) {
      this.#fail("FRAME_TYPE_MISMATCH", "message_type", `rows of ${this.record} asked for as ${record}`);
    }
    if (this.compressed) this.#fail("FRAME_BAD_COMPRESSION", "flags", "compressed rows are not read in place");
    return new Rows(record, this.#view, this.#rows.start, this.#rows.count);
  }

  /** How many rows there are; 0 where they are compressed. */
  get length(): number {
    return this.#rows.count;
  }

  /** The bytes of all rows, `stride` each; of a custom type, too. */
  get rowBytes(): Uint8Array {
    return this.#slice(this.#rows.start, this.#rows.count * this.stride);
  }

  /** Bytes that the rows of some types refer to. */
  get blob(): Uint8Array {
    return this.#slice(this.#blob.start, this.#blob.count);
  }

  /** Components that synthetic updates refer to. */
  get components(): Rows<"SyntheticComponent"> {
    return new Rows("SyntheticComponent", this.#view, this.#components.start, this.#components.count);
  }

  /** The extensions one by one, in order; unknown ones too. */
  tlvs(): readonly Tlv[] {
    return this.#tlvs;
  }

  /** The value of the first extension of a type. */
  tlv(type: number): Uint8Array | undefined {
    return this.#tlvs.find((tlv) => tlv.type === type)?.value;
  }

  /** The first extension that is such a struct, in place: `frame.extension("SlippageModelTlv")?.linear`. */
  extension<N extends TlvName>(name: N): Row<N> | undefined {
    const value = this.tlv(TLV_TYPES.get(name)!);
    return value && tlvStruct(name, value);
  }

  /** The extensions that a DeFi signal's tlvOffset and tlvLength refer to, those of one row. */
  rowTlvs({ tlvOffset, tlvLength }: { tlvOffset: number; tlvLength: number }): Tlv[] {
    return rowTlvs(this.extensions, tlvOffset, tlvLength);
  }

  /** The further causes, from the CAUSE extensions. */
  get causes(): Cause[] {
    const values = this.#tlvs.filter(({ type, value }) => type === TlvType.CAUSE && value.length === CAUSE_BYTES);
    return values.map(({ value }) => {
      const { traceId, spanId } = tlvStruct("CauseTlv", value);
      return { traceId: bytesToHex(traceId), spanId: bytesToHex(spanId) };
    });
  }

  /** CRC-32 over the frame with the fields that a relay stamps, sequence and checksum, taken as zero. */
  hasValidChecksum(): boolean {
    const { checksum, timestamp } = HEADER.fields; // the sequence lies between the two
    const [start, end] = [this.#headerAt + checksum.offset, this.#headerAt + timestamp.offset];
    let sum = CRC32.buf(this.bytes.subarray(0, start));
    sum = CRC32.buf(new Uint8Array(end - start), sum);
    return CRC32.buf(this.bytes.subarray(end), sum) >>> 0 === this.header.checksum;
  }

  get messageType(): number {
    return this.header.messageType;
  }

  /** The relay's number of the frame; 0 before. */
  get sequence(): bigint {
    return this.header.sequence;
  }

  /** When the producer made the frame, nanoseconds since the epoch. */
  get timestamp(): bigint {
    return this.header.timestamp;
  }

  /** The correlation id as 32 hexadecimal digits. */
  get traceId(): string {
    return bytesToHex(this.context.traceId);
  }

  /** The frame's own span id as 16 hexadecimal digits. */
  get messageId(): string {
    return bytesToHex(this.context.messageId);
  }

  /** The span id of its cause as 16 hexadecimal digits. */
  get causationId(): string {
    return bytesToHex(this.context.causationId);
  }
}
