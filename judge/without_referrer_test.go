package judge_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vigil/casefile"
	"vigil/explain"
	"vigil/judge"
)

// direct is o as a look without the recorded referrer.
func direct(o *casefile.Observation) *casefile.Observation {
	d := *o
	d.Purpose = casefile.PurposeWithoutReferrer
	return &d
}

// soft is a long page that says nothing of itself and stands on every path.
func soft() *casefile.Features {
	return changed(another(), func(f *casefile.Features) { f.Images, f.Markers = 0, []casefile.Marker{casefile.MarkerNotFound} })
}

// redressed is the article under another title and in another frame.
func redressed() *casefile.Features {
	return changed(article(), func(f *casefile.Features) { f.Digest, f.Title, f.Structure = "redressed", "redressed", 9 })
}

var withAndWithout = []struct {
	name         string
	with, direct *casefile.Observation
	sibling      *casefile.Observation
	baseline     *casefile.Features
	want         casefile.Reason
	told         string // the value of the signal without_referrer
}{
	// Live with the referrer is live.
	{name: "shown, and a cover page without", with: answer(200, article()), direct: answer(200, another()), want: casefile.ReasonServed, told: "served"},
	{name: "shown, and not found without", with: answer(200, article()), direct: answer(404, bare()), want: casefile.ReasonServed, told: "http_404"},
	{name: "shown, and forbidden without", with: answer(200, article()), direct: answer(403, bare()), baseline: article(), want: casefile.ReasonMatchesBaseline, told: "forbidden"},
	{name: "shown, and silent without", with: answer(200, article()), direct: fault(casefile.FaultReset, casefile.PhaseRequest), want: casefile.ReasonServed, told: "reset"},
	{name: "shown in another dress, and as it was without", with: answer(200, redressed()), direct: answer(200, article()), baseline: article(), want: casefile.ReasonServed, told: "matches_baseline"},

	// The known page without the referrer is live.
	{name: "not found, and the known page without", with: answer(404, bare()), direct: answer(200, article()), baseline: article(), want: casefile.ReasonMatchesBaseline, told: "matches_baseline"},
	{name: "forbidden, and the known page without", with: answer(403, bare()), direct: answer(200, article()), baseline: article(), want: casefile.ReasonMatchesBaseline, told: "matches_baseline"},
	{name: "silent, and the known page without", with: answer(500, bare()), direct: answer(200, article()), baseline: article(), want: casefile.ReasonMatchesBaseline, told: "matches_baseline"},
	{name: "another page, and the known page without", with: answer(200, another()), direct: answer(200, article()), baseline: article(), want: casefile.ReasonMatchesBaseline, told: "matches_baseline"},
	{name: "sent elsewhere, and the known page without", with: answer(200, another(), "https://elsewhere.test/"), direct: answer(200, article()), baseline: article(), want: casefile.ReasonMatchesBaseline, told: "matches_baseline"},

	// Gone with the referrer, and content without: a person decides.
	{name: "not found, and a page without", with: answer(404, bare()), direct: answer(200, another()), want: casefile.ReasonReferrerRequired, told: "served"},
	{name: "not found, and another page than the known without", with: answer(404, bare()), direct: answer(200, another()), baseline: article(), want: casefile.ReasonContentDiffers, told: "content_differs"},
	{name: "taken down, and another page than the known without", with: answer(200, bare(casefile.MarkerTakedown)), direct: answer(200, another()), baseline: article(), want: casefile.ReasonContentDiffers, told: "content_differs"},
	{name: "not found, and sent elsewhere without", with: answer(404, bare()), direct: answer(200, another(), "https://elsewhere.test/"), baseline: article(), want: casefile.ReasonContentDiffers, told: "redirected_elsewhere"},
	{name: "not found, and sent elsewhere without, never seen", with: answer(404, bare()), direct: answer(200, another(), "https://elsewhere.test/"), want: casefile.ReasonReferrerRequired, told: "redirected_elsewhere"},
	{name: "a cover page on every path does not count as missing", with: answer(404, bare()), direct: answer(200, soft()), sibling: sibling(answer(200, soft())), want: casefile.ReasonReferrerRequired, told: "served"},
	{name: "a note that a true 404 for missing pages contradicts", with: answer(404, bare()), direct: answer(200, bare(casefile.MarkerNotFound)), sibling: sibling(answer(404, bare())), want: casefile.ReasonReferrerRequired, told: "content_differs"},

	// Gone with the referrer, and withheld without.
	{name: "not found, and forbidden without", with: answer(404, bare()), direct: answer(403, bare()), want: casefile.ReasonForbidden, told: "forbidden"},
	{name: "not found, and for legal reasons without", with: answer(404, bare()), direct: answer(451, bare()), baseline: article(), want: casefile.ReasonLegalBlock, told: "legal_block"},
	{name: "not found, and a log-in without", with: answer(404, bare()), direct: answer(200, bare(casefile.MarkerLogin)), baseline: article(), want: casefile.ReasonLogin, told: "login"},

	// Gone both ways, or silent without.
	{name: "not found both ways", with: answer(404, bare()), direct: answer(404, bare()), baseline: article(), want: casefile.ReasonHTTP404, told: "same_page"},
	{name: "gone for good, and not found without", with: answer(410, bare()), direct: answer(404, bare()), baseline: article(), want: casefile.ReasonHTTP410, told: "http_404"},
	{name: "not found, and a time-out without", with: answer(404, bare()), direct: fault(casefile.FaultTimeout, casefile.PhaseRequest), want: casefile.ReasonHTTP404, told: "timeout"},
	{name: "not found, and a server error without", with: answer(404, bare()), direct: answer(502, bare()), want: casefile.ReasonHTTP404, told: "server_error"},
	{name: "the page for every path both ways", with: answer(200, soft()), direct: answer(200, soft()), sibling: sibling(answer(200, soft())), want: casefile.ReasonSoft404, told: "same_page"},
	{name: "the page for every path both ways, and another was known", with: answer(200, soft()), direct: answer(200, soft()), sibling: sibling(answer(200, soft())), baseline: article(), want: casefile.ReasonSoft404, told: "same_page"},
	{name: "the page for every path, and another page without", with: answer(200, soft()), direct: answer(200, article()), sibling: sibling(answer(200, soft())), want: casefile.ReasonReferrerRequired, told: "served"},
	{name: "sent home both ways", with: answer(200, another(), "https://site-1.example/"), direct: answer(200, another(), "https://site-1.example/"), baseline: article(), want: casefile.ReasonRedirectedHome, told: "same_page"},

	// Gone without the referrer proves nothing.
	{name: "silent, and not found without", with: fault(casefile.FaultReset, casefile.PhaseRequest), direct: answer(404, bare()), baseline: article(), want: casefile.ReasonReset, told: "http_404"},
	{name: "server error, and taken down without", with: answer(503, bare()), direct: answer(200, bare(casefile.MarkerTakedown)), want: casefile.ReasonServerError, told: "takedown_page"},
	{name: "forbidden, and gone for good without", with: answer(403, bare()), direct: answer(410, bare()), baseline: article(), want: casefile.ReasonForbidden, told: "http_410"},
	{name: "another page, and not found without", with: answer(200, another()), direct: answer(404, bare()), baseline: article(), want: casefile.ReasonContentDiffers, told: "http_404"},
	{name: "forbidden, and a page without that nobody knows", with: answer(403, bare()), direct: answer(200, another()), want: casefile.ReasonForbidden, told: "served"},
}

