package geolocate

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/geolocate/distance"
	"vigil/geolocate/registry"
)

// Weights of the sources of a country: how far one alone is trusted (docs/hosting.md).
// Operators' own geofeeds name the right country for 92% of addresses and a third of
// 2,269 proxies were not where claimed (Weinberg and others, IMC 2018), so that no source
// alone comes near 1. A registry names the registrant's office; a name in the reverse
// DNS is what its operator once found handy.
const (
	weightDatabase   = 0.75
	weightRDAP       = 0.35
	weightWHOIS      = 0.30
	weightRegistered = 0.30 // of a database, and only when no registry answered
	weightEmbedded   = 0.30 // the embedded table; only asked when no database knows the address
	weightReverse    = 0.10
)

// Kinds of sources: the part of Claim.Source before the colon.
const (
	kindDatabase = "mmdb"
	kindRDAP     = "rdap"
	kindWHOIS    = "whois"
	kindEmbedded = "iploc"
	kindReverse  = "reverse-dns"
	kindVantage  = "vantage"
	kindLookup   = casefile.OriginByLookup // a trusted look-up service
)

func kindOf(source string) string {
	kind, _, _ := strings.Cut(source, ":")
	return kind
}

// opinion is one source's word on the country of an address.
type opinion struct {
	country string
	label   string // the source, and what it names when that is not the machine's place
	weight  float64
	veto    *roundTrip // the round trip that puts the country out of reach; nil for none
	km      int        // how far the country is from the vantage of the veto
}

func (o opinion) String() string { return o.country + " (" + o.label + ")" }

// place is where one address stands, and why.
type place struct {
	addr       netip.Addr
	country    string // empty: not decided
	confidence float64
	disputed   bool
	weak       bool // nothing spoke but the embedded table and the reverse DNS
	reserved   string
	anycast    string // why the address answers at several places, or empty
	recorded   string // who recorded the country, or empty
	opinions   []opinion
}

// placeOf decides the country of one address. Countries out of reach of a measured
// round trip do not count. Sources that agree strengthen each other: support =
// 1 - (1-w1)(1-w2)... A country's confidence is its support times its share of all
// support.
func placeOf(addr netip.Addr, claims []casefile.Claim) place {
	p := place{addr: addr, weak: true, reserved: registry.Reserved(addr)}
	trips := roundTripsOf(addr, claims)
	registered := false // a registry named a country
	for i := range claims {
		c := &claims[i]
		if c.Fact == casefile.FactCountry && c.Address == addr && c.Value != "" {
			kind := kindOf(c.Source)
			registered = registered || kind == kindRDAP || kind == kindWHOIS
		}
	}
	p.opinions = make([]opinion, 0, 4)
	var sums []support // weight is the doubt at first: (1-w1)(1-w2)...
	trusted := ""
	for i := range claims {
		c := &claims[i]
		switch c.Fact {
		case casefile.FactCountry, casefile.FactRegisteredCountry, casefile.FactReverseCountry, casefile.FactOrigin:
		default:
			continue
		}
		if c.Address != addr || c.Value == "" {
			continue
		}
		if c.Fact == casefile.FactOrigin && casefile.Country(c.Value) != "" {
			p.recorded, p.country = c.Source, casefile.Country(c.Value)
			continue
		}
		o := opinion{country: c.Value, label: c.Source, weight: weightOf(c, registered)}
		if o.weight == 0 {
			continue
		}
		if c.Fact == casefile.FactRegisteredCountry {
			o.label += ", registered"
		}
		o.veto, o.km = outOfReach(c.Value, trips)
		p.opinions = append(p.opinions, o)
		solid := c.Fact == casefile.FactCountry && kindOf(c.Source) != kindEmbedded
		p.weak = p.weak && !solid && c.Fact != casefile.FactRegisteredCountry
		if o.veto != nil {
			p.disputed = p.disputed || solid
			continue
		}
		if solid {
			p.disputed = p.disputed || trusted != "" && trusted != c.Value
			trusted = c.Value
		}
		at := slices.IndexFunc(sums, func(s support) bool { return s.country == c.Value })
		if at < 0 {
			at = len(sums)
			sums = append(sums, support{c.Value, 1})
		}
		sums[at].weight *= 1 - o.weight
	}
	if p.recorded != "" {
		p.confidence, p.weak = 1, false
		return p
	}
	if p.anycast = apart(trips); p.anycast != "" {
		p.disputed = true
		return p
	}
	total := 0.0
	for i := range sums {
		sums[i].weight = 1 - sums[i].weight
		total += sums[i].weight
	}
	if best, tie := strongest(sums); total > 0 && !tie {
		p.country, p.confidence = best.country, best.weight*best.weight/total
	}
	return p
}

