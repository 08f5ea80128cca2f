package alphapulse

import (
	"iter"
	"strings"
	"unsafe"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

// TLV is one extension of a frame. A type that this library does not know has its bytes all the same.
type TLV struct {
	Type  fbs.TlvType
	Value []byte
}

// Cause is a further cause of a frame, beside the one in its context.
type Cause struct {
	TraceID layout.TraceId
	SpanID  layout.SpanId
}

// tlvTypes gives the type of each struct that extensions hold: MevBundleTlv is MEV_BUNDLE.
var tlvTypes = func() map[string]fbs.TlvType {
	byName := make(map[string]fbs.TlvType)
	for name, number := range fbs.EnumValuesTlvType {
		byName[strings.ToLower(strings.ReplaceAll(name, "_", ""))+"tlv"] = number
	}
	found := make(map[string]fbs.TlvType)
	for name := range layout.Types {
		if number, ok := byName[strings.ToLower(name)]; ok {
			found[name] = number
		}
	}
	return found
}()

// ParseTLVs reads extensions one by one, in order. A truncated one is refused with ReasonFrameBadTLV.
func ParseTLVs(extensions []byte) ([]TLV, error) {
	var found []TLV
	for at := 0; at < len(extensions); {
		tlv, end, err := readTLV(extensions, at)
		if err != nil {
			return nil, err
		}
		found, at = append(found, tlv), end
	}
	return found, nil
}

// checkTLVs refuses truncated ones.
func checkTLVs(extensions []byte) error {
	for at := 0; at < len(extensions); {
		_, end, err := readTLV(extensions, at)
		if err != nil {
			return err
		}
		at = end
	}
	return nil
}

// readTLV is the TLV that begins at a byte, and where the next one does.
func readTLV(extensions []byte, at int) (tlv TLV, end int, err error) {
	if at+2 > len(extensions) {
		return tlv, 0, badFrame(ReasonFrameBadTLV, at, "a TLV of one byte: type without length")
	}
	end = at + 2 + int(extensions[at+1])
	if end > len(extensions) {
		return tlv, 0, badFrame(ReasonFrameBadTLV, at, "a TLV of type %d says %d bytes, %d are left",
			extensions[at], extensions[at+1], len(extensions)-at-2)
	}
	return TLV{fbs.TlvType(extensions[at]), extensions[at+2 : end : end]}, end, nil
}

// TLVs yields the extensions one by one, in order; their values are the frame's own bytes.
func (f *Frame) TLVs() iter.Seq[TLV] {
	return func(yield func(TLV) bool) {
		extensions := f.Extensions() // whole, or the frame had been refused
		for at := 0; at < len(extensions); {
			tlv, end, err := readTLV(extensions, at)
			if err != nil || !yield(tlv) {
				return
			}
			at = end
		}
	}
}

// TLV is the value of the first extension of a type.
func (f *Frame) TLV(of fbs.TlvType) (value []byte, found bool) {
	for tlv := range f.TLVs() {
		if tlv.Type == of {
			return tlv.Value, true
		}
	}
	return nil, false
}

// RowTLVs are the extensions that a DeFi signal's tlv_offset and tlv_length refer to, those of one row.
func (f *Frame) RowTLVs(signal *layout.DeFiSignal) ([]TLV, error) {
	return rowTLVs(f.Extensions(), signal)
}

func rowTLVs(extensions []byte, signal *layout.DeFiSignal) ([]TLV, error) {
	start, end := int(signal.TlvOffset), int(signal.TlvOffset)+int(signal.TlvLength)
	if end > len(extensions) {
		return nil, badFrame(ReasonFrameBadTLV, start, "a signal's TLVs are bytes %d to %d of %d", start, end, len(extensions))
	}
	return ParseTLVs(extensions[start:end])
}

// Extension reads the first extension that is a T: Extension[layout.SlippageModelTlv](frame). It is a
// copy: values of extensions lie anywhere. Found is false where the frame has none; one of another size
// than T is refused with ErrBadFrame.
func Extension[T layout.Struct](frame *Frame) (value T, found bool, err error) {
	name := structName[T]()
	of, known := tlvTypes[name]
	if !known {
		return value, false, badFrame(ReasonFrameBadTLV, 0, "%s is no extension", name)
	}
	bytes, found := frame.TLV(of)
	if !found {
		return value, false, nil
	}
	value, err = ReadTLV[T](bytes)
	return value, err == nil, err
}

// ReadTLV reads a TLV's value as a struct of the wire, into a copy.
func ReadTLV[T layout.Struct](bytes []byte) (value T, err error) {
	if len(bytes) != int(unsafe.Sizeof(value)) {
		return value, badFrame(ReasonFrameBadTLV, 0, "%d bytes are no %s", len(bytes), structName[T]())
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&value)), len(bytes)), bytes)
	return value, nil
}

// Causes are the further causes of a frame, from its CAUSE extensions.
func (f *Frame) Causes() []Cause {
	var found []Cause
	for tlv := range f.TLVs() {
		if tlv.Type != fbs.TlvTypeCAUSE {
			continue
		}
		if cause, err := ReadTLV[layout.CauseTlv](tlv.Value); err == nil {
			found = append(found, Cause{cause.TraceId, cause.SpanId})
		}
	}
	return found
}
