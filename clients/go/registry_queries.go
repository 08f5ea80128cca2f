package alphapulse

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"

	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

// paged yields the items of all pages; next asks for the page of a token.
func paged[T any](next func(token string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for token := ""; ; {
			items, following, err := next(token)
			if err != nil {
				yield(none, explain(err))
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if token = following; token == "" {
				return
			}
		}
	}
}

// Search yields the instruments that have the words and pass the filters of a request, in the order
// of registration; it pages by itself. With a ReadMask they have the fields that it names.
func (r *Registry) Search(
	ctx context.Context, request *registryv1.SearchInstrumentsRequest,
) iter.Seq2[Instrument, error] {
	return paged(func(token string) ([]Instrument, string, error) {
		page := proto.CloneOf(request)
		page.PageToken = token
		if page.PageSize == 0 {
			page.PageSize = pageSize
		}
		answer, err := r.stub.SearchInstruments(ctx, page)
		return instruments(answer.GetInstruments()), answer.GetNextPageToken(), err
	})
}

// Links yields the links that begin or end at an instrument (the zero id: all links), of one type where
// it is given.
func (r *Registry) Links(
	ctx context.Context, instrument InstrumentID, kind registryv1.LinkType, with ...ReadOption,
) iter.Seq2[*registryv1.Link, error] {
	request := &registryv1.ListLinksRequest{Type: kind, PageSize: pageSize, MinRevision: minRevision(with)}
	if instrument != (InstrumentID{}) {
		request.InstrumentId = IDText(instrument)
	}
	return paged(func(token string) ([]*registryv1.Link, string, error) {
		page := proto.CloneOf(request)
		page.PageToken = token
		answer, err := r.stub.ListLinks(ctx, page)
		return answer.GetLinks(), answer.GetNextPageToken(), err
	})
}

// FindVenues is everywhere that an instrument is listed now, its own venue first.
func (r *Registry) FindVenues(
	ctx context.Context, instrument InstrumentID, with ...ReadOption,
) ([]*registryv1.VenueListing, error) {
	request := &registryv1.FindVenuesRequest{InstrumentId: IDText(instrument), MinRevision: minRevision(with)}
	answer, err := r.stub.FindVenues(ctx, request)
	return answer.GetListings(), explain(err)
}

// Route is the best venue or split for an order, each venue's judgement field by field. Without books
// the registry takes the live quotes that it follows.
func (r *Registry) Route(
	ctx context.Context, request *registryv1.RouteOrderRequest,
) (*registryv1.RouteOrderResponse, error) {
	answer, err := r.stub.RouteOrder(ctx, request)
	return answer, explain(err)
}

// Watch yields every change that a request wants, in order, each once, and bookmarks that say how far
// the stream is. It reconnects by itself, and ends with its context, the mesh or an error, as when the
// registry no longer has the changes from there on (ReasonRevisionCompacted).
func (r *Registry) Watch(
	ctx context.Context, request *registryv1.WatchRegistryRequest,
) iter.Seq2[*registryv1.WatchRegistryResponse, error] {
	return func(yield func(*registryv1.WatchRegistryResponse, error) bool) {
		ctx, cancel := until(ctx, r.closing)
		defer cancel()
		request := proto.CloneOf(request)
		var retry backoff
		for ctx.Err() == nil {
			err := r.watch(ctx, request, &retry, yield)
			if err == nil || ctx.Err() != nil {
				return
			}
			if !transient(err) {
				yield(nil, explain(err))
				return
			}
			retry.wait(ctx)
		}
	}
}

// watch reads one connection's worth; a nil error means that the caller has had enough.
func (r *Registry) watch(
	ctx context.Context, request *registryv1.WatchRegistryRequest, retry *backoff,
	yield func(*registryv1.WatchRegistryResponse, error) bool,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := r.stub.WatchRegistry(ctx, request)
	if err != nil {
		return err
	}
	for {
		event, err := stream.Recv()
		if err != nil {
			return notEnded(err)
		}
		retry.reset()
		request.FromRevision = max(request.FromRevision, event.GetRevision())
		if !yield(event, nil) {
			return nil
		}
	}
}
