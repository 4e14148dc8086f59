package geolocate

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"vigil/casefile"
	"vigil/geolocate/registry"
	"vigil/internal/fakenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a simulated internet with a locator in it.
func world(t testing.TB, change func(*Options)) (*fakenet.Net, *Locator) {
	t.Helper()
	sim := fakenet.New(fakenet.Options{})
	t.Cleanup(sim.Close)
	country, asn, err := sim.WriteDatabases(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Registry:  &registry.Options{Dial: sim.Dialer("test"), LookupHost: sim.Lookup, Bootstrap: sim.RDAPBootstrap(), WHOISServer: sim.WHOIS(), PerSecond: 1000, Burst: 1000},
		Databases: []DatabaseOptions{{Kind: "country", Path: country}, {Kind: "asn", Path: asn}},
	}
	if change != nil {
		change(&o)
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return sim, l
}

func target(t testing.TB, url string) casefile.Target {
	t.Helper()
	to, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// site adds a live site and gives its target and what a look at it resolved.
func site(t testing.TB, sim *fakenet.Net, s fakenet.Site) (casefile.Target, casefile.Observation) {
	t.Helper()
	if s.Acts == nil {
		s.Acts = fakenet.Always(fakenet.Page("A page", "Harmless words."))
	}
	sim.Add(s)
	addrs, err := sim.Lookup(t.Context(), s.Host)
	if err != nil {
		t.Fatal(err)
	}
	return target(t, sim.URL(s.Host)), casefile.Observation{Resolution: casefile.Resolution{Rcode: "NOERROR", Addresses: addrs}}
}

// locate asks about a target that was looked at once.
func locate(ctx context.Context, l *Locator, to casefile.Target, o casefile.Observation) casefile.Hosting {
	return l.Locate(ctx, casefile.Inquiry{Target: to, Looks: []casefile.Observation{o}})
}

func TestLocate(t *testing.T) {
	t.Parallel()
	created := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	sim, l := world(t, nil)
	sim.AddDomain(fakenet.Domain{Name: "site-1.example", Registrar: "Plain Names Registrar", RegistrarAbuse: "abuse@registrar.test", Status: []string{"clientHold"}, Created: created, Expires: created.AddDate(5, 0, 0)})
	for i, test := range []struct{ network, country, provider, abuse string }{
		{"LOWLAND-NET", "NL", "Lowland Hosting", "abuse@lowland.test"},
		{"RHEINBLICK-NET", "DE", "Rheinblick Server", "abuse@rheinblick.test"},
		{"PRAIRIE-NET", "US", "Prairie Datacenters", "abuse@prairie.test"},
	} {
		to, o := site(t, sim, fakenet.Site{Host: fmt.Sprintf("site-%d.example", i+1), Network: test.network, IPv6: i == 0})
		h := locate(t.Context(), l, to, o)
		if h.Country != test.country || h.Confidence < 0.8 || h.Disputed || h.Provider != test.provider || h.ASN != uint32(64500+i) || !h.Network.Contains(o.Resolution.Addresses[0]) || h.Origin != casefile.OriginKnown || h.Edge != nil {
			t.Errorf("%s: %+v", test.network, h)
		}
		if len(h.Contacts) == 0 || h.Contacts[0] != (casefile.Contact{Party: casefile.PartyHost, Name: h.Contacts[0].Name, Role: "abuse", Email: test.abuse, Source: "rdap", Why: "abuse role of the network at RDAP"}) {
			t.Errorf("%s: contacts %+v", test.network, h.Contacts)
		}
		if last := h.Contacts[len(h.Contacts)-1]; last.Party != casefile.PartyRegistrar || last.Email != "abuse@registrar.test" {
			t.Errorf("%s: last contact %+v", test.network, last)
		}
		if i == 0 {
			if diff := cmp.Diff(&casefile.Registrar{Name: "Plain Names Registrar", IANAID: 9999, Nameservers: []string{"ns1.dns.test", "ns2.dns.test"}, NameserverOperators: []string{"dns.test"}, AbuseEmail: "abuse@registrar.test", DomainStatus: []string{"clientHold"}, Created: created, Expires: created.AddDate(5, 0, 0)}, h.Registrar); diff != "" {
				t.Error(diff)
			}
			if len(h.Addresses) != 2 {
				t.Errorf("addresses %v", h.Addresses)
			}
		}
		for _, c := range h.Claims {
			if c.Source == "" || c.AsOf.IsZero() || c.AsOf.Location() != time.UTC || (c.Value == "") == (c.Problem == "") {
				t.Errorf("claim without value, source or date: %+v", c)
			}
			if c.Problem != "" {
				t.Errorf("a source failed: %+v", c)
			}
		}
	}
}

// TestFailingRegistries: a registry that fails is a claim with its problem and never a lost decision.
func TestFailingRegistries(t *testing.T) {
	t.Parallel()
	for failure, want := range map[fakenet.Failure]string{
		fakenet.FailRateLimit: "rate_limited", fakenet.FailServer: "server_error", fakenet.FailGarbage: "broken", fakenet.FailDrip: "timeout", fakenet.FailHang: "timeout",
		fakenet.FailOther: "other_object", fakenet.FailHuge: "too_large", fakenet.FailNotFound: "not_found",
	} {
		t.Run(string(failure), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				logs, seen := observer.New(zap.DebugLevel)
				sim, l := world(t, func(o *Options) { o.Registry.Timeout = 700 * time.Millisecond; o.Log = zap.New(logs) })
				to, o := site(t, sim, fakenet.Site{Host: "site-1.example"})
				sim.FailRDAP(failure)
				h := locate(t.Context(), l, to, o)
				if h.Country != "NL" || h.Confidence < 0.8 || h.Provider != "Lowland Hosting" {
					t.Errorf("WHOIS did not help: %+v", h)
				}
				if len(h.Contacts) == 0 || h.Contacts[0].Email != "abuse@lowland.test" || h.Contacts[0].Source != "whois" {
					t.Errorf("contacts %+v", h.Contacts)
				}
				if h.Registrar == nil || h.Registrar.Name != "Plain Names Registrar" {
					t.Errorf("registrar %+v", h.Registrar)
				}
				for _, fact := range []casefile.Fact{casefile.FactNetwork, casefile.FactRegistrar} {
					if !slices.ContainsFunc(h.Claims, func(c casefile.Claim) bool { return c.Fact == fact && c.Source == "rdap" && c.Problem == want }) {
						t.Errorf("no claim says that RDAP gave no %s because of %s: %+v", fact, want, h.Claims)
					}
				}
				for _, entry := range seen.All() {
					if text := fmt.Sprint(entry.Message, entry.ContextMap()); strings.Contains(text, "site-1") || strings.Contains(text, ".test") {
						t.Errorf("a host is in the log: %s", text)
					}
				}
			})
		})
	}
}

