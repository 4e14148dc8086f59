package scheduler

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

// own is what a control target shows of itself; a portal shows the same for all.
func own(n int) casefile.Observation {
	o := page(200)
	f := *o.Features
	f.Digest, f.Structure, f.SimHash, f.Title = fmt.Sprintf("%064x", n), uint64(1000+n), 0x9e3779b97f4a7c15*uint64(n+1), fmt.Sprint("title ", n)
	o.Features = &f
	return o
}

func secured(o casefile.Observation, problem string) casefile.Observation {
	o.Hops[0].TLS = &casefile.TLS{Version: "1.3", Problem: problem}
	return o
}

func under(t *testing.T, o casefile.Observation, url string) casefile.Observation {
	o.Hops[0].Target = target(t, url)
	return o
}

func dated(o casefile.Observation, off time.Duration) casefile.Observation {
	o.Hops[0].Date = time.Now().Add(off)
	return o
}

func TestControlsMustAnswerAsThemselves(t *testing.T) {
	t.Parallel()
	redesigned := func(n int) casefile.Observation { return own(n + 50) }
	counted := func(n int) casefile.Observation { // a counter, a date: other bytes, the same page
		o := own(n)
		f := *o.Features
		f.Digest = fmt.Sprintf("%064x", n+90)
		o.Features = &f
		return o
	}
	portal := func(int) casefile.Observation { return own(40) }
	small := func(int) casefile.Observation {
		o := own(40)
		o.BodyBytes = 3
		return o
	}
	for name, tc := range map[string]struct {
		before, now func(n int) casefile.Observation
		want        UplinkFault
	}{
		"as ever":                                {own, own, ""},
		"another counter":                        {own, counted, ""},
		"at first sight":                         {nil, own, ""},
		"one page for all at first sight":        {nil, portal, UplinkStrange},
		"one small answer for all":               {nil, small, ""},
		"one page for all":                       {own, portal, UplinkStrange},
		"another page each":                      {own, redesigned, UplinkStrange},
		"one of three redesigned":                {own, func(n int) casefile.Observation { return own(n + n/2*50) }, ""},
		"redesigned, with a certificate":         {own, func(n int) casefile.Observation { return secured(redesigned(n), "") }, ""},
		"a portal with a certificate of its own": {own, func(n int) casefile.Observation { return secured(portal(n), "wrong name") }, UplinkStrange},
		"the certificate is no more trusted":     {func(n int) casefile.Observation { return secured(own(n), "") }, func(n int) casefile.Observation { return secured(own(n), "unknown authority") }, UplinkStrange},
		"not found":                              {own, func(int) casefile.Observation { return page(404) }, UplinkStrange},
		"not found at first sight":               {nil, func(int) casefile.Observation { return page(404) }, UplinkStrange},
		"in trouble":                             {own, func(int) casefile.Observation { return page(503) }, UplinkStrange},
		"no answer":                              {own, func(int) casefile.Observation { return fault(casefile.FaultTimeout, casefile.PhaseConnect) }, UplinkUnanswered},
		"sent elsewhere at first sight":          {nil, func(n int) casefile.Observation { return under(t, own(n), "http://portal.example/login") }, UplinkStrange},
		"sent to www": {nil, func(n int) casefile.Observation {
			return under(t, own(n), fmt.Sprintf("https://www.control-%d.example/", n))
		}, ""},
		"our clock is behind":       {own, func(n int) casefile.Observation { return dated(own(n), 3*time.Minute) }, UplinkClock},
		"our clock is ahead":        {own, func(n int) casefile.Observation { return dated(own(n), -3*time.Minute) }, UplinkClock},
		"one answer out of a cache": {own, func(n int) casefile.Observation { return dated(own(n), -time.Duration(n/2)*time.Hour) }, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			show := tc.before
			w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return show(isControl(s)) })
			w.portal = true
			g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 3)})
			if err != nil {
				t.Fatal(err)
			}
			if show != nil && !g.Sound(t.Context(), "local", time.Now(), time.Now()) {
				t.Fatalf("%s: not sound before", name)
			}
			show = tc.now
			time.Sleep(time.Minute)
			sound := g.Sound(t.Context(), "local", time.Now(), time.Now())
			if s := g.Status(); sound != (tc.want == "") || s[0].Fault != tc.want {
				t.Errorf("%s: sound %v, %q; want %q", name, sound, s[0].Fault, tc.want)
			}
			if show = tc.before; show == nil || tc.want == "" {
				return
			}
			time.Sleep(time.Minute)
			if !g.Sound(t.Context(), "local", time.Now(), time.Now()) {
				t.Errorf("%s: not open when all is as before", name)
			}
		})
	}
}

func TestARedesignedControlIsKnownAfterADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		w := newWorld(func(string, casefile.Subject) casefile.Observation { return own(n) })
		w.portal = true
		g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 1)})
		if err != nil {
			t.Fatal(err)
		}
		g.Sound(t.Context(), "local", time.Now(), time.Now())
		n = 7
		changed := time.Now()
		for time.Since(changed) < 30*time.Hour {
			sound, shown := g.Sound(t.Context(), "local", time.Now(), time.Now()), time.Since(changed)
			if sound != (shown >= relearnAfter) {
				t.Fatalf("sound %v after %v of a new face", sound, shown)
			}
			time.Sleep(time.Hour)
		}
	})
}

// The first page of a case is what later ones are compared with.
func TestAFirstPageBehindAPortalIsNoSighting(t *testing.T) {
	t.Parallel()
	for name, behind := range map[string]bool{"behind a portal": true, "on a sound uplink": false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
				if n := isControl(s); n >= 0 && !behind {
					return own(n)
				}
				return answer(s, own(40))
			})
			w.portal = true
			g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 3)})
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, w, newShelf(reported(t, 1, "site-1")), func(o *Options) { o.Gate = g })
			if err := r.Round(t.Context(), "site-1"); err != nil {
				t.Fatal(err)
			}
			if c := r.shelf.get(1); behind != (c.Baseline == nil) || behind != c.Episode.FirstSeen.IsZero() || r.shelf.visits[0].Counted == behind {
				t.Errorf("%s: baseline %v, first seen %v, believed %v", name, c.Baseline != nil, c.Episode.FirstSeen, r.shelf.visits[0].Counted)
			}
		})
	}
}
