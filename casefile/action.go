package casefile

import (
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// Added is what became of a report that was stored.
type Added struct {
	ReportID ReportID
	CaseID   CaseID
	New      bool // a case was opened for it
}

// Open makes the case of a target's first report, due at once.
func Open(r Report, host HostKey, now time.Time) (Case, []Event) {
	c := Case{
		Target: r.Target, Referrer: r.Referrer, HostKey: host, Standing: Watching, Held: r.Held,
		Episode: Episode{Number: 1, Opened: r.Received}, Due: Due{At: now, Why: WhyReported}, Opened: now,
	}
	events := []Event{reported(r, now)}
	if c.Held {
		events = append(events, heldByReport(now))
	}
	return c, events
}

// heldByReport is the event of a hold that a report asks for.
func heldByReport(now time.Time) Event {
	return Event{At: now, Kind: EventHeld, Actor: ActorVigil, Data: map[string]string{"reason": "a report asks for police first"}}
}

// Attach adds a further report to a case. It wakes a case that is withdrawn or
// closed, as the next episode; else the clock keeps running from the first report.
func (c Case) Attach(r Report, now time.Time) (Case, []Event) {
	events := []Event{reported(r, now)}
	if !r.Referrer.IsZero() {
		c.Referrer = r.Referrer
	}
	if r.Held && !c.Held {
		c.Held = true
		events = append(events, heldByReport(now))
	}
	to, _ := c.Standing.Move(CauseReported)
	if to != c.Standing {
		c.Episode = Episode{Number: c.Episode.Number + 1, Opened: r.Received}
		c.Streak, c.Undecided, c.Unseen, c.Aftercare, c.Informed = Streak{}, Streak{}, time.Time{}, 0, false
		c.Ruling = Ruling{Hosting: c.Ruling.Hosting}
		events = append(events, c.moved(to, CauseReported, ActorVigil, now))
		c.Standing = to
	}
	c.Due = Due{At: now, Why: WhyReported}
	return c, events
}

func reported(r Report, now time.Time) Event {
	return Event{At: now, Kind: EventReported, Actor: ActorVigil, Data: map[string]string{
		"source": r.Source, "classification": string(r.Classification), "received": r.Received.UTC().Format(time.RFC3339),
	}}
}

// moved is the event of a standing that changes.
func (c Case) moved(to Standing, cause Cause, actor string, at time.Time) Event {
	return Event{At: at, Kind: EventStanding, Actor: actor, Data: map[string]string{
		"from": string(c.Standing), "to": string(to), "cause": string(cause), "episode": strconv.Itoa(c.Episode.Number),
	}}
}

// Moved moves the case along the transition table and returns the event of the
// move; none when the cause leads back to the same standing or nowhere.
func (c Case) Moved(cause Cause, actor string, at time.Time) (Case, []Event) {
	to, ok := c.Standing.Move(cause)
	if !ok || to == c.Standing {
		return c, nil
	}
	e := c.moved(to, cause, actor, at)
	c.Standing = to
	return c, []Event{e}
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
	ActAccept   ActionKind = "accept_page"    // an answer in review: what is there now is the matter
	ActNote     ActionKind = "note"           // leave a note
	ActOrigin   ActionKind = "record_origin"  // a person knows where it is really hosted: the address, or only the country
	ActForget   ActionKind = "forget_origin"  // the recorded origin is wrong, or no longer right
)

// Valid says whether k is known.
func (k ActionKind) Valid() bool {
	switch k {
	case ActWithdraw, ActHold, ActRelease, ActLook, ActRecord, ActOverturn, ActKeep, ActAccept, ActNote, ActOrigin, ActForget:
		return true
	}
	return false
}

// MaxActionReason bounds the reason a person gives, in bytes.
const MaxActionReason = 1000

// Action is what a person does to a case. Each carries a reason and becomes an event.
type Action struct {
	Kind   ActionKind
	Actor  string
	Reason string
	At     time.Time
	// Origin and Country are what ActOrigin records, at least one of them; zero for all other actions. Whether
	// the address may be dialled and the country is one is checked by whoever read them.
	Origin  netip.Addr
	Country string // ISO 3166-1 alpha-2
	// Visit is for ActAccept: the visit whose page is the matter; 0 is the last believed one that read a
	// page. Page is what it read: whoever holds the visits fills it in, nil when there is none.
	Visit VisitID
	Page  *Features
}

// Act applies a person's action. A move that the transition table does not have
// is a Problem of code conflict, and nothing changes.
func (c Case) Act(a Action) (Case, []Event, *Problem) {
	if !a.Kind.Valid() {
		return c, nil, Problemf(ProblemField, "action", "%.40q is no action; use withdraw, hold, release, look_now, record_removal, undo_removal, keep_watching, accept_page, note, record_origin or forget_origin", string(a.Kind))
	}
	if a.Reason == "" || len(a.Reason) > MaxActionReason {
		return c, nil, Problemf(ProblemField, "reason", "give a reason of 1 to %d bytes; it is kept in the history", MaxActionReason)
	}
	event := func(k EventKind) []Event {
		return []Event{{At: a.At, Kind: k, Actor: a.Actor, Data: map[string]string{"reason": a.Reason}}}
	}
	move := func(cause Cause) (Case, []Event, *Problem) {
		next, events := c.Moved(cause, a.Actor, a.At)
		if len(events) == 0 {
			return c, nil, Problemf(ProblemConflict, "action", "a case that is %s cannot %s", c.Standing, a.Kind)
		}
		events[0].Data["reason"] = a.Reason
		next.Streak, next.Undecided, next.Unseen = Streak{}, Streak{}, time.Time{}
		return next, events, nil
	}
	switch a.Kind {
	case ActHold:
		if c.Held {
			return c, nil, Problemf(ProblemConflict, "action", "the case is held already")
		}
		c.Held = true
		return c, event(EventHeld), nil
	case ActRelease:
		if !c.Held {
			return c, nil, Problemf(ProblemConflict, "action", "the case is not held")
		}
		c.Held, c.Informed = false, false
		if c.Standing.Visited() {
			c.Due = Due{At: a.At, Why: WhyAsked}
		}
		return c, event(EventReleased), nil
	case ActLook:
		if !c.Standing.Visited() {
			return c, nil, Problemf(ProblemConflict, "action", "a case that is %s is not looked at; report the URL again to wake it", c.Standing)
		}
		c.Due = Due{At: a.At, Why: WhyAsked}
		return c, event(EventAsked), nil
	case ActOrigin, ActForget:
		return c.actOnOrigin(a)
	case ActKeep, ActAccept:
		return c.settle(a)
	case ActWithdraw:
		next, events, problem := move(CauseWithdrawn)
		if problem == nil {
			next.Due = Due{Why: WhyNever}
		}
		return next, events, problem
	case ActRecord:
		next, events, problem := move(CauseRecorded)
		if problem == nil {
			next.Episode.Removed, next.Episode.Recorded, next.Aftercare = a.At, true, 0
			if next.Episode.FirstGone.IsZero() { // else looks found it gone before the person did
				next.Episode.FirstGone = a.At
			}
			next.Ruling.Gone = ""
			if c.Last.State == StateGone {
				next.Ruling.Gone = c.Last.Reason
			}
			next.Due = Due{At: a.At, Why: WhyAftercare}
		}
		return next, events, problem
	case ActOverturn:
		next, events, problem := move(CauseOverturned)
		if problem == nil {
			if c.Last.State == StateGone { // also of a removal of before Gone was kept
				next.Ruling.Overturned = c.Last.Reason
			} else if c.Ruling.Gone != "" {
				next.Ruling.Overturned = c.Ruling.Gone
			}
			next.Ruling.Gone = ""
			next.Episode.Removed, next.Episode.FirstGone, next.Episode.Recorded, next.Aftercare = time.Time{}, time.Time{}, false, 0
			next.Due = Due{At: a.At, Why: WhyAsked}
		}
		return next, events, problem
	case ActNote:
	}
	return c, event(EventNoted), nil
}

// settle applies an answer to the question of a review that leaves the case watched. It is
// due at once: what the answer changed is seen with the next look.
func (c Case) settle(a Action) (Case, []Event, *Problem) {
	if !c.Standing.Visited() {
		return c, nil, Problemf(ProblemConflict, "action", "a case that is %s is not looked at; report the URL again to wake it", c.Standing)
	}
	about := c.matter()
	e := Event{At: a.At, Kind: EventSettled, Actor: a.Actor, Data: map[string]string{"reason": a.Reason, "answer": string(a.Kind)}}
	answers := true // the question of the review
	switch a.Kind {
	case ActAccept:
		if a.Page == nil {
			return c, nil, Problemf(ProblemConflict, "action", "no page was read that could be the matter; ask for a look, or record what you know otherwise")
		}
		page := *a.Page
		c.Baseline, c.Undecided = &page, Streak{}
		c.Ruling.Overturned = ""
		answers = about != MatterHosting
		e.Data["visit"], e.Data["words"] = strconv.FormatInt(int64(a.Visit), 10), strconv.Itoa(page.Words)
	default:
		switch {
		case c.Standing != Review:
			return c, nil, Problemf(ProblemConflict, "action", "a case that is %s asks nothing: it is watched as it is", c.Standing)
		case about == MatterHosting:
			c.Ruling.Hosting = true
		case about == Matter(ReasonFenced):
			c.Ruling.Fenced = true
		default:
			return c, nil, Problemf(ProblemConflict, "action", "the question is whether the matter is there: answer with accept_page, record_removal or withdraw, or leave the case in review")
		}
		c.Undecided = Streak{}
	}
	events := []Event{e}
	if c.Standing == Review && answers {
		e.Data["about"] = string(about)
		next, moved := c.Moved(CauseSettled, a.Actor, a.At)
		c, events = next, append(events, moved...)
	}
	c.Due = Due{At: a.At, Why: WhyAsked}
	return c, events, nil
}

// actOnOrigin records or forgets the origin. The present hosting stays as it is: the
// next visit, due at once, decides anew because the decision's origin differs, and
// tells other parties only when that led to another hosting.
func (c Case) actOnOrigin(a Action) (Case, []Event, *Problem) {
	e := Event{At: a.At, Actor: a.Actor, Kind: EventOriginForgotten, Data: map[string]string{"reason": a.Reason}}
	told := c.Origin
	if a.Kind == ActForget {
		if c.Origin == nil {
			return c, nil, Problemf(ProblemConflict, "action", "no origin is recorded for this case")
		}
		c.Origin = nil
	} else {
		o := &Origin{Address: a.Origin.Unmap(), Country: a.Country, By: a.Actor, At: a.At}
		if problem := checkOrigin(o); problem != nil {
			return c, nil, problem
		}
		if c.Hosting == nil {
			return c, nil, Problemf(ProblemConflict, "action", "the case was not looked at yet; record the origin when its hosting was decided")
		}
		switch {
		case c.Hosting.Edge == nil:
			o.Of = c.Hosting.Addresses
		case slices.Contains(c.Hosting.Addresses, o.Address):
			return c, nil, Problemf(ProblemField, "origin", "this is the address of the edge that the target answers at; give that of the machine behind it")
		}
		c.Origin, told, e.Kind = o, o, EventOriginRecorded
	}
	if n := told.Network(); n.IsValid() {
		e.Data["network"] = n.String()
	}
	if told.Country != "" {
		e.Data["country"] = told.Country
	}
	if c.Standing.Visited() {
		c.Due = Due{At: a.At, Why: WhyAsked}
	}
	return c, []Event{e}, nil
}

// checkOrigin says whether the record can be of an origin at all.
func checkOrigin(o *Origin) *Problem {
	addr := o.Address
	switch {
	case !addr.IsValid() && o.Country == "":
		return Problemf(ProblemField, "origin", "give the address of the origin, for example 192.0.2.7, or its country")
	case o.Country != "" && (len(o.Country) != 2 || o.Country[0] < 'A' || o.Country[0] > 'Z' || o.Country[1] < 'A' || o.Country[1] > 'Z'):
		return Problemf(ProblemField, "country", "%.10q is no country: give the two capital letters of ISO 3166-1, for example NL", o.Country)
	case addr.Zone() != "":
		return Problemf(ProblemField, "origin", "an address with a zone means something on one machine only; give a public address")
	case addr.IsValid() && (addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})):
		return Problemf(ProblemField, "origin", "this is no address of one machine; give the public address of the origin")
	}
	return nil
}
