package geolocate

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/geolocate/registry"
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
	Desks     []AbuseContact // contacts as the registries gave them
	// Directory are the rows of the operator's directory that match: Directory.Match.
	Directory []casefile.Contact
	Registrar *casefile.Registrar
	// RegistrarSource is where the registrar's contact comes from.
	RegistrarSource string
	// Domain is the registrable domain of the target; empty for an address literal. Contacts are never guessed
	// from it.
	Domain string
	Now    time.Time
}

// Desk is a contact of the network of an address.
type AbuseContact struct {
	Address netip.Addr
	Contact casefile.Contact // Email as the registry wrote it
	// Found says where in the registry's answer it stood; empty when it did not say.
	Found registry.Found
}

// steps are what was decided and why, for people.
type steps []string

func (s *steps) say(format string, args ...any) { *s = append(*s, fmt.Sprintf(format, args...)) }

// Decide applies the written rule of docs/hosting.md. Pure: the same facts give the
// same hosting. The facts are not changed.
func Decide(f Facts) casefile.Hosting {
	h := casefile.Hosting{
		Claims: f.Claims, Edge: f.Edge, Platform: f.Platform, Origin: casefile.OriginKnown, Registrar: f.Registrar,
		Decided: f.Now.UTC(), Addresses: sorted(f.Addresses),
	}
	origins := originsOf(f)
	placed := h.Addresses
	said := make(steps, 0, len(placed)+4)
	switch {
	case f.Edge != nil && len(origins) > 0:
		placed = origins
		said.say("%s stands in front of the origin (evidence: %s); the origin is known (%s), and the country is decided from it.",
			f.Edge.Name, f.Edge.Evidence, originSource(f.Claims, origins))
	case f.Edge != nil:
		placed, h.Origin = nil, casefile.OriginUnknown
		said.say("%s stands in front of the origin (evidence: %s): the addresses are the edge's, the origin is unknown, "+
			"and no country is decided.", f.Edge.Name, f.Edge.Evidence)
	case len(h.Addresses) == 0:
		h.Origin = casefile.OriginUnknown
		said.say("The name has no address: nothing can be said about a host or a country.")
	case len(origins) > 0:
		placed = origins
		said.say("A person recorded that the addresses pass on to an origin: the country is decided from it.")
	case slices.ContainsFunc(f.Claims, func(c casefile.Claim) bool { return c.Fact == casefile.FactOrigin && c.Problem == "" }):
		said.say("What was recorded about the origin was recorded for other addresses, or behind an edge that is no longer there: " +
			"it does not count.")
	}
	places := make([]place, 0, len(placed))
	for _, addr := range placed {
		p := placeOf(addr, f.Claims)
		places = append(places, p)
		said = append(said, p.step())
	}
	h.Country, h.Confidence, h.Disputed = join(places, &said)
	if code, by := recordedCountry(f); code != "" && (f.Edge != nil || len(origins) > 0) {
		h.Country, h.Confidence, h.Origin = code, 1, casefile.OriginKnown
		said.say("The origin stands in %s, as a person recorded (%s).", code, by)
	}
	h.Dissent = dissent(places, h.Country)
	provide(&h, placed, &said)
	h.Steps = said
	h.Contacts = contacts(f, origins)
	return h
}

// Replay decides again from what a decision kept: its addresses, claims, edge,
// platform and registrar. Under the same rule the country, the confidence, the
// dissent and the provider come out the same. Contacts are taken over: they are
// kept in their order, and not what they were ordered from.
func Replay(h casefile.Hosting) casefile.Hosting {
	again := Decide(Facts{
		Addresses: h.Addresses, Claims: h.Claims, Edge: h.Edge, Platform: h.Platform, Registrar: h.Registrar, Now: h.Decided,
	})
	again.Contacts = h.Contacts
	return again
}

