package alphapulse

import (
	"context"
	"io"
	"iter"
	"slices"

	commonv1 "alphapulse.dev/gen/go/alphapulse/common/v1"
	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
	"alphapulse.dev/gen/go/layout"
)

const streamIDs = 100_000

// RecordFilter narrows StreamRecords of everything; its zero value passes everything.
type RecordFilter struct {
	AssetTypes []commonv1.AssetType
	// Venues are names, MICs or numbers.
	Venues []string
	// BatchRows is how many rows a batch has at most; 0 is the registry's choice.
	BatchRows uint32
}

// RecordBatch is a part of a stream of records.
type RecordBatch struct {
	// Rows are the answer's own bytes, read in place.
	Rows []layout.InstrumentRecord
	// FirstRow is the position of the first of them in the whole answer.
	FirstRow uint64
	// Missing are the positions, in the whole answer, of ids that are unknown: their rows are zeros.
	Missing []uint64
	// Revision is what all rows of a stream were read at.
	Revision uint64
	// TotalRows are those of the stream that the batch belongs to.
	TotalRows uint64
}

// Records are the fixed records of instruments, in order; one of zeros for an unknown id. They are the
// answer's own bytes, read in place: the quickest way to ask for many.
func (r *Registry) Records(
	ctx context.Context, ids []InstrumentID, with ...ReadOption,
) ([]layout.InstrumentRecord, error) {
	var found []layout.InstrumentRecord
	for chunk := range slices.Chunk(ids, batchGet) {
		answer, err := r.stub.BatchGetInstrumentRecords(ctx, &registryv1.BatchGetInstrumentRecordsRequest{
			Ids: joinIDs(chunk), MinRevision: minRevision(with),
		})
		if err != nil {
			return nil, explain(err)
		}
		part, err := recordsOf(answer.GetFrame())
		if err != nil {
			return nil, err
		}
		if found == nil {
			found = part[:len(part):len(part)] // what is appended is copied, not written over the frame
			continue
		}
		found = append(found, part...)
	}
	return found, nil
}

func recordsOf(frame []byte) ([]layout.InstrumentRecord, error) {
	if len(frame) == 0 {
		return nil, nil
	}
	parsed, err := ParseFrame(frame)
	if err != nil {
		return nil, err
	}
	return Rows[layout.InstrumentRecord](parsed)
}

// StreamAllRecords yields the fixed records of everything that passes the filter, in batches and all as of
// one revision, in the order of registration. A stream that breaks ends with its error: begin anew.
func (r *Registry) StreamAllRecords(
	ctx context.Context, filter RecordFilter, with ...ReadOption,
) iter.Seq2[RecordBatch, error] {
	return func(yield func(RecordBatch, error) bool) {
		r.streamRecords(ctx, &registryv1.StreamInstrumentRecordsRequest{
			All: true, AssetTypes: filter.AssetTypes, Venues: filter.Venues, BatchRows: filter.BatchRows,
			MinRevision: minRevision(with),
		}, 0, yield)
	}
}

// StreamRecords yields the fixed records of ids, in their order and with zeros for unknown ones, in
// batches. Ids beyond 100,000 are asked for in several streams, each with a revision of its own. A
// stream that breaks ends with its error: begin anew.
func (r *Registry) StreamRecords(
	ctx context.Context, ids []InstrumentID, with ...ReadOption,
) iter.Seq2[RecordBatch, error] {
	return func(yield func(RecordBatch, error) bool) {
		before := uint64(0)
		for chunk := range slices.Chunk(ids, streamIDs) {
			request := &registryv1.StreamInstrumentRecordsRequest{
				Ids: joinIDs(chunk), MinRevision: minRevision(with),
			}
			if !r.streamRecords(ctx, request, before, yield) {
				return
			}
			before += uint64(len(chunk))
		}
	}
}

// streamRecords yields one stream; false means that there shall be no other.
func (r *Registry) streamRecords(
	ctx context.Context, request *registryv1.StreamInstrumentRecordsRequest, before uint64,
	yield func(RecordBatch, error) bool,
) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := r.stub.StreamInstrumentRecords(ctx, request)
	for err == nil {
		var answer *registryv1.StreamInstrumentRecordsResponse
		answer, err = stream.Recv()
		if err == io.EOF {
			return true
		}
		if err != nil {
			break
		}
		batch := RecordBatch{
			FirstRow: before + answer.GetFirstRow(), Revision: answer.GetRevision(), TotalRows: answer.GetTotalRows(),
		}
		for _, position := range answer.GetMissing() {
			batch.Missing = append(batch.Missing, before+uint64(position))
		}
		if batch.Rows, err = recordsOf(answer.GetFrame()); err == nil && !yield(batch, nil) {
			return false
		}
	}
	yield(RecordBatch{}, explain(err))
	return false
}
