package geolocate

import (
	"net/netip"
	"slices"
	"testing"

	"vigil/casefile"
	"vigil/internal/fakenet"
)

func TestEdges(t *testing.T) {
	t.Parallel()
	sim, l := world(t, nil)
	to, seen := site(t, sim, fakenet.Site{Host: "site-1.example"})
	other := target(t, "http://elsewhere.example/")
	tests := []struct {
		name           string
		change         func(*casefile.Observation)
		edge, evidence string
		email          string
	}{
		{name: "none", change: func(*casefile.Observation) {}},
		{name: "canonical name", change: func(o *casefile.Observation) {
			o.Resolution.CNAMEs = []string{"www.site-1.example", "Site-1.example.CDN.Cloudflare.net"}
		}, edge: "Cloudflare", evidence: "cname", email: "abuse@cloudflare.com"},
		{name: "suffix in the middle of a label", change: func(o *casefile.Observation) {
			o.Resolution.CNAMEs = []string{"notfastly.net", "fastly.net.evil.example"}
		}},
		{name: "published range", change: func(o *casefile.Observation) {
			o.Resolution.Addresses = append(slices.Clone(o.Resolution.Addresses), netip.MustParseAddr("151.101.1.1"))
		}, edge: "Fastly", evidence: "range", email: "abuse@fastly.com"},
		{name: "header", change: func(o *casefile.Observation) { o.Hops = []casefile.Hop{{Target: to, Edge: "azure-front-door"}} }, edge: "Azure Front Door", evidence: "header", email: "abuse@microsoft.com"},
		{name: "header of an edge that the table does not know", change: func(o *casefile.Observation) { o.Hops = []casefile.Hop{{Target: to, Edge: "newedge"}} }, edge: "newedge", evidence: "header", email: "abuse@lowland.test"},
		{name: "header of a platform", change: func(o *casefile.Observation) { o.Hops = []casefile.Hop{{Target: to, Edge: "github-pages"}} }},
		{name: "header of another host", change: func(o *casefile.Observation) { o.Hops = []casefile.Hop{{Target: other, Edge: "cloudflare"}} }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := seen
			test.change(&o)
			h := locate(t.Context(), l, to, o)
			if test.edge == "" {
				if h.Edge != nil || h.Country != "NL" || h.Contacts[0].Party != casefile.PartyHost {
					t.Errorf("%+v", h)
				}
				return
			}
			if h.Edge == nil || h.Edge.Name != test.edge || h.Edge.Evidence != test.evidence || h.Country != "" || h.Confidence != 0 || h.Origin != casefile.OriginUnknown {
				t.Fatalf("%+v", h)
			}
			if h.Contacts[0].Party != casefile.PartyEdge || h.Contacts[0].Email != test.email {
				t.Errorf("contacts %+v", h.Contacts)
			}
		})
	}
	for asn, want := range map[uint32]string{13335: "Cloudflare", 57724: "DDoS-Guard", 16509: "", 15169: ""} {
		got := l.edges.detect(casefile.Inquiry{Target: to, Looks: []casefile.Observation{seen}}, nil, []uint32{64500, asn})
		if (got == nil) != (want == "") || got != nil && (got.Name != want || got.Evidence != "asn") {
			t.Errorf("AS%d: %+v, want %q", asn, got, want)
		}
	}
}

func TestEdgeTable(t *testing.T) {
	t.Parallel()
	e, err := parseEdges(edgesCSV)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Cloudflare", "Fastly", "Akamai", "CloudFront", "Google", "Azure Front Door", "Sucuri", "Imperva", "DDoS-Guard", "BunnyCDN", "Gcore", "CDN77", "KeyCDN"} {
		if d := e.desks[name]; d == nil || d.AbuseForm == "" && !usable(d.AbuseEmail) {
			t.Errorf("%s has no abuse desk: %+v", name, d)
		}
	}
	for _, bad := range []string{"A,asn,x,s\n", "A,range,192.0.2.0,s\n", "A,thing,x,s\n", "A,asn\n"} {
		if _, err := parseEdges(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
