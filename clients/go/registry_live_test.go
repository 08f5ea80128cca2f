package alphapulse

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "alphapulse.dev/gen/go/alphapulse/common/v1"
	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func registered(t *testing.T, registry *Registry, instrument *registryv1.Instrument) Instrument {
	t.Helper()
	found, created, err := registry.Register(t.Context(), instrument)
	if err != nil || !created {
		t.Fatalf("created %t, %v", created, err)
	}
	return found
}

func stock(symbol string, venue fbs.VenueId) *registryv1.Instrument {
	return &registryv1.Instrument{
		AssetType: commonv1.AssetType_ASSET_TYPE_STOCK, Symbol: symbol, Venue: uint32(venue),
	}
}

func all[T any](t *testing.T, items iter.Seq2[T, error]) (found []T) {
	t.Helper()
	for item, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, item)
	}
	return found
}

func TestInstrumentsAreChangedAndEnded(t *testing.T) {
	ctx, registry := t.Context(), connect(t, live(t).Registry).Registry
	facebook := stock("GOFB", fbs.VenueIdNASDAQ)
	facebook.Name = "Facebook"
	known := registered(t, registry, facebook)
	if again, created, err := registry.Register(ctx, facebook); err != nil || created || again.ID() != known.ID() {
		t.Fatalf("registered twice: %t, %v", created, err)
	}
	facebook.Name = "Another"
	if _, _, err := registry.Register(ctx, facebook); !errors.Is(err, ReasonInstrumentConflict) {
		t.Fatalf("other data: %v", err)
	}

	renamed := time.Date(2022, 6, 9, 0, 0, 0, 0, time.UTC)
	meta := must[Instrument](t)(registry.Update(ctx,
		&registryv1.Instrument{IdText: known.GetIdText(), Symbol: "GOMETA"},
		IfRevision(known.GetRevision()), At(renamed), RequestID("go-rename")))
	if meta.GetSymbol() != "GOMETA" || meta.GetVersion() != 1 || registry.Revision() < meta.GetRevision() {
		t.Fatalf("%v, revision %d", meta, registry.Revision())
	}
	again := must[Instrument](t)(registry.Update(ctx,
		&registryv1.Instrument{IdText: known.GetIdText(), Symbol: "GOMETA"},
		IfRevision(known.GetRevision()), At(renamed), RequestID("go-rename")))
	if again.GetRevision() != meta.GetRevision() {
		t.Errorf("a repeated request id made another change: %v", again)
	}
	cleared := must[Instrument](t)(registry.Update(ctx,
		&registryv1.Instrument{IdText: known.GetIdText()}, Fields("name")))
	if cleared.GetName() != "" {
		t.Errorf("the name is still %q", cleared.GetName())
	}

	key := Symbol("GOFB", "NASDAQ")
	if _, err := registry.Resolve(ctx, key); !errors.Is(err, ReasonInstrumentNotValidThen) {
		t.Errorf("the old symbol, now: %v", err)
	}
	before := must[Instrument](t)(registry.Resolve(ctx, key.AsOf(renamed.AddDate(-1, 0, 0)).
		Of(commonv1.AssetType_ASSET_TYPE_STOCK), AtLeast(registry.Revision())))
	if before.ID() != known.ID() {
		t.Errorf("as of then: %v", before)
	}
	if found := must[Instrument](t)(registry.Resolve(ctx, Identifier(known.GetIdText()))); found.ID() != known.ID() {
		t.Errorf("by its id: %v", found)
	}
	if _, err := registry.Resolve(ctx, Symbol("GONONE", "NASDAQ")); !errors.Is(err, ReasonInstrumentUnknown) {
		t.Errorf("a symbol of nothing: %v", err)
	}
	history := must[[]Instrument](t)(registry.History(ctx, known.ID()))
	if len(history) != 2 || history[0].GetSymbol() != "GOFB" || history[1].GetSymbol() != "GOMETA" {
		t.Errorf("history %v", history)
	}

	_, err := registry.Delist(ctx, known.ID(), IfRevision(known.GetRevision()))
	var conflict *Error
	if !errors.As(err, &conflict) || conflict.Reason != ReasonRevisionConflict || conflict.Code != codes.Aborted {
		t.Errorf("a stale revision: %v", err)
	}
	if _, err := registry.Delist(ctx, known.ID(), Fields("name")); !errors.Is(err, ReasonArgumentInvalid) {
		t.Errorf("an option of another write: %v", err)
	}
	gone := must[Instrument](t)(registry.Delist(ctx, known.ID()))
	if gone.GetStatus() != registryv1.InstrumentStatus_INSTRUMENT_STATUS_DELISTED {
		t.Errorf("delisted: %v", gone)
	}
}

