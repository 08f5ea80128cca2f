package alphapulse

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"lukechampine.com/blake3"

	commonv1 "alphapulse.dev/gen/go/alphapulse/common/v1"
	fbs "alphapulse.dev/gen/go/alphapulse_fbs"
	"alphapulse.dev/gen/go/layout"
)

// InstrumentID names an instrument: 16 bytes, the same in every language. See docs/identity.md.
type InstrumentID = layout.InstrumentId

// ErrBadKey is what a natural key that no instrument can have is refused with.
var ErrBadKey = errors.New("alphapulse: malformed natural key")

const (
	maxSymbol = 12
	maxCode   = 6
)

// checkType refuses what is no asset type.
func checkType(assetType fbs.AssetType) error {
	if _, known := fbs.EnumNamesAssetType[assetType]; !known || assetType == fbs.AssetTypeNONE {
		return fmt.Errorf("%w: there is no asset type %d", ErrBadKey, assetType)
	}
	return nil
}

// SymbolID is the id of a symbol on a venue. A symbol that does not fit 64 bits is hashed.
func SymbolID(assetType fbs.AssetType, venue fbs.VenueId, symbol string) (InstrumentID, error) {
	if err := checkType(assetType); err != nil {
		return InstrumentID{}, err
	}
	if symbol == "" {
		return InstrumentID{}, fmt.Errorf("%w: empty symbol", ErrBadKey)
	}
	if len(symbol) <= maxSymbol {
		if value, ok := encode(symbol, 39, maxSymbol, symbolDigit); ok {
			return id(assetType, venue, fbs.IdSchemeSYMBOL, value, 0), nil
		}
	}
	return HashID(assetType, venue, symbol, 0)
}

// ISINID is the id of an ISIN (ISO 6166). The check digit is the registry's to judge.
func ISINID(assetType fbs.AssetType, venue fbs.VenueId, isin string) (InstrumentID, error) {
	if err := checkType(assetType); err != nil {
		return InstrumentID{}, err
	}
	shape := len(isin) == 12 && letters(isin[:2]) && isin[11] >= '0' && isin[11] <= '9'
	if shape {
		if value, ok := encode(isin, 36, 12, isinDigit); ok {
			return id(assetType, venue, fbs.IdSchemeISIN, value, 0), nil
		}
	}
	return InstrumentID{}, fmt.Errorf("%w: ISIN %q", ErrBadKey, isin)
}

// PairID is the id of a pair of codes, base before quote. Codes that do not fit are hashed.
func PairID(assetType fbs.AssetType, venue fbs.VenueId, base, quote string) (InstrumentID, error) {
	if err := checkType(assetType); err != nil {
		return InstrumentID{}, err
	}
	if base == "" || quote == "" || strings.Contains(base, "/") || strings.Contains(quote, "/") {
		return InstrumentID{}, fmt.Errorf("%w: pair %q, %q", ErrBadKey, base, quote)
	}
	if len(base) <= maxCode && len(quote) <= maxCode {
		first, ok1 := encode(base, 37, maxCode, codeDigit)
		second, ok2 := encode(quote, 37, maxCode, codeDigit)
		if ok1 && ok2 {
			return id(assetType, venue, fbs.IdSchemePAIR, first*pow(37, maxCode)+second, 0), nil
		}
	}
	return HashID(assetType, venue, base+"/"+quote, 0)
}

// NumericID is the id of a venue's own number.
func NumericID(assetType fbs.AssetType, venue fbs.VenueId, number uint64) InstrumentID {
	return id(assetType, venue, fbs.IdSchemeNUMERIC, number, 0)
}

