package alphapulse

import (
	"context"
	"fmt"
	"iter"

	"google.golang.org/grpc/codes"

	commonv1 "alphapulse.dev/gen/go/alphapulse/common/v1"
	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

const pageSize = 1000

// Registry looks up and registers instruments.
type Registry struct {
	stub registryv1.RegistryServiceClient
}

// Instrument is what the registry holds; ID gives its 16 bytes.
type Instrument struct{ *registryv1.Instrument }

// ID is the instrument's id as it stands in records.
func (i Instrument) ID() InstrumentID { return idOf(i.GetId()) }

// Key names an instrument: make one with Symbol, ISIN, Contract, CUSIP or FIGI.
type Key struct {
	request *registryv1.ResolveInstrumentRequest
}

// Symbol names an instrument by its symbol on a venue (name, MIC or number).
func Symbol(symbol, venue string) Key {
	return Key{&registryv1.ResolveInstrumentRequest{Symbol: symbol, Venue: venue}}
}

// ISIN names an instrument by ISO 6166.
func ISIN(isin string) Key { return Key{&registryv1.ResolveInstrumentRequest{Isin: isin}} }

// CUSIP names an instrument by its CUSIP.
func CUSIP(cusip string) Key { return Key{&registryv1.ResolveInstrumentRequest{Cusip: cusip}} }

// FIGI names an instrument by a FIGI of any level.
func FIGI(figi string) Key { return Key{&registryv1.ResolveInstrumentRequest{Figi: figi}} }

// Contract names a token or pool by its address on a chain (EIP-155 number).
func Contract(address string, chain uint32) Key {
	return Key{&registryv1.ResolveInstrumentRequest{ContractAddress: address, ChainId: chain}}
}

// Resolve finds the one instrument behind a key. Where several fit equally well it fails with the
// reason INSTRUMENT_AMBIGUOUS; Candidates has them all.
func (r *Registry) Resolve(ctx context.Context, key Key) (Instrument, error) {
	found, ambiguous, err := r.Candidates(ctx, key)
	switch {
	case err != nil:
		return Instrument{}, err
	case len(found) == 0:
		return Instrument{}, &Error{Code: codes.NotFound, Reason: "INSTRUMENT_UNKNOWN", Message: "no instrument fits"}
	case ambiguous:
		return Instrument{}, &Error{Code: codes.FailedPrecondition, Reason: "INSTRUMENT_AMBIGUOUS",
			Message: fmt.Sprintf("%d instruments fit", len(found))}
	}
	return found[0], nil
}

// Candidates are all instruments that fit a key, best first, and whether the choice is open.
func (r *Registry) Candidates(ctx context.Context, key Key) ([]Instrument, bool, error) {
	answer, err := r.stub.ResolveInstrument(ctx, key.request)
	if err != nil {
		return nil, false, explain(err)
	}
	found := make([]Instrument, len(answer.GetCandidates()))
	for i, candidate := range answer.GetCandidates() {
		found[i] = Instrument{candidate}
	}
	return found, answer.GetAmbiguous(), nil
}

// Get is one instrument by its id.
func (r *Registry) Get(ctx context.Context, instrument InstrumentID) (Instrument, error) {
	answer, err := r.stub.GetInstrument(ctx, &registryv1.GetInstrumentRequest{Id: IDText(instrument)})
	if err != nil {
		return Instrument{}, explain(err)
	}
	return Instrument{answer.GetInstrument()}, nil
}

// GetMany are instruments by their ids, in order; an unknown one is an Instrument of nil.
func (r *Registry) GetMany(ctx context.Context, instruments []InstrumentID) ([]Instrument, error) {
	ids := make([]byte, 0, 16*len(instruments))
	for _, instrument := range instruments {
		ids = append(ids, IDBytes(instrument)...)
	}
	answer, err := r.stub.BatchGetInstruments(ctx, &registryv1.BatchGetInstrumentsRequest{Ids: ids})
	if err != nil {
		return nil, explain(err)
	}
	found := make([]Instrument, len(answer.GetInstruments()))
	for i, instrument := range answer.GetInstruments() {
		found[i] = Instrument{instrument}
	}
	for _, missing := range answer.GetMissing() {
		found[missing] = Instrument{}
	}
	return found, nil
}

// Register adds an instrument, or answers the one that is there when all its data is the same.
func (r *Registry) Register(ctx context.Context, instrument *registryv1.Instrument) (Instrument, bool, error) {
	answer, err := r.stub.RegisterInstrument(ctx, &registryv1.RegisterInstrumentRequest{Instrument: instrument})
	if err != nil {
		return Instrument{}, false, explain(err)
	}
	return Instrument{answer.GetInstrument()}, answer.GetCreated(), nil
}

// Filter narrows All; its zero value passes everything.
type Filter struct {
	AssetType    commonv1.AssetType
	Venue        string
	SymbolPrefix string
}

// All are the instruments that pass the filter, in the order of registration; it pages by itself.
func (r *Registry) All(ctx context.Context, filter Filter) iter.Seq2[Instrument, error] {
	return func(yield func(Instrument, error) bool) {
		request := &registryv1.ListInstrumentsRequest{
			PageSize: pageSize, AssetType: filter.AssetType, Venue: filter.Venue, SymbolPrefix: filter.SymbolPrefix,
		}
		for {
			page, err := r.stub.ListInstruments(ctx, request)
			if err != nil {
				yield(Instrument{}, explain(err))
				return
			}
			for _, instrument := range page.GetInstruments() {
				if !yield(Instrument{instrument}, nil) {
					return
				}
			}
			if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
				return
			}
		}
	}
}
