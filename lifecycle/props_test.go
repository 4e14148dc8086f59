package lifecycle_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/casefile"
	"vigil/lifecycle"
)

// TestLifeProperties lets cases live through random verdicts and checks what must hold of every life.
func TestLifeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rules()
		r.Confirm.Verdicts = rapid.IntRange(1, 4).Draw(t, "verdicts")
		r.Confirm.Span = time.Duration(rapid.IntRange(0, 30).Draw(t, "span")) * hour
		r.SingleVantage = rapid.Bool().Draw(t, "alone")
		needed := r.Confirm
		if r.SingleVantage {
			needed.Verdicts, needed.Span = 2*needed.Verdicts, 2*needed.Span
		}
		c, after := reported(), time.Duration(0)
		var ended []casefile.Episode // removed ones
		goneSince := 0               // counted gone verdicts since the last sighting, change or unavailability
		for range rapid.IntRange(1, 40).Draw(t, "visits") {
			after += time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * hour
			v := visit(after, rapid.SampledFrom([]casefile.Reason{live, gone, gone, gone, silent, withheld, differs, fenced}).Draw(t, "reason"))
			v.Counted = rapid.IntRange(0, 9).Draw(t, "gate") > 0
			before := c
			var events []casefile.Event
			c, events = advance(c, v, r)
			state := v.Verdict.State
			believed := v.Counted && before.Standing.Visited()

			checkMoves(t, before, c, events)
			switch {
			case !believed:
				if len(events) != 0 || c.Streak != before.Streak || c.Episode != before.Episode || c.Last != before.Last {
					t.Fatalf("not believed, and still: %+v", c)
				}
			case state == casefile.StateGone:
				goneSince++
			case state == casefile.StateLive, state == casefile.StateFenced, state == casefile.StateChanged:
				goneSince = 0
			}
			if c.Standing == casefile.Removed && before.Standing != casefile.Removed {
				if state != casefile.StateGone || goneSince < needed.Verdicts {
					t.Fatalf("removed by %s after %d gone verdicts", state, goneSince)
				}
				if c.Episode.Removed.Sub(c.Episode.FirstGone) < needed.Span {
					t.Fatalf("removed after a span of %v", c.Episode.Removed.Sub(c.Episode.FirstGone))
				}
				if !c.Episode.LastSeen.IsZero() && !c.Episode.LastSeen.Before(c.Episode.FirstGone) {
					t.Fatalf("last seen %v, first gone %v", c.Episode.LastSeen, c.Episode.FirstGone)
				}
				ended = append(ended, c.Episode)
			}
			if c.Standing == casefile.Unavailable && before.Standing != casefile.Unavailable {
				goneSince = 0
				if state != casefile.StateSilent && state != casefile.StateWithheld {
					t.Fatalf("unavailable by %s", state)
				}
			}
			checkCase(t, c)
			if c.Episode.Number != before.Episode.Number {
				last := ended[len(ended)-1]
				if c.Episode.Number != before.Episode.Number+1 || c.Episode.Opened.Before(last.Removed) || c.Episode.Removed != (time.Time{}) {
					t.Fatalf("episode %+v follows %+v", c.Episode, last)
				}
			}
		}
	})
}

// checkMoves says whether the events tell every change of standing, in order, along the table.
func checkMoves(t *rapid.T, before, after casefile.Case, events []casefile.Event) {
	at := before.Standing
	for _, e := range events {
		if e.Kind != casefile.EventStanding {
			continue
		}
		to, ok := at.Move(casefile.Cause(e.Data["cause"]))
		if casefile.Standing(e.Data["from"]) != at || !ok || casefile.Standing(e.Data["to"]) != to {
			t.Fatalf("move %v from %s", e.Data, at)
		}
		at = to
	}
	if at != after.Standing {
		t.Fatalf("the events lead to %s, the case is %s", at, after.Standing)
	}
}

// checkCase says whether a case's parts agree.
func checkCase(t *rapid.T, c casefile.Case) {
	switch {
	case c.Standing == casefile.Confirming && c.Streak.Count == 0:
		t.Fatal("confirming without a streak")
	case c.Standing == casefile.Watching && c.Streak.Count > 0:
		t.Fatalf("watching with a streak of %d", c.Streak.Count)
	case (c.Streak.Count > 0) != !c.Episode.FirstGone.IsZero():
		t.Fatalf("streak of %d, first gone %v", c.Streak.Count, c.Episode.FirstGone)
	case (c.Standing == casefile.Removed || c.Standing == casefile.Closed) == c.Episode.Removed.IsZero():
		t.Fatalf("%s, removed %v", c.Standing, c.Episode.Removed)
	case c.Episode.FirstSeen.IsZero() != c.Episode.LastSeen.IsZero():
		t.Fatalf("first seen %v, last seen %v", c.Episode.FirstSeen, c.Episode.LastSeen)
	case !c.Unseen.IsZero() && c.Last.State != casefile.StateSilent && c.Last.State != casefile.StateWithheld:
		t.Fatalf("unseen since %v, last %s", c.Unseen, c.Last.State)
	}
}

