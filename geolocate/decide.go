package geolocate

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/geolocate/registry"
)

// Threshold is the confidence below which a person decides (docs/hosting.md).
const Threshold = 0.5

// Weights of the sources of a country: how far one alone is trusted (docs/hosting.md).
// Operators' own geofeeds name the right country for 92% of addresses and a third of
// 2,269 proxies were not where claimed (domain notes, section 5), so that no source
// alone comes near 1. A registry names the registrant's office.
const (
	weightDatabase   = 0.75
	weightRDAP       = 0.35
	weightWHOIS      = 0.30
	weightRegistered = 0.30 // of a database, and only when no registry answered
	weightEmbedded   = 0.30 // the embedded table; only asked when no database knows the address
)

// severalCountries is the highest confidence when the addresses stand in several
// countries: it is under the threshold on purpose.
const severalCountries = 0.45

// Facts are all that the rule sees.
type Facts struct {
	Addresses []netip.Addr
	Claims    []casefile.Claim
	Edge      *casefile.Edge
	Platform  *casefile.Platform
	Desks     []Desk // contacts as the registries gave them
	// Directory are the rows of the operator's directory that match: Directory.Match.
	Directory []casefile.Contact
	Registrar *casefile.Registrar
	// RegistrarSource is where the registrar's contact comes from.
	RegistrarSource string
	// Domain is the registrable domain of the target; empty for an address literal. Contacts are never guessed from it.
	Domain string
	Now    time.Time
}

// Desk is a contact of the network of an address.
type Desk struct {
	Address netip.Addr
	Contact casefile.Contact // Email as the registry wrote it
	// Found says where in the registry's answer it stood; empty when it did not say.
	Found registry.Found
}

// Decide applies the written rule of docs/hosting.md. Pure: the same facts give the
// same hosting. The facts are not changed.
func Decide(f Facts) casefile.Hosting {
	h := casefile.Hosting{Claims: f.Claims, Edge: f.Edge, Origin: casefile.OriginKnown, Registrar: f.Registrar, Decided: f.Now.UTC()}
	h.Addresses = sorted(f.Addresses)
	origins := originsOf(f.Claims)
	placed := h.Addresses
	switch {
	case f.Edge != nil && len(origins) > 0:
		placed = origins
		h.Steps = append(h.Steps, fmt.Sprintf("%s stands in front of the origin (evidence: %s); the origin was recorded, and the country is decided from it.", f.Edge.Name, f.Edge.Evidence))
	case f.Edge != nil:
		placed, h.Origin = nil, casefile.OriginUnknown
		h.Steps = append(h.Steps, fmt.Sprintf("%s stands in front of the origin (evidence: %s): the addresses are the edge's, the origin is unknown, and no country is decided.", f.Edge.Name, f.Edge.Evidence))
	case len(h.Addresses) == 0:
		h.Origin = casefile.OriginUnknown
		h.Steps = append(h.Steps, "The name has no address: nothing can be said about a host or a country.")
	}
	var places []place
	for _, addr := range placed {
		p := placeOf(addr, f.Claims)
		places = append(places, p)
		h.Steps = append(h.Steps, p.step())
	}
	h.Country, h.Confidence, h.Disputed = join(places, &h.Steps)
	provide(&h, placed)
	h.Contacts = contacts(f, origins)
	return h
}

// place is where one address stands, and why.
type place struct {
	addr       netip.Addr
	country    string // empty: not decided
	confidence float64
	disputed   bool
	fallback   bool // nothing but the embedded table spoke
	reserved   string
	opinions   []string // "NL (mmdb:country)", in the order of the claims
}

