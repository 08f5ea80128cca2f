package alphapulse

import (
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errorDomain marks the details that this mesh's services give.
const errorDomain = "alphapulse"

// Error is a failure that the mesh, or this library, explains: match it by Reason, never by its text.
type Error struct {
	// Code is gRPC's.
	Code codes.Code
	// Reason is stable; the code's name (UNAVAILABLE) where nobody gave one.
	Reason Reason
	// Values explain this one case.
	Values  map[string]string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Reason, e.Message) }

// Is makes errors.Is(err, ReasonRevisionConflict) find this error by its reason.
func (e *Error) Is(target error) bool {
	reason, ok := target.(Reason)
	return ok && reason == e.Reason
}

// ErrBadFrame is what every FrameError is, for errors.Is.
var ErrBadFrame = errors.New("alphapulse: malformed frame")

// FrameError is a frame that cannot be read; Offset is the byte where that was seen, of the frame or of
// the part of it that was read.
type FrameError struct {
	Reason  Reason
	Offset  int
	Message string
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("%s: %s (byte %d)", e.Reason, e.Message, e.Offset)
}

// Is makes errors.Is find this error as ErrBadFrame and by its reason.
func (e *FrameError) Is(target error) bool {
	reason, ok := target.(Reason)
	return target == ErrBadFrame || ok && reason == e.Reason
}

func badFrame(reason Reason, offset int, format string, values ...any) error {
	return &FrameError{reason, offset, fmt.Sprintf(format, values...)}
}

// AmbiguousError says that several instruments fit a key equally well, best first.
type AmbiguousError struct {
	Candidates []Instrument
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s: %d instruments fit", ReasonInstrumentAmbiguous, len(e.Candidates))
}

// Unwrap gives the Error with its code and reason.
func (e *AmbiguousError) Unwrap() error {
	return &Error{
		Code: codes.FailedPrecondition, Reason: ReasonInstrumentAmbiguous,
		Message: fmt.Sprintf("%d instruments fit", len(e.Candidates)),
	}
}

// IsReason tells whether err is an Error of the mesh with this reason.
func IsReason(err error, reason Reason) bool {
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
	known := &Error{Code: said.Code(), Reason: codeName(said.Code()), Message: said.Message()}
	for _, detail := range said.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == errorDomain {
			known.Reason, known.Values = Reason(info.GetReason()), info.GetMetadata()
		}
	}
	return known
}

func refuse(format string, values ...any) error {
	return &Error{Code: codes.InvalidArgument, Reason: ReasonArgumentInvalid, Message: fmt.Sprintf(format, values...)}
}

// codeName is a code as gRPC spells it: UPPER_SNAKE.
func codeName(of codes.Code) Reason { return Reason(code.Code(of).String()) }

// reasonOf is the stable reason of an RPC's error, empty where there is none.
func reasonOf(err error) Reason {
	var known *Error
	if errors.As(explain(err), &known) {
		return known.Reason
	}
	return ""
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
