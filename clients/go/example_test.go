package alphapulse_test

// The examples of docs/clients.md, compiled.

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	alphapulse "alphapulse.dev/client"
	commonv1 "alphapulse.dev/gen/go/alphapulse/common/v1"
	executionv1 "alphapulse.dev/gen/go/alphapulse/execution/v1"
	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

var (
	ctx      = context.Background()
	registry *alphapulse.Registry
	mesh     *alphapulse.Mesh
	ids      []alphapulse.InstrumentID
	a, b     alphapulse.InstrumentID
)

func ExampleConnect() {
	mesh, err := alphapulse.Connect(ctx, "localhost:10000") // a call without a deadline has 30 s
	if err != nil {
		log.Fatal(err) // MESH_UNREACHABLE: …
	}
	defer mesh.Close()
	_, err = mesh.Registry.Get(ctx, a)
	switch {
	case errors.Is(err, alphapulse.ReasonInstrumentUnknown): // the reason, never the text
	case err != nil:
		var known *alphapulse.Error // with gRPC's code and the values that explain it
		_ = errors.As(err, &known)
	}
}

func ExampleRegistry_Resolve() {
	apple, err := registry.Resolve(ctx, alphapulse.ISIN("US0378331005").On("XNAS"))
	old, err := registry.Resolve(ctx, alphapulse.Symbol("FB", "XNAS").AsOf(time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC)))
	for found, err := range registry.Search(ctx, &registryv1.SearchInstrumentsRequest{Query: "apple"}) {
		fmt.Println(found.GetSymbol(), alphapulse.IDText(found.ID()), err)
	}
	history, err := registry.History(ctx, apple.ID())
	_, _, _ = old, history, err
}

func ExampleRegistry_Update() {
	one, created, err := registry.Register(ctx, &registryv1.Instrument{
		AssetType: commonv1.AssetType_ASSET_TYPE_STOCK, Venue: uint32(fbs.VenueIdNASDAQ), Symbol: "ACME",
	})
	one, err = registry.Update(ctx, &registryv1.Instrument{Id: one.Id, Name: "Acme Corp"},
		alphapulse.IfRevision(one.GetRevision())) // else REVISION_CONFLICT
	outcomes, err := registry.RegisterMany(ctx, []*registryv1.Instrument{one.Instrument}) // one outcome each
	seen, err := registry.Get(ctx, one.ID(), alphapulse.AtLeast(registry.Revision()))     // on any replica
	gone, err := registry.Delist(ctx, one.ID())
	_, _, _, _, _ = created, outcomes, seen, gone, err
}

func ExampleRegistry_Records() {
	records, err := registry.Records(ctx, ids) // []layout.InstrumentRecord over the bytes of the answer
	for batch, err := range registry.StreamAllRecords(ctx, alphapulse.RecordFilter{Venues: []string{"XNAS"}}) {
		fmt.Println(batch.FirstRow, len(batch.Rows), batch.Revision, err) // all as of one revision
	}
	_, _ = records, err
}

func ExampleRegistry_Link() {
	kind := registryv1.LinkType_LINK_TYPE_RECEIPT_OF
	link, created, err := registry.Link(ctx, a, b, kind)
	for link, err := range registry.Links(ctx, a, kind) {
		fmt.Println(link, err)
	}
	removed, err := registry.Unlink(ctx, a, b, kind)
	listed, err := registry.FindVenues(ctx, a) // everywhere that it is listed
	_, _, _, _, _ = link, created, removed, listed, err
}

func ExampleRegistry_UpdateVenue() {
	venue, err := registry.UpdateVenue(ctx, &registryv1.Venue{
		Name: "KRAKEN", MakerFeeBps: "16", TakerFeeBps: "26", FeeCurrency: "USD",
	})
	fees, err := registry.QuoteFees(ctx, "KRAKEN", "50000", "1000")
	sessions, err := registry.Sessions(ctx, "XNAS", time.Time{}) // now
	kept, err := registry.ReportVenueMetrics(ctx, "KRAKEN", []*registryv1.VenueMetric{{LatencyNs: 2_000_000}})
	metrics, err := registry.VenueMetrics(ctx, "KRAKEN", time.Time{}, time.Time{})
	_, _, _, _, _, _ = venue, fees, sessions, kept, metrics, err
}

