// Package conformance reads the golden frames in Go: through flatc's accessors and in place as rows
// of package layout, both compared with the manifest, and every layout with schemas/layout.csv.
package conformance

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

const schemas = "../../../schemas"

type entry struct {
	File, Record, Table string
	Member              int
	Stride              int
	Frame               bool
	Size                int
	Header, Context     map[string]any
	Rows                []any
	Extensions          string
	Custom              map[string]any
	TLVs                []struct {
		Type, Length int
		Bytes        string
	}
}

func manifest(t *testing.T) []entry {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schemas, "golden/manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Frames []entry }
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Frames) != len(layout.Records) {
		t.Fatalf("%d golden files for %d record types", len(document.Frames), len(layout.Records))
	}
	return document.Frames
}

func golden(t *testing.T, e entry) []byte {
	t.Helper()
	frame, err := os.ReadFile(filepath.Join(schemas, "golden", e.File))
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// describe prints a value as the manifest does: 64-bit numbers as text, raw bytes as hexadecimal.
func describe(v reflect.Value, name string) any {
	switch v.Kind() {
	case reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return float64(v.Uint())
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return float64(v.Int())
	case reflect.Array:
		raw := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(raw), v)
		return run(v.Type().Name(), raw)
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			field := v.Type().Field(i).Name
			fields[field] = describe(v.Field(i), name+"."+field)
		}
		return fields
	default:
		panic(fmt.Sprintf("%s: a %s cannot be in a record", name, v.Kind()))
	}
}

func run(typeName string, raw []byte) any {
	if strings.HasPrefix(typeName, "Text") {
		text, _, _ := bytes.Cut(raw, []byte{0})
		return string(text)
	}
	return hex.EncodeToString(raw)
}

// pascal spells the manifest's field names as Go's.
func pascal(v any) any {
	fields, ok := v.(map[string]any)
	if !ok {
		return v
	}
	spelled := map[string]any{}
	for name, value := range fields {
		spelled[goName(name)] = pascal(value)
	}
	return spelled
}

func goName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// accessed describes a flatc struct through its accessors, in the shape of its Go layout.
func accessed(t *testing.T, object reflect.Value, shape reflect.Type) any {
	t.Helper()
	if shape.Kind() == reflect.Array {
		table := object.MethodByName("Table").Call(nil)[0].Interface().(flatbuffers.Table)
		return run(shape.Name(), table.Bytes[table.Pos:int(table.Pos)+shape.Len()])
	}
	fields := map[string]any{}
	for i := range shape.NumField() {
		field := shape.Field(i)
		method := object.MethodByName(field.Name)
		if !method.IsValid() {
			t.Fatalf("%s has no accessor %s", object.Type(), field.Name)
		}
		if kind := field.Type.Kind(); kind == reflect.Struct || kind == reflect.Array {
			nested := method.Call([]reflect.Value{reflect.Zero(method.Type().In(0))})[0]
			fields[field.Name] = accessed(t, nested, field.Type)
		} else {
			fields[field.Name] = describe(method.Call(nil)[0], field.Name)
		}
	}
	return fields
}

// inPlace describes rows read through layout.Rows.
func inPlace(t *testing.T, record string, b []byte) []any {
	t.Helper()
	reader, ok := readers[record]
	if !ok {
		t.Fatalf("no reader of %s", record)
	}
	rows, err := reader(b)
	if err != nil {
		t.Fatal(err)
	}
	described := make([]any, rows.Len())
	for i := range described {
		described[i] = describe(rows.Index(i), record)
	}
	return described
}

func rowsOf[T layout.Struct](b []byte) (reflect.Value, error) {
	rows, err := layout.Rows[T](b)
	return reflect.ValueOf(rows), err
}

