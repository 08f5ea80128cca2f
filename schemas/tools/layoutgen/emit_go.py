"""Go package `layout`: structs with the layout of the wire, checked at compile time."""

import textwrap

from layoutgen.names import NOTICE, pascal
from layoutgen.schema import DOMAINS, Field, RecordType, Schema, Struct


def emit(schema: Schema) -> dict[str, str]:
    out = [
        f"// Code g{NOTICE[1:]}",
        "",
        "// Package layout holds the records of the wire as Go structs, byte for byte the",
        "// FlatBuffers structs, so that a slice of rows can be read in place.",
        "package layout",
        "",
        "import (",
        '\t"unsafe"',
        "",
        '\tfbs "alphapulse.dev/gen/go/alphapulse_fbs"',
        ")",
    ]
    for struct in schema.structs:
        out += ["", *(_fixed(struct) if struct.fixed else _struct(struct))]
    out += ["", *_assertions(schema), "", *_records(schema)]
    return {"layout.go": "\n".join(out) + "\n", "rows.go": _rows(schema)}


_ROWS = """\
// Code g{notice}

package layout

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Struct is any struct of the wire: fixed layout, no pointers, no hidden padding.
type Struct interface {{
	{union}
}}

// Rows reads b as rows of T in place: the rows are the bytes, so b must not change while they are
// in use. It fails where b is no whole number of rows, or where it does not lie at an address that
// T may have (the rows of a frame do, if the frame begins at one).
func Rows[T Struct](b []byte) ([]T, error) {{
	var zero T
	stride := int(unsafe.Sizeof(zero))
	if len(b)%stride != 0 {{
		return nil, fmt.Errorf("layout: %d bytes are no rows of %T (%d)", len(b), zero, stride)
	}}
	if len(b) == 0 {{
		return nil, nil
	}}
	first := unsafe.Pointer(unsafe.SliceData(b))
	if align := unsafe.Alignof(zero); uintptr(first)%align != 0 {{
		return nil, fmt.Errorf("layout: %T at an address that is no multiple of %d", zero, align)
	}}
	return unsafe.Slice((*T)(first), len(b)/stride), nil
}}

// Types gives the Go type of every struct by its name in the schema.
var Types = map[string]reflect.Type{{
{types}
}}
"""


def _rows(schema: Schema) -> str:
    names = [s.name for s in schema.structs]
    return _ROWS.format(
        notice=NOTICE[1:],
        union=" |\n\t\t".join(names),
        types="\n".join(f'\t"{name}": reflect.TypeFor[{name}](),' for name in names),
    )


def emit_tests(schema: Schema) -> dict[str, str]:
    """What the Go conformance test cannot find by reflection: types by their name."""
    rows = [
        (r.table, r.table.removesuffix("Rows"), r.struct.name) for r in schema.records if r.struct
    ]
    out = [
        f"// Code g{NOTICE[1:]}",
        "",
        "package conformance",
        "",
        "import (",
        '\t"reflect"',
        "",
        '\tflatbuffers "github.com/google/flatbuffers/go"',
        "",
        '\tfbs "alphapulse.dev/gen/go/alphapulse_fbs"',
        '\t"alphapulse.dev/gen/go/layout"',
        ")",
        "",
        "// readers read the rows of a record in place.",
        "var readers = map[string]func([]byte) (reflect.Value, error){",
        *(f'\t"{record}": rowsOf[layout.{struct}],' for _, record, struct in rows),
        "}",
        "",
        "// structNames gives the struct of a record's rows.",
        "var structNames = map[string]string{",
        *(f'\t"{record}": "{struct}",' for _, record, struct in rows),
        "}",
        "",
        "type flatTable[T any] interface {",
        "\t*T",
        "\tInit(b []byte, at flatbuffers.UOffsetT)",
        "}",
        "",
        "func view[T any, P flatTable[T]](table flatbuffers.Table) any {",
        "\tp := P(new(T))",
        "\tp.Init(table.Bytes, table.Pos)",
        "\treturn p",
        "}",
        "",
        "// tables view the union member of a record through flatc's accessors.",
        "var tables = map[string]func(flatbuffers.Table) any{",
        *(f'\t"{record}": view[fbs.{table}],' for table, record, _ in rows),
        "}",
        "",
    ]
    return {"tables_test.go": "\n".join(out)}


