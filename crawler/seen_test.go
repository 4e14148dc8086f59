package crawler_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/internal/fakenet"
)

// What a look sees of servers that answer: the status of the last hop, how many
// hops, and the markers a judge will go by.
func TestLookSeesWhatServersAnswer(t *testing.T) {
	t.Parallel()
	page := fakenet.Page("A plain page", "Words of our own, enough of them to be a page that is no shell of anything.")
	for _, tt := range []struct {
		name    string
		b       fakenet.Behaviour
		change  func(*fakenet.Site)
		status  int
		hops    int
		markers []casefile.Marker
		noBody  bool
	}{
		{name: "page", b: page, status: 200, hops: 1},
		{name: "page over TLS", b: page, change: secure, status: 200, hops: 1},
		{name: "slow page", b: fakenet.Slow(5*time.Second, page), status: 200, hops: 1},
		{name: "not found", b: fakenet.NotFound(), status: 404, hops: 1, markers: []casefile.Marker{casefile.MarkerNotFound}},
		{name: "gone", b: fakenet.Gone(), status: 410, hops: 1},
		{name: "takedown page", b: fakenet.Takedown(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerTakedown}},
		{name: "suspended account", b: fakenet.Suspended(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerSuspended}},
		{name: "parked domain", b: fakenet.Parked(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerParked}},
		{name: "seized domain", b: fakenet.Seized(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerSeized}},
		{name: "sinkhole", b: fakenet.Sinkholed(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerSinkhole}},
		{name: "soft 404 with a phrase", b: fakenet.Soft404Phrase(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerNotFound}},
		{name: "login form", b: fakenet.Login(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerLogin}},
		{name: "redirect to a login form", b: fakenet.LoginRedirect(), status: 200, hops: 2, markers: []casefile.Marker{casefile.MarkerLogin}},
		{name: "paywall", b: fakenet.Paywall(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerPaywall}},
		{name: "challenge", b: fakenet.Challenge(), status: 403, hops: 1, markers: []casefile.Marker{casefile.MarkerChallenge}},
		{name: "cookie wall", b: fakenet.ConsentWall(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerConsent}},
		{name: "age wall", b: fakenet.AgeWall(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerConsent}},
		{name: "application shell", b: fakenet.AppShell(), status: 200, hops: 1, markers: []casefile.Marker{casefile.MarkerAppShell}},
		{name: "forbidden", b: fakenet.Forbidden(), status: 403, hops: 1},
		{name: "unauthorised", b: fakenet.Unauthorized(), status: 401, hops: 1},
		{name: "legal block", b: fakenet.LegalBlock(), status: 451, hops: 1, markers: []casefile.Marker{casefile.MarkerLegalBlock}},
		{name: "geo-block", b: fakenet.GeoBlockAll(), status: 403, hops: 1, markers: []casefile.Marker{casefile.MarkerGeoBlock}},
		{name: "referrer gate, no referrer", b: fakenet.ReferrerGated(page, "http://forum.example/"), status: 403, hops: 1, markers: []casefile.Marker{casefile.MarkerReferrer}},
		{name: "expired link", b: fakenet.LinkExpired(), status: 403, hops: 1, markers: []casefile.Marker{casefile.MarkerLinkExpired}},
		{name: "server error", b: fakenet.ServerError(503), status: 503, hops: 1, markers: []casefile.Marker{casefile.MarkerFailure}},
		{name: "redirected home", b: fakenet.RedirectHome(), status: 200, hops: 2},
		{name: "cookies, then back", b: fakenet.CookieWall(page), status: 200, hops: 2},
		{name: "ten redirects", b: fakenet.RedirectChain(10, page), status: 200, hops: 11},
		{name: "redirect without a location", b: fakenet.NoLocation(), status: 302, hops: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, nil)
				o := l.look(t, tt.b, tt.change)
				if o.Fault != nil {
					t.Fatalf("fault %+v", *o.Fault)
				}
				if o.Status != tt.status || len(o.Hops) != tt.hops {
					t.Errorf("status %d after %d hops, want %d after %d", o.Status, len(o.Hops), tt.status, tt.hops)
				}
				if o.Features == nil {
					t.Fatal("no features")
				}
				if diff := cmp.Diff(tt.markers, o.Features.Markers); diff != "" {
					t.Errorf("markers (-want +got):\n%s", diff)
				}
				if o.Resolution.Rcode != "NOERROR" || len(o.Resolution.Addresses) == 0 {
					t.Errorf("resolution %+v", o.Resolution)
				}
			})
		})
	}
}

