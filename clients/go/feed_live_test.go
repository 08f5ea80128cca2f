package alphapulse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	commonv1 "alphapulse.dev/gen/go/alphapulse/common/v1"
	relayv1 "alphapulse.dev/gen/go/alphapulse/relay/v1"
	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

// tradeIDs are the numbers that client_mesh gave the trades of a batch.
func tradeIDs(t *testing.T, batch Batch) (found []uint64) {
	t.Helper()
	for _, frame := range batch.Frames {
		if frame.MessageType() != fbs.MessageTypeTRADE { // of the publisher's test
			continue
		}
		rows, err := Rows[layout.Trade](frame)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			found = append(found, rows[i].TradeId)
		}
	}
	return found
}

// upTo reads a feed until a trade, and answers all trades and the last batch.
func upTo(t *testing.T, mesh *Mesh, options FeedOptions, last uint64, each func(Batch)) (found []uint64, at Batch) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for batch, err := range mesh.Feed(MarketData, options).Batches(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		found, at = append(found, tradeIDs(t, batch)...), batch
		if each != nil {
			each(batch)
		}
		if len(found) > 0 && found[len(found)-1] >= last {
			return found, at
		}
	}
	t.Fatalf("got only %v, then nothing", found)
	return nil, at
}

// refused reads a feed that the relay, or this library, will not serve.
func refused(t *testing.T, feed *Feed, reason Reason) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, err := range feed.Batches(ctx) {
		if !errors.Is(err, reason) {
			t.Errorf("%v instead of %s", err, reason)
		}
		return
	}
	t.Errorf("nothing, instead of %s", reason)
}

func counted(first, last uint64) (numbers []uint64) {
	for number := first; number <= last; number++ {
		numbers = append(numbers, number)
	}
	return numbers
}

func TestAFeedOutlivesKillsOfItsRelay(t *testing.T) {
	there := live(t)
	mesh := connect(t, there.Relay)
	policies := map[string]relayv1.SlowConsumerPolicy{
		"drops":           relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_DROP_OLDEST,
		"blocks by name":  relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_BLOCK,
		"would be thrown": relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_DISCONNECT,
	}
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			first := there.do(t, map[string]any{"do": "publish", "count": 1}).Published
			kills, broken := 0, 0
			options := FeedOptions{
				Start: Oldest(), Name: name, Policy: policy, MaxBatchBytes: 1 << 12, VerifyChecksums: true,
				MessageTypes: []fbs.MessageType{fbs.MessageTypeTRADE}, OnReconnect: func(error) { broken++ },
			}
			options.Predicate = fmt.Sprint("trade_id >= ", first)
			found, _ := upTo(t, mesh, options, first+40, func(batch Batch) {
				for _, gap := range batch.Gaps {
					if gap.Reason != GapProducerDied { // claimed by the relay that was killed: nobody's frame
						t.Errorf("a gap: %+v", gap)
					}
				}
				if kills < 2 {
					kills++
					there.do(t, map[string]any{"do": "publish", "count": 10})
					there.do(t, map[string]any{"do": "restart"})
					there.do(t, map[string]any{"do": "publish", "count": 10})
				}
			})
			if !slices.Equal(found, counted(first, first+40)) {
				t.Errorf("not each once and in order: %v", found)
			}
			if broken == 0 {
				t.Error("no connection broke")
			}
		})
	}
}

func TestATokenResumesAnotherFeed(t *testing.T) {
	there := live(t)
	mesh := connect(t, there.Relay)
	first := there.do(t, map[string]any{"do": "publish", "count": 1}).Published
	found, at := upTo(t, mesh, FeedOptions{Start: Oldest()}, first, nil)
	if len(at.ResumeToken) == 0 || found[len(found)-1] != first {
		t.Fatalf("token %x after %v", at.ResumeToken, found)
	}
	there.do(t, map[string]any{"do": "publish", "count": 3})
	there.do(t, map[string]any{"do": "restart"})
	found, _ = upTo(t, mesh, FeedOptions{Start: Resume(at.ResumeToken)}, first+3, nil)
	if !slices.Equal(found, counted(first+1, first+3)) {
		t.Errorf("resumed with %v", found)
	}
	broken := slices.Clone(at.ResumeToken)
	broken[3] ^= 1
	refused(t, mesh.Feed(MarketData, FeedOptions{Start: Resume(broken)}), ReasonTokenInvalid)
}

func TestARelayWithoutItsMemoryIsAGap(t *testing.T) {
	there := live(t)
	mesh := connect(t, there.Relay)
	first := there.do(t, map[string]any{"do": "publish", "count": 5}).Published
	_, at := upTo(t, mesh, FeedOptions{Start: Oldest()}, first, nil)
	var gaps []Gap
	found, _ := upTo(t, mesh, FeedOptions{Start: From(at.Delivered)}, first+2, func(batch Batch) {
		gaps = append(gaps, batch.Gaps...)
		if len(gaps) == 0 && len(batch.Frames) > 0 {
			there.do(t, map[string]any{"do": "restart", "forget": true})
			there.do(t, map[string]any{"do": "publish", "count": 2})
		}
	})
	want := []Gap{{First: at.Delivered + 1, Last: at.Delivered, Reason: GapRelayRestarted}}
	if !slices.Equal(gaps, want) || gaps[0].Count() != 0 {
		t.Errorf("gaps %v, want %v", gaps, want)
	}
	if !slices.Equal(found, counted(first, first+2)) {
		t.Errorf("trades %v from %d on", found, first)
	}
	refused(t, mesh.Feed(MarketData, FeedOptions{Start: Resume(at.ResumeToken)}), ReasonTokenForeign)
}

