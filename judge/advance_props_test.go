package judge_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/casefile"
	"vigil/judge"
)

// TestLifeProperties lets cases live through random verdicts and checks what must hold of every life.
func TestLifeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rules()
		r.Confirm.Verdicts = rapid.IntRange(1, 4).Draw(t, "verdicts")
		r.Confirm.Span = time.Duration(rapid.IntRange(0, 30).Draw(t, "span")) * hour
		r.Alone = rapid.Bool().Draw(t, "alone")
		needed := r.Confirm
		if r.Alone {
			needed.Verdicts, needed.Span = 2*needed.Verdicts, 2*needed.Span
		}
		c, after := reported(), time.Duration(0)
		var ended []casefile.Episode // removed ones
		goneSince := 0               // believed gone verdicts since the last sighting, change or unavailability
		for range rapid.IntRange(1, 40).Draw(t, "visits") {
			after += time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * hour
			v := visit(after, rapid.SampledFrom([]casefile.Reason{live, gone, gone, gone, silent, withheld, differs, fenced}).Draw(t, "reason"))
			v.Believed = rapid.IntRange(0, 9).Draw(t, "gate") > 0
			before := c
			var events []casefile.Event
			c, events = judge.Advance(c, v, r)
			state := v.Verdict.State
			believed := (v.Believed || state == casefile.StateLive) && before.Standing.Visited()

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
