package scheduler

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

// teller is a resolver that says the same of every control name, and of every name that cannot exist.
type teller struct{ control, never string }

func (r teller) Resolve(_ context.Context, name string, _ bool) (casefile.Resolution, *casefile.Fault) {
	says := r.never
	if strings.HasPrefix(name, "control-") {
		says = r.control
	}
	if a, err := netip.ParseAddr(says); err == nil {
		return casefile.Resolution{Rcode: "NOERROR", Addresses: []netip.Addr{a}}, nil
	}
	return casefile.Resolution{}, &casefile.Fault{Kind: casefile.FaultKind(says), Phase: casefile.PhaseResolve}
}

func TestALyingResolverClosesTheGate(t *testing.T) {
	t.Parallel()
	honest := teller{"192.0.2.10", "nxdomain"}
	for name, tc := range map[string]struct {
		second Resolver
		want   UplinkFault
	}{
		"two honest ones":              {honest, ""},
		"the second denies every name": {teller{"nxdomain", "nxdomain"}, UplinkResolver},
		"the second has no addresses":  {teller{"no_address", "no_address"}, UplinkResolver},
		"the second invents names":     {teller{"192.0.2.10", "203.0.113.66"}, UplinkResolver},
		"wildcards lead to the hosts":  {teller{"192.0.2.10", "192.0.2.10"}, ""},
		"the second is silent":         {teller{"timeout", "timeout"}, ""},
		"the second fails":             {teller{"servfail", "servfail"}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(func(string, casefile.Subject) casefile.Observation { return page(200) })
			g, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 3), Resolvers: []Resolver{honest, tc.second}})
			if err != nil {
				t.Fatal(err)
			}
			sound := g.Sound(t.Context(), "local", time.Now(), time.Now())
			if s := g.Status(); sound != (tc.want == "") || s[0].Fault != tc.want {
				t.Errorf("%s: sound %v, %q", name, sound, s[0].Fault)
			}
		})
	}
}

func TestAVantageMayHaveControlsOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := controls(t, 4)
		w := newWorld(func(vantage string, s casefile.Subject) casefile.Observation {
			if inner := isControl(s) == 3; inner != (vantage == "inner") {
				return fault(casefile.FaultTimeout, casefile.PhaseConnect)
			}
			return page(200)
		})
		g, err := NewGate(GateOptions{Looker: w, Targets: all[:3], PerVantage: map[string][]casefile.Target{"inner": all[3:]}})
		if err != nil {
			t.Fatal(err)
		}
		for _, vantage := range []string{"inner", "local"} {
			if !g.Sound(t.Context(), vantage, time.Now(), time.Now()) {
				t.Errorf("%s is not sound", vantage)
			}
		}
		if s := g.Status(); s[0].Controls != 1 || s[1].Controls != 3 {
			t.Errorf("%+v", s)
		}
		if _, err := NewGate(GateOptions{Looker: w, PerVantage: map[string][]casefile.Target{"inner": nil}}); err == nil {
			t.Error("a vantage with an empty list of its own is taken")
		}
	})
}
