/** Records as typed views over the bytes they lie in, driven by the generated layouts: nothing is copied. */
import { LAYOUTS, type FieldLayout, type StructLayout } from "@alphapulse/gen/layout";

type Layouts = typeof LAYOUTS;

/** A struct of the wire: "Quote", "Trade", "FrameHeader". */
export type StructName = keyof Layouts;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

type Value<T extends string> = T extends "u64" | "i64" | "UInt128" | "Int128"
  ? bigint
  : T extends StructName
    ? Layouts[T] extends { fixed: "text" }
      ? string
      : Layouts[T] extends { fixed: "bytes" }
        ? Uint8Array
        : Row<T>
    : number;

type Fields<N extends StructName, F = Layouts[N]["fields"]> = {
  readonly [K in keyof F as Camel<K & string>]: F[K] extends { type: infer T extends string } ? Value<T> : never;
};

/**
 * One struct in place: `row.askPrice` reads its bytes at that moment. 64- and 128-bit numbers are
 * bigints, enums are numbers, runs of raw bytes are Uint8Array views, text is a string.
 */
export type Row<N extends StructName = StructName> = Fields<N> & {
  /** A copy as a plain object. */
  toJSON(): Record<string, unknown>;
};

type Init<T extends string> = T extends "u64" | "i64" | "UInt128" | "Int128"
  ? bigint
  : T extends StructName
    ? Layouts[T] extends { fixed: "text" }
      ? string
      : Layouts[T] extends { fixed: "bytes" }
        ? Uint8Array
        : RowInit<T>
    : number;

/** What a struct is made of: the fields of a Row, zero where they are left out. */
export type RowInit<N extends StructName, F = Layouts[N]["fields"]> = {
  readonly [K in keyof F as Camel<K & string>]?: F[K] extends { type: infer T extends string } ? Init<T> : never;
};

/** Writes a struct; its bytes are zero. What does not fit its field throws RangeError. */
export function writeStruct<N extends StructName>(name: N, view: DataView, at: number, value: RowInit<N>): void {
  const { fields }: StructLayout = LAYOUTS[name];
  for (const [field, { offset, size, type }] of Object.entries(fields)) {
    const given = (value as Record<string, unknown>)[camel(field)];
    if (given !== undefined) writeField(type, view, at + offset, size, given);
  }
}

function writeField(type: string, view: DataView, at: number, size: number, value: unknown): void {
  const scalar = type.slice(type.indexOf(":") + 1); // an enum is "Side:u8"
  const bits = 8 * size;
  const within = (fits: boolean): void => {
    if (!fits) throw new RangeError(`${String(value)} does not fit ${type}`);
  };
  if (typeof value === "string" || value instanceof Uint8Array) {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    within(bytes.length <= size && (LAYOUTS[type as StructName] as StructLayout).fixed !== undefined);
    new Uint8Array(view.buffer, view.byteOffset + at, size).set(bytes);
  } else if (typeof value === "bigint") {
    const signed = scalar === "i64" || scalar === "Int128";
    within((signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) === value);
    view.setBigUint64(at, BigInt.asUintN(64, value), true);
    if (bits === 128) view.setBigUint64(at + 8, BigInt.asUintN(64, value >> 64n), true);
  } else if (typeof value === "number") {
    const least = scalar.startsWith("i") ? -(2 ** (bits - 1)) : 0;
    within(Number.isInteger(value) && value >= least && value < least + 2 ** bits && size <= 4);
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  } else {
    writeStruct(type as StructName, view, at, value as RowInit<StructName>);
  }
}

function camel(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Records of one type, one after the other. */
export class Rows<N extends StructName> implements Iterable<Row<N>> {
  constructor(
    readonly record: N,
    private readonly view: DataView,
    private readonly start: number,
    readonly length: number,
  ) {}

  /** A copy of several as one. */
  static joined<N extends StructName>(record: N, parts: readonly Rows<N>[]): Rows<N> {
    const { size } = LAYOUTS[record];
    const count = parts.reduce((sum, { length }) => sum + length, 0);
    const bytes = new Uint8Array(count * size);
    let at = 0;
    for (const { view, start, length } of parts) {
      bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, length * size), at);
      at += length * size;
    }
    return new Rows(record, new DataView(bytes.buffer), 0, count);
  }

  /** The row at an index, from the end where that is negative. */
  at(index: number): Row<N> | undefined {
    const i = index < 0 ? this.length + index : index;
    if (!Number.isInteger(i) || i < 0 || i >= this.length) return undefined;
    return struct(this.record, this.view, this.start + i * LAYOUTS[this.record].size);
  }

  *[Symbol.iterator](): Generator<Row<N>, void, undefined> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }
}

/** The struct that lies at a byte; the caller has checked that its bytes are there. */
export function struct<N extends StructName>(name: N, view: DataView, at: number): Row<N> {
  return new (viewOf(name))(view, at) as unknown as Row<N>;
}

class View {
  // not enumerable and outside the names that fields have
  readonly #view: DataView;
  readonly #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  static define(prototype: View, name: string, offset: number, read: Reader): void {
    const get = function (this: View): unknown {
      return read(this.#view, this.#at + offset);
    };
    Object.defineProperty(prototype, name, { enumerable: true, get });
  }

  toJSON(): Record<string, unknown> {
    const plain: Record<string, unknown> = {};
    for (const name of Object.keys(Object.getPrototypeOf(this))) {
      const value = (this as unknown as Record<string, unknown>)[name];
      plain[name] = value instanceof View ? value.toJSON() : value;
    }
    return plain;
  }
}

type Reader = (view: DataView, at: number) => unknown;
const views = new Map<StructName, typeof View>();

function viewOf(name: StructName): typeof View {
  let made = views.get(name);
  if (made === undefined) {
    made = class extends View {};
    const fields: readonly [string, FieldLayout][] = Object.entries(LAYOUTS[name].fields);
    for (const [field, { offset, type }] of fields) {
      View.define(made.prototype, camel(field), offset, readerOf(type));
    }
    views.set(name, made);
  }
  return made;
}

function readerOf(type: string): Reader {
  switch (type.slice(type.indexOf(":") + 1)) { // an enum is "Side:u8"
    case "u8": return (view, at) => view.getUint8(at);
    case "u16": return (view, at) => view.getUint16(at, true);
    case "u32": return (view, at) => view.getUint32(at, true);
    case "i32": return (view, at) => view.getInt32(at, true);
    case "u64": return (view, at) => view.getBigUint64(at, true);
    case "i64": return (view, at) => view.getBigInt64(at, true);
    case "UInt128": return (view, at) => (view.getBigUint64(at + 8, true) << 64n) | view.getBigUint64(at, true);
    case "Int128": return (view, at) => (view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true);
    default: return structReader(type as StructName);
  }
}

function structReader(name: StructName): Reader {
  const { size, fixed }: StructLayout = LAYOUTS[name];
  const bytes = (view: DataView, at: number): Uint8Array => new Uint8Array(view.buffer, view.byteOffset + at, size);
  if (fixed === "bytes") return bytes;
  if (fixed === "text") return (view, at) => new TextDecoder().decode(bytes(view, at)).replace(/\0.*$/s, "");
  return (view, at) => struct(name, view, at);
}
