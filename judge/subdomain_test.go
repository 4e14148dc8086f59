package judge_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/judge"
)

var front = at("https://site-1.example/")

// links is a page of links to advertisements, in words that nobody listed.
func links(digest string) *casefile.Features {
	return &casefile.Features{Digest: digest, SimHash: 0x1234, Structure: 8, Title: digest, Words: 18, Elements: 20, Links: 6, HTML: true}
}

// few is a page of a few words, in words that nobody listed.
func few() *casefile.Features {
	return &casefile.Features{Digest: "few", SimHash: 0x77, Structure: 9, Title: "few", Words: 14, Elements: 9, HTML: true}
}

// scripted is a page that a script fills.
func scripted(markers ...casefile.Marker) *casefile.Features {
	return &casefile.Features{Digest: "scripted", Structure: 4, Words: 2, Elements: 6, Scripts: 1, HTML: true, Markers: markers}
}

// looked is a look at a target from one server with the name servers given.
func looked(t casefile.Target, f *casefile.Features, ns ...string) *casefile.Observation {
	a := netip.MustParseAddr("192.0.2.80")
	o := answer(200, f)
	o.Hops[0].Target, o.Hops[0].Address = t, a
	o.Resolution.Addresses, o.Resolution.Nameservers = []netip.Addr{a}, ns
	return o
}

// stray is the answer of a name that surely does not exist.
func stray(f *casefile.Features) *casefile.Observation {
	o := looked(at("https://x7x7.site-1.example/x7x7"), f)
	o.Purpose = casefile.PurposeSubdomain
	return o
}

const lot = "ns1.bodis.com"