func TestLookRecordsTheHop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		b := fakenet.RateLimited(90 * time.Second).Edge(http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"0"}})
		o := l.look(t, b, func(s *fakenet.Site) { s.IPv6 = true })
		hop := o.Final()
		if hop.Status != 429 || hop.RetryAfter != 90*time.Second || hop.Edge != "cloudflare" || hop.Server != "cloudflare" || hop.Protocol != "HTTP/1.1" || hop.MediaType != "text/html" {
			t.Errorf("hop %+v", hop)
		}
		if hop.Address != o.Resolution.Addresses[0] || !hop.Address.Is4() || hop.Target.Host() != "site-1.example" {
			t.Errorf("dialled %v of %v", hop.Address, o.Resolution.Addresses)
		}
	})
}

func TestLookRecordsWhyACertificateIsNotTrusted(t *testing.T) {
	t.Parallel()
	page := fakenet.Page("A plain page", "Words of our own.")
	for kind, want := range map[fakenet.TLSKind]string{
		"": "", fakenet.TLSExpired: "expired", fakenet.TLSNotYet: "expired", fakenet.TLSSelfSigned: "unknown authority", fakenet.TLSUnknownCA: "unknown authority",
		fakenet.TLSWrongName: "wrong name", fakenet.TLSOld: "",
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := fakenet.New(fakenet.Options{})
				t.Cleanup(n.Close)
				l := &lab{net: n, Crawler: newCrawler(t, n.Dialer, n.DNS(), func(o *crawler.Options) { o.Roots = n.Roots() })}
				o := l.look(t, page.Over(kind), secure)
				for range 2 { // the second opinion is a remembered one
					if o.Fault != nil || o.Status != 200 || o.Final().TLS == nil || o.Final().TLS.Problem != want || o.Final().TLS.Expires.IsZero() {
						t.Errorf("a bad certificate must not hide content: %d, %+v, fault %+v", o.Status, o.Final().TLS, o.Fault)
					}
					o = l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, n.URL("site-1.example"))})
				}
			})
		})
	}
}

func TestLookReplaysTheReferrer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		page := fakenet.Page("A plain page", "Words of our own.")
		l.net.Add(fakenet.Site{Host: "site-1.example", Acts: fakenet.Always(fakenet.ReferrerGated(page, "http://forum.example/"))})
		referrer := mustTarget(t, "http://forum.example/thread/7")
		o := l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL("site-1.example")), Referrer: referrer})
		if o.Status != 200 {
			t.Errorf("the gate did not open: %d", o.Status)
		}
	})
}

