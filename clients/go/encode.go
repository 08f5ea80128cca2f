package alphapulse

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"time"
	"unsafe"

	flatbuffers "github.com/google/flatbuffers/go"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

// Context says who made a frame and what caused it: the correlation id, its own span id and its cause's.
type Context struct {
	TraceID     layout.TraceId
	MessageID   layout.SpanId
	CausationID layout.SpanId
	// Sampled is the W3C flag, decided once at the root of a trace.
	Sampled bool
}

// NewContext is the root of a new trace.
func NewContext() Context {
	context := Context{Sampled: true}
	rand.Read(context.TraceID[:]) //nolint:errcheck // it never fails
	rand.Read(context.MessageID[:])
	return context
}

// Child is a new message that this one caused.
func (c Context) Child() Context {
	child := Context{TraceID: c.TraceID, CausationID: c.MessageID, Sampled: c.Sampled}
	rand.Read(child.MessageID[:])
	return child
}

// Traceparent is the context as W3C text, for the metadata of calls.
func (c Context) Traceparent() string {
	flags := "00"
	if c.Sampled {
		flags = "01"
	}
	return "00-" + hex.EncodeToString(c.TraceID[:]) + "-" + hex.EncodeToString(c.MessageID[:]) + "-" + flags
}

// Context is who made the frame and what caused it.
func (f *Frame) Context() Context {
	return Context{f.context.TraceId, f.context.MessageId, f.context.CausationId, f.context.TraceFlags&1 != 0}
}

// FrameParts is what a frame has beside its rows.
type FrameParts struct {
	Source  fbs.SourceType
	Context Context
	// Timestamp is when the frame was made; now for the zero time.
	Timestamp time.Time
	// Extensions are TLVs: see AppendTLV.
	Extensions []byte
	// Blob is what the rows of some types refer to.
	Blob []byte
	// Components are what synthetic updates refer to.
	Components []layout.SyntheticComponent
	// Priority is 0 to 3.
	Priority uint8
	// Snapshot marks a state, not a change.
	Snapshot bool
}

const (
	maxTLV       = 255
	prioritySlot = 2 // of the flags
	rowAlignment = 8
)

// AppendTLV appends one extension of at most 255 bytes.
func AppendTLV(extensions []byte, of fbs.TlvType, value []byte) ([]byte, error) {
	if len(value) > maxTLV {
		return nil, badFrame(ReasonFrameBadTLV, len(extensions), "a TLV holds at most %d bytes, not %d", maxTLV, len(value))
	}
	return append(append(extensions, byte(of), byte(len(value))), value...), nil
}

// TLVOf is a struct of the wire as a TLV's value.
func TLVOf[T layout.Struct](value T) []byte {
	return append([]byte(nil), bytesOf([]T{value})...)
}

// Encode makes a frame of rows, to be published: Encode(quotes, FrameParts{Source: …, Context: NewContext()}).
// Which message type it is follows from the type of the rows.
func Encode[T layout.Struct](rows []T, parts FrameParts) ([]byte, error) {
	name := structName[T]()
	var record layout.RecordType
	for _, known := range layout.Records {
		if known.Name == name && known.MessageType != 0 {
			record = known
		}
	}
	if record.Stride == 0 {
		return nil, badFrame(ReasonFrameBadType, 0, "frames are not made of %s", name)
	}
	if err := checkTLVs(parts.Extensions); err != nil {
		return nil, err
	}
	if parts.Priority > 3 {
		return nil, badFrame(ReasonFrameInvalid, 0, "priority %d is not in 0 to 3", parts.Priority)
	}
	if parts.Context.TraceID == (layout.TraceId{}) || parts.Context.MessageID == (layout.SpanId{}) {
		return nil, badFrame(ReasonFrameInvalid, 0, "a frame needs a context: NewContext, or Child of its cause's")
	}
	payload := bytesOf(rows)
	builder := flatbuffers.NewBuilder(len(payload) + len(parts.Extensions) + len(parts.Blob) + 512)
	var extensions, second flatbuffers.UOffsetT
	if len(parts.Extensions) > 0 {
		extensions = builder.CreateByteVector(parts.Extensions)
	}
	switch {
	case len(parts.Components) > 0:
		second = structVector(builder, bytesOf(parts.Components), len(parts.Components))
	case len(parts.Blob) > 0:
		second = builder.CreateByteVector(parts.Blob)
	}
	vector := structVector(builder, payload, len(rows))
	const fields = 2 // every table of rows has them as its first
	builder.StartObject(fields)
	builder.PrependUOffsetTSlot(0, vector, 0)
	builder.PrependUOffsetTSlot(1, second, 0)
	table := builder.EndObject()

	flags := fbs.FrameFlag(parts.Priority << prioritySlot)
	if parts.Snapshot {
		flags |= fbs.FrameFlagSNAPSHOT
	}
	made := parts.Timestamp
	if made.IsZero() {
		made = time.Now()
	}
	fbs.FrameStart(builder)
	fbs.FrameAddHeader(builder, fbs.CreateFrameHeader(builder, magic, record.MessageType, layoutVersion,
		parts.Source, flags, uint32(len(payload)), 0, 0, uint64(made.UnixNano())))
	fbs.FrameAddContext(builder, addContext(builder, parts.Context))
	fbs.FrameAddRecordsType(builder, record.Member)
	fbs.FrameAddRecords(builder, table)
	if extensions != 0 {
		fbs.FrameAddExtensions(builder, extensions)
	}
	fbs.FinishFrameBuffer(builder, fbs.FrameEnd(builder))
	frame := append([]byte(nil), builder.FinishedBytes()...)
	const checksumAt = 12 // FrameHeader; sequence and checksum are zero as yet
	at := int(fbs.GetRootAsFrame(frame, 0).Header(nil).Table().Pos)
	binary.LittleEndian.PutUint32(frame[at+checksumAt:], crc32.ChecksumIEEE(frame))
	return frame, nil
}

func addContext(builder *flatbuffers.Builder, context Context) flatbuffers.UOffsetT {
	sampled := byte(0)
	if context.Sampled {
		sampled = 1
	}
	word := binary.LittleEndian.Uint64
	return fbs.CreateFrameContext(builder, word(context.TraceID[:8]), word(context.TraceID[8:]),
		word(context.MessageID[:]), word(context.CausationID[:]), sampled, 0, 0, 0)
}

// structVector copies rows of a multiple of 8 bytes, back to front as the builder grows.
func structVector(builder *flatbuffers.Builder, payload []byte, count int) flatbuffers.UOffsetT {
	stride := 0
	if count > 0 {
		stride = len(payload) / count
	}
	builder.StartVector(stride, count, rowAlignment)
	for at := len(payload) - rowAlignment; at >= 0; at -= rowAlignment {
		builder.PlaceUint64(binary.LittleEndian.Uint64(payload[at:]))
	}
	return builder.EndVector(count)
}

func bytesOf[T layout.Struct](rows []T) []byte {
	if len(rows) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&rows[0])), len(rows)*int(unsafe.Sizeof(rows[0])))
}