// strays are looks that ask for a name which surely does not exist, and what follows.
var strays = []struct {
	name      string
	look      *casefile.Observation
	sibling   *casefile.Observation
	referred  *casefile.Observation
	subdomain *casefile.Observation
	baseline  *casefile.Features
	registrar *casefile.Registrar
	asks      bool
	want      casefile.Reason
}{
	{name: "links on parking name servers, on every name", look: looked(front, links("a"), lot), subdomain: stray(links("b")), asks: true, want: casefile.ReasonParked},
	{name: "links on parking name servers, where another page was", look: looked(front, links("a"), lot), subdomain: stray(links("b")), baseline: article(), asks: true, want: casefile.ReasonParked},
	{name: "a few words on a registrar's name servers for what is over", look: looked(front, few(), "ns1.renewyourname.net"), subdomain: stray(few()), asks: true, want: casefile.ReasonParked},
	{name: "a script on parking name servers", look: looked(front, scripted(), lot), subdomain: stray(scripted()), asks: true, want: casefile.ReasonParked},
	{name: "a shell on parking name servers", look: looked(asked, scripted(casefile.MarkerAppShell), lot), subdomain: stray(scripted(casefile.MarkerAppShell)), asks: true, want: casefile.ReasonParked},
	{name: "a few words, and the registry is about to delete the domain", look: looked(front, few()), subdomain: stray(few()), registrar: held("pending delete"), asks: true, want: casefile.ReasonParked},
	{name: "a few words, and the registrar deleted the domain", look: looked(front, few()), subdomain: stray(few()), registrar: held("redemptionPeriod https://icann.org/epp#redemptionPeriod"), asks: true, want: casefile.ReasonParked},
	{name: "links on every name and path", look: looked(asked, links("a")), sibling: sibling(looked(asked, links("b"))), subdomain: stray(links("c")), asks: true, want: casefile.ReasonParked},
	{name: "a parking script on a longer page, on every name", look: looked(front, changed(unsaid(casefile.MarkerParkedSign), func(f *casefile.Features) { f.Links = 25 })),
		subdomain: stray(changed(unsaid(casefile.MarkerParkedSign), func(f *casefile.Features) { f.Links = 25 })), asks: true, want: casefile.ReasonParked},

	// One trait less.
	{name: "links on every name, and nothing else", look: looked(front, links("a")), subdomain: stray(links("b")), asks: true, want: casefile.ReasonContentDiffers},
	{name: "links, and names that do not exist have no address", look: looked(front, links("a")), subdomain: strayFault(casefile.FaultNXDomain), asks: true, want: casefile.ReasonServed},
	{name: "links on parking name servers, and no such name", look: looked(front, links("a"), lot), subdomain: strayFault(casefile.FaultNXDomain), asks: true, want: casefile.ReasonServed},
	{name: "links on parking name servers, and the name does not answer", look: looked(front, links("a"), lot), subdomain: strayFault(casefile.FaultTimeout), asks: true, want: casefile.ReasonServed},
	{name: "a few words on parking name servers, and another page on other names", look: looked(front, few(), lot), subdomain: stray(article()), asks: true, want: casefile.ReasonServed},
	{name: "links on parking name servers, not asked", look: looked(front, links("a"), lot), asks: true, want: casefile.ReasonServed},
	{name: "links on parking name servers, and strays are sent home", look: looked(front, links("a"), lot), subdomain: with(stray(links("a")), func(o *casefile.Observation) {
		o.Hops = append(o.Hops, o.Hops[0])
		o.Hops[0].Status, o.Hops[1].Target = 302, front
	}), asks: true, want: casefile.ReasonServed},
	{name: "a few words on parking name servers over https, and strays are sent home", look: sentFrom(looked(front, few(), lot), "http://site-1.example/"),
		subdomain: sentFrom(with(stray(few()), func(o *casefile.Observation) { o.Hops[0].Target = front }), "http://x7x7.site-1.example/x7x7"), asks: true, want: casefile.ReasonServed},
	{name: "a few words on parking name servers over https, on every name", look: sentFrom(looked(front, few(), lot), "http://site-1.example/"),
		subdomain: sentFrom(stray(few()), "http://x7x7.site-1.example/"), asks: true, want: casefile.ReasonParked},
	{name: "a few words on parking name servers, at another domain", look: sentFrom(looked(at("https://elsewhere.test/"), few(), lot), "https://site-1.example/"),
		subdomain: sentFrom(stray(few()), "https://x7x7.site-1.example/"), want: casefile.ReasonRedirectedElsewhere},
	{name: "a placeholder on parking name servers, and another page by way of the site", look: looked(asked, few(), lot), sibling: sibling(looked(asked, few())),
		referred: answer(200, article()), subdomain: stray(few()), asks: true, want: casefile.ReasonReferrerRequired},
	{name: "a placeholder on parking name servers, also by way of the site", look: looked(asked, few(), lot), sibling: sibling(looked(asked, few())),
		referred: answer(200, few()), subdomain: stray(few()), asks: true, want: casefile.ReasonParked},
	{name: "links on parking name servers, and another server answers for other names", look: looked(front, links("a"), lot), subdomain: with(stray(links("a")), func(o *casefile.Observation) {
		a := netip.MustParseAddr("198.51.100.9")
		o.Hops[0].Address, o.Resolution.Addresses = a, []netip.Addr{a}
	}), asks: true, want: casefile.ReasonServed},
	{name: "a few words, renewed by the registry itself", look: looked(front, few()), subdomain: stray(few()), registrar: held("autoRenewPeriod"), want: casefile.ReasonServed},
	{name: "a few words, deleted and being restored", look: looked(front, few()), subdomain: stray(few()), registrar: held("pendingDelete", "pendingRestore"), want: casefile.ReasonServed},
	{name: "an application's shell on every name", look: looked(asked, scripted(casefile.MarkerAppShell)), subdomain: stray(scripted(casefile.MarkerAppShell)), want: casefile.ReasonScriptRequired},
	{name: "scripts and links on every name and path", look: looked(asked, changed(links("a"), func(f *casefile.Features) { f.Scripts = 1 })),
		sibling:   sibling(looked(asked, changed(links("a"), func(f *casefile.Features) { f.Scripts = 1 }))),
		subdomain: stray(changed(links("a"), func(f *casefile.Features) { f.Scripts = 1 })), asks: true, want: casefile.ReasonScriptRequired},
	{name: "a log-in on parking name servers, on every name", look: looked(front, bare(casefile.MarkerLogin), lot), subdomain: stray(bare(casefile.MarkerLogin)), want: casefile.ReasonLogin},

	// Content of its own.
	{name: "a story on parking name servers, on every name", look: looked(front, article(), lot), subdomain: stray(article()), asks: true, want: casefile.ReasonServed},
	{name: "a story without pictures on parking name servers, on every name", look: looked(front, changed(article(), func(f *casefile.Features) { f.Images = 0 }), lot),
		subdomain: stray(changed(article(), func(f *casefile.Features) { f.Images = 0 })), asks: true, want: casefile.ReasonServed},
	{name: "one picture on parking name servers, on every name", look: looked(front, changed(few(), func(f *casefile.Features) { f.Images = 1 }), lot),
		subdomain: stray(changed(few(), func(f *casefile.Features) { f.Images = 1 })), asks: true, want: casefile.ReasonServed},
	{name: "a video on parking name servers, on every name", look: looked(front, changed(few(), func(f *casefile.Features) { f.Media = 1 }), lot),
		subdomain: stray(changed(few(), func(f *casefile.Features) { f.Media = 1 })), asks: true, want: casefile.ReasonServed},
	{name: "a frame on parking name servers, on every name", look: looked(front, framed(), lot), subdomain: stray(framed()), asks: true, want: casefile.ReasonServed},
	{name: "links on parking name servers, where they always were", look: looked(front, links("a"), lot), subdomain: stray(links("a")), baseline: links("a"), want: casefile.ReasonMatchesBaseline},
	{name: "links, and missing pages are told as such", look: looked(asked, links("a"), lot), sibling: sibling(answer(404, nil)), subdomain: stray(links("a")), want: casefile.ReasonServed},
	{name: "links at another domain, on parking name servers", look: with(looked(front, links("a"), lot), func(o *casefile.Observation) {
		o.Hops = append(o.Hops, casefile.Hop{Target: at("https://elsewhere.test/"), Status: 200})
		o.Hops[0].Status = 302
	}), subdomain: stray(links("a")), want: casefile.ReasonRedirectedElsewhere},
	{name: "a story without any trait of parking", look: looked(front, article()), want: casefile.ReasonServed},
	{name: "a parking script on a bare page", look: looked(front, unsaid(casefile.MarkerParkedSign)), want: casefile.ReasonParked},
}

