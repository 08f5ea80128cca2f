// Package alphapulse is the Go client of an AlphaPulse mesh: instruments, feeds, orders.
//
//	mesh, err := alphapulse.Connect(ctx, "localhost:10000")
//	btc, err := mesh.Registry.Resolve(ctx, alphapulse.Symbol("BTCUSDT", "BINANCE"))
//	feed := mesh.Feed(alphapulse.MarketData, alphapulse.FeedOptions{Instruments: []alphapulse.InstrumentID{btc.ID()}})
//	for batch, err := range feed.Batches(ctx) {
//		for _, frame := range batch.Frames {
//			quotes, err := alphapulse.Rows[layout.Quote](frame)
//		}
//	}
//
// Frames are FlatBuffers, read in place: rows are Go structs over the bytes that arrived.
package alphapulse
