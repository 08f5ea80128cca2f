package alphapulse

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

type tlvVector struct {
	Name, Extensions string
	TLVs             []struct {
		Type  fbs.TlvType
		Value string
	}
	Reason    Reason
	Offset    int
	TlvOffset uint16 `json:"tlv_offset"`
	TlvLength uint16 `json:"tlv_length"`
}

func tlvVectors(t *testing.T) (vectors, refused, rows []tlvVector) {
	t.Helper()
	text, err := os.ReadFile("../../schemas/vectors/tlv.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Vectors, Refused, Rows []tlvVector }
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Vectors) < 10 || len(document.Refused) < 5 || len(document.Rows) < 5 {
		t.Fatal("there are too few vectors")
	}
	return document.Vectors, document.Refused, document.Rows
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	bytes, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func (v tlvVector) holds(t *testing.T, found []TLV) {
	t.Helper()
	if len(found) != len(v.TLVs) {
		t.Fatalf("%d TLVs, want %d", len(found), len(v.TLVs))
	}
	for i, want := range v.TLVs {
		if found[i].Type != want.Type || hex.EncodeToString(found[i].Value) != want.Value {
			t.Errorf("%d: %v, want %v", i, found[i], want)
		}
	}
}

func TestEveryTLVVector(t *testing.T) {
	vectors, refused, rows := tlvVectors(t)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			found, err := ParseTLVs(unhex(t, v.Extensions))
			if err != nil {
				t.Fatal(err)
			}
			v.holds(t, found)
		})
	}
	for _, v := range refused {
		t.Run(v.Name, func(t *testing.T) {
			_, err := ParseTLVs(unhex(t, v.Extensions))
			var bad *FrameError
			if !errors.As(err, &bad) || bad.Reason != v.Reason || bad.Offset != v.Offset || !errors.Is(err, ErrBadFrame) {
				t.Errorf("%v", err)
			}
		})
	}
	for _, v := range rows {
		t.Run("row: "+v.Name, func(t *testing.T) {
			signal := layout.DeFiSignal{TlvOffset: v.TlvOffset, TlvLength: v.TlvLength}
			found, err := rowTLVs(unhex(t, v.Extensions), &signal)
			if v.Reason != "" {
				if !errors.Is(err, v.Reason) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			v.holds(t, found)
		})
	}
}

// structs reads a TLV's value by the name of its struct.
var structs = map[string]func([]byte) (any, error){}

func readable[T layout.Struct]() {
	structs[structName[T]()] = func(bytes []byte) (any, error) { return ReadTLV[T](bytes) }
}

func init() {
	readable[layout.ArbitrageTermsTlv]()
	readable[layout.CauseTlv]()
	readable[layout.CrossChainTlv]()
	readable[layout.FeedLagTlv]()
	readable[layout.FlashLoanParamsTlv]()
	readable[layout.GasOptimizationTlv]()
	readable[layout.Layer2ParamsTlv]()
	readable[layout.LiquidationTargetTlv]()
	readable[layout.MevBundleTlv]()
	readable[layout.PoolAddressesTlv]()
	readable[layout.SandwichParamsTlv]()
	readable[layout.ServiceInfoTlv]()
	readable[layout.SlippageModelTlv]()
	readable[layout.TertiaryVenueTlv]()
}

// printed is a value as the manifest of the golden frames has it.
func printed(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.Uint64 || v.Kind() == reflect.Int64:
		return fmt.Sprint(v.Interface())
	case v.CanUint() || v.CanInt():
		if v.CanUint() {
			return float64(v.Uint())
		}
		return float64(v.Int())
	case v.Kind() == reflect.Array:
		bytes := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(bytes), v)
		if strings.HasPrefix(v.Type().Name(), "Text") {
			return Text(bytes)
		}
		return hex.EncodeToString(bytes)
	default:
		fields := map[string]any{}
		for i := range v.NumField() {
			fields[simple(v.Type().Field(i).Name)] = printed(v.Field(i))
		}
		return fields
	}
}

// simple makes names of Go and of the schema alike.
func simple(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func simplified(value any) any {
	fields, ok := value.(map[string]any)
	if !ok {
		return value
	}
	found := map[string]any{}
	for name, field := range fields {
		found[simple(name)] = simplified(field)
	}
	return found
}

func TestExtensionsOfGoldenFrames(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(golden, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Frames []struct {
			File  string
			Frame bool
			Blob  string
			TLVs  []struct {
				Type   fbs.TlvType
				Bytes  string
				Struct string
				Fields map[string]any
			}
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, entry := range manifest.Frames {
		if !entry.Frame {
			continue
		}
		frame, err := ParseFrame(goldenFrame(t, strings.TrimSuffix(entry.File, ".bin")))
		if err != nil {
			t.Fatalf("%s: %v", entry.File, err)
		}
		if hex.EncodeToString(frame.Blob()) != entry.Blob {
			t.Errorf("%s: blob %x", entry.File, frame.Blob())
		}
		found := slices.Collect(frame.TLVs())
		if len(found) != len(entry.TLVs) || len(frame.Causes()) != 1 {
			t.Fatalf("%s: %d TLVs, causes %v", entry.File, len(found), frame.Causes())
		}
		for i, want := range entry.TLVs {
			if found[i].Type != want.Type || hex.EncodeToString(found[i].Value) != want.Bytes {
				t.Errorf("%s: %v, want %v", entry.File, found[i], want)
			}
			if want.Struct == "" {
				continue
			}
			read, ok := structs[want.Struct]
			if !ok || tlvTypes[want.Struct] != want.Type {
				t.Errorf("%s is not read as %v", want.Struct, want.Type)
				continue
			}
			value, err := read(found[i].Value)
			if err != nil {
				t.Fatal(err)
			}
			if got := printed(reflect.ValueOf(value)); !reflect.DeepEqual(got, simplified(want.Fields)) {
				t.Errorf("%s: %v, want %v", want.Struct, got, simplified(want.Fields))
			}
			seen[want.Struct] = true
		}
	}
	if len(seen) != len(tlvTypes) || len(seen) != len(structs) {
		t.Errorf("%d structs in golden frames, %d types", len(seen), len(tlvTypes))
	}
}

func TestAnExtensionOfAnotherSizeIsRefused(t *testing.T) {
	if _, err := ReadTLV[layout.CauseTlv](make([]byte, 23)); !errors.Is(err, ErrBadFrame) {
		t.Errorf("%v", err)
	}
	frame, err := ParseFrame(goldenFrame(t, "trade"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Extension[layout.Trade](frame); !errors.Is(err, ErrBadFrame) {
		t.Errorf("%v", err)
	}
	cause, found, err := Extension[layout.CauseTlv](frame)
	if err != nil || !found || cause.TraceId != frame.Causes()[0].TraceID {
		t.Errorf("%v, %t, %v", cause, found, err)
	}
}
