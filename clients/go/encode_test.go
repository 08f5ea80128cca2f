package alphapulse

import (
	"errors"
	"slices"
	"testing"
	"time"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

// again encodes the rows of a golden frame, with all that it has, and reads them back.
func again[T interface {
	comparable
	layout.Struct
}](t *testing.T, name string) {
	t.Helper()
	original, err := ParseFrame(goldenFrame(t, name))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Rows[T](original)
	if err != nil {
		t.Fatal(err)
	}
	components, err := original.Components()
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encode(rows, FrameParts{
		Source: original.Header().Source, Context: original.Context(), Extensions: original.Extensions(),
		Timestamp: time.Unix(0, int64(original.Timestamp())), Blob: original.Blob(), Components: components,
		Priority: 2, Snapshot: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	frame, err := ParseFrame(data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Rows[T](frame)
	if err != nil || !slices.Equal(got, rows) || !frame.ValidChecksum() {
		t.Errorf("%s: other rows, %v, checksum %t", name, err, frame.ValidChecksum())
	}
	again, err := frame.Components()
	if err != nil || !slices.Equal(again, components) || !slices.Equal(frame.Blob(), original.Blob()) {
		t.Errorf("%s: another blob or other components, %v", name, err)
	}
	if frame.Context() != original.Context() || !slices.Equal(frame.Extensions(), original.Extensions()) {
		t.Errorf("%s: another context or other extensions", name)
	}
	header, want := frame.Header(), original.Header()
	flags := fbs.FrameFlag(2<<prioritySlot) | fbs.FrameFlagSNAPSHOT
	if header.MessageType != want.MessageType || header.PayloadSize != want.PayloadSize ||
		header.Timestamp != want.Timestamp || header.Source != want.Source || header.Flags != flags {
		t.Errorf("%s: header %+v", name, header)
	}
}

func TestEncodedFramesAreReadBack(t *testing.T) {
	again[layout.Trade](t, "trade")
	again[layout.Quote](t, "quote")
	again[layout.BookLevel](t, "book_level")
	again[layout.SyntheticUpdate](t, "synthetic_update") // with components
	again[layout.SystemError](t, "system_error")         // with a blob
	again[layout.ConfigResult](t, "config_result")
	again[layout.DeFiSignal](t, "defi_signal")
	again[layout.Fill](t, "fill")
}

func TestWhatIsNoFrameIsNotEncoded(t *testing.T) {
	context := NewContext()
	for reason, try := range map[Reason]func() ([]byte, error){
		ReasonFrameBadType: func() ([]byte, error) {
			return Encode([]layout.InstrumentRecord{{}}, FrameParts{Context: context})
		},
		ReasonFrameBadTLV: func() ([]byte, error) {
			return Encode([]layout.Trade{{}}, FrameParts{Context: context, Extensions: []byte{31}})
		},
		ReasonFrameInvalid: func() ([]byte, error) { return Encode([]layout.Trade{{}}, FrameParts{}) },
	} {
		if _, err := try(); !errors.Is(err, reason) {
			t.Errorf("%v instead of %s", err, reason)
		}
	}
	if _, err := AppendTLV(nil, fbs.TlvTypeCUSTOM_STRATEGY, make([]byte, 256)); !errors.Is(err, ReasonFrameBadTLV) {
		t.Errorf("a long TLV: %v", err)
	}
	empty, err := Encode([]layout.Quote{}, FrameParts{Context: context})
	if err != nil {
		t.Fatal(err)
	}
	if frame, err := ParseFrame(empty); err != nil || frame.Len() != 0 {
		t.Errorf("no rows: %v", err)
	}
}

func TestAContextHasChildren(t *testing.T) {
	root := NewContext()
	child := root.Child()
	if child.TraceID != root.TraceID || child.CausationID != root.MessageID || child.MessageID == root.MessageID {
		t.Errorf("%+v of %+v", child, root)
	}
	if text := child.Traceparent(); len(text) != 55 || text[53:] != "01" {
		t.Errorf("traceparent %s", text)
	}
}
