package alphapulse

import (
	"bytes"
	"encoding/hex"
	"hash/crc32"
	"reflect"
	"unsafe"

	flatbuffers "github.com/google/flatbuffers/go"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

const (
	magic         = 0xDEADBEEF
	layoutVersion = 1
)

// Frame is one frame over the bytes that arrived; they must not change while it is in use.
type Frame struct {
	data    []byte
	header  layout.FrameHeader
	context layout.FrameContext
	rows    []byte
	second  []byte
	stride  int
	root    *fbs.Frame
}

// ParseFrame reads a frame in place. It trusts the offsets of frames that a relay has verified, checks
// what it relies on itself, and refuses the rest with a FrameError instead of a panic.
func ParseFrame(data []byte) (frame *Frame, err error) {
	// FlatBuffers' Go runtime has no verifier: a wrong offset surfaces as a panic of the slice access.
	defer func() {
		if recovered := recover(); recovered != nil {
			frame, err = nil, badFrame(ReasonFrameBadOffset, 0, "%v", recovered)
		}
	}()
	if len(data) < 16 || !fbs.FrameBufferHasIdentifier(data) {
		return nil, badFrame(ReasonFrameBadIdentifier, 4, "no frame identifier")
	}
	if uintptr(unsafe.Pointer(unsafe.SliceData(data)))%8 != 0 {
		data = append(make([]byte, 0, len(data)), data...) // allocations are aligned
	}
	root := fbs.GetRootAsFrame(data, 0)
	header, context := root.Header(nil), root.Context(nil)
	if header == nil || context == nil {
		return nil, badFrame(ReasonFrameBadOffset, 0, "no header or no context")
	}
	frame = &Frame{data: data, root: root}
	headerAt, contextAt := header.Table().Pos, context.Table().Pos
	frame.header = *(*layout.FrameHeader)(unsafe.Pointer(&data[headerAt : headerAt+32][0]))
	frame.context = *(*layout.FrameContext)(unsafe.Pointer(&data[contextAt : contextAt+40][0]))
	if frame.header.Magic != magic {
		return nil, badFrame(ReasonFrameBadMagic, int(headerAt), "magic %#x", frame.header.Magic)
	}
	if frame.header.Version != layoutVersion {
		return nil, badFrame(ReasonFrameBadVersion, int(headerAt), "version %d", frame.header.Version)
	}
	if err := checkTLVs(frame.Extensions()); err != nil {
		return nil, err
	}
	if err := frame.locateRows(); err != nil {
		return nil, err
	}
	return frame, nil
}

func (f *Frame) locateRows() error {
	member := f.root.RecordsType()
	if member == fbs.RecordsCompressedRows {
		return nil // Rows says so
	}
	var table flatbuffers.Table
	if !f.root.Records(&table) {
		return badFrame(ReasonFrameBadOffset, 0, "no records")
	}
	record, ok := records[member]
	if !ok || uint8(record.MessageType) != uint8(f.header.MessageType) && member != fbs.RecordsCustomRows {
		return badFrame(ReasonFrameTypeMismatch, 0, "rows of %s in a frame of type %d", member, f.header.MessageType)
	}
	f.stride = record.Stride
	if member == fbs.RecordsCustomRows {
		var custom fbs.CustomRows
		custom.Init(table.Bytes, table.Pos)
		f.stride, f.rows = int(custom.Stride()), custom.DataBytes()
		return nil
	}
	const rowsSlot, secondSlot = 4, 6
	f.rows = f.vector(&table, rowsSlot, f.stride)
	if record.Name == "SyntheticUpdate" {
		f.second = f.vector(&table, secondSlot, int(unsafe.Sizeof(layout.SyntheticComponent{})))
	} else {
		f.second = f.vector(&table, secondSlot, 1)
	}
	return nil
}

// vector is the bytes of a table's vector, none where the builder left it out.
func (f *Frame) vector(table *flatbuffers.Table, slot flatbuffers.VOffsetT, stride int) []byte {
	field := flatbuffers.UOffsetT(table.Offset(slot))
	if field == 0 {
		return nil
	}
	at := int(table.Vector(field))
	return f.data[at : at+table.VectorLen(field)*stride]
}

// records are the record types by their member of the frame's union.
var records = func() map[fbs.Records]layout.RecordType {
	found := make(map[fbs.Records]layout.RecordType, len(layout.Records))
	for _, record := range layout.Records {
		found[record.Member] = record
	}
	return found
}()

// MessageType says what the rows are.
func (f *Frame) MessageType() fbs.MessageType { return f.header.MessageType }

// Sequence is the relay's number of the frame.
func (f *Frame) Sequence() uint64 { return f.header.Sequence }

// Timestamp is when the producer made the frame, nanoseconds since the epoch.
func (f *Frame) Timestamp() uint64 { return f.header.Timestamp }

// Header is the 32-byte header.
func (f *Frame) Header() layout.FrameHeader { return f.header }

// TraceID is the frame's correlation id as 32 hexadecimal digits.
func (f *Frame) TraceID() string { return hex.EncodeToString(f.context.TraceId[:]) }

// MessageID is the frame's own span id as 16 hexadecimal digits.
func (f *Frame) MessageID() string { return hex.EncodeToString(f.context.MessageId[:]) }

// CausationID is the span id of the frame's cause as 16 hexadecimal digits.
func (f *Frame) CausationID() string { return hex.EncodeToString(f.context.CausationId[:]) }

// Extensions are the TLV bytes; TLVs walks them.
func (f *Frame) Extensions() []byte { return f.root.ExtensionsBytes() }

// Blob is the bytes that the rows of some types refer to.
func (f *Frame) Blob() []byte {
	if f.root.RecordsType() == fbs.RecordsSyntheticUpdateRows {
		return nil
	}
	return f.second
}

// Components are what synthetic updates refer to.
func (f *Frame) Components() ([]layout.SyntheticComponent, error) {
	if f.root.RecordsType() != fbs.RecordsSyntheticUpdateRows {
		return nil, nil
	}
	return layout.Rows[layout.SyntheticComponent](f.second)
}

// Bytes is the whole frame.
func (f *Frame) Bytes() []byte { return f.data }

// Stride is how many bytes a row has; 0 where the rows are compressed.
func (f *Frame) Stride() int { return f.stride }

// RowBytes are the bytes of all rows, Stride each; of a type that is registered at run time, too.
func (f *Frame) RowBytes() []byte { return f.rows }

// Len is the number of rows.
func (f *Frame) Len() int {
	if f.stride == 0 {
		return 0
	}
	return len(f.rows) / f.stride
}

// ValidChecksum computes the CRC-32 over the frame with sequence and checksum taken as zero.
func (f *Frame) ValidChecksum() bool {
	at := int(f.root.Header(nil).Table().Pos)
	const checksumAt, sequenceAt, end = 12, 16, 24 // FrameHeader
	var zeros [end - checksumAt]byte
	sum := crc32.ChecksumIEEE(f.data[:at+checksumAt])
	sum = crc32.Update(sum, crc32.IEEETable, zeros[:])
	return crc32.Update(sum, crc32.IEEETable, f.data[at+end:]) == f.header.Checksum
}

// Rows reads a frame's rows in place: alphapulse.Rows[layout.Quote](frame). It fails where the frame
// holds rows of another type, or compressed ones.
func Rows[T layout.Struct](frame *Frame) ([]T, error) {
	if frame.root.RecordsType() == fbs.RecordsCompressedRows {
		return nil, badFrame(ReasonFrameBadCompression, 0, "compressed rows are not read in place")
	}
	if record, ok := records[frame.root.RecordsType()]; ok && record.Stride != 0 {
		if want, got := layout.Types[record.Name], reflect.TypeFor[T](); want != got {
			return nil, badFrame(ReasonFrameTypeMismatch, 0, "rows of %s asked for as %s", want, got)
		}
	}
	return layout.Rows[T](frame.rows)
}

func structName[T layout.Struct]() string { return reflect.TypeFor[T]().Name() }

// Text is a fixed text of a record without its padding: Text(record.Symbol[:]).
func Text(padded []byte) string {
	text, _, _ := bytes.Cut(padded, []byte{0})
	return string(text)
}
