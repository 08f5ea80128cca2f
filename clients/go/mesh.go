package alphapulse

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	executionv1 "alphapulse.dev/gen/go/alphapulse/execution/v1"
	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

const maxMessageBytes = 64 << 20

// As in the other clients: a connection that says nothing is asked, and a service that was started again
// is back within a second, so that gRPC's wait of up to two minutes is too long.
var (
	alive     = keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}
	reconnect = grpc.ConnectParams{
		Backoff: grpcbackoff.Config{
			BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second,
		},
		MinConnectTimeout: 10 * time.Second,
	}
)

// Mesh is a connection to a mesh: one address, everything behind it.
type Mesh struct {
	// Registry looks up and changes instruments and venues.
	Registry *Registry
	// Orders submits and cancels.
	Orders *Orders

	connection *grpc.ClientConn
	closing    context.Context
	close      context.CancelFunc
}

// Option changes how Connect connects.
type Option func(*options)

type options struct {
	credentials credentials.TransportCredentials
	dial        []grpc.DialOption
}

// WithCredentials uses TLS; without it the connection is in clear text.
func WithCredentials(c credentials.TransportCredentials) Option {
	return func(o *options) { o.credentials = c }
}

// WithDialOptions passes options on to grpc.NewClient.
func WithDialOptions(dial ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, dial...) }
}

// Connect waits until the mesh's gateway answers at target ("host:port"), or until ctx ends.
func Connect(ctx context.Context, target string, with ...Option) (*Mesh, error) {
	chosen := options{credentials: insecure.NewCredentials()}
	for _, option := range with {
		option(&chosen)
	}
	dial := append([]grpc.DialOption{
		grpc.WithTransportCredentials(chosen.credentials),
		grpc.WithChainUnaryInterceptor(retrying),
		grpc.WithKeepaliveParams(alive),
		grpc.WithConnectParams(reconnect),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes), grpc.MaxCallSendMsgSize(maxMessageBytes)),
	}, chosen.dial...)
	connection, err := grpc.NewClient(target, dial...)
	if err != nil {
		return nil, fmt.Errorf("alphapulse: %s: %w", target, err)
	}
	connection.Connect()
	for state := connection.GetState(); state != connectivity.Ready; state = connection.GetState() {
		if !connection.WaitForStateChange(ctx, state) {
			connection.Close()
			return nil, &unreachable{target, ctx.Err()}
		}
	}
	closing, cancel := context.WithCancel(context.Background())
	return &Mesh{
		Registry:   &Registry{stub: registryv1.NewRegistryServiceClient(connection), closing: closing},
		Orders:     &Orders{stub: executionv1.NewExecutionServiceClient(connection)},
		connection: connection,
		closing:    closing,
		close:      cancel,
	}, nil
}

// unreachable is an Error with the context's own as its cause.
type unreachable struct {
	target string
	cause  error
}

func (u *unreachable) Error() string {
	return fmt.Sprintf("%s: nobody answers at %s: %s", ReasonMeshUnreachable, u.target, u.cause)
}

func (u *unreachable) Unwrap() []error {
	known := &Error{
		Code: codes.Unavailable, Reason: ReasonMeshUnreachable, Values: map[string]string{"target": u.target},
		Message: "nobody answers at " + u.target,
	}
	return []error{known, u.cause}
}

// Close ends every feed, watch and publisher, and the connection.
func (m *Mesh) Close() error {
	m.close()
	return m.connection.Close()
}

// until is a context that ends with either.
func until(ctx, closing context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(closing, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
