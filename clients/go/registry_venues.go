package alphapulse

import (
	"context"
	"iter"
	"time"

	"google.golang.org/protobuf/proto"

	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

// Venues yields all venues by number.
func (r *Registry) Venues(ctx context.Context, with ...ReadOption) iter.Seq2[*registryv1.Venue, error] {
	request := &registryv1.ListVenuesRequest{PageSize: pageSize, MinRevision: minRevision(with)}
	return paged(func(token string) ([]*registryv1.Venue, string, error) {
		page := proto.CloneOf(request)
		page.PageToken = token
		answer, err := r.stub.ListVenues(ctx, page)
		return answer.GetVenues(), answer.GetNextPageToken(), err
	})
}

// Venue is one venue by number, name or MIC.
func (r *Registry) Venue(ctx context.Context, key string, with ...ReadOption) (*registryv1.Venue, error) {
	answer, err := r.stub.GetVenue(ctx, &registryv1.GetVenueRequest{Key: key, MinRevision: minRevision(with)})
	return answer.GetVenue(), explain(err)
}

// RegisterVenue adds a venue, or answers the one that is there when all its data is the same; the flag
// says that it is new. Number 0 asks for one.
func (r *Registry) RegisterVenue(
	ctx context.Context, venue *registryv1.Venue, with ...WriteOption,
) (*registryv1.Venue, bool, error) {
	how, err := written(0, false, with)
	if err != nil {
		return nil, false, err
	}
	request := &registryv1.RegisterVenueRequest{Venue: venue, RequestId: how.requestID}
	answer, err := r.stub.RegisterVenue(ctx, request)
	r.wrote(answer.GetRevision())
	return answer.GetVenue(), answer.GetCreated(), explain(err)
}

// UpdateVenue changes the venue of that name (or number): the fields that are set, or those that Fields
// names; only IfRevision is still its own. Fees are such fields.
func (r *Registry) UpdateVenue(
	ctx context.Context, venue *registryv1.Venue, with ...WriteOption,
) (*registryv1.Venue, error) {
	how, err := written(optionFields|optionRevision, true, with)
	if err != nil {
		return nil, err
	}
	answer, err := r.stub.UpdateVenue(ctx, &registryv1.UpdateVenueRequest{
		Venue: venue, UpdateMask: maskOf(how.fields), ExpectedRevision: how.revision, RequestId: how.requestID,
	})
	r.wrote(answer.GetRevision())
	return answer.GetVenue(), explain(err)
}

// RetireVenue retires a venue that lists nothing any more; its number is never given again. Where
// something is listed there it fails with ReasonVenueInUse.
func (r *Registry) RetireVenue(
	ctx context.Context, key string, with ...WriteOption,
) (*registryv1.Venue, error) {
	how, err := written(optionRevision, true, with)
	if err != nil {
		return nil, err
	}
	answer, err := r.stub.DeleteVenue(ctx, &registryv1.DeleteVenueRequest{
		Key: key, ExpectedRevision: how.revision, RequestId: how.requestID,
	})
	r.wrote(answer.GetRevision())
	return answer.GetVenue(), explain(err)
}

// QuoteFees is what a trade costs on a venue at the caller's volume of 30 days; volume and notional
// are decimal text, and may be empty.
func (r *Registry) QuoteFees(
	ctx context.Context, venue, volume, notional string, with ...ReadOption,
) (*registryv1.QuoteFeesResponse, error) {
	answer, err := r.stub.QuoteFees(ctx, &registryv1.QuoteFeesRequest{
		Venue: venue, Volume: volume, Notional: notional, MinRevision: minRevision(with),
	})
	return answer, explain(err)
}

// Sessions says whether a venue trades at a time (now for the zero time), and when it opens and
// closes next.
func (r *Registry) Sessions(
	ctx context.Context, venue string, at time.Time, with ...ReadOption,
) (*registryv1.GetSessionsResponse, error) {
	answer, err := r.stub.GetSessions(ctx, &registryv1.GetSessionsRequest{
		Venue: venue, Time: timestampOf(at), MinRevision: minRevision(with),
	})
	return answer, explain(err)
}

// ReportVenueMetrics adds measurements of a venue, at most 1,000, and answers how many are kept of it.
// They are kept in memory; a status that differs from the stored one is a change of the venue.
func (r *Registry) ReportVenueMetrics(
	ctx context.Context, venue string, metrics []*registryv1.VenueMetric,
) (kept uint32, err error) {
	answer, err := r.stub.ReportVenueMetrics(ctx, &registryv1.ReportVenueMetricsRequest{
		Venue: venue, Metrics: metrics,
	})
	r.wrote(answer.GetRevision())
	return answer.GetKept(), explain(err)
}

// VenueMetrics are the measurements of a venue from one time on and before another (zero: no bound),
// oldest first, and their summary.
func (r *Registry) VenueMetrics(
	ctx context.Context, venue string, from, to time.Time,
) (*registryv1.GetVenueMetricsResponse, error) {
	answer, err := r.stub.GetVenueMetrics(ctx, &registryv1.GetVenueMetricsRequest{
		Venue: venue, StartTime: timestampOf(from), EndTime: timestampOf(to),
	})
	return answer, explain(err)
}
