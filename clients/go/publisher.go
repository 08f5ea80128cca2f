package alphapulse

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	relayv1 "alphapulse.dev/gen/go/alphapulse/relay/v1"
)

const (
	// MaxFrameBytes is the largest frame that a publisher takes.
	MaxFrameBytes = 4 << 20

	publishBytes = 1 << 20 // of a message
	beats        = 4       // signs of life within a lease, while there is nothing to send
)

// PublisherOptions say who publishes; the zero values of the rest are right for most.
type PublisherOptions struct {
	// Name is for people: service and instance.
	Name string
	// ID is of this producer alone and stable over reconnects; 0: a random one. A process that takes an
	// earlier one's id goes on after that one's last number.
	ID uint64
	// MaxUnacked is how many frames may wait for their acknowledgement before Publish waits; 8,192 when 0.
	MaxUnacked int
	// MaxUnackedBytes is the same in bytes; 8 MiB when 0.
	MaxUnackedBytes int
	// OnRejection is called for each frame that the relay refuses; the others go on.
	OnRejection func(Rejection)
	// OnGap is called for each range of frames that the relay never got.
	OnGap func(ProducerGap)
}

// Rejection is a frame that the relay refused.
type Rejection struct {
	// Number is what Publish gave the frame.
	Number uint64
	Reason Reason
	// Offset is the byte at which the frame is wrong.
	Offset  uint32
	Message string
}

// ProducerGap is a closed range of frames, by their numbers, that the relay never got.
type ProducerGap struct{ First, Last uint64 }

// Publisher sends frames of one producer to one domain, each into the relay once: what is not
// acknowledged is kept and sent again after a reconnect, and the relay drops what it has. Its methods may
// be called by any goroutine; the order of one is kept.
type Publisher struct {
	domain      Domain
	options     PublisherOptions
	relay       relayClient
	incarnation uint64
	cancel      context.CancelFunc
	ended       chan struct{}
	work        chan struct{}

	mu      sync.Mutex
	news    chan struct{} // closed and made anew when something changed
	waiting [][]byte      // not acknowledged, in order; the first has the number done+1
	sent    int           // of them, on the stream that stands
	bytes   int
	done    uint64 // every frame up to this number is acknowledged
	last    uint64
	failure error
	closed  bool

	// of the numbering in the relay: numbers there are ours plus base
	base, predecessor, resumed uint64
	greeted                    bool
	lease                      time.Duration
	inUseSince                 time.Time
}

// Publisher makes a publisher and begins to connect. Close it to be sure that all is in the relay.
func (m *Mesh) Publisher(domain Domain, options PublisherOptions) (*Publisher, error) {
	relay, err := m.relay(domain)
	if err != nil {
		return nil, err
	}
	if options.ID == 0 {
		options.ID = randomID()
	}
	if options.MaxUnacked <= 0 {
		options.MaxUnacked = 8192
	}
	if options.MaxUnackedBytes <= 0 {
		options.MaxUnackedBytes = 8 << 20
	}
	ctx, cancel := context.WithCancel(m.closing)
	publisher := &Publisher{
		domain: domain, options: options, relay: relay, incarnation: randomID(), cancel: cancel,
		ended: make(chan struct{}), work: make(chan struct{}, 1), news: make(chan struct{}),
	}
	go publisher.run(ctx)
	return publisher, nil
}

func randomID() uint64 {
	var bytes [8]byte
	rand.Read(bytes[:]) //nolint:errcheck // it never fails
	return max(binary.LittleEndian.Uint64(bytes[:]), 1)
}

