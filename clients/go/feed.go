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

	commonv1 "alphapulse.dev/gen/go/alphapulse/common/v1"
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
	token    []byte
}

// Latest is what comes from now on.
func Latest() Start { return Start{position: relayv1.StartPosition_START_POSITION_LATEST} }

// Oldest is the oldest frame of the relay's window.
func Oldest() Start { return Start{position: relayv1.StartPosition_START_POSITION_OLDEST} }

// Snapshot is the last value of each instrument, then every frame after them: see Batch.Snapshot.
func Snapshot() Start { return Start{position: relayv1.StartPosition_START_POSITION_SNAPSHOT} }

// From is a sequence; where it has left the window a gap says what is missing.
func From(sequence uint64) Start {
	return Start{position: relayv1.StartPosition_START_POSITION_SEQUENCE, sequence: sequence}
}

// Since is the first frame that the relay got at or after a time.
func Since(t time.Time) Start {
	return Start{position: relayv1.StartPosition_START_POSITION_TIME, time: t}
}

// Resume goes on behind the batch of an earlier feed, also after restarts of relay and client. A token
// of another relay, or older than the relay's memory, is refused with ReasonTokenForeign.
func Resume(token []byte) Start { return Start{token: token} }

// FeedOptions narrow a feed; empty filters pass everything.
type FeedOptions struct {
	MessageTypes []fbs.MessageType
	Instruments  []InstrumentID
	Venues       []fbs.VenueId
	Sources      []fbs.SourceType
	AssetTypes   []commonv1.AssetType
	// Predicate is a condition on fields of the record: "ask_price - bid_price > 0.5".
	Predicate string
	Start     Start
	// Policy says what the relay does when this consumer falls behind; the zero value drops the
	// oldest and reports the gap, so that this consumer holds nobody back.
	Policy relayv1.SlowConsumerPolicy
	// Name is for people, and for the relay's gauge of the lag. For a named feed that blocks the relay
	// also keeps what was on the way when a connection breaks.
	Name string
	// MaxBatchBytes is the target size of a batch; 0 is the relay's choice.
	MaxBatchBytes uint32
	// VerifyChecksums checks each frame's checksum again here; the relay has done so.
	VerifyChecksums bool
	// OnReconnect is told why the stream broke, before each new attempt.
	OnReconnect func(error)
}

// Gap is a closed range of sequences that this consumer will not get. With GapRelayRestarted Last may be
// below First: nobody knows how much is missing.
type Gap struct {
	First, Last uint64
	Reason      GapReason
	// Records were conflated away in the range, where that is known.
	Records uint64
}

// Count is how many frames are missing; 0 where that is not known, or where they came cut down.
func (g Gap) Count() uint64 {
	if g.Reason == GapConflatedPartly || g.Last < g.First {
		return 0
	}
	return g.Last - g.First + 1
}

// Batch is all that was ready: frames in the order of their sequences, and what was lost of them.
type Batch struct {
	Frames []*Frame
	Gaps   []Gap
	// Delivered: every sequence up to here was delivered, filtered out or reported as a gap.
	Delivered uint64
	// Head is the relay's newest sequence when it sent this.
	Head uint64
	// ResumeToken goes on behind this batch, in a later feed: see Resume.
	ResumeToken []byte
	// Snapshot is not 0 where these are last values as of that sequence, not news. The last such batch
	// has a ResumeToken, and what follows is every frame after it; gaps of such a batch are frames that
	// the snapshot should have looked at and could not.
	Snapshot uint64
	// SnapshotFirst is the first sequence that the snapshot looked at: a value that has not changed since
	// is not in it.
	SnapshotFirst uint64
}

// Feed is one domain's frames; it reconnects by itself and goes on after what it has delivered.
type Feed struct {
	domain  Domain
	request *relayv1.SubscribeRequest
	options FeedOptions
	mesh    *Mesh
	// position is valid once the relay has said one.
	position uint64
	fixed    bool
}