// anything draws a change of any kind, and when it is.
func anything(t *rapid.T, c casefile.Case, at time.Time) lifecycle.Change {
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		r := casefile.Report{Target: c.Target, Source: "public", Received: at.Add(-time.Hour), Held: rapid.Bool().Draw(t, "held")}
		return lifecycle.Reported{Report: r}
	case 1, 2:
		kinds := []casefile.ActionKind{casefile.ActWithdraw, casefile.ActHold, casefile.ActRelease, casefile.ActLook, casefile.ActRecord, casefile.ActOverturn,
			casefile.ActKeep, casefile.ActAccept, casefile.ActNote, casefile.ActOrigin, casefile.ActForget}
		a := casefile.Action{Kind: rapid.SampledFrom(kinds).Draw(t, "action"), Actor: "ann", Reason: "because", At: at, Country: "NL"}
		if rapid.Bool().Draw(t, "page") {
			a.Page = article()
		}
		return lifecycle.Acted{Action: a}
	case 3:
		return lifecycle.NoticesComposed{Notices: rapid.IntRange(0, 3).Draw(t, "notices")}
	}
	v := visit(0, rapid.SampledFrom([]casefile.Reason{live, live, gone, gone, gone, casefile.ReasonNXDomain, silent, withheld, differs, fenced}).Draw(t, "reason"))
	v.Started, v.Ended = at, at
	v.Counted = rapid.IntRange(0, 9).Draw(t, "gate") > 0
	v.Basis.RegistryAnswered = rapid.Bool().Draw(t, "registry")
	if rapid.IntRange(0, 2).Draw(t, "located") == 0 {
		v.Hosting = &casefile.Hosting{
			Provider: rapid.SampledFrom([]string{"", "One", "Two"}).Draw(t, "provider"), Country: rapid.SampledFrom([]string{"", "NL", "DE"}).Draw(t, "country"),
			Confidence: rapid.SampledFrom([]float64{0.3, 0.9}).Draw(t, "confidence"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
			Origin: rapid.SampledFrom([]string{casefile.OriginKnown, casefile.OriginUnknown}).Draw(t, "origin"),
		}
		if v.Hosting.Origin == casefile.OriginUnknown {
			v.Hosting.Edge = &casefile.Edge{Name: "Example Edge"}
		}
		v.Assignment = &casefile.Assignment{HostingCountry: v.Hosting.Country, Hotlines: []string{"One"}}
	}
	return lifecycle.Visited{Visit: v, Thresholds: rules()}
}

// TestTheEventsTellTheLife: whatever happens to a case, no standing changes outside of the table, every change has its
// event, and the events alone give its life, from the first one and from a snapshot at any time.
func TestTheEventsTellTheLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := started
		c, history := lifecycle.Open(casefile.Report{Target: target("https://site-1.example/"), Received: now.Add(-time.Hour)}, "aa", now)
		snapshot, err := lifecycle.Snapshot(c.Life, now)
		if err != nil {
			t.Fatal(err)
		}
		sinceSnapshot := []casefile.Event{snapshot}
		for range rapid.IntRange(1, 60).Draw(t, "changes") {
			now = now.Add(time.Duration(rapid.IntRange(0, 80*60*60*1000).Draw(t, "later")) * time.Millisecond)
			before := c
			var events []casefile.Event
			if rapid.IntRange(0, 15).Draw(t, "delivery") == 0 {
				n := casefile.Notice{ID: 7, Kind: casefile.NoticeRemoval, State: casefile.NoticeSent, Sent: now, Episode: rapid.IntRange(1, 3).Draw(t, "episode")}
				e := lifecycle.Delivered(n, now)
				c.Life, events = lifecycle.Fold(c.Life, e), []casefile.Event{e}
			} else {
				var problem *casefile.Problem
				if c, events, problem = lifecycle.Apply(c, now, anything(t, c, now)); problem != nil && (events != nil || c.Life != before.Life) {
					t.Fatalf("refused, and still: %+v %v", c.Life, events)
				}
			}
			checkMoves(t, before, c, events)
			if c.Life != before.Life && len(events) == 0 {
				t.Fatalf("%+v became %+v without an event", before.Life, c.Life)
			}
			history, sinceSnapshot = append(history, events...), append(sinceSnapshot, events...)
			if again := lifecycle.Replay(history); again != c.Life {
				t.Fatalf("replayed: %s", cmp.Diff(c.Life, again))
			}
			if again := lifecycle.Replay(sinceSnapshot); again != c.Life {
				t.Fatalf("replayed from the snapshot: %s", cmp.Diff(c.Life, again))
			}
			if rapid.IntRange(0, 9).Draw(t, "upgrade") == 0 {
				if snapshot, err = lifecycle.Snapshot(c.Life, now); err != nil {
					t.Fatal(err)
				}
				sinceSnapshot = []casefile.Event{snapshot}
			}
		}
	})
}

// TestASnapshotFits: the longest life is well within the bound of an event.
func TestASnapshotFits(t *testing.T) {
	t.Parallel()
	at := started.Add(123456789 * time.Nanosecond)
	long := casefile.Streak{Count: 1 << 40, First: at, Last: at}
	l := casefile.Life{Standing: casefile.Unavailable, Held: true, Streak: long, Undecided: long, Unseen: at, Aftercare: 6, NoticesComposed: true,
		Last:   casefile.Opinion{State: casefile.StateWithheld, Reason: casefile.ReasonRedirectedElsewhere, At: at},
		Review: casefile.ReviewDecision{Asked: "redirected_elsewhere", Fenced: true, Hosting: true, Overturned: casefile.ReasonRedirectedElsewhere, Gone: casefile.ReasonRedirectedElsewhere},
		Episode: casefile.Episode{Number: 1 << 40, Opened: at, FirstSeen: at, LastSeen: at, FirstGone: at, Removed: at, Recorded: true, FirstNotice: at, LastNotice: at,
			Provider: strings.Repeat("\x01", casefile.MaxProvider), Country: "NL", ProviderSince: at, CountrySince: at}}
	e, err := lifecycle.Snapshot(l, at)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(e.Data)
	if err != nil || len(text) > casefile.MaxEventData {
		t.Errorf("%d bytes: %v", len(text), err)
	}
	if again := lifecycle.Fold(casefile.Life{}, e); again != l {
		t.Error(cmp.Diff(l, again))
	}
}