// Publish queues frames in order and waits while too much is unacknowledged. It answers the number of the
// last one, counted from 1: that is safe in the relay once Acknowledged has reached it.
func (p *Publisher) Publish(ctx context.Context, frames ...[]byte) (uint64, error) {
	for _, frame := range frames {
		if len(frame) > MaxFrameBytes {
			return p.Published(), badFrame(ReasonFrameTooLarge, 0, "%d bytes are above %d", len(frame), MaxFrameBytes)
		}
		err := p.until(ctx, func() bool {
			if len(p.waiting) >= p.options.MaxUnacked || p.bytes >= p.options.MaxUnackedBytes {
				return false
			}
			p.waiting = append(p.waiting, frame)
			p.bytes += len(frame)
			p.last++
			return true
		})
		if err != nil {
			return p.Published(), err
		}
		signal(p.work)
	}
	return p.Published(), nil
}

// Flush waits until everything published so far is acknowledged: taken, or refused and reported.
func (p *Publisher) Flush(ctx context.Context) error {
	target := p.Published()
	return p.until(ctx, func() bool { return p.done >= target })
}

// Ready waits until the relay has answered.
func (p *Publisher) Ready(ctx context.Context) error {
	return p.until(ctx, func() bool { return p.greeted })
}

// Close flushes until ctx ends, then ends the stream.
func (p *Publisher) Close(ctx context.Context) error {
	err := p.Flush(ctx)
	p.cancel()
	<-p.ended
	return err
}

// Published is the number of the last frame given to Publish.
func (p *Publisher) Published() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// Acknowledged: every frame up to this number the relay has taken, dropped as a duplicate or refused.
func (p *Publisher) Acknowledged() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// Resumed is what the relay had of this producer's id before, by its first greeting.
func (p *Publisher) Resumed() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resumed
}

// changed wakes those who wait; the lock is held.
func (p *Publisher) changed() {
	close(p.news)
	p.news = make(chan struct{})
}

// until waits for a condition, which is asked under the lock.
func (p *Publisher) until(ctx context.Context, condition func() bool) error {
	for {
		p.mu.Lock()
		if p.failure != nil || p.closed {
			defer p.mu.Unlock()
			if p.failure != nil {
				return p.failure
			}
			return &Error{Code: codes.FailedPrecondition, Reason: ReasonPublisherClosed, Message: "the publisher is closed"}
		}
		met, news := condition(), p.news
		p.mu.Unlock()
		if met {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the %s relay has not acknowledged %d frames: %w", p.domain, p.unacknowledged(), ctx.Err())
		case <-news:
		}
	}
}

func (p *Publisher) unacknowledged() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

func (p *Publisher) run(ctx context.Context) {
	defer close(p.ended)
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.closed = true
		p.changed()
	}()
	var retry backoff
	for ctx.Err() == nil {
		err := p.session(ctx, &retry)
		if ctx.Err() != nil {
			return
		}
		p.mu.Lock()
		p.sent = 0 // to be sent again
		if !p.mayPass(err) {
			p.failure = explain(err)
			p.changed()
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		retry.wait(ctx)
	}
}

// mayPass tells whether to try again. Who seems to live under our id may be a connection that broke unseen:
// no longer than its lease. The lock is held.
func (p *Publisher) mayPass(err error) bool {
	if reasonOf(err) != ReasonProducerIDInUse {
		return transient(err)
	}
	if p.inUseSince.IsZero() {
		p.inUseSince = time.Now()
	}
	var known *Error
	_ = errors.As(explain(err), &known)
	seconds, _ := strconv.ParseFloat(known.Values["lease_seconds"], 64)
	return time.Since(p.inUseSince).Seconds() < seconds
}

// session is one stream: say who we are, hear how far the relay has come, send from there on.
func (p *Publisher) session(ctx context.Context, retry *backoff) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := p.relay.Publish(ctx)
	if err != nil {
		return err
	}
	hello := &relayv1.PublishRequest{
		ProducerId: p.options.ID, ProducerName: p.options.Name, Incarnation: p.incarnation,
	}
	_ = stream.Send(hello) // why it fails is what Recv says
	answer, err := stream.Recv()
	if err != nil {
		return notEnded(err)
	}
	if err := p.greet(answer); err != nil {
		return err
	}
	retry.reset()
	written := make(chan struct{})
	go func() {
		defer close(written)
		p.write(ctx, stream)
	}()
	defer func() {
		cancel()
		<-written
	}()
	for {
		answer, err := stream.Recv()
		if err != nil {
			return notEnded(err)
		}
		p.heard(answer)
	}
}