func ExampleRegistry_DefineSynthetic() {
	spread, changed, err := registry.DefineSynthetic(ctx, alphapulse.Formula{
		Name: "SPREAD", Text: "b - a", Inputs: []alphapulse.FormulaInput{{Alias: "a", Instrument: a}, {Alias: "b", Instrument: b}},
	})
	value, err := registry.EvaluateSynthetic(ctx, "SPREAD", map[alphapulse.InstrumentID]string{a: "2000.5", b: "2001"})
	for synthetic, err := range registry.Synthetics(ctx, alphapulse.SyntheticFilter{MadeOf: a}) {
		fmt.Println(synthetic.GetName(), err)
	}
	_, _, _, _ = spread, changed, value, err
}

func ExampleRegistry_Route() {
	route, err := registry.Route(ctx, &registryv1.RouteOrderRequest{
		InstrumentId: alphapulse.IDMessage(a), Side: registryv1.RouteSide_ROUTE_SIDE_BUY, Quantity: "2.5",
	})
	for _, leg := range route.GetLegs() {
		fmt.Println(leg.GetVenue(), leg.GetQuantity(), leg.GetAveragePrice(), err)
	}
}

func ExampleRegistry_Watch() {
	request := &registryv1.WatchRegistryRequest{Venues: []string{"XNAS"}}
	for event, err := range registry.Watch(ctx, request) { // reconnects; ends with ctx
		if listed := event.GetInstrumentRegistered(); listed != nil {
			fmt.Println(event.GetRevision(), listed.GetSymbol(), err)
		}
	}
}

func ExampleMesh_Feed() {
	feed := mesh.Feed(alphapulse.MarketData, alphapulse.FeedOptions{
		Instruments: ids, Predicate: "ask_price - bid_price > 0.5", Start: alphapulse.Snapshot(), Name: "desk",
	})
	for batch, err := range feed.Batches(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		for _, gap := range batch.Gaps {
			fmt.Println("lost", gap.First, gap.Last, gap.Reason) // alphapulse.GapSlowConsumer, …
		}
		for _, frame := range batch.Frames {
			quotes, err := alphapulse.Rows[layout.Quote](frame) // in place
			fmt.Println(len(quotes), err)
		}
		_ = batch.ResumeToken // a later feed goes on here: Start: alphapulse.Resume(token)
	}
}

func ExampleExtension() {
	var frame *alphapulse.Frame
	model, found, err := alphapulse.Extension[layout.SlippageModelTlv](frame)
	for tlv := range frame.TLVs() {
		fmt.Println(tlv.Type, len(tlv.Value)) // of every type, known or not
	}
	_, _, _, _ = model, found, err, frame.Causes()
}

func ExampleMesh_Publisher() {
	publisher, err := mesh.Publisher(alphapulse.MarketData, alphapulse.PublisherOptions{Name: "my-collector"})
	frame, err := alphapulse.Encode([]layout.Quote{{InstrumentId: a, BidPrice: 6123450000000}},
		alphapulse.FrameParts{Source: fbs.SourceTypeKRAKEN_COLLECTOR, Context: alphapulse.NewContext()})
	number, err := publisher.Publish(ctx, frame) // waits while too much is unacknowledged
	err = publisher.Close(ctx)                   // everything is in the relay
	_, _ = number, err
}

func ExampleOrders_Submit() {
	order, err := mesh.Orders.Submit(ctx, alphapulse.Order{
		Instrument: a, Side: executionv1.Side_SIDE_BUY, Quantity: "0.5", Price: "61234.5",
	})
	order, err = mesh.Orders.Cancel(ctx, alphapulse.OrderID(order.GetOrderId()))
	for open, err := range mesh.Orders.List(ctx, alphapulse.OrderFilter{OpenOnly: true}) {
		fmt.Println(open.GetOrderId(), open.GetLeavesQuantity(), err)
	}
	_ = err
}
