package alphapulse

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

func maskOf(fields []string) *fieldmaskpb.FieldMask {
	if fields == nil {
		return nil
	}
	return &fieldmaskpb.FieldMask{Paths: fields}
}

func timestampOf(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// Register adds an instrument, or answers the one that is there when all its data is the same; the flag
// says that it is new. With other data it fails with ReasonInstrumentConflict.
func (r *Registry) Register(
	ctx context.Context, instrument *registryv1.Instrument, with ...WriteOption,
) (Instrument, bool, error) {
	how, err := written(0, false, with)
	if err != nil {
		return Instrument{}, false, err
	}
	answer, err := r.stub.RegisterInstrument(ctx, &registryv1.RegisterInstrumentRequest{
		Instrument: instrument, RequestId: how.requestID,
	})
	if err != nil {
		return Instrument{}, false, explain(err)
	}
	r.wrote(answer.GetRevision())
	return Instrument{answer.GetInstrument()}, answer.GetCreated(), nil
}

// RegisterMany adds many; one outcome each, in order. A refusal is in its outcome, not an error. Where a
// batch fails, the outcomes of those before it come with the error.
func (r *Registry) RegisterMany(
	ctx context.Context, many []*registryv1.Instrument,
) ([]*registryv1.RegistrationOutcome, error) {
	outcomes := make([]*registryv1.RegistrationOutcome, 0, len(many))
	for chunk := range slices.Chunk(many, batchRegister) {
		answer, err := r.stub.BatchRegisterInstruments(ctx, &registryv1.BatchRegisterInstrumentsRequest{
			Instruments: chunk,
		})
		if err != nil {
			return outcomes, explain(err)
		}
		r.wrote(answer.GetRevision())
		outcomes = append(outcomes, answer.GetOutcomes()...)
	}
	return outcomes, nil
}

// Update changes the instrument that Id or IdText names: the fields that are set, or those that Fields
// names; in place, or from At on; only IfRevision is still its own.
func (r *Registry) Update(
	ctx context.Context, instrument *registryv1.Instrument, with ...WriteOption,
) (Instrument, error) {
	how, err := written(optionFields|optionRevision|optionAt, true, with)
	if err != nil {
		return Instrument{}, err
	}
	answer, err := r.stub.UpdateInstrument(ctx, &registryv1.UpdateInstrumentRequest{
		Instrument: instrument, UpdateMask: maskOf(how.fields), ExpectedRevision: how.revision,
		EffectiveTime: timestampOf(how.at), RequestId: how.requestID,
	})
	if err != nil {
		return Instrument{}, explain(err)
	}
	r.wrote(answer.GetRevision())
	return Instrument{answer.GetInstrument()}, nil
}

// Delist ends an instrument's life, now or At a time; its id is never given again.
func (r *Registry) Delist(
	ctx context.Context, instrument InstrumentID, with ...WriteOption,
) (Instrument, error) {
	how, err := written(optionRevision|optionAt, true, with)
	if err != nil {
		return Instrument{}, err
	}
	answer, err := r.stub.DelistInstrument(ctx, &registryv1.DelistInstrumentRequest{
		Id: IDText(instrument), Time: timestampOf(how.at), ExpectedRevision: how.revision,
		RequestId: how.requestID,
	})
	if err != nil {
		return Instrument{}, explain(err)
	}
	r.wrote(answer.GetRevision())
	return Instrument{answer.GetInstrument()}, nil
}

// Link adds the typed link from one instrument to another, or answers the one that is there; the flag
// says that it is new.
func (r *Registry) Link(
	ctx context.Context, from, to InstrumentID, kind registryv1.LinkType, with ...WriteOption,
) (*registryv1.Link, bool, error) {
	how, err := written(0, false, with)
	if err != nil {
		return nil, false, err
	}
	answer, err := r.stub.LinkInstruments(ctx, &registryv1.LinkInstrumentsRequest{
		Link:      &registryv1.Link{From: IDMessage(from), To: IDMessage(to), Type: kind},
		RequestId: how.requestID,
	})
	r.wrote(answer.GetRevision())
	return answer.GetLink(), answer.GetCreated(), explain(err)
}

// Unlink takes a link away again; the flag says that it was there. What an instrument or a synthetic
// says itself is changed there: its link is refused with ReasonLinkStatedByData.
func (r *Registry) Unlink(
	ctx context.Context, from, to InstrumentID, kind registryv1.LinkType, with ...WriteOption,
) (removed bool, err error) {
	how, err := written(optionRevision, true, with)
	if err != nil {
		return false, err
	}
	answer, err := r.stub.UnlinkInstruments(ctx, &registryv1.UnlinkInstrumentsRequest{
		Link:             &registryv1.Link{From: IDMessage(from), To: IDMessage(to), Type: kind},
		ExpectedRevision: how.revision, RequestId: how.requestID,
	})
	r.wrote(answer.GetRevision())
	return answer.GetRemoved(), explain(err)
}
