package judge_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/judge"
)

// TestQuestions: what is asked for, with which referrer, from which vantage; and that an answer is heard.
func TestQuestions(t *testing.T) {
	t.Parallel()
	home, came := at("https://site-1.example/"), at("https://board.test/thread/1")
	thin, same := answer(200, bare()), sibling(answer(200, bare()))
	for _, tt := range []struct {
		name     string
		purpose  casefile.Purpose
		in       judge.Input
		referrer casefile.Target
		want     casefile.Subject
	}{
		{"a path that does not exist", casefile.PurposeDecoy, judge.Input{Target: asked}, came, casefile.Subject{Target: asked.Decoy("xy"), Referrer: came}},
		{"nobody comes to a page from itself", casefile.PurposeDecoy, judge.Input{Target: asked}, asked, casefile.Subject{Target: asked.Decoy("xy")}},
		{"by way of its own site", casefile.PurposeSameSiteReferrer, judge.Input{Target: asked, Decoy: same}, came, casefile.Subject{Target: asked, Referrer: home}},
		{"the front page", casefile.PurposeHomepage, judge.Input{Target: asked, Decoy: same}, came, casefile.Subject{Target: home, Referrer: came}},
		{"the front page, from which one came", casefile.PurposeHomepage, judge.Input{Target: asked, Decoy: same}, home, casefile.Subject{Target: home}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// The first vantage saw nothing, the second looked without the referrer: neither is asked from.
			tt.in.Observations = []casefile.Observation{from("aa", fault(casefile.FaultTimeout, casefile.PhaseConnect)), from("bb", thin), from("cc", thin), from("dd", thin)}
			tt.in.Observations[1].Purpose = casefile.PurposeWithoutReferrer
			s, vantage, ok := tt.in.NextProbe(tt.purpose, tt.referrer, "xy")
			tt.want.Purpose = tt.purpose
			if diff := cmp.Diff(tt.want, s, cmp.Comparer(func(a, b casefile.Target) bool { return a == b })); diff != "" || !ok || vantage != "cc" {
				t.Errorf("from %q, %v: %s", vantage, ok, diff)
			}
		})
	}
	for _, p := range judge.Probes() {
		in := judge.InputOf(asked, []casefile.Observation{{Purpose: p, Vantage: "aa"}}, casefile.Basis{})
		heard := map[casefile.Purpose]*casefile.Observation{
			casefile.PurposeDecoy: in.Decoy, casefile.PurposeSameSiteReferrer: in.SameSiteReferrer, casefile.PurposeSubdomain: in.Subdomain, casefile.PurposeHomepage: in.Homepage,
		}
		for of, o := range heard {
			if (o != nil) != (of == p) {
				t.Errorf("the answer to %s: %s holds %+v", p, of, o)
			}
		}
	}
}

// What surely does not exist is named by letters alone: one word wherever a page repeats it.
func TestNamesOfWhatDoesNotExistAreOneWord(t *testing.T) {
	t.Parallel()
	page := answer(200, article())
	in := judge.Input{Target: asked, Observations: []casefile.Observation{*page}}
	s, _, ok := in.NextProbe(casefile.PurposeDecoy, casefile.Target{}, "a2b3c4d5e6f7")
	if !ok || strings.ContainsAny(s.Target.Path(), "234567") {
		t.Errorf("%v, path %s", ok, s.Target.Path())
	}
}
