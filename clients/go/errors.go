package alphapulse

import (
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is a failure that the mesh explains: match it by Reason, never by its text.
type Error struct {
	// Code is gRPC's.
	Code codes.Code
	// Reason is stable and UPPER_SNAKE, e.g. INSTRUMENT_UNKNOWN.
	Reason string
	// Values explain this one case.
	Values  map[string]string
	Message string
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Reason, e.Message)
}

// IsReason tells whether err is an Error of the mesh with this reason.
func IsReason(err error, reason string) bool {
	var known *Error
	return errors.As(err, &known) && known.Reason == reason
}

// explain turns an RPC's error into an Error; nil stays nil.
func explain(err error) error {
	if err == nil {
		return nil
	}
	said, ok := status.FromError(err)
	if !ok {
		return err
	}
	known := &Error{Code: said.Code(), Message: said.Message()}
	for _, detail := range said.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			known.Reason, known.Values = info.GetReason(), info.GetMetadata()
		}
	}
	return known
}

// transient tells whether the same call may go through later.
func transient(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.Canceled, codes.Internal, codes.ResourceExhausted, codes.DeadlineExceeded:
		return true
	default:
		return false
	}
}
