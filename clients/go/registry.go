package alphapulse

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "alphapulse.dev/gen/go/alphapulse/common/v1"
	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

const (
	pageSize      = 1000
	batchGet      = 10_000
	batchRegister = 10_000
)

// Registry looks up, registers and changes instruments, venues, links and synthetics. Its calls are
// made again while the registry is unavailable and their context has time.
type Registry struct {
	stub     registryv1.RegistryServiceClient
	closing  context.Context
	revision atomic.Uint64
}

// Revision is the newest one that a write of this client was answered with: with AtLeast any replica
// shows what was written.
func (r *Registry) Revision() uint64 { return r.revision.Load() }

func (r *Registry) wrote(revision uint64) {
	for known := r.revision.Load(); revision > known; known = r.revision.Load() {
		if r.revision.CompareAndSwap(known, revision) {
			return
		}
	}
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

// Identifier names an instrument by anything: an id, ISIN, FIGI, CUSIP, contract address, symbol or
// natural key; what it is is found by its form and by what is registered.
func Identifier(text string) Key {
	return Key{&registryv1.ResolveInstrumentRequest{Identifier: text}}
}

func (k Key) with(change func(*registryv1.ResolveInstrumentRequest)) Key {
	request := proto.CloneOf(k.request)
	change(request)
	return Key{request}
}

// On narrows a key to a venue: name, MIC or number.
func (k Key) On(venue string) Key {
	return k.with(func(request *registryv1.ResolveInstrumentRequest) { request.Venue = venue })
}

// Of narrows a key to instruments of a type.
func (k Key) Of(assetType commonv1.AssetType) Key {
	return k.with(func(request *registryv1.ResolveInstrumentRequest) { request.AssetType = assetType })
}

// AsOf asks for what the key named at a time, instead of now.
func (k Key) AsOf(t time.Time) Key {
	return k.with(func(request *registryv1.ResolveInstrumentRequest) { request.AsOf = timestamppb.New(t) })
}

// Resolve finds the one instrument behind a key. Where several fit equally well it fails with an
// AmbiguousError, where none does with ReasonInstrumentUnknown.
func (r *Registry) Resolve(ctx context.Context, key Key, with ...ReadOption) (Instrument, error) {
	found, ambiguous, err := r.Candidates(ctx, key, with...)
	switch {
	case err != nil:
		return Instrument{}, err
	case len(found) == 0:
		return Instrument{}, &Error{
			Code: codes.NotFound, Reason: ReasonInstrumentUnknown, Message: "no instrument fits",
		}
	case ambiguous:
		return Instrument{}, &AmbiguousError{found}
	}
	return found[0], nil
}

// Candidates are all instruments that fit a key, best first, and whether the choice is open.
func (r *Registry) Candidates(ctx context.Context, key Key, with ...ReadOption) ([]Instrument, bool, error) {
	request := proto.CloneOf(key.request)
	request.MinRevision = minRevision(with)
	answer, err := r.stub.ResolveInstrument(ctx, request)
	return instruments(answer.GetCandidates()), answer.GetAmbiguous(), explain(err)
}

func instruments(messages []*registryv1.Instrument) []Instrument {
	found := make([]Instrument, len(messages))
	for i, message := range messages {
		found[i] = Instrument{message}
	}
	return found
}

// Get is one instrument by its id.
func (r *Registry) Get(ctx context.Context, instrument InstrumentID, with ...ReadOption) (Instrument, error) {
	request := &registryv1.GetInstrumentRequest{Id: IDText(instrument), MinRevision: minRevision(with)}
	answer, err := r.stub.GetInstrument(ctx, request)
	if err != nil {
		return Instrument{}, explain(err)
	}
	return Instrument{answer.GetInstrument()}, nil
}

// GetMany are instruments by their ids, in order; an unknown one is an Instrument of nil.
func (r *Registry) GetMany(
	ctx context.Context, ids []InstrumentID, with ...ReadOption,
) ([]Instrument, error) {
	found := make([]Instrument, 0, len(ids))
	for chunk := range slices.Chunk(ids, batchGet) {
		answer, err := r.stub.BatchGetInstruments(ctx, &registryv1.BatchGetInstrumentsRequest{
			Ids: joinIDs(chunk), MinRevision: minRevision(with),
		})
		if err != nil {
			return nil, explain(err)
		}
		part := instruments(answer.GetInstruments())
		for _, missing := range answer.GetMissing() {
			part[missing] = Instrument{}
		}
		found = append(found, part...)
	}
	return found, nil
}

// History is every period of validity of an instrument, the present one last: what it was called when.
func (r *Registry) History(ctx context.Context, instrument InstrumentID, with ...ReadOption) ([]Instrument, error) {
	request := &registryv1.GetInstrumentHistoryRequest{Id: IDText(instrument), MinRevision: minRevision(with)}
	answer, err := r.stub.GetInstrumentHistory(ctx, request)
	return instruments(answer.GetInstruments()), explain(err)
}

// Filter narrows All; its zero value passes everything.
type Filter struct {
	AssetType    commonv1.AssetType
	Venue        string
	SymbolPrefix string
	Status       registryv1.InstrumentStatus
}

// All are the instruments that pass the filter, in the order of registration; it pages by itself.
func (r *Registry) All(ctx context.Context, filter Filter, with ...ReadOption) iter.Seq2[Instrument, error] {
	request := &registryv1.ListInstrumentsRequest{
		PageSize: pageSize, AssetType: filter.AssetType, Venue: filter.Venue,
		SymbolPrefix: filter.SymbolPrefix, Status: filter.Status, MinRevision: minRevision(with),
	}
	return paged(func(token string) ([]Instrument, string, error) {
		page := proto.CloneOf(request)
		page.PageToken = token
		answer, err := r.stub.ListInstruments(ctx, page)
		return instruments(answer.GetInstruments()), answer.GetNextPageToken(), err
	})
}
