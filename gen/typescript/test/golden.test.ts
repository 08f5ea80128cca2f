/**
 * The golden frames read in TypeScript: through flatc's accessors and in place through a DataView and
 * the layouts, both compared with the manifest; and every layout compared with schemas/layout.csv.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { crc32 } from "node:zlib";

import { ByteBuffer } from "flatbuffers";

import * as fbs from "../src/fbs/alphapulse-fbs.js";
import { LAYOUTS, RECORDS, type StructLayout } from "../src/layout.js";

type Value = string | number | { [field: string]: Value };
interface Entry {
  file: string;
  record: string;
  table: string;
  member: number;
  stride: number;
  frame: boolean;
  size: number;
  header: Record<string, Value>;
  context: Record<string, Value>;
  rows: Value[];
  custom: { stride: number; schema_hash: string; data: string } | null;
  extensions: string;
  tlvs: { type: number; length: number; bytes: string }[];
}

// the compiled test runs from dist-test/test
const schemas = new URL("../../../../schemas/", import.meta.url);
const manifest: Entry[] = JSON.parse(readFileSync(new URL("golden/manifest.json", schemas), "utf8")).frames;
const layouts: Readonly<Record<string, StructLayout>> = LAYOUTS;

function golden(entry: Entry): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`golden/${entry.file}`, schemas)));
}

function layoutOf(name: string): StructLayout {
  const found = layouts[name];
  assert.ok(found, `no layout of ${name}`);
  return found;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function run(kind: "bytes" | "text", bytes: Uint8Array): Value {
  if (kind === "bytes") return hex(bytes);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("ascii");
}

/** As the manifest prints a struct, read in place by its layout. */
function inPlace(name: string, bytes: Uint8Array, at: number): Value {
  const { size, fixed, fields } = layoutOf(name);
  if (fixed) return run(fixed, bytes.subarray(at, at + size));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const row: { [field: string]: Value } = {};
  for (const [field, { offset, type }] of Object.entries(fields)) {
    row[field] = type in layouts ? inPlace(type, bytes, at + offset) : scalar(view, at + offset, type);
  }
  return row;
}

function scalar(view: DataView, at: number, type: string): Value {
  switch (type.split(":").at(-1)) {
    case "u8": return view.getUint8(at);
    case "i8": return view.getInt8(at);
    case "u16": return view.getUint16(at, true);
    case "i16": return view.getInt16(at, true);
    case "u32": return view.getUint32(at, true);
    case "i32": return view.getInt32(at, true);
    case "u64": return view.getBigUint64(at, true).toString();
    case "i64": return view.getBigInt64(at, true).toString();
    default: throw new Error(`no scalar ${type}`);
  }
}

