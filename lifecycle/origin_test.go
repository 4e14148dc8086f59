package lifecycle_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
	"vigil/lifecycle"
)

var byAddress = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

func onOrigin(c casefile.Case, kind casefile.ActionKind, address string) (casefile.Case, []casefile.Event, *casefile.Problem) {
	a := casefile.Action{Kind: kind, Actor: "analyst one", Reason: "the provider told us", At: noon.Add(time.Hour)}
	if address != "" {
		a.Origin = netip.MustParseAddr(address)
	}
	return act(c, a)
}

func TestAnOriginIsRecordedAndForgotten(t *testing.T) {
	t.Parallel()
	for _, standing := range casefile.Standings {
		t.Run(string(standing), func(t *testing.T) {
			t.Parallel()
			c, _ := lifecycle.Open(report(t, noon), "aa", noon)
			c.Hosting = &casefile.Hosting{Edge: &casefile.Edge{Name: "Example Edge"}}
			c.Standing, c.NoticesComposed, c.Streak = standing, true, casefile.Streak{Count: 1, First: noon, Last: noon}
			c.Due = casefile.Due{At: noon.Add(9 * time.Hour), Why: casefile.WhyCadence}
			due := c.Due
			if standing.Visited() {
				due = casefile.Due{At: noon.Add(time.Hour), Why: casefile.WhyAsked}
			}
			recorded, events, problem := onOrigin(c, casefile.ActOrigin, "::ffff:192.0.2.7")
			if problem != nil {
				t.Fatal(problem)
			}
			want := &casefile.Backend{Address: netip.MustParseAddr("192.0.2.7"), By: "analyst one", At: noon.Add(time.Hour)}
			if diff := cmp.Diff(want, recorded.Backend, byAddress); diff != "" {
				t.Error(diff)
			}
			// Nobody is told anew, and nothing moves, before hosting was decided again.
			if recorded.Standing != standing || !recorded.NoticesComposed || recorded.Streak != c.Streak || recorded.Due != due || recorded.Hosting != c.Hosting {
				t.Errorf("%+v", recorded)
			}
			event := casefile.Event{At: noon.Add(time.Hour), Kind: casefile.EventOriginRecorded, Actor: "analyst one", Data: map[string]string{"reason": "the provider told us", "network": "192.0.2.0/24"}}
			if diff := cmp.Diff([]casefile.Event{event}, events); diff != "" {
				t.Error(diff)
			}
			forgotten, events, problem := onOrigin(recorded, casefile.ActForget, "")
			event.Kind = casefile.EventOriginForgotten
			if diff := cmp.Diff([]casefile.Event{event}, events); problem != nil || forgotten.Backend != nil || forgotten.Due != due || diff != "" {
				t.Errorf("%+v %v\n%s", forgotten, problem, diff)
			}
			if recorded.Backend == nil {
				t.Error("the case that was acted on changed")
			}
		})
	}
}

func TestARecordedOriginSurvivesANewEpisode(t *testing.T) {
	t.Parallel()
	c, _ := lifecycle.Open(report(t, noon), "aa", noon)
	c.Hosting = &casefile.Hosting{}
	c, _, problem := onOrigin(c, casefile.ActOrigin, "2001:db8::7")
	if problem != nil {
		t.Fatal(problem)
	}
	c.Standing = casefile.Closed
	after, _ := attach(c, report(t, noon.Add(time.Hour)), noon.Add(time.Hour))
	if after.Episode.Number != 2 || after.Backend == nil || after.Backend.Network().String() != "2001:db8::/48" {
		t.Errorf("%+v", after)
	}
}

func TestOriginsThatAreRefused(t *testing.T) {
	t.Parallel()
	c, _ := lifecycle.Open(report(t, noon), "aa", noon)
	for name, address := range map[string]string{
		"none": "", "a zone": "fe80::7%eth0", "unspecified": "0.0.0.0", "unspecified, IPv6": "::", "multicast": "224.0.0.1", "multicast, IPv6": "ff02::1", "broadcast": "255.255.255.255",
		"mapped multicast": "::ffff:224.0.0.1",
	} {
		after, events, problem := onOrigin(c, casefile.ActOrigin, address)
		if problem == nil || problem.Code != casefile.ProblemField || problem.Field != "origin" || events != nil || after.Backend != nil || after.Due != c.Due {
			t.Errorf("%s: %v %v", name, events, problem)
		}
	}
	if _, events, problem := onOrigin(c, casefile.ActForget, ""); problem == nil || problem.Code != casefile.ProblemConflict || events != nil {
		t.Errorf("forgot what was not recorded: %v", problem)
	}
}