func TestWithAndWithoutTheReferrer(t *testing.T) {
	t.Parallel()
	for _, tt := range withAndWithout {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := judge.Decide(judge.Input{Target: asked, Observations: []casefile.Observation{*direct(tt.direct), *tt.with}, Decoy: tt.sibling, Baseline: tt.baseline})
			soundVerdict(t, v)
			i := slices.IndexFunc(v.Signals, func(s casefile.Signal) bool { return s.Name == "without_referrer" })
			if v.Reason != tt.want || i < 0 || v.Signals[i].Value != tt.told || len(v.Dissent) > 0 {
				t.Errorf("got %s, want %s with %q without the referrer; %+v", v.Reason, tt.want, tt.told, v)
			}
			alone := judge.Decide(judge.Input{Target: asked, Observations: []casefile.Observation{*tt.with}, Decoy: tt.sibling, Baseline: tt.baseline})
			if v.State == casefile.StateGone && alone.State != casefile.StateGone {
				t.Errorf("the look without the referrer made it gone: %s from %s", v.Reason, alone.Reason)
			}
		})
	}
}

// A look without the referrer is no vantage, and speaks only to its own.
func TestALookWithoutTheReferrerIsNoWitness(t *testing.T) {
	t.Parallel()
	seen, gone, silent := answer(200, article()), answer(404, bare()), fault(casefile.FaultTimeout, casefile.PhaseConnect)
	networks := vantages("AS64500", "AS64501", "AS64502")
	for _, tt := range []struct {
		name    string
		looks   []casefile.Observation
		want    casefile.Reason
		dissent int
	}{
		{"two of three gone, and gone without for all", []casefile.Observation{from("a", gone), from("b", gone), from("c", silent), from("a", direct(gone)), from("b", direct(gone)), from("c", direct(gone))}, casefile.ReasonHTTP404, 1},
		{"one of three gone, and gone without for all", []casefile.Observation{from("a", gone), from("b", silent), from("c", silent), from("a", direct(gone)), from("b", direct(gone)), from("c", direct(gone))}, casefile.ReasonTimeout, 1},
		{"all gone, and the known page without for one", []casefile.Observation{from("a", gone), from("b", gone), from("c", gone), from("b", direct(seen))}, casefile.ReasonFenced, 3},
		{"from a vantage that did not look with it", []casefile.Observation{from("a", gone), from("b", direct(seen))}, casefile.ReasonHTTP404, 0},
		{"nothing but looks without it", []casefile.Observation{from("a", direct(seen))}, casefile.ReasonInterrupted, 0},
		{"twice without it: what shows most counts", []casefile.Observation{from("a", gone), from("a", direct(gone)), from("a", direct(seen))}, casefile.ReasonMatchesBaseline, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if v := judge.Decide(judge.Input{Target: asked, Observations: tt.looks, Vantages: networks, Baseline: article()}); v.Reason != tt.want || len(v.Dissent) != tt.dissent {
				t.Errorf("got %+v, want %s with %d dissents", v, tt.want, tt.dissent)
			}
		})
	}
}

