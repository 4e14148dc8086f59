package geolocate

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet"
)

// scene is what detect sees; addresses are texts.
type scene struct {
	host   string     // of the target; www.site-1.example when empty
	chains [][]string // of canonical names, one a look
	addrs  string
	asns   []uint32
	header string // what the target's own host gives away
}

func (s scene) inquiry(t testing.TB) (casefile.Inquiry, []netip.Addr) {
	t.Helper()
	if s.host == "" {
		s.host = "www.site-1.example"
	}
	q := casefile.Inquiry{Target: target(t, "http://"+s.host+"/")}
	for _, chain := range s.chains {
		q.Looks = append(q.Looks, casefile.Observation{Resolution: casefile.Resolution{CNAMEs: chain}})
	}
	if s.header != "" {
		q.Looks = append(q.Looks, casefile.Observation{Hops: []casefile.Hop{{Target: q.Target, Edge: s.header}}})
	}
	var addrs []netip.Addr
	for _, text := range strings.Fields(s.addrs) {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return q, addrs
}

// lab is a table of made-up services.
func lab(t testing.TB) *edges {
	t.Helper()
	const dated = ",example.test,2026-11-23\n"
	edgeRows := strings.ReplaceAll(`Shield,kind,waf;
Shield,cname,cdn.shield.test;
Shield,range,198.51.100.0/25;
Shield,range,2001:db8:1::/48;
Shield,asn,64500;
Shield,header,shield shield-ray;
Shield,email,abuse@shield.test;
Shield,form,https://shield.test/abuse;
Shared,kind,cdn;
Shared,shared_asn,64501;
Shared,header,shared via: shared;
Old,kind,cdn;
Old,cname,old.test;
Old,ended,2024-06;
Hop,kind,redirector;
Hop,cname,go.hop.test;
`, ";\n", dated)
	platformRows := strings.ReplaceAll(`Pages,kind,page_host;
Pages,host,pages.test;
Pages,host,store.*.pages.example;
Pages,host,store-*.pages.example;
Pages,cname,ext.pages-dns.test;
Pages,range,198.51.100.128/25;
Pages,asn,64502;
Pages,shared_asn,64503;
Pages,header,pages x-pages-id;
Pages,form,https://pages.test/report;
Cloud,kind,cloud;
Cloud,asn,64503;
Cloud,email,abuse@cloud.test;
`, ";\n", dated)
	e, err := parseEdges(edgeRows, platformRows, "Shield,203.0.113.0/24"+dated)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEvidenceRules(t *testing.T) {
	t.Parallel()
	e := lab(t)
	const origin = "192.0.2.1"
	shield := func(evidence string, signs ...string) *casefile.Edge {
		return &casefile.Edge{Name: "Shield", Kind: "waf", Evidence: evidence, Signs: signs, AbuseEmail: "abuse@shield.test", AbuseForm: "https://shield.test/abuse"}
	}
	pages := func(evidence string, signs ...string) *casefile.Platform {
		return &casefile.Platform{Name: "Pages", Kind: "page_host", Evidence: evidence, Signs: signs, AbuseForm: "https://pages.test/report"}
	}
	shared := func(sign string) *casefile.Edge {
		return &casefile.Edge{Name: "Shared", Kind: "cdn", Evidence: "header", Signs: []string{sign}}
	}
	cloud := func(sign string) *casefile.Platform {
		return &casefile.Platform{Name: "Cloud", Kind: "cloud", Evidence: "asn", Signs: []string{sign}, AbuseEmail: "abuse@cloud.test"}
	}
	viaShield := []string{"www.site-1.example.cdn.shield.test"}
	tests := []struct {
		name     string
		scene    scene
		edge     *casefile.Edge
		platform *casefile.Platform
	}{
		{name: "nothing known", scene: scene{chains: [][]string{{"a.elsewhere.test"}}, addrs: origin, asns: []uint32{64510}}},
		{name: "nothing at all"},

		{name: "edge by canonical name", scene: scene{chains: [][]string{{"www.site-1.example", "Site-1.CDN.Shield.test."}}, addrs: origin}, edge: shield("cname", "cname *.cdn.shield.test")},
		{name: "edge by canonical name of one look only", scene: scene{chains: [][]string{{"a.elsewhere.test"}, viaShield}}, edge: shield("cname", "cname *.cdn.shield.test")},
		{name: "suffix in the middle of a label or of a name", scene: scene{chains: [][]string{{"notcdn.shield.test", "cdn.shield.test.evil.example"}}}},
		{name: "the edge's own name as the target", scene: scene{host: "abc.cdn.shield.test"}, edge: shield("cname", "host *.cdn.shield.test")},
		{name: "redirector by canonical name", scene: scene{chains: [][]string{{"go.hop.test"}}}, edge: &casefile.Edge{Name: "Hop", Kind: "redirector", Evidence: "cname", Signs: []string{"cname *.go.hop.test"}}},
		{name: "edge that has ended", scene: scene{chains: [][]string{{"x.old.test"}}}, edge: &casefile.Edge{Name: "Old", Kind: "cdn", Evidence: "cname", Signs: []string{"cname *.old.test", "the service ended in 2024-06: others may hold its names and networks now"}}},

		{name: "edge by published range", scene: scene{addrs: "198.51.100.7"}, edge: shield("range", "range 198.51.100.0/25")},
		{name: "edge by a range of the long list", scene: scene{addrs: "203.0.113.255"}, edge: shield("range", "range 203.0.113.0/24")},
		{name: "edge by a mapped address", scene: scene{addrs: "::ffff:198.51.100.7"}, edge: shield("range", "range 198.51.100.0/25")},
		{name: "addresses partly on the edge", scene: scene{addrs: origin + " 198.51.100.7 2001:db8:1::1"}, edge: shield("range", "range 198.51.100.0/25 (1 of 3 addresses)", "range 2001:db8:1::/48 (1 of 3 addresses)")},
		{name: "edge by its AS", scene: scene{addrs: origin, asns: []uint32{64500, 64500}}, edge: shield("asn", "AS64500")},
		{name: "AS of the edge and another", scene: scene{addrs: origin + " 192.0.2.2", asns: []uint32{64510, 64500}}, edge: shield("asn", "AS64500 (the sources also name AS64510)")},
		{name: "all signs, the strongest first", scene: scene{chains: [][]string{viaShield}, addrs: "198.51.100.7", asns: []uint32{64500}, header: "shield"}, edge: shield("cname", "cname *.cdn.shield.test", "range 198.51.100.0/25", "AS64500", "header shield-ray")},

		{name: "header strengthens an address", scene: scene{addrs: "198.51.100.7", header: "shield"}, edge: shield("range", "range 198.51.100.0/25", "header shield-ray")},
		{name: "header from the network of another", scene: scene{addrs: origin, asns: []uint32{64510}, header: "shield"}},
		{name: "header of an edge on another edge's address", scene: scene{addrs: "198.51.100.7", header: "shared"}, edge: shield("range", "range 198.51.100.0/25")},
		{name: "header when no source knows the AS", scene: scene{addrs: origin, header: "shield"}, edge: shield("header", "header shield-ray, and no source knows the AS")},
		{name: "header with an AS that the edge shares", scene: scene{addrs: origin, asns: []uint32{64501}, header: "shared"}, edge: shared("header via: shared, in AS64501")},
		{name: "shared AS without a header", scene: scene{addrs: origin, asns: []uint32{64501}}},
		{name: "header that no table knows", scene: scene{addrs: origin, header: "newedge"}},

		{name: "platform by the target's host", scene: scene{host: "someone.pages.test", addrs: "198.51.100.7", asns: []uint32{64500}, header: "shield"}, platform: pages("host", "host *.pages.test")},
		{name: "platform that is the target itself", scene: scene{host: "pages.test"}, platform: pages("host", "host *.pages.test")},
		{name: "platform by a region in the host", scene: scene{host: "bucket.store.west-1.pages.example"}, platform: pages("host", "host *.store.*.pages.example")},
		{name: "platform by the start of a label", scene: scene{host: "bucket.store-west.pages.example"}, platform: pages("host", "host *.store-*.pages.example")},
		{name: "region without a store", scene: scene{host: "bucket.west-1.pages.example"}},
		{name: "platform behind its own edge", scene: scene{chains: [][]string{{"ext.pages-dns.test", "pages.cdn.shield.test"}}, addrs: "198.51.100.7", asns: []uint32{64500}}, platform: pages("cname", "cname *.ext.pages-dns.test")},
		{name: "name that counts as a canonical name only", scene: scene{host: "ext.pages-dns.test"}},
		{name: "edge that the customer put before a platform", scene: scene{chains: [][]string{{"www.cdn.shield.test", "someone.pages.test"}}}, edge: shield("cname", "cname *.cdn.shield.test"), platform: pages("cname", "cname *.pages.test")},
		{name: "platform in one look, an edge in another", scene: scene{chains: [][]string{{"someone.pages.test"}, viaShield}}, edge: shield("cname", "cname *.cdn.shield.test"), platform: pages("cname", "cname *.pages.test")},
		{name: "platform by range inside the edge's AS", scene: scene{addrs: "198.51.100.200", asns: []uint32{64500}, header: "pages"}, platform: pages("range", "range 198.51.100.128/25", "header x-pages-id")},
		{name: "one address of a platform, one of an edge", scene: scene{addrs: "198.51.100.7 198.51.100.200"}, edge: shield("range", "range 198.51.100.0/25 (1 of 2 addresses)"), platform: pages("range", "range 198.51.100.128/25 (1 of 2 addresses)")},
		{name: "platform by its AS", scene: scene{addrs: origin, asns: []uint32{64502}}, platform: pages("asn", "AS64502")},
		{name: "platform by header inside a cloud", scene: scene{addrs: origin, asns: []uint32{64503}, header: "pages"}, platform: pages("header", "header x-pages-id, in AS64503")},
		{name: "header of a platform on an edge's address", scene: scene{addrs: "198.51.100.7", header: "pages"}, edge: shield("range", "range 198.51.100.0/25")},
		{name: "header of a platform from the network of another", scene: scene{addrs: origin, asns: []uint32{64510}, header: "pages"}},

		{name: "cloud by its AS", scene: scene{addrs: origin, asns: []uint32{64503}}, platform: cloud("AS64503")},
		{name: "cloud with the header of an edge elsewhere", scene: scene{addrs: origin, asns: []uint32{64503}, header: "shield"}, platform: cloud("AS64503")},
		{name: "cloud beside an edge", scene: scene{addrs: "198.51.100.7 192.0.2.1", asns: []uint32{64503}}, edge: shield("range", "range 198.51.100.0/25 (1 of 2 addresses)")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			q, addrs := test.scene.inquiry(t)
			edge, platform := e.detect(q, addrs, test.scene.asns)
			if diff := cmp.Diff(test.edge, edge); diff != "" {
				t.Errorf("edge (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.platform, platform); diff != "" {
				t.Errorf("platform (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeaderOfAnotherHostIsNothing(t *testing.T) {
	t.Parallel()
	q, addrs := scene{addrs: "192.0.2.1"}.inquiry(t)
	q.Looks = []casefile.Observation{{Hops: []casefile.Hop{{Target: target(t, "http://elsewhere.example/"), Edge: "shield"}}}}
	if edge, platform := lab(t).detect(q, addrs, nil); edge != nil || platform != nil {
		t.Errorf("%+v, %+v", edge, platform)
	}
}

func TestSignsNameNoTarget(t *testing.T) {
	t.Parallel()
	e, err := knownEdges()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []scene{
		{host: "secret-bucket.s3.eu-west-1.amazonaws.com"}, {host: "secret.github.io", addrs: "185.199.108.153"},
		{chains: [][]string{{"secret.example.cdn.cloudflare.net"}}, addrs: "104.16.1.1", asns: []uint32{13335}, header: "cloudflare"},
	} {
		q, addrs := s.inquiry(t)
		edge, platform := e.detect(q, addrs, s.asns)
		var signs []string
		if edge != nil {
			signs = append(signs, edge.Signs...)
		}
		if platform != nil {
			signs = append(signs, platform.Signs...)
		}
		if len(signs) == 0 {
			t.Errorf("%+v: no signs", s)
		}
		for _, sign := range signs {
			if strings.Contains(sign, "secret") || strings.Contains(sign, "site-1") || strings.Contains(sign, "104.16.1.1") {
				t.Errorf("the sign %q names the target", sign)
			}
		}
	}
}

// TestEdgeInFrontOfAHost runs a whole attribution.
func TestEdgeInFrontOfAHost(t *testing.T) {
	t.Parallel()
	sim, l := world(t, nil)
	to, seen := site(t, sim, fakenet.Site{Host: "site-1.example"})
	if h := locate(t.Context(), l, to, seen); h.Edge != nil || h.Country != "NL" || h.Contacts[0].Party != casefile.PartyHost {
		t.Errorf("no edge: %+v", h)
	}
	seen.Resolution.CNAMEs = []string{"www.site-1.example", "Site-1.example.CDN.Cloudflare.net"}
	h := locate(t.Context(), l, to, seen)
	if h.Edge == nil || h.Edge.Name != "Cloudflare" || h.Edge.Kind != "cdn" || h.Country != "" || h.Confidence != 0 || h.Origin != casefile.OriginUnknown {
		t.Fatalf("%+v", h)
	}
	if h.Contacts[0].Party != casefile.PartyEdge || h.Contacts[0].Email != "abuse@cloudflare.com" {
		t.Errorf("contacts %+v", h.Contacts)
	}
}

// TestEdgeAt: an address in a published range is an edge's; others are nobody's.
func TestEdgeAt(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{"151.101.1.1": "Fastly", "::ffff:151.101.1.1": "Fastly", "2606:4700::1": "Cloudflare", "203.0.113.9": "", "2001:db8::1": ""} {
		if got := EdgeAt(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
	if got := EdgeAt(netip.Addr{}); got != "" {
		t.Errorf("no address: %q", got)
	}
}
