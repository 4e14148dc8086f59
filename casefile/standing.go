package casefile

import "slices"

// Standing is where a case is.
type Standing string

// Standings.
const (
	Watching    Standing = "watching"    // looked at, not gone
	Confirming  Standing = "confirming"  // gone verdicts, not yet enough of them
	Removed     Standing = "removed"     // removal confirmed; looked at for a return
	Unavailable Standing = "unavailable" // silent or withheld for long; never counted as removed
	Review      Standing = "review"      // a person must decide
	Withdrawn   Standing = "withdrawn"   // the report was taken back
	Closed      Standing = "closed"      // aftercare is over
)

// Standings in the order of a case's life.
var Standings = []Standing{Watching, Confirming, Removed, Unavailable, Review, Withdrawn, Closed}

// Valid says whether s is known.
func (s Standing) Valid() bool { return slices.Contains(Standings, s) }

// Visited says whether cases of this standing are still looked at.
func (s Standing) Visited() bool { return s.Valid() && s != Withdrawn && s != Closed }

// Cause is why a standing changes.
type Cause string

// Causes.
const (
	CauseGone       Cause = "gone"       // a gone verdict, the streak is not long enough
	CauseConfirmed  Cause = "confirmed"  // the streak is long enough
	CauseSeen       Cause = "seen"       // a live verdict, or a changed or fenced one that ends a streak or an unavailability
	CauseUnseen     Cause = "unseen"     // silent or withheld for too long
	CauseUndecided  Cause = "undecided"  // changed or fenced for too long, or hosting below the threshold
	CauseSettled    Cause = "settled"    // what was undecided is decided
	CauseAged       Cause = "aged"       // the last look of aftercare was made
	CauseReported   Cause = "reported"   // a new report
	CauseWithdrawn  Cause = "withdrawn"  // a person took the report back
	CauseRecorded   Cause = "recorded"   // a person recorded a removal
	CauseOverturned Cause = "overturned" // a person undid a removal
)

// moves is the transition table: where a cause leads from a standing. What is
// not in it does not happen. A cause that leads back to the same standing is no
// move and makes no event.
var moves = map[Standing]map[Cause]Standing{
	Watching: open(Watching), Confirming: open(Confirming), Unavailable: open(Unavailable), Review: open(Review),
	Removed: { // only a sighting or a person ends a removal: silence is no return either
		CauseGone: Removed, CauseSeen: Watching, CauseAged: Closed,
		CauseReported: Removed, CauseWithdrawn: Withdrawn, CauseOverturned: Watching,
	},
	Withdrawn: {CauseReported: Watching},
	Closed:    {CauseReported: Watching, CauseOverturned: Watching},
}

// open are the moves of a case that is looked at until it is gone.
func open(s Standing) map[Cause]Standing {
	to := map[Cause]Standing{
		CauseGone: Confirming, CauseConfirmed: Removed, CauseSeen: Watching, CauseUnseen: Unavailable, CauseUndecided: Review,
		CauseReported: s, CauseWithdrawn: Withdrawn, CauseRecorded: Removed,
	}
	if s == Review {
		to[CauseSettled] = Watching
	}
	return to
}

// Move is where the cause leads from s; ok is false when the table has no such move.
func (s Standing) Move(c Cause) (to Standing, ok bool) {
	to, ok = moves[s][c]
	return to, ok
}
