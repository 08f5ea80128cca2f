package alphapulse

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

const (
	// callTimeout is for all attempts of a call whose context has no deadline.
	callTimeout  = 30 * time.Second
	firstRetry   = 20 * time.Millisecond
	longestRetry = 500 * time.Millisecond
)

// retrying makes a unary call again while the service is unavailable and there is time. All calls of this
// library but one may be repeated: reads, and writes that are idempotent by what they write or carry a
// request id.
func retrying(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
	invoke grpc.UnaryInvoker, with ...grpc.CallOption) error {
	end, limited := ctx.Deadline()
	if !limited {
		end = time.Now().Add(callTimeout)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end)
		defer cancel()
	}
	_, once := request.(*registryv1.ReportVenueMetricsRequest) // said twice they are there twice
	for wait := firstRetry; ; wait = min(2*wait, longestRetry) {
		err := invoke(ctx, method, request, reply, connection, with...)
		if once || status.Code(err) != codes.Unavailable || time.Until(end) <= wait {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait/2 + rand.N(wait/2+1)):
		}
	}
}

// ReadOption asks something of a read.
type ReadOption func(*reading)

type reading struct{ minRevision uint64 }

// AtLeast asks for an answer that is at least as new as a revision: with Registry.Revision any replica
// shows what this client wrote. A replica that does not get there in time refuses with
// ReasonRevisionNotReached.
func AtLeast(revision uint64) ReadOption {
	return func(r *reading) { r.minRevision = revision }
}

func minRevision(with []ReadOption) uint64 {
	var asked reading
	for _, option := range with {
		option(&asked)
	}
	return asked.minRevision
}

// WriteOption says how a write is made. One that a write does not know is refused.
type WriteOption func(*writing)

type writing struct {
	given     writeOptions
	requestID string
	fields    []string
	revision  uint64
	at        time.Time
}

type writeOptions uint8

const (
	optionFields writeOptions = 1 << iota
	optionRevision
	optionAt
)

// RequestID names a write: the same one again answers what the first one answered. Writes that are not
// idempotent by themselves have one of their own when none is given.
func RequestID(id string) WriteOption {
	return func(w *writing) { w.requestID = id }
}

// Fields names the fields that an update changes, as the protobuf message does; a named one that is not
// set is cleared. Without it every field that is set changes.
func Fields(names ...string) WriteOption {
	return func(w *writing) { w.fields, w.given = names, w.given|optionFields }
}

// IfRevision refuses the write with ReasonRevisionConflict where what it changes is at another revision.
func IfRevision(revision uint64) WriteOption {
	return func(w *writing) { w.revision, w.given = revision, w.given|optionRevision }
}

// At is when a change begins to hold: what held before is kept and found as of then. Without it the
// data is corrected in place, and an instrument is delisted now.
func At(t time.Time) WriteOption {
	return func(w *writing) { w.at, w.given = t, w.given|optionAt }
}

// written collects the options of a write that knows some of them. With a generated id of its own a
// write may be repeated where its answer was lost.
func written(known writeOptions, generate bool, with []WriteOption) (writing, error) {
	var how writing
	for _, option := range with {
		option(&how)
	}
	if unknown := how.given &^ known; unknown != 0 {
		names := map[writeOptions]string{optionFields: "Fields", optionRevision: "IfRevision", optionAt: "At"}
		for option, name := range names {
			if unknown&option != 0 {
				return how, refuse("%s is no option of this write", name)
			}
		}
	}
	if generate && how.requestID == "" {
		how.requestID = uuid.NewString()
	}
	return how, nil
}
