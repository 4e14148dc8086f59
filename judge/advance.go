package judge

import (
	"strconv"
	"time"

	"vigil/casefile"
)

// Rules are the numbers that turn verdicts into standings.
type Rules struct {
	// Confirm is how many gone verdicts, and over how long a span from the first to
	// the last of them, confirm a removal. The same numbers of changed and fenced verdicts ask for a review.
	Confirm struct {
		Verdicts int
		Span     time.Duration
	}
	// UnavailableAfter is how long a case may be silent or withheld before it is unavailable.
	UnavailableAfter time.Duration
	// Aftercare are the times of the looks after a removal, counted from it, in order.
	// With none a case closes at the first look after its removal.
	Aftercare []time.Duration
}

// Advance applies a visit to a case and returns the case as the visit leaves it,
// with its events in order. Of the visit it reads Verdict, Observations, Ended and
// Believed. It ends the mark of the visit under way (Looking), and leaves Due to the scheduler.
//
// A verdict that is not believed counts for nothing; a live one is always
// believed: no fault of ours shows a page. Cases that are not visited (withdrawn, closed) only count the visit.
func Advance(c casefile.Case, v casefile.Visit, r Rules) (casefile.Case, []casefile.Event) {
	c.Visits++
	c.Looking = time.Time{}
	state := v.Verdict.State
	if !state.Valid() || !c.Standing.Visited() || !v.Believed && state != casefile.StateLive {
		return c, nil
	}
	s := &step{c: c, v: v, r: r, at: v.Ended.UTC(), first: c.Last.State == ""}
	s.c.Last = casefile.Opinion{State: state, Reason: v.Verdict.Reason, At: s.at}
	switch {
	case state == casefile.StateLive, state == casefile.StateFenced:
		s.sighted()
	case c.Standing == casefile.Removed:
		s.aftercare()
	case state == casefile.StateGone:
		s.absent()
	case state == casefile.StateChanged:
		s.changed()
	case state == casefile.StateSilent, state == casefile.StateWithheld:
		s.unseen()
	}
	return s.c, s.events
}

// step is one visit being applied to a case.
type step struct {
	c      casefile.Case
	v      casefile.Visit
	r      Rules
	at     time.Time
	first  bool // no verdict was believed before
	events []casefile.Event
}

// sighted applies a verdict with a sighting: live, or fenced, which is a sighting
// from some vantages and leaves the question what to do about the others.
func (s *step) sighted() {
	if s.c.Standing == casefile.Removed {
		s.returned()
	} else {
		if s.c.Episode.FirstSeen.IsZero() {
			s.c.Episode.FirstSeen = s.at
			s.event(casefile.EventFirstSeen, map[string]string{"reason": string(s.v.Verdict.Reason)})
		}
		s.c.Episode.LastSeen = s.at
	}
	s.c.Unseen = time.Time{}
	s.clearStreak()
	if s.v.Verdict.State == casefile.StateFenced {
		s.backToWatching()
		s.undecided()
		return
	}
	if s.c.Baseline == nil {
		s.c.Baseline = baseline(s.v)
		if s.c.Baseline != nil {
			s.event(casefile.EventBaseline, map[string]string{
				"html": strconv.FormatBool(s.c.Baseline.HTML), "words": strconv.Itoa(s.c.Baseline.Words),
			})
		}
	}
	// A review that was asked for another cause, the hosting, is not settled by a sighting.
	if s.c.Standing != casefile.Review || s.c.Undecided.Count > 0 {
		s.move(casefile.CauseSeen)
	}
	s.c.Undecided = casefile.Streak{}
}

// returned opens the next episode, with a clock of its own.
func (s *step) returned() {
	e := s.c.Episode
	s.c.Episode = casefile.Episode{Number: e.Number + 1, Opened: s.at, FirstSeen: s.at, LastSeen: s.at}
	s.c.Aftercare, s.c.Informed = 0, false
	s.event(casefile.EventReturned, map[string]string{
		"reason": string(s.v.Verdict.Reason), "removed": e.Removed.UTC().Format(time.RFC3339),
		"gap": s.at.Sub(e.Removed).Round(time.Second).String(),
	})
	s.move(casefile.CauseSeen)
}

// aftercare counts the looks that were due by now. A look counts for the due time that it is nearer to than to
// the one before: a look that a person asked for right after the removal uses none up, and one look
// after a long pause settles all that were missed.
func (s *step) aftercare() {
	var before time.Duration
	if n := s.c.Aftercare; n > 0 && n <= len(s.r.Aftercare) {
		before = s.r.Aftercare[n-1]
	}
	since := s.at.Sub(s.c.Episode.Removed)
	for s.c.Aftercare < len(s.r.Aftercare) {
		due := s.r.Aftercare[s.c.Aftercare]
		if since < before+(due-before)/2 {
			break
		}
		before = due
		s.c.Aftercare++
	}
	if s.c.Aftercare >= len(s.r.Aftercare) {
		s.move(casefile.CauseAged)
	}
}

