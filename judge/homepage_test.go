package judge_test

import (
	"testing"

	"vigil/casefile"
	"vigil/judge"
)

// The front page is asked for when one short page without words stands at every path, and nothing else tells what it is.
func TestWantsFront(t *testing.T) {
	t.Parallel()
	same := func(f *casefile.Features) *casefile.Observation { return sibling(answer(200, f)) }
	for _, tt := range []struct {
		name     string
		look     *casefile.Observation
		target   casefile.Target
		sibling  *casefile.Observation
		referred *casefile.Observation
		baseline *casefile.Features
		want     bool
	}{
		{name: "one short page for every path", look: answer(200, bare()), sibling: same(bare()), want: true},
		{name: "the same, where another page was", look: answer(200, bare()), sibling: same(bare()), baseline: article(), want: true},
		{name: "one picture for every path: nothing to pass by", look: answer(200, placeholder()), sibling: same(placeholder()), referred: answer(200, placeholder())},
		{name: "a text without any way on from it", look: answer(200, still()), sibling: same(still())},
		{name: "a button: a front page would settle nothing", look: answer(200, button()), sibling: same(button())},
		{name: "it says so in words", look: answer(200, bare(casefile.MarkerNotFound)), sibling: same(bare(casefile.MarkerNotFound))},
		{name: "it is the known page", look: answer(200, bare()), sibling: same(bare()), baseline: bare()},
		{name: "a long page", look: answer(200, changed(another(), func(f *casefile.Features) { f.Images = 0 })), sibling: same(changed(another(), func(f *casefile.Features) { f.Images = 0 }))},
		{name: "a form: a front page would settle nothing", look: answer(200, asking()), sibling: same(asking())},
		{name: "a search box: a site stands behind it", look: answer(200, searching()), sibling: same(searching())},
		{name: "another answer by way of the site", look: answer(200, bare()), sibling: same(bare()), referred: answer(200, article())},
		{name: "a missing page is told as such", look: answer(200, bare()), sibling: sibling(answer(404, bare()))},
		{name: "no sibling was asked", look: answer(200, bare())},
		{name: "the front page itself", look: answer(200, bare(), "https://site-1.example/"), sibling: same(bare())},
		{name: "a wall that is known as one", look: answer(200, bare(casefile.MarkerConsent)), sibling: same(bare(casefile.MarkerConsent))},
		{name: "not found", look: answer(404, bare()), sibling: same(bare())},
		{name: "no answer", look: fault(casefile.FaultTimeout, casefile.PhaseRequest), sibling: same(bare())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := judge.Input{Target: asked, Decoy: tt.sibling, SameSiteReferrer: tt.referred, Baseline: tt.baseline}
			if got := wants(casefile.PurposeHomepage, *tt.look, in); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