def _doc(name: str, text: str, indent: str = "") -> list[str]:
    sentence = f"{name}: {text}" if text else f"{name} is a struct of the schema."
    return [f"{indent}// {line}" for line in textwrap.wrap(sentence, width=94)]


def _fixed(struct: Struct) -> list[str]:
    return [*_doc(struct.name, struct.doc), f"type {struct.name} [{struct.size}]byte"]


def _type(field: Field) -> str:
    if field.struct is not None:
        return field.struct.name
    if field.enum is not None:
        return f"fbs.{field.enum.name}"
    return f"{'int' if field.signed else 'uint'}{field.size * 8}"


def _struct(struct: Struct) -> list[str]:
    width = max(len(pascal(f.name)) for f in struct.fields)
    out = [*_doc(struct.name, struct.doc), f"type {struct.name} struct {{"]
    for field in struct.fields:
        out += [f"\t// {line}" for line in textwrap.wrap(field.doc, width=90)]
        out.append(f"\t{pascal(field.name):<{width}} {_type(field)}")
    return [*out, "}"]


def _assertions(schema: Schema) -> list[str]:
    """A wrong size or offset is a constant index out of range: the package does not compile."""
    out = ["// Sizes and offsets of the schema; a difference does not compile.", "const ("]
    for struct in schema.structs:
        name = struct.name
        out.append(f"\t_ = -(unsafe.Sizeof({name}{{}}) ^ {struct.size})")
        if not struct.fixed:
            out += [
                f"\t_ = -(unsafe.Offsetof({name}{{}}.{pascal(f.name)}) ^ {f.offset})"
                for f in struct.fields
            ]
    return [*out, ")"]


def _records(schema: Schema) -> list[str]:
    out = [
        "// Domain is the range of message types of one relay, inclusive.",
        "type Domain struct{ Low, High fbs.MessageType }",
        "",
        "// The domains.",
        "var (",
    ]
    names = {name: f"Domain{pascal(name.lower())}" for name in DOMAINS}
    width = max(len(n) for n in names.values())
    for name, (low, high) in DOMAINS.items():
        out.append(f"\t{names[name]:<{width}} = Domain{{{low}, {high}}}")
    out += [
        ")",
        "",
        "// Contains reports whether the message type belongs to the domain.",
        "func (d Domain) Contains(t fbs.MessageType) bool { return d.Low <= t && t <= d.High }",
        "",
        "// RecordType describes one member of the frame's union of record vectors. MessageType is",
        "// NONE for rows that travel only inside an RPC answer; Stride is 0 where the layout is",
        "// registered at run time.",
        "type RecordType struct {",
        "\tName              string",
        "\tMessageType       fbs.MessageType",
        "\tMember            fbs.Records",
        "\tStride            int",
        "\tInstrumentOffsets []int",
        "}",
        "",
        "// Records lists every member of the union in the order of its tags.",
        "var Records = []RecordType{",
    ]
    for record in schema.records:
        out.append(f"\t{{{_record(record)}}},")
    return [*out, "}"]


def _record(record: RecordType) -> str:
    message_type = record.message_type.name if record.message_type else "NONE"
    offsets = ", ".join(str(o) for o in record.instrument_offsets)
    return ", ".join(
        [
            f'"{record.table.removesuffix("Rows")}"',
            f"fbs.MessageType{message_type}",
            f"fbs.Records{record.table}",
            str(record.struct.size if record.struct else 0),
            f"[]int{{{offsets}}}" if offsets else "nil",
        ]
    )
