package observe

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/judge"
)

// wall is one short page for every address, and a registry with one answer.
type wall struct {
	look    func(s casefile.Subject) // before each look; nil for none
	hosting casefile.Hosting
	located int

	mu    sync.Mutex
	came  []casefile.Subject
	times []time.Time
}

func (*wall) Vantages() []casefile.Vantage { return []casefile.Vantage{{Name: "local"}} }

func (w *wall) Look(_ context.Context, vantage string, s casefile.Subject) casefile.Observation {
	if w.look != nil {
		w.look(s)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.came, w.times = append(w.came, s), append(w.times, time.Now())
	return casefile.Observation{
		Vantage: vantage, Purpose: s.Purpose, Started: time.Now(), Status: 200, Hops: []casefile.Hop{{Target: s.Target, Status: 200}},
		Features: &casefile.Features{Digest: "wall", SimHash: 0x1234_5678_9abc_def0, Structure: 3, Title: "wall", Words: 25, Elements: 8, Links: 1, HTML: true},
	}
}

func (w *wall) Locate(context.Context, casefile.Inquiry) casefile.Hosting {
	w.located++
	return w.hosting
}

func (w *wall) purposes() string {
	var all []string
	for _, s := range w.came {
		all = append(all, string(s.Purpose))
	}
	return strings.Join(all, " ")
}

func target(t *testing.T, url string) casefile.Target {
	t.Helper()
	x, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func observer(t *testing.T, w *wall) *Observer {
	t.Helper()
	o, err := New(Options{Looker: w, Locator: w, Gap: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestLooksKeepTheGapAndTheReferrer: every look at the host keeps the gap, the recorded referrer goes along where it
// leads to what is asked for, and a missing path is asked for once a host.
func TestLooksKeepTheGapAndTheReferrer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		home := target(t, "http://site.test/")
		w := &wall{}
		o := observer(t, w)
		var host Host
		for _, url := range []string{"http://site.test/a", "http://site.test/b"} {
			host.Rest(t.Context(), time.Second)
			o.Observe(t.Context(), Request{Target: target(t, url), Referrer: home}, &host)
		}
		var asked []string
		for i, s := range w.came {
			word := string(s.Purpose)
			if s.Referrer == home {
				word += "+"
			}
			asked = append(asked, word)
			if i > 0 && w.times[i].Sub(w.times[i-1]) < time.Second {
				t.Errorf("%s came %v after the look before it", word, w.times[i].Sub(w.times[i-1]))
			}
		}
		want := "target+ direct sibling+ referred+ front target+ direct referred+ front"
		if got := strings.Join(asked, " "); got != want || slices.ContainsFunc(w.came, func(s casefile.Subject) bool { return s.Target.IsZero() }) {
			t.Errorf("asked %s, want %s", got, want)
		}
	})
}

// TestARecordCanBeJudgedAgain: the answer to a decoy of another visit is in the basis, so that observations and
// basis give the same verdict later.
func TestARecordCanBeJudgedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wall{hosting: casefile.Hosting{Registrar: &casefile.Registrar{Name: "Plain Names"}}}
		o := observer(t, w)
		var host Host
		first := o.Observe(t.Context(), Request{Target: target(t, "http://site.test/a")}, &host)
		second := o.Observe(t.Context(), Request{Target: target(t, "http://site.test/b")}, &host)
		if first.Basis.Decoy != nil || second.Basis.Decoy == nil || !second.Basis.RegistryAnswered || second.Basis.Registrar == nil {
			t.Fatalf("basis: %+v, %+v", first.Basis, second.Basis)
		}
		again := judge.Decide(judge.InputOf(second.Target, second.Observations, second.Basis))
		if diff := cmp.Diff(judge.Decide(second.Input()), again); diff != "" || again.Reason != judge.Decide(first.Input()).Reason {
			t.Errorf("judged again: %s", diff)
		}
		if w.located != 1 {
			t.Errorf("hosting of one host was decided %d times", w.located)
		}
	})
}

// TestWhatTheRegistryDidNotSay: an answer that did not come in time is told apart from one that says nothing.
func TestWhatTheRegistryDidNotSay(t *testing.T) {
	t.Parallel()
	failed := func(problem string) casefile.Hosting {
		return casefile.Hosting{Claims: []casefile.Claim{{Fact: casefile.FactRegistrar, Source: "rdap", Problem: problem}}}
	}
	before := casefile.Hosting{Registrar: &casefile.Registrar{Name: "Plain Names"}}
	for name, tc := range map[string]struct {
		known    *casefile.Hosting
		now      casefile.Hosting
		relocate bool
		answered bool
		named    bool
	}{
		"it is busy":                  {nil, failed("busy"), true, false, false},
		"it is busy, and was known":   {&before, failed("busy"), true, true, true},
		"it knows no such domain":     {nil, failed("not_found"), true, true, false},
		"its answer cannot be read":   {nil, failed("broken"), true, true, false},
		"nobody is there to be asked": {nil, casefile.Hosting{}, true, true, false},
		"it was not asked":            {nil, casefile.Hosting{}, false, false, false},
		"it was asked before":         {&before, failed("busy"), false, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &wall{hosting: tc.now}
				relocate := func([]casefile.Observation) bool { return tc.relocate }
				r := observer(t, w).Observe(t.Context(), Request{Target: target(t, "http://site.test/a"), Hosting: tc.known, Relocate: relocate}, &Host{})
				if r.Basis.RegistryAnswered != tc.answered || (r.Basis.Registrar != nil) != tc.named || (r.Located != nil) != tc.relocate {
					t.Errorf("basis %+v, located %v", r.Basis, r.Located != nil)
				}
			})
		})
	}
}

// TestWhatEndsAnObservation: the looks that were made are there, whatever ends it.
func TestWhatEndsAnObservation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &wall{look: func(s casefile.Subject) {
			if s.Purpose == casefile.PurposeDecoy {
				cancel()
			}
		}}
		r := observer(t, w).Observe(ctx, Request{Target: target(t, "http://site.test/a")}, &Host{})
		if !r.Interrupted || w.purposes() != "target sibling" || len(r.Observations) != 2 {
			t.Errorf("stopped: asked %s, %d observations, interrupted %v", w.purposes(), len(r.Observations), r.Interrupted)
		}
		w = &wall{look: func(s casefile.Subject) {
			if s.Purpose == casefile.PurposeDecoy {
				panic("http://site.test/a")
			}
		}}
		r = observer(t, w).Observe(t.Context(), Request{Target: target(t, "http://site.test/a")}, &Host{})
		if f := r.Observations[1].Fault; r.Panicked != "" || f == nil || f.Kind != casefile.FaultInterrupted || strings.Contains(f.Detail, "site") {
			t.Errorf("a look that broke: %+v", r)
		}
		o, err := New(Options{Looker: &wall{}, Locator: brokenLocator{}})
		if err != nil {
			t.Fatal(err)
		}
		if r := o.Observe(t.Context(), Request{Target: target(t, "http://site.test/a")}, &Host{}); r.Panicked != "string" || len(r.Observations) != 1 {
			t.Errorf("a locator that broke: %q, %d observations", r.Panicked, len(r.Observations))
		}
	})
}

type brokenLocator struct{}

func (brokenLocator) Locate(context.Context, casefile.Inquiry) casefile.Hosting {
	panic("http://site.test/a")
}