func TestFiltersAndASnapshot(t *testing.T) {
	there := live(t)
	mesh := connect(t, there.Relay)
	last := there.do(t, map[string]any{"do": "publish", "count": 8}).Published // two of each of four instruments
	var snapshot, news []uint64
	var fixed, first uint64
	published := false
	options := FeedOptions{
		Start: Snapshot(), Venues: []fbs.VenueId{fbs.VenueIdBINANCE},
		Sources:      []fbs.SourceType{fbs.SourceTypeBINANCE_COLLECTOR},
		AssetTypes:   []commonv1.AssetType{commonv1.AssetType_ASSET_TYPE_CRYPTO_PAIR},
		MessageTypes: []fbs.MessageType{fbs.MessageTypeTRADE},
	}
	upTo(t, mesh, options, last+1, func(batch Batch) {
		if batch.Snapshot == 0 {
			news = append(news, tradeIDs(t, batch)...)
			return
		}
		first = batch.SnapshotFirst
		snapshot = append(snapshot, tradeIDs(t, batch)...)
		if len(batch.ResumeToken) > 0 && !published {
			published, fixed = true, batch.Delivered
			there.do(t, map[string]any{"do": "publish", "count": 1})
		}
	})
	if !slices.Equal(snapshot, counted(last-3, last)) || !slices.Equal(news, []uint64{last + 1}) || fixed == 0 || first == 0 {
		t.Errorf("last values %v, then %v", snapshot, news)
	}

	one := InstrumentID{
		AssetId: 1, Venue: uint16(fbs.VenueIdBINANCE), AssetType: uint8(fbs.AssetTypeCRYPTO_PAIR),
		Scheme: uint8(fbs.IdSchemeNUMERIC),
	}
	now := there.do(t, map[string]any{"do": "publish", "count": 8}).Published
	found, _ := upTo(t, mesh, FeedOptions{Start: Oldest(), Instruments: []InstrumentID{one}}, now-3, nil)
	for _, number := range found {
		if number%4 != 1 {
			t.Errorf("trade %d is of another instrument", number)
		}
	}
	status := must[*relayv1.GetStatusResponse](t)(mesh.RelayStatus(t.Context(), MarketData))
	if status.GetDomain() != "market_data" || status.GetHeadSequence() == 0 {
		t.Errorf("%v", status)
	}
	for messageType, reason := range map[fbs.MessageType]Reason{
		5: ReasonMessageTypeUnknown, fbs.MessageTypeFILL: ReasonDomainMismatch,
	} {
		feed := mesh.Feed(MarketData, FeedOptions{MessageTypes: []fbs.MessageType{messageType}})
		refused(t, feed, reason)
	}
	refused(t, mesh.Feed("weather", FeedOptions{}), ReasonArgumentInvalid)
}

func TestExtensionsPassThroughARelay(t *testing.T) {
	there := live(t)
	mesh := connect(t, there.Relay)
	const slippage = "0420" + "0100000000000000" + "0200000000000000" + "0300000000000000" + "0400000000000000"
	number := there.do(t, map[string]any{"do": "publish", "count": 1, "extensions": slippage + "c80101"}).Published
	upTo(t, mesh, FeedOptions{Start: Oldest(), Predicate: fmt.Sprint("trade_id >= ", number)}, number, func(batch Batch) {
		model, found, err := Extension[layout.SlippageModelTlv](batch.Frames[0])
		if err != nil || !found || model.SquareRoot != 3 || model.MaxBps != 4 {
			t.Errorf("%v, %t, %v", model, found, err)
		}
		if value, found := batch.Frames[0].TLV(200); !found || !slices.Equal(value, []byte{1}) {
			t.Errorf("the unknown one: %v, %t", value, found)
		}
		if _, found, err := Extension[layout.CauseTlv](batch.Frames[0]); found || err != nil {
			t.Errorf("a cause: %t, %v", found, err)
		}
	})
}

func TestClosingAMeshEndsWhatRunsOnIt(t *testing.T) {
	there := live(t)
	for name, use := range map[string]func(*Mesh) error{
		"feed": func(mesh *Mesh) error {
			for _, err := range mesh.Feed(MarketData, FeedOptions{}).Batches(t.Context()) {
				return err
			}
			return nil
		},
		"publisher": func(mesh *Mesh) error {
			publisher, err := mesh.Publisher(MarketData, PublisherOptions{Name: "closing", MaxUnacked: 1})
			for err == nil {
				_, err = publisher.Publish(t.Context(), quote(t, fbs.VenueIdCOINBASE, 1))
			}
			if errors.Is(err, ReasonPublisherClosed) {
				return nil
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			mesh := connect(t, there.Relay)
			ended := make(chan error, 1)
			go func() { ended <- use(mesh) }()
			must[*relayv1.GetStatusResponse](t)(mesh.RelayStatus(t.Context(), MarketData))
			mesh.Close()
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(patience):
				t.Error("goes on")
			}
		})
	}
}