// greet takes up the relay's numbering, or says why that cannot be.
func (p *Publisher) greet(hello *relayv1.PublishResponse) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inUseSince = time.Time{}
	p.lease = time.Duration(hello.GetLeaseMilliseconds()) * time.Millisecond
	known, last := hello.GetAcknowledgedSequence(), hello.GetLastIncarnation()
	switch {
	case !p.greeted:
		p.base, p.resumed, p.predecessor = known, known, last
	case last != 0 && last != p.incarnation:
		if last != p.predecessor || p.done > 0 {
			// what is acknowledged now may be that one's frames: ours cannot be told from them
			return &Error{
				Code: codes.FailedPrecondition, Reason: ReasonProducerReplaced,
				Message: fmt.Sprintf("another producer has gone on under the id %#x meanwhile; %d frames may not be in the relay",
					p.options.ID, len(p.waiting)),
			}
		}
		p.base = known // nothing of ours has come yet
	case known < p.base+p.done:
		p.base = known - p.done // the relay has lost its memory: numbered on from what it knows
	}
	p.greeted = true
	p.acknowledged(known)
	p.changed()
	return nil
}

// acknowledged lets go of what the relay has; the lock is held.
func (p *Publisher) acknowledged(wire uint64) {
	count := min(int(int64(wire-p.base-p.done)), len(p.waiting))
	if count <= 0 {
		return
	}
	for _, frame := range p.waiting[:count] {
		p.bytes -= len(frame)
	}
	p.waiting = p.waiting[count:]
	p.sent = max(p.sent-count, 0)
	p.done += uint64(count)
	p.changed()
}

func (p *Publisher) heard(answer *relayv1.PublishResponse) {
	p.mu.Lock()
	base := p.base
	p.mu.Unlock()
	for _, refused := range answer.GetRejections() {
		if p.options.OnRejection != nil {
			p.options.OnRejection(Rejection{
				refused.GetProducerSequence() - base, Reason(refused.GetReason()), refused.GetOffset(), refused.GetMessage(),
			})
		}
	}
	for _, gap := range answer.GetGaps() {
		if p.options.OnGap != nil {
			p.options.OnGap(ProducerGap{gap.GetFirst() - base, gap.GetLast() - base})
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acknowledged(answer.GetAcknowledgedSequence())
}

// write sends what waits, and signs of life while nothing does, until the stream ends.
func (p *Publisher) write(ctx context.Context, stream publishStream) {
	p.mu.Lock()
	lease := p.lease
	p.mu.Unlock()
	var beat <-chan time.Time
	if lease > 0 {
		ticker := time.NewTicker(lease / beats)
		defer ticker.Stop()
		beat = ticker.C
	}
	for {
		message := p.take()
		if message == nil {
			select {
			case <-ctx.Done():
				return
			case <-p.work:
				continue
			case <-beat:
				message = &relayv1.PublishRequest{}
			}
		}
		if stream.Send(message) != nil { // why is what Recv says
			return
		}
	}
}

// take is the next message, nil where nothing waits.
func (p *Publisher) take() *relayv1.PublishRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent == len(p.waiting) {
		return nil
	}
	message := &relayv1.PublishRequest{FirstSequence: p.base + p.done + uint64(p.sent) + 1}
	for size := 0; p.sent < len(p.waiting) && (size == 0 || size+len(p.waiting[p.sent]) <= publishBytes); p.sent++ {
		message.Frames = append(message.Frames, p.waiting[p.sent])
		size += len(p.waiting[p.sent])
	}
	return message
}

type publishStream = grpc.BidiStreamingClient[relayv1.PublishRequest, relayv1.PublishResponse]
