package main

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/crawler/target"
	"vigil/internal/fakenet"
	"vigil/lifecycle"
	"vigil/scheduler"
)

// A page on the simulated internet that shows its content only to those who come from the recorded page, judged by
// the real crawler, visit and judge: shown, taken away, and what those see who come directly at either time.
func TestAPageForThoseWhoComeFromACertainPage(t *testing.T) {
	t.Parallel()
	const from = "http://forum.example/thread/7"
	article, cover := fakenet.Article(1, 4000), fakenet.Article(7, 9000)
	// split shows one behaviour to those who come from the page, and another to all others.
	split := func(linked, direct fakenet.Behaviour) fakenet.Behaviour {
		b := linked
		b.Everywhere = true
		b.Answer = func(w http.ResponseWriter, r *fakenet.Request) {
			switch {
			case r.URL.Path != r.Site.Path:
				fakenet.NotFound().Answer(w, r)
			case r.Referer() == from:
				linked.Answer(w, r)
			default:
				direct.Answer(w, r)
			}
		}
		return b
	}
	for name, tt := range map[string]struct {
		before, after fakenet.Behaviour // directly, while the content is there and once it is gone
		want          casefile.Reason   // once it is gone
		told          string            // by the look without the referrer, while the content is there
	}{
		"forbidden to others, and gone for all": {fakenet.Forbidden(), fakenet.NotFound(), casefile.ReasonHTTP404, "forbidden"},
		"not found for others all the time":     {fakenet.NotFound(), fakenet.NotFound(), casefile.ReasonHTTP404, "http_404"},
		"a cover page that stays":               {cover, cover, casefile.ReasonContentDiffers, "served"},
		"a legal block that stays":              {fakenet.LegalBlock(), fakenet.LegalBlock(), casefile.ReasonLegalBlock, "legal_block"},
		"the content moved to the direct visit": {cover, article, casefile.ReasonMatchesBaseline, "served"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := fakenet.New(fakenet.Options{TTL: -1, NegativeTTL: -1})
				defer n.Close()
				n.Add(fakenet.Site{Host: "site-1.example", Path: "/album/7", Acts: fakenet.Always(split(article, tt.before))})
				look, err := accuracyLab{timeout: 5 * time.Second}.crawler(n, make([]byte, 32))
				if err != nil {
					t.Fatal(err)
				}
				at, _ := target.Parse(n.URL("site-1.example"))
				came, _ := target.Parse(from)
				opened, _ := lifecycle.Open(casefile.Report{Target: at, Referrer: came, Source: "public", Received: time.Now()}, "host", time.Now())
				kept := &oneCase{of: opened}
				v, err := scheduler.NewVisitor(scheduler.Options{Looker: look, Locator: &registryStub{}, Composer: idleComposer{}, Store: kept, Schedule: accuracyPace()})
				if err != nil {
					t.Fatal(err)
				}
				first, err := kept.visit(t.Context(), v)
				if err != nil || first.Reason != casefile.ReasonServed || without(first) != tt.told {
					t.Fatalf("%v: %+v", err, first)
				}
				n.Change("site-1.example", split(fakenet.NotFound(), tt.after))
				second, err := kept.visit(t.Context(), v)
				if err != nil || second.Reason != tt.want {
					t.Errorf("%v: %s, want %s: %v", err, second.Reason, tt.want, second.Signals)
				}
				var purposes []casefile.Purpose
				for _, o := range kept.last.Observations {
					purposes = append(purposes, o.Purpose)
				}
				if !slices.Equal(purposes, []casefile.Purpose{casefile.PurposeTarget, casefile.PurposeWithoutReferrer}) {
					t.Errorf("recorded: %v", purposes)
				}
			})
		})
	}
}

// without is what the look without the referrer said.
func without(v casefile.Verdict) string {
	for _, s := range v.Signals {
		if s.Name == "without_referrer" {
			return s.Value
		}
	}
	return ""
}
