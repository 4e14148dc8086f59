package scheduler

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

// act does to a case what a person does.
func (r *rig) act(t testing.TB, id casefile.CaseID, kind casefile.ActionKind, origin netip.Addr) {
	t.Helper()
	c, events, problem := lifecycle.Apply(r.shelf.get(id), time.Now(), lifecycle.Acted{Action: casefile.Action{Kind: kind, Actor: "ann", Reason: "the provider told us", At: time.Now().UTC(), Origin: origin}})
	if problem != nil {
		t.Fatal(problem)
	}
	c.Version++
	r.shelf.cases[id] = c
	r.shelf.events[id] = append(r.shelf.events[id], events...)
}

func TestARecordedOriginDecidesAtOnceAndTellsTheRealHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.atlas.behind = "Example Edge"
		r.live(t.Context(), t, day/2)
		if c := r.shelf.get(1); c.Hosting.Country != "" || c.Hosting.Origin != casefile.OriginUnknown || len(r.shelf.notices) != 2 {
			t.Fatalf("before: %+v, %d notices", c.Hosting, len(r.shelf.notices))
		}
		r.act(t, 1, casefile.ActOrigin, awayAddress)
		r.live(t.Context(), t, 2*time.Minute)
		c := r.shelf.get(1)
		if c.Hosting.Country != "DE" || !c.Hosting.Knows(c.Backend) || c.Assignment.HostingCountry != "DE" || !c.NoticesComposed || c.Backend == nil {
			t.Errorf("after the record: %+v, assigned %+v", c.Hosting, c.Assignment)
		}
		if len(r.shelf.notices) != 4 {
			t.Errorf("%d notices; want hotline and abuse desk, for the edge and for the origin", len(r.shelf.notices))
		}
		asked := r.atlas.asked
		r.live(t.Context(), t, 6*time.Hour)
		if r.atlas.asked != asked {
			t.Errorf("decided %d times more over the same origin", r.atlas.asked-asked)
		}
		// The same address again is decided again, and is no other hosting: nobody is told anew.
		r.act(t, 1, casefile.ActOrigin, awayAddress)
		r.live(t.Context(), t, 2*time.Minute)
		if len(r.shelf.notices) != 4 {
			t.Errorf("%d notices after the same record", len(r.shelf.notices))
		}
		r.act(t, 1, casefile.ActForget, netip.Addr{})
		r.live(t.Context(), t, 2*time.Minute)
		if c := r.shelf.get(1); c.Hosting.Origin != casefile.OriginUnknown || c.Hosting.Country != "" || c.Backend != nil {
			t.Errorf("after it was forgotten: %+v", c.Hosting)
		}
	})
}

func TestCasesOfARoundWithDifferentOriginsAreDecidedApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		var cases []casefile.Case
		for id, origin := range []netip.Addr{{}, {}, awayAddress, awayAddress, netip.MustParseAddr("203.0.113.9")} {
			c := reported(t, id+1, "site-1")
			if origin.IsValid() {
				c.Backend = &casefile.Backend{Address: origin, By: "ann", At: time.Now()}
			}
			cases = append(cases, c)
		}
		r := newRig(t, w, newShelf(cases...), nil)
		r.atlas.behind = "Example Edge"
		if err := r.Round(t.Context(), "site-1"); err != nil {
			t.Fatal(err)
		}
		if r.atlas.asked != 3 {
			t.Errorf("%d decisions for 3 origins (one of them unknown)", r.atlas.asked)
		}
		for id, want := range []string{"", "", "DE", "DE", "NL"} {
			if c := r.shelf.get(casefile.CaseID(id + 1)); c.Hosting.Country != want || !c.Hosting.Knows(c.Backend) {
				t.Errorf("case %d: %q with %v, want %q", id+1, c.Hosting.Country, c.Backend, want)
			}
		}
	})
}
