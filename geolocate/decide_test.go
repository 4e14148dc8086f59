package geolocate

import (
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
)

var (
	now  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	host = netip.MustParseAddr("203.0.114.1") // not special-purpose
	two  = netip.MustParseAddr("203.0.114.2")
	tri  = netip.MustParseAddr("203.0.114.3")
	six  = netip.MustParseAddr("2a00::1")
	doc  = netip.MustParseAddr("192.0.2.1")

	addrEqual = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})
)

func says(addr netip.Addr, fact casefile.Fact, value, source string) casefile.Claim {
	return casefile.Claim{Fact: fact, Value: value, Source: source, AsOf: now, Address: addr}
}

func stands(addr netip.Addr, value, source string) casefile.Claim {
	return says(addr, casefile.FactCountry, value, source)
}

var outcomes = []struct {
	name       string
	addrs      []netip.Addr
	claims     []casefile.Claim
	edge       *casefile.Edge
	country    string
	confidence float64
	disputed   bool
	origin     string
	step       string // a part of one step
}{
	{name: "one database", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country")}, country: "NL", confidence: 0.75, step: "NL (mmdb:country)"},
	{name: "database and registry agree", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), stands(host, "NL", "rdap")}, country: "NL", confidence: 0.84},
	{name: "two databases and registry agree", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), stands(host, "NL", "mmdb:country-2"), stands(host, "NL", "rdap")}, country: "NL", confidence: 0.96},
	{name: "database against registry", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), stands(host, "US", "rdap")}, country: "NL", confidence: 0.51, disputed: true, step: "the sources disagree; NL is best supported"},
	{name: "two databases against registry", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), stands(host, "NL", "mmdb:country-2"), stands(host, "US", "rdap")}, country: "NL", confidence: 0.68, disputed: true},
	{name: "databases disagree, registry breaks the tie", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "DE", "mmdb:country"), stands(host, "NL", "mmdb:country-2"), stands(host, "NL", "rdap")}, country: "NL", confidence: 0.44, disputed: true, step: "below 0.50: a person decides"},
	{name: "databases disagree", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "DE", "mmdb:country"), stands(host, "NL", "mmdb:country-2")}, disputed: true, step: "equally strong"},
	{name: "database against its registered country", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), says(host, casefile.FactRegisteredCountry, "US", "mmdb:country")}, country: "NL", confidence: 0.54, step: "US (mmdb:country, registered)"},
	{name: "registered country only", addrs: []netip.Addr{host}, claims: []casefile.Claim{says(host, casefile.FactRegisteredCountry, "US", "mmdb:country")}, country: "US", confidence: 0.30},
	{name: "registry only", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "rdap"), {Fact: casefile.FactCountry, Source: "iploc", Address: host, Problem: "not_found"}}, country: "NL", confidence: 0.35},
	{name: "registry and embedded table agree", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "iploc"), stands(host, "NL", "rdap")}, country: "NL", confidence: 0.55},
	{name: "WHOIS and embedded table agree", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "iploc"), stands(host, "NL", "whois")}, country: "NL", confidence: 0.51},
	{name: "embedded table only", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "iploc")}, country: "NL", confidence: 0.30, step: "only weak sources know it"},
	{name: "no data", addrs: []netip.Addr{host}, step: "no source names a country"},
	{name: "special-purpose address", addrs: []netip.Addr{doc}, step: "special-purpose address (documentation)"},
	{name: "special-purpose address that a database knows", addrs: []netip.Addr{doc}, claims: []casefile.Claim{stands(doc, "NL", "mmdb:country")}, country: "NL", confidence: 0.75},
	{name: "several addresses in one country", addrs: []netip.Addr{two, host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), stands(host, "NL", "rdap"), stands(two, "NL", "mmdb:country")}, country: "NL", confidence: 0.75},
	{name: "one of several addresses unknown", addrs: []netip.Addr{host, two}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country")}, country: "NL", confidence: 0.75, step: "1 of 2 addresses have a country"},
	{name: "addresses in two countries", addrs: []netip.Addr{host, two}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), stands(two, "DE", "mmdb:country")}, disputed: true, step: "several countries (NL, DE)"},
	{name: "addresses in several countries, one prevails", addrs: []netip.Addr{host, two, tri}, claims: []casefile.Claim{stands(host, "DE", "mmdb:country"), stands(two, "NL", "mmdb:country"), stands(tri, "NL", "mmdb:country")}, country: "NL", confidence: 0.45, disputed: true, step: "at most 0.45"},
	{name: "IPv4 and IPv6 disagree", addrs: []netip.Addr{six, host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), stands(six, "DE", "mmdb:country")}, disputed: true},
	{name: "behind an edge", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "US", "mmdb:country"), stands(host, "US", "rdap")}, edge: &casefile.Edge{Name: "Edge of Tests", Evidence: "cname"}, origin: casefile.OriginUnknown, step: "the origin is unknown"},
	{name: "behind an edge, origin recorded", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "US", "mmdb:country"), {Fact: casefile.FactOrigin, Value: two.String(), Source: "analyst:anna", AsOf: now}, stands(two, "RO", "mmdb:country")}, edge: &casefile.Edge{Name: "Edge of Tests", Evidence: "cname"}, country: "RO", confidence: 0.75, step: "the origin is known (analyst:anna)"},
	{name: "behind an edge, a person recorded the country", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "US", "mmdb:country"), {Fact: casefile.FactOrigin, Value: "RO", Source: "analyst:anna", AsOf: now}}, edge: &casefile.Edge{Name: "Edge of Tests", Evidence: "cname"}, country: "RO", confidence: 1, step: "as a person recorded (analyst:anna)"},
	{name: "behind an edge, an origin and its country recorded", addrs: []netip.Addr{host}, claims: []casefile.Claim{{Fact: casefile.FactOrigin, Value: two.String(), Source: "analyst:anna", AsOf: now}, {Fact: casefile.FactOrigin, Value: "RO", Source: "analyst:anna", AsOf: now}, stands(two, "BG", "mmdb:country")}, edge: &casefile.Edge{Name: "Edge of Tests", Evidence: "cname"}, country: "RO", confidence: 1, step: "as a person recorded (analyst:anna)"},
	{name: "behind an edge, a look-up told the origin", addrs: []netip.Addr{host}, claims: []casefile.Claim{{Fact: casefile.FactOrigin, Value: two.String(), Source: "lookup:finder", AsOf: now}, stands(two, "BG", "mmdb:country")}, edge: &casefile.Edge{Name: "Edge of Tests", Evidence: "cname"}, country: "BG", confidence: 0.75, step: "the origin is known (lookup:finder)"},
	{name: "behind an edge, a person and a look-up differ", addrs: []netip.Addr{host}, claims: []casefile.Claim{{Fact: casefile.FactOrigin, Value: two.String(), Source: "lookup:finder", AsOf: now}, {Fact: casefile.FactOrigin, Value: tri.String(), Source: "analyst:anna", AsOf: now}, stands(two, "BG", "mmdb:country"), stands(tri, "RO", "mmdb:country")}, edge: &casefile.Edge{Name: "Edge of Tests", Evidence: "cname"}, country: "RO", confidence: 0.75},
	{name: "no edge, a person recorded the origin", addrs: []netip.Addr{host}, claims: []casefile.Claim{says(host, casefile.FactOrigin, two.String(), "analyst:anna"), stands(host, "US", "mmdb:country"), stands(two, "RO", "mmdb:country")}, country: "RO", confidence: 0.75, step: "pass on to an origin"},
	{name: "an origin recorded behind an edge that is gone", addrs: []netip.Addr{host}, claims: []casefile.Claim{{Fact: casefile.FactOrigin, Value: two.String(), Source: "analyst:anna", AsOf: now}, stands(host, "US", "mmdb:country"), stands(two, "RO", "mmdb:country")}, country: "US", confidence: 0.75, step: "it does not count"},
	{name: "sources disagree, a person recorded the country", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "DE", "mmdb:country"), stands(host, "NL", "mmdb:country-2"), says(host, casefile.FactOrigin, "NL", "analyst:anna")}, country: "NL", confidence: 1, disputed: true, step: "counts before all sources"},
	{name: "a person recorded the country of other addresses", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "DE", "mmdb:country"), says(two, casefile.FactOrigin, "NL", "analyst:anna")}, country: "DE", confidence: 0.75},
	{name: "a database out of reach", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "US", "mmdb:country"), stands(host, "NL", "rdap"), says(host, casefile.FactRoundTrip, "1.2 ms from JP", "vantage:tokyo"), stands(host, "JP", "mmdb:country-2")}, country: "JP", confidence: 0.75, disputed: true, step: "US is out of reach: 1.2 ms from JP (vantage:tokyo) reaches at most 120 km"},
	{name: "every country out of reach", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "US", "mmdb:country"), stands(host, "US", "rdap"), says(host, casefile.FactRoundTrip, "1.2 ms from JP", "vantage:tokyo")}, disputed: true, step: "No country is left"},
	{name: "a round trip that reaches", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "US", "mmdb:country"), stands(host, "US", "rdap"), says(host, casefile.FactRoundTrip, "140.0 ms from JP", "vantage:tokyo")}, country: "US", confidence: 0.84},
	{name: "anycast", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "US", "mmdb:country"), says(host, casefile.FactRoundTrip, "1.2 ms from JP", "vantage:tokyo"), says(host, casefile.FactRoundTrip, "2.0 ms from DE", "vantage:frankfurt")}, disputed: true, step: "the address is anycast"},
	{name: "a name in the reverse DNS agrees", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), says(host, casefile.FactReverseCountry, "NL", "reverse-dns")}, country: "NL", confidence: 0.78},
	{name: "a name in the reverse DNS disagrees", addrs: []netip.Addr{host}, claims: []casefile.Claim{stands(host, "NL", "mmdb:country"), says(host, casefile.FactReverseCountry, "DE", "reverse-dns")}, country: "NL", confidence: 0.66},
	{name: "nothing but a name in the reverse DNS", addrs: []netip.Addr{host}, claims: []casefile.Claim{says(host, casefile.FactReverseCountry, "DE", "reverse-dns")}, country: "DE", confidence: 0.10, step: "only weak sources know it"},
	{name: "no address", origin: casefile.OriginUnknown, step: "has no address"},
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, test := range outcomes {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := slices.Clone(test.claims)
			h := Decide(Facts{Addresses: test.addrs, Claims: test.claims, Edge: test.edge, Now: now})
			if test.origin == "" {
				test.origin = casefile.OriginKnown
			}
			if h.Country != test.country || math.Abs(h.Confidence-test.confidence) > 0.0101 || h.Disputed != test.disputed || h.Origin != test.origin {
				t.Errorf("country %q, confidence %.2f, disputed %v, origin %s; want %q, %.2f, %v, %s\n%s", h.Country, h.Confidence, h.Disputed, h.Origin,
					test.country, test.confidence, test.disputed, test.origin, strings.Join(h.Steps, "\n"))
			}
			if test.step != "" && !slices.ContainsFunc(h.Steps, func(s string) bool { return strings.Contains(s, test.step) }) {
				t.Errorf("no step says %q:\n%s", test.step, strings.Join(h.Steps, "\n"))
			}
			if diff := cmp.Diff(before, h.Claims, addrEqual, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("claims changed: %s", diff)
			}
			if !slices.IsSortedFunc(h.Addresses, netip.Addr.Compare) || len(h.Addresses) != len(test.addrs) || !h.Decided.Equal(now) {
				t.Errorf("addresses %v, decided %v", h.Addresses, h.Decided)
			}
		})
	}
}

