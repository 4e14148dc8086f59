package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/crawler/target"
	"vigil/internal/config"
)

// oneWall is a site with one short page at every path, for those who come from the front page too; it remembers who came when.
type oneWall struct {
	mu    sync.Mutex
	came  []casefile.Subject
	times []time.Time
}

func (*oneWall) Vantages() []casefile.Vantage { return []casefile.Vantage{{Name: "local"}} }

func (w *oneWall) Look(_ context.Context, vantage string, s casefile.Subject) casefile.Observation {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.came, w.times = append(w.came, s), append(w.times, time.Now())
	return casefile.Observation{
		Vantage: vantage, Purpose: s.Purpose, Started: time.Now(), Status: 200, Hops: []casefile.Hop{{Target: s.Target, Status: 200}},
		Features: &casefile.Features{Digest: "wall", SimHash: 0x1234_5678_9abc_def0, Structure: 3, Title: "wall", Words: 25, Elements: 8, Links: 1, HTML: true},
	}
}

func (*oneWall) Locate(context.Context, casefile.Inquiry) casefile.Hosting { return casefile.Hosting{} }

// TestLookAsksAsAVisitDoes: every look at the host keeps the gap, the recorded referrer goes along where it leads to
// what is asked for, and a missing path is asked for once a host.
func TestLookAsksAsAVisitDoes(t *testing.T) {
	t.Parallel()
	desk, err := app.NewDesk(config.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	parsed := func(url string) casefile.Target {
		x, problem := target.Parse(url)
		if problem != nil {
			t.Fatal(problem)
		}
		return x
	}
	synctest.Test(t, func(t *testing.T) {
		home := parsed("http://site.test/")
		w := &oneWall{}
		l := &lookRun{looker: w, locator: w, desk: desk, gap: time.Second, width: 1, referrer: home}
		var host hostMemory
		for _, url := range []string{"http://site.test/a", "http://site.test/b"} {
			host.rest(t.Context(), l.gap)
			l.look(t.Context(), parsed(url), &host)
		}
		var asked []string
		for i, s := range w.came {
			word := string(s.Purpose)
			if s.Referrer == home {
				word += "+"
			}
			asked = append(asked, word)
			if i > 0 && w.times[i].Sub(w.times[i-1]) < l.gap {
				t.Errorf("%s came %v after the look before it", word, w.times[i].Sub(w.times[i-1]))
			}
		}
		want := "target+ direct sibling+ referred+ front target+ direct referred+ front"
		if got := strings.Join(asked, " "); got != want || slices.ContainsFunc(w.came, func(s casefile.Subject) bool { return s.Target.IsZero() }) {
			t.Errorf("asked %s, want %s", got, want)
		}
	})
}
