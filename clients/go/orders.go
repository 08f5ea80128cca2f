package alphapulse

import (
	"context"

	"github.com/google/uuid"

	executionv1 "alphapulse.dev/gen/go/alphapulse/execution/v1"
)

// Orders submits, cancels and lists orders.
type Orders struct {
	stub executionv1.ExecutionServiceClient
}

// Order is what to trade. Prices and quantities are decimal text.
type Order struct {
	Instrument InstrumentID
	Side       executionv1.Side
	Quantity   string
	// Price is empty for a market order.
	Price       string
	TimeInForce executionv1.TimeInForce
	// ClientOrderID is unique per account; 0 lets execution choose.
	ClientOrderID uint64
	Account       uint32
	PostOnly      bool
	ReduceOnly    bool
}

// Submit places an order. One that validation, risk or the venue refused comes back with the status
// REJECTED and a reason. The call carries a request id, so that a retry on the way is one order.
func (o *Orders) Submit(ctx context.Context, order Order) (*executionv1.Order, error) {
	answer, err := o.stub.SubmitOrder(ctx, &executionv1.SubmitOrderRequest{
		InstrumentId:  IDText(order.Instrument),
		Side:          order.Side,
		Quantity:      order.Quantity,
		Price:         order.Price,
		TimeInForce:   order.TimeInForce,
		ClientOrderId: order.ClientOrderID,
		AccountId:     order.Account,
		PostOnly:      order.PostOnly,
		ReduceOnly:    order.ReduceOnly,
		RequestId:     uuid.NewString(),
	})
	return answer.GetOrder(), explain(err)
}

// Cancel asks for the cancelation of a working order.
func (o *Orders) Cancel(ctx context.Context, orderID uint64) (*executionv1.Order, error) {
	answer, err := o.stub.CancelOrder(ctx, &executionv1.CancelOrderRequest{OrderId: orderID})
	return answer.GetOrder(), explain(err)
}

// Get is an order and its fills, oldest first.
func (o *Orders) Get(ctx context.Context, orderID uint64) (*executionv1.Order, []*executionv1.Fill, error) {
	answer, err := o.stub.GetOrder(ctx, &executionv1.GetOrderRequest{OrderId: orderID})
	return answer.GetOrder(), answer.GetFills(), explain(err)
}