func TestManyAreRegisteredAndReadAsRecords(t *testing.T) {
	ctx, registry := t.Context(), connect(t, live(t).Registry).Registry
	many := make([]*registryv1.Instrument, batchRegister+5) // two batches
	for i := range many {
		many[i] = stock(fmt.Sprintf("GOM%05d", i), fbs.VenueIdNYSE)
	}
	many[7].Isin = "US0378331006" // a wrong check digit
	outcomes := must[[]*registryv1.RegistrationOutcome](t)(registry.RegisterMany(ctx, many))
	if len(outcomes) != len(many) || outcomes[7].GetReason() != "INSTRUMENT_ISIN_INVALID" {
		t.Fatalf("%d outcomes, the wrong one: %v", len(outcomes), outcomes[7])
	}
	ids := make([]InstrumentID, 0, len(many))
	for i, outcome := range outcomes {
		if i != 7 && !outcome.GetCreated() {
			t.Fatalf("%d: %v", i, outcome)
		}
		ids = append(ids, idOf(outcome.GetId()))
	}
	records := must[[]layout.InstrumentRecord](t)(registry.Records(ctx, ids, AtLeast(registry.Revision())))
	if len(records) != len(ids) {
		t.Fatalf("%d records of %d", len(records), len(ids))
	}
	for i, record := range records {
		if i != 7 && (record.InstrumentId != ids[i] || Text(record.Symbol[:]) != many[i].GetSymbol()) {
			t.Fatalf("record %d: %v", i, record)
		}
	}
	if records[7].InstrumentId != (InstrumentID{}) {
		t.Errorf("the refused one: %v", records[7])
	}
	rows := 0
	for batch, err := range registry.StreamRecords(ctx, ids) {
		if err != nil {
			t.Fatal(err)
		}
		if int(batch.FirstRow) != rows || batch.TotalRows != uint64(len(ids)) ||
			!slices.Equal(batch.Rows, records[rows:rows+len(batch.Rows)]) {
			t.Fatalf("rows from %d on are others than in the batch", batch.FirstRow)
		}
		if rows == 0 && !slices.Equal(batch.Missing, []uint64{7}) {
			t.Errorf("missing %v", batch.Missing)
		}
		rows += len(batch.Rows)
	}
	listed := 0
	filter := RecordFilter{Venues: []string{"NYSE"}, AssetTypes: []commonv1.AssetType{commonv1.AssetType_ASSET_TYPE_STOCK}}
	for batch, err := range registry.StreamAllRecords(ctx, filter, AtLeast(registry.Revision())) {
		if err != nil {
			t.Fatal(err)
		}
		listed += len(batch.Rows)
	}
	if rows != len(ids) || listed < len(ids)-1 {
		t.Errorf("streamed %d, and %d of the venue", rows, listed)
	}
	found := must[[]Instrument](t)(registry.GetMany(ctx, ids))
	if found[7].Instrument != nil || found[batchGet].GetSymbol() != many[batchGet].GetSymbol() {
		t.Errorf("got %v and %v", found[7], found[batchGet])
	}
	listed = 0
	for _, err := range registry.All(ctx, Filter{SymbolPrefix: "GOM", Venue: "NYSE"}) {
		if err != nil {
			t.Fatal(err)
		}
		listed++
	}
	if listed != len(many)-1 {
		t.Errorf("%d listed", listed)
	}
	masked := all(t, registry.Search(ctx, &registryv1.SearchInstrumentsRequest{
		SymbolPrefix: "GOM0000", ReadMask: &fieldmaskpb.FieldMask{Paths: []string{"symbol"}},
	}))
	if len(masked) != 9 || masked[0].GetSymbol() != "GOM00000" || masked[0].GetVenue() != 0 {
		t.Errorf("with a mask: %v", masked)
	}
}

