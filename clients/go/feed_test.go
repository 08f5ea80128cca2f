package alphapulse

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
	relayv1 "alphapulse.dev/gen/go/alphapulse/relay/v1"
)

// breakingRelay sends one response a stream and then breaks it, remembering what was asked for.
type breakingRelay struct {
	relayv1.UnimplementedMarketDataRelayServer
	frame []byte

	mu       sync.Mutex
	requests []*relayv1.SubscribeRequest
	refuse   error
}

func (r *breakingRelay) Subscribe(request *relayv1.SubscribeRequest,
	stream grpc.ServerStreamingServer[relayv1.SubscribeResponse]) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return r.refuse
	}
	r.requests = append(r.requests, request)
	sequence := uint64(len(r.requests)) * 10
	err := stream.Send(&relayv1.SubscribeResponse{
		Frames:            [][]byte{r.frame},
		DeliveredSequence: sequence,
		HeadSequence:      sequence + 5,
		Gaps: []*relayv1.Gap{{
			Range: &relayv1.SequenceRange{First: sequence - 1, Last: sequence - 1}, Reason: "SLOW_CONSUMER",
		}},
	})
	if len(r.requests)%2 == 0 {
		return err // an orderly end, as of a relay that drains
	}
	return errors.Join(err, status.Error(codes.Unavailable, "broken"))
}

type registryServer struct {
	registryv1.UnimplementedRegistryServiceServer
}

func (registryServer) GetInstrument(context.Context, *registryv1.GetInstrumentRequest) (
	*registryv1.GetInstrumentResponse, error) {
	said, err := status.New(codes.NotFound, "no such instrument").WithDetails(&errdetails.ErrorInfo{
		Reason: "INSTRUMENT_UNKNOWN", Domain: "alphapulse", Metadata: map[string]string{"id": "00"},
	})
	return nil, errors.Join(said.Err(), err)
}

func serve(t *testing.T, relay *breakingRelay) *Mesh {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	relayv1.RegisterMarketDataRelayServer(server, relay)
	registryv1.RegisterRegistryServiceServer(server, registryServer{})
	go server.Serve(listener) //nolint:errcheck // ends with Stop
	t.Cleanup(server.Stop)
	mesh, err := Connect(t.Context(), listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mesh.Close() })
	return mesh
}

func TestAFeedGoesOnAfterWhatItHasDelivered(t *testing.T) {
	relay := &breakingRelay{frame: goldenFrame(t, "trade")}
	mesh := serve(t, relay)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var delivered []uint64
	for batch, err := range mesh.Feed(MarketData, FeedOptions{Start: Oldest(), Name: "test"}).Batches(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if len(batch.Frames) != 1 || batch.Gaps[0].Reason != "SLOW_CONSUMER" {
			t.Fatalf("%d frames, gaps %v", len(batch.Frames), batch.Gaps)
		}
		if delivered = append(delivered, batch.Delivered); len(delivered) == 4 {
			break
		}
	}
	if !slices.Equal(delivered, []uint64{10, 20, 30, 40}) {
		t.Errorf("delivered %v", delivered)
	}
	relay.mu.Lock()
	defer relay.mu.Unlock()
	for i, request := range relay.requests[1:] {
		if request.GetStartSequence() != uint64(i+1)*10+1 {
			t.Errorf("reconnect %d asked from %d", i+1, request.GetStartSequence())
		}
	}
}

func TestARefusedFeedEndsWithTheReason(t *testing.T) {
	relay := &breakingRelay{refuse: status.Error(codes.InvalidArgument, "no such type")}
	feed := serve(t, relay).Feed(MarketData, FeedOptions{})
	for _, err := range feed.Batches(t.Context()) {
		var known *Error
		if !errors.As(err, &known) || known.Code != codes.InvalidArgument {
			t.Fatalf("%v", err)
		}
		return
	}
	t.Fatal("ended without an error")
}

func TestErrorsCarryTheStableReason(t *testing.T) {
	_, err := serve(t, &breakingRelay{}).Registry.Get(t.Context(), InstrumentID{})
	if !IsReason(err, "INSTRUMENT_UNKNOWN") {
		t.Fatalf("%v", err)
	}
}

func TestConnectingToNobodyEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := Connect(ctx, "127.0.0.1:1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
}
