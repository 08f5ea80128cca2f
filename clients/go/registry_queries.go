package alphapulse

import (
	"context"
	"iter"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

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
// of registration; it pages by itself.
func (r *Registry) Search(
	ctx context.Context, request *registryv1.SearchInstrumentsRequest,
) iter.Seq2[Instrument, error] {
	return paged(func(token string) ([]Instrument, string, error) {
		request.PageToken = token
		if request.PageSize == 0 {
			request.PageSize = pageSize
		}
		page, err := r.stub.SearchInstruments(ctx, request)
		if err != nil {
			return nil, "", err
		}
		found := make([]Instrument, len(page.GetInstruments()))
		for i, instrument := range page.GetInstruments() {
			found[i] = Instrument{instrument}
		}
		return found, page.GetNextPageToken(), nil
	})
}

// Links yields the links that begin or end at an instrument, of one type where it is given.
func (r *Registry) Links(
	ctx context.Context, instrument InstrumentID, kind registryv1.LinkType,
) iter.Seq2[*registryv1.Link, error] {
	return paged(func(token string) ([]*registryv1.Link, string, error) {
		page, err := r.stub.ListLinks(ctx, &registryv1.ListLinksRequest{
			InstrumentId: IDText(instrument), Type: kind, PageSize: pageSize, PageToken: token,
		})
		return page.GetLinks(), page.GetNextPageToken(), err
	})
}

// Venues yields all venues by number.
func (r *Registry) Venues(ctx context.Context) iter.Seq2[*registryv1.Venue, error] {
	return paged(func(token string) ([]*registryv1.Venue, string, error) {
		page, err := r.stub.ListVenues(ctx, &registryv1.ListVenuesRequest{PageSize: pageSize, PageToken: token})
		return page.GetVenues(), page.GetNextPageToken(), err
	})
}

// Venue is one venue by number, name or MIC.
func (r *Registry) Venue(ctx context.Context, key string) (*registryv1.Venue, error) {
	answer, err := r.stub.GetVenue(ctx, &registryv1.GetVenueRequest{Key: key})
	return answer.GetVenue(), explain(err)
}

// FindVenues is everywhere that an instrument is listed now, its own venue first.
func (r *Registry) FindVenues(ctx context.Context, instrument InstrumentID) ([]*registryv1.VenueListing, error) {
	answer, err := r.stub.FindVenues(ctx, &registryv1.FindVenuesRequest{InstrumentId: IDText(instrument)})
	return answer.GetListings(), explain(err)
}

// QuoteFees is what a trade costs on a venue at the caller's volume of 30 days; volume and notional
// are decimal text, and may be empty.
func (r *Registry) QuoteFees(
	ctx context.Context, venue, volume, notional string,
) (*registryv1.QuoteFeesResponse, error) {
	answer, err := r.stub.QuoteFees(ctx, &registryv1.QuoteFeesRequest{
		Venue: venue, Volume: volume, Notional: notional,
	})
	return answer, explain(err)
}

// Sessions says whether a venue trades at a time (now for the zero time), and when it opens and
// closes next.
func (r *Registry) Sessions(
	ctx context.Context, venue string, at time.Time,
) (*registryv1.GetSessionsResponse, error) {
	request := &registryv1.GetSessionsRequest{Venue: venue}
	if !at.IsZero() {
		request.Time = timestamppb.New(at)
	}
	answer, err := r.stub.GetSessions(ctx, request)
	return answer, explain(err)
}

// Watch yields every change that a request wants, in order, each once, until the context ends or an
// error is yielded. To go on after one, ask again from the last revision.
func (r *Registry) Watch(
	ctx context.Context, request *registryv1.WatchRegistryRequest,
) iter.Seq2[*registryv1.WatchRegistryResponse, error] {
	return func(yield func(*registryv1.WatchRegistryResponse, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := r.stub.WatchRegistry(ctx, request)
		for err == nil {
			var event *registryv1.WatchRegistryResponse
			if event, err = stream.Recv(); err == nil && !yield(event, nil) {
				return
			}
		}
		yield(nil, explain(err))
	}
}
