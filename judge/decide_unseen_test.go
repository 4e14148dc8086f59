package judge_test

import (
	"testing"

	"vigil/casefile"
	"vigil/judge"
)

// What pages that nobody tuned on have taught (ADR-0042).
func TestWhatUnseenPagesTaught(t *testing.T) {
	t.Parallel()
	missing := sibling(answer(404, bare()))
	terse := changed(bare(), func(f *casefile.Features) { f.Words, f.Links = 4, 0 })
	box := func(words int, digest string, said ...casefile.Marker) *casefile.Features {
		return changed(bare(casefile.MarkerLogin), func(f *casefile.Features) {
			f.Digest, f.Title, f.Structure, f.SimHash, f.Words, f.Passwords, f.Asserted = digest, digest, uint64(words), f.SimHash^uint64(words)<<20, words, 1, said
		})
	}
	unread := with(answer(200, &casefile.Features{Digest: "long", Elements: 4, HTML: true}), func(o *casefile.Observation) { o.BodyBytes = judge.UnreadBytes + 1 })
	for _, tt := range []struct {
		name     string
		look     *casefile.Observation
		sibling  *casefile.Observation
		baseline *casefile.Features
		want     casefile.Reason
	}{
		{name: "says seized, missing pages are told as such", look: answer(200, bare(casefile.MarkerSeized)), sibling: missing, want: casefile.ReasonServed},
		{name: "says parked, missing pages are told as such", look: answer(200, bare(casefile.MarkerParked)), sibling: missing, want: casefile.ReasonServed},
		{name: "says seized, and is built so, missing pages are told as such", look: answer(200, bare(casefile.MarkerSeized, casefile.MarkerSeizedSign)), sibling: missing, want: casefile.ReasonSeized},
		{name: "says suspended, missing pages are told as such", look: answer(200, bare(casefile.MarkerSuspended)), sibling: missing, want: casefile.ReasonContentDiffers},
		{name: "says suspended, a missing page is another", look: answer(200, bare(casefile.MarkerSuspended)), sibling: sibling(answer(200, article())), want: casefile.ReasonContentDiffers},
		{name: "says seized, a missing page is another", look: answer(200, bare(casefile.MarkerSeized)), sibling: sibling(answer(200, article())), want: casefile.ReasonServed},
		{name: "says parked, a missing page is another and says it too", look: answer(200, bare(casefile.MarkerParked)), sibling: sibling(answer(200, changed(article(), func(f *casefile.Features) { f.Markers = []casefile.Marker{casefile.MarkerParked} }))), want: casefile.ReasonParked},
		{name: "one line and a picture for every path", look: answer(200, changed(terse, func(f *casefile.Features) { f.Images = 1 })), sibling: sibling(answer(200, changed(terse, func(f *casefile.Features) { f.Images = 1 }))), want: casefile.ReasonContentDiffers},
		{name: "says taken down, missing pages are told as such", look: answer(200, bare(casefile.MarkerTakedown)), sibling: missing, want: casefile.ReasonTakedownPage},
		{name: "one line for every path", look: answer(200, terse), sibling: sibling(answer(200, terse)), want: casefile.ReasonContentDiffers},
		{name: "one line for every path, where a page was", look: answer(200, terse), sibling: sibling(answer(200, terse)), baseline: article(), want: casefile.ReasonContentDiffers},
		{name: "says not found beside a picture, missing pages are told as such", look: answer(200, changed(bare(casefile.MarkerNotFound), func(f *casefile.Features) { f.Images = 1 })), sibling: missing, want: casefile.ReasonServed},
		{name: "the same where a page was", look: answer(200, changed(bare(casefile.MarkerNotFound), func(f *casefile.Features) { f.Images = 1 })), sibling: missing, baseline: article(), want: casefile.ReasonSoft404},
		{name: "a log-in box that a missing page has as well", look: answer(200, box(60, "thread")), sibling: sibling(answer(200, box(30, "none"))), want: casefile.ReasonServed},
		{name: "a log-in box that a page of 404 has as well", look: answer(200, box(60, "thread")), sibling: sibling(answer(404, box(30, "none"))), want: casefile.ReasonServed},
		{name: "the same, and the page says that one must log in", look: answer(200, box(60, "thread", casefile.MarkerLogin)), sibling: sibling(answer(200, box(30, "none"))), want: casefile.ReasonLogin},
		{name: "a log-in form that missing pages have not", look: answer(200, box(60, "thread")), sibling: missing, want: casefile.ReasonLogin},
		{name: "one log-in page for every path", look: answer(200, box(60, "form")), sibling: sibling(answer(200, box(60, "form"))), want: casefile.ReasonLogin},
		{name: "a beginning too long to read, missing pages are told as such", look: unread, sibling: missing, want: casefile.ReasonServed},
		{name: "a script too long to read, missing pages are told as such", look: with(answer(200, changed(unread.Features, func(f *casefile.Features) { f.Scripts, f.Markers = 1, []casefile.Marker{casefile.MarkerAppShell} })), func(o *casefile.Observation) { o.BodyBytes = unread.BodyBytes }), sibling: missing, want: casefile.ReasonServed},
		{name: "a beginning too long to read, the same for every path", look: unread, sibling: sibling(with(answer(200, unread.Features), func(o *casefile.Observation) { o.BodyBytes = unread.BodyBytes })), want: casefile.ReasonScriptRequired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := judge.Decide(judge.Input{Target: asked, Observations: []casefile.Observation{*tt.look}, Decoy: tt.sibling, Baseline: tt.baseline})
			soundVerdict(t, v)
			if v.Reason != tt.want {
				t.Errorf("judged %s, want %s; %+v", v.Reason, tt.want, v.Signals)
			}
		})
	}
	in := judge.Input{Target: asked}
	if !wants(casefile.PurposeDecoy, *answer(200, box(60, "thread")), in) || wants(casefile.PurposeDecoy, *answer(200, box(60, "thread", casefile.MarkerLogin)), in) {
		t.Error("a log-in form asks for the sibling unless the page says that one must log in")
	}
}
