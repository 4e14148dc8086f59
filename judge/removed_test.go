package judge_test

import (
	"testing"

	"vigil/casefile"
	"vigil/judge"
)

// A notice with pictures of other things around it: absent where another page was, a question at first sight.
func TestANoticeOfRemovalAmongPictures(t *testing.T) {
	t.Parallel()
	notice := func(images, words int) *casefile.Features {
		return changed(bare(casefile.MarkerTakedown), func(f *casefile.Features) { f.Images, f.Links, f.Words = images, 12, words })
	}
	for _, c := range []struct {
		name     string
		page     *casefile.Features
		baseline *casefile.Features
		want     casefile.Reason
	}{
		{"at first sight", notice(12, 30), nil, casefile.ReasonContentDiffers},
		{"where an article was", notice(12, 30), article(), casefile.ReasonTakedownPage},
		{"on a page that says more", notice(12, judge.NoticeWords+1), nil, casefile.ReasonServed},
		{"alone", notice(0, 30), nil, casefile.ReasonTakedownPage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := answer(200, c.page)
			if got := judge.Decide(judge.Input{Target: o.Final().Target, Baseline: c.baseline, Observations: []casefile.Observation{*o}}).Reason; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A site that was switched off by an order is withheld here; one that its host switched off is gone.
func TestASuspensionByAnOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		page *casefile.Features
		want casefile.Reason
	}{
		{"by the host", bare(casefile.MarkerSuspended), casefile.ReasonAccountSuspended},
		{"by an order", bare(casefile.MarkerSuspended, casefile.MarkerLegalBlock), casefile.ReasonLegalBlock},
		{"seized by an order", bare(casefile.MarkerSeized, casefile.MarkerLegalBlock), casefile.ReasonSeized},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := answer(200, c.page)
			if got := judge.Decide(judge.Input{Target: o.Final().Target, Observations: []casefile.Observation{*o}}).Reason; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
