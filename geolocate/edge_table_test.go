package geolocate

import (
	"encoding/csv"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
)

func tables(t testing.TB) *edges {
	t.Helper()
	e, err := knownEdges()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestServices looks at the real tables, one service a row.
func TestServices(t *testing.T) {
	t.Parallel()
	e := tables(t)
	tests := []struct {
		scene          scene
		edge, platform string // "name/kind/evidence"
	}{
		{scene: scene{addrs: "104.16.1.1"}, edge: "Cloudflare/cdn/range"},
		{scene: scene{addrs: "2606:4700::1"}, edge: "Cloudflare/cdn/range"},
		{scene: scene{asns: []uint32{209242}}, edge: "Cloudflare/cdn/asn"},
		{scene: scene{addrs: "151.101.1.1"}, edge: "Fastly/cdn/range"},
		{scene: scene{chains: [][]string{{"www.example.test.edgesuite.net", "a1.g.akamai.net"}}}, edge: "Akamai/cdn/cname"},
		{scene: scene{asns: []uint32{32787}}, edge: "Akamai Prolexic/waf/asn"},
		{scene: scene{addrs: "13.224.0.1", asns: []uint32{16509}}, edge: "CloudFront/cdn/range"},
		{scene: scene{chains: [][]string{{"abc.cloudfront.net"}}}, edge: "CloudFront/cdn/cname"},
		{scene: scene{asns: []uint32{16509}, header: "cloudfront"}, edge: "CloudFront/cdn/header"},
		{scene: scene{chains: [][]string{{"abc.awsglobalaccelerator.com"}}}, edge: "AWS Global Accelerator/proxy/cname"},
		{scene: scene{asns: []uint32{396982}, header: "google"}, edge: "Google/cdn/header"},
		{scene: scene{asns: []uint32{8075}, header: "azure-front-door"}, edge: "Azure Front Door/cdn/header"},
		{scene: scene{chains: [][]string{{"x.azurefd.net", "y.t-msedge.net"}}}, edge: "Azure Front Door/cdn/cname"},
		{scene: scene{addrs: "192.88.134.5"}, edge: "Sucuri/waf/range"},
		{scene: scene{addrs: "45.60.1.1"}, edge: "Imperva/waf/range"},
		{scene: scene{asns: []uint32{57724}}, edge: "DDoS-Guard/waf/asn"},
		{scene: scene{chains: [][]string{{"x.b-cdn.net"}}}, edge: "BunnyCDN/cdn/cname"},
		{scene: scene{asns: []uint32{60068}, header: "bunny"}, edge: "BunnyCDN/cdn/header"},
		{scene: scene{asns: []uint32{60068}, header: "cdn77"}, edge: "CDN77/cdn/header"},
		{scene: scene{chains: [][]string{{"x.eo.dnse4.com"}}}, edge: "Tencent EdgeOne/cdn/cname"},
		{scene: scene{chains: [][]string{{"ves-io-abc.ac.vh.ves.io"}}}, edge: "F5 Distributed Cloud/waf/cname"},
		{scene: scene{chains: [][]string{{"x.wpc.edgecastcdn.net"}}}, edge: "Edgio/cdn/cname"},
		{scene: scene{chains: [][]string{{"cname.bitly.com"}}}, edge: "Bitly/redirector/cname"},
		{scene: scene{host: "abc.trycloudflare.com"}, edge: "Cloudflare Tunnel/proxy/cname"},

		{scene: scene{host: "bucket.s3.amazonaws.com"}, platform: "Amazon S3/object_store/host"},
		{scene: scene{host: "s3.amazonaws.com"}, platform: "Amazon S3/object_store/host"},
		{scene: scene{host: "bucket.s3.eu-west-1.amazonaws.com"}, platform: "Amazon S3/object_store/host"},
		{scene: scene{host: "bucket.s3-website-us-east-1.amazonaws.com"}, platform: "Amazon S3/object_store/host"},
		{scene: scene{host: "bucket.s3.dualstack.us-west-2.amazonaws.com"}, platform: "Amazon S3/object_store/host"},
		{scene: scene{host: "ec2-192-0-2-1.eu-west-1.compute.amazonaws.com"}, platform: "Amazon Web Services/cloud/host"},
		{scene: scene{chains: [][]string{{"lb-1.eu-west-1.elb.amazonaws.com"}}}, platform: "Amazon Web Services/cloud/cname"},
		{scene: scene{asns: []uint32{14618}}, platform: "Amazon Web Services/cloud/asn"},
		{scene: scene{host: "someone.github.io", addrs: "185.199.108.153", asns: []uint32{54113}}, platform: "GitHub Pages/page_host/host"},
		{scene: scene{addrs: "185.199.111.153", asns: []uint32{54113}}, platform: "GitHub Pages/page_host/range"},
		{scene: scene{addrs: "151.101.1.1", asns: []uint32{54113}, header: "github-pages"}, edge: "Fastly/cdn/range"},
		{scene: scene{host: "someone.pages.dev", addrs: "104.16.1.1", asns: []uint32{13335}, header: "cloudflare"}, platform: "Cloudflare Pages and Workers/page_host/host"},
		{scene: scene{host: "pub-1.r2.dev"}, platform: "Cloudflare R2/object_store/host"},
		{scene: scene{host: "someone.web.app"}, platform: "Firebase Hosting/page_host/host"},
		{scene: scene{asns: []uint32{16509}, header: "vercel"}, platform: "Vercel/page_host/header"},
		{scene: scene{chains: [][]string{{"abc.vercel-dns-017.com"}}}, platform: "Vercel/page_host/cname"},
		{scene: scene{chains: [][]string{{"ghs.google.com"}}}, platform: "Google Sites and Blogger domains/site_builder/cname"},
		{scene: scene{chains: [][]string{{"shops.myshopify.com"}}, addrs: "104.16.1.1", asns: []uint32{13335}}, platform: "Shopify/site_builder/cname"},
		{scene: scene{chains: [][]string{{"www.example.test.cdn.cloudflare.net", "shops.myshopify.com"}}}, edge: "Cloudflare/cdn/cname", platform: "Shopify/site_builder/cname"},
		{scene: scene{host: "someone.wordpress.com", asns: []uint32{2635}}, platform: "WordPress.com/site_builder/host"},
		{scene: scene{asns: []uint32{24940}}, platform: "Hetzner/cloud/asn"},
		{scene: scene{asns: []uint32{63949}}, platform: "Linode (Akamai Cloud)/cloud/asn"},
		{scene: scene{asns: []uint32{60068}}, platform: "DataPacket and CDN77 servers/cloud/asn"},
		{scene: scene{asns: []uint32{20446}}}, // once StackPath's
	}
	for _, test := range tests {
		q, addrs := test.scene.inquiry(t)
		edge, platform := e.detect(q, addrs, test.scene.asns)
		got := ""
		if edge != nil {
			got = edge.Name + "/" + edge.Kind + "/" + edge.Evidence
		}
		if got != test.edge {
			t.Errorf("%+v: edge %q, want %q", test.scene, got, test.edge)
		}
		if got = ""; platform != nil {
			got = platform.Name + "/" + platform.Kind + "/" + platform.Evidence
		}
		if got != test.platform {
			t.Errorf("%+v: platform %q, want %q", test.scene, got, test.platform)
		}
	}
}

func TestTableKnowsTheGreatEdges(t *testing.T) {
	t.Parallel()
	e := tables(t)
	for _, name := range []string{"Cloudflare", "Fastly", "Akamai", "CloudFront", "Google", "Azure Front Door", "Sucuri", "DDoS-Guard", "CDN77", "KeyCDN"} {
		if d := e.services[name]; d == nil || d.platform || d.email == "" && d.form == "" {
			t.Errorf("%s has no abuse desk: %+v", name, d)
		}
	}
	for _, name := range []string{"Imperva", "BunnyCDN", "Gcore", "StackPath", "Edgio", "CDNetworks", "Wangsu", "ChinaCache", "Alibaba Cloud CDN", "Tencent EdgeOne", "Baidu CDN", "Huawei Cloud CDN", "ArvanCloud", "Qrator", "StormWall", "Radware", "F5 Distributed Cloud", "Link11 and Reblaze", "Myra", "Variti", "CacheFly", "Medianova", "Section.io", "jsDelivr", "unpkg", "QUIC.cloud", "OVH CDN"} {
		if d := e.services[name]; d == nil || d.platform {
			t.Errorf("%s is not known: %+v", name, d)
		}
	}
	for name, s := range e.services {
		if s.ended != "" && (s.email != "" || s.form != "") {
			t.Errorf("%s has ended, and has a desk", name)
		}
	}
}

// slowFind is the obvious find: every pattern, label by label.
func slowFind(all []string, name string) (labels int) {
	given := strings.Split(name, ".")
	for _, pattern := range all {
		want := strings.Split(pattern, ".")
		if len(want) > len(given) {
			continue
		}
		fits := true
		for i, label := range want {
			got := given[len(given)-len(want)+i]
			start, wild := strings.CutSuffix(label, "*")
			fits = fits && (got == label || wild && strings.HasPrefix(got, start))
		}
		if fits {
			labels = max(labels, len(want))
		}
	}
	return labels
}

func FuzzSuffix(f *testing.F) {
	e := tables(f)
	var all []string
	for _, text := range []string{edgesCSV, platformsCSV} {
		for _, row := range rowsOf(f, text) {
			if row[1] == "cname" || row[1] == "host" {
				all = append(all, row[2])
				f.Add("x." + strings.ReplaceAll(row[2], "*", "west-1"))
			}
		}
	}
	f.Add("x.s3.s3-west-1.amazonaws.com")
	f.Add("..com")
	f.Fuzz(func(t *testing.T, name string) {
		name = plain(name)
		if name == "" || strings.HasPrefix(name, ".") {
			return // an empty first label is no host name
		}
		got := 0
		if at := e.names.find(name); at != nil {
			got = strings.Count(at.pattern, ".") + 1
		}
		if want := slowFind(all, name); got != want {
			t.Errorf("%q: a pattern of %d labels, want %d", name, got, want)
		}
	})
}

func rowsOf(t testing.TB, text string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestRowsAreDatedAndSourced(t *testing.T) {
	t.Parallel()
	newest := tables(t).asOf
	if newest.IsZero() || newest.After(time.Now().AddDate(0, 0, 1)) {
		t.Errorf("the newest row is of %v", newest)
	}
	for name, text := range map[string]string{"edges.csv": edgesCSV, "platforms.csv": platformsCSV, "edge_ranges.csv": edgeRangesCSV} {
		seen := map[string]bool{}
		for _, row := range rowsOf(t, text) {
			asOf, err := time.Parse(time.DateOnly, row[len(row)-1])
			if err != nil || asOf.Year() < 2026 || len(row[len(row)-2]) < 5 {
				t.Errorf("%s: no date or source: %v", name, row)
			}
			if key := strings.Join(row[:len(row)-2], ","); seen[key] {
				t.Errorf("%s: %v is there twice", name, row)
			} else {
				seen[key] = true
			}
		}
	}
}

func TestRangesAreSortedAndBounded(t *testing.T) {
	t.Parallel()
	rows := rowsOf(t, edgeRangesCSV)
	if len(rows) < 1000 || len(rows) > 5000 {
		t.Errorf("%d rows", len(rows))
	}
	var last netip.Addr
	for _, row := range rows {
		p, err := netip.ParsePrefix(row[1])
		if err != nil || p != p.Masked() {
			t.Errorf("%v: %v", row, err)
			continue
		}
		if last.IsValid() && !last.Less(p.Addr()) {
			t.Errorf("%v is out of order", row)
		}
		last = p.Addr()
		if wide := 12; p.Addr().Is4() && p.Bits() < wide || p.Addr().Is6() && p.Bits() < 2*wide {
			t.Errorf("%v is wider than any edge", row)
		}
	}
}

// TestSharedNetworksAreNoEdge holds that clouds are never an edge by their AS.
func TestSharedNetworksAreNoEdge(t *testing.T) {
	t.Parallel()
	e := tables(t)
	for asn, s := range e.asns {
		if s.platform {
			continue
		}
		for _, other := range e.services {
			if slices.Contains(other.shared, asn) {
				t.Errorf("AS%d is %s's own, and shared by %s", asn, s.name, other.name)
			}
		}
	}
	for _, asn := range []uint32{16509, 14618, 15169, 396982, 8075, 45102, 132203, 16276, 199524, 60068} {
		if s := e.asns[asn]; s != nil && !s.platform {
			t.Errorf("AS%d makes %s", asn, s.name)
		}
	}
}

func TestWrongTables(t *testing.T) {
	t.Parallel()
	const d = ",example.test,2026-11-23\n"
	kind := "A,kind,cdn" + d
	for name, tables := range map[string][3]string{
		"no kind": {"A,cname,a.test" + d}, "kind of the other table": {"A,kind,cloud" + d}, "unknown sign": {kind + "A,thing,x" + d}, "too few fields": {kind + "A,asn\n"},
		"no date": {"A,kind,cdn,example.test,\n"}, "no source": {"A,kind,cdn,,2026-11-23\n"}, "no value": {kind + "A,cname," + d}, "AS that is no number": {kind + "A,asn,x" + d}, "AS zero": {kind + "A,asn,0" + d},
		"AS of two": {kind + "B,kind,cdn" + d + "A,asn,64500" + d + "B,asn,64500" + d}, "range without length": {kind + "A,range,192.0.2.0" + d}, "range with host bits": {kind + "A,range,192.0.2.1/24" + d},
		"ranges that overlap": {kind + "B,kind,cdn" + d + "A,range,192.0.2.0/24" + d + "B,range,192.0.2.0/25" + d}, "suffix in capitals": {kind + "A,cname,A.test" + d}, "suffix of one label": {kind + "A,cname,test" + d},
		"suffix of two": {kind + "B,kind,cdn" + d + "A,cname,a.test" + d + "B,cname,a.test" + d}, "header without words": {kind + "A,header,a" + d}, "header twice": {kind + "A,header,a x" + d + "A,header,a y" + d},
		"desk that is no address": {kind + "A,email,abuse" + d}, "form without https": {kind + "A,form,http://a.test/" + d}, "end that is no month": {kind + "A,ended,2024" + d},
		"edge and platform": {kind, "A,kind,cloud" + d}, "range of nobody": {kind, "", "B,192.0.2.0/24" + d},
	} {
		if _, err := parseEdges(tables[0], tables[1], tables[2]); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestNothingFoundAllocatesNothing(t *testing.T) {
	q, addrs, asns := busy(t)
	e := tables(t)
	if n := testing.AllocsPerRun(100, func() { e.detect(q, addrs, asns) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// busy is an inquiry with 8 addresses, 8 AS numbers and 2 looks of which no table knows anything.
func busy(t testing.TB) (casefile.Inquiry, []netip.Addr, []uint32) {
	chain := []string{"a.elsewhere.test", "b.far.elsewhere.test"}
	q, addrs := scene{chains: [][]string{chain, chain}, addrs: "192.0.2.1 192.0.2.2 192.0.2.3 198.51.100.1 203.0.113.1 203.0.113.2 2001:db8::1 3fff::1", header: "newedge"}.inquiry(t)
	return q, addrs, []uint32{64496, 64497, 64498, 64499, 64500, 64501, 64502, 64503}
}

func BenchmarkDetect(b *testing.B) {
	e := tables(b)
	q, addrs, asns := busy(b)
	b.Run("nothing", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.detect(q, addrs, asns)
		}
	})
	q.Looks[0].Resolution.CNAMEs = []string{"www.site-1.example.cdn.cloudflare.net"}
	addrs[0] = netip.MustParseAddr("104.16.1.1")
	b.Run("edge", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.detect(q, addrs, asns)
		}
	})
}
