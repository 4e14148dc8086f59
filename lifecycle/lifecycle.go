// Package lifecycle is what happens to a case: one pure step that takes a case and a change (a report, a
// visit, a person's action, notices) and gives the case as the change leaves it, with its events.
//
// It is the only place where casefile.Life changes: standing, episode, streaks, what a person is asked, what
// was told to whom. Every such change has its event, and Fold alone makes it: replaying the events of a case
// gives its Life. The package sees no clock, no context, no database and no network, and keeps nothing
// between calls; its functions are safe for concurrent use. It never puts a URL, a host or text of a page
// into an event.
package lifecycle

import (
	"maps"
	"strconv"
	"time"

	"vigil/casefile"
)

// Thresholds are the numbers that turn verdicts into standings.
type Thresholds struct {
	// Confirm is the streak of gone verdicts that confirms a removal when independent
	// vantages look. The same numbers of changed and fenced verdicts ask for a review, whoever looks.
	Confirm casefile.Confirm
	// SingleVantage says that one vantage looks and no other can contradict it: one network and one address
	// that can be shut out. Then a removal needs twice Confirm (ADR-0034).
	SingleVantage bool
	// UnavailableAfter is how long a case may be silent or withheld before it is unavailable.
	UnavailableAfter time.Duration
	// Aftercare are the times of the looks after a removal, counted from it, in order.
	// With none a case closes at the first look after its removal.
	Aftercare []time.Duration
}

// SingleVantage says whether so many vantages have nobody to contradict them.
func SingleVantage(vantages int) bool { return vantages < 2 }

// Removal is the streak of gone verdicts that confirms a removal: Confirm, and twice its
// verdicts over twice its span for a single vantage. The only place of that rule.
func (t Thresholds) Removal() casefile.Confirm {
	c := t.Confirm
	if t.SingleVantage {
		c.Verdicts, c.Span = 2*c.Verdicts, 2*c.Span
	}
	return c
}

// Change is what happens to a case: Reported, Visited, Acted or NoticesComposed.
type Change interface {
	apply(s *step) *casefile.Problem
}

// Apply gives the case as the change leaves it, with its events in order. A change that the case does not
// allow is a Problem, and nothing changes. Times are cut to milliseconds, as they are stored.
//
// Due is the scheduler's, but for changes that want a look at once.
func Apply(c casefile.Case, at time.Time, what Change) (casefile.Case, []casefile.Event, *casefile.Problem) {
	s := &step{Case: c, at: milliseconds(at), actor: casefile.ActorVigil}
	if problem := what.apply(s); problem != nil {
		return c, nil, problem
	}
	return s.Case, s.events, nil
}

// step is a change being applied. It belongs to one goroutine.
type step struct {
	casefile.Case
	at     time.Time
	actor  string
	events []casefile.Event
}

type facts = map[string]string

// emit adds an event, and changes the life as it says.
func (s *step) emit(kind casefile.EventKind, data facts) {
	e := casefile.Event{CaseID: s.ID, At: s.at, Kind: kind, Actor: s.actor, Data: data}
	s.Life, s.events = Fold(s.Life, e), append(s.events, e)
}

// move moves the case along the transition table; false when the cause leads nowhere or back to the same
// standing.
func (s *step) move(cause casefile.Cause, data facts) bool {
	to, ok := s.Standing.Move(cause)
	if !ok || to == s.Standing {
		return false
	}
	number := s.Episode.Number
	if cause == casefile.CauseReported {
		number++
	}
	all := facts{"from": string(s.Standing), "to": string(to), "cause": string(cause), "episode": strconv.Itoa(number)}
	maps.Copy(all, data)
	s.emit(casefile.EventStanding, all)
	return true
}

// Open makes the case of a target's first report, due at once.
func Open(r casefile.Report, host casefile.HostKey, now time.Time) (casefile.Case, []casefile.Event) {
	c, events, _ := Apply(casefile.Case{Target: r.Target, HostKey: host, Opened: now}, now, Reported{r}) // any case takes a report
	return c, events
}

// Reported is a report of the target of the case. It wakes a case that is withdrawn or closed, as
// the next episode; else the clock keeps running from the first report.
type Reported struct{ Report casefile.Report }

func (r Reported) apply(s *step) *casefile.Problem {
	report, received := r.Report, instant(r.Report.Received)
	if !report.Referrer.IsZero() {
		s.Referrer = report.Referrer
	}
	s.emit(casefile.EventReported, facts{"source": report.Source, "classification": string(report.Classification), "received": received})
	if report.Held && !s.Held {
		s.emit(casefile.EventHeld, facts{"reason": "a report asks for police first"})
	}
	s.move(casefile.CauseReported, facts{"opened": received})
	s.Due = casefile.Due{At: s.at, Why: casefile.WhyReported}
	return nil
}

// NoticesComposed says that the notices of the present hosting were composed: how many, which may be none.
type NoticesComposed struct{ Notices int }

func (n NoticesComposed) apply(s *step) *casefile.Problem { //nolint:unparam // as every Change
	s.emit(casefile.EventNoticesComposed, facts{"notices": strconv.Itoa(n.Notices)})
	return nil
}

// Composed is the event of a notice that was kept; the store appends it.
func Composed(n casefile.Notice) casefile.Event {
	return casefile.Event{At: n.Composed, Kind: casefile.EventNoticeComposed, Actor: casefile.ActorVigil, Data: facts{
		"kind": string(n.Kind), "party": string(n.Contact.Party), "name": clip(n.Contact.Name), "state": string(n.State),
		"step": strconv.Itoa(n.Step), "key": clip(n.Key),
	}}
}

// Delivered is the event of a notice that reached its end, which may be long after its episode; the store
// appends it.
func Delivered(n casefile.Notice, now time.Time) casefile.Event {
	e := casefile.Event{At: now, Kind: casefile.EventNoticeFailed, Actor: casefile.ActorVigil, Data: facts{
		"notice": strconv.FormatInt(int64(n.ID), 10), "key": n.Key, "kind": string(n.Kind), "party": string(n.Contact.Party),
		"step": strconv.Itoa(n.Step), "state": string(n.State), "episode": strconv.Itoa(n.Episode),
	}}
	if n.State == casefile.NoticeSent {
		e.Kind = casefile.EventNoticeSent
		if !n.Sent.IsZero() {
			e.At = n.Sent
		}
	}
	return e
}

func milliseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// instant writes a time as event data.
func instant(t time.Time) string { return milliseconds(t).Format(time.RFC3339Nano) }