// What each server on the way is told: the reported address and its site the whole, strangers the origin, and none of it in the clear.
func TestTheReferrerOnTheWay(t *testing.T) {
	t.Parallel()
	const plain, secret = "http://forum.example/thread/7?page=2", "https://forum.example:8443/thread/7"
	for _, tt := range []struct {
		name     string
		secure   bool // the reported address is https
		to       string
		referrer string
		purpose  casefile.Purpose
		first    string // what the reported address is told
		next     string // what the one behind the redirect is told
	}{
		{name: "to a stranger", to: "http://stranger.example", referrer: plain, first: plain, next: "http://forum.example/"},
		{name: "to a stranger with TLS", to: "https://stranger.example", referrer: plain, first: plain, next: "http://forum.example/"},
		{name: "https to a stranger with TLS", to: "https://stranger.example", referrer: secret, first: secret, next: "https://forum.example:8443/"},
		{name: "https to a stranger without TLS", to: "http://stranger.example", referrer: secret, first: secret},
		{name: "to the www form", to: "http://www.site-1.example", referrer: plain, first: plain, next: plain},
		{name: "https to the www form, without TLS from the start", to: "http://www.site-1.example", referrer: secret, first: secret, next: secret},
		{name: "https to the www form with TLS", secure: true, to: "https://www.site-1.example", referrer: secret, first: secret, next: secret},
		{name: "https to the www form, out of TLS", secure: true, to: "http://www.site-1.example", referrer: secret, first: secret},
		{name: "back to where one came from", to: "http://forum.example", referrer: plain, first: plain, next: plain},
		{name: "no referrer", to: "http://stranger.example"},
		{name: "the reported address as its own referrer", to: "http://stranger.example", referrer: "itself"},
		{name: "by way of its own site", to: "http://stranger.example", referrer: "home", purpose: casefile.PurposeSameSiteReferrer, first: "home"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := fakenet.New(fakenet.Options{})
				t.Cleanup(n.Close)
				l := &lab{net: n, Crawler: newCrawler(t, n.Dialer, n.DNS(), func(o *crawler.Options) { o.Roots = n.Roots() })}
				to := mustTarget(t, tt.to+"/x")
				n.Add(fakenet.Site{Host: to.Host(), HTTPS: to.Secure(), Acts: fakenet.Always(fakenet.Page("A plain page", "Words of our own."))})
				n.Add(fakenet.Site{Host: "site-1.example", HTTPS: tt.secure, Path: "/album", Acts: fakenet.Always(fakenet.RedirectTo(n.URL(to.Host())))})
				s := casefile.Subject{Target: mustTarget(t, n.URL("site-1.example")), Purpose: tt.purpose}
				switch tt.referrer {
				case "":
				case "itself":
					s.Referrer = s.Target
				case "home":
					s.Referrer = s.Target.Home()
					tt.first = s.Referrer.URL()
				default:
					s.Referrer = mustTarget(t, tt.referrer)
				}
				if o := l.Look(t.Context(), "local", s); o.Fault != nil || len(o.Hops) != 2 {
					t.Fatalf("%d hops, fault %+v", len(o.Hops), o.Fault)
				}
				first, next := n.Requests("site-1.example")[0].Referer, n.Requests(to.Host())[0].Referer
				if first != tt.first || next != tt.next {
					t.Errorf("the reported address was told %q, want %q; the next %q, want %q", first, tt.first, next, tt.next)
				}
			})
		})
	}
}

func TestLookFollowsCNAMEsAndAsksForNameservers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		page := fakenet.Page("A plain page", "Words of our own.").On(fakenet.DNS{CNAMEs: []string{"one.edge.example", "two.edge.example"}, CutChain: true, Authenticated: true})
		l.net.Add(fakenet.Site{Host: "www.site-1.example", Nameservers: []string{"ns2.dns.example", "ns1.dns.example"}, Acts: fakenet.Always(page)})
		o := l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL("www.site-1.example")), Nameservers: true})
		if o.Fault != nil {
			t.Fatalf("fault %+v", *o.Fault)
		}
		if diff := cmp.Diff([]string{"one.edge.example", "two.edge.example"}, o.Resolution.CNAMEs); diff != "" {
			t.Errorf("CNAMEs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"ns1.dns.example", "ns2.dns.example"}, o.Resolution.Nameservers); diff != "" {
			t.Errorf("name servers (-want +got):\n%s", diff)
		}
	})
}

