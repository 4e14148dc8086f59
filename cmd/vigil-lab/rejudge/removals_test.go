package rejudge

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/casefile"
	"vigil/lifecycle"
)

// TestRemovalsAreThoseOfTheLife: the verdicts alone give the removals that the visits of a case gave, until it closed.
func TestRemovalsAreThoseOfTheLife(t *testing.T) {
	t.Parallel()
	const day = 24 * hour
	target, err := casefile.NewTarget("https://site-1.example/a.html")
	if err != nil {
		t.Fatal(err)
	}
	gone := casefile.ReasonHTTP404
	reasons := []casefile.Reason{casefile.ReasonServed, gone, gone, gone, casefile.ReasonTimeout, casefile.ReasonLogin,
		casefile.ReasonContentDiffers, casefile.ReasonFenced}
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		r := rules
		r.Confirm.Verdicts = rapid.IntRange(1, 3).Draw(t, "verdicts")
		r.Confirm.Span = time.Duration(rapid.IntRange(0, 20).Draw(t, "span")) * hour
		r.UnavailableAfter = time.Duration(rapid.IntRange(1, 6).Draw(t, "unavailable")) * day
		r.Aftercare = []time.Duration{day, 3 * day, 30 * day}
		started, after := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), time.Duration(0)
		c, _ := lifecycle.Open(casefile.Report{Target: target, Source: "test", Classification: casefile.ClassA1, Received: started}, "aa", started)
		var verdicts []casefile.Opinion
		var want []casefile.Episode
		for range rapid.IntRange(1, 40).Draw(t, "visits") {
			after += time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * hour
			reason := rapid.SampledFrom(reasons).Draw(t, "reason")
			verdict := casefile.Opinion{State: reason.State(), Reason: reason, At: started.Add(after)}
			verdicts = append(verdicts, verdict)
			v := casefile.Visit{Started: verdict.At, Ended: verdict.At, Counted: true, Verdict: casefile.Verdict{State: verdict.State, Reason: reason}}
			before := c.Standing
			c, _, _ = lifecycle.Apply(c, verdict.At, lifecycle.Visited{Visit: v, Thresholds: r})
			if c.Standing == casefile.Removed && before != casefile.Removed {
				want = append(want, casefile.Episode{FirstGone: c.Episode.FirstGone, Removed: c.Episode.Removed})
			}
			if c.Standing == casefile.Closed {
				break
			}
		}
		if diff := cmp.Diff(want, removalsOf(verdicts, r)); diff != "" {
			t.Fatal(diff)
		}
		found += len(want)
	})
	if found == 0 {
		t.Error("no life had a removal")
	}
}
