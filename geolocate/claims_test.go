package geolocate

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
	"vigil/geolocate/registry"
)

// TestRoundTripClaims: the shortest round trip of each vantage that stands somewhere
// counts, for addresses that stand somewhere.
func TestRoundTripClaims(t *testing.T) {
	t.Parallel()
	l := &Locator{vantages: map[string]string{"tokyo": "JP", "frankfurt": "DE"}}
	look := func(vantage string, addr netip.Addr, trips ...time.Duration) casefile.Observation {
		o := casefile.Observation{Vantage: vantage, Started: now}
		for _, took := range trips {
			o.Hops = append(o.Hops, casefile.Hop{Address: addr, RoundTrip: took})
		}
		return o
	}
	q := casefile.Inquiry{Looks: []casefile.Observation{
		look("tokyo", host, 3*time.Millisecond, 1240*time.Microsecond), look("frankfurt", host, 180*time.Millisecond), look("tokyo", host, 2*time.Millisecond),
		look("proxied", host, time.Millisecond), look("tokyo", doc, time.Millisecond), look("tokyo", two, 0),
	}}
	got := l.roundTripClaims(nil, q, []netip.Addr{doc, host, two, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::1")})
	want := []casefile.Claim{
		says(host, casefile.FactRoundTrip, "1.3 ms from JP", "vantage:tokyo"), says(host, casefile.FactRoundTrip, "180.0 ms from DE", "vantage:frankfurt"),
	}
	if diff := cmp.Diff(want, got, addrEqual); diff != "" {
		t.Error(diff)
	}
	trips := roundTripsOf(host, got)
	if len(trips) != 2 || trips[0].took < 1240*time.Microsecond || trips[0].reach < 124 {
		t.Errorf("a bound got tighter by writing it down: %+v", trips)
	}
	for _, value := range []string{"", "ms from JP", "-1 ms from JP", "0 ms from JP", "NaN ms from JP", "1 ms from", "1 ms from ZZ", "1 ms from jp", "1e99 ms from JP", "1 s from JP"} {
		if trips := roundTripsOf(host, []casefile.Claim{says(host, casefile.FactRoundTrip, value, "vantage:tokyo")}); len(trips) != 0 {
			t.Errorf("%q was read as %+v", value, trips)
		}
	}
}

// TestReverseClaims: a name is a claim, a failure too, and nothing of the target's own is kept.
func TestReverseClaims(t *testing.T) {
	t.Parallel()
	to := target(t, "https://site-1.example/a")
	hints, err := parseHints(reverseCSV)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(names []string, err error) []casefile.Claim {
		l := &Locator{hints: hints, reverse: func(context.Context, netip.Addr) ([]string, error) { return names, err }}
		claims := l.reverseClaims(nil, host, to, l.askReverse(t.Context(), host))
		for i := range claims {
			claims[i].AsOf = now
		}
		return claims
	}
	problem := func(p registry.Problem) []casefile.Claim {
		return []casefile.Claim{{Fact: casefile.FactReverseName, Source: "reverse-dns", AsOf: now, Address: host, Problem: string(p)}}
	}
	for _, test := range []struct {
		name  string
		names []string
		err   error
		want  []casefile.Claim
	}{
		{"a name with a place", []string{"static-7.ams1.host-1.test"}, nil, []casefile.Claim{
			says(host, casefile.FactReverseName, "static-7.ams1.host-1.test", "reverse-dns"), says(host, casefile.FactReverseCountry, "NL", "reverse-dns")}},
		{"the target's own name", []string{"www.site-1.example"}, nil, nil},
		{"no name", nil, nil, problem(registry.ProblemNotFound)},
		{"time out", nil, context.DeadlineExceeded, problem(registry.ProblemTimeout)},
		{"stopped", nil, context.Canceled, problem(registry.ProblemInterrupted)},
		{"broken", nil, errors.New("servfail"), problem(registry.ProblemUnreachable)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, ask(test.names, test.err), addrEqual, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDomainSideClaims: name servers come from the registry, else from the zone, with who runs them.
func TestDomainSideClaims(t *testing.T) {
	t.Parallel()
	at := now.Add(-time.Hour)
	claims, r := domainClaims(nil, registry.Domain{Provenance: registry.Provenance{Source: "rdap", AsOf: at}, Registrar: "Example Registrar", IANAID: 9999, Created: at, Expires: now, Status: []string{"clientHold"}, Nameservers: []string{"ns1.host-1.test", "ns2.host-1.test"}})
	q := casefile.Inquiry{Target: target(t, "https://site-1.example/"), Looks: []casefile.Observation{{Resolution: casefile.Resolution{Nameservers: []string{"ns9.host-9.test"}}}}}
	servers, err := parseNameservers(nameserversCSV)
	if err != nil {
		t.Fatal(err)
	}
	l := &Locator{servers: servers, edges: &edges{}}
	claims = l.nameserverClaims(claims, q, Facts{Domain: "site-1.example", Registrar: r, RegistrarSource: "rdap"})
	if diff := cmp.Diff([]string{"host-1.test"}, r.NameserverOperators); diff != "" {
		t.Error(diff)
	}
	facts := map[casefile.Fact]string{}
	for _, c := range claims {
		facts[c.Fact] += c.Value + ";"
	}
	want := map[casefile.Fact]string{
		casefile.FactRegistrar: "Example Registrar;", casefile.FactDomainStatus: "clientHold;", casefile.FactDomainCreated: "2026-11-23T11:00:00Z;", casefile.FactDomainExpires: "2026-11-23T12:00:00Z;",
		casefile.FactNameserver: "ns1.host-1.test;ns2.host-1.test;", casefile.FactNameserverBy: "host-1.test;",
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Error(diff)
	}
	claims = l.nameserverClaims(nil, q, Facts{Domain: "site-1.example"})
	if len(claims) != 2 || claims[0].Value != "ns9.host-9.test" || claims[0].Source != "dns" {
		t.Errorf("%+v", claims)
	}
}

// TestCanonicalNames: each domain that a CNAME leads to is named once; the target's own is not.
func TestCanonicalNames(t *testing.T) {
	t.Parallel()
	q := casefile.Inquiry{Target: target(t, "https://www.site-1.example/"), Looks: []casefile.Observation{
		{Started: now, Resolution: casefile.Resolution{CNAMEs: []string{"site-1.example", "a.b.host-1.test", "c.host-1.test", "d.host-2.test"}}}, {Resolution: casefile.Resolution{CNAMEs: []string{"e.host-2.test"}}},
	}}
	var got []string
	for _, c := range canonicalClaims(nil, q) {
		got = append(got, c.Value)
	}
	if diff := cmp.Diff([]string{"host-1.test", "host-2.test"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestReplay: a decision that was written and read again is made again the same.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, test := range outcomes {
		h := Decide(Facts{Addresses: test.addrs, Claims: test.claims, Edge: test.edge, Now: now})
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		var read casefile.Hosting
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h, Replay(read), addrEqual, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