// TestOutcomesAreDocumented keeps docs/hosting.md and the tests together.
func TestOutcomesAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/hosting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Outcomes")
	table, _, _ = strings.Cut(table, "\n## ")
	var documented, tested []string
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) > 2 && !strings.HasPrefix(cells[1], "---") && strings.TrimSpace(cells[1]) != "outcome" {
			documented = append(documented, strings.TrimSpace(cells[1]))
		}
	}
	for _, o := range outcomes {
		tested = append(tested, o.name)
	}
	if diff := cmp.Diff(documented, tested); diff != "" {
		t.Errorf("docs/hosting.md and the tests differ (-documented +tested): %s", diff)
	}
}

func TestDecideProvider(t *testing.T) {
	t.Parallel()
	claims := []casefile.Claim{
		stands(host, "DE", "rdap"), says(host, casefile.FactOrganisation, "Other Hosting", "rdap"),
		stands(two, "NL", "mmdb:country"), says(two, casefile.FactASN, "AS64500", "mmdb:asn"), says(two, casefile.FactASHolder, "Holder", "mmdb:asn"), says(two, casefile.FactNetwork, "203.0.114.0/23", "mmdb:asn"),
		stands(tri, "NL", "mmdb:country"),
	}
	h := Decide(Facts{Addresses: []netip.Addr{host, two, tri}, Claims: claims, Now: now})
	if h.Country != "NL" || h.Provider != "Holder" || h.ASN != 64500 || h.Network.String() != "203.0.114.0/23" {
		t.Errorf("the lead is not of the decided country: %q %q %d %v", h.Country, h.Provider, h.ASN, h.Network)
	}
	claims = append(claims, says(two, casefile.FactOrganisation, "Example Hosting", "whois"), says(two, casefile.FactNetwork, "203.0.114.0/25", "whois"))
	h = Decide(Facts{Addresses: []netip.Addr{two}, Claims: claims, Now: now})
	if h.Provider != "Example Hosting" || h.Network.String() != "203.0.114.0/25" {
		t.Errorf("the registry does not count first: %q %v", h.Provider, h.Network)
	}
	h = Decide(Facts{Addresses: []netip.Addr{host}, Claims: []casefile.Claim{says(host, casefile.FactNetworkName, "EXAMPLE-NET", "rdap")}, Now: now})
	if h.Provider != "EXAMPLE-NET" {
		t.Errorf("provider %q", h.Provider)
	}
}

// FuzzDecide: whatever sources say, the decision keeps its bounds.
func FuzzDecide(f *testing.F) {
	f.Add("NL", "DE", "rdap", uint8(3), true)
	f.Add("", "NL", "iploc", uint8(1), false)
	f.Fuzz(func(t *testing.T, a, b, source string, n uint8, edge bool) {
		claims := []casefile.Claim{stands(host, a, "mmdb:country"), stands(two, b, source), stands(six, a, source), says(host, casefile.FactNetwork, b, source), says(two, casefile.FactASN, a, source)}
		facts := Facts{Addresses: []netip.Addr{host, two, six}[:n%4%3+n%2], Claims: claims, Now: now}
		if edge {
			facts.Edge = &casefile.Edge{Name: a, Evidence: b}
		}
		h := Decide(facts)
		if h.Confidence < 0 || h.Confidence > 1 || h.Country == "" && h.Confidence != 0 {
			t.Errorf("%q %v", h.Country, h.Confidence)
		}
	})
}
