package scheduler

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

func controls(t *testing.T, n int) []casefile.Target {
	t.Helper()
	var all []casefile.Target
	for i := range n {
		all = append(all, target(t, fmt.Sprintf("https://control-%d.example/", i)))
	}
	return all
}

// isControl is the number of a control target, or -1.
func isControl(s casefile.Subject) int {
	if s.Purpose != casefile.PurposeControl {
		return -1
	}
	n := -1
	_, _ = fmt.Sscanf(s.Target.Host(), "control-%d.example", &n)
	return n
}

func TestGateNeedsMoreThanHalfOfTheControls(t *testing.T) {
	t.Parallel()
	for controlsN := 1; controlsN <= 5; controlsN++ {
		for down := 0; down <= controlsN; down++ {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					switch n := isControl(s); {
					case n >= down:
						return page(200)
					case n%2 == 0:
						return fault(casefile.FaultTimeout, casefile.PhaseConnect)
					}
					return fault(casefile.FaultNXDomain, casefile.PhaseResolve)
				})
				g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, controlsN)})
				if err != nil {
					t.Fatal(err)
				}
				want := (controlsN-down)*2 > controlsN
				if got := g.Sound(t.Context(), "local", time.Now(), time.Now()); got != want {
					t.Errorf("%d of %d controls down: sound %v", down, controlsN, got)
				}
				if s := g.Status(); len(s) != 1 || s[0].Sound != want || s[0].Answered != controlsN-down || s[0].Controls != controlsN {
					t.Errorf("status %+v", s)
				}
			})
		}
	}
}

func TestGateProbesOnceForManyAndKeepsFreshOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(string, casefile.Subject) casefile.Observation { return page(200) })
		g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 1)})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if !g.Sound(t.Context(), "local", began, began) {
					t.Error("not sound")
				}
			})
		}
		all.Wait()
		if n := w.looks(casefile.PurposeControl); n != 1 {
			t.Errorf("%d probes for 100 questions at once", n)
		}
		time.Sleep(20 * time.Second)
		g.Sound(t.Context(), "local", time.Now().Add(-fresh), time.Now().Add(-fresh))
		if n := w.looks(casefile.PurposeControl); n != 1 {
			t.Errorf("a probe that was fresh enough was made again")
		}
		g.Sound(t.Context(), "local", time.Now(), time.Now())
		if n := w.looks(casefile.PurposeControl); n != 2 {
			t.Errorf("%d probes; an old one answered for a later look", n)
		}
		asked := time.Now()
		for range 5 {
			g.Sound(t.Context(), "local", time.Now(), time.Now())
		}
		if rested := time.Since(asked); rested < 4*time.Second {
			t.Errorf("5 probes in %v: control targets are hammered", rested)
		}
		g.Sound(t.Context(), "other", time.Now(), time.Now())
		if n := len(g.Status()); n != 2 {
			t.Errorf("status of %d vantages", n)
		}
	})
}

func TestGateRemembersAFailureWithinTheLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := true
		w := newWorld(func(string, casefile.Subject) casefile.Observation {
			if down {
				return fault(casefile.FaultTimeout, casefile.PhaseConnect)
			}
			return page(200)
		})
		g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 1)})
		if err != nil {
			t.Fatal(err)
		}
		look := time.Now()
		if g.Sound(t.Context(), "local", look, look) {
			t.Error("sound while the control is down")
		}
		time.Sleep(10 * time.Second)
		if g.Sound(t.Context(), "local", look, look) {
			t.Error("an uplink that failed within the look is called sound")
		}
		between := time.Now()
		time.Sleep(time.Second)
		down = false
		if closed := g.Closed("local", time.Now()); closed < 11*time.Second {
			t.Errorf("closed for %v", closed)
		}
		if g.Sound(t.Context(), "local", between, time.Now()) {
			t.Error("an uplink that came back speaks for a look from before")
		}
		if !g.Sound(t.Context(), "local", time.Now(), time.Now()) || g.Closed("local", time.Now()) != 0 {
			t.Error("still closed after the uplink came back")
		}
	})
}

func TestGateClosesOnceWhenTheClockJumps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(string, casefile.Subject) casefile.Observation { return page(200) })
		g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 1)})
		if err != nil {
			t.Fatal(err)
		}
		var ahead time.Duration
		g.wallAhead = func() time.Duration { return ahead }
		ask := func(what string, want bool) {
			t.Helper()
			time.Sleep(time.Hour)
			if got := g.Sound(t.Context(), "local", time.Now(), time.Now()); got != want {
				t.Errorf("%s: sound %v", what, got)
			}
		}
		ask("at first", true)
		ahead += 2 * time.Second
		ask("slewed by NTP", true)
		ahead += 24 * time.Hour
		ask("set forward by a day", false)
		if s := g.Status(); s[0].Fault != UplinkClock {
			t.Error("the status does not tell the jump")
		}
		ask("one probe later", true)
		ahead -= time.Minute
		ask("set back by a minute", false)
	})
}

func TestGateWithoutControlsIsOpen(t *testing.T) {
	t.Parallel()
	g, err := NewGate(GateOptions{Looker: newWorld(nil)})
	if err != nil {
		t.Fatal(err)
	}
	var none *Gate
	if g.Configured() || none.Configured() || !g.Sound(t.Context(), "local", time.Now(), time.Now()) || !none.Sound(t.Context(), "local", time.Now(), time.Now()) || none.Status() != nil {
		t.Error("a gate without control targets must be open, and say that it is not configured")
	}
}

func TestAProbeThatIsCutShortSaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(string, casefile.Subject) casefile.Observation { return page(200) })
		w.takes = 10 * time.Second
		g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 2)})
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		asked := time.Now()
		var waited bool
		var all sync.WaitGroup
		all.Go(func() {
			time.Sleep(100 * time.Millisecond)
			waited = g.Sound(t.Context(), "local", asked, asked)
		})
		if g.Sound(short, "local", asked, asked) {
			t.Error("sound without an answer")
		}
		all.Wait()
		if !waited {
			t.Error("who waited for the probe that was cut short got no probe of its own")
		}
	})
}

func TestGateOptionsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(nil)
	for name, o := range map[string]GateOptions{
		"no looker":    {},
		"an empty one": {Looker: w, Targets: []casefile.Target{{}}},
		"too many":     {Looker: w, Targets: make([]casefile.Target, MaxControls+1)},
	} {
		if _, err := NewGate(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
