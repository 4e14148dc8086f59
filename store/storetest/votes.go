package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
)

// votes: two vantages look at two hosts; what is not counted and what another
// purpose looked at is no vote.
func votes(t *testing.T, d Database) {
	s := d.Open(t)
	first, second := add(t, s, target(t, 1, 1), epoch), add(t, s, target(t, 2, 1), epoch)
	far := casefile.Dissent{Vantage: "far", State: casefile.StateSilent, Reason: casefile.ReasonTimeout}
	visit := func(c casefile.Case, after time.Duration, change func(*casefile.Visit)) casefile.Case {
		v := live(c, epoch.Add(after))
		twice := v.Observations[0]
		twice.Vantage = far.Vantage
		again := twice
		v.Observations = append(v.Observations, twice, again)
		change(&v)
		return record(t, s, v)
	}
	first = visit(first, time.Minute, func(v *casefile.Visit) { v.Verdict.Dissent = []casefile.Dissent{far} })
	visit(second, 2*time.Minute, func(v *casefile.Visit) {
		v.Observations[1].Purpose, v.Observations[2].Purpose = casefile.PurposeDecoy, casefile.PurposeDecoy
	})
	first = visit(first, 3*time.Minute, func(v *casefile.Visit) { v.Counted = false })
	visit(first, 4*time.Minute, func(*casefile.Visit) {})
	got, err := s.Votes(t.Context(), 100)
	must(t, err)
	local := live(first, epoch).Observations[0].Vantage
	want := []casefile.VisitVote{
		{Host: first.HostKey, State: casefile.StateLive, Looked: []string{"far", local}},
		{Host: second.HostKey, State: casefile.StateLive, Looked: []string{local}},
		{Host: first.HostKey, State: casefile.StateLive, Looked: []string{"far", local}, Dissent: []casefile.Dissent{far}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for last, visits := range map[int]int{1: 1, 2: 1, 3: 2} { // the second newest is not counted
		if got, err := s.Votes(t.Context(), last); err != nil || len(got) != visits {
			t.Errorf("of the last %d visits: %d votes, %v", last, len(got), err)
		}
	}
	for _, last := range []int{-1, 0, 10_001} {
		if _, err := s.Votes(t.Context(), last); err == nil {
			t.Errorf("%d visits were read", last)
		}
	}
}
