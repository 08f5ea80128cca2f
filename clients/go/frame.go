package alphapulse

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"reflect"
	"unsafe"

	flatbuffers "github.com/google/flatbuffers/go"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

// ErrBadFrame is what a frame that cannot be read in place is refused with.
var ErrBadFrame = errors.New("alphapulse: malformed frame")

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
	stride  int
	root    *fbs.Frame
}

// ParseFrame reads a frame in place. It trusts the offsets of frames that a relay has verified, checks
// what it relies on itself, and refuses the rest with ErrBadFrame instead of a panic.
func ParseFrame(data []byte) (frame *Frame, err error) {
	// FlatBuffers' Go runtime has no verifier: a wrong offset surfaces as a panic of the slice access.
	defer func() {
		if recovered := recover(); recovered != nil {
			frame, err = nil, fmt.Errorf("%w: %v", ErrBadFrame, recovered)
		}
	}()
	if len(data) < 16 || !fbs.FrameBufferHasIdentifier(data) {
		return nil, fmt.Errorf("%w: no frame identifier", ErrBadFrame)
	}
	if uintptr(unsafe.Pointer(unsafe.SliceData(data)))%8 != 0 {
		data = append(make([]byte, 0, len(data)), data...) // allocations are aligned
	}
	root := fbs.GetRootAsFrame(data, 0)
	header, context := root.Header(nil), root.Context(nil)
	if header == nil || context == nil {
		return nil, fmt.Errorf("%w: no header or no context", ErrBadFrame)
	}
	frame = &Frame{data: data, root: root}
	headerAt, contextAt := header.Table().Pos, context.Table().Pos
	frame.header = *(*layout.FrameHeader)(unsafe.Pointer(&data[headerAt : headerAt+32][0]))
	frame.context = *(*layout.FrameContext)(unsafe.Pointer(&data[contextAt : contextAt+40][0]))
	if frame.header.Magic != magic || frame.header.Version != layoutVersion {
		return nil, fmt.Errorf("%w: magic %#x, version %d", ErrBadFrame, frame.header.Magic, frame.header.Version)
	}
	if _, err := ParseTLVs(frame.Extensions()); err != nil {
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
		return fmt.Errorf("%w: no records", ErrBadFrame)
	}
	record, ok := recordOf(member)
	if !ok || uint8(record.MessageType) != uint8(f.header.MessageType) && member != fbs.RecordsCustomRows {
		return fmt.Errorf("%w: rows of %s in a frame of type %d", ErrBadFrame, member, f.header.MessageType)
	}
	f.stride = record.Stride
	slot := flatbuffers.VOffsetT(4)
	if member == fbs.RecordsCustomRows {
		var custom fbs.CustomRows
		custom.Init(table.Bytes, table.Pos)
		f.stride, f.rows = int(custom.Stride()), custom.DataBytes()
		return nil
	}
	field := table.Offset(slot)
	if field == 0 {
		return nil
	}
	at := int(table.Vector(flatbuffers.UOffsetT(field)))
	f.rows = f.data[at : at+table.VectorLen(flatbuffers.UOffsetT(field))*f.stride]
	return nil
}

func recordOf(member fbs.Records) (layout.RecordType, bool) {
	index := int(member) - 1
	if index < 0 || index >= len(layout.Records) || layout.Records[index].Member != member {
		return layout.RecordType{}, false
	}
	return layout.Records[index], true
}

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

// Bytes is the whole frame.
func (f *Frame) Bytes() []byte { return f.data }

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
		return nil, fmt.Errorf("%w: compressed rows are not read in place", ErrBadFrame)
	}
	if record, ok := recordOf(frame.root.RecordsType()); ok && record.Stride != 0 {
		if want, got := layout.Types[record.Name], reflect.TypeFor[T](); want != got {
			return nil, fmt.Errorf("%w: rows of %s asked for as %s", ErrBadFrame, want, got)
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