func TestAllRegistriesFail(t *testing.T) {
	t.Parallel()
	for _, failure := range []fakenet.Failure{fakenet.FailHang, fakenet.FailDrip, fakenet.FailServer, fakenet.FailGarbage, fakenet.FailHuge, fakenet.FailOther, fakenet.FailRateLimit, fakenet.FailNotFound} {
		t.Run(string(failure), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim, l := world(t, func(o *Options) { o.Registry.Timeout = 300 * time.Millisecond })
				to, o := site(t, sim, fakenet.Site{Host: "site-1.example"})
				sim.FailRDAP(failure)
				sim.FailWHOIS(failure)
				started := time.Now()
				h := locate(t.Context(), l, to, o)
				if took := time.Since(started); took > 600*time.Millisecond { // RDAP, then WHOIS
					t.Errorf("took %v", took)
				}
				if h.Country != "NL" || h.Confidence != 0.75 || h.Provider != "Lowland Hosting" || h.ASN != 64500 || h.Registrar != nil || len(h.Contacts) != 0 {
					t.Errorf("the databases do not decide alone: %+v", h)
				}
				problems := 0
				for _, c := range h.Claims {
					if c.Problem != "" {
						problems++
					}
				}
				if problems != 4 {
					t.Errorf("%d problems, want RDAP's and WHOIS's about the network and the domain: %+v", problems, h.Claims)
				}
			})
		})
	}
}

func TestLocateIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim, l := world(t, func(o *Options) { o.Timeout = 250 * time.Millisecond })
		to, o := site(t, sim, fakenet.Site{Host: "site-1.example"})
		sim.FailRDAP(fakenet.FailHang)
		sim.FailWHOIS(fakenet.FailHang)
		started := time.Now()
		if h := locate(t.Context(), l, to, o); h.Country != "NL" {
			t.Errorf("%+v", h)
		}
		if took := time.Since(started); took > 250*time.Millisecond {
			t.Errorf("took %v", took)
		}
		o.Resolution.Addresses = nil
		for i := range 20 {
			o.Resolution.Addresses = append(o.Resolution.Addresses, netip.AddrFrom4([4]byte{192, 0, 2, byte(100 + i)}))
		}
		if h := locate(t.Context(), l, to, o); len(h.Addresses) != maxAddresses || !strings.Contains(h.Steps[len(h.Steps)-1], "12 further addresses") {
			t.Errorf("%d addresses, steps %q", len(h.Addresses), h.Steps)
		}
	})
}

func TestLiteralTargets(t *testing.T) {
	t.Parallel()
	_, l := world(t, nil)
	for url, want := range map[string]string{"http://192.0.2.9/": "NL", "http://[2001:db8:2::9]/x": "DE"} {
		h := locate(t.Context(), l, target(t, url), casefile.Observation{})
		if h.Country != want || h.Registrar != nil || len(h.Addresses) != 1 {
			t.Errorf("%+v", h)
		}
		if slices.ContainsFunc(h.Claims, func(c casefile.Claim) bool { return c.Fact == casefile.FactRegistrar }) {
			t.Error("a domain was asked for an address literal")
		}
	}
}

func TestNameWithoutAddress(t *testing.T) {
	t.Parallel()
	sim, l := world(t, nil)
	to, _ := site(t, sim, fakenet.Site{Host: "site-1.example"})
	h := locate(t.Context(), l, to, casefile.Observation{Resolution: casefile.Resolution{Rcode: "NXDOMAIN"}})
	if h.Country != "" || h.Confidence != 0 || h.Origin != casefile.OriginUnknown || h.Registrar == nil {
		t.Errorf("%+v", h)
	}
}

func TestWithoutDatabases(t *testing.T) {
	t.Parallel()
	sim, l := world(t, func(o *Options) { o.Databases = nil })
	to, o := site(t, sim, fakenet.Site{Host: "site-1.example"})
	if h := locate(t.Context(), l, to, o); h.Country != "NL" || h.Confidence != 0.35 || h.Provider != "Lowland Hosting" {
		t.Errorf("%+v", h)
	}
	// Addresses that really exist, from the embedded table alone.
	quiet, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"1.1.1.1", "2606:4700:4700::1111", "193.0.6.139", "2001:67c:2e8:22::c100:68b"} {
		c, _ := quiet.local(nil, nil, netip.MustParseAddr(addr))
		if len(c) != 1 || c[0].Source != "iploc" || len(c[0].Value) != 2 || c[0].AsOf.Year() < 2026 {
			t.Errorf("%s: %+v", addr, c)
		}
	}
	for _, addr := range []string{"0.0.0.0", "::", "::1", "::2", "255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "127.0.0.1", "192.0.2.1"} {
		if c, _ := quiet.local(nil, nil, netip.MustParseAddr(addr)); len(c) != 1 || c[0].Problem != "not_found" || c[0].Value != "" {
			t.Errorf("%s: %+v", addr, c)
		}
	}
	infos := quiet.DatabaseInfos()
	if len(infos) != 1 || infos[0].Built.Year() < 2026 {
		t.Errorf("%+v", infos)
	}
}