func compare(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func TestEveryFieldOfEveryFrameIsWhatTheManifestSays(t *testing.T) {
	for _, e := range manifest(t) {
		t.Run(e.Record, func(t *testing.T) {
			frame := golden(t, e)
			want := make([]any, len(e.Rows))
			for i, row := range e.Rows {
				want[i] = pascal(row)
			}
			if !e.Frame {
				compare(t, "rows in place", inPlace(t, e.Record, frame), want)
				return
			}
			if len(frame) != e.Size || !fbs.FrameBufferHasIdentifier(frame) {
				t.Fatalf("%d bytes, identifier %q", len(frame), frame[4:8])
			}
			root := fbs.GetRootAsFrame(frame, 0)
			header := accessed(t, reflect.ValueOf(root.Header(nil)), layout.Types["FrameHeader"])
			compare(t, "header", header, pascal(e.Header))
			context := accessed(t, reflect.ValueOf(root.Context(nil)), layout.Types["FrameContext"])
			for name, value := range e.Context {
				compare(t, "context "+name, context.(map[string]any)[goName(name)], value)
			}
			compare(t, "member", int(root.RecordsType()), e.Member)
			compare(t, "extensions", hex.EncodeToString(root.ExtensionsBytes()), e.Extensions)
			walk(t, e, root.ExtensionsBytes())
			var table flatbuffers.Table
			if !root.Records(&table) {
				t.Fatal("no records")
			}
			if e.Record == "Custom" {
				custom(t, e, table)
				return
			}
			start := table.Vector(flatbuffers.UOffsetT(table.Offset(4)))
			count := table.VectorLen(flatbuffers.UOffsetT(table.Offset(4)))
			rows := frame[start : int(start)+count*e.Stride]
			compare(t, "rows in place", inPlace(t, e.Record, rows), want)
			compare(t, "rows by accessors", byAccessors(t, e, table), want)
		})
	}
}

func byAccessors(t *testing.T, e entry, table flatbuffers.Table) []any {
	t.Helper()
	vector := reflect.ValueOf(tables[e.Record](table))
	at := vector.MethodByName("Rows")
	described := make([]any, int(vector.MethodByName("RowsLength").Call(nil)[0].Int()))
	for i := range described {
		row := reflect.New(at.Type().In(0).Elem())
		if !at.Call([]reflect.Value{row, reflect.ValueOf(i)})[0].Bool() {
			t.Fatalf("no row %d", i)
		}
		described[i] = accessed(t, row, layout.Types[structNames[e.Record]])
	}
	return described
}

func custom(t *testing.T, e entry, table flatbuffers.Table) {
	t.Helper()
	var rows fbs.CustomRows
	rows.Init(table.Bytes, table.Pos)
	compare(t, "stride", float64(rows.Stride()), e.Custom["stride"])
	compare(t, "schema hash", strconv.FormatUint(rows.SchemaHash(), 10), e.Custom["schema_hash"])
	compare(t, "data", hex.EncodeToString(rows.DataBytes()), e.Custom["data"])
}

func walk(t *testing.T, e entry, extensions []byte) {
	t.Helper()
	for _, want := range e.TLVs {
		if len(extensions) < 2 || len(extensions) < 2+int(extensions[1]) {
			t.Fatalf("truncated before type %d", want.Type)
		}
		length := int(extensions[1])
		compare(t, "TLV type", int(extensions[0]), want.Type)
		compare(t, "TLV value", hex.EncodeToString(extensions[2:2+length]), want.Bytes)
		extensions = extensions[2+length:]
	}
	compare(t, "bytes after the last TLV", len(extensions), 0)
}

func TestTheChecksumCoversAllButSequenceAndChecksum(t *testing.T) {
	header := layout.Types["FrameHeader"]
	for _, e := range manifest(t) {
		if !e.Frame {
			continue
		}
		frame := golden(t, e)
		at := int(fbs.GetRootAsFrame(frame, 0).Header(nil).Table().Pos)
		for _, name := range []string{"Checksum", "Sequence"} {
			field, _ := header.FieldByName(name)
			clear(frame[at+int(field.Offset):][:field.Type.Size()])
		}
		compare(t, e.File, float64(crc32.ChecksumIEEE(frame)), e.Header["checksum"])
	}
}

func TestTheTableOfRecordTypesAgreesWithTheManifest(t *testing.T) {
	for i, e := range manifest(t) {
		record := layout.Records[i]
		compare(t, "name", record.Name, e.Record)
		compare(t, "member", int(record.Member), e.Member)
		if e.Frame {
			compare(t, "message type", float64(record.MessageType), e.Header["message_type"])
		}
		if record.Stride != 0 {
			compare(t, "stride", record.Stride, e.Stride)
		}
	}
}

func TestEveryLayoutIsTheOneInTheTable(t *testing.T) {
	file, err := os.Open(filepath.Join(schemas, "layout.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, line := range lines[1:] {
		shape, ok := layout.Types[line[0]]
		if !ok {
			t.Fatalf("no Go type of %s", line[0])
		}
		seen[line[0]] = true
		got := fmt.Sprintf("0,%d", shape.Size())
		if line[1] != "" {
			if shape.Kind() == reflect.Array {
				continue // the words of a raw run
			}
			field, ok := shape.FieldByName(goName(line[1]))
			if !ok {
				t.Fatalf("%s has no field %s", line[0], line[1])
			}
			got = fmt.Sprintf("%d,%d", field.Offset, field.Type.Size())
		}
		compare(t, line[0]+"."+line[1], got, line[3]+","+line[4])
	}
	compare(t, "structs", len(seen), len(layout.Types))
}

func TestRowsRefusesBrokenRuns(t *testing.T) {
	words := make([]uint64, 16)
	b := make([]byte, 0, 128)
	for _, w := range words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	if rows, err := layout.Rows[layout.Trade](b); err != nil || len(rows) != 2 {
		t.Errorf("two rows: %d, %v", len(rows), err)
	}
	if _, err := layout.Rows[layout.Trade](b[:100]); err == nil {
		t.Error("100 bytes were taken for whole trades")
	}
	if _, err := layout.Rows[layout.Trade](b[1:65]); err == nil {
		t.Error("rows at an odd address were accepted")
	}
}