// The look-up has a time of its own, of simulated milliseconds: what the DNS takes, and nothing else.
func TestLookMeasuresTheLookUp(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dns  fakenet.DNS
		want time.Duration
	}{
		"an answer that takes a while": {fakenet.DNS{Delay: 300 * time.Millisecond}, 300 * time.Millisecond},
		"no such name, after a while":  {fakenet.DNS{Delay: 200 * time.Millisecond, Kind: fakenet.DNSNXDomain}, 200 * time.Millisecond},
		"an answer at once":            {fakenet.DNS{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, nil)
				o := l.look(t, fakenet.Page("A plain page", "Words of our own.").On(tt.dns), nil)
				if got := o.Resolution.Took; got < tt.want || got > tt.want+50*time.Millisecond || got > o.Took {
					t.Errorf("looked up in %v of %v, want %v", got, o.Took, tt.want)
				}
			})
		})
	}
}

func TestRebindingIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		mixed := fakenet.Page("A plain page").On(fakenet.DNS{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.77"), netip.MustParseAddr("127.0.0.1")}})
		o := l.look(t, mixed, nil)
		if o.Fault == nil || o.Fault.Kind != casefile.FaultAddressRefused || len(o.Hops) != 0 {
			t.Errorf("a name with a private address was dialled: %+v, fault %+v", o.Hops, o.Fault)
		}
		if l.net.RequestCount("site-1.example") != 0 {
			t.Error("the server saw a request")
		}
	})
}

func TestLookWithAnUnknownVantageIsOurs(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	o := l.Look(t.Context(), "nowhere", casefile.Subject{Target: mustTarget(t, "http://site-1.example/")})
	if o.Fault == nil || o.Fault.Kind != casefile.FaultInterrupted || o.Started.IsZero() {
		t.Errorf("%+v, fault %+v", o, o.Fault)
	}
}

// The cookies of one look are not those of the next.
func TestCookiesEndWithTheLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		l.net.Add(fakenet.Site{Host: "site-1.example", Acts: fakenet.Always(fakenet.CookieWall(fakenet.Page("A plain page")))})
		for range 2 {
			o := l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL("site-1.example"))})
			if len(o.Hops) != 2 || o.Status != 200 {
				t.Fatalf("%d hops, status %d: each look begins without cookies", len(o.Hops), o.Status)
			}
		}
	})
}

func TestNewAsksForWhatItNeeds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*crawler.Options){
		"no resolver":    func(o *crawler.Options) { o.Resolver = nil },
		"no guard":       func(o *crawler.Options) { o.Guard = nil },
		"no vantage":     func(o *crawler.Options) { o.Vantages = nil },
		"unnamed":        func(o *crawler.Options) { o.Vantages[0].Name = "" },
		"twins":          func(o *crawler.Options) { o.Vantages = append(o.Vantages, o.Vantages[0]) },
		"short key":      func(o *crawler.Options) { o.DigestKey = []byte("short") },
		"bad proxy":      func(o *crawler.Options) { o.Vantages[0].Proxy = "ftp://proxy.example:1" },
		"no proxy port":  func(o *crawler.Options) { o.Vantages[0].Proxy = "socks5://proxy.example" },
		"bad agent":      func(o *crawler.Options) { o.UserAgent = "a\r\nb" },
		"redirects":      func(o *crawler.Options) { o.MaxRedirects = 51 },
		"negative time":  func(o *crawler.Options) { o.Timeout = -1 },
		"negative body":  func(o *crawler.Options) { o.MaxBody = -1 },
		"negative looks": func(o *crawler.Options) { o.InFlight = -1 },
	} {
		l := newLab(t, nil)
		o := crawler.Options{Resolver: stubResolver{}, Guard: mustGuard(t), DigestKey: []byte(strings.Repeat("k", 16)),
			Vantages: []crawler.VantageOptions{{Vantage: l.Vantages()[0]}}}
		if _, err := crawler.New(o); err != nil {
			t.Fatal(err)
		}
		change(&o)
		if _, err := crawler.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
