package scheduler

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

// TestFencedIsAskedOfAPersonAndNeverRemoved lives a case that one country is denied from
// its second day on, and that is taken down for all on the twelfth.
func TestFencedIsAskedOfAPersonAndNeverRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(vantage string, s casefile.Subject) casefile.Observation {
			age := time.Since(began)
			if s.Purpose == casefile.PurposeTarget && (age > 12*day || age > 2*day && vantage == "local") {
				return page(404)
			}
			return answer(s, page(200))
		})
		w.vantages = append(w.vantages, casefile.Vantage{Name: "stockholm", Country: "SE", Network: "AS64501"})
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.live(t.Context(), t, 12*day)
		c := r.shelf.get(1)
		if c.Standing != casefile.Review || c.Last.State != casefile.StateFenced || c.Streak.Count != 0 || !c.Episode.Removed.IsZero() {
			t.Fatalf("fenced for ten days: %s, last %s, a streak of %d", c.Standing, c.Last.State, c.Streak.Count)
		}
		if time.Since(c.Episode.LastSeen) > 13*time.Hour {
			t.Errorf("a fenced verdict is a sighting; last seen %v ago", time.Since(c.Episode.LastSeen))
		}
		var asked casefile.Event
		for _, e := range r.shelf.events[1] {
			if e.Kind == casefile.EventReviewRequested {
				asked = e
			}
		}
		if since := asked.At.Sub(began); asked.Data["reason"] != string(casefile.ReasonFenced) || since < 3*day || since > 4*day {
			t.Errorf("a person is asked after %v, because of %s", since, asked.Data["reason"])
		}
		for _, v := range r.shelf.visits {
			if v.Verdict.State == casefile.StateFenced && len(v.Verdict.Dissent) != 2 {
				t.Fatalf("fenced with dissent %+v: both vantages must be named with what they say alone", v.Verdict.Dissent)
			}
		}
		r.live(t.Context(), t, 3*day)
		if c := r.shelf.get(1); c.Standing != casefile.Removed || c.Episode.FirstGone.Sub(began) < 12*day {
			t.Errorf("gone for all: %s, first gone after %v", c.Standing, c.Episode.FirstGone.Sub(began))
		}
	})
}