// dissent are the opinions that the decision did not follow, each once.
func dissent(places []place, country string) []string {
	var out []string
	for _, p := range places {
		for _, o := range p.opinions {
			if o.country == country && o.veto == nil {
				continue
			}
			text := o.String()
			if len(places) > 1 {
				text = p.addr.String() + ": " + text
			}
			if !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// support is how strongly a country is supported.
type support struct {
	country string
	weight  float64
}

// strongest is the best supported country, and whether another is supported as well.
func strongest(all []support) (best support, tie bool) {
	for _, s := range all {
		switch {
		case s.weight > best.weight+1e-9:
			best, tie = s, false
		case s.weight > best.weight-1e-9:
			tie = true
		}
	}
	return best, tie
}

// join makes one country of those of all addresses.
func join(places []place, said *steps) (country string, confidence float64, disputed bool) {
	var sums []support
	var order []string
	decided, lowest := 0, 1.0
	for _, p := range places {
		disputed = disputed || p.disputed || p.country == "" && len(p.opinions) > 0
		if p.country == "" {
			continue
		}
		decided++
		at := slices.Index(order, p.country)
		if at < 0 {
			at = len(order)
			order, sums = append(order, p.country), append(sums, support{country: p.country})
		}
		sums[at].weight += p.confidence
		lowest = min(lowest, p.confidence)
	}
	best, tie := strongest(sums)
	switch {
	case len(order) == 0:
		return "", 0, disputed
	case len(order) > 1 && tie:
		said.say("The addresses stand in several countries (%s), none of them better supported: a person decides.", strings.Join(order, ", "))
		return "", 0, true
	case len(order) > 1:
		said.say("The addresses stand in several countries (%s): the confidence is at most %.2f, so that a person decides.",
			strings.Join(order, ", "), severalCountries)
		return best.country, round(min(severalCountries, best.weight/float64(decided))), true
	}
	country, confidence = order[0], round(lowest)
	if decided < len(places) {
		said.say("%d of %d addresses have a country, and it is the same.", decided, len(places))
	}
	if confidence < casefile.MinConfidence {
		said.say("The confidence is below %.2f: a person decides.", casefile.MinConfidence)
	}
	return country, confidence, disputed
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

// originsOf are the addresses of recorded origins that count: behind an edge those about
// the whole target, a person's before a look-up's; else those about an address of the
// target.
func originsOf(f Facts) []netip.Addr {
	var told, looked []netip.Addr
	for i := range f.Claims {
		c := &f.Claims[i]
		if !f.aboutOrigin(c) || c.Value == "" {
			continue
		}
		addr, err := netip.ParseAddr(c.Value)
		switch {
		case err != nil:
		case kindOf(c.Source) == kindLookup:
			looked = append(looked, addr)
		default:
			told = append(told, addr)
		}
	}
	if len(told) > 0 {
		return sorted(told)
	}
	return sorted(looked)
}

// aboutOrigin says whether a claim about an origin counts: behind an edge one about the whole target, else
// one about an address of it.
func (f *Facts) aboutOrigin(c *casefile.Claim) bool {
	if f.Edge != nil {
		return c.Fact == casefile.FactOrigin && !c.Address.IsValid()
	}
	return c.Fact == casefile.FactOrigin && c.Address.IsValid() && slices.Contains(f.Addresses, c.Address)
}

// originSource is who told the first of the origins.
func originSource(claims []casefile.Claim, origins []netip.Addr) string {
	for _, c := range claims {
		if c.Fact == casefile.FactOrigin && c.Value == origins[0].String() {
			return c.Source
		}
	}
	return "source unknown"
}

// recordedCountry is the country of the origin that a person recorded, and who did:
// behind an edge one about the whole target, else one about an address of it.
func recordedCountry(f Facts) (code, by string) {
	for i := range f.Claims {
		if c := &f.Claims[i]; f.aboutOrigin(c) && casefile.Country(c.Value) != "" {
			return casefile.Country(c.Value), c.Source
		}
	}
	return "", ""
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

// provide names the provider, the AS and the network. The lead is the first address
// of the decided country about which something is known; else the first such address.
func provide(h *casefile.Hosting, placed []netip.Addr, said *steps) {
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
	if keeps(h.Platform) {
		h.Provider = h.Platform.Name
		said.say("The page is kept on %s (%s; evidence: %s): that platform is the provider, whoever runs its addresses.",
			h.Platform.Name, cmp.Or(platformWords[h.Platform.Kind], h.Platform.Kind), h.Platform.Evidence)
	}
	if lead == nil {
		if len(candidates) > 0 && h.Provider == "" {
			said.say("No source names the provider.")
		}
		return
	}
	h.ASN, h.Network = lead.asn, lead.network
	switch {
	case keeps(h.Platform):
	case lead.organisation != "":
		h.Provider = lead.organisation
		said.say("The provider is the organisation that the registry names for the network of %s.", lead.addr)
	case lead.holder != "":
		h.Provider = lead.holder
		said.say("The provider is the holder of the AS that announces %s.", lead.addr)
	case lead.name != "":
		h.Provider = lead.name
		said.say("The provider has no name but that of the network of %s.", lead.addr)
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
	registered := false
	for i := range claims {
		c := &claims[i]
		if c.Address != addr || c.Value == "" {
			continue
		}
		switch c.Fact {
		case casefile.FactOrganisation:
			p.organisation = cmp.Or(p.organisation, c.Value)
		case casefile.FactASHolder:
			p.holder = cmp.Or(p.holder, c.Value)
		case casefile.FactNetworkName:
			p.name = cmp.Or(p.name, c.Value)
		case casefile.FactASN:
			if n, err := parseASN(c.Value); err == nil && p.asn == 0 {
				p.asn = n
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

// keeps says whether a platform holds its customers' pages itself, so that it can
// delete them: every kind but a cloud, whose customers run machines of their own.
func keeps(p *casefile.Platform) bool { return p != nil && p.Kind != kindCloud }

var platformWords = map[string]string{"object_store": "object store", "page_host": "page host", "site_builder": "site builder"}
