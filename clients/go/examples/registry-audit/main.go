// Command registry-audit reads a whole registry and prints a fingerprint of each part: equal data, equal
// lines, in any language. The Python and TypeScript clients have the same program.
//
//	go run ./examples/registry-audit -target localhost:10000
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"hash"
	"iter"
	"log"
	"strings"
	"time"

	alphapulse "alphapulse.dev/client"
	registryv1 "alphapulse.dev/gen/go/alphapulse/registry/v1"
)

// Each so manieth instrument is also asked for by its identifiers, links and venues.
const sampleStep = 997

var (
	when  = time.Date(2026, 1, 5, 15, 0, 0, 0, time.UTC)
	words = []string{"apple inc", "bitcoin", "usd coin", "vanguard", "no such thing"}
)

// part is a fingerprint over lines.
type part struct {
	name  string
	count int
	hash  hash.Hash
}

func newPart(name string) *part { return &part{name: name, hash: sha256.New()} }

func (p *part) add(fields ...any) {
	texts := make([]string, len(fields))
	for i, field := range fields {
		texts[i] = fmt.Sprint(field)
	}
	p.count++
	p.hash.Write([]byte(strings.Join(texts, "|") + "\n"))
}

func (p *part) tell() {
	fmt.Printf("{\"part\":%q,\"count\":%d,\"sha256\":\"%x\"}\n", p.name, p.count, p.hash.Sum(nil))
}

func bit(is bool) int {
	if is {
		return 1
	}
	return 0
}

func idText(of *registryv1.Instrument) string {
	return alphapulse.IDText(alphapulse.Instrument{Instrument: of}.ID())
}

func instrumentFields(one *registryv1.Instrument) []any {
	return []any{
		idText(one), int(one.GetAssetType()), one.GetVenue(), one.GetSymbol(), one.GetName(),
		int(one.GetStatus()), one.GetNaturalKey(), one.GetBaseCurrency(), one.GetQuoteCurrency(),
		one.GetIsin(), one.GetCusip(), one.GetFigi(), one.GetShareClassFigi(), one.GetCompositeFigi(),
		one.GetChainId(), one.GetContractAddress(), one.GetDecimals(), one.GetTickSize(), one.GetLotSize(),
		bit(one.GetPrimaryListing()), one.GetValidFrom().GetSeconds(), one.GetRevision(),
	}
}

func linkFields(link *registryv1.Link) []any {
	from := idText(&registryv1.Instrument{Id: link.GetFrom()})
	to := idText(&registryv1.Instrument{Id: link.GetTo()})
	return []any{from, to, int(link.GetType()), link.GetRevision()}
}

func venueFields(venue *registryv1.Venue) []any {
	return []any{
		venue.GetVenue(), venue.GetName(), int(venue.GetKind()), venue.GetMic(), venue.GetTitle(),
		venue.GetCountry(), venue.GetChainId(), venue.GetCalendar(), venue.GetOperatingMic(),
		int(venue.GetStatus()), venue.GetRevision(),
	}
}

// eventFields are nil for a bookmark.
func eventFields(event *registryv1.WatchRegistryResponse) []any {
	switch of := event.GetEvent().(type) {
	case *registryv1.WatchRegistryResponse_InstrumentRegistered:
		return instrumentFields(of.InstrumentRegistered)
	case *registryv1.WatchRegistryResponse_InstrumentUpdated:
		return instrumentFields(of.InstrumentUpdated)
	case *registryv1.WatchRegistryResponse_LinkAdded:
		return linkFields(of.LinkAdded)
	case *registryv1.WatchRegistryResponse_LinkRemoved:
		return linkFields(of.LinkRemoved)
	case *registryv1.WatchRegistryResponse_VenueRegistered:
		return venueFields(of.VenueRegistered)
	case *registryv1.WatchRegistryResponse_VenueUpdated:
		return venueFields(of.VenueUpdated)
	case *registryv1.WatchRegistryResponse_Collision:
		return []any{"collision"}
	case *registryv1.WatchRegistryResponse_SyntheticDefined:
		return []any{"synthetic_defined"}
	}
	return nil
}

// or is what was found, or the reason why nothing was.
func or(err error, found ...any) []any {
	var refused *alphapulse.Error
	if errors.As(err, &refused) {
		return []any{refused.Reason}
	}
	return found
}

func each[T any](items iter.Seq2[T, error], with func(T)) error {
	for item, err := range items {
		if err != nil {
			return err
		}
		with(item)
	}
	return nil
}

