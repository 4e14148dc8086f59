package scheduler

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

// An outage as bad as can be: our resolver answers NXDOMAIN for every name, which
// would be evidence of absence if it were true.
func TestOutageOfOurLineMovesNothingTowardsRemoved(t *testing.T) {
	t.Parallel()
	for name, gated := range map[string]bool{"with a gate": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				outage := func() bool { age := time.Since(began); return age > 6*time.Hour && age < 7*time.Hour }
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					if outage() {
						return fault(casefile.FaultNXDomain, casefile.PhaseResolve)
					}
					return answer(s, page(200))
				})
				var cases []casefile.Case
				for id := range 200 {
					cases = append(cases, reported(t, id+1, fmt.Sprint("site-", id%150)))
				}
				r := newRig(t, w, newShelf(cases...), func(o *Options) {
					if gated {
						g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 3)})
						if err != nil {
							t.Fatal(err)
						}
						o.Gate = g
					}
				})
				var atWorst int
				r.live(t.Context(), t, 6*time.Hour)
				for range 12 {
					r.live(t.Context(), t, 10*time.Minute)
					moved := 0
					for id := range r.shelf.cases {
						if c := r.shelf.get(id); c.Standing != casefile.Watching || c.Streak.Count > 0 {
							moved++
						}
					}
					atWorst = max(atWorst, moved)
				}
				if gated && atWorst != 0 {
					t.Errorf("%d cases were moved by an outage of ours", atWorst)
				}
				if !gated && atWorst == 0 {
					t.Error("the outage has no effect without a gate: the test shows nothing")
				}
				if !gated {
					return
				}
				var unbelieved, after int
				for _, v := range r.shelf.visits {
					if !v.Counted {
						unbelieved++
					}
					if v.Counted && v.Started.Sub(began) > 7*time.Hour {
						after++
					}
				}
				if unbelieved == 0 || after < 200 {
					t.Errorf("%d visits not believed, %d believed afterwards", unbelieved, after)
				}
				if n := w.looks(casefile.PurposeTarget); n != r.shelf.recorded(casefile.PurposeTarget) {
					t.Errorf("%d looks, %d recorded", n, r.shelf.recorded(casefile.PurposeTarget))
				}
			})
		})
	}
}

// A probe from before the look may be from before the outage.
func TestVerdictsThatMoveNeedAProbeFromAfterTheLook(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer   casefile.Observation
		standing casefile.Standing
		believed bool
	}{
		"gone":            {fault(casefile.FaultNXDomain, casefile.PhaseResolve), casefile.Watching, false},
		"gone, removed":   {fault(casefile.FaultNXDomain, casefile.PhaseResolve), casefile.Removed, true},
		"silent":          {fault(casefile.FaultTimeout, casefile.PhaseConnect), casefile.Watching, false},
		"silent, removed": {fault(casefile.FaultTimeout, casefile.PhaseConnect), casefile.Removed, true},
		"asked to log in": {page(401), casefile.Watching, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			down := false
			w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
				if isControl(s) < 0 {
					return tc.answer
				}
				if down {
					return fault(casefile.FaultTimeout, casefile.PhaseConnect)
				}
				return page(200)
			})
			g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 1)})
			if err != nil {
				t.Fatal(err)
			}
			c, second := reported(t, 1, "site-1"), reported(t, 2, "site-1")
			c.Standing, c.Episode.Removed = tc.standing, time.Now()
			second.Due.At = time.Now().Add(time.Millisecond)
			r := newRig(t, w, newShelf(c, second), func(o *Options) { o.Gate = g })
			if !g.Sound(t.Context(), "local", time.Now(), time.Now()) {
				t.Fatal("not sound at first")
			}
			time.Sleep(5 * time.Second)
			down = true
			if err := r.Round(t.Context(), "site-1"); err != nil {
				t.Fatal(err)
			}
			first := r.shelf.visits[0]
			if first.CaseID != 1 || first.Counted != tc.believed {
				t.Errorf("%s: believed %v", name, first.Counted)
			}
			if tc.believed {
				return
			}
			if got := r.shelf.get(2); len(r.shelf.visits) != 1 || got.Due.Why != casefile.WhyGate || time.Until(got.Due.At) < 30*time.Second {
				t.Errorf("%s: %d visits; the rest of the round is due in %v (%s)", name, len(r.shelf.visits), time.Until(got.Due.At), got.Due.Why)
			}
		})
	}
}

func TestADeadVantageIsNoWitness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(vantage string, s casefile.Subject) casefile.Observation {
			switch {
			case vantage == "third": // its resolver denies every name
				return fault(casefile.FaultNXDomain, casefile.PhaseResolve)
			case isControl(s) >= 0:
				return page(200)
			case time.Since(began) > day && vantage == "local":
				return page(404)
			}
			return fault(casefile.FaultTimeout, casefile.PhaseConnect)
		})
		w.vantages = append(w.vantages, casefile.Vantage{Name: "second", Network: "AS64511"}, casefile.Vantage{Name: "third", Network: "AS64496"})
		g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 3)})
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), func(o *Options) { o.Gate = g })
		r.live(t.Context(), t, 5*day)
		if c := r.shelf.get(1); c.Standing != casefile.Watching || c.Streak.Count != 0 {
			t.Errorf("%s with %d gone verdicts: one of two sound vantages and a dead one made them", c.Standing, c.Streak.Count)
		}
	})
}

func TestLiveIsBelievedWhateverTheGateSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
			if isControl(s) >= 0 {
				return fault(casefile.FaultTimeout, casefile.PhaseConnect)
			}
			return answer(s, page(200))
		})
		g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 1)})
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), func(o *Options) { o.Gate = g })
		r.live(t.Context(), t, time.Hour)
		if c := r.shelf.get(1); c.Episode.FirstSeen.IsZero() || !c.NoticesComposed {
			t.Errorf("a live case was not believed: %+v", c.Episode)
		}
	})
}