// Feed makes a feed; it connects when its batches are read.
func (m *Mesh) Feed(domain Domain, options FeedOptions) *Feed {
	request := &relayv1.SubscribeRequest{
		InstrumentIds:      joinIDs(options.Instruments),
		Start:              options.Start.position,
		StartSequence:      options.Start.sequence,
		ResumeToken:        options.Start.token,
		SlowConsumerPolicy: options.Policy,
		MaxBatchBytes:      options.MaxBatchBytes,
		SubscriberName:     options.Name,
		Predicate:          options.Predicate,
		MessageTypes:       numbers(options.MessageTypes),
		Venues:             numbers(options.Venues),
		Sources:            numbers(options.Sources),
		AssetTypes:         numbers(options.AssetTypes),
	}
	if !options.Start.time.IsZero() {
		request.StartTime = timestamppb.New(options.Start.time)
	}
	if request.SlowConsumerPolicy == relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_UNSPECIFIED {
		request.SlowConsumerPolicy = relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_DROP_OLDEST
	}
	// the relay waits for such a one also when its connection breaks: it is told for what
	request.Acknowledges = options.Name != "" &&
		request.SlowConsumerPolicy == relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_BLOCK
	return &Feed{domain: domain, request: request, options: options, mesh: m}
}

func numbers[T ~uint8 | ~uint16 | ~int32](values []T) []uint32 {
	found := make([]uint32, len(values))
	for i, value := range values {
		found[i] = uint32(value)
	}
	return found
}

// Batches reads the feed until ctx ends or the mesh is closed (then without an error), the caller stops,
// or the relay refuses.
// A Feed is read once, by one goroutine.
func (f *Feed) Batches(ctx context.Context) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		ctx, cancel := until(ctx, f.mesh.closing)
		defer cancel()
		var retry backoff
		for ctx.Err() == nil {
			err := f.stream(ctx, &retry, yield)
			if err == nil || ctx.Err() != nil {
				return
			}
			if reasonOf(err) == ReasonSequenceAhead && f.fixed {
				if !yield(f.restart(), nil) {
					return
				}
			} else if f.final(err) {
				yield(Batch{}, explain(err))
				return
			}
			if f.options.OnReconnect != nil {
				f.options.OnReconnect(explain(err))
			}
			retry.wait(ctx)
		}
	}
}

// final tells whether the same subscription will never go on.
func (f *Feed) final(err error) bool {
	slow := f.request.SlowConsumerPolicy == relayv1.SlowConsumerPolicy_SLOW_CONSUMER_POLICY_DISCONNECT &&
		reasonOf(err) == ReasonSlowConsumer
	return slow || !transient(err)
}

// restart begins anew with a relay that came back without its memory and counts from the beginning.
func (f *Feed) restart() Batch {
	lost := Gap{First: f.position + 1, Last: f.position, Reason: GapRelayRestarted}
	f.fixed, f.position = false, 0
	f.request.Start = relayv1.StartPosition_START_POSITION_OLDEST
	f.request.StartSequence = 0
	return Batch{Gaps: []Gap{lost}}
}

// stream reads one connection's worth; a nil error means that the caller has had enough.
func (f *Feed) stream(ctx context.Context, retry *backoff, yield func(Batch, error) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	relay, err := f.mesh.relay(f.domain)
	if err != nil {
		return err
	}
	stream, err := relay.Subscribe(ctx, f.request)
	if err != nil {
		return err
	}
	progress := progress{relay: relay}
	for {
		response, err := stream.Recv()
		if err != nil {
			return notEnded(err)
		}
		retry.reset()
		progress.received(ctx, response)
		batch, err := f.read(response)
		if err != nil {
			yield(Batch{}, err)
			return nil
		}
		f.advance(response)
		if len(batch.Frames)+len(batch.Gaps) > 0 && !yield(batch, nil) {
			return nil
		}
	}
}