func audit(ctx context.Context, registry *alphapulse.Registry) error {
	p := newPart("instruments")
	var sample []alphapulse.Instrument
	var newest uint64
	position := 0
	err := each(registry.All(ctx, alphapulse.Filter{}), func(one alphapulse.Instrument) {
		p.add(instrumentFields(one.Instrument)...)
		newest = max(newest, one.GetRevision())
		if position%sampleStep == 0 {
			sample = append(sample, one)
		}
		position++
	})
	if err != nil {
		return err
	}
	p.tell()
	if err := auditRecords(ctx, registry); err != nil {
		return err
	}
	if err := auditSample(ctx, registry, sample); err != nil {
		return err
	}

	p = newPart("search")
	for _, query := range words {
		found := registry.Search(ctx, &registryv1.SearchInstrumentsRequest{Query: query})
		add := func(one alphapulse.Instrument) { p.add(query, idText(one.Instrument)) }
		if err := each(found, add); err != nil {
			return err
		}
	}
	p.tell()

	p = newPart("venues")
	if err := each(registry.Venues(ctx), func(venue *registryv1.Venue) { p.add(venueFields(venue)...) }); err != nil {
		return err
	}
	p.tell()

	p = newPart("synthetics")
	add := func(one *registryv1.Synthetic) {
		p.add(one.GetName(), one.GetFormula(), one.GetFormulaHash(), one.GetVersion())
	}
	if err := each(registry.Synthetics(ctx, alphapulse.SyntheticFilter{}), add); err != nil {
		return err
	}
	p.tell()

	p = newPart("sessions and fees")
	for _, name := range []string{"XNAS", "XLON", "BINANCE", "UNISWAP_V3"} {
		sessions, err := registry.Sessions(ctx, name, when)
		fields := or(err, bit(sessions.GetOpen()), sessions.GetNextOpen().GetSeconds(), sessions.GetNextClose().GetSeconds())
		fees, err := registry.QuoteFees(ctx, name, "1000000", "10000")
		fields = append(fields, or(err, fees.GetMakerFeeBps(), fees.GetTakerFeeBps(), fees.GetMakerFee(),
			fees.GetTakerFee(), fees.GetTier())...)
		p.add(append([]any{name}, fields...)...)
	}
	p.tell()

	p = newPart(fmt.Sprintf("changes to %d", newest))
	for event, err := range registry.Watch(ctx, &registryv1.WatchRegistryRequest{}) {
		if err != nil {
			return err
		}
		fields := eventFields(event)
		if event.GetRevision() <= newest && fields != nil {
			p.add(append([]any{event.GetRevision()}, fields...)...)
		}
		if event.GetRevision() > newest || (fields == nil && event.GetRevision() == newest) {
			break
		}
	}
	p.tell()
	return nil
}

func auditRecords(ctx context.Context, registry *alphapulse.Registry) error {
	p := newPart("records")
	for batch, err := range registry.StreamAllRecords(ctx, alphapulse.RecordFilter{}) {
		if err != nil {
			return err
		}
		for i := range batch.Rows {
			row := &batch.Rows[i]
			p.add(alphapulse.IDText(row.InstrumentId), alphapulse.Text(row.Symbol[:]), alphapulse.Text(row.Isin[:]),
				alphapulse.Text(row.Figi[:]), alphapulse.Text(row.Cusip[:]), row.TickSize, row.LotSize, row.ChainId,
				row.Decimals, uint8(row.Status), uint8(row.Flags))
		}
	}
	p.tell()
	return nil
}

func auditSample(ctx context.Context, registry *alphapulse.Registry, sample []alphapulse.Instrument) error {
	p := newPart("by id")
	ids := make([]alphapulse.InstrumentID, len(sample))
	for i, one := range sample {
		ids[i] = one.ID()
	}
	found, err := registry.GetMany(ctx, ids)
	if err != nil {
		return err
	}
	for _, one := range found {
		if one.Instrument == nil {
			p.add("missing")
			continue
		}
		p.add(instrumentFields(one.Instrument)...)
	}
	p.tell()

	p = newPart("history")
	for _, one := range sample {
		periods, err := registry.History(ctx, one.ID())
		if err != nil {
			return err
		}
		for _, period := range periods {
			p.add(idText(period.Instrument), period.GetVersion(), period.GetSymbol(), period.GetRevision())
		}
	}
	p.tell()

	p = newPart("resolved")
	for _, one := range sample {
		venue := "" // of what is listed nowhere
		if one.GetVenue() != 0 {
			venue = fmt.Sprint(one.GetVenue())
		}
		key := alphapulse.Symbol(one.GetSymbol(), venue)
		if one.GetContractAddress() != "" {
			key = alphapulse.Contract(one.GetContractAddress(), one.GetChainId())
		}
		if one.GetIsin() != "" {
			key = alphapulse.ISIN(one.GetIsin())
		}
		candidates, _, err := registry.Candidates(ctx, key)
		if err != nil {
			return err
		}
		for _, candidate := range candidates {
			p.add(idText(candidate.Instrument))
		}
	}
	p.tell()

	p = newPart("links")
	for _, one := range sample {
		links := registry.Links(ctx, one.ID(), registryv1.LinkType_LINK_TYPE_UNSPECIFIED)
		if err := each(links, func(link *registryv1.Link) { p.add(linkFields(link)...) }); err != nil {
			return err
		}
	}
	p.tell()

	p = newPart("listings")
	for _, one := range sample {
		listings, err := registry.FindVenues(ctx, one.ID())
		if err != nil {
			return err
		}
		for _, listing := range listings {
			p.add(idText(listing.GetInstrument()), listing.GetVenue().GetName(), int(listing.GetLink()))
		}
	}
	p.tell()
	return nil
}

func main() {
	target := flag.String("target", "localhost:10000", "address of the mesh's gateway")
	flag.Parse()
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	mesh, err := alphapulse.Connect(ctx, *target)
	if err != nil {
		log.Fatal(err)
	}
	defer mesh.Close()
	if err := audit(ctx, mesh.Registry); err != nil {
		log.Fatal(err)
	}
}
