package alphapulse

import (
	"context"
	"sync/atomic"
	"time"

	relayv1 "alphapulse.dev/gen/go/alphapulse/relay/v1"
)

const (
	// progressInterval: after it also less than the relay asks for is acknowledged.
	progressInterval = 50 * time.Millisecond
	progressPatience = 5 * time.Second
)

// progress tells a relay how far frames have really come, where it asks for that. A relay that dies takes
// with it what it had handed to the connection; what a blocking subscriber has not acknowledged is kept.
type progress struct {
	relay                       relayClient
	id, limitBytes, limitFrames uint64
	bytes, asked                uint64 // since, and as of, the last time that the limits were reached

	sequence  atomic.Uint64
	news, due chan struct{}
}

// received is called with each response of one Subscribe stream; ctx is the stream's.
func (p *progress) received(ctx context.Context, response *relayv1.SubscribeResponse) {
	if p.id == 0 {
		if p.id = response.GetSubscriptionId(); p.id == 0 {
			return
		}
		p.limitBytes, p.limitFrames = response.GetAcknowledgeBytes(), response.GetAcknowledgeFrames()
		p.news, p.due = make(chan struct{}, 1), make(chan struct{}, 1)
		go p.tell(ctx)
	}
	sequence := response.GetDeliveredSequence()
	if sequence == 0 { // a part of a snapshot
		return
	}
	p.sequence.Store(sequence)
	for _, frame := range response.GetFrames() {
		p.bytes += uint64(len(frame))
	}
	if p.asked == 0 {
		p.asked = sequence
	}
	// what was filtered out counts too: the relay keeps sequences
	if p.bytes >= p.limitBytes || sequence-p.asked >= p.limitFrames {
		p.bytes, p.asked = 0, sequence
		signal(p.due)
		return
	}
	signal(p.news)
}

// tell makes one call after the other: each says all that has come until then.
func (p *progress) tell(ctx context.Context) {
	told := uint64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.due:
		case <-p.news:
			select {
			case <-ctx.Done():
				return
			case <-p.due:
			case <-time.After(progressInterval):
			}
		}
		sequence := p.sequence.Load()
		if sequence == told {
			continue
		}
		patience, cancel := context.WithTimeout(ctx, progressPatience)
		_, err := p.relay.Acknowledge(patience, &relayv1.AcknowledgeRequest{
			SubscriptionId: p.id, DeliveredSequence: sequence,
		})
		cancel()
		if err != nil { // where the stream has broken too it is opened again; else the next one says it
			signal(p.news)
			continue
		}
		told = sequence
	}
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
