"""What the Rust conformance test cannot find by reflection: every field, by name."""

import textwrap

from layoutgen.names import NOTICE, snake
from layoutgen.schema import Schema


def emit(schema: Schema) -> dict[str, str]:
    out = [f"// {NOTICE}", "//! Every struct's fields, for the golden test to describe.", ""]
    out += ["use super::*;", ""]
    for enum in schema.enums:
        if enum.name != "Records":
            out.append(f"describe_{'flags' if enum.flags else 'enum'}!({enum.name});")
    for struct in schema.structs:
        if struct.fixed:
            out.append(f"describe_{struct.fixed}!({struct.name});")
        else:
            names = ", ".join(f.name for f in struct.fields)
            out.append(f"describe_struct!({struct.name} {{")
            out += textwrap.wrap(names, 90, initial_indent="    ", subsequent_indent="    ")
            out.append("});")
    rows = [(r.table.removesuffix("Rows"), r.struct.name) for r in schema.records if r.struct]
    out += [
        "",
        "/// The rows of a record vector, read in place as `repr(C)` values.",
        "pub fn describe_rows(record: &str, bytes: &[u8]) -> Vec<Value> {",
        "    match record {",
        *(f'        "{name}" => in_place::<layout::{struct}>(bytes),' for name, struct in rows),
        '        other => panic!("no record {other}"),',
        "    }",
        "}",
        "",
        "/// The rows of a frame, read through flatc's accessors.",
        "pub fn describe_frame(frame: &fbs::Frame) -> Vec<Value> {",
        "    match frame.records_type() {",
    ]
    for table in [r.table for r in schema.records if r.struct]:
        accessor = f"records_as_{snake(table)}"
        out += [
            f"        fbs::Records::{table} => {{",
            f"            let rows = frame.{accessor}().unwrap().rows().unwrap();",
            "            rows.iter().map(Describe::describe).collect()",
            "        }",
        ]
    out += ["        _ => Vec::new(),", "    }", "}", ""]
    out += [
        "/// Every struct as the table of layouts prints it: (struct, field, offset, size).",
        "pub fn layouts() -> Vec<Layouts> {",
        "    vec![",
        *(f"        layout::{s.name}::layouts()," for s in schema.structs),
        "    ]",
        "}",
    ]
    return {"fields.rs": "\n".join(out) + "\n"}