// placeOf decides the country of one address. Sources that agree strengthen each
// other: support = 1 - (1-w1)(1-w2)... A country's confidence is its support times
// its share of all support.
func placeOf(addr netip.Addr, claims []casefile.Claim) place {
	p := place{addr: addr, fallback: true, reserved: registry.Reserved(addr)}
	registered := slices.ContainsFunc(claims, func(c casefile.Claim) bool {
		kind := kindOf(c.Source)
		return c.Address == addr && c.Fact == casefile.FactCountry && c.Value != "" && (kind == kindRDAP || kind == kindWHOIS)
	})
	type opinion struct {
		country string
		doubt   float64 // (1-w1)(1-w2)...
	}
	var opinions []opinion
	trusted := ""
	for _, c := range claims {
		if c.Address != addr || c.Value == "" {
			continue
		}
		w := weightOf(c, registered)
		if w == 0 {
			continue
		}
		p.opinions = append(p.opinions, c.Value+" ("+label(c)+")")
		i := slices.IndexFunc(opinions, func(o opinion) bool { return o.country == c.Value })
		if i < 0 {
			i = len(opinions)
			opinions = append(opinions, opinion{c.Value, 1})
		}
		opinions[i].doubt *= 1 - w
		if kindOf(c.Source) == kindEmbedded {
			continue
		}
		p.fallback = false
		if c.Fact == casefile.FactCountry {
			p.disputed = p.disputed || trusted != "" && trusted != c.Value
			trusted = c.Value
		}
	}
	total, best, tie := 0.0, 0.0, false
	for _, o := range opinions {
		support := 1 - o.doubt
		total += support
		switch {
		case support > best+1e-9:
			best, p.country, tie = support, o.country, false
		case support > best-1e-9:
			tie = true
		}
	}
	if total > 0 {
		p.confidence = best * best / total
	}
	if tie {
		p.country, p.confidence = "", 0
	}
	return p
}

// weightOf is the weight of a claim about a country; registered says that a registry named one.
func weightOf(c casefile.Claim, registered bool) float64 {
	kind := kindOf(c.Source)
	switch {
	case c.Fact == casefile.FactCountry && kind == kindDatabase:
		return weightDatabase
	case c.Fact == casefile.FactCountry && kind == kindRDAP:
		return weightRDAP
	case c.Fact == casefile.FactCountry && kind == kindWHOIS:
		return weightWHOIS
	case c.Fact == casefile.FactCountry && kind == kindEmbedded:
		return weightEmbedded
	case c.Fact == casefile.FactRegisteredCountry && !registered:
		return weightRegistered
	}
	return 0
}

// Kinds of sources: the part of Claim.Source before the colon.
const (
	kindDatabase = "mmdb"
	kindRDAP     = "rdap"
	kindWHOIS    = "whois"
	kindEmbedded = "iploc"
)

func kindOf(source string) string {
	kind, _, _ := strings.Cut(source, ":")
	return kind
}

func label(c casefile.Claim) string {
	if c.Fact == casefile.FactRegisteredCountry {
		return c.Source + ", registered"
	}
	return c.Source
}

func (p place) step() string {
	said := strings.Join(p.opinions, ", ")
	switch {
	case len(p.opinions) == 0 && p.reserved != "":
		return fmt.Sprintf("%s is a special-purpose address (%s) that nobody hosts in public, and no source knows it: no country.", p.addr, p.reserved)
	case len(p.opinions) == 0:
		return fmt.Sprintf("%s: no source names a country.", p.addr)
	case p.country == "":
		return fmt.Sprintf("%s: %s: the sources are equally strong, so that no country is decided.", p.addr, said)
	case p.fallback:
		return fmt.Sprintf("%s: %s: only the embedded table knows it, confidence %.2f.", p.addr, said, round(p.confidence))
	case p.disputed:
		return fmt.Sprintf("%s: %s: the sources disagree; %s is best supported, confidence %.2f.", p.addr, said, p.country, round(p.confidence))
	}
	return fmt.Sprintf("%s: %s: %s, confidence %.2f.", p.addr, said, p.country, round(p.confidence))
}

