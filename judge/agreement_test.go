package judge_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/casefile"
	"vigil/judge"
)

// votes are n visits of different hosts in which a and b looked and the others said
// what is given: state is the verdict, said is what each vantage said, in order.
func votes(n int, state casefile.State, said ...casefile.State) []casefile.VisitVote {
	var all []casefile.VisitVote
	for i := range n {
		t := casefile.VisitVote{Host: casefile.HostKey(fmt.Sprint(state, said, i)), State: state}
		for j, s := range said {
			name := string(rune('a' + j))
			t.Looked = append(t.Looked, name)
			if s != state {
				t.Dissent = append(t.Dissent, casefile.Dissent{Vantage: name, State: s})
			}
		}
		all = append(all, t)
	}
	return all
}

func TestAgreements(t *testing.T) {
	t.Parallel()
	const (
		live, gone, withheld = casefile.StateLive, casefile.StateGone, casefile.StateWithheld
		silent, fenced       = casefile.StateSilent, casefile.StateFenced
	)
	tests := map[string]struct {
		votes  []casefile.VisitVote // newest first
		a, b   judge.VantageAgreement
		always string // who gets a note
	}{
		"both see the same": {votes(30, live, live, live),
			judge.VantageAgreement{Visits: 30}, judge.VantageAgreement{Visits: 30}, ""},
		"one never answers, the other sees": {votes(30, live, live, silent),
			judge.VantageAgreement{Visits: 30}, judge.VantageAgreement{Visits: 30, Dissent: 30, Mostly: silent}, "b"},
		"one never answers, and what the other sees is gone": {votes(30, silent, gone, silent),
			judge.VantageAgreement{Visits: 30}, judge.VantageAgreement{Visits: 30, Dissent: 30, Mostly: silent}, "b"},
		"one is always turned away": {votes(30, withheld, gone, withheld),
			judge.VantageAgreement{Visits: 30}, judge.VantageAgreement{Visits: 30, Dissent: 30, Mostly: withheld}, "b"},
		"one finds gone what the other sees": {votes(30, fenced, live, gone),
			judge.VantageAgreement{Visits: 30}, judge.VantageAgreement{Visits: 30, Dissent: 30, Mostly: gone}, "b"},
		"one differs among three": {votes(30, gone, gone, withheld, gone),
			judge.VantageAgreement{Visits: 30}, judge.VantageAgreement{Visits: 30, Dissent: 30, Mostly: withheld}, "b"},
		"no one hears anything": {votes(30, silent, silent, silent),
			judge.VantageAgreement{Visits: 30}, judge.VantageAgreement{Visits: 30}, ""},
		"too few visits": {votes(19, live, live, silent),
			judge.VantageAgreement{Visits: 19}, judge.VantageAgreement{Visits: 19, Dissent: 19, Mostly: silent}, ""},
		"just enough visits": {votes(20, live, live, silent),
			judge.VantageAgreement{Visits: 20}, judge.VantageAgreement{Visits: 20, Dissent: 20, Mostly: silent}, "b"},
		"four of five is not always": {slices.Concat(votes(10, live, live, live), votes(40, live, live, withheld)),
			judge.VantageAgreement{Visits: 50}, judge.VantageAgreement{Visits: 50, Dissent: 40, Mostly: withheld}, ""},
		"more than four of five is": {slices.Concat(votes(9, live, live, live), votes(41, live, live, withheld)),
			judge.VantageAgreement{Visits: 50}, judge.VantageAgreement{Visits: 50, Dissent: 41, Mostly: withheld}, "b"},
		"what is older than the window does not count": {slices.Concat(votes(50, live, live, live), votes(500, live, live, silent)),
			judge.VantageAgreement{Visits: 50}, judge.VantageAgreement{Visits: 50}, ""},
		"visits of one vantage say nothing": {votes(30, live, live),
			judge.VantageAgreement{}, judge.VantageAgreement{}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.a.Vantage, tt.b.Vantage = "a", "b"
			got := judge.Agreements(vantages("AS64500", "AS64501"), tt.votes)
			if diff := cmp.Diff([]judge.VantageAgreement{tt.a, tt.b}, got); diff != "" {
				t.Error(diff)
			}
			noted := ""
			for _, w := range got {
				if w.Always() {
					noted += w.Vantage
				}
			}
			if noted != tt.always {
				t.Errorf("a note on %q, want %q", noted, tt.always)
			}
		})
	}
}

// TestOneHostIsNoNote: a host with many cases that turns a country away is no fault of the vantage.
func TestOneHostIsNoNote(t *testing.T) {
	t.Parallel()
	all := votes(200, casefile.StateFenced, casefile.StateLive, casefile.StateGone)
	for i := range all {
		all[i].Host = casefile.HostKey(fmt.Sprint(i % 3))
	}
	if w := judge.Agreements(vantages("AS64500", "AS64501"), all)[1]; w.Visits != 15 || w.Always() {
		t.Errorf("three hosts made a note: %+v", w)
	}
}

// TestAgreementProperties: whatever the votes are, counts are within their bounds, and a
// sighting is never held against a vantage.
func TestAgreementProperties(t *testing.T) {
	t.Parallel()
	anyState := rapid.SampledFrom(casefile.States[:5]) // what one vantage can say
	rapid.Check(t, func(t *rapid.T) {
		var all []casefile.VisitVote
		for range rapid.IntRange(0, 120).Draw(t, "visits") {
			x := casefile.VisitVote{Host: casefile.HostKey(fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "host"))), State: rapid.SampledFrom(casefile.States).Draw(t, "verdict")}
			for _, v := range []string{"a", "b", "c"} {
				if rapid.IntRange(0, 9).Draw(t, "looked") > 0 {
					x.Looked = append(x.Looked, v)
					if s := anyState.Draw(t, "said"); s != x.State {
						x.Dissent = append(x.Dissent, casefile.Dissent{Vantage: v, State: s})
					}
				}
			}
			all = append(all, x)
		}
		for _, w := range judge.Agreements(vantages("AS64500", "AS64501", "AS64502"), all) {
			if w.Visits > 50 || w.Dissent > w.Visits || w.Dissent < 0 || w.Mostly == casefile.StateLive || (w.Mostly == "") != (w.Dissent == 0) || w.Always() && !w.Known() {
				t.Fatalf("%+v", w)
			}
		}
	})
}