function camel(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A struct as flatc's TypeScript gives it: one method a field. */
type Accessors = { bb: ByteBuffer | null; bb_pos: number } & Record<string, () => unknown>;

/** As the manifest prints a struct, read through flatc's accessors. */
function accessed(name: string, object: Accessors): Value {
  const { size, fixed, fields } = layoutOf(name);
  if (fixed) return run(fixed, object.bb!.bytes().subarray(object.bb_pos, object.bb_pos + size));
  const row: { [field: string]: Value } = {};
  for (const [field, { type }] of Object.entries(fields)) {
    const method = object[camel(field)];
    assert.ok(method, `${name} has no accessor ${camel(field)}`);
    const value = method.call(object);
    if (type in layouts) row[field] = accessed(type, value as Accessors);
    else row[field] = typeof value === "bigint" ? value.toString() : (value as number);
  }
  return row;
}

for (const entry of manifest) {
  test(`every field of ${entry.file} is what the manifest says`, () => {
    const bytes = golden(entry);
    if (!entry.frame) {
      const rows = entry.rows.map((_, i) => inPlace(entry.record, bytes, i * entry.stride));
      assert.deepEqual(rows, entry.rows);
      return;
    }
    assert.equal(bytes.length, entry.size);
    const buffer = new ByteBuffer(bytes);
    assert.ok(fbs.Frame.bufferHasIdentifier(buffer));
    const frame = fbs.Frame.getRootAsFrame(buffer);
    assert.deepEqual(accessed("FrameHeader", frame.header() as unknown as Accessors), entry.header);
    const context = accessed("FrameContext", frame.context() as unknown as Accessors);
    for (const [name, value] of Object.entries(entry.context)) {
      assert.equal((context as Record<string, Value>)[name], value, `context.${name}`);
    }
    assert.equal(frame.recordsType(), entry.member);
    const extensions = frame.extensionsArray();
    assert.ok(extensions);
    assert.equal(hex(extensions), entry.extensions);
    assert.deepEqual(
      walk(extensions),
      entry.tlvs.map((t) => ({ type: t.type, bytes: t.bytes })),
    );
    if (entry.custom) {
      const custom: fbs.CustomRows = frame.records(new fbs.CustomRows());
      assert.equal(custom.stride(), entry.custom.stride);
      assert.equal(custom.schemaHash().toString(), entry.custom.schema_hash);
      assert.equal(hex(custom.dataArray()!), entry.custom.data);
      return;
    }
    const tables = fbs as unknown as Record<string, new () => Table>;
    const Table = tables[entry.table];
    assert.ok(Table, `no table ${entry.table}`);
    const table: Table = frame.records(new Table());
    const rows = Array.from({ length: table.rowsLength() }, (_, i) => table.rows(i));
    assert.deepEqual(rows.map((row) => accessed(entry.record, row)), entry.rows);
    assert.deepEqual(rows.map((row) => inPlace(entry.record, bytes, row.bb_pos)), entry.rows);
    rows.forEach((row, i) => assert.equal(row.bb_pos, rows[0]!.bb_pos + i * entry.stride));
  });
}

interface Table {
  rowsLength(): number;
  rows(index: number): Accessors;
}

function walk(extensions: Uint8Array): { type: number; bytes: string }[] {
  const found = [];
  for (let at = 0; at < extensions.length; ) {
    const [type, length] = [extensions[at]!, extensions[at + 1]!];
    assert.ok(at + 2 + length <= extensions.length, "truncated");
    found.push({ type, bytes: hex(extensions.subarray(at + 2, at + 2 + length)) });
    at += 2 + length;
  }
  return found;
}

test("the checksum covers all but sequence and checksum", () => {
  const { checksum, sequence } = LAYOUTS.FrameHeader.fields;
  for (const entry of manifest.filter((e) => e.frame)) {
    const bytes = golden(entry);
    const header = fbs.Frame.getRootAsFrame(new ByteBuffer(bytes)).header()!.bb_pos;
    for (const field of [checksum, sequence]) {
      bytes.fill(0, header + field.offset, header + field.offset + field.size);
    }
    assert.equal(crc32(bytes), entry.header["checksum"], entry.file);
  }
});

test("the table of record types agrees with the manifest", () => {
  assert.equal(manifest.length, RECORDS.length);
  manifest.forEach((entry, i) => {
    const record = RECORDS[i]!;
    assert.equal(record.name, entry.record);
    assert.equal(record.member, entry.member);
    if (entry.frame) assert.equal(record.messageType, entry.header["message_type"]);
    if (record.stride !== 0) assert.equal(record.stride, entry.stride);
  });
});

test("every layout is the one in the table", () => {
  const lines = readFileSync(new URL("layout.csv", schemas), "utf8").trim().split("\n").slice(1);
  const seen = new Set<string>();
  for (const line of lines) {
    const [name, field, type, offset, size] = line.split(",") as [string, string, string, string, string];
    seen.add(name);
    const layout = layoutOf(name);
    if (field === "") assert.equal(layout.size, Number(size), name);
    else assert.deepEqual(layout.fields[field], { offset: Number(offset), size: Number(size), type }, line);
  }
  assert.equal(seen.size, Object.keys(layouts).length);
});