func TestLinksAreAddedAndListed(t *testing.T) {
	ctx, registry := t.Context(), connect(t, live(t).Registry).Registry
	share := registered(t, registry, stock("GOSHARE", fbs.VenueIdNASDAQ))
	receipt := registered(t, registry, &registryv1.Instrument{
		AssetType: commonv1.AssetType_ASSET_TYPE_DEPOSITARY_RECEIPT, Symbol: "GOADR", Venue: uint32(fbs.VenueIdNYSE),
	})
	kind := registryv1.LinkType_LINK_TYPE_RECEIPT_OF
	link, created, err := registry.Link(ctx, receipt.ID(), share.ID(), kind)
	if err != nil || !created || link.GetType() != kind {
		t.Fatalf("%v, %t, %v", link, created, err)
	}
	if _, created, err = registry.Link(ctx, receipt.ID(), share.ID(), kind); err != nil || created {
		t.Errorf("linked twice: %t, %v", created, err)
	}
	if _, _, err = registry.Link(ctx, share.ID(), share.ID(), kind); !errors.Is(err, Reason("LINK_TO_ITSELF")) {
		t.Errorf("to itself: %v", err)
	}
	links := all(t, registry.Links(ctx, share.ID(), kind, AtLeast(link.GetRevision())))
	if len(links) != 1 || idOf(links[0].GetFrom()) != receipt.ID() {
		t.Errorf("links %v", links)
	}
	if everywhere := all(t, registry.Links(ctx, InstrumentID{}, kind)); len(everywhere) != 1 {
		t.Errorf("all links: %v", everywhere)
	}
	if _, err := registry.Unlink(ctx, receipt.ID(), share.ID(), kind, IfRevision(1)); !errors.Is(err, ReasonRevisionConflict) {
		t.Errorf("a stale revision: %v", err)
	}
	for _, was := range []bool{true, false} {
		if removed, err := registry.Unlink(ctx, receipt.ID(), share.ID(), kind); err != nil || removed != was {
			t.Errorf("unlinked: %t, %v", removed, err)
		}
	}
	places := must[[]*registryv1.VenueListing](t)(registry.FindVenues(ctx, share.ID()))
	if len(places) == 0 || places[0].GetVenue().GetName() != "NASDAQ" {
		t.Errorf("listed %v", places)
	}
}

func TestAmbiguityHasItsCandidates(t *testing.T) {
	ctx, registry := t.Context(), connect(t, live(t).Registry).Registry
	for _, venue := range []fbs.VenueId{fbs.VenueIdNASDAQ, fbs.VenueIdNYSE} {
		one := stock("GOTWO", venue)
		one.Isin = "US5949181045"
		registered(t, registry, one)
	}
	_, err := registry.Resolve(ctx, ISIN("US5949181045"))
	var open *AmbiguousError
	if !errors.As(err, &open) || len(open.Candidates) != 2 || !IsReason(err, ReasonInstrumentAmbiguous) {
		t.Fatalf("%v", err)
	}
	one := must[Instrument](t)(registry.Resolve(ctx, ISIN("US5949181045").On("NYSE")))
	if one.GetVenue() != uint32(fbs.VenueIdNYSE) {
		t.Errorf("%v", one)
	}
}

func TestVenuesFeesAndMetrics(t *testing.T) {
	ctx, registry := t.Context(), connect(t, live(t).Registry).Registry
	venue, created, err := registry.RegisterVenue(ctx, &registryv1.Venue{
		Name: "GO_EXCHANGE", Kind: registryv1.VenueKind_VENUE_KIND_CRYPTO_EXCHANGE, Title: "Go",
	})
	if err != nil || !created || venue.GetVenue() == 0 {
		t.Fatalf("%v, %t, %v", venue, created, err)
	}
	if _, err := registry.QuoteFees(ctx, "GO_EXCHANGE", "", "100"); !errors.Is(err, ReasonVenueFeesUnknown) {
		t.Errorf("without a schedule: %v", err)
	}
	charged := must[*registryv1.Venue](t)(registry.UpdateVenue(ctx, &registryv1.Venue{
		Name: "GO_EXCHANGE", MakerFeeBps: "2", TakerFeeBps: "5", FeeCurrency: "USD",
		FeeTiers: []*registryv1.FeeTier{{MinVolume: "1000000", MakerFeeBps: "-1", TakerFeeBps: "3"}},
	}, IfRevision(venue.GetRevision())))
	if charged.GetTakerFeeBps() != "5" {
		t.Errorf("%v", charged)
	}
	fees := must[*registryv1.QuoteFeesResponse](t)(registry.QuoteFees(ctx, "GO_EXCHANGE", "2000000", "10000",
		AtLeast(registry.Revision())))
	if fees.GetTier() != 0 || fees.GetMakerFee() != "-1" || fees.GetTakerFee() != "3" {
		t.Errorf("fees %v", fees)
	}
	_, err = registry.UpdateVenue(ctx, &registryv1.Venue{Name: "GO_EXCHANGE", Title: "Late"},
		IfRevision(venue.GetRevision()))
	if !errors.Is(err, ReasonRevisionConflict) {
		t.Errorf("a stale revision: %v", err)
	}
	sessions := must[*registryv1.GetSessionsResponse](t)(registry.Sessions(ctx, "GO_EXCHANGE", time.Time{}))
	if !sessions.GetAlwaysOpen() {
		t.Errorf("sessions %v", sessions)
	}

	now := time.Now()
	kept := must[uint32](t)(registry.ReportVenueMetrics(ctx, "GO_EXCHANGE", []*registryv1.VenueMetric{
		{Time: timestamppb.New(now), LatencyNs: 1000, Status: registryv1.VenueStatus_VENUE_STATUS_OPEN, Source: "go"},
		{Time: timestamppb.New(now.Add(time.Second)), LatencyNs: 3000, Source: "go"},
	}))
	metrics := must[*registryv1.GetVenueMetricsResponse](t)(
		registry.VenueMetrics(ctx, "GO_EXCHANGE", now.Add(-time.Hour), now.Add(time.Hour)))
	if kept != 2 || len(metrics.GetMetrics()) != 2 || metrics.GetMedianLatencyNs() == 0 {
		t.Errorf("kept %d, %v", kept, metrics)
	}

	one := registered(t, registry, &registryv1.Instrument{
		AssetType: commonv1.AssetType_ASSET_TYPE_CRYPTO_PAIR, Venue: venue.GetVenue(), Symbol: "GOUSD",
		BaseCurrency: "BTC", QuoteCurrency: "USD",
	})
	if _, err := registry.RetireVenue(ctx, "GO_EXCHANGE"); !errors.Is(err, ReasonVenueInUse) {
		t.Errorf("in use: %v", err)
	}
	must[Instrument](t)(registry.Delist(ctx, one.ID()))
	retired := must[*registryv1.Venue](t)(registry.RetireVenue(ctx, "GO_EXCHANGE", RequestID("go-retire")))
	if !retired.GetRetired() {
		t.Errorf("%v", retired)
	}
	if found := must[*registryv1.Venue](t)(registry.Venue(ctx, "GO_EXCHANGE")); !found.GetRetired() {
		t.Errorf("%v", found)
	}
	if !slices.ContainsFunc(all(t, registry.Venues(ctx)), func(v *registryv1.Venue) bool { return v.GetName() == "NASDAQ" }) {
		t.Error("NASDAQ is not among the venues")
	}
}

