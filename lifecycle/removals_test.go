package lifecycle_test

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
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		r := rules()
		r.Confirm.Verdicts = rapid.IntRange(1, 3).Draw(t, "verdicts")
		r.Confirm.Span = time.Duration(rapid.IntRange(0, 20).Draw(t, "span")) * hour
		r.UnavailableAfter = time.Duration(rapid.IntRange(1, 6).Draw(t, "unavailable")) * day
		c, after := reported(), time.Duration(0)
		var verdicts []casefile.Opinion
		var want []casefile.Episode
		for range rapid.IntRange(1, 40).Draw(t, "visits") {
			after += time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * hour
			reason := rapid.SampledFrom([]casefile.Reason{live, gone, gone, gone, silent, withheld, differs, fenced}).Draw(t, "reason")
			before := c.Standing
			c, _ = advance(c, visit(after, reason), r)
			verdicts = append(verdicts, casefile.Opinion{State: reason.State(), Reason: reason, At: started.Add(after)})
			if c.Standing == casefile.Removed && before != casefile.Removed {
				want = append(want, casefile.Episode{FirstGone: c.Episode.FirstGone, Removed: c.Episode.Removed})
			}
			if c.Standing == casefile.Closed {
				break
			}
		}
		if diff := cmp.Diff(want, lifecycle.Removals(verdicts, r)); diff != "" {
			t.Fatal(diff)
		}
		found += len(want)
	})
	if found == 0 {
		t.Error("no life had a removal")
	}
}