// TestACountryIsRecordedForAddresses: a word without an edge holds for the addresses of its time.
func TestACountryIsRecordedForAddresses(t *testing.T) {
	t.Parallel()
	here := netip.MustParseAddr("192.0.2.7")
	c, _ := lifecycle.Open(report(t, noon), "aa", noon)
	act := func(c casefile.Case, country string) (casefile.Case, []casefile.Event, *casefile.Problem) {
		return act(c, casefile.Action{Kind: casefile.ActOrigin, Actor: "ann", Reason: "the provider told us", At: noon, Country: country})
	}
	if _, _, problem := act(c, "NL"); problem == nil || problem.Code != casefile.ProblemConflict {
		t.Errorf("a country of nothing was recorded: %v", problem)
	}
	c.Hosting = &casefile.Hosting{Addresses: []netip.Addr{here}}
	for _, country := range []string{"", "nl", "N1", "NLD", "n"} {
		if _, _, problem := act(c, country); problem == nil || problem.Code != casefile.ProblemField {
			t.Errorf("%q: %v", country, problem)
		}
	}
	after, events, problem := act(c, "NL")
	if problem != nil || events[0].Data["country"] != "NL" || events[0].Data["network"] != "" {
		t.Fatalf("%v %+v", problem, events)
	}
	want := []casefile.Claim{{Fact: casefile.FactOrigin, Value: "NL", Source: "analyst:ann", AsOf: noon, Address: here}}
	if diff := cmp.Diff(want, after.Backend.Claims(), byAddress); diff != "" {
		t.Error(diff)
	}
}

// TestTheEdgeIsNoOrigin: the address that the target answers at, behind an edge, is the edge's.
func TestTheEdgeIsNoOrigin(t *testing.T) {
	t.Parallel()
	c, _ := lifecycle.Open(report(t, noon), "aa", noon)
	c.Hosting = &casefile.Hosting{Edge: &casefile.Edge{Name: "Example Edge"}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7")}}
	if _, _, problem := onOrigin(c, casefile.ActOrigin, "::ffff:192.0.2.7"); problem == nil || problem.Field != "origin" {
		t.Errorf("the edge's own address was recorded: %v", problem)
	}
	if _, _, problem := onOrigin(c, casefile.ActOrigin, "192.0.2.8"); problem != nil {
		t.Error(problem)
	}
}

func TestADecisionKnowsItsRecord(t *testing.T) {
	t.Parallel()
	o := casefile.Backend{Address: netip.MustParseAddr("192.0.2.7"), By: "ann", At: noon}
	other := o
	other.Country = "NL"
	lookup := casefile.Claim{Fact: casefile.FactOrigin, Source: "lookup:x", Value: "192.0.2.8"}
	for name, tc := range map[string]struct {
		claims []casefile.Claim
		o      *casefile.Backend
		want   bool
	}{
		"neither":           {nil, nil, true},
		"not yet":           {nil, &o, false},
		"recorded":          {append(o.Claims(), lookup), &o, true},
		"forgotten":         {o.Claims(), nil, false},
		"only a look-up":    {[]casefile.Claim{lookup}, nil, true},
		"recorded anew":     {o.Claims(), &other, false},
		"with its country":  {other.Claims(), &other, true},
		"a look-up instead": {[]casefile.Claim{lookup}, &o, false},
	} {
		if got := (casefile.Hosting{Claims: tc.claims}).Knows(tc.o); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if c := o.Claims(); len(c) != 1 || c[0].Value != "192.0.2.7" || c[0].Source != "analyst:ann" || !c[0].AsOf.Equal(noon) || c[0].Address.IsValid() || c[0].Problem != "" {
		t.Errorf("%+v", c)
	}
	if (casefile.Backend{}).Network().IsValid() {
		t.Error("no address has a network")
	}
}