// absent applies a gone verdict.
func (s *step) absent() {
	s.c.Unseen = time.Time{}
	s.c.Streak = longer(s.c.Streak, s.at)
	s.c.Episode.FirstGone = s.c.Streak.First
	if s.first {
		s.event(casefile.EventAssessed, map[string]string{"reason": string(s.v.Verdict.Reason)})
	}
	if !s.enough(s.c.Streak) {
		s.move(casefile.CauseGone)
		return
	}
	s.c.Episode.Removed, s.c.Aftercare, s.c.Undecided = s.at, 0, casefile.Streak{}
	s.move(casefile.CauseConfirmed)
}

// changed applies a verdict that something else is there. It may be the matter in
// another form, so it ends the streak.
func (s *step) changed() {
	s.c.Unseen = time.Time{}
	s.clearStreak()
	s.backToWatching()
	s.undecided()
}

// unseen applies a silent or withheld verdict: it proves nothing either way, so
// the streaks stay as they are, until the case counts as unavailable.
func (s *step) unseen() {
	if s.c.Unseen.IsZero() {
		s.c.Unseen = s.at
	}
	if s.at.Sub(s.c.Unseen) < s.r.UnavailableAfter || s.c.Standing == casefile.Unavailable {
		return
	}
	s.clearStreak() // what was seen so long ago confirms nothing by now
	s.c.Undecided = casefile.Streak{}
	s.move(casefile.CauseUnseen)
}

// undecided lengthens the run of changed and fenced verdicts, and asks a person when it is long enough.
func (s *step) undecided() {
	s.c.Undecided = longer(s.c.Undecided, s.at)
	if s.c.Standing == casefile.Review || !s.enough(s.c.Undecided) {
		return
	}
	s.move(casefile.CauseUndecided)
	s.event(casefile.EventReviewRequested, map[string]string{
		"reason": string(s.v.Verdict.Reason), "question": question(s.v.Verdict.Reason),
		"verdicts": strconv.Itoa(s.c.Undecided.Count), "since": s.c.Undecided.First.UTC().Format(time.RFC3339),
	})
}

// backToWatching ends a standing that the verdict contradicts: confirming without a streak, unavailable with an answer.
func (s *step) backToWatching() {
	if s.c.Standing == casefile.Confirming || s.c.Standing == casefile.Unavailable {
		s.move(casefile.CauseSeen)
	}
}

func (s *step) clearStreak() {
	s.c.Streak, s.c.Episode.FirstGone = casefile.Streak{}, time.Time{}
}

// move moves the case along the transition table, with the verdict in the event.
func (s *step) move(cause casefile.Cause) {
	c, events := s.c.Moved(cause, casefile.ActorVigil, s.at)
	for _, e := range events {
		e.Data["verdict"], e.Data["reason"] = string(s.v.Verdict.State), string(s.v.Verdict.Reason)
	}
	s.c, s.events = c, append(s.events, events...)
}

func (s *step) event(kind casefile.EventKind, data map[string]string) {
	data["episode"] = strconv.Itoa(s.c.Episode.Number)
	s.events = append(s.events, casefile.Event{At: s.at, Kind: kind, Actor: casefile.ActorVigil, Data: data})
}

// enough says whether a streak confirms.
func (s *step) enough(k casefile.Streak) bool {
	return k.Count >= s.r.Confirm.Verdicts && k.Span() >= s.r.Confirm.Span
}

// longer is the streak with one more verdict at the time given.
func longer(k casefile.Streak, at time.Time) casefile.Streak {
	if k.Count == 0 {
		k.First = at
	}
	k.Count++
	k.Last = at
	return k
}

// question puts into words what a person must decide.
func question(r casefile.Reason) string {
	switch r {
	case casefile.ReasonRedirectedElsewhere:
		return "The address now leads to another domain. Is the reported matter there, so that the new address must be reported, or is it gone?"
	case casefile.ReasonFenced:
		return "It is seen from some vantages and absent from others. Is it blocked by country only, so that it must still be removed?"
	default:
		return "The address answers, but not with what was seen before. Is the reported matter gone, or there in another form?"
	}
}

// baseline picks the features of the look that showed the target live: of the
// vantages that agree with the verdict, the first by name. Nil when none read a body.
func baseline(v casefile.Visit) *casefile.Features {
	var best *casefile.Observation
	for i := range v.Observations {
		o := &v.Observations[i]
		status := o.Status
		if status == 0 {
			status = o.Final().Status
		}
		if !ofTarget(o.Purpose) || o.Fault != nil || o.Features == nil || status/100 != 2 || dissents(v.Verdict, o.Vantage) {
			continue
		}
		if best == nil || o.Vantage < best.Vantage {
			best = o
		}
	}
	if best == nil {
		return nil
	}
	f := *best.Features
	return &f
}

func dissents(v casefile.Verdict, vantage string) bool {
	for _, d := range v.Dissent {
		if d.Vantage == vantage {
			return true
		}
	}
	return false
}
