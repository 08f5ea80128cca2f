package alphapulse

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	executionv1 "alphapulse.dev/gen/go/alphapulse/execution/v1"
)

// Orders submits, cancels and lists orders. Its calls are made again while execution is unavailable and
// their context has time; a request id makes that one order.
type Orders struct {
	stub executionv1.ExecutionServiceClient
}

// Order is what to trade. Prices and quantities are decimal text.
type Order struct {
	Instrument InstrumentID
	Side       executionv1.Side
	Quantity   string
	// Price is empty for a market order.
	Price     string
	StopPrice string
	// OrderType is LIMIT when a price is given, else MARKET, where it is not said.
	OrderType   executionv1.OrderType
	TimeInForce executionv1.TimeInForce
	// ExpiresAt is for GTD.
	ExpiresAt time.Time
	// ClientOrderID is unique per account; 0 lets execution choose.
	ClientOrderID uint64
	Account       uint32
	Strategy      uint32
	PostOnly      bool
	ReduceOnly    bool
	// RequestID makes submitting again the same order; a new one when empty.
	RequestID string
}

// Submit places an order. One that validation, risk or the venue refused comes back with the status
// REJECTED and a reason.
func (o *Orders) Submit(ctx context.Context, order Order) (*executionv1.Order, error) {
	if order.RequestID == "" {
		order.RequestID = uuid.NewString()
	}
	answer, err := o.stub.SubmitOrder(ctx, &executionv1.SubmitOrderRequest{
		InstrumentId:  IDText(order.Instrument),
		Side:          order.Side,
		Quantity:      order.Quantity,
		Price:         order.Price,
		StopPrice:     order.StopPrice,
		OrderType:     order.OrderType,
		TimeInForce:   order.TimeInForce,
		ExpiresAt:     timestampOf(order.ExpiresAt),
		ClientOrderId: order.ClientOrderID,
		AccountId:     order.Account,
		StrategyId:    order.Strategy,
		PostOnly:      order.PostOnly,
		ReduceOnly:    order.ReduceOnly,
		RequestId:     order.RequestID,
	})
	return answer.GetOrder(), explain(err)
}

// OrderRef names an order: execution's own number, or an account's number of it.
type OrderRef struct {
	orderID, clientOrderID uint64
	account                uint32
}

// OrderID names an order by execution's number.
func OrderID(number uint64) OrderRef { return OrderRef{orderID: number} }

// ClientOrderID names an order by the number that an account gave it.
func ClientOrderID(account uint32, number uint64) OrderRef {
	return OrderRef{account: account, clientOrderID: number}
}

// Cancel asks for the cancelation of a working order.
func (o *Orders) Cancel(ctx context.Context, order OrderRef) (*executionv1.Order, error) {
	answer, err := o.stub.CancelOrder(ctx, &executionv1.CancelOrderRequest{
		OrderId: order.orderID, AccountId: order.account, ClientOrderId: order.clientOrderID,
	})
	return answer.GetOrder(), explain(err)
}

// Get is an order and its fills, oldest first.
func (o *Orders) Get(ctx context.Context, order OrderRef) (*executionv1.Order, []*executionv1.Fill, error) {
	answer, err := o.stub.GetOrder(ctx, &executionv1.GetOrderRequest{
		OrderId: order.orderID, AccountId: order.account, ClientOrderId: order.clientOrderID,
	})
	return answer.GetOrder(), answer.GetFills(), explain(err)
}

// OrderFilter narrows List; its zero value passes everything.
type OrderFilter struct {
	Account    uint32
	Strategy   uint32
	Instrument InstrumentID
	Status     executionv1.OrderStatus
	OpenOnly   bool
}

// List yields the orders that pass the filter, newest first; it pages by itself.
func (o *Orders) List(ctx context.Context, filter OrderFilter) iter.Seq2[*executionv1.Order, error] {
	instrument := ""
	if filter.Instrument != (InstrumentID{}) {
		instrument = IDText(filter.Instrument)
	}
	return paged(func(token string) ([]*executionv1.Order, string, error) {
		page, err := o.stub.ListOrders(ctx, &executionv1.ListOrdersRequest{
			PageSize: pageSize, PageToken: token, AccountId: filter.Account, StrategyId: filter.Strategy,
			InstrumentId: instrument, Status: filter.Status, OpenOnly: filter.OpenOnly,
		})
		return page.GetOrders(), page.GetNextPageToken(), err
	})
}

// Fills yields the fills of an order (execution's number), or all of them for 0, newest first.
func (o *Orders) Fills(ctx context.Context, orderID uint64) iter.Seq2[*executionv1.Fill, error] {
	return paged(func(token string) ([]*executionv1.Fill, string, error) {
		page, err := o.stub.ListFills(ctx, &executionv1.ListFillsRequest{
			PageSize: pageSize, PageToken: token, OrderId: orderID,
		})
		return page.GetFills(), page.GetNextPageToken(), err
	})
}
