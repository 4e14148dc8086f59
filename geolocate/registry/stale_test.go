package registry

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/internal/fakenet"
)

// simulated makes a Registry in the simulated internet, with a site on it.
func simulated(t *testing.T, change func(*Options)) (*fakenet.Net, *Registry, netip.Addr) {
	t.Helper()
	sim := fakenet.New(fakenet.Options{})
	s := sim.Add(fakenet.Site{Host: "site-1.example", Acts: fakenet.Always(fakenet.Page("A page", "Harmless words."))})
	sim.AddDomain(fakenet.Domain{Name: "site-1.example", Status: []string{"clientHold"}})
	o := Options{
		Dial: sim.Dialer("test"), LookupHost: sim.Lookup, Bootstrap: sim.RDAPBootstrap(), WHOISServer: sim.WHOIS(), NoWHOIS: true,
		Digest: func(string) string { return "0badcafe" },
	}
	if change != nil {
		change(&o)
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return sim, r, s.Addresses[0]
}

// TestOldAnswerStandsIn: when a source fails for a passing reason its last answer is
// shown with its date and the failure, for seven days beyond its time to live.
func TestOldAnswerStandsIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		failure fakenet.Failure
		after   time.Duration
		want    Problem
		stands  bool
	}{
		{"server error", fakenet.FailServer, 4 * day, ProblemServer, true},
		{"garbage", fakenet.FailGarbage, 4 * day, ProblemBroken, true},
		{"hangs", fakenet.FailHang, 4 * day, ProblemTimeout, true},
		{"drips", fakenet.FailDrip, 4 * day, ProblemTimeout, true},
		{"slow down", fakenet.FailRateLimit, 4 * day, ProblemRateLimited, true},
		{"an endless answer", fakenet.FailHuge, 4 * day, ProblemTooLarge, true},
		{"another object", fakenet.FailOther, 4 * day, ProblemOtherObject, true},
		{"after nine days", fakenet.FailServer, 9 * day, ProblemServer, true},
		{"after eleven days", fakenet.FailServer, 11 * day, ProblemServer, false},
		{"the registry knows it no more", fakenet.FailNotFound, 4 * day, ProblemNotFound, false},
	}
	for _, test := range tests {
		for _, restarted := range []bool{false, true} {
			name := test.name
			if restarted {
				name += ", after a restart"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					cache := &disk{values: map[string][]byte{}}
					sim, r, addr := simulated(t, func(o *Options) { o.Cache = cache })
					first := r.Network(t.Context(), addr)
					if first.Source != SourceRDAP || len(first.Failed) != 0 {
						t.Fatalf("%+v", first)
					}
					time.Sleep(test.after)
					if restarted {
						again, err := New(Options{Dial: sim.Dialer("test"), LookupHost: sim.Lookup, Bootstrap: sim.RDAPBootstrap(), NoWHOIS: true, Cache: cache})
						if err != nil {
							t.Fatal(err)
						}
						r.Close()
						r = again
					}
					// The bootstrap files stay sound, and are read before the failure.
					sim.FailRDAP(test.failure)
					got := r.Network(t.Context(), addr)
					if diff := cmp.Diff([]Attempt{{Source: SourceRDAP, Problem: test.want}}, got.Failed, compare); diff != "" {
						t.Error(diff)
					}
					if stands := got.Source != ""; stands != test.stands {
						t.Errorf("stands in: %v, want %v", stands, test.stands)
					}
					if test.stands {
						want := first
						want.Failed = got.Failed
						if diff := cmp.Diff(want, got, compare); diff != "" || !got.AsOf.Equal(first.AsOf) {
							t.Errorf("not the old answer: %s", diff)
						}
					}
					asked := sim.RDAPCount()
					r.Network(t.Context(), addr)
					if sim.RDAPCount() != asked {
						t.Error("the failure was not kept: asked again at once")
					}
					sim.FailRDAP(fakenet.FailNone)
					time.Sleep(90 * time.Minute)
					if got := r.Network(t.Context(), addr); got.Source == "" || len(got.Failed) != 0 || !got.AsOf.After(first.AsOf) {
						t.Errorf("not asked again: %+v", got)
					}
					r.Close()
					sim.Close()
				})
			})
		}
	}
}

// TestOldAnswerGrowsNoYounger: failing again and again does not lengthen its seven days.
func TestOldAnswerGrowsNoYounger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim, r, addr := simulated(t, nil)
		r.Network(t.Context(), addr)
		sim.FailRDAP(fakenet.FailServer)
		begin := time.Now()
		var last time.Duration
		for time.Since(begin) < 14*day {
			if n := r.Network(t.Context(), addr); n.Source != "" {
				last = time.Since(begin)
			}
			time.Sleep(time.Hour)
		}
		ttl := float64(defaultNetworkTTL)
		if least, most := time.Duration((1-spread)*ttl)+maxStale-time.Hour, time.Duration((1+spread)*ttl)+maxStale; last < least || last > most {
			t.Errorf("stood in for %v, want %v to %v", last, least, most)
		}
		r.Close()
		sim.Close()
	})
}

