package alphapulse

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

const golden = "../../schemas/golden"

func goldenFrame(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(golden, name+".bin"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGoldenFramesParse(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(golden, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Frames []struct {
			File   string
			Frame  bool
			Rows   []any
			Header struct {
				MessageType int `json:"message_type"`
			}
			Custom map[string]any
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for _, entry := range manifest.Frames {
		if !entry.Frame {
			continue
		}
		data, err := os.ReadFile(filepath.Join(golden, entry.File))
		if err != nil {
			t.Fatal(err)
		}
		frame, err := ParseFrame(data)
		if err != nil {
			t.Errorf("%s: %v", entry.File, err)
			continue
		}
		if int(frame.MessageType()) != entry.Header.MessageType || !frame.ValidChecksum() {
			t.Errorf("%s: type %d, checksum %t", entry.File, frame.MessageType(), frame.ValidChecksum())
		}
		if entry.Custom == nil && frame.Len() != len(entry.Rows) {
			t.Errorf("%s: %d rows, want %d", entry.File, frame.Len(), len(entry.Rows))
		}
	}
}

func TestRowsAreReadInPlace(t *testing.T) {
	frame, err := ParseFrame(goldenFrame(t, "quote"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Rows[layout.Quote](frame)
	if err != nil || len(rows) == 0 {
		t.Fatal(len(rows), err)
	}
	before := rows[0].BidPrice
	// The row is the frame's own bytes: a change of them is a change of it.
	at := len(frame.data) - len(frame.rows)
	for i := range frame.data {
		if &frame.data[i] == &frame.rows[0] {
			at = i
		}
	}
	frame.data[at+32] ^= 1
	if rows[0].BidPrice == before {
		t.Error("the row is a copy")
	}
	if _, err := Rows[layout.Trade](frame); !errors.Is(err, ErrBadFrame) {
		t.Errorf("quotes read as trades: %v", err)
	}
}

func TestAnUnalignedFrameIsReadToo(t *testing.T) {
	data := goldenFrame(t, "trade")
	shifted := append(make([]byte, 1, len(data)+1), data...)[1:]
	frame, err := ParseFrame(shifted)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Rows[layout.Trade](frame); err != nil || !frame.ValidChecksum() {
		t.Errorf("%v, checksum %t", err, frame.ValidChecksum())
	}
}

func TestDamageIsFoundAndNeverPanics(t *testing.T) {
	data := goldenFrame(t, "fill")
	if frame, err := ParseFrame(data); err != nil || frame.MessageType() != fbs.MessageTypeFILL {
		t.Fatal(err)
	}
	for length := range len(data) {
		if frame, err := ParseFrame(data[:length]); err == nil && frame.ValidChecksum() {
			t.Fatalf("cut at %d: taken as whole", length)
		}
	}
	const sequenceAt = 16
	for bit := range len(data) * 8 {
		damaged := append([]byte(nil), data...)
		damaged[bit/8] ^= 1 << (bit % 8)
		frame, err := ParseFrame(damaged)
		if err != nil {
			continue
		}
		stamped := frame.Sequence() != 0 // the one field that the checksum leaves out
		if !stamped && frame.ValidChecksum() {
			t.Fatalf("bit %d turned: not found", bit)
		}
	}
}