// Looks without the referrer never make a verdict more gone: not gone what was not, and nothing but live what was live.
func TestDirectLooksNeverMakeItGone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput.Draw(t, "input")
		in.Observations = slices.DeleteFunc(in.Observations, func(o casefile.Observation) bool { return o.Purpose == casefile.PurposeWithoutReferrer })
		before := judge.Decide(in)
		more := in
		more.Observations = slices.Clone(in.Observations)
		for _, o := range rapid.SliceOfN(anyLook, 1, 6).Draw(t, "direct") {
			if n := len(in.Observations); n > 0 && rapid.Bool().Draw(t, "the same answer") {
				o = in.Observations[rapid.IntRange(0, n-1).Draw(t, "of")]
			}
			more.Observations = append(more.Observations, *direct(&o))
		}
		after := judge.Decide(more)
		soundVerdict(t, after)
		switch {
		case after.State == casefile.StateGone && before.State != casefile.StateGone,
			before.State == casefile.StateLive && after.State != casefile.StateLive,
			before.State == casefile.StateFenced && after.State != casefile.StateFenced && after.State != casefile.StateLive:
			t.Fatalf("%s (%s) became %s (%s)", before.State, before.Reason, after.State, after.Reason)
		}
	})
}

// The explanation tells both looks, what each found, and what the second one meant for the verdict.
func TestWithAndWithoutTheReferrerExplained(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		with, without *casefile.Observation
	}{
		"shown_only_with_it":     {answer(200, article()), answer(403, bare())},
		"gone_with_it_and_cover": {answer(404, bare(casefile.MarkerNotFound)), answer(200, another())},
		"gone_both_ways":         {answer(404, bare(casefile.MarkerNotFound)), answer(404, bare(casefile.MarkerNotFound))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := []casefile.Observation{dressed(*tt.with), dressed(*direct(tt.without))}
			v := judge.Decide(judge.Input{Target: asked, Observations: seen, Baseline: article()})
			golden(t, name+".txt", explain.Verdict(v, seen, masked).Text(""))
		})
	}
}