// TestOldRegistrationHasNoStatus: a hold of last week is no evidence about today.
func TestOldRegistrationHasNoStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim, r, _ := simulated(t, nil)
		first := r.Domain(t.Context(), "site-1.example")
		if !slices.Contains(first.Status, "clientHold") {
			t.Fatalf("%+v", first)
		}
		time.Sleep(day)
		sim.FailRDAP(fakenet.FailServer)
		for range 2 {
			got := r.Domain(t.Context(), "site-1.example")
			if got.Registrar != first.Registrar || got.Status != nil || len(got.Failed) != 1 || !got.AsOf.Equal(first.AsOf) {
				t.Errorf("%+v", got)
			}
		}
		r.Close()
		sim.Close()
	})
}

// TestTimesToLive: how long each kind of answer is used without asking again.
func TestTimesToLive(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		failure fakenet.Failure
		domain  bool
		ttl     time.Duration
	}{
		{"network", fakenet.FailNone, false, 72 * time.Hour},
		{"domain", fakenet.FailNone, true, 6 * time.Hour},
		{"no such network", fakenet.FailNotFound, false, time.Hour},
		{"no such domain", fakenet.FailNotFound, true, time.Hour},
		{"failing network", fakenet.FailOther, false, 5 * time.Minute},
		{"failing domain", fakenet.FailGarbage, true, 5 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim, r, addr := simulated(t, nil)
				sim.FailRDAP(test.failure)
				var ends []time.Duration
				for range 20 {
					ask := func() int {
						if test.domain {
							r.Domain(t.Context(), "site-1.example")
						} else {
							r.Network(t.Context(), addr)
						}
						return sim.RDAPCount()
					}
					asked, begin := ask(), time.Now()
					for ask() == asked {
						time.Sleep(test.ttl / 100)
					}
					ends = append(ends, time.Since(begin))
					time.Sleep(2 * test.ttl)
				}
				least, most := test.ttl*89/100, test.ttl*111/100
				if slices.Min(ends) < least || slices.Max(ends) > most {
					t.Errorf("times to live %v, want %v to %v", ends, least, most)
				}
				if slices.Max(ends)-slices.Min(ends) < test.ttl/20 {
					t.Errorf("times to live do not vary: %v", ends)
				}
				r.Close()
				sim.Close()
			})
		})
	}
}

// TestSecondSourceIsKeptShorter: an answer of WHOIS while RDAP failed is asked for again
// within the hour, and so is not what stands for three days.
func TestSecondSourceIsKeptShorter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim, r, addr := simulated(t, func(o *Options) { o.NoWHOIS = false })
		sim.FailRDAP(fakenet.FailServer)
		got := r.Network(t.Context(), addr)
		if got.Source != SourceWHOIS || len(got.Failed) != 1 {
			t.Fatalf("%+v", got)
		}
		sim.FailRDAP(fakenet.FailNone)
		time.Sleep(50 * time.Minute)
		if got := r.Network(t.Context(), addr); got.Source != SourceWHOIS {
			t.Errorf("asked again within the hour: %+v", got)
		}
		time.Sleep(20 * time.Minute)
		if got := r.Network(t.Context(), addr); got.Source != SourceRDAP {
			t.Errorf("%+v", got)
		}
		r.Close()
		sim.Close()
	})
}

// TestStandsIn: which failures an old answer outlives.
func TestStandsIn(t *testing.T) {
	t.Parallel()
	at := func(source string, p Problem) Attempt { return Attempt{Source: source, Problem: p} }
	tests := []struct {
		name   string
		source string
		failed []Attempt
		want   bool
	}{
		{"its source timed out", SourceRDAP, []Attempt{at(SourceRDAP, ProblemTimeout)}, true},
		{"its source timed out, the other knows nothing", SourceRDAP, []Attempt{at(SourceRDAP, ProblemTimeout), at(SourceWHOIS, ProblemNotFound)}, true},
		{"no RDAP there, WHOIS timed out", SourceWHOIS, []Attempt{at(SourceRDAP, ProblemNotFound), at(SourceWHOIS, ProblemTimeout)}, true},
		{"its source knows nothing now", SourceRDAP, []Attempt{at(SourceRDAP, ProblemNotFound), at(SourceWHOIS, ProblemTimeout)}, false},
		{"its source was not asked", SourceWHOIS, []Attempt{at(SourceRDAP, ProblemTimeout)}, false},
		{"the caller stopped", SourceRDAP, []Attempt{at(SourceRDAP, ProblemInterrupted)}, false},
		{"no old answer", "", []Attempt{at(SourceRDAP, ProblemTimeout)}, false},
	}
	for _, test := range tests {
		if got := standsIn(test.source, test.failed); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
