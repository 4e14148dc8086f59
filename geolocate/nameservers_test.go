package geolocate

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

func TestNameserverOperators(t *testing.T) {
	t.Parallel()
	table, err := parseNameservers(nameserversCSV)
	if err != nil {
		t.Fatal(err)
	}
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf("ns.operator-%02d.test", i))
	}
	tests := []struct {
		name  string
		names []string
		want  []string
	}{
		{name: "none"},
		{name: "one operator, many names", names: []string{"amy.ns.cloudflare.com", "Bob.NS.Cloudflare.com."}, want: []string{"Cloudflare"}},
		{name: "one operator under several top-level domains", names: []string{"ns-1.awsdns-01.org", "ns-2.awsdns-22.co.uk", "ns-3.awsdns-33.com", "ns-4.awsdns-44.net"}, want: []string{"AWS Route 53"}},
		{name: "two operators, sorted", names: []string{"dns1.p01.nsone.net", "ns1-01.azure-dns.com"}, want: []string{"Azure DNS", "NS1"}},
		{name: "unknown operator", names: []string{"ns1.dns.operator-1.test", "ns2.dns.operator-1.test"}, want: []string{"operator-1.test"}},
		{name: "the domain's own", names: []string{"ns1.site-1.test", "ns2.SITE-1.test."}, want: []string{"the domain's own"}},
		{name: "own and another's", names: []string{"ns1.site-1.test", "ns1.domaincontrol.com"}, want: []string{"GoDaddy", "the domain's own"}},
		{name: "parked", names: []string{"ns1.sedoparking.com"}, want: []string{"Sedo (parked or for sale)"}},
		{name: "suffix inside a label", names: []string{"ns1.notnsone.net"}, want: []string{"notnsone.net"}},
		{name: "no names", names: []string{"", ".", "com"}},
		{name: "more than the bound", names: many, want: []string{"operator-00.test", "operator-01.test", "operator-02.test", "operator-03.test", "operator-04.test", "operator-05.test", "operator-06.test", "operator-07.test"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, table.operators("site-1.test", test.names)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongNameserverTables(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"too few fields": "A,a.test\n", "no operator": ",a.test,docs,2026-11-23\n", "capitals": "A,A.test,docs,2026-11-23\n", "no date": "A,a.test,docs,\n",
		"a suffix of two": "A,a.test,docs,2026-11-23\nB,a.test,docs,2026-11-23\n",
	} {
		if _, err := parseNameservers(text); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestDateOfNameserverTable(t *testing.T) {
	t.Parallel()
	table, err := parseNameservers("A,a.test,docs,2026-01-02\nB,b.test,docs,2026-03-04\nC,c.test,docs,2026-02-03\n")
	if err != nil {
		t.Fatal(err)
	}
	l := &Locator{edges: &edges{}, servers: table}
	look := casefile.Observation{Resolution: casefile.Resolution{Nameservers: []string{"ns1.a.test"}}}
	claims := l.nameserverClaims(nil, casefile.Inquiry{Looks: []casefile.Observation{look}}, Facts{Domain: "site-1.test"})
	by := claims[len(claims)-1]
	if by.Fact != casefile.FactNameserverBy || by.AsOf.Format(time.DateOnly) != "2026-03-04" {
		t.Errorf("%+v: want the operator, dated by the newest row of its table", by)
	}
}
