package alphapulse

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"

	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

// Formula defines a synthetic instrument.
type Formula struct {
	// Name is the symbol of the synthetic: upper case letters, digits, ".", "-" and "_", at most 32.
	Name string
	// Text has numbers, aliases, + - * /, parentheses, min, max, abs, sum, avg and
	// wsum(weight, value, …).
	Text string
	// Inputs are what the aliases of the formula stand for; they may be synthetics.
	Inputs []FormulaInput
	// Title is for people.
	Title string
	// QuoteCurrency is what the value is in.
	QuoteCurrency string
}

// FormulaInput gives an instrument its name in a formula.
type FormulaInput struct {
	Alias      string
	Instrument InstrumentID
}

// DefineSynthetic defines a synthetic, or a new version of it; the flag says that something changed.
// Of options it knows IfRevision and RequestID.
func (r *Registry) DefineSynthetic(
	ctx context.Context, formula Formula, with ...WriteOption,
) (*registryv1.Synthetic, bool, error) {
	how, err := written(optionRevision, true, with)
	if err != nil {
		return nil, false, err
	}
	request := &registryv1.DefineSyntheticRequest{
		Name: formula.Name, Formula: formula.Text, Title: formula.Title, QuoteCurrency: formula.QuoteCurrency,
		ExpectedRevision: how.revision, RequestId: how.requestID,
	}
	for _, input := range formula.Inputs {
		request.Inputs = append(request.Inputs, &registryv1.SyntheticInput{
			Alias: input.Alias, Id: IDMessage(input.Instrument),
		})
	}
	answer, err := r.stub.DefineSynthetic(ctx, request)
	r.wrote(answer.GetRevision())
	return answer.GetSynthetic(), answer.GetChanged(), explain(err)
}

// Synthetic is a definition by its name, or by the 32 hexadecimal digits of its id.
func (r *Registry) Synthetic(
	ctx context.Context, name string, with ...ReadOption,
) (*registryv1.Synthetic, error) {
	request := &registryv1.GetSyntheticRequest{Name: name, MinRevision: minRevision(with)}
	answer, err := r.stub.GetSynthetic(ctx, request)
	return answer.GetSynthetic(), explain(err)
}

// SyntheticFilter narrows Synthetics; its zero value passes everything.
type SyntheticFilter struct {
	// MadeOf wants those that are made of an instrument, itself or through others.
	MadeOf     InstrumentID
	NamePrefix string
}

// Synthetics yields the synthetics that pass the filter, in the order of their first definition.
func (r *Registry) Synthetics(
	ctx context.Context, filter SyntheticFilter, with ...ReadOption,
) iter.Seq2[*registryv1.Synthetic, error] {
	request := &registryv1.ListSyntheticsRequest{
		PageSize: pageSize, NamePrefix: filter.NamePrefix, MinRevision: minRevision(with),
	}
	if filter.MadeOf != (InstrumentID{}) {
		request.InstrumentId = IDText(filter.MadeOf)
	}
	return paged(func(token string) ([]*registryv1.Synthetic, string, error) {
		page := proto.CloneOf(request)
		page.PageToken = token
		answer, err := r.stub.ListSynthetics(ctx, page)
		return answer.GetSynthetics(), answer.GetNextPageToken(), err
	})
}

// EvaluateSynthetic is a synthetic's value for values (decimal text) of what it is made of; synthetics
// among its inputs are evaluated when they have none.
func (r *Registry) EvaluateSynthetic(
	ctx context.Context, name string, values map[InstrumentID]string, with ...ReadOption,
) (*registryv1.EvaluateSyntheticResponse, error) {
	request := &registryv1.EvaluateSyntheticRequest{Name: name, MinRevision: minRevision(with)}
	for instrument, value := range values {
		request.Values = append(request.Values, &registryv1.InstrumentValue{
			Id: IDMessage(instrument), Value: value,
		})
	}
	answer, err := r.stub.EvaluateSynthetic(ctx, request)
	return answer, explain(err)
}
