package judge

import (
	"strconv"
	"time"

	"vigil/casefile"
)

// Rules are the numbers that turn verdicts into standings.
type Rules struct {
	// Confirm is the streak of gone verdicts that confirms a removal when independent
	// witnesses look. The same numbers of changed and fenced verdicts ask for a review, whoever looks.
	Confirm casefile.Confirm
	// Alone says that one vantage looks and no other can contradict it: one line, one
	// network, one address that can be shut out. Then a removal needs twice Confirm (ADR-0034).
	Alone bool
	// UnavailableAfter is how long a case may be silent or withheld before it is unavailable.
	UnavailableAfter time.Duration
	// Aftercare are the times of the looks after a removal, counted from it, in order.
	// With none a case closes at the first look after its removal.
	Aftercare []time.Duration
}

// Alone says whether so many vantages have nobody to contradict them (Rules.Alone).
func Alone(vantages int) bool { return vantages < 2 }

// Removal is the streak of gone verdicts that confirms a removal: Confirm, and twice
// its verdicts over twice its span for a vantage alone. The only place of that rule.
func (r Rules) Removal() casefile.Confirm {
	c := r.Confirm
	if r.Alone {
		c.Verdicts, c.Span = 2*c.Verdicts, 2*c.Span
	}
	return c
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
	s := &step{c: c, v: v, r: r, at: v.Ended.UTC(), first: c.Last.State == "", before: c.Last.State}
	s.c.Last = casefile.Opinion{State: state, Reason: v.Verdict.Reason, At: s.at}
	switch {
	case state == casefile.StateLive, state == casefile.StateFenced:
		s.sighted()
	case c.Standing == casefile.Removed:
		s.aftercare()
	case state == casefile.StateGone && v.Verdict.Reason == c.Ruling.Overturned:
		s.changed() // a person knows better than this reason: it asks, and confirms nothing
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
	first  bool           // no verdict was believed before
	before casefile.State // of the last believed verdict before this one
	events []casefile.Event
}

// sighted applies a verdict with a sighting: live, or fenced, which is a sighting
// from some vantages and leaves the question what to do about the others.
func (s *step) sighted() {
	if s.c.Standing == casefile.Removed && s.c.Episode.Recorded && !s.borneOut() {
		s.contradicted()
	} else if s.c.Standing == casefile.Removed {
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
		s.c.Baseline = s.v.Page()
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
	s.c.Undecided, s.c.Ruling.Overturned = casefile.Streak{}, ""
}

// borneOut says whether looks found it gone, before a person recorded the removal or since,
// however many saw nothing after them.
func (s *step) borneOut() bool {
	e := s.c.Episode
	return s.c.Ruling.Gone != "" || s.before == casefile.StateGone || e.FirstGone.Before(e.Removed)
}

// contradicted takes back a removal that a person recorded and no look ever bore out: the
// target was there all the time. The episode and its clock go on.
func (s *step) contradicted() {
	e := &s.c.Episode
	e.Removed, e.FirstGone, e.Recorded, e.LastSeen = time.Time{}, time.Time{}, false, s.at
	if e.FirstSeen.IsZero() {
		e.FirstSeen = s.at
		s.event(casefile.EventFirstSeen, map[string]string{"reason": string(s.v.Verdict.Reason)})
	}
	s.c.Aftercare = 0
	s.move(casefile.CauseOverturned)
}

// returned opens the next episode, with a clock of its own.
func (s *step) returned() {
	e := s.c.Episode
	s.c.Episode = casefile.Episode{Number: e.Number + 1, Opened: s.at, FirstSeen: s.at, LastSeen: s.at}
	s.c.Aftercare, s.c.Informed = 0, false
	s.c.Ruling = casefile.Ruling{Hosting: s.c.Ruling.Hosting}
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
	if s.v.Verdict.State == casefile.StateGone {
		s.c.Ruling.Gone = s.v.Verdict.Reason
	}
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
	if !s.r.Removal().By(s.c.Streak) {
		s.move(casefile.CauseGone)
		return
	}
	s.c.Episode.Removed, s.c.Aftercare, s.c.Undecided, s.c.Ruling.Gone = s.at, 0, casefile.Streak{}, s.v.Verdict.Reason
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
	reason := s.v.Verdict.Reason
	if reason == casefile.ReasonFenced && s.c.Ruling.Fenced {
		s.c.Undecided = casefile.Streak{}
		return // a person knows
	}
	s.c.Undecided = longer(s.c.Undecided, s.at)
	if s.c.Standing == casefile.Review && s.c.Ruling.Asked != casefile.MatterHosting {
		s.c.Ruling.Asked = casefile.Matter(reason) // the question is about what is there now
		return
	}
	if s.c.Standing == casefile.Review || !s.r.Confirm.By(s.c.Undecided) {
		return
	}
	s.move(casefile.CauseUndecided)
	s.c.Ruling.Asked = casefile.Matter(reason)
	q, _ := s.c.Question(s.v.Page())
	s.event(casefile.EventReviewRequested, map[string]string{
		"reason": string(reason), "question": q.Text,
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

// longer is the streak with one more verdict at the time given.
func longer(k casefile.Streak, at time.Time) casefile.Streak {
	if k.Count == 0 {
		k.First = at
	}
	k.Count++
	k.Last = at
	return k
}