// sentFrom is a look that was asked at the URL and sent on from there.
func sentFrom(o *casefile.Observation, url string) *casefile.Observation {
	first := casefile.Hop{Target: at(url), Status: 301, Location: true, Address: o.Hops[0].Address}
	o.Hops = append([]casefile.Hop{first}, o.Hops...)
	return o
}

func strayFault(kind casefile.FaultKind) *casefile.Observation {
	o := fault(kind, casefile.PhaseResolve)
	o.Purpose = casefile.PurposeSubdomain
	return o
}

func TestNamesThatDoNotExist(t *testing.T) {
	t.Parallel()
	for _, tt := range strays {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := judge.Input{Target: tt.look.Hops[0].Target, Decoy: tt.sibling, SameSiteReferrer: tt.referred, Baseline: tt.baseline, Registrar: tt.registrar}
			if asks := wants(casefile.PurposeSubdomain, *tt.look, in); asks != tt.asks {
				t.Errorf("asks %v, want %v", asks, tt.asks)
			}
			in.Observations = []casefile.Observation{*tt.look}
			if in.Subdomain = tt.subdomain; tt.subdomain != nil { // it stands beside, and has no opinion
				in.Observations = append(in.Observations, *tt.subdomain)
			}
			v := judge.Decide(in)
			soundVerdict(t, v)
			if v.Reason != tt.want {
				t.Errorf("got %s, want %s; signals %+v", v.Reason, tt.want, v.Signals)
			}
			for _, s := range v.Signals {
				if strings.Contains(s.Value, "x7x7") || strings.Contains(s.Value, "bodis") {
					t.Errorf("signal %q gives away a name", s.Name)
				}
			}
		})
	}
}