// advance makes the next connection go on behind a response. What is part of a snapshot fixes nothing
// until its last response, which has the token: a snapshot that breaks is asked for again.
func (f *Feed) advance(response *relayv1.SubscribeResponse) {
	if response.GetSnapshotSequence() != 0 && len(response.GetResumeToken()) == 0 {
		return
	}
	f.position, f.fixed = response.GetDeliveredSequence(), true
	f.request.Start = relayv1.StartPosition_START_POSITION_SEQUENCE
	f.request.StartSequence = f.position + 1
	f.request.StartTime, f.request.ResumeToken = nil, nil
}

// notEnded: a relay that ends a stream in order is draining; a feed goes on with the next one.
func notEnded(err error) error {
	if errors.Is(err, io.EOF) {
		return status.Error(codes.Unavailable, "the service ended the stream")
	}
	return err
}

func (f *Feed) read(response *relayv1.SubscribeResponse) (Batch, error) {
	batch := Batch{
		Delivered: response.GetDeliveredSequence(), Head: response.GetHeadSequence(),
		ResumeToken: response.GetResumeToken(), Snapshot: response.GetSnapshotSequence(),
		SnapshotFirst: response.GetSnapshotFirstSequence(),
	}
	for _, data := range response.GetFrames() {
		frame, err := ParseFrame(data)
		if err == nil && f.options.VerifyChecksums && !frame.ValidChecksum() {
			err = badFrame(ReasonFrameBadChecksum, 0, "the checksum of sequence %d is wrong", frame.Sequence())
		}
		if err != nil {
			return Batch{}, fmt.Errorf("after sequence %d: %w", f.position, err)
		}
		batch.Frames = append(batch.Frames, frame)
	}
	for _, gap := range response.GetGaps() {
		batch.Gaps = append(batch.Gaps, Gap{
			gap.GetRange().GetFirst(), gap.GetRange().GetLast(), GapReason(gap.GetReason()), gap.GetRecords(),
		})
	}
	return batch, nil
}

// relayClient is what the four relays have in common.
type relayClient interface {
	Publish(context.Context, ...grpc.CallOption) (publishStream, error)
	Subscribe(context.Context, *relayv1.SubscribeRequest, ...grpc.CallOption) (
		grpc.ServerStreamingClient[relayv1.SubscribeResponse], error)
	Acknowledge(context.Context, *relayv1.AcknowledgeRequest, ...grpc.CallOption) (
		*relayv1.AcknowledgeResponse, error)
	GetStatus(context.Context, *relayv1.GetStatusRequest, ...grpc.CallOption) (
		*relayv1.GetStatusResponse, error)
}

func (m *Mesh) relay(domain Domain) (relayClient, error) {
	switch domain {
	case MarketData:
		return relayv1.NewMarketDataRelayClient(m.connection), nil
	case Signals:
		return relayv1.NewSignalRelayClient(m.connection), nil
	case Execution:
		return relayv1.NewExecutionRelayClient(m.connection), nil
	case System:
		return relayv1.NewSystemRelayClient(m.connection), nil
	default:
		return nil, refuse("there is no domain %q", domain)
	}
}

// RelayStatus is what a relay holds and does: window, policy, producers, subscribers, counters.
func (m *Mesh) RelayStatus(ctx context.Context, domain Domain) (*relayv1.GetStatusResponse, error) {
	relay, err := m.relay(domain)
	if err != nil {
		return nil, err
	}
	answer, err := relay.GetStatus(ctx, &relayv1.GetStatusRequest{})
	return answer, explain(err)
}

const (
	firstWait   = 50 * time.Millisecond
	longestWait = 2 * time.Second
)

// backoff is how long to wait before a stream is opened again.
type backoff struct{ ceiling time.Duration }

func (b *backoff) reset() { b.ceiling = 0 }

// wait takes half to all of the ceiling and raises it, or ends with ctx.
func (b *backoff) wait(ctx context.Context) {
	ceiling := max(b.ceiling, firstWait)
	b.ceiling = min(2*ceiling, longestWait)
	select {
	case <-ctx.Done():
	case <-time.After(ceiling/2 + rand.N(ceiling/2)):
	}
}