func TestASilentHostPostponesTheRestOfItsRound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(string, casefile.Subject) casefile.Observation {
			return fault(casefile.FaultTimeout, casefile.PhaseConnect)
		})
		var cases []casefile.Case
		for id := 1; id <= 30; id++ {
			cases = append(cases, reported(t, id, "site-1"))
		}
		r := newRig(t, w, newShelf(cases...), nil)
		if err := r.Round(t.Context(), "site-1"); err != nil {
			t.Fatal(err)
		}
		if n := w.looks(casefile.PurposeTarget); n != 1 || r.shelf.postponed != 29 {
			t.Fatalf("%d looks at a host that does not answer, %d cases postponed", n, r.shelf.postponed)
		}
		for id := range r.shelf.cases {
			c := r.shelf.get(id)
			if gap := time.Until(c.Due.At); gap < 13*time.Minute || gap > time.Hour {
				t.Errorf("case %d is due in %v", id, gap)
			}
			if c.Visits == 0 && (c.Due.Why != casefile.WhyPostponed || c.Last.State != "" || !c.Unseen.IsZero()) {
				t.Errorf("case %d was not visited, but has %s, %q", id, c.Due.Why, c.Last.State)
			}
		}
	})
}

func TestFastFaultsAreJudgedCaseByCase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(string, casefile.Subject) casefile.Observation {
			return fault(casefile.FaultNXDomain, casefile.PhaseResolve)
		})
		r := newRig(t, w, newShelf(reported(t, 1, "site-1"), reported(t, 2, "site-1"), reported(t, 3, "site-1")), nil)
		if err := r.Round(t.Context(), "site-1"); err != nil {
			t.Fatal(err)
		}
		if len(r.shelf.visits) != 3 || r.atlas.asked != 1 {
			t.Errorf("%d visits; the registry was asked %d times", len(r.shelf.visits), r.atlas.asked)
		}
	})
}

func TestARoundIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		var cases []casefile.Case
		for id := 1; id <= 100; id++ {
			cases = append(cases, reported(t, id, "site-1"))
		}
		r := newRig(t, w, newShelf(cases...), nil)
		if err := r.Round(t.Context(), "site-1"); err != nil {
			t.Fatal(err)
		}
		if n := len(r.shelf.visits); n != 50 {
			t.Errorf("%d visits in one round", n)
		}
		w.takes = 20 * time.Second
		began := time.Now()
		if err := r.Round(t.Context(), "site-1"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 3*time.Minute {
			t.Errorf("a round took %v", took)
		}
		if due, _ := r.shelf.DueCases(t.Context(), "site-1", time.Now(), 100); len(due) == 0 {
			t.Error("what is left of a round must stay due")
		}
	})
}

func TestARoundPassesOverWhatSomebodyElseChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1"), reported(t, 2, "site-1"), reported(t, 3, "site-1")), nil)
		r.shelf.meanwhile = func(s *shelf) { // while case 1 is looked at
			c := s.cases[2]
			c.Version++
			s.cases[2] = c
		}
		if err := r.Round(t.Context(), "site-1"); err != nil {
			t.Fatal(err)
		}
		if len(r.shelf.visits) != 2 || r.shelf.get(2).Visits != 0 || r.shelf.get(3).Visits != 1 {
			t.Errorf("%d visits", len(r.shelf.visits))
		}
	})
}

func TestStoppingARoundLeavesTheRestDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		w.takes = 10 * time.Second
		r := newRig(t, w, newShelf(reported(t, 1, "site-1"), reported(t, 2, "site-1")), nil)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := r.Round(ctx, "site-1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("round: %v", err)
		}
		if len(r.shelf.visits) != 1 || r.shelf.visits[0].Counted || r.shelf.visits[0].Observations[0].Fault.Kind != casefile.FaultInterrupted {
			t.Fatalf("recorded: %+v", r.shelf.visits)
		}
		if due, _ := r.shelf.DueCases(t.Context(), "site-1", time.Now(), 9); len(due) != 2 {
			t.Errorf("%d of 2 cases are due after the stop", len(due))
		}
	})
}

func TestFeedHandsOverInBatches(t *testing.T) {
	t.Parallel()
	var cases []casefile.Case
	for id := 1; id <= 1200; id++ {
		cases = append(cases, reported(t, id, fmt.Sprint("site-", id)))
	}
	r := newRig(t, newWorld(nil), newShelf(cases...), nil)
	var sizes []int
	err := r.Feed(t.Context(), func(_ context.Context, hosts []casefile.HostKey) error {
		sizes = append(sizes, len(hosts))
		return nil
	})
	if err != nil || fmt.Sprint(sizes) != "[500 500 200]" {
		t.Errorf("batches %v, %v", sizes, err)
	}
	broken := errors.New("queue is gone")
	if err := r.Feed(t.Context(), func(context.Context, []casefile.HostKey) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("feed: %v", err)
	}
}

func TestVisitorOptionsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(nil)
	good := Options{Looker: w, Locator: &atlas{}, Composer: clerk{}, Store: newShelf(), Schedule: usual()}
	if _, err := NewVisitor(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no looker":    func(o *Options) { o.Looker = nil },
		"no store":     func(o *Options) { o.Store = nil },
		"no vantage":   func(o *Options) { o.Looker = &world{} },
		"no pace":      func(o *Options) { o.Schedule = Schedule{} },
		"negative gap": func(o *Options) { o.PerHostGap = -1 },
	} {
		o := good
		change(&o)
		if _, err := NewVisitor(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
