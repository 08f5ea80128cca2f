package alphapulse

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

// quote makes a frame of one quote that carries a number. Tests share a relay: a venue each.
func quote(t *testing.T, venue fbs.VenueId, number int64) []byte {
	t.Helper()
	extensions, err := AppendTLV(nil, fbs.TlvTypeCAUSE, TLVOf(layout.CauseTlv{TraceId: layout.TraceId{1}}))
	if err != nil {
		t.Fatal(err)
	}
	frame, err := Encode([]layout.Quote{{
		InstrumentId: InstrumentID{
			AssetId: 1, Venue: uint16(venue), AssetType: uint8(fbs.AssetTypeCRYPTO_PAIR),
			Scheme: uint8(fbs.IdSchemeNUMERIC),
		},
		BidPrice: number,
	}}, FrameParts{Source: fbs.SourceTypeKRAKEN_COLLECTOR, Context: NewContext(), Extensions: extensions})
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func TestAPublisherOutlivesKillsOfItsRelay(t *testing.T) {
	there := live(t)
	mesh := connect(t, there.Relay)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var mu sync.Mutex
	var refused []Rejection
	publisher, err := mesh.Publisher(MarketData, PublisherOptions{
		Name: "go publisher", ID: 77, MaxUnacked: 64,
		OnRejection: func(one Rejection) {
			mu.Lock()
			defer mu.Unlock()
			refused = append(refused, one)
		},
		OnGap: func(gap ProducerGap) { t.Errorf("a gap: %v", gap) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := publisher.Ready(ctx); err != nil || publisher.Resumed() != 0 {
		t.Fatalf("resumed %d, %v", publisher.Resumed(), err)
	}
	const count = 400
	sent := make(chan error, 1)
	go func() {
		for number := range int64(count) {
			frame := quote(t, fbs.VenueIdKRAKEN, number)
			if number == 100 {
				frame[len(frame)-1] ^= 1 // which the checksum tells
			}
			if _, err := publisher.Publish(ctx, frame); err != nil {
				sent <- err
				return
			}
		}
		sent <- publisher.Flush(ctx)
	}()
	there.do(t, map[string]any{"do": "restart"})
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if err := publisher.Close(ctx); err != nil || publisher.Acknowledged() != count {
		t.Fatalf("acknowledged %d, %v", publisher.Acknowledged(), err)
	}
	if _, err := publisher.Publish(ctx, quote(t, fbs.VenueIdKRAKEN, 0)); !errors.Is(err, ReasonPublisherClosed) {
		t.Errorf("after its end: %v", err)
	}
	mu.Lock()
	if len(refused) == 0 || refused[0].Number != 101 || refused[0].Reason != ReasonFrameBadChecksum {
		t.Errorf("refused %v", refused)
	}
	mu.Unlock()

	var seen []int64
	options := FeedOptions{Start: Oldest(), Venues: []fbs.VenueId{fbs.VenueIdKRAKEN}, VerifyChecksums: true}
	for batch, err := range mesh.Feed(MarketData, options).Batches(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		for _, frame := range batch.Frames {
			rows, err := Rows[layout.Quote](frame)
			if err != nil || len(frame.Causes()) != 1 {
				t.Fatalf("%v, causes %v", err, frame.Causes())
			}
			for i := range rows {
				seen = append(seen, rows[i].BidPrice)
			}
		}
		if len(seen) >= count-1 {
			break
		}
	}
	want := make([]int64, 0, count)
	for number := range int64(count) {
		if number != 100 {
			want = append(want, number)
		}
	}
	if !slices.Equal(seen, want) {
		t.Errorf("not each once and in order: %v", seen)
	}

	// one that takes the id up goes on after its last number
	successor, err := mesh.Publisher(MarketData, PublisherOptions{Name: "go publisher", ID: 77})
	if err != nil {
		t.Fatal(err)
	}
	if err := successor.Ready(ctx); err != nil || successor.Resumed() != count {
		t.Errorf("resumed %d, %v", successor.Resumed(), err)
	}
	if err := successor.Close(ctx); err != nil {
		t.Error(err)
	}
	if _, err := mesh.Publisher("weather", PublisherOptions{}); !errors.Is(err, ReasonArgumentInvalid) {
		t.Errorf("an unknown domain: %v", err)
	}
}
