package alphapulse

// Reason is why something failed: stable, UPPER_SNAKE, the same in every language. It is an error
// itself, so that errors.Is finds it: errors.Is(err, alphapulse.ReasonRevisionConflict). These are
// the reasons that programs act on; a service may give others.
type Reason string

func (r Reason) Error() string { return string(r) }

// Of this library.
const (
	ReasonArgumentInvalid Reason = "ARGUMENT_INVALID"
	ReasonMeshUnreachable Reason = "MESH_UNREACHABLE"
)

// Of frames that cannot be read.
const (
	ReasonFrameTruncated      Reason = "FRAME_TRUNCATED"
	ReasonFrameBadIdentifier  Reason = "FRAME_BAD_IDENTIFIER"
	ReasonFrameBadMagic       Reason = "FRAME_BAD_MAGIC"
	ReasonFrameBadVersion     Reason = "FRAME_BAD_VERSION"
	ReasonFrameBadOffset      Reason = "FRAME_BAD_OFFSET"
	ReasonFrameBadSize        Reason = "FRAME_BAD_SIZE"
	ReasonFrameBadChecksum    Reason = "FRAME_BAD_CHECKSUM"
	ReasonFrameBadTLV         Reason = "FRAME_BAD_TLV"
	ReasonFrameBadCompression Reason = "FRAME_BAD_COMPRESSION"
	ReasonFrameTypeMismatch   Reason = "FRAME_TYPE_MISMATCH"
	ReasonFrameBadType        Reason = "FRAME_BAD_TYPE"
	ReasonFrameTooLarge       Reason = "FRAME_TOO_LARGE"
	ReasonFrameInvalid        Reason = "FRAME_INVALID"
)

// Of the registry.
const (
	ReasonInstrumentUnknown      Reason = "INSTRUMENT_UNKNOWN"
	ReasonInstrumentAmbiguous    Reason = "INSTRUMENT_AMBIGUOUS"
	ReasonInstrumentConflict     Reason = "INSTRUMENT_CONFLICT"
	ReasonInstrumentNotValidThen Reason = "INSTRUMENT_NOT_VALID_THEN"
	ReasonRevisionConflict       Reason = "REVISION_CONFLICT"
	ReasonRevisionNotReached     Reason = "REVISION_NOT_REACHED"
	ReasonRevisionCompacted      Reason = "REVISION_COMPACTED"
	ReasonRequestIDReused        Reason = "REQUEST_ID_REUSED"
	ReasonLinkStatedByData       Reason = "LINK_STATED_BY_DATA"
	ReasonOpportunitiesOff       Reason = "OPPORTUNITIES_OFF"
	ReasonVenueUnknown           Reason = "VENUE_UNKNOWN"
	ReasonVenueConflict          Reason = "VENUE_CONFLICT"
	ReasonVenueInUse             Reason = "VENUE_IN_USE"
	ReasonVenueRetired           Reason = "VENUE_RETIRED"
	ReasonVenueFeesUnknown       Reason = "VENUE_FEES_UNKNOWN"
	ReasonSyntheticUnknown       Reason = "SYNTHETIC_UNKNOWN"
	ReasonSyntheticCycle         Reason = "SYNTHETIC_CYCLE"
)

// Of relays; those of gaps are a GapReason.
const (
	ReasonPublisherClosed    Reason = "PUBLISHER_CLOSED"
	ReasonProducerIDInUse    Reason = "PRODUCER_ID_IN_USE"
	ReasonProducerReplaced   Reason = "PRODUCER_REPLACED"
	ReasonSlowConsumer       Reason = "SLOW_CONSUMER"
	ReasonSequenceAhead      Reason = "SEQUENCE_AHEAD"
	ReasonTokenForeign       Reason = "TOKEN_FOREIGN"
	ReasonTokenInvalid       Reason = "TOKEN_INVALID"
	ReasonDomainMismatch     Reason = "DOMAIN_MISMATCH"
	ReasonMessageTypeUnknown Reason = "MESSAGE_TYPE_UNKNOWN"
)

// GapReason is why sequences are missing from a feed.
type GapReason string

// The reasons of gaps.
const (
	// GapSlowConsumer: they left the window while this consumer was behind.
	GapSlowConsumer GapReason = "SLOW_CONSUMER"
	// GapWindowExpired: it was over before the feed (again) began.
	GapWindowExpired GapReason = "WINDOW_EXPIRED"
	// GapProducerDied: claimed by a relay when it died; nobody was told that they were taken.
	GapProducerDied GapReason = "PRODUCER_DIED"
	// GapRelayRestarted: the relay lost its memory and counts anew; how much is missing is unknown.
	GapRelayRestarted GapReason = "RELAY_RESTARTED"
	// GapConflated: later values of the same instruments came instead.
	GapConflated GapReason = "CONFLATED"
	// GapConflatedPartly: the frames came, without the records that later ones replace.
	GapConflatedPartly GapReason = "CONFLATED_PARTLY"
)
