"""Module `layout` of `@alphapulse/gen`: sizes and offsets, for reading rows through a DataView."""

import json

from layoutgen.names import NOTICE
from layoutgen.schema import DOMAINS, RecordType, Schema, Struct


def emit(schema: Schema) -> dict[str, str]:
    out = [
        f"// {NOTICE}",
        "",
        "/** Where a field lies in its struct, in bytes; numbers are little-endian. */",
        "export interface FieldLayout {",
        "  readonly offset: number;",
        "  readonly size: number;",
        "  /** `u64`, `Side:u8` for an enum, or the name of a struct. */",
        "  readonly type: string;",
        "}",
        "",
        "/** One struct of the wire. `fixed` marks a run of raw bytes or of NUL-padded ASCII. */",
        "export interface StructLayout {",
        "  readonly size: number;",
        '  readonly fixed?: "bytes" | "text";',
        "  readonly fields: Readonly<Record<string, FieldLayout>>;",
        "}",
        "",
        "/** One member of the frame's union of record vectors. */",
        "export interface RecordType {",
        "  readonly name: string;",
        "  /** 0 for rows that travel only inside an RPC answer. */",
        "  readonly messageType: number;",
        "  readonly member: number;",
        "  /** Bytes of a row; 0 where the layout is registered at run time. */",
        "  readonly stride: number;",
        "  readonly instrumentOffsets: readonly number[];",
        "}",
        "",
        "/** Ranges of message types, inclusive. */",
        "export const DOMAINS = {",
        *(f"  {name}: [{low}, {high}]," for name, (low, high) in DOMAINS.items()),
        "} as const;",
        "",
        "export const LAYOUTS = {",
    ]
    for struct in schema.structs:
        out += _struct(struct)
    out += ["} as const satisfies Readonly<Record<string, StructLayout>>;", ""]
    out.append("export const RECORDS: readonly RecordType[] = [")
    out += [f"  {_record(r)}," for r in schema.records]
    out.append("];")
    return {"layout.ts": "\n".join(out) + "\n"}


def _struct(struct: Struct) -> list[str]:
    fixed = f' fixed: "{struct.fixed}",' if struct.fixed else ""
    out = [f"  {struct.name}: {{", f"    size: {struct.size},{fixed}", "    fields: {"]
    out += [
        f'      {f.name}: {{ offset: {f.offset}, size: {f.size}, type: "{f.type_name}" }},'
        for f in struct.fields
    ]
    return [*out, "    },", "  },"]


def _record(record: RecordType) -> str:
    values = {
        "name": record.table.removesuffix("Rows"),
        "messageType": record.message_type.value if record.message_type else 0,
        "member": record.member,
        "stride": record.struct.size if record.struct else 0,
        "instrumentOffsets": list(record.instrument_offsets),
    }
    return "{ " + ", ".join(f"{k}: {json.dumps(v)}" for k, v in values.items()) + " }"