func TestSyntheticsAndRouting(t *testing.T) {
	ctx, registry := t.Context(), connect(t, live(t).Registry).Registry
	pairs := make([]Instrument, 2)
	for i, venue := range []fbs.VenueId{fbs.VenueIdBINANCE, fbs.VenueIdKRAKEN} {
		pairs[i] = registered(t, registry, &registryv1.Instrument{
			AssetType: commonv1.AssetType_ASSET_TYPE_CRYPTO_PAIR, Venue: uint32(venue), Symbol: "GOETH",
			BaseCurrency: "ETH", QuoteCurrency: "USDT",
		})
		name := fbs.EnumNamesVenueId[venue]
		must[*registryv1.Venue](t)(registry.UpdateVenue(ctx, &registryv1.Venue{Name: name, TakerFeeBps: "10", MakerFeeBps: "10"}))
	}
	formula := Formula{
		Name: "GO-SPREAD", Text: "b - a", Title: "Spread", QuoteCurrency: "USDT",
		Inputs: []FormulaInput{{"a", pairs[0].ID()}, {"b", pairs[1].ID()}},
	}
	synthetic, changed, err := registry.DefineSynthetic(ctx, formula)
	if err != nil || !changed || synthetic.GetVersion() != 1 {
		t.Fatalf("%v, %t, %v", synthetic, changed, err)
	}
	value := must[*registryv1.EvaluateSyntheticResponse](t)(registry.EvaluateSynthetic(ctx, "GO-SPREAD",
		map[InstrumentID]string{pairs[0].ID(): "2000.5", pairs[1].ID(): "2001"}, AtLeast(registry.Revision())))
	if value.GetValue() != "0.5" {
		t.Errorf("value %v", value)
	}
	formula.Inputs[0].Instrument = idOf(synthetic.GetId())
	if _, _, err := registry.DefineSynthetic(ctx, formula, IfRevision(synthetic.GetRevision())); !errors.Is(err, ReasonSyntheticCycle) {
		t.Errorf("made of itself: %v", err)
	}
	if _, err := registry.Synthetic(ctx, "GO-NOTHING"); !errors.Is(err, ReasonSyntheticUnknown) {
		t.Errorf("unknown: %v", err)
	}
	if found := must[*registryv1.Synthetic](t)(registry.Synthetic(ctx, "GO-SPREAD")); found.GetFormulaHash() == 0 {
		t.Errorf("%v", found)
	}

	made := all(t, registry.Synthetics(ctx, SyntheticFilter{MadeOf: pairs[0].ID(), NamePrefix: "GO-"}))
	if len(made) != 1 || made[0].GetName() != "GO-SPREAD" {
		t.Errorf("made of it: %v", made)
	}
	level := func(price string) []*registryv1.RouteLevel {
		return []*registryv1.RouteLevel{{Price: price, Quantity: "1"}}
	}
	route := must[*registryv1.RouteOrderResponse](t)(registry.Route(ctx, &registryv1.RouteOrderRequest{
		InstrumentId: IDMessage(pairs[0].ID()), Side: registryv1.RouteSide_ROUTE_SIDE_BUY, Quantity: "1.5",
		Books: []*registryv1.RouteBook{
			{InstrumentId: IDMessage(pairs[0].ID()), Asks: level("2001"), Bids: level("2000")},
			{InstrumentId: IDMessage(pairs[1].ID()), Asks: level("2000.5"), Bids: level("1999")},
		},
	}))
	if len(route.GetLegs()) != 2 || idOf(route.GetLegs()[0].GetInstrumentId()) != pairs[1].ID() ||
		len(route.GetChoices()) != 2 {
		t.Errorf("route %v", route)
	}
}