// HashID is the BLAKE3 id of a local key; attempt counts the collisions that went before.
func HashID(assetType fbs.AssetType, venue fbs.VenueId, key string, attempt int) (InstrumentID, error) {
	if err := checkType(assetType); err != nil {
		return InstrumentID{}, err
	}
	if key == "" {
		return InstrumentID{}, fmt.Errorf("%w: empty key", ErrBadKey)
	}
	canonical := CanonicalKey(assetType, venue, key)
	if attempt > 0 {
		canonical += "#" + strconv.Itoa(attempt)
	}
	sum := blake3.Sum256([]byte(canonical))
	return id(assetType, venue, fbs.IdSchemeHASH,
		binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint32(sum[8:12])), nil
}

// AddressID is the id of a contract address on a chain: "0x" and 40 hexadecimal digits.
func AddressID(assetType fbs.AssetType, venue fbs.VenueId, address string) (InstrumentID, error) {
	lower := strings.ToLower(address)
	if raw, err := hex.DecodeString(strings.TrimPrefix(lower, "0x")); err != nil || len(raw) != 20 ||
		!strings.HasPrefix(lower, "0x") {
		return InstrumentID{}, fmt.Errorf("%w: address %q", ErrBadKey, address)
	}
	return HashID(assetType, venue, lower, 0)
}

// CanonicalKey is the canonical natural key that ids are made of.
func CanonicalKey(assetType fbs.AssetType, venue fbs.VenueId, key string) string {
	return fmt.Sprintf("v1:%s:%d:%s", strings.ToLower(assetType.String()), venue, key)
}

// DecodeID gives the local key of a reversible id; ok is false for a hashed one.
func DecodeID(instrument InstrumentID) (key string, ok bool, err error) {
	malformed := func() (string, bool, error) {
		return "", false, fmt.Errorf("%w: no encoder makes id %s", ErrBadKey, IDText(instrument))
	}
	scheme := fbs.IdScheme(instrument.Scheme)
	if scheme == fbs.IdSchemeHASH {
		return "", false, nil
	}
	if instrument.Salt != 0 {
		return malformed()
	}
	value := instrument.AssetId
	switch scheme {
	case fbs.IdSchemeSYMBOL:
		key, ok = decode(value, 39, maxSymbol, symbolLetter)
	case fbs.IdSchemeISIN:
		key, ok = decodeISIN(value)
	case fbs.IdSchemePAIR:
		base, ok1 := decode(value/pow(37, maxCode), 37, maxCode, symbolLetter)
		quote, ok2 := decode(value%pow(37, maxCode), 37, maxCode, symbolLetter)
		key, ok = base+"/"+quote, ok1 && ok2
	case fbs.IdSchemeNUMERIC:
		key, ok = strconv.FormatUint(value, 10), true
	}
	if !ok {
		return malformed()
	}
	return key, true, nil
}

// IDText is an id as 32 lower-case hexadecimal digits, its bytes in memory order.
func IDText(instrument InstrumentID) string {
	return hex.EncodeToString(IDBytes(instrument))
}

// IDBytes are the 16 bytes of an id as they stand in records.
func IDBytes(instrument InstrumentID) []byte {
	b := make([]byte, 0, 16)
	b = binary.LittleEndian.AppendUint64(b, instrument.AssetId)
	b = binary.LittleEndian.AppendUint16(b, instrument.Venue)
	b = append(b, instrument.AssetType, instrument.Scheme)
	return binary.LittleEndian.AppendUint32(b, instrument.Salt)
}

// ParseID reads an id from 32 hexadecimal digits.
func ParseID(text string) (InstrumentID, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 16 {
		return InstrumentID{}, fmt.Errorf("%w: %q is not 32 hexadecimal digits", ErrBadKey, text)
	}
	return InstrumentID{
		AssetId:   binary.LittleEndian.Uint64(b),
		Venue:     binary.LittleEndian.Uint16(b[8:]),
		AssetType: b[10],
		Scheme:    b[11],
		Salt:      binary.LittleEndian.Uint32(b[12:]),
	}, nil
}

