package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet/filled"
	"vigil/stats"
	"vigil/web/mask"
)

// Of a value with every field set, every field of its answer is set.
func TestAnswersForgetNothing(t *testing.T) {
	t.Parallel()
	removal := filled.Of[stats.Removal]()
	removal.All.Shares[0].Within, removal.All.Shares[1].Within = 3600e9, 7200e9 // whole seconds
	for i := range removal.Groups {
		removal.Groups[i].Shares = removal.All.Shares
		removal.Groups[i].Censored += 100 // more than the unavailable among them
	}
	removal.All.Censored += 100
	c := filled.Of[casefile.Case]()
	c.Standing, c.Last.Reason = casefile.Review, casefile.ReasonSoft404
	observation := filled.Of[casefile.Observation]()
	for _, tc := range []struct {
		of  any
		but []string
	}{
		{of: RemovalOf(removal), but: []string{"Removal.All.Name"}},
		{of: rowOf(c, mask.Masker{})},
		{of: *hostingOf(filled.Of[casefile.Hosting](), mask.Masker{})},
		{of: *assignedOf(filled.Of[casefile.Assignment]())},
		{of: observationOf(observation)},
		{of: eventOf(filled.Of[casefile.Event](), mask.Masker{})},
	} {
		if diff := cmp.Diff(tc.but, filled.Zeros(tc.of)); diff != "" {
			t.Errorf("%T: fields that are not set (-meant +found):\n%s", tc.of, diff)
		}
	}
}