// TestAnswersGrowOld: inside a bubble two days pass at once; a registry is asked again only after its answer's time to live.
func TestAnswersGrowOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := fakenet.New(fakenet.Options{})
		country, asn, err := sim.WriteDatabases(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		l, err := New(Options{
			Registry:  &registry.Options{Dial: sim.Dialer("test"), LookupHost: sim.Lookup, Bootstrap: sim.RDAPBootstrap(), WHOISServer: sim.WHOIS()},
			Databases: []DatabaseOptions{{Kind: "country", Path: country}, {Kind: "asn", Path: asn}},
		})
		if err != nil {
			t.Fatal(err)
		}
		to, o := site(t, sim, fakenet.Site{Host: "site-1.example"})
		asOf := func() time.Time {
			h := locate(t.Context(), l, to, o)
			for _, c := range h.Claims {
				if c.Source == "rdap" && c.Fact == casefile.FactNetwork {
					return c.AsOf
				}
			}
			t.Fatalf("no claim of RDAP: %+v", h.Claims)
			return time.Time{}
		}
		first := asOf()
		time.Sleep(64 * time.Hour) // 72 h, less a tenth
		if got := asOf(); !got.Equal(first) {
			t.Errorf("asked again after 64 h")
		}
		time.Sleep(16 * time.Hour)
		if got := asOf(); !got.After(first) {
			t.Errorf("not asked again after 80 h")
		}
		_ = l.Close()
		sim.Close()
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	dial, lookup := (&net.Dialer{}).DialContext, func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
	text := filepath.Join(t.TempDir(), "text.mmdb")
	if err := os.WriteFile(text, []byte("not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		"needs Dial":            {Registry: &registry.Options{}},
		"does not exist":        {Databases: []DatabaseOptions{{Kind: "country", Path: "/nonexistent/x.mmdb"}}},
		"no MaxMind DB file":    {Databases: []DatabaseOptions{{Kind: "asn", Path: text}}},
		"use country or asn":    {Databases: []DatabaseOptions{{Kind: "city", Path: text}}},
		"geolocate.rdap":        {Registry: &registry.Options{Dial: dial, LookupHost: lookup, Bootstrap: "not a url"}},
		"must not be negative":  {Timeout: -time.Second},
		"times must not be neg": {Registry: &registry.Options{Dial: dial, LookupHost: lookup, NetworkTTL: -time.Second}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestLocateConcurrently(t *testing.T) {
	t.Parallel()
	sim, l := world(t, nil)
	to, o := site(t, sim, fakenet.Site{Host: "site-1.example", IPv6: true})
	to2, o2 := site(t, sim, fakenet.Site{Host: "site-2.example", Network: "PRAIRIE-NET"})
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			if i%2 == 0 {
				if h := locate(t.Context(), l, to, o); h.Country != "NL" || h.Confidence < 0.8 {
					t.Errorf("%+v", h)
				}
			} else if h := locate(t.Context(), l, to2, o2); h.Country != "US" || h.Confidence < 0.8 {
				t.Errorf("%+v", h)
			}
		})
	}
	wg.Wait()
}

func BenchmarkLocate(b *testing.B) {
	sim, l := world(b, nil)
	to, o := site(b, sim, fakenet.Site{Host: "site-1.example"})
	if h := locate(b.Context(), l, to, o); h.Country != "NL" {
		b.Fatalf("%+v", h)
	}
	b.ReportAllocs()
	for b.Loop() {
		locate(b.Context(), l, to, o)
	}
}

func BenchmarkDecide(b *testing.B) {
	sim, l := world(b, nil)
	to, o := site(b, sim, fakenet.Site{Host: "site-1.example"})
	f, _, _ := l.facts(b.Context(), casefile.Inquiry{Target: to, Looks: []casefile.Observation{o}})
	if len(f.Claims) < 10 || len(f.Desks) == 0 || f.Registrar == nil {
		b.Fatalf("%+v", f)
	}
	b.ReportAllocs()
	for b.Loop() {
		Decide(f)
	}
}