// IDMessage is an id as the messages of the registry hold it.
func IDMessage(instrument InstrumentID) *commonv1.InstrumentId {
	return &commonv1.InstrumentId{
		AssetId:   instrument.AssetId,
		Venue:     uint32(instrument.Venue),
		AssetType: commonv1.AssetType(instrument.AssetType),
		Scheme:    commonv1.IdScheme(instrument.Scheme),
		Salt:      instrument.Salt,
	}
}

func joinIDs(ids []InstrumentID) []byte {
	joined := make([]byte, 0, 16*len(ids))
	for _, instrument := range ids {
		joined = append(joined, IDBytes(instrument)...)
	}
	return joined
}

func idOf(message *commonv1.InstrumentId) InstrumentID {
	return InstrumentID{
		AssetId:   message.GetAssetId(),
		Venue:     uint16(message.GetVenue()),
		AssetType: uint8(message.GetAssetType()),
		Scheme:    uint8(message.GetScheme()),
		Salt:      message.GetSalt(),
	}
}

func id(assetType fbs.AssetType, venue fbs.VenueId, scheme fbs.IdScheme, value uint64, salt uint32) InstrumentID {
	return InstrumentID{
		AssetId: value, Venue: uint16(venue), AssetType: uint8(assetType), Scheme: uint8(scheme), Salt: salt,
	}
}

// encode is a left-aligned number of `places` digits; ok is false where a character has no digit.
func encode(text string, base uint64, places int, digit func(byte) (uint64, bool)) (value uint64, ok bool) {
	for i := range places {
		var d uint64
		if i < len(text) {
			if d, ok = digit(text[i]); !ok {
				return 0, false
			}
		}
		value = value*base + d
	}
	return value, true
}

// decode undoes encode; ok is false for a gap, for no character at all and for too large a value.
func decode(value, base uint64, places int, letter func(uint64) byte) (string, bool) {
	if value/pow(base, places-1) >= base { // above the largest text
		return "", false
	}
	digits := make([]byte, places)
	for i := places - 1; i >= 0; i-- {
		digits[i] = byte(value % base)
		value /= base
	}
	var text strings.Builder
	ended := false
	for _, d := range digits {
		switch {
		case d == 0:
			ended = true
		case ended:
			return "", false
		default:
			text.WriteByte(letter(uint64(d)))
		}
	}
	return text.String(), text.Len() > 0
}

func decodeISIN(value uint64) (string, bool) {
	text := make([]byte, 12)
	for i := 11; i >= 0; i-- {
		d := byte(value % 36)
		value /= 36
		if d < 10 {
			text[i] = '0' + d
		} else {
			text[i] = 'A' + d - 10
		}
	}
	shape := value == 0 && letters(string(text[:2])) && text[11] <= '9'
	return string(text), shape
}

func symbolDigit(c byte) (uint64, bool) {
	switch {
	case c == '.':
		return 37, true
	case c == '-':
		return 38, true
	default:
		return codeDigit(c)
	}
}

func codeDigit(c byte) (uint64, bool) {
	switch {
	case c >= 'A' && c <= 'Z':
		return uint64(c-'A') + 1, true
	case c >= '0' && c <= '9':
		return uint64(c-'0') + 27, true
	default:
		return 0, false
	}
}

func isinDigit(c byte) (uint64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0'), true
	case c >= 'A' && c <= 'Z':
		return uint64(c-'A') + 10, true
	default:
		return 0, false
	}
}

func symbolLetter(d uint64) byte {
	switch {
	case d <= 26:
		return byte('A' + d - 1)
	case d <= 36:
		return byte('0' + d - 27)
	case d == 37:
		return '.'
	default:
		return '-'
	}
}

func letters(text string) bool {
	for i := range len(text) {
		if text[i] < 'A' || text[i] > 'Z' {
			return false
		}
	}
	return true
}

func pow(base uint64, exponent int) uint64 {
	result := uint64(1)
	for range exponent {
		result *= base
	}
	return result
}
