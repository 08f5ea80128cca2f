package alphapulse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	relayv1 "alphapulse.dev/gen/go/alphapulse/relay/v1"
	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
)

// Domain is one of the four kinds of feed.
type Domain string

// The domains.
const (
	MarketData Domain = "market_data"
	Signals    Domain = "signal"
	Execution  Domain = "execution"
	System     Domain = "system"
)

// Start is where a feed begins; the zero value is the latest.
type Start struct {
	position relayv1.StartPosition
	sequence uint64
	time     time.Time
}

// Latest is what comes from now on.
func Latest() Start { return Start{position: relayv1.StartPosition_START_POSITION_LATEST} }

// Oldest is the oldest frame of the relay's window.
func Oldest() Start { return Start{position: relayv1.StartPosition_START_POSITION_OLDEST} }

// From is a sequence; where it has left the window a gap says what is missing.
func From(sequence uint64) Start {
	return Start{position: relayv1.StartPosition_START_POSITION_SEQUENCE, sequence: sequence}
}

// Since is the first frame that the relay got at or after a time.
func Since(t time.Time) Start {
	return Start{position: relayv1.StartPosition_START_POSITION_TIME, time: t}
}

// FeedOptions narrow a feed; empty filters pass everything.
type FeedOptions struct {
	MessageTypes []fbs.MessageType
	Instruments  []InstrumentID
	Start        Start
	// Policy says what the relay does when this consumer falls behind; the zero value drops the
	// oldest and reports the gap, so that this consumer holds nobody back.
	Policy relayv1.SlowConsumerPolicy
	// Name is for people, and for the relay's gauge of the lag.
	Name string
}

// Gap is a closed range of sequences that this consumer will not get.
type Gap struct {
	First, Last uint64
	Reason      string
}

// Batch is all that was ready: frames in the order of their sequences, and what was lost of them.
type Batch struct {
	Frames []*Frame
	Gaps   []Gap
	// Delivered: every sequence up to here was delivered, filtered out or reported as a gap.
	Delivered uint64
	// Head is the relay's newest sequence when it sent this.
	Head uint64
}

// Feed is one domain's frames; it reconnects by itself and goes on after what it has delivered.
type Feed struct {
	domain  Domain
	request *relayv1.SubscribeRequest
	mesh    *Mesh
}

// Feed makes a feed; it connects when its batches are read.
func (m *Mesh) Feed(domain Domain, options FeedOptions) *Feed {
	request := &relayv1.SubscribeRequest{
		Start:              options.Start.position,
		StartSequence:      options.Start.sequence,
		SlowConsumerPolicy: options.Policy,
		SubscriberName:     options.Name,
	}
	if !options.Start.time.IsZero() {
		request.StartTime = timestamppb.New(options.Start.time)
	}
	if request.SlowConsumerPolicy == relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_UNSPECIFIED {
		request.SlowConsumerPolicy = relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_DROP_OLDEST
	}
	for _, messageType := range options.MessageTypes {
		request.MessageTypes = append(request.MessageTypes, uint32(messageType))
	}
	for _, instrument := range options.Instruments {
		request.InstrumentIds = append(request.InstrumentIds, IDBytes(instrument)...)
	}
	return &Feed{domain: domain, request: request, mesh: m}
}

const (
	firstWait = 50 * time.Millisecond
	longest   = 2 * time.Second
)

// Batches reads the feed until ctx ends (then without an error), the caller stops, or the relay refuses.
// A Feed is read once, by one goroutine.
func (f *Feed) Batches(ctx context.Context) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		wait := firstWait
		for ctx.Err() == nil {
			progressed, err := f.stream(ctx, yield)
			if err == nil || ctx.Err() != nil {
				return
			}
			if !transient(err) {
				yield(Batch{}, explain(err))
				return
			}
			if progressed {
				wait = firstWait
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(rand.Int64N(int64(wait)) + 1)): // full jitter
			}
			wait = min(2*wait, longest)
		}
	}
}

// stream reads one connection's worth; a nil error means that the caller has had enough.
func (f *Feed) stream(ctx context.Context, yield func(Batch, error) bool) (progressed bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := f.subscribe(ctx)
	if err != nil {
		return false, err
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return progressed, notEnded(err)
		}
		batch, err := f.read(response)
		if err != nil {
			yield(Batch{}, err)
			return progressed, nil
		}
		progressed = true
		f.request.Start = relayv1.StartPosition_START_POSITION_SEQUENCE
		f.request.StartSequence = response.GetDeliveredSequence() + 1
		f.request.StartTime = nil
		if len(batch.Frames)+len(batch.Gaps) > 0 && !yield(batch, nil) {
			return progressed, nil
		}
	}
}

// notEnded: a relay that ends a stream in order is draining; a feed goes on with the next one.
func notEnded(err error) error {
	if errors.Is(err, io.EOF) {
		return status.Error(codes.Unavailable, "the relay ended the stream")
	}
	return err
}

func (f *Feed) read(response *relayv1.SubscribeResponse) (Batch, error) {
	batch := Batch{Delivered: response.GetDeliveredSequence(), Head: response.GetHeadSequence()}
	for _, data := range response.GetFrames() {
		frame, err := ParseFrame(data)
		if err != nil {
			return Batch{}, fmt.Errorf("after sequence %d: %w", f.request.GetStartSequence(), err)
		}
		batch.Frames = append(batch.Frames, frame)
	}
	for _, gap := range response.GetGaps() {
		batch.Gaps = append(batch.Gaps, Gap{gap.GetRange().GetFirst(), gap.GetRange().GetLast(), gap.GetReason()})
	}
	return batch, nil
}

func (f *Feed) subscribe(ctx context.Context) (grpc.ServerStreamingClient[relayv1.SubscribeResponse], error) {
	switch f.domain {
	case MarketData:
		return relayv1.NewMarketDataRelayClient(f.mesh.connection).Subscribe(ctx, f.request)
	case Signals:
		return relayv1.NewSignalRelayClient(f.mesh.connection).Subscribe(ctx, f.request)
	case Execution:
		return relayv1.NewExecutionRelayClient(f.mesh.connection).Subscribe(ctx, f.request)
	case System:
		return relayv1.NewSystemRelayClient(f.mesh.connection).Subscribe(ctx, f.request)
	default:
		return nil, status.Errorf(codes.InvalidArgument, "no domain %q", f.domain)
	}
}