func TestSubdomain(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://site-1.example/album/picture.html":      "https://x7.site-1.example/x7",
		"http://site-1.example:8080/":                    "http://x7.site-1.example:8080/x7",
		"https://www.site-1.example/?id=5":               "https://x7.site-1.example/x7",
		"https://site-1.co.uk/":                          "https://x7.site-1.co.uk/x7",
		"https://img.site-1.example/a.jpg":               "", // a server of its own
		"https://one.github.io/a":                        "", // a customer of a platform
		"https://github.io/a":                            "",
		"https://192.0.2.1/a":                            "",
		"https://[2001:db8::1]/a":                        "",
		"https://example/a":                              "",
		"https://" + strings.Repeat("a.", 124) + "test/": "",
	} {
		if got := judge.Subdomain(at(url), "x7"); got.URL() != want {
			t.Errorf("%s: %q, want %q", url, got.URL(), want)
		}
	}
	if got := judge.Subdomain(casefile.Target{}, "x7"); !got.IsZero() {
		t.Error("no target has a subdomain")
	}
	long := at("https://" + strings.Repeat("a", 63) + ".example/")
	if got := judge.Subdomain(long, strings.Repeat("x", 200)); !got.IsZero() {
		t.Error("a name that is too long for the DNS")
	}
}

// What a registration that comes to its end says, and where it points: only what an owner cannot answer by
// paying points to gone, and none of it decides alone.
func TestRegistrationsThatEnd(t *testing.T) {
	t.Parallel()
	past := started.Add(-time.Hour)
	for name, tt := range map[string]struct {
		registrar *casefile.Registrar
		value     string
		points    casefile.State
	}{
		"redemption, in the words of EPP":    {held("clientTransferProhibited", "redemptionPeriod"), "redemption_period", casefile.StateGone},
		"redemption, in the words of RDAP":   {held("redemption period"), "redemption_period", casefile.StateGone},
		"deletion":                           {held("pendingDelete", "redemptionPeriod"), "pending_delete", casefile.StateGone},
		"a restore":                          {held("pending restore", "pending delete"), "pending_restore", ""},
		"renewed by itself":                  {held("auto renew period"), "auto_renew_period", ""},
		"past its date":                      {&casefile.Registrar{Expires: past, DomainStatus: []string{"autoRenewPeriod"}}, "expired", ""},
		"past its date, and to be redeemed":  {&casefile.Registrar{Expires: past, DomainStatus: []string{"redemptionPeriod"}}, "redemption_period", casefile.StateGone},
		"not yet past its date":              {&casefile.Registrar{Expires: started.Add(time.Hour)}, "", ""},
		"a transfer":                         {held("pendingTransfer", "addPeriod", "ok"), "", ""},
		"nothing known":                      {nil, "", ""},
		"a word that only begins like it is": {held("redemptionPeriodOver"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for look, want := range map[*casefile.Observation]casefile.Reason{
				answer(200, article()): casefile.ReasonServed, fault(casefile.FaultNXDomain, casefile.PhaseResolve): casefile.ReasonNXDomain,
			} {
				v := judge.Decide(judge.Input{Target: asked, Observations: []casefile.Observation{*look}, Registrar: tt.registrar})
				got := casefile.Signal{}
				for _, s := range v.Signals {
					if s.Name == "registration" {
						got = s
					}
				}
				if got.Value != tt.value || got.PointsTo != tt.points || v.Reason != want {
					t.Errorf("%+v and %s, want %q to %q and %s", got, v.Reason, tt.value, tt.points, want)
				}
			}
		})
	}
}