func TestAReadBeyondTheRevisionSaysSo(t *testing.T) {
	registry := connect(t, live(t).Registry).Registry
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := registry.Venue(ctx, "NASDAQ", AtLeast(1<<40))
	if !errors.Is(err, ReasonRevisionNotReached) {
		t.Errorf("%v", err)
	}
}

func TestAWatchGoesOn(t *testing.T) {
	registry := connect(t, live(t).Registry).Registry
	one := registered(t, registry, stock("GOWATCH", fbs.VenueIdNASDAQ))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request := &registryv1.WatchRegistryRequest{
		FromRevision: one.GetRevision() - 1, Kinds: []registryv1.EventKind{registryv1.EventKind_EVENT_KIND_INSTRUMENT},
		Venues: []string{"NASDAQ"},
	}
	for event, err := range registry.Watch(ctx, request) {
		if err != nil {
			t.Fatal(err)
		}
		if found := event.GetInstrumentRegistered(); found != nil {
			if (Instrument{found}).ID() != one.ID() {
				t.Errorf("%v", event)
			}
			return
		}
	}
	t.Fatal("the change did not come")
}

func TestClosingAMeshEndsAWatch(t *testing.T) {
	mesh := connect(t, live(t).Registry)
	ended := make(chan error, 1)
	go func() {
		for _, err := range mesh.Registry.Watch(t.Context(), &registryv1.WatchRegistryRequest{}) {
			if err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	must[*registryv1.Venue](t)(mesh.Registry.Venue(t.Context(), "NASDAQ"))
	mesh.Close()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the watch goes on")
	}
}

func TestCallsAndAWatchOutliveAKillOfTheRegistry(t *testing.T) {
	there := live(t)
	registry := connect(t, there.Registry).Registry
	one := registered(t, registry, stock("GOKILL", fbs.VenueIdNASDAQ))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const changes = 12
	names := make(chan string, changes)
	go func() {
		defer close(names)
		request := &registryv1.WatchRegistryRequest{
			FromRevision: one.GetRevision(), Kinds: []registryv1.EventKind{registryv1.EventKind_EVENT_KIND_INSTRUMENT},
		}
		for event, err := range registry.Watch(ctx, request) {
			if err != nil {
				t.Error(err)
				return
			}
			if changed := event.GetInstrumentUpdated(); changed.GetIdText() == one.GetIdText() {
				if names <- changed.GetName(); changed.GetName() == fmt.Sprint(changes) {
					return
				}
			}
		}
	}()
	restarted := make(chan struct{})
	current := one
	for i := range changes {
		if i == 3 {
			go func() {
				defer close(restarted)
				there.do(t, map[string]any{"do": "restart", "service": "registry"})
			}()
		}
		var err error // each is made of the one before: lost or done twice it would be a conflict
		current, err = registry.Update(ctx, &registryv1.Instrument{IdText: one.GetIdText(), Name: fmt.Sprint(i + 1)},
			IfRevision(current.GetRevision()))
		if err != nil {
			t.Fatalf("change %d: %v", i+1, err)
		}
		if i == 3 {
			<-restarted // the rest on the new one
		}
	}
	var seen []string
	for name := range names {
		seen = append(seen, name)
	}
	for i, name := range seen {
		if name != fmt.Sprint(i+1) {
			t.Fatalf("watched %v", seen)
		}
	}
	if len(seen) != changes {
		t.Errorf("watched only %v", seen)
	}
}
