package casefile

import (
	"net/netip"
	"slices"
	"time"
)

// Added is what became of a report that was stored.
type Added struct {
	ReportID ReportID
	CaseID   CaseID
	New      bool // a case was opened for it
}

// ActionKind is what a person can do to a case.
type ActionKind string

// Actions.
const (
	ActWithdraw ActionKind = "withdraw"       // the report was a mistake: stop looking
	ActHold     ActionKind = "hold"           // police first: no provider notices
	ActRelease  ActionKind = "release"        // end of the hold
	ActLook     ActionKind = "look_now"       // visit as soon as possible
	ActRecord   ActionKind = "record_removal" // a person knows that it is gone
	ActOverturn ActionKind = "undo_removal"   // a person knows that it is not gone
	ActKeep     ActionKind = "keep_watching"  // an answer in review: nothing to decide, look on
	ActAccept   ActionKind = "accept_page"    // an answer in review: what is there now is the content
	ActNote     ActionKind = "note"           // leave a note
	ActOrigin   ActionKind = "record_origin"  // a person knows where it is really hosted: the address, or only the country
	ActForget   ActionKind = "forget_origin"  // the recorded origin is wrong, or no longer right
)

// Valid says whether k is known.
func (k ActionKind) Valid() bool {
	return slices.Contains([]ActionKind{
		ActWithdraw, ActHold, ActRelease, ActLook, ActRecord, ActOverturn, ActKeep, ActAccept, ActNote, ActOrigin, ActForget,
	}, k)
}

// MaxActionReason bounds the reason a person gives, in bytes.
const MaxActionReason = 1000

// Action is what a person does to a case. Each carries a reason and becomes an event.
type Action struct {
	Kind   ActionKind
	Actor  string
	Reason string
	At     time.Time
	// Origin and Country are what ActOrigin records, at least one of them; zero for all other actions.
	// Whether the address may be dialled and the country is one is checked by whoever read them.
	Origin  netip.Addr
	Country string // ISO 3166-1 alpha-2
	// Visit is for ActAccept: the visit whose page is the content; 0 is the last counted one that read a
	// page. Page is what it read: whoever holds the visits fills it in, nil when there is none.
	Visit VisitID
	Page  *Features
}
