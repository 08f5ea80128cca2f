package alphapulse

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
)

type vector struct {
	Name, Kind, ID, Text string
	AssetType            uint8  `json:"asset_type"`
	Venue                uint16 `json:"venue"`
	Symbol, ISIN         string
	Base, Quote, Address string
	Number               string
	Attempt              int
	Canonical            string  `json:"canonical_key"`
	Decoded              *string `json:"decoded"`
}

func vectors(t *testing.T) (good, refused []vector) {
	t.Helper()
	text, err := os.ReadFile("../../schemas/vectors/instrument_ids.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Vectors, Refused []vector }
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Vectors) < 50 || len(document.Refused) < 20 {
		t.Fatalf("only %d and %d vectors", len(document.Vectors), len(document.Refused))
	}
	return document.Vectors, document.Refused
}

// compute makes the id that a vector asks for.
func compute(t *testing.T, v vector) (InstrumentID, error) {
	t.Helper()
	asset, venue := fbs.AssetType(v.AssetType), fbs.VenueId(v.Venue)
	switch v.Kind {
	case "symbol":
		return SymbolID(asset, venue, v.Symbol)
	case "isin":
		return ISINID(asset, venue, v.ISIN)
	case "pair":
		return PairID(asset, venue, v.Base, v.Quote)
	case "numeric":
		number, err := strconv.ParseUint(v.Number, 10, 64)
		return NumericID(asset, venue, number), err
	case "address":
		return AddressID(asset, venue, v.Address)
	case "hash":
		local, ours := strings.CutPrefix(v.Canonical, CanonicalKey(asset, venue, ""))
		if !ours {
			return InstrumentID{}, ErrBadKey // a key of another type or venue cannot be said in Go
		}
		return HashID(asset, venue, local, v.Attempt)
	case "text":
		return ParseID(v.Text)
	case "decode":
		id, err := ParseID(v.ID)
		if err == nil {
			_, _, err = DecodeID(id)
		}
		return id, err
	default:
		t.Fatalf("%s: unknown kind %q", v.Name, v.Kind)
		return InstrumentID{}, nil
	}
}

func TestEveryVector(t *testing.T) {
	good, _ := vectors(t)
	for _, v := range good {
		t.Run(v.Name, func(t *testing.T) {
			got, err := compute(t, v)
			if err != nil {
				t.Fatal(err)
			}
			if IDText(got) != v.ID {
				t.Errorf("id %s, want %s", IDText(got), v.ID)
			}
			if parsed, err := ParseID(v.ID); err != nil || parsed != got {
				t.Errorf("parsed %v, %v", parsed, err)
			}
			key, reversible, err := DecodeID(got)
			if err != nil {
				t.Fatal(err)
			}
			if reversible != (v.Decoded != nil) || reversible && key != *v.Decoded {
				t.Errorf("decoded %q, %t", key, reversible)
			}
		})
	}
}

func TestEveryRefusal(t *testing.T) {
	_, refused := vectors(t)
	for _, v := range refused {
		t.Run(v.Name, func(t *testing.T) {
			if got, err := compute(t, v); !errors.Is(err, ErrBadKey) {
				t.Errorf("%s, %v", IDText(got), err)
			}
		})
	}
}