// join makes one country of those of all addresses.
func join(places []place, steps *[]string) (country string, confidence float64, disputed bool) {
	sums := map[string]float64{}
	var order []string
	decided, lowest := 0, 1.0
	for _, p := range places {
		disputed = disputed || p.disputed || p.country == "" && len(p.opinions) > 0
		if p.country == "" {
			continue
		}
		if decided++; sums[p.country] == 0 {
			order = append(order, p.country)
		}
		sums[p.country] += p.confidence
		lowest = min(lowest, p.confidence)
	}
	switch len(order) {
	case 0:
		return "", 0, disputed
	case 1:
		country, confidence = order[0], round(lowest)
		if decided < len(places) {
			*steps = append(*steps, fmt.Sprintf("%d of %d addresses have a country, and it is the same.", decided, len(places)))
		}
	default:
		disputed = true
		best, tie := 0.0, false
		for _, c := range order {
			switch {
			case sums[c] > best+1e-9:
				best, country, tie = sums[c], c, false
			case sums[c] > best-1e-9:
				tie = true
			}
		}
		confidence = round(min(severalCountries, best/float64(decided)))
		if tie {
			country, confidence = "", 0
			*steps = append(*steps, fmt.Sprintf("The addresses stand in several countries (%s), none of them better supported: a person decides.", strings.Join(order, ", ")))
			return country, confidence, disputed
		}
		*steps = append(*steps, fmt.Sprintf("The addresses stand in several countries (%s): the confidence is at most %.2f, so that a person decides.", strings.Join(order, ", "), severalCountries))
		return country, confidence, disputed
	}
	if confidence < Threshold {
		*steps = append(*steps, fmt.Sprintf("The confidence is below %.2f: a person decides.", Threshold))
	}
	return country, confidence, disputed
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

// provide names the provider, the AS and the network. The lead is the first address
// of the decided country about which something is known; else the first such address.
func provide(h *casefile.Hosting, placed []netip.Addr) {
	candidates := placed
	if len(candidates) == 0 {
		candidates = h.Addresses // behind an edge: the edge's own network
	}
	var lead *provider
	for _, addr := range candidates {
		p := providerOf(addr, h.Claims)
		if p.known() && (lead == nil || h.Country != "" && !lead.stands(h.Country) && p.stands(h.Country)) {
			lead = &p
		}
	}
	if lead == nil {
		if len(candidates) > 0 {
			h.Steps = append(h.Steps, "No source names the provider.")
		}
		return
	}
	h.ASN, h.Network = lead.asn, lead.network
	switch {
	case lead.organisation != "":
		h.Provider = lead.organisation
		h.Steps = append(h.Steps, fmt.Sprintf("The provider is the organisation that the registry names for the network of %s.", lead.addr))
	case lead.holder != "":
		h.Provider = lead.holder
		h.Steps = append(h.Steps, fmt.Sprintf("The provider is the holder of the AS that announces %s.", lead.addr))
	case lead.name != "":
		h.Provider = lead.name
		h.Steps = append(h.Steps, fmt.Sprintf("The provider has no name but that of the network of %s.", lead.addr))
	}
}

// provider is what the claims say about who runs an address; the first claim of each fact counts.
type provider struct {
	addr                       netip.Addr
	organisation, holder, name string
	asn                        uint32
	network                    netip.Prefix
	countries                  []string
}

func providerOf(addr netip.Addr, claims []casefile.Claim) provider {
	p := provider{addr: addr}
	first := func(to *string, c casefile.Claim) {
		if *to == "" {
			*to = c.Value
		}
	}
	registered := false
	for _, c := range claims {
		if c.Address != addr || c.Value == "" {
			continue
		}
		switch c.Fact {
		case casefile.FactOrganisation:
			first(&p.organisation, c)
		case casefile.FactASHolder:
			first(&p.holder, c)
		case casefile.FactNetworkName:
			first(&p.name, c)
		case casefile.FactASN:
			if n, err := strconv.ParseUint(strings.TrimPrefix(c.Value, "AS"), 10, 32); err == nil && p.asn == 0 {
				p.asn = uint32(n)
			}
		case casefile.FactNetwork: // a registry's network before a database's
			prefix, err := netip.ParsePrefix(c.Value)
			fromRegistry := kindOf(c.Source) != kindDatabase
			if err == nil && (!p.network.IsValid() || fromRegistry && !registered) {
				p.network, registered = prefix, fromRegistry
			}
		case casefile.FactCountry:
			p.countries = append(p.countries, c.Value)
		default:
		}
	}
	return p
}

func (p provider) known() bool {
	return p.organisation != "" || p.holder != "" || p.name != "" || p.asn != 0 || p.network.IsValid()
}

func (p provider) stands(country string) bool { return slices.Contains(p.countries, country) }

// originsOf are the addresses of recorded origins: claims of an analyst or a trusted look-up.
func originsOf(claims []casefile.Claim) []netip.Addr {
	var out []netip.Addr
	for _, c := range claims {
		if c.Fact != casefile.FactOrigin {
			continue
		}
		if addr, err := netip.ParseAddr(c.Value); err == nil {
			out = append(out, addr)
		}
	}
	return sorted(out)
}

// sorted copies addresses: unmapped, without zones and repeats, IPv4 before IPv6.
func sorted(addrs []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, a := range addrs {
		if a = a.Unmap().WithZone(""); a.IsValid() {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}