// weightOf is the weight of a claim about a country, 0 for other claims; registered
// says that a registry named one.
func weightOf(c *casefile.Claim, registered bool) float64 {
	switch {
	case c.Fact == casefile.FactCountry:
		return weights[kindOf(c.Source)]
	case c.Fact == casefile.FactRegisteredCountry && !registered:
		return weightRegistered
	case c.Fact == casefile.FactReverseCountry:
		return weightReverse
	}
	return 0
}

var weights = map[string]float64{kindDatabase: weightDatabase, kindRDAP: weightRDAP, kindWHOIS: weightWHOIS, kindEmbedded: weightEmbedded}

// step says in words what was decided for the address.
func (p place) step() string {
	said, vetoed := make([]string, 0, len(p.opinions)), ""
	for _, o := range p.opinions {
		said = append(said, o.String())
		if o.veto != nil {
			vetoed += fmt.Sprintf(" %s is out of reach: %s; it is %d km away.", o.country, o.veto, o.km)
		}
	}
	they := strings.Join(said, ", ")
	switch {
	case p.recorded != "":
		if they != "" {
			they = " They say: " + they + "."
		}
		return fmt.Sprintf("%s: %s, as a person recorded (%s); that counts before all sources.%s", p.addr, p.country, p.recorded, they)
	case len(p.opinions) == 0 && p.reserved != "":
		return fmt.Sprintf("%s is a special-purpose address (%s) that nobody hosts in public, and no source knows it: no country.",
			p.addr, p.reserved)
	case len(p.opinions) == 0:
		return fmt.Sprintf("%s: no source names a country.", p.addr)
	case p.anycast != "":
		return fmt.Sprintf("%s: %s: %s: the address is anycast, no country.", p.addr, they, p.anycast)
	case p.country == "" && vetoed != "":
		return fmt.Sprintf("%s: %s:%s No country is left that is better supported than the others.", p.addr, they, vetoed)
	case p.country == "":
		return fmt.Sprintf("%s: %s: the sources are equally strong, so that no country is decided.", p.addr, they)
	case p.weak:
		return fmt.Sprintf("%s: %s: only weak sources know it, %s with confidence %.2f.%s", p.addr, they, p.country, round(p.confidence), vetoed)
	case p.disputed:
		return fmt.Sprintf("%s: %s: the sources disagree; %s is best supported, confidence %.2f.%s",
			p.addr, they, p.country, round(p.confidence), vetoed)
	}
	return p.addr.String() + ": " + they + ": " + p.country + ", confidence " + strconv.FormatFloat(p.confidence, 'f', 2, 64) + "."
}

// roundTrip is a measured round trip from a vantage to an address.
type roundTrip struct {
	from    string // country of the vantage
	vantage string // the claim's source
	took    time.Duration
	reach   int // km
}

func (t roundTrip) String() string {
	return fmt.Sprintf("%s from %s (%s) reaches at most %d km", milliseconds(t.took), t.from, t.vantage, t.reach)
}

// roundTripValue writes the value of a round-trip claim: "3.2 ms from NL". It is
// rounded up, so that the bound never gets tighter by writing it down.
func roundTripValue(took time.Duration, from string) string {
	return milliseconds(took) + " from " + from
}

func milliseconds(took time.Duration) string {
	tenths := (took + 100*time.Microsecond - 1) / (100 * time.Microsecond)
	return strconv.FormatFloat(float64(tenths)/10, 'f', 1, 64) + " ms"
}

// roundTripsOf reads the round trips measured to an address.
func roundTripsOf(addr netip.Addr, claims []casefile.Claim) []roundTrip {
	var out []roundTrip
	for i := range claims {
		c := &claims[i]
		if c.Fact != casefile.FactRoundTrip || c.Address != addr {
			continue
		}
		number, from, ok := strings.Cut(c.Value, " ms from ")
		ms, err := strconv.ParseFloat(number, 64)
		if !ok || err != nil || !(ms > 0) || ms > 1e6 || casefile.Country(from) != from || from == "" {
			continue
		}
		took := time.Duration(ms * float64(time.Millisecond))
		if reach, known := distance.Reach(took); known {
			out = append(out, roundTrip{from, c.Source, took, reach})
		}
	}
	return out
}

// outOfReach is the tightest round trip that puts a country out of reach, and how
// far the country is from its vantage: nil when none does. A veto needs to know
// both countries.
func outOfReach(country string, trips []roundTrip) (veto *roundTrip, km int) {
	for i := range trips {
		away, known := distance.From(trips[i].from, country)
		if known && away > trips[i].reach && (veto == nil || trips[i].took < veto.took) {
			veto, km = &trips[i], away
		}
	}
	return veto, km
}

// apart says why no single place can answer so fast to two vantages: then the
// address is anycast.
func apart(trips []roundTrip) string {
	for i, a := range trips {
		for _, b := range trips[i+1:] {
			away, known := distance.From(a.from, b.from)
			if known && away > a.reach+b.reach {
				return fmt.Sprintf("%s, and %s, but %s and %s are %d km apart", a, b, a.from, b.from, away)
			}
		}
	}
	return ""
}
