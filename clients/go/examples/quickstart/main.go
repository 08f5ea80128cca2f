// Command quickstart resolves an instrument, tails its quotes in place and submits an order.
//
//	go run ./examples/quickstart -target localhost:10000 -symbol BTCUSDT -venue SIMULATOR
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	alphapulse "alphapulse.dev/client"
	executionv1 "alphapulse.dev/gen/go/alphapulse/execution/v1"
	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

func main() {
	target := flag.String("target", "localhost:10000", "address of the mesh's gateway")
	symbol := flag.String("symbol", "BTCUSDT", "what to trade")
	venue := flag.String("venue", "SIMULATOR", "where")
	quotes := flag.Int("quotes", 10, "quotes to read")
	quantity := flag.String("quantity", "0.001", "what to buy")
	flag.Parse()
	log.SetFlags(0)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, *target, *symbol, *venue, *quantity, *quotes); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, target, symbol, venue, quantity string, wanted int) error {
	mesh, err := alphapulse.Connect(ctx, target)
	if err != nil {
		return err
	}
	defer mesh.Close()

	instrument, err := mesh.Registry.Resolve(ctx, alphapulse.Symbol(symbol, venue))
	if err != nil {
		return err
	}
	fmt.Printf("%s on %s is %s\n", symbol, venue, alphapulse.IDText(instrument.ID()))

	read, ask, err := tail(ctx, mesh, instrument.ID(), wanted)
	if err != nil {
		return err
	}
	order, err := mesh.Orders.Submit(ctx, alphapulse.Order{
		Instrument:  instrument.ID(),
		Side:        executionv1.Side_SIDE_BUY,
		Quantity:    quantity,
		TimeInForce: executionv1.TimeInForce_TIME_IN_FORCE_IOC,
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"instrument_id": alphapulse.IDText(instrument.ID()),
		"quotes":        read,
		"ask":           float64(ask) / 1e8,
		"order_id":      order.GetOrderId(),
		"status":        order.GetStatus().String(),
	})
}

func tail(ctx context.Context, mesh *alphapulse.Mesh, id alphapulse.InstrumentID, wanted int) (int, int64, error) {
	feed := mesh.Feed(alphapulse.MarketData, alphapulse.FeedOptions{
		MessageTypes: []fbs.MessageType{fbs.MessageTypeQUOTE},
		Instruments:  []alphapulse.InstrumentID{id},
		Start:        alphapulse.Oldest(),
		Name:         "go quickstart",
	})
	read, ask := 0, int64(0)
	for batch, err := range feed.Batches(ctx) {
		if err != nil {
			return read, ask, err
		}
		for _, frame := range batch.Frames {
			rows, err := alphapulse.Rows[layout.Quote](frame)
			if err != nil {
				return read, ask, err
			}
			for i := range rows {
				read, ask = read+1, rows[i].AskPrice
				if read == wanted {
					return read, ask, nil
				}
			}
		}
	}
	return read, ask, ctx.Err()
}
