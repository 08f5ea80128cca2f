/** TLV extensions: type u8, length u8, that many bytes. */
import { TlvType } from "@alphapulse/gen/fbs";
import { LAYOUTS } from "@alphapulse/gen/layout";

import { FrameError } from "./errors.js";
import { struct, writeStruct, type Row, type RowInit, type StructName } from "./rows.js";

/** One extension: see TlvType for the types. A type that this library does not know has its bytes all the same. */
export interface Tlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/** The structs that extensions hold: "SlippageModelTlv". */
export type TlvName = Extract<StructName, `${string}Tlv`>;

/** The type of each: MevBundleTlv is MEV_BUNDLE. */
export const TLV_TYPES: ReadonlyMap<TlvName, number> = new Map(
  Object.keys(LAYOUTS)
    .filter((name): name is TlvName => name.endsWith("Tlv"))
    .map((name) => {
      const lower = name.slice(0, -3).toLowerCase();
      const [, type] = Object.entries(TlvType).find(([one]) => one.replaceAll("_", "").toLowerCase() === lower)!;
      return [name, type as number];
    }),
);

/** Extensions one by one, in order, as views; a truncated one throws FrameError. `at` is where they lie in a frame. */
export function parseTlvs(extensions: Uint8Array, at = 0): Tlv[] {
  const found: Tlv[] = [];
  for (let start = 0; start < extensions.length; ) {
    const end = start + 2 + (extensions[start + 1] ?? 0);
    if (start + 2 > extensions.length || end > extensions.length) {
      throw new FrameError("FRAME_BAD_TLV", at + start, "a truncated TLV");
    }
    found.push({ type: extensions[start]!, value: extensions.subarray(start + 2, end) });
    start = end;
  }
  return found;
}

/** Extensions of a frame that is to be made; a value holds at most 255 bytes. */
export function encodeTlvs(tlvs: Iterable<Tlv>): Uint8Array {
  const bytes: number[] = [];
  for (const { type, value } of tlvs) {
    if (value.length > 255) throw new FrameError("FRAME_BAD_TLV", bytes.length, `${value.length} bytes in a TLV`);
    bytes.push(type, value.length, ...value);
  }
  return Uint8Array.from(bytes);
}

/** A TLV that holds a struct. */
export function tlvOf<N extends TlvName>(name: N, value: RowInit<N>): Tlv {
  const bytes = new Uint8Array(LAYOUTS[name].size);
  writeStruct(name, new DataView(bytes.buffer), 0, value);
  return { type: TLV_TYPES.get(name)!, value: bytes };
}

/** A TLV's value as a struct in place; one of another size throws FrameError. */
export function tlvStruct<N extends TlvName>(name: N, value: Uint8Array): Row<N> {
  if (value.length !== LAYOUTS[name].size) {
    throw new FrameError("FRAME_BAD_TLV", 0, `${value.length} bytes are no ${name}`);
  }
  return struct(name, new DataView(value.buffer, value.byteOffset, value.byteLength), 0);
}

/** The part of a frame's extensions that belongs to one row. */
export function rowTlvs(extensions: Uint8Array, offset: number, length: number): Tlv[] {
  if (offset + length > extensions.length) {
    const range = `${offset} to ${offset + length} of ${extensions.length}`;
    throw new FrameError("FRAME_BAD_TLV", offset, `a signal's TLVs are bytes ${range}`);
  }
  return parseTlvs(extensions.subarray(offset, offset + length), offset);
}
